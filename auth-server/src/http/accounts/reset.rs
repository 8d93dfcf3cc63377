//! Reset: the mailed code for a new password.
use super::{Confirmation, Tag};
use crate::http::{
    answer::{Answer, BODY, Refusal, Refuse},
    caller::{Asks, on},
    field::{CodeName, Device, Typed},
    json::{StrictJson, Text, present, read_fields},
    problem::{Code, Problem},
    room::Room,
};
use auth_core::{
    accounts::{Accounts, ResetError},
    value::Password,
};
use poem::web::Data;
use poem_openapi::{Object, OpenApi};
use serde::Deserialize;

pub struct Reset;

/// The code of a reset, and the password to set.
#[derive(Deserialize, Object)]
#[serde(deny_unknown_fields)]
#[oai(rename = "PasswordReset", deny_unknown_fields)]
struct Body {
    /// As the request for the code was answered.
    reset_id: Text<CodeName>,
    /// The code of the newest mail, as a text: six digits, whose leading zeros count; or ten letters and digits, while many
    /// are guessing.
    code: Text<Typed>,
    /// At least 15 characters, unless the operator has set another number; any characters at all.
    new_password: Text<Password>,
    /// What the last login on this device gave, if there was one.
    #[serde(default, deserialize_with = "present")]
    device_token: Option<Text<Device>>,
}

#[OpenApi(prefix_path = "/api/v1/auth", tag = "Tag::Passwords")]
impl Reset {
    /// Reset the password
    ///
    /// Ends every session, and logs nobody in. A new password that is too weak does not spend the code.
    #[oai(path = "/password/reset", method = "post", operation_id = "reset_password")]
    async fn reset(
        &self,
        _room: Room,
        Data(accounts): Data<&Accounts>,
        Asks(caller): Asks,
        StrictJson(body): StrictJson<Body>,
    ) -> Result<Answer<200, Confirmation>, Refusal<ResetError>> {
        let (CodeName(id), Typed(code), new, device) = read_fields!(body: reset_id, code, new_password, device_token)?;
        let (Some(id), Some(code)) = (id, code) else { return Err(ResetError::Refused.into()) };
        let caller = on(device, caller);
        accounts.reset(&caller, id, code, new).await?;
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
