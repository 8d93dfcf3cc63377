//! The keys of a client, wherever they are, and what they have signed.
use crate::{
    Provider,
    client::{Client, JwkSet},
    fetch::{Cache, FetchError},
};
use auth_core::{keys::Algorithm, token};
use serde::{
    Deserialize,
    de::{DeserializeOwned, IgnoredAny},
};
use std::time::Duration;

#[derive(Deserialize)]
struct Header {
    alg: String,
    kid: Option<String>,
    typ: Option<String>,
    crit: Option<IgnoredAny>,
}

/// What a client has signed.
pub(crate) struct Signed<T> {
    pub claims: T,
    pub typ: Option<String>,
    pub algorithm: Algorithm,
}

/// Whom it is for (RFC 7519, section 4.1.3).
#[derive(Deserialize)]
#[serde(untagged)]
pub(crate) enum Audience {
    One(String),
    Any(Vec<String>),
}

impl Audience {
    pub fn has(&self, name: &str) -> bool {
        match self {
            Self::One(one) => one == name,
            Self::Any(any) => any.iter().any(|one| one == name),
        }
    }
}

/// What a client is told if its keys are out of reach. Why is in the log alone: it may tell of the net that this server is in.
pub(crate) const NO_KEYS: &str = "the keys at jwks_uri cannot be had";

/// Sets of keys that clients publish at their `jwks_uri`.
pub(crate) fn cache() -> Cache<JwkSet> {
    Cache::new(1000, Duration::from_mins(1)..=Duration::from_hours(1), |_, fetched| {
        JwkSet::published(&fetched.body).map_err(|rule| FetchError::Failed(rule.0.to_owned()))
    })
}

impl Provider {
    /// What a token says, if one of the client's keys has signed it.
    ///
    /// # Errors
    /// [`FetchError`] if its keys cannot be had.
    pub(crate) async fn signed_by<T: DeserializeOwned>(
        &self,
        client: &Client,
        token: &str,
    ) -> Result<Option<Signed<T>>, FetchError> {
        let Ok(Header { alg, kid, typ, crit }) = token::header(token) else { return Ok(None) };
        let algorithm = Algorithm::parse(&alg).ok().filter(|own| client.profile.algorithms().contains(own));
        // What must be understood is not (RFC 7515, section 4.1.11).
        let Some(algorithm) = algorithm.filter(|_| crit.is_none()) else { return Ok(None) };
        let find = |keys: &JwkSet| keys.find(kid.as_deref(), algorithm).cloned();
        let key = match (&client.jwks, &client.jwks_uri) {
            (Some(keys), _) => find(keys),
            (None, Some(uri)) => match find(&*self.keys.get(self, uri).await?) {
                // A key that is not known may be new (OpenID Connect Core, section 10.1.1).
                None => find(&*self.keys.get_again(self, uri).await?),
                known => known,
            },
            (None, None) => None,
        };
        let claims = key.and_then(|key| key.signed(token, algorithm).ok());
        Ok(claims.map(|claims| Signed { claims, typ, algorithm }))
    }
}
