//! The clock jumps, an hour or a day, forth or back: what is over stays over, what works once works once, and nobody is
//! shut out for longer than the window of a limit.
use crate::person::*;
use auth_core::{accounts::*, outbox::*, policy::Policy, ports::*, testing::World, value::*};
use std::{sync::Arc, time::Duration};

const HOUR: i64 = 3_600;
const JUMPS: [i64; 4] = [HOUR, -HOUR, 24 * HOUR, -24 * HOUR];

/// A world that has stood for a month, so that a clock can go back in it.
async fn world() -> (World, Accounts) {
    let world = World::default();
    world.clock.advance(Duration::from_hours(30 * 24));
    let accounts = world.accounts();
    ann(&world, &accounts).await;
    (world, accounts)
}

fn jump(world: &World, seconds: i64) {
    world.clock.set(Timestamp(world.clock.now().0 + seconds));
}

#[tokio::test] // R3, I4
async fn what_was_ended_stays_ended() {
    for seconds in JUMPS {
        let (world, accounts) = world().await;
        let (out, replayed, mut live) = (log_in(&accounts).await, log_in(&accounts).await, log_in(&accounts).await);
        accounts.logout(out.access_token.expose()).await.unwrap();
        let second = accounts.refresh(&replayed.refresh_token).await.unwrap();
        let third = accounts.refresh(&second.refresh_token).await.unwrap();
        assert!(accounts.refresh(&replayed.refresh_token).await.is_err());
        for seconds in [seconds, -seconds] {
            jump(&world, seconds);
            for tokens in [&out, &replayed, &second, &third] {
                assert!(!opens(&accounts, tokens).await, "after {seconds} s");
                assert!(accounts.refresh(&tokens.refresh_token).await.is_err(), "after {seconds} s");
            }
            live = accounts.refresh(&live.refresh_token).await.unwrap();
            assert!(opens(&accounts, &live).await, "nobody else is thrown out");
        }
    }
}

#[tokio::test] // S-17
async fn the_grace_is_not_stretched() {
    for seconds in JUMPS {
        let (world, accounts) = world().await;
        let first = log_in(&accounts).await;
        let second = accounts.refresh(&first.refresh_token).await.unwrap();
        jump(&world, seconds);
        assert!(accounts.refresh(&first.refresh_token).await.is_err(), "after {seconds} s");
        assert!(accounts.refresh(&second.refresh_token).await.is_err(), "for its owner too");
    }
}

#[tokio::test] // S-03, S-20
async fn a_session_ends_by_its_own_record() {
    let (world, accounts) = world().await;
    let idle = log_in(&accounts).await;
    jump(&world, -24 * HOUR);
    // The clock was put right, and no more: the day that it lost is no gift.
    jump(&world, 15 * 24 * HOUR);
    assert!(!opens(&accounts, &idle).await);
    assert!(accounts.refresh(&idle.refresh_token).await.is_err());
    // An access token from a clock that was ahead is good once its time has come, and not for longer.
    let tokens = log_in(&accounts).await;
    jump(&world, -HOUR);
    assert!(!opens(&accounts, &tokens).await);
    jump(&world, HOUR);
    assert!(opens(&accounts, &tokens).await);
    world.clock.advance(tokens.expires_in + auth_core::token::LEEWAY);
    assert!(!opens(&accounts, &tokens).await);
}

#[tokio::test] // K-02, K-03, I2
async fn a_code_works_once_and_ends_by_its_own_record() {
    for seconds in JUMPS {
        let (world, accounts) = world().await;
        let email: Email = "ann@example.org".parse().unwrap();
        let used = accounts.forgot(&World::caller(), email.clone()).await.unwrap();
        let code = world.mailed_code();
        accounts.reset(&World::caller(), used.id, code.clone(), password(OTHER)).await.unwrap();
        world.post.take();
        jump(&world, seconds);
        let again = accounts.reset(&World::caller(), used.id, code, password(GOOD)).await;
        assert!(matches!(again, Err(ResetError::Refused)), "after {seconds} s");

        let issued = accounts.forgot(&World::caller(), email).await.unwrap();
        let code = world.mailed_code();
        jump(&world, seconds);
        world.clock.advance(if seconds < 0 { Duration::from_hours(24) } else { Duration::ZERO });
        world.clock.advance(Duration::from_mins(10));
        let late = accounts.reset(&World::caller(), issued.id, code, password(GOOD)).await;
        assert!(matches!(late, Err(ResetError::Refused)), "after {seconds} s");
    }
}

#[tokio::test] // P-19, P-25
async fn nobody_waits_longer_than_the_window() {
    for seconds in JUMPS {
        let (world, _) = world().await;
        let accounts = world.accounts_with(Policy::default());
        let mut waits = Duration::ZERO;
        for _ in 0..100 {
            match accounts.login(&World::caller(), attempt("ann", OTHER)).await {
                Err(LoginError::Refused) => {}
                Err(LoginError::Slow(slow)) => waits = slow.retry_after,
                other => panic!("{other:?}"),
            }
        }
        assert!(waits > Duration::ZERO);
        jump(&world, seconds);
        let slow = accounts.login(&World::caller(), attempt("ann", GOOD)).await;
        if let Err(LoginError::Slow(slow)) = slow {
            assert!(slow.retry_after <= waits, "{:?} after {seconds} s", slow.retry_after);
            world.clock.advance(slow.retry_after);
            accounts.login(&World::caller(), attempt("ann", GOOD)).await.unwrap();
        }
    }
}

/// Takes everything.
struct Relay;

#[async_trait]
impl Transport for Relay {
    async fn deliver(&self, _: MailId, _: &Letter) -> Outside<Delivery> {
        Ok(Delivery::Accepted)
    }
}

#[tokio::test] // R4, I6
async fn what_a_worker_with_a_wrong_clock_held_comes_back() {
    for seconds in JUMPS {
        let (world, _) = world().await;
        let outbox = Outbox::new(world.memory.clone(), world.secret.clone(), world.ports.rng.clone());
        let now = world.clock.now();
        let letter = Letter {
            to: "ann@example.org".parse().unwrap(),
            locale: Locale::default(),
            written_at: now,
            expires_at: now + Duration::from_hours(48),
            mail: Mail::Welcome { login: "ann".parse().unwrap() },
        };
        outbox.send(&letter).await.unwrap();
        let lease = Duration::from_secs(20);
        let dies = Lease { holder: 1, until: now + lease };
        assert_eq!(world.memory.lease(dies, now, 1).await.unwrap().len(), 1);
        jump(&world, seconds);
        let worker = Arc::new(OutboxWorker {
            store: world.memory.clone(),
            transport: Arc::new(Relay),
            clients: Arc::new(NoClients),
            secret: world.secret.clone(),
            lease,
            events: world.ledger.clone(),
            clock: world.clock.clone(),
            rng: world.ports.rng.clone(),
        });
        world.clock.advance(lease);
        assert_eq!(worker.run_once().await.unwrap(), 1, "after {seconds} s");
        assert_eq!(world.memory.waiting().await.unwrap(), 0);
    }
}
