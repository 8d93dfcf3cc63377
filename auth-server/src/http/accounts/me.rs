//! Me: whose access token this is.
#![expect(clippy::unused_async, reason = "the framework calls every operation so")]

use super::{Tag, UserView};
use crate::http::{
    answer::{Answer, Refusal},
    bearer::SignedIn,
};
use auth_core::accounts::AuthenticateError;
use poem_openapi::OpenApi;

pub struct Me;

#[OpenApi(prefix_path = "/api/v1/auth", tag = "Tag::Sessions")]
impl Me {
    /// Who am I
    #[oai(path = "/me", method = "get", operation_id = "me")]
    async fn me(&self, SignedIn(who): SignedIn) -> Result<Answer<200, UserView>, Refusal<AuthenticateError>> {
        Ok(Answer(who.user.into()))
    }
}
