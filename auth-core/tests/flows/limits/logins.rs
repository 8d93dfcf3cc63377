//! How often a password may be tried.
use super::*;
use auth_core::{ports::*, user::PasswordHash, value::*};
use std::sync::Arc;

async fn refused(accounts: &Accounts, caller: &Caller, name: &str) {
    let answer = accounts.login(caller, attempt(name, OTHER)).await;
    assert!(matches!(answer, Err(LoginError::Refused)), "{answer:?}");
}

async fn slowed(accounts: &Accounts, caller: &Caller, name: &str) -> Duration {
    let Err(LoginError::Slow(slow)) = accounts.login(caller, attempt(name, GOOD)).await else { panic!("not slowed") };
    slow.retry_after
}

#[tokio::test] // P-19, P-21, P-22, P-26
async fn after_ten_wrong_passwords_however_the_name_is_written_each_next_waits_twice_as_long() {
    let world = World::default();
    let accounts = registered(&world).await;
    for n in 0..10 {
        refused(&accounts, &caller(1), ["ann", "ANN ", "Ann"][n % 3]).await;
    }
    for seconds in [1, 2, 4, 8, 16, 32, 64, 128, 256, 512] {
        assert_eq!(slowed(&accounts, &caller(1), "ann").await, Duration::from_secs(seconds));
        world.clock.advance(Duration::from_secs(seconds));
        refused(&accounts, &caller(1), "ann").await;
    }
    // P-25: the owner, elsewhere
    let wait = slowed(&accounts, &elsewhere(1), "ann").await; // twenty from everywhere
    world.clock.advance(wait);
    accounts.login(&elsewhere(1), attempt("ann", GOOD)).await.unwrap();
    world.clock.advance(Duration::from_mins(15));
    accounts.login(&caller(1), attempt("ann", GOOD)).await.unwrap();
}

#[tokio::test] // P-23
async fn a_success_clears_that_account_from_that_source_and_nothing_else() {
    let world = World::default();
    let accounts = registered(&world).await;
    for _ in 0..9 {
        refused(&accounts, &caller(1), "ann").await;
    }
    accounts.login(&caller(1), attempt("ann", GOOD)).await.unwrap();
    for _ in 0..10 {
        refused(&accounts, &caller(1), "ann").await;
    }
    refused(&accounts, &elsewhere(1), "ann").await;
    slowed(&accounts, &elsewhere(2), "ann").await; // twenty from everywhere, right ones between or not
}

#[tokio::test] // P-25, P-19, K-33
async fn whoever_tries_from_everywhere_slows_no_device_that_the_owner_has_logged_in_on() {
    let world = World::default();
    let accounts = registered(&world).await;
    let (own, other) = (at_home(&accounts, elsewhere(9_999)).await, at_home(&accounts, caller(7)).await);
    // The owner's own network is full of attackers, too.
    for n in 0..40 {
        let _ = accounts.login(&caller(7), attempt(if n % 2 == 0 { "ann" } else { "ann@example.org" }, OTHER)).await;
        let _ = accounts.login(&elsewhere(n), attempt(if n % 2 == 0 { "ann" } else { "ann@example.org" }, OTHER)).await;
    }
    for name in ["ann", "ann@example.org"] {
        slowed(&accounts, &elsewhere(100), name).await;
        accounts.login(&own, attempt(name, GOOD)).await.unwrap();
        accounts.login(&other, attempt(name, GOOD)).await.unwrap();
    }
    // What a device may try itself is limited like any other; a right one that was alone has lapsed by then.
    world.clock.advance(Duration::from_mins(1));
    for _ in 0..10 {
        refused(&accounts, &own, "ann").await;
    }
    slowed(&accounts, &own, "ann").await;
    // It is known for one account, and by this server alone.
    let stranger = Caller { device: own.device.clone(), ..elsewhere(101) };
    for _ in 0..10 {
        refused(&accounts, &stranger, "bob").await;
    }
    slowed(&accounts, &elsewhere(101), "bob").await;
}

#[tokio::test] // P-25
async fn a_device_is_known_no_longer_than_it_is_said() {
    let world = World::default();
    let accounts = registered(&world).await;
    let own = at_home(&accounts, caller(7)).await;
    world.clock.advance(Policy::default().device_ttl);
    for _ in 0..10 {
        refused(&accounts, &caller(7), "ann").await;
    }
    slowed(&accounts, &own, "ann").await;
}

