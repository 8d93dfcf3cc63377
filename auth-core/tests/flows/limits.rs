//! The basic limits, by the numbers that a deployment starts with.
use crate::person::*;
use auth_core::{
    accounts::*,
    policy::{Limits, Policy},
    ports::*,
    testing::World,
    user::PasswordHash,
    value::*,
};
use std::{sync::Arc, time::Duration};

fn caller(last: u8) -> Caller {
    Caller { source: Some([192, 0, 2, last].into()), ..Caller::default() }
}

async fn registered(world: &World) -> Accounts {
    ann(world, &world.accounts()).await;
    world.clock.advance(Duration::from_hours(24)); // what registering counted is over
    world.accounts_with(Policy::default())
}

#[tokio::test] // P-19, P-21, P-22
async fn ten_wrong_passwords_however_the_name_is_written_and_the_source_waits() {
    let world = World::default();
    let accounts = registered(&world).await;
    for n in 0..10 {
        let name = ["ann", "ANN ", "Ann"][n % 3];
        assert!(matches!(accounts.login(&caller(1), attempt(name, OTHER)).await, Err(LoginError::Refused)));
    }
    let Err(LoginError::Slow(slow)) = accounts.login(&caller(1), attempt("ann", GOOD)).await else { panic!() };
    assert_eq!(slow.retry_after, Duration::from_mins(15));
    // P-25: the owner, elsewhere
    accounts.login(&caller(2), attempt("ann", GOOD)).await.unwrap();
    world.clock.advance(slow.retry_after);
    accounts.login(&caller(1), attempt("ann", GOOD)).await.unwrap();
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
        accounts.login(&caller(1), attempt("ann", GOOD)).await.unwrap();
        assert!(matches!(
            accounts.login(&caller(1), attempt(&format!("nobody{n}"), OTHER)).await,
            Err(LoginError::Refused)
        ));
    }
    assert!(matches!(accounts.login(&caller(1), attempt("ann", GOOD)).await, Err(LoginError::Slow(_))));
}

#[tokio::test] // K-06
async fn codes_are_guessed_ten_times_a_day_at_one_address_however_many_there_are() {
    let world = World::default();
    let accounts = registered(&world).await;
    let limits = Limits { code_per_address: Limits::default().code_per_address, ..World::policy().limits };
    let (free, tight) = (world.accounts(), world.accounts_with(Policy { limits, ..World::policy() }));
    let mut guesses = 0;
    'out: loop {
        let issued = free.forgot(&caller(3), "ann@example.org".parse().unwrap()).await.unwrap();
        let code = world.mailed_code();
        for _ in 0..5 {
            match tight.reset(&caller(guesses), issued.id, wrong(&code), password(OTHER)).await {
                Err(ResetError::Refused) => guesses += 1,
                Err(ResetError::Slow(_)) => break 'out,
                other => panic!("{other:?}"),
            }
        }
    }
    assert_eq!(guesses, 10);
    let other = free.forgot(&caller(3), "bob@example.org".parse().unwrap()).await.unwrap();
    let other = accounts.reset(&caller(200), other.id, Secret::new("123456".into()), password(OTHER)).await;
    assert!(matches!(other, Err(ResetError::Refused)), "another address has a count of its own");
}

/// An id for the same address as `issued`, made up by somebody who was answered with `issued`.
fn invented(issued: CodeId, n: u8) -> CodeId {
    let mut bytes = issued.to_bytes();
    bytes[31] ^= n + 1;
    CodeId::from_bytes(bytes)
}

#[tokio::test] // K-33
async fn whoever_makes_up_ids_uses_up_no_budget_but_his_own() {
    let world = World::default();
    let accounts = registered(&world).await;
    let email: Email = "ann@example.org".parse().unwrap();
    let issued = accounts.forgot(&caller(1), email.clone()).await.unwrap();
    let code = world.mailed_code();
    for n in 0..40 {
        let id = invented(issued.id, n);
        let guess = accounts.reset(&caller(100 + n), id, code.clone(), password(OTHER)).await;
        assert!(matches!(guess, Err(ResetError::Refused)));
        accounts.resend(&caller(100 + n), id).await.unwrap();
    }
    // Nor does the id of a reset charge registrations.
    accounts.resend(&caller(1), issued.id).await.unwrap();
    accounts.register(&caller(1), ask("bob", "ann@example.org")).await.unwrap();
    assert_eq!(world.post.take().len(), 1, "the owner is told");
    accounts.reset(&caller(1), issued.id, code, password(OTHER)).await.unwrap();
    world.post.take();
    world.clock.advance(Duration::from_mins(1));
    accounts.forgot(&caller(1), email).await.unwrap();
    let _ = world.mailed_code();
}

#[tokio::test] // R4
async fn a_mail_that_could_not_be_taken_is_not_counted() {
    let world = World::default();
    registered(&world).await;
    let down = Ports { mailer: Arc::new(Down), ..world.ports.clone() };
    let down = Accounts::new(down, world.secret.clone(), Policy::default());
    let email: Email = "ann@example.org".parse().unwrap();
    let failed = down.forgot(&caller(1), email.clone()).await;
    assert!(matches!(failed, Err(ForgotError::Unavailable(_))));
    let failed = down.register(&caller(1), ask("bob", "bob@example.org")).await;
    assert!(matches!(failed, Err(RegisterError::Unavailable(_))));
    let accounts = world.accounts_with(Policy::default());
    accounts.forgot(&caller(1), email).await.unwrap();
    let _ = world.mailed_code();
    accounts.register(&caller(1), ask("bob", "bob@example.org")).await.unwrap();
    let _ = world.mailed_code();
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

/// A part of the outside that has too much to do.
struct Down;

impl Down {
    fn overloaded<T>() -> Outside<T> {
        Err(Unavailable::Overloaded { service: "test", retry_after: Duration::from_secs(1) })
    }
}

#[async_trait]
impl Mailer for Down {
    async fn send(&self, _: &Letter) -> Outside<()> {
        Self::overloaded()
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

#[tokio::test] // K-14
async fn an_address_gets_a_mail_a_minute_three_an_hour_five_a_day() {
    let world = World::default();
    let accounts = registered(&world).await;
    let mut sent = Vec::new();
    for minute in 0..24 * 60 {
        let source = caller(u8::try_from(minute % 250).unwrap());
        accounts.forgot(&source, "ann@example.org".parse().unwrap()).await.unwrap();
        accounts.forgot(&source, "ann@example.org".parse().unwrap()).await.unwrap();
        sent.extend(world.post.take().into_iter().map(|_| minute));
        world.clock.advance(Duration::from_mins(1));
    }
    assert_eq!(sent, [0, 1, 2, 60, 61]);
}

#[tokio::test]
async fn a_mail_that_does_not_go_kills_no_code() {
    let world = World::default();
    let accounts = registered(&world).await;
    let email: Email = "ann@example.org".parse().unwrap();
    let issued = accounts.forgot(&caller(1), email.clone()).await.unwrap();
    let code = world.mailed_code();
    accounts.forgot(&caller(2), email).await.unwrap();
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

#[tokio::test] // P-24
async fn an_ipv6_host_is_one_source() {
    let world = World::default();
    let accounts = registered(&world).await;
    let host = |last| Caller { source: Some([0x2001, 0xdb8, 0, 1, 0, 0, 0, last].into()), ..Caller::default() };
    for n in 0..10 {
        assert!(matches!(accounts.login(&host(n), attempt("ann", OTHER)).await, Err(LoginError::Refused)));
    }
    assert!(matches!(accounts.login(&host(99), attempt("ann", OTHER)).await, Err(LoginError::Slow(_))));
}
