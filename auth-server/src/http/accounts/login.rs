//! Log in: a password for a session.
use super::Tag;
use crate::http::{
    answer::{Answer, BODY, Refusal, Refuse},
    caller::{Asks, on},
    field::Device,
    json::{StrictJson, Text, present, read_fields},
    problem::{Code, Problem},
    room::Room,
};
use auth_core::{
    accounts::{Accounts, LoginAttempt, LoginError, Tokens},
    value::{DeviceName, Identifier, Password},
};
use poem::web::Data;
use poem_openapi::{Object, OpenApi};
use serde::Deserialize;

pub struct Login;

/// What a person shows to be let in.
#[derive(Deserialize, Object)]
#[serde(deny_unknown_fields)]
#[oai(rename = "LoginAttempt", deny_unknown_fields)]
struct Body {
    /// The login, or the e-mail address.
    login: Text<Identifier>,
    /// The password.
    password: Text<Password>,
    /// What to call this device in the list of sessions: 1 to 64 characters.
    #[serde(default, deserialize_with = "present")]
    device: Option<Text<DeviceName>>,
    /// What the last login on this device gave, if there was one: with it, wrong passwords that others have tried do not
    /// count.
    #[serde(default, deserialize_with = "present")]
    device_token: Option<Text<Device>>,
}

/// What a signed-in device holds.
#[derive(Object)]
#[oai(rename = "Tokens")]
pub struct TokensView {
    /// Opens this API and others, in the header `Authorization: Bearer ...`: a JWT (RFC 9068).
    access_token: String,
    /// `Bearer`.
    token_type: String,
    /// For how many seconds the access token is good.
    expires_in: u64,
    /// Gets the next tokens, once. Keep it secret.
    refresh_token: String,
    /// For how many seconds the refresh token is good.
    refresh_expires_in: u64,
    /// After a login: keep it on the device, beyond a logout, and send it with the next login. It opens nothing; it tells
    /// the device from those on which others try this account's password.
    #[oai(skip_serializing_if_is_none)]
    device_token: Option<String>,
}

#[OpenApi(prefix_path = "/api/v1/auth", tag = "Tag::Sessions")]
impl Login {
    /// Log in
    #[oai(path = "/login", method = "post", operation_id = "login")]
    async fn login(
        &self,
        _room: Room,
        Data(accounts): Data<&Accounts>,
        Asks(caller): Asks,
        StrictJson(body): StrictJson<Body>,
    ) -> Result<Answer<200, TokensView>, Refusal<LoginError>> {
        let (identifier, password, device, token) = read_fields!(body: login, password, device, device_token)?;
        Ok(Answer(accounts.login(&on(token, caller), LoginAttempt { identifier, password, device }).await?.into()))
    }
}

impl From<Tokens> for TokensView {
    fn from(tokens: Tokens) -> Self {
        Self {
            access_token: tokens.access_token.expose().to_owned(),
            token_type: "Bearer".to_owned(),
            expires_in: tokens.expires_in.as_secs(),
            refresh_token: tokens.refresh_token.expose().to_owned(),
            refresh_expires_in: tokens.refresh_expires_in.as_secs(),
            device_token: tokens.device_token.map(|token| token.expose().to_owned()),
        }
    }
}

impl Refuse for LoginError {
    const CODES: &'static [&'static [Code]] = &[BODY, &[Code::InvalidCredentials, Code::TooManyRequests]];

    fn problem(self) -> Problem {
        match self {
            Self::Refused => Problem::new(Code::InvalidCredentials),
            Self::Slow(slow) => slow.into(),
            Self::Unavailable(unavailable) => unavailable.into(),
        }
    }
}