#[tokio::test] // P-19, P-20, K-14
async fn whoever_once_had_the_password_has_no_limits_of_his_own_after_a_reset() {
    let world = World::default();
    let accounts = registered(&world).await;
    let mut devices = Vec::new();
    for _ in 0..30 {
        devices.push(at_home(&accounts, caller(66)).await);
    }
    let issued = accounts.forgot(&caller(1), "ann@example.org".parse().unwrap()).await.unwrap();
    accounts.reset(&caller(1), issued.id, world.mailed_code(), password(OTHER)).await.unwrap();
    world.post.take();
    let (mut looked_at, mut mails) = (0, 0);
    for device in &devices {
        for _ in 0..10 {
            let wrong = accounts.login(device, attempt("ann", "another wrong password here")).await;
            looked_at += u32::from(matches!(wrong, Err(LoginError::Refused)));
        }
        let _ = accounts.forgot(device, "ann@example.org".parse().unwrap()).await;
        mails += world.post.take().len();
    }
    assert!(looked_at <= 40 && mails <= 5, "{looked_at} passwords from one source in no time, {mails} mails to ann");
}

#[tokio::test] // P-20
async fn a_hundred_wrong_ones_in_a_row_and_only_the_owner_gets_in() {
    let world = World::default();
    let accounts = registered(&world).await;
    let own = at_home(&accounts, caller(7)).await;
    let (mut wrong, mut hours) = (0, 0);
    while hours < 24 * 7 {
        match accounts.login(&elsewhere(hours), attempt("ann", OTHER)).await {
            Err(LoginError::Refused) => wrong += 1,
            Err(LoginError::Slow(slow)) if slow.retry_after > Duration::from_hours(24) => break,
            Err(LoginError::Slow(_)) => {
                world.clock.advance(Duration::from_hours(1));
                hours += 1;
            }
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(wrong, 100);
    slowed(&accounts, &elsewhere(9_999), "ann").await;
    accounts.login(&own, attempt("ann", GOOD)).await.unwrap();
    // The other barrier: whoever reads the owner's mail.
    let issued = accounts.forgot(&elsewhere(1), "ann@example.org".parse().unwrap()).await.unwrap();
    accounts.reset(&elsewhere(1), issued.id, world.mailed_code(), password(OTHER)).await.unwrap();
    accounts.login(&elsewhere(9_999), attempt("ann", OTHER)).await.unwrap();
}

#[tokio::test] // P-20, K-33
async fn a_reset_opens_both_names_of_the_account_again_and_no_others() {
    let world = World::default();
    let accounts = registered(&world).await;
    for name in ["ann", "ann@example.org", "bob", "bob@example.org"] {
        for n in 0..20 {
            let _ = accounts.login(&elsewhere(n), attempt(name, OTHER)).await;
        }
    }
    let issued = accounts.forgot(&caller(1), "ann@example.org".parse().unwrap()).await.unwrap();
    accounts.reset(&caller(1), issued.id, world.mailed_code(), password(OTHER)).await.unwrap();
    let mut slowed = Vec::new();
    for name in ["ann", "ann@example.org", "bob", "bob@example.org"] {
        let answer = accounts.login(&elsewhere(100), attempt(name, "another wrong password here")).await;
        slowed.push(matches!(answer, Err(LoginError::Slow(_))));
    }
    assert_eq!(slowed, [false, false, true, true]);
}

#[tokio::test] // P-17
async fn what_cannot_be_a_name_is_counted_on_its_source_alone() {
    let world = World::default();
    let accounts = registered(&world).await;
    for n in 0..25 {
        let _ = accounts.login(&elsewhere(n), attempt("no name!", OTHER)).await;
    }
    let mistyped = accounts.login(&caller(1), attempt("ann @example.org", GOOD)).await;
    assert!(matches!(mistyped, Err(LoginError::Refused)), "{mistyped:?}");
}

#[tokio::test] // P-10, P-20
async fn whoever_holds_a_session_guesses_no_better() {
    let world = World::default();
    let accounts = registered(&world).await;
    let tokens = accounts.login(&caller(1), attempt("ann", GOOD)).await.unwrap();
    let who = accounts.authenticate(tokens.access_token.expose()).await.unwrap();
    for _ in 0..10 {
        let wrong = accounts.change_password(&who, password(OTHER), password(OTHER)).await;
        assert!(matches!(wrong, Err(ChangePasswordError::Refused)));
    }
    let slow = accounts.change_password(&who, password(GOOD), password(OTHER)).await;
    assert!(matches!(slow, Err(ChangePasswordError::Slow(_))));
    // It stops the thief of the session, and not the owner.
    accounts.login(&caller(1), attempt("ann", GOOD)).await.unwrap();
}

#[tokio::test] // P-19
async fn a_network_may_four_times_what_a_source_may() {
    let world = World::default();
    let accounts = registered(&world).await;
    for n in 0..160 {
        refused(&accounts, &caller(n / 40), &format!("nobody{n}")).await;
    }
    slowed(&accounts, &caller(200), "ann").await;
    accounts.login(&elsewhere(1), attempt("ann", GOOD)).await.unwrap();
}

#[tokio::test] // P-19
async fn while_many_are_guessing_every_source_has_a_quarter() {
    let world = World::default();
    let accounts = registered(&world).await;
    for n in 0..1_000 {
        refused(&accounts, &elsewhere(n / 20), &format!("nobody{n}")).await;
    }
    for n in 0..10 {
        refused(&accounts, &caller(1), &format!("somebody{n}")).await;
    }
    slowed(&accounts, &caller(1), "ann").await;
    accounts.login(&elsewhere(5_000), attempt("ann", GOOD)).await.unwrap();
    world.clock.advance(Duration::from_hours(2));
    for n in 0..40 {
        refused(&accounts, &caller(1), &format!("somebody{n}")).await;
    }
}

#[tokio::test] // P-17
async fn which_address_belongs_to_a_login_does_not_show_in_the_counts() {
    let world = World::default();
    let accounts = registered(&world).await;
    for _ in 0..10 {
        assert!(matches!(accounts.login(&caller(1), attempt("ann", OTHER)).await, Err(LoginError::Refused)));
    }
    for email in ["ann@example.org", "nobody@example.org"] {
        assert!(matches!(accounts.login(&caller(1), attempt(email, OTHER)).await, Err(LoginError::Refused)));
    }
}

#[tokio::test]
async fn unknown_names_are_slowed_alike() {
    let world = World::default();
    let accounts = registered(&world).await;
    for _ in 0..10 {
        assert!(matches!(accounts.login(&caller(1), attempt("nobody", OTHER)).await, Err(LoginError::Refused)));
    }
    assert!(matches!(accounts.login(&caller(1), attempt("nobody", OTHER)).await, Err(LoginError::Slow(_))));
}

#[tokio::test] // P-19, P-23
async fn a_source_has_forty_wrong_passwords_and_right_ones_do_not_count() {
    let world = World::default();
    let accounts = registered(&world).await;
    for n in 0..40 {
        // The very first is alone, and counts until it lapses.
        world.clock.advance(Duration::from_secs(2));
        accounts.login(&caller(1), attempt("ann", GOOD)).await.unwrap();
        assert!(matches!(
            accounts.login(&caller(1), attempt(&format!("nobody{n}"), OTHER)).await,
            Err(LoginError::Refused)
        ));
    }
    assert!(matches!(accounts.login(&caller(1), attempt("ann", GOOD)).await, Err(LoginError::Slow(_))));
}

#[tokio::test] // P-24
async fn an_ipv6_host_is_one_source() {
    let world = World::default();
    let accounts = registered(&world).await;
    let host = |last| Caller { source: Some([0x2001, 0xdb8, 0, 1, 0, 0, 0, last].into()), ..Caller::default() };
    for n in 0..10 {
        assert!(matches!(accounts.login(&host(n), attempt("ann", OTHER)).await, Err(LoginError::Refused)));
    }
    assert!(matches!(accounts.login(&host(99), attempt("ann", OTHER)).await, Err(LoginError::Slow(_))));
    let next_door = Caller { source: Some([0x2001, 0xdb8, 0, 2, 0, 0, 0, 1].into()), ..Caller::default() };
    accounts.login(&next_door, attempt("ann", GOOD)).await.unwrap();
}

#[tokio::test] // P-26
async fn an_overload_of_ours_is_no_wrong_password_of_theirs() {
    let world = World::default();
    registered(&world).await;
    let busy = Ports { hasher: Arc::new(Down), ..world.ports.clone() };
    let busy = Accounts::new(busy, world.secret.clone(), Policy::default());
    for _ in 0..100 {
        let failed = busy.login(&caller(1), attempt("ann", GOOD)).await;
        assert!(matches!(failed, Err(LoginError::Unavailable(Unavailable::Overloaded { .. }))));
    }
    world.accounts_with(Policy::default()).login(&caller(1), attempt("ann", GOOD)).await.unwrap();
}

/// A hasher that has too much to do.
struct Down;

impl Down {
    fn overloaded<T>() -> Outside<T> {
        Err(Unavailable::Overloaded { service: "test", retry_after: Duration::from_secs(1) })
    }
}

#[async_trait]
impl PasswordHasher for Down {
    async fn hash(&self, _: &Password) -> Outside<PasswordHash> {
        Self::overloaded()
    }

    async fn verify(&self, _: &Password, _: Option<&PasswordHash>) -> Outside<Verdict> {
        Self::overloaded()
    }
}
