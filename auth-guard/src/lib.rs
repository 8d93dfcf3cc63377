//! Guard: what a service puts in front of its routes, to take the access tokens of one issuer (RFC 9068).
//!
//! It knows no HTTP framework: it is given the `Authorization` header, and answers who may come in, or the status and the
//! challenge to refuse by (RFC 6750). The issuer's keys are fetched when the first token comes, and kept for a while.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # #[cfg(feature = "reqwest")] {
//! use auth_core::system::SystemClock;
//! use auth_guard::{Guard, HttpSource, ProtectedResource};
//! use std::sync::Arc;
//!
//! let mut described = ProtectedResource::new("https://api.example.org/v1", "https://id.example.org")?;
//! described.scopes_supported = vec!["read".to_owned(), "write".to_owned()];
//! assert_eq!(described.well_known_path(), "/.well-known/oauth-protected-resource/v1");
//! let guard = Guard::described_by(&described, Arc::new(HttpSource::new()?), Arc::new(SystemClock));
//!
//! // In front of each route, with the header of the request:
//! let may_read = async |authorization: Option<&str>| {
//!     let access = guard.check(authorization).await?;
//!     access.requires(&["read"]).map(|()| access.sub)
//! };
//! let refused = may_read(None).await.unwrap_err();
//! let at = "https://api.example.org/.well-known/oauth-protected-resource/v1";
//! let challenge = format!(r#"Bearer resource_metadata="{at}""#);
//! assert_eq!((refused.status(), refused.www_authenticate()), (401, Some(challenge)));
//! # }
//! # Ok(())
//! # }
//! ```
//!
//! A token is checked here alone: what its issuer has ended since is seen when the token's time is over. Whoever must know
//! at once asks the issuer (RFC 7662).

mod access;
mod keys;
mod metadata;
mod refused;
mod source;

pub use self::{
    access::Access,
    metadata::ProtectedResource,
    refused::{Refused, Why},
    source::Source,
};
#[cfg(feature = "reqwest")]
pub use source::HttpSource;

use self::{access::Claims, keys::IssuerKeys};
use auth_core::{
    ports::Clock,
    token::{self, Expected, TokenRefused},
};
use std::sync::Arc;

/// Takes the access tokens that one issuer gives out for one service. Clones share what they know of the issuer.
#[derive(Clone)]
pub struct Guard {
    expected: Arc<Expected>,
    /// Where the service is described.
    metadata: Option<Arc<str>>,
    keys: Arc<IssuerKeys>,
    clock: Arc<dyn Clock>,
}

impl Guard {
    /// For the service that the issuer knows by the name `resource`, the `aud` of its tokens. Both names are taken letter for
    /// letter.
    pub fn new(issuer: &str, resource: &str, source: Arc<dyn Source>, clock: Arc<dyn Clock>) -> Self {
        let expected = Arc::new(Expected { issuer: issuer.to_owned(), audience: resource.to_owned() });
        let keys = Arc::new(IssuerKeys::new(issuer, source, Arc::clone(&clock)));
        Self { expected, metadata: None, keys, clock }
    }

    /// For a service that publishes this document: whoever is refused is told where it is.
    pub fn described_by(document: &ProtectedResource, source: Arc<dyn Source>, clock: Arc<dyn Clock>) -> Self {
        let guard = Self::new(document.issuer(), document.resource(), source, clock);
        Self { metadata: Some(document.well_known_url().into()), ..guard }
    }

    /// Who comes with this `Authorization` header. Of a request that has more than one, show none.
    ///
    /// # Errors
    /// [`Refused`]; whatever fails means that.
    pub async fn check(&self, authorization: Option<&str>) -> Result<Access, Refused> {
        match self.claims(authorization).await {
            Ok(claims) => Ok(Access::new(claims, self.metadata.clone())),
            Err(why) => Err(Refused::new(why, self.metadata.clone())),
        }
    }

    async fn claims(&self, authorization: Option<&str>) -> Result<Claims, Why> {
        let token = authorization.and_then(bearer).ok_or(Why::NoToken)?;
        let claims = self.signed(token).await?;
        claims.judge(&self.expected, self.clock.now())
    }

    /// What a token says that one of the issuer's keys has signed. One that is not known may be new.
    async fn signed(&self, token: &str) -> Result<Claims, Why> {
        let keys = self.keys.get().await.ok_or(Why::NoKeys)?;
        let read = match token::open(token, &keys, "at+jwt") {
            Err(TokenRefused::UnknownKey) => {
                let keys = self.keys.get_again().await.ok_or(Why::NoKeys)?;
                token::open(token, &keys, "at+jwt")
            }
            read => read,
        };
        read.map_err(Why::Token)
    }
}

/// RFC 9110, section 11.1: the scheme in any case.
fn bearer(authorization: &str) -> Option<&str> {
    let (scheme, token) = authorization.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim_start_matches(' '))
}
