//! Userinfo: who the person is (OpenID Connect Core, section 5.3).
use crate::{
    Provider, claims,
    dpop::Use,
    error::{
        Error,
        ErrorCode::{InsufficientScope, InvalidDpopProof, InvalidToken},
        refused,
    },
    path,
};
use auth_core::value::Secret;
use serde_json::{Map, Value};

const BAD_TOKEN: &str = "the access token is not, or no longer, valid here, or not in this way";

/// What the userinfo endpoint answers.
#[derive(Clone, Debug)]
pub enum Userinfo {
    /// A JSON object.
    Claims(Map<String, Value>),
    /// A JWT that holds it, for a client that is registered so (`userinfo_signed_response_alg`).
    Signed(Secret),
}

impl Provider {
    /// What the client of this access token is told of its person. The token is shown as it is: as `Bearer`.
    ///
    /// # Errors
    /// [`Error`], with the codes of RFC 6750, section 3.1.
    pub async fn userinfo(&self, token: &Secret) -> Result<Userinfo, Error> {
        self.told(token, None).await
    }

    /// The same, of an access token that is bound to a key: shown as `DPoP`, by a request of this method and with these
    /// `DPoP` headers.
    ///
    /// # Errors
    /// [`Error`], with the codes of RFC 6750, section 3.1, and of RFC 9449, section 7.1.
    pub async fn userinfo_by_proof(&self, token: &Secret, method: &str, proofs: &[Secret]) -> Result<Userinfo, Error> {
        self.told(token, Some((method, proofs))).await
    }

    async fn told(&self, token: &Secret, shown: Option<(&str, &[Secret])>) -> Result<Userinfo, Error> {
        let live = self.live(token.expose()).await?;
        let live = live.filter(|live| live.claims.aud.contains(&self.userinfo_audience()));
        let Some(live) = live else { return refused(InvalidToken, BAD_TOKEN) };
        match (&live.claims.cnf, shown) {
            (None, None) => {}
            (Some(cnf), Some((method, proofs))) => {
                let of = Use { method, path: path::USERINFO, token: Some(token) };
                let key = self.proved(proofs, &of, live.client.profile).await?;
                if key.is_none() {
                    return refused(InvalidDpopProof, "the token is bound to a key: a DPoP header is missing");
                }
                if key.as_ref() != Some(&cnf.jkt) {
                    return refused(InvalidToken, "the token is bound to another key");
                }
            }
            // RFC 9449, section 7.2: without its proof it is a stolen one.
            (Some(_), None) | (None, Some(_)) => return refused(InvalidToken, BAD_TOKEN),
        }
        let Some(standing) = live.standing else { return refused(InvalidToken, BAD_TOKEN) };
        if !live.claims.scope.has("openid") {
            return refused(InsufficientScope, "the scope of the access token lacks openid");
        }
        let asked = claims::within(&live.client.scope, &standing.grant.userinfo_claims);
        let mut told = self.claims_of(&standing.user, &live.claims.scope, &asked).await?;
        told.insert("sub".to_owned(), self.subject(standing.user.id, &live.client).into());
        let Some(algorithm) = live.client.userinfo_signed_response_alg else { return Ok(Userinfo::Claims(told)) };
        // OpenID Connect Core, section 5.3.2. Without an end, and without a `sid`, it passes for no ID token.
        told.insert("iss".to_owned(), self.issuer().into());
        told.insert("aud".to_owned(), live.client.client_id.as_str().into());
        Ok(Userinfo::Signed(Secret::new(self.sign(Some(algorithm), "JWT", &told).await?)))
    }
}
