//! Log out: end this session, or all.
use super::{Confirmation, Tag};
use crate::http::{
    answer::{Answer, Refusal},
    bearer::{Bearer, SignedIn},
};
use auth_core::{
    accounts::{Accounts, AuthenticateError},
    ports::Unavailable,
};
use poem::web::Data;
use poem_openapi::OpenApi;

pub struct Logout;

#[OpenApi(prefix_path = "/api/v1/auth", tag = "Tag::Sessions")]
impl Logout {
    /// Log out
    ///
    /// Its tokens open nothing here from then on. Logging out twice is fine, and with an access token that has expired
    /// too.
    #[oai(path = "/logout", method = "post", operation_id = "logout")]
    async fn logout(
        &self,
        Data(accounts): Data<&Accounts>,
        Bearer(token): Bearer,
    ) -> Result<Answer<200, Confirmation>, Refusal<AuthenticateError>> {
        accounts.logout(token.expose()).await?;
        Ok(Answer(Confirmation::new("You are logged out.")))
    }

    /// Log out everywhere
    #[oai(path = "/logout/all", method = "post", operation_id = "logout_everywhere")]
    async fn logout_all(
        &self,
        Data(accounts): Data<&Accounts>,
        SignedIn(who): SignedIn,
    ) -> Result<Answer<200, Confirmation>, Refusal<Unavailable>> {
        accounts.logout_all(&who).await?;
        Ok(Answer(Confirmation::new("You are logged out on all devices.")))
    }
}
