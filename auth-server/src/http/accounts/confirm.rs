//! Confirm: the mailed code for an account.
use super::{Tag, UserView};
use crate::http::{
    answer::{Answer, BODY, Refusal, Refuse},
    caller::Asks,
    field::{CodeName, Typed},
    json::{StrictJson, Text, read_fields},
    problem::{Code, Problem},
};
use auth_core::accounts::{Accounts, ConfirmError};
use poem::web::Data;
use poem_openapi::{Object, OpenApi};
use serde::Deserialize;

pub struct Confirm;

/// The code of a registration.
#[derive(Deserialize, Object)]
#[serde(deny_unknown_fields)]
#[oai(rename = "RegistrationCode", deny_unknown_fields)]
struct Body {
    /// As the registration was answered.
    registration_id: Text<CodeName>,
    /// The code of the newest mail, as a text: six digits, whose leading zeros count; or ten letters and digits, while many
    /// are guessing.
    code: Text<Typed>,
}

/// A new account.
#[derive(Object)]
struct Confirmed {
    /// What was done.
    message: String,
    /// The account.
    user: UserView,
}

#[OpenApi(prefix_path = "/api/v1/auth", tag = "Tag::Registration")]
impl Confirm {
    /// Confirm a registration
    ///
    /// Five wrong codes, and a new one must be asked for.
    #[oai(path = "/register/confirm", method = "post", operation_id = "confirm_registration")]
    async fn confirm(
        &self,
        Data(accounts): Data<&Accounts>,
        Asks(caller): Asks,
        StrictJson(body): StrictJson<Body>,
    ) -> Result<Answer<201, Confirmed>, Refusal<ConfirmError>> {
        let (CodeName(id), Typed(code)) = read_fields!(body: registration_id, code)?;
        let (Some(id), Some(code)) = (id, code) else { return Err(ConfirmError::Refused.into()) };
        let user = accounts.confirm(&caller, id, code).await?;
        let message = format!("Welcome, {}: the account is there. Log in to use it.", user.login);
        Ok(Answer(Confirmed { message, user: user.into() }))
    }
}

impl Refuse for ConfirmError {
    const CODES: &'static [&'static [Code]] = &[BODY, &[Code::InvalidCode, Code::LoginTaken, Code::TooManyRequests]];

    fn problem(self) -> Problem {
        match self {
            Self::Refused => Problem::new(Code::InvalidCode),
            Self::LoginTaken => Problem::new(Code::LoginTaken),
            Self::Slow(slow) => slow.into(),
            Self::Unavailable(unavailable) => unavailable.into(),
        }
    }
}
