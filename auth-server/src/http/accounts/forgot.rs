//! Forgot: ask for a code that lets a new password be chosen.
use super::Tag;
use crate::http::{
    answer::{Answer, BODY, Refusal, Refuse},
    caller::{Asks, on},
    field::Device,
    json::{StrictJson, Text, present, read_fields},
    problem::{Code, Problem},
};
use auth_core::{
    accounts::{Accounts, ForgotError},
    value::Email,
};
use poem::web::Data;
use poem_openapi::{Object, OpenApi};
use serde::Deserialize;

pub struct Forgot;

/// Whose password is forgotten.
#[derive(Deserialize, Object)]
#[serde(deny_unknown_fields)]
#[oai(rename = "ForgottenPassword", deny_unknown_fields)]
struct Body {
    /// The account's e-mail address.
    email: Text<Email>,
    /// What the last login on this device gave, if there was one: with it, mails that others have asked for do not count.
    #[serde(default, deserialize_with = "present")]
    device_token: Option<Text<Device>>,
}

/// A reset that waits for its code.
#[derive(Object)]
struct ResetAsked {
    /// Names the reset when a new password is chosen.
    reset_id: String,
    /// For how many seconds the code is good.
    expires_in: u64,
}

#[OpenApi(prefix_path = "/api/v1/auth", tag = "Tag::Passwords")]
impl Forgot {
    /// Forgot the password
    ///
    /// Answers the same whether or not the address has an account. Nothing changes until the code is shown.
    #[oai(path = "/password/forgot", method = "post", operation_id = "forgot_password")]
    async fn forgot(
        &self,
        Data(accounts): Data<&Accounts>,
        Asks(caller): Asks,
        StrictJson(body): StrictJson<Body>,
    ) -> Result<Answer<202, ResetAsked>, Refusal<ForgotError>> {
        let (email, device) = read_fields!(body: email, device_token)?;
        let issued = accounts.forgot(&on(device, caller), email).await?;
        Ok(Answer(ResetAsked { reset_id: issued.id.to_string(), expires_in: issued.expires_in.as_secs() }))
    }
}

impl Refuse for ForgotError {
    const CODES: &'static [&'static [Code]] = &[BODY, &[Code::TooManyRequests]];

    fn problem(self) -> Problem {
        match self {
            Self::Slow(slow) => slow.into(),
            Self::Unavailable(unavailable) => unavailable.into(),
        }
    }
}
