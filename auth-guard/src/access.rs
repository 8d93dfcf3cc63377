//! What a token lets its bearer do.
use crate::{Refused, Why};
use auth_core::{
    token::{Expected, LEEWAY, TokenRefused},
    value::{Scope, Timestamp},
};
use serde::Deserialize;
use serde_json::{Map, Value};
use std::sync::Arc;

/// Who has come in, and what for.
#[derive(Clone, Debug, PartialEq)]
pub struct Access {
    /// Whose token it is: a person, or the client itself.
    pub sub: String,
    /// The client that it was given to.
    pub client_id: String,
    /// What it reaches to.
    pub scope: Scope,
    /// When it ends.
    pub exp: Timestamp,
    /// When the person has signed in; none, if the client is there for itself.
    pub auth_time: Option<Timestamp>,
    /// What else it says: `jti` and `roles`, for instance.
    pub claims: Map<String, Value>,
    metadata: Option<Arc<str>>,
}

impl Access {
    pub(crate) fn new(claims: Claims, metadata: Option<Arc<str>>) -> Self {
        let Claims { sub, client_id, scope, exp, auth_time, rest, .. } = claims;
        Self { sub, client_id, scope, exp, auth_time, claims: rest, metadata }
    }

    /// Goes on if the token reaches to all of these.
    ///
    /// # Errors
    /// [`Refused`], by `insufficient_scope`.
    pub fn requires(&self, scope: &[&str]) -> Result<(), Refused> {
        if scope.iter().all(|word| self.scope.has(word)) {
            return Ok(());
        }
        Err(Refused::new(Why::Scope(scope.join(" ")), self.metadata.clone()))
    }
}

/// RFC 9068, section 2.2, as far as it counts here.
#[derive(Deserialize)]
pub(crate) struct Claims {
    iss: String,
    aud: Audience,
    sub: String,
    client_id: String,
    iat: Timestamp,
    #[serde(default)]
    nbf: Timestamp,
    exp: Timestamp,
    #[serde(default)]
    scope: Scope,
    auth_time: Option<Timestamp>,
    #[serde(flatten)]
    rest: Map<String, Value>,
}

/// RFC 7519, section 4.1.3.
#[derive(Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Any(Vec<String>),
}

impl Claims {
    /// The same, if a bearer may show it here and now.
    pub fn judge(self, expected: &Expected, now: Timestamp) -> Result<Self, Why> {
        let is_for_us = match &self.aud {
            Audience::One(one) => *one == expected.audience,
            Audience::Any(any) => any.contains(&expected.audience),
        };
        let refused = if self.iss != expected.issuer {
            TokenRefused::WrongIssuer
        } else if !is_for_us {
            TokenRefused::WrongAudience
        } else if self.iat.max(self.nbf) > now + LEEWAY {
            TokenRefused::NotYet
        } else if now >= self.exp + LEEWAY {
            TokenRefused::Expired
        } else if self.rest.contains_key("cnf") {
            // RFC 7800: it is worth something in the hands of that key's owner alone, and nothing here proves who that is.
            return Err(Why::SenderConstrained);
        } else {
            return Ok(self);
        };
        Err(Why::Token(refused))
    }
}
