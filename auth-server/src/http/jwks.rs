//! The public keys that access tokens are checked with (RFC 7517).
#![expect(clippy::unused_async, reason = "the framework calls every operation so")]

use super::{
    answer::{Answer, Refusal},
    health::NotReady,
};
use auth_core::ports::{Jwk, Keyring};
use poem::{IntoResponse, Response, http::header};
use poem_openapi::{
    ApiResponse, Object, OpenApi,
    registry::{MetaResponses, Registry},
};
use std::{sync::Arc, time::Duration};

/// For how long readers may keep what they were shown. A new key is shown longer than this before it signs.
pub const MAX_AGE: Duration = Duration::from_mins(5);

pub struct Jwks(pub Arc<dyn Keyring>);

/// A JWK set.
#[derive(Object)]
#[oai(rename = "KeySet")]
struct KeySet {
    /// Every key that signs, is about to, or has signed what may still be in use.
    keys: Vec<Key>,
}

/// A public key.
#[derive(Object)]
#[oai(rename = "Key", skip_serializing_if_is_none)]
struct Key {
    /// `EC`, `OKP` or `RSA`.
    kty: String,
    /// `sig`.
    #[oai(rename = "use")]
    usage: String,
    /// The one algorithm that this key is for.
    alg: String,
    /// The key's name.
    kid: String,
    /// The curve, of an `EC` or `OKP` key.
    crv: Option<String>,
    /// The x coordinate, of an `EC` or `OKP` key.
    x: Option<String>,
    /// The y coordinate, of an `EC` key.
    y: Option<String>,
    /// The modulus, of an `RSA` key.
    n: Option<String>,
    /// The exponent, of an `RSA` key.
    e: Option<String>,
}

/// A key set, that may be kept for a while.
struct Cacheable(KeySet);

#[OpenApi]
impl Jwks {
    /// Public keys
    ///
    /// For services that check access tokens by themselves.
    #[oai(path = "/.well-known/jwks.json", method = "get", operation_id = "jwks")]
    async fn jwks(&self) -> Result<Cacheable, Refusal<NotReady>> {
        Ok(Cacheable(KeySet { keys: self.0.public_keys().into_iter().map(Into::into).collect() }))
    }
}

impl IntoResponse for Cacheable {
    fn into_response(self) -> Response {
        cacheable(Answer::<200, _>(self.0))
    }
}

/// What readers may keep for [`MAX_AGE`].
pub fn cacheable(answer: impl IntoResponse) -> Response {
    answer.with_header(header::CACHE_CONTROL, format!("public, max-age={}", MAX_AGE.as_secs())).into_response()
}

impl ApiResponse for Cacheable {
    fn meta() -> MetaResponses {
        Answer::<200, KeySet>::meta()
    }
    fn register(registry: &mut Registry) {
        Answer::<200, KeySet>::register(registry);
    }
}

impl From<Jwk> for Key {
    fn from(Jwk { kty, usage, alg, kid, crv, x, y, n, e }: Jwk) -> Self {
        Self { kty, usage, alg, kid, crv, x, y, n, e }
    }
}
