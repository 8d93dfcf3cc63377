//! The account API, one capability a file: each parses, calls one method of the core, and answers.

mod change;
mod confirm;
mod forgot;
mod login;
mod logout;
mod me;
mod refresh;
mod register;
mod resend;
mod reset;
mod sessions;

use super::{
    answer::{Refuse, SIGNED_IN, WRITES},
    bearer,
    problem::{Code, Problem},
};
use auth_core::{
    accounts::{Accounts, AuthenticateError},
    ports::Unavailable,
    user::User,
    value::Timestamp,
};
use poem_openapi::{Object, OpenApi, Tags};
use time::OffsetDateTime;

/// All routes under `/api/v1/auth`.
pub fn routes(accounts: &Accounts) -> impl OpenApi + use<> {
    let accounts = || accounts.clone();
    (
        register::Register(accounts()),
        confirm::Confirm(accounts()),
        resend::Resend(accounts()),
        login::Login(accounts()),
        refresh::Refresh(accounts()),
        logout::Logout(accounts()),
        me::Me,
        sessions::Sessions(accounts()),
        forgot::Forgot(accounts()),
        reset::Reset(accounts()),
        change::Change(accounts()),
    )
}

/// How the document groups its routes.
#[derive(Tags)]
enum Tag {
    /// From a stranger to a user.
    Registration,
    /// Signed-in devices and their tokens.
    Sessions,
    /// Forgotten, reset, changed.
    Passwords,
}

/// A confirmation, for a person to read.
#[derive(Object)]
struct Confirmation {
    /// What was done.
    message: String,
}

impl Confirmation {
    fn new(message: &str) -> Self {
        Self { message: message.to_owned() }
    }
}

/// An account, as its owner sees it.
#[derive(Object)]
#[oai(rename = "User")]
struct UserView {
    /// Names the account for ever.
    id: String,
    /// The login.
    login: String,
    /// The e-mail address.
    email: String,
    /// When the account came to be.
    created_at: OffsetDateTime,
    /// What an operator trusts it with.
    roles: Vec<String>,
}

impl From<User> for UserView {
    fn from(user: User) -> Self {
        Self {
            id: user.id.to_string(),
            login: user.login.to_string(),
            email: user.email.to_string(),
            created_at: date(user.created_at),
            roles: user.roles.into_iter().map(Into::into).collect(),
        }
    }
}

/// As a date, within the years that RFC 3339 can write.
fn date(at: Timestamp) -> OffsetDateTime {
    const END_OF_9999: i64 = 253_402_300_799;
    OffsetDateTime::from_unix_timestamp(at.0.clamp(0, END_OF_9999)).unwrap_or(OffsetDateTime::UNIX_EPOCH)
}

impl From<AuthenticateError> for Problem {
    fn from(end: AuthenticateError) -> Self {
        match end {
            AuthenticateError::Refused => bearer::refused(),
            AuthenticateError::Unavailable(unavailable) => unavailable.into(),
        }
    }
}

/// The ends of what a signed-in person reads.
impl Refuse for AuthenticateError {
    const CODES: &'static [&'static [Code]] = &[SIGNED_IN, WRITES];

    fn problem(self) -> Problem {
        self.into()
    }
}

/// The ends of what a signed-in person may always do, as long as the outside stands.
impl Refuse for Unavailable {
    const CODES: &'static [&'static [Code]] = &[SIGNED_IN, WRITES];

    fn problem(self) -> Problem {
        self.into()
    }
}
