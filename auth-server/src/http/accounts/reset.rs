//! Reset: the mailed code for a new password.
use super::{Confirmation, Tag};
use crate::http::{
    answer::{Answer, BODY, Refusal, Refuse},
    caller::Asks,
    field::{CodeName, Digits},
    json::{StrictJson, Text, read_fields},
    problem::{Code, Problem},
};
use auth_core::{
    accounts::{Accounts, ResetError},
    value::Password,
};
use poem_openapi::{Object, OpenApi};
use serde::Deserialize;

pub struct Reset(pub Accounts);

/// The code of a reset, and the password to set.
#[derive(Deserialize, Object)]
#[serde(deny_unknown_fields)]
#[oai(rename = "PasswordReset", deny_unknown_fields)]
struct Body {
    /// As the request for the code was answered.
    reset_id: Text<CodeName>,
    /// The six digits of the newest mail, as a text: leading zeros count.
    code: Text<Digits>,
    /// At least 15 characters, unless the operator has set another number; any characters at all.
    new_password: Text<Password>,
}

#[OpenApi(prefix_path = "/api/v1/auth", tag = "Tag::Passwords")]
impl Reset {
    /// Reset the password
    ///
    /// Ends every session, and logs nobody in. A new password that is too weak does not spend the code.
    #[oai(path = "/password/reset", method = "post", operation_id = "reset_password")]
    async fn reset(
        &self,
        Asks(caller): Asks,
        StrictJson(body): StrictJson<Body>,
    ) -> Result<Answer<200, Confirmation>, Refusal<ResetError>> {
        let (CodeName(id), Digits(code), new) = read_fields!(body: reset_id, code, new_password)?;
        let (Some(id), Some(code)) = (id, code) else { return Err(ResetError::Refused.into()) };
        self.0.reset(&caller, id, code, new).await?;
        Ok(Answer(Confirmation::new(
            "The password is changed, and every device is logged out. Log in with the new one.",
        )))
    }
}

impl Refuse for ResetError {
    const CODES: &'static [&'static [Code]] = &[BODY, &[Code::InvalidCode, Code::PasswordWeak, Code::TooManyRequests]];

    fn problem(self) -> Problem {
        match self {
            Self::Refused => Problem::new(Code::InvalidCode),
            Self::Weak(weak) => weak.into(),
            Self::Slow(slow) => slow.into(),
            Self::Unavailable(unavailable) => unavailable.into(),
        }
    }
}
