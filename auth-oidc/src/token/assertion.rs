//! Client assertions: a client proves who it is by what it signs (RFC 7523, section 3; OpenID Connect Core, section 9;
//! O-28).
use crate::{
    Provider, authorize,
    client::Client,
    client_keys::{Audience, NO_KEYS, Signed},
    error::{Error, ErrorCode::InvalidClient, Refusal, refused},
    path,
};
use auth_core::{token::LEEWAY, value::Timestamp};
use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine as _};
use serde::Deserialize;
use std::time::Duration;

/// RFC 7523, section 2.2.
pub(super) const TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

const KIND: &str = "assertion";

/// How far away its end may be: so long its name is remembered.
const LONGEST: Duration = Duration::from_hours(1);

#[derive(Deserialize)]
struct Claims {
    iss: String,
    sub: String,
    aud: Audience,
    exp: Timestamp,
    jti: String,
    iat: Option<Timestamp>,
    nbf: Option<Timestamp>,
}

impl Provider {
    /// Whether one of the client's keys has signed this. What else is wrong with it is told: only to the client, then.
    pub(super) async fn is_asserted(&self, client: &Client, assertion: &str, endpoint: &str) -> Result<bool, Error> {
        let signed = self.signed_by(client, assertion).await;
        let signed = signed.map_err(|_| Refusal::new(InvalidClient, NO_KEYS))?;
        let Some(Signed::<Claims> { claims, typ, .. }) = signed else { return Ok(false) };
        // What a browser has carried proves no client (RFC 9101, section 10.8).
        if typ.is_some_and(|typ| typ.to_ascii_lowercase().ends_with(authorize::REQUEST_TYPE)) {
            return Ok(false);
        }
        let (now, id) = (self.ports().clock.now(), client.client_id.as_str());
        if claims.iss != id || claims.sub != id {
            return refused(InvalidClient, "the iss and sub of an assertion are the client_id");
        }
        if !self.is_meant(client, &claims.aud, endpoint) {
            return refused(InvalidClient, "the aud of an assertion is the issuer of this server");
        }
        if now >= claims.exp + LEEWAY || claims.exp > now + LONGEST + LEEWAY {
            return refused(InvalidClient, "an assertion is over, or further than an hour from its end");
        }
        if claims.iat.max(claims.nbf).is_some_and(|begins_at| begins_at > now + LEEWAY) {
            return refused(InvalidClient, "the time of an assertion has not come");
        }
        if claims.jti.is_empty() || !self.is_new(KIND, id, &claims.jti, claims.exp).await? {
            return refused(InvalidClient, "each assertion has a jti of its own");
        }
        Ok(true)
    }

    /// By its profile a client may name the endpoint, too (OpenID Connect Core, section 9), as many do.
    fn is_meant(&self, client: &Client, audience: &Audience, endpoint: &str) -> bool {
        let issuer = self.issuer();
        if client.profile.asserts_to_issuer_alone() {
            return matches!(audience, Audience::One(one) if one == issuer);
        }
        let ours = [issuer.to_owned(), self.endpoint(path::TOKEN), self.endpoint(endpoint)];
        ours.iter().any(|own| audience.has(own))
    }
}

/// Whom an assertion says that it is of. Nothing is proved by it.
pub(super) fn subject(assertion: &str) -> Option<String> {
    #[derive(Deserialize)]
    struct Subject {
        sub: String,
    }
    let payload = BASE64_URL_SAFE_NO_PAD.decode(assertion.split('.').nth(1)?).ok()?;
    serde_json::from_slice(&payload).ok().map(|Subject { sub }| sub)
}
