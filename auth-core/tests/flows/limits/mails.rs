//! How many mails may be asked for.
use super::*;
use auth_core::{counter::Rule, policy::Limits, ports::*, testing::*, value::*};
use std::{num::NonZero, sync::Arc};

fn email() -> Email {
    "ann@example.org".parse().unwrap()
}

#[tokio::test] // K-14
async fn an_address_gets_a_mail_a_minute_three_an_hour_five_a_day() {
    let world = World::default();
    let accounts = registered(&world).await;
    let mut sent = Vec::new();
    for minute in 0..24 * 60 {
        accounts.forgot(&elsewhere(minute), email()).await.unwrap();
        accounts.forgot(&elsewhere(minute), email()).await.unwrap();
        sent.extend(world.post.take().into_iter().map(|_| minute));
        world.clock.advance(Duration::from_mins(1));
    }
    // The first two are close enough to be kept as one, which counts until the second is over.
    assert_eq!(sent, [0, 1, 2, 61, 62]);
}

#[tokio::test] // K-14
async fn mails_of_all_kinds_to_an_address_are_counted_together() {
    let world = World::default();
    let accounts = registered(&world).await;
    accounts.forgot(&caller(1), email()).await.unwrap();
    world.clock.advance(Duration::from_mins(1));
    let registration = accounts.register(&caller(2), ask("bob", "ann@example.org")).await.unwrap();
    world.clock.advance(Duration::from_mins(1));
    accounts.resend(&caller(3), registration.id).await.unwrap();
    assert_eq!(world.post.take().len(), 3);
    world.clock.advance(Duration::from_mins(1));
    accounts.forgot(&caller(4), email()).await.unwrap();
    assert!(world.post.take().is_empty());
}

#[tokio::test] // K-33
async fn whoever_asks_for_an_address_leaves_its_owner_the_mails_of_a_known_device() {
    let world = World::default();
    let accounts = registered(&world).await;
    let own = at_home(&accounts, caller(7)).await;
    for n in 0..200 {
        accounts.forgot(&elsewhere(n), email()).await.unwrap();
        world.clock.advance(Duration::from_mins(5));
    }
    for _ in 0..10 {
        accounts.forgot(&caller(7), "nobody@example.org".parse().unwrap()).await.unwrap();
    }
    world.post.take();
    let issued = accounts.forgot(&own, email()).await.unwrap();
    accounts.reset(&own, issued.id, world.mailed_code(), password(OTHER)).await.unwrap();
}

#[tokio::test] // K-33, P-20, P-25
async fn one_stranger_with_one_address_does_not_keep_the_owner_out_of_login_and_of_reset() {
    let world = World::default();
    let accounts = registered(&world).await;
    let stranger = caller(66);
    loop {
        match accounts.login(&stranger, attempt("ann", OTHER)).await {
            Err(LoginError::Slow(slow)) if slow.retry_after > Duration::from_hours(24) => break,
            Err(LoginError::Slow(slow)) => world.clock.advance(slow.retry_after),
            Err(LoginError::Refused) => {}
            other => panic!("{other:?}"),
        }
    }
    for _ in 0..4 {
        accounts.forgot(&stranger, email()).await.unwrap();
        world.clock.advance(Duration::from_mins(25));
    }
    // The last of a day is a reset's.
    accounts.register(&stranger, ask("eve", "ann@example.org")).await.unwrap();
    accounts.forgot(&stranger, email()).await.unwrap();
    let mut mailed = world.post.take();
    assert_eq!(mailed.len(), 5, "K-14");
    // The owner, on a new telephone, in the evening.
    world.clock.advance(Duration::from_hours(8));
    let login = accounts.login(&elsewhere(1), attempt("ann", GOOD)).await;
    assert!(matches!(login, Err(LoginError::Slow(_))), "{login:?}");
    let issued = accounts.forgot(&elsewhere(1), email()).await.unwrap();
    assert!(world.post.take().is_empty());
    let nobody = accounts.forgot(&elsewhere(2), "nobody@example.org".parse().unwrap()).await.unwrap();
    assert_eq!(nobody.expires_in, Policy::default().code_ttl);
    // The stranger has the same id, and cannot use the code up.
    for n in 0..20 {
        for wrong in ["000000", "AAAAA-AAAAA"] {
            let _ = accounts.reset(&elsewhere(1_000 + n), issued.id, code(wrong), password(GOOD)).await;
        }
    }
    let Some(Mail::ResetPassword { id, code, expires_at, .. }) = mailed.pop().map(|letter| letter.mail) else {
        panic!("not a reset's")
    };
    assert_eq!((id, expires_at), (issued.id, world.ports.clock.now() + issued.expires_in));
    accounts.reset(&elsewhere(1), id, code, password(OTHER)).await.unwrap();
    accounts.login(&elsewhere(1), attempt("ann", OTHER)).await.unwrap();
}

