//! Register: ask to become a user; a code goes to the e-mail address.
use super::Tag;
use crate::http::{
    answer::{Answer, BODY, Refusal, Refuse},
    caller::Asks,
    json::{StrictJson, Text, read_fields},
    problem::{Code, Problem},
    room::Room,
};
use auth_core::{
    accounts::{Accounts, RegisterError, Registration},
    value::{Email, Login, Password},
};
use poem::web::Data;
use poem_openapi::{Object, OpenApi};
use serde::Deserialize;

pub struct Register;

/// Who somebody wants to be.
#[derive(Deserialize, Object)]
#[serde(deny_unknown_fields)]
#[oai(rename = "Registration", deny_unknown_fields)]
struct Body {
    /// 3 to 32 letters and digits of one script, with `.`, `_` or `-` between them. Case makes no difference.
    login: Text<Login>,
    /// One plain address. The code goes there.
    email: Text<Email>,
    /// At least 15 characters, unless the operator has set another number; any characters at all.
    password: Text<Password>,
}

/// A registration that waits for its code.
#[derive(Object)]
struct Registered {
    /// Names the registration when it is confirmed, or its code sent again.
    registration_id: String,
    /// For how many seconds the code is good.
    expires_in: u64,
}

#[OpenApi(prefix_path = "/api/v1/auth", tag = "Tag::Registration")]
impl Register {
    /// Register
    ///
    /// Answers the same whether or not the e-mail address has an account; its owner is told by mail.
    #[oai(path = "/register", method = "post", operation_id = "register")]
    async fn register(
        &self,
        _room: Room,
        Data(accounts): Data<&Accounts>,
        Asks(caller): Asks,
        StrictJson(body): StrictJson<Body>,
    ) -> Result<Answer<202, Registered>, Refusal<RegisterError>> {
        let (login, email, password) = read_fields!(body: login, email, password)?;
        let issued = accounts.register(&caller, Registration { login, email, password }).await?;
        let registration_id = issued.id.to_string();
        Ok(Answer(Registered { registration_id, expires_in: issued.expires_in.as_secs() }))
    }
}

impl Refuse for RegisterError {
    const CODES: &'static [&'static [Code]] = &[BODY, &[Code::LoginTaken, Code::PasswordWeak, Code::TooManyRequests]];

    fn problem(self) -> Problem {
        match self {
            Self::LoginTaken => Problem::new(Code::LoginTaken),
            Self::Weak(weak) => weak.into(),
            Self::Slow(slow) => slow.into(),
            Self::Unavailable(unavailable) => unavailable.into(),
        }
    }
}
