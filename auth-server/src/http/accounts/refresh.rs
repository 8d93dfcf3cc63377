//! Refresh: the next tokens of a session.
use super::{Tag, login::TokensView};
use crate::http::{
    answer::{Answer, BODY, Refusal, Refuse},
    field::RefreshToken,
    json::{StrictJson, Text, read_fields},
    problem::{Code, Problem},
};
use auth_core::accounts::{Accounts, RefreshError};
use poem::web::Data;
use poem_openapi::{Object, OpenApi};
use serde::Deserialize;

pub struct Refresh;

/// What a signed-in device shows to stay so.
#[derive(Deserialize, Object)]
#[serde(deny_unknown_fields)]
#[oai(rename = "RefreshAttempt", deny_unknown_fields)]
struct Body {
    /// The refresh token of the last answer.
    refresh_token: Text<RefreshToken>,
}

#[OpenApi(prefix_path = "/api/v1/auth", tag = "Tag::Sessions")]
impl Refresh {
    /// Refresh
    ///
    /// Each refresh token is good once. Whoever shows an old one ends the session: somebody holds a copy.
    #[oai(path = "/refresh", method = "post", operation_id = "refresh")]
    async fn refresh(
        &self,
        Data(accounts): Data<&Accounts>,
        StrictJson(body): StrictJson<Body>,
    ) -> Result<Answer<200, TokensView>, Refusal<RefreshError>> {
        let (RefreshToken(token),) = read_fields!(body: refresh_token)?;
        Ok(Answer(accounts.refresh(&token).await?.into()))
    }
}

impl Refuse for RefreshError {
    const CODES: &'static [&'static [Code]] = &[BODY, &[Code::SessionEnded]];

    fn problem(self) -> Problem {
        match self {
            Self::Ended => Problem::new(Code::SessionEnded),
            Self::Unavailable(unavailable) => unavailable.into(),
        }
    }
}