#[tokio::test] // K-10, K-02, K-33
async fn once_the_mails_of_a_day_are_used_up_an_address_without_an_account_is_answered_alike() {
    let world = World::default();
    let accounts = registered(&world).await;
    let nobody: Email = "nobody@example.org".parse().unwrap();
    let (mut last, mut answers) = ([None; 2], [Vec::new(), Vec::new()]);
    let mut lengths = Vec::new();
    for n in 0..200 {
        for (at, to) in [email(), nobody.clone()].into_iter().enumerate() {
            let issued = accounts.forgot(&elsewhere(n), to).await.unwrap();
            answers[at].push((last[at].replace(issued.id) == Some(issued.id), issued.expires_in));
        }
        for letter in world.post.take() {
            let Mail::ResetPassword { code, expires_at, .. } = letter.mail else { panic!("{letter:?}") };
            lengths.push((code.length(), expires_at.since(letter.written_at) > Policy::default().code_ttl));
        }
        world.clock.advance(Duration::from_mins(15));
    }
    assert_eq!(answers[0], answers[1]);
    assert!(answers[0].iter().any(|(same, _)| *same));
    let (short, long) = ((CodeLength::Digits, false), (CodeLength::Long, true));
    assert_eq!(lengths[..5], [short, short, short, short, long]);
    assert!(lengths.iter().all(|code| [short, long].contains(code)), "six digits for ten minutes: {lengths:?}");
}

#[tokio::test]
async fn whoever_has_shown_a_mailed_code_wanted_the_mails() {
    let world = World::default();
    let accounts = world.accounts_with(Policy::default());
    ann(&world, &accounts).await;
    let issued = accounts.forgot(&caller(1), email()).await.unwrap();
    accounts.reset(&caller(1), issued.id, world.mailed_code(), password(OTHER)).await.unwrap();
    world.post.take();
    accounts.forgot(&caller(1), email()).await.unwrap();
    let _ = world.mailed_code();
}

#[tokio::test] // P-21
async fn however_many_addresses_are_asked_for_the_counters_are_so_many_and_none_is_forgotten() {
    let world = World::default();
    let many = Rule::new(u32::MAX, Duration::from_hours(1));
    let limits = Limits { counters: NonZero::new(5).unwrap(), mail_per_source: many, ..Limits::default() };
    let accounts = world.accounts_with(Policy { limits, ..Policy::default() });
    for n in 0..10_000_u16 {
        let _ = accounts.forgot(&elsewhere(n), format!("nobody{n}@example.org").parse().unwrap()).await;
    }
    // Five groups for the addresses, of three; five for the networks, of one and of 256 sources. What was counted shares a
    // counter, and is limited all the more.
    let counters = world.memory.counters();
    assert!((1_200..=5 * (3 + 1 + 256)).contains(&counters), "{counters}");
    let mailed = world.post.take().len();
    assert!(mailed <= 5, "{mailed}");
}

