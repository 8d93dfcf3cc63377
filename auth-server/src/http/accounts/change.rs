//! Change: the current password for a new one.
use super::{Confirmation, Tag};
use crate::http::{
    answer::{Answer, BODY, Refusal, Refuse, SIGNED_IN},
    bearer::SignedIn,
    json::{StrictJson, Text, read_fields},
    problem::{Code, Problem},
    room::Room,
};
use auth_core::{
    accounts::{Accounts, ChangePasswordError},
    value::Password,
};
use poem::web::Data;
use poem_openapi::{Object, OpenApi};
use serde::Deserialize;

pub struct Change;

/// The password that is, and the one that is to be.
#[derive(Deserialize, Object)]
#[serde(deny_unknown_fields)]
#[oai(rename = "PasswordChange", deny_unknown_fields)]
struct Body {
    /// The current password.
    current_password: Text<Password>,
    /// At least 15 characters, unless the operator has set another number; any characters at all.
    new_password: Text<Password>,
}

#[OpenApi(prefix_path = "/api/v1/auth", tag = "Tag::Passwords")]
impl Change {
    /// Change the password
    ///
    /// Ends every other session; this one stays.
    #[oai(path = "/password/change", method = "post", operation_id = "change_password")]
    async fn change(
        &self,
        _room: Room,
        Data(accounts): Data<&Accounts>,
        SignedIn(who): SignedIn,
        StrictJson(body): StrictJson<Body>,
    ) -> Result<Answer<200, Confirmation>, Refusal<ChangePasswordError>> {
        let (current, new) = read_fields!(body: current_password, new_password)?;
        accounts.change_password(&who, current, new).await?;
        Ok(Answer(Confirmation::new("The password is changed, and your other devices are logged out.")))
    }
}

impl Refuse for ChangePasswordError {
    const CODES: &'static [&'static [Code]] =
        &[SIGNED_IN, BODY, &[Code::InvalidCredentials, Code::PasswordWeak, Code::TooManyRequests]];

    fn problem(self) -> Problem {
        match self {
            Self::Refused => Problem::new(Code::InvalidCredentials),
            Self::Weak(weak) => weak.into(),
            Self::Slow(slow) => slow.into(),
            Self::Unavailable(unavailable) => unavailable.into(),
        }
    }
}
