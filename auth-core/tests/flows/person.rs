//! What the tests do again and again: somebody registers, somebody logs in.
use auth_core::{accounts::*, ports::Mail, testing::World, user::User, value::*};

pub const GOOD: &str = "a quiet green harbour";
pub const OTHER: &str = "seven slow river barges";

pub fn password(text: &str) -> Password {
    Password::parse(Secret::new(text.to_owned())).unwrap()
}

pub fn ask(login: &str, email: &str) -> Registration {
    Registration { login: login.parse().unwrap(), email: email.parse().unwrap(), password: password(GOOD) }
}

pub fn attempt(identifier: &str, text: &str) -> LoginAttempt {
    LoginAttempt { identifier: Identifier::parse(identifier), password: password(text), device: None }
}

/// Registers and confirms.
pub async fn ann(world: &World, accounts: &Accounts) -> User {
    let issued = accounts.register(&World::caller(), ask("ann", "Ann@example.org")).await.unwrap();
    let user = accounts.confirm(&World::caller(), issued.id, world.mailed_code()).await.unwrap();
    world.post.take();
    world.ledger.take();
    user
}

pub async fn log_in(accounts: &Accounts) -> Tokens {
    accounts.login(&World::caller(), attempt("ann", GOOD)).await.unwrap()
}

pub async fn opens(accounts: &Accounts, tokens: &Tokens) -> bool {
    accounts.authenticate(tokens.access_token.expose()).await.is_ok()
}

/// A code as it is typed.
pub fn code(text: &str) -> OneTimeCode {
    OneTimeCode::parse(&Secret::new(text.to_owned())).unwrap()
}

/// The code in the newest of the letters since the last look.
pub fn newest_code(world: &World) -> OneTimeCode {
    match world.post.take().pop().map(|letter| letter.mail) {
        Some(Mail::ConfirmRegistration { code, .. } | Mail::ResetPassword { code, .. }) => code,
        other => panic!("not a letter with a code: {other:?}"),
    }
}

/// Digits that are surely others.
pub fn wrong(right: &OneTimeCode) -> OneTimeCode {
    let number: u32 = right.expose().parse().unwrap();
    code(&format!("{:06}", (number + 1) % 1_000_000))
}