#[tokio::test] // R4
async fn a_mail_that_could_not_be_taken_is_not_counted() {
    let world = World::default();
    registered(&world).await;
    let down = Ports { mailer: Arc::new(Down), ..world.ports.clone() };
    let down = Accounts::new(down, world.secret.clone(), Policy::default());
    let failed = down.forgot(&caller(1), email()).await;
    assert!(matches!(failed, Err(ForgotError::Unavailable(_))));
    let failed = down.register(&caller(1), ask("bob", "bob@example.org")).await;
    assert!(matches!(failed, Err(RegisterError::Unavailable(_))));
    let accounts = world.accounts_with(Policy::default());
    accounts.forgot(&caller(1), email()).await.unwrap();
    let _ = world.mailed_code();
    accounts.register(&caller(1), ask("bob", "bob@example.org")).await.unwrap();
    let _ = world.mailed_code();
}

#[tokio::test] // R4, K-14
async fn what_fails_uses_up_nothing_of_what_a_source_may_ask_for() {
    let world = World::default();
    let accounts = registered(&world).await;
    let issued = accounts.register(&elsewhere(1), ask("bob", "bob@example.org")).await.unwrap();
    world.clock.advance(Duration::from_mins(1));
    let faulty = Faulty::default();
    faulty.arm(Plan { at: 1, mishap: Mishap::Fails, lasting: true });
    let (well, away) = (&world.ports, world.ports.around(&faulty));
    let failing = |ports| Accounts::new(ports, world.secret.clone(), Policy::default());
    for ports in [
        Ports { users: away.users, ..well.clone() },
        Ports { codes: away.codes, ..well.clone() },
        Ports { mailer: away.mailer, ..well.clone() },
    ] {
        let failing = failing(ports);
        for _ in 0..20 {
            let failed = failing.register(&caller(1), ask("eve", "eve@example.org")).await;
            assert!(matches!(failed, Err(RegisterError::Unavailable(_))));
            let failed = failing.forgot(&caller(1), email()).await;
            assert!(matches!(failed, Err(ForgotError::Unavailable(_))));
            let failed = failing.resend(&caller(1), issued.id).await;
            assert!(matches!(failed, Err(ResendError::Unavailable(_))));
        }
    }
    let failing = failing(Ports { hasher: away.hasher, ..well.clone() });
    for _ in 0..20 {
        let failed = failing.register(&caller(1), ask("eve", "eve@example.org")).await;
        assert!(matches!(failed, Err(RegisterError::Unavailable(_))));
    }
    // A login that is taken is an answer, and counts.
    for _ in 0..10 {
        let taken = accounts.register(&caller(1), ask("ann", "eve@example.org")).await;
        assert!(matches!(taken, Err(RegisterError::LoginTaken)), "{taken:?}");
    }
    let slow = accounts.forgot(&caller(1), email()).await;
    assert!(matches!(slow, Err(ForgotError::Slow(_))));
}

/// A post office that has too much to do.
struct Down;

#[async_trait]
impl Mailer for Down {
    async fn send(&self, _: &Letter) -> Outside<()> {
        Err(Unavailable::Overloaded { service: "test", retry_after: Duration::from_secs(1) })
    }
}

#[tokio::test]
async fn a_mail_that_does_not_go_kills_no_code() {
    let world = World::default();
    let accounts = registered(&world).await;
    let issued = accounts.forgot(&caller(1), email()).await.unwrap();
    let code = world.mailed_code();
    accounts.forgot(&caller(2), email()).await.unwrap();
    assert!(world.post.take().is_empty());
    accounts.reset(&caller(1), issued.id, code, password(OTHER)).await.unwrap();
}

#[tokio::test]
async fn a_source_asks_for_ten_mails_an_hour() {
    let world = World::default();
    let accounts = registered(&world).await;
    for n in 0..10 {
        accounts.forgot(&caller(1), format!("nobody{n}@example.org").parse().unwrap()).await.unwrap();
    }
    let slow = accounts.forgot(&caller(1), "ann@example.org".parse().unwrap()).await;
    assert!(matches!(slow, Err(ForgotError::Slow(_))));
    let slow = accounts.register(&caller(1), ask("bob", "bob@example.org")).await;
    assert!(matches!(slow, Err(RegisterError::Slow(_))));
    let slow = accounts.resend(&caller(1), CodeId::from_bytes([1; 32])).await;
    assert!(matches!(slow, Err(ResendError::Slow(_))));
}
