//! Userinfo: who the person is (OpenID Connect Core, section 5.3).
use crate::{
    Provider, claims,
    error::{
        Error,
        ErrorCode::{InsufficientScope, InvalidToken},
        refused,
    },
};
use auth_core::value::Secret;
use serde_json::{Map, Value};

impl Provider {
    /// What the client of this access token is told of its person.
    ///
    /// # Errors
    /// [`Error`], with the codes of RFC 6750, section 3.1.
    pub async fn userinfo(&self, token: &Secret) -> Result<Map<String, Value>, Error> {
        let live = self.live(token.expose()).await?;
        let live = live.filter(|live| live.claims.aud.contains(&self.userinfo_audience()));
        let Some((live, standing)) = live.and_then(|mut live| live.standing.take().map(|standing| (live, standing)))
        else {
            return refused(InvalidToken, "the access token is not, or no longer, valid here");
        };
        if !live.claims.scope.has("openid") {
            return refused(InsufficientScope, "the scope of the access token lacks openid");
        }
        let mut told = claims::of(&standing.user, &live.claims.scope, &standing.grant.userinfo_claims);
        told.insert("sub".to_owned(), Self::subject(standing.user.id).into());
        Ok(told)
    }
}
