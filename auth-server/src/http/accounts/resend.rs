//! Resend: a new code for a registration, in place of the one before.
use super::Tag;
use crate::http::{
    answer::{Answer, BODY, Refusal, Refuse},
    caller::Asks,
    json::{StrictJson, Text, read_fields},
    problem::{Code, Problem},
};
use auth_core::{
    accounts::{Accounts, ResendError},
    value::CodeId,
};
use poem::web::Data;
use poem_openapi::{Object, OpenApi};
use serde::Deserialize;

pub struct Resend;

/// Which registration.
#[derive(Deserialize, Object)]
#[serde(deny_unknown_fields)]
#[oai(rename = "RegistrationName", deny_unknown_fields)]
struct Body {
    /// As the registration was answered.
    registration_id: Text<CodeId>,
}

/// A code was asked for again. Whether one was sent is not told.
#[derive(Object)]
struct Resent {
    /// What was done.
    message: String,
    /// For how many seconds a new code is good.
    expires_in: u64,
}

#[OpenApi(prefix_path = "/api/v1/auth", tag = "Tag::Registration")]
impl Resend {
    /// Send the code again
    ///
    /// A new one: the code before is worth nothing from then on. The answer does not tell whether there is such a
    /// registration.
    #[oai(path = "/register/resend", method = "post", operation_id = "resend_code")]
    async fn resend(
        &self,
        Data(accounts): Data<&Accounts>,
        Asks(caller): Asks,
        StrictJson(body): StrictJson<Body>,
    ) -> Result<Answer<202, Resent>, Refusal<ResendError>> {
        let (id,) = read_fields!(body: registration_id)?;
        accounts.resend(&caller, id).await?;
        let message = "If the registration still waits for its code, a new one is on its way.".to_owned();
        Ok(Answer(Resent { message, expires_in: accounts.policy().code_ttl.as_secs() }))
    }
}

impl Refuse for ResendError {
    const CODES: &'static [&'static [Code]] = &[BODY, &[Code::TooManyRequests]];

    fn problem(self) -> Problem {
        match self {
            Self::Slow(slow) => slow.into(),
            Self::Unavailable(unavailable) => unavailable.into(),
        }
    }
}
