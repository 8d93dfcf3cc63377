//! Access tokens of clients (RFC 9068, or opaque): what they say, and what they are worth at this moment.
use crate::{
    Provider,
    client::Client,
    dpop::{Confirmation, Thumbprint},
    path,
    provider::Standing,
    resource,
};
use auth_core::{
    ports::*,
    token::{self, LEEWAY},
    value::*,
};
use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine as _};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

/// How an opaque token begins. No JWT does.
const OPAQUE: &str = "oa_";

/// What the access token of a client says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessClaims {
    /// Who issued it.
    pub iss: String,
    /// The services that it is for.
    pub aud: Vec<String>,
    /// Whose it is: a person, or the client itself.
    pub sub: String,
    /// The client that it was given to.
    pub client_id: ClientId,
    /// What it reaches to.
    pub scope: Scope,
    /// The grant that it lives with, which only this server can read there; none, if the client is there for itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sid: Option<String>,
    /// Its own name, never given twice.
    pub jti: String,
    /// When it was issued.
    pub iat: Timestamp,
    /// When it ends.
    pub exp: Timestamp,
    /// When the password was shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auth_time: Option<Timestamp>,
    /// Of whose owner alone it is taken (RFC 7800).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cnf: Option<Confirmation>,
    /// What the account is trusted with.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub roles: Vec<Role>,
}

impl AccessClaims {
    /// For the owner of this key alone, if there is one.
    pub(crate) fn bound_to(self, key: Option<Thumbprint>) -> Self {
        Self { cnf: key.map(|jkt| Confirmation { jkt }), ..self }
    }

    /// How it is shown (RFC 9449, section 5).
    pub(crate) const fn token_type(&self) -> &'static str {
        if self.cnf.is_some() { "DPoP" } else { "Bearer" }
    }
}

/// An access token that is worth something now.
pub(crate) struct Live {
    pub claims: AccessClaims,
    pub client: Client,
    /// The grant behind it; none, if the client is there for itself.
    pub standing: Option<Standing>,
}

impl Provider {
    /// The audience of a token that is for no other service.
    pub(crate) fn userinfo_audience(&self) -> String {
        self.endpoint(path::USERINFO)
    }

    /// The token that says this: signed, or, if a service that it is for takes opaque ones, encrypted.
    pub(crate) async fn access_token(&self, claims: &AccessClaims) -> Outside<Secret> {
        if !resource::any_opaque(&self.policy, &claims.aud) {
            return self.sign(None, "at+jwt", claims).await.map(Secret::new);
        }
        let text = serde_json::to_vec(claims).map_err(|error| Unavailable::failed("access token", error))?;
        let mut nonce = [0; 12];
        self.ports().rng.fill(&mut nonce);
        let sealed = self.accounts.secret().seal_token(nonce, Zeroizing::new(text));
        Ok(Secret::new(format!("{OPAQUE}{}", BASE64_URL_SAFE_NO_PAD.encode(sealed))))
    }

    /// What a token of ours says, if its time has come and is not over. What stands behind it is another question.
    pub(crate) fn access_claims_of(&self, text: &str) -> Option<AccessClaims> {
        let Ports { keyring, clock, .. } = self.ports();
        let claims = match text.strip_prefix(OPAQUE) {
            Some(sealed) => self.unsealed(sealed),
            None => token::open(text, &keyring.public_keys(), "at+jwt").ok(),
        }?;
        let now = clock.now();
        let timely = claims.iat <= now + LEEWAY && now < claims.exp + LEEWAY;
        (timely && claims.iss == self.issuer()).then_some(claims)
    }

    fn unsealed(&self, sealed: &str) -> Option<AccessClaims> {
        let text = self.accounts.secret().open_token(&BASE64_URL_SAFE_NO_PAD.decode(sealed).ok()?)?;
        serde_json::from_slice(&text).ok()
    }

    /// The grant, as an access token says it.
    pub(crate) fn sealed(&self, grant: SessionId) -> String {
        BASE64_URL_SAFE_NO_PAD.encode(self.accounts.secret().seal_session(grant))
    }

    /// The grant that an access token says, if it stands.
    pub(crate) async fn standing_behind(&self, sealed: &str) -> Outside<Option<Standing>> {
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(sealed).ok().and_then(|bytes| bytes.try_into().ok());
        match bytes.and_then(|bytes| self.accounts.secret().open_session(&bytes)) {
            Some(grant) => self.standing(grant).await,
            None => Ok(None),
        }
    }

    /// A token of ours, if it is worth something now: its grant stands, or its client is there, and nobody has taken it
    /// back. Whatever fails means that it is not (S-25).
    pub(crate) async fn live(&self, text: &str) -> Outside<Option<Live>> {
        let Some(claims) = self.access_claims_of(text) else { return Ok(None) };
        let Some(client) = self.client(&claims.client_id).await? else { return Ok(None) };
        let standing = match &claims.sid {
            Some(sealed) => match self.standing_behind(sealed).await? {
                Some(standing) if client.holds(&standing.session) => Some(standing),
                _ => return Ok(None),
            },
            // Another client had this name before.
            None if claims.iat < client.client_id_issued_at => return Ok(None),
            None if self.is_taken_back(&claims.jti).await? => return Ok(None),
            None => None,
        };
        Ok(Some(Live { claims, client, standing }))
    }
}
