//! Fetch: what the provider asks of the net outside: documents that clients publish, and clients that are told something.
mod cache;

pub(crate) use self::cache::Cache;

use async_trait::async_trait;
use std::time::Duration;
use url::Url;

/// Asks servers that somebody else has named (O-23). Whoever implements it stands guard: https alone, no address that is
/// private or this machine's own, no redirects, and a bound on size and time. `auth-fetch` has one.
#[async_trait]
pub trait Fetcher: Send + Sync {
    /// What is at a URL, if it answers 200.
    ///
    /// # Errors
    /// [`FetchError`].
    async fn get(&self, url: &Url) -> Result<Fetched, FetchError>;

    /// Posts a form (`application/x-www-form-urlencoded`), and answers the status.
    ///
    /// # Errors
    /// [`FetchError`].
    async fn post(&self, url: &Url, form: &[(&str, &str)]) -> Result<u16, FetchError>;

    /// Whether anybody is asked at all.
    fn asks_anybody(&self) -> bool {
        true
    }
}

/// A document as it was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fetched {
    /// All of it.
    pub body: Vec<u8>,
    /// Its media type, as the server calls it.
    pub content_type: Option<String>,
    /// For how long the server says that it is good (RFC 9111, section 5.2.2.1), if it says so.
    pub max_age: Option<Duration>,
}

/// Why there is nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FetchError {
    /// It may not be asked: which rule says so. It never can be.
    #[error("it may not be asked: {0}")]
    Forbidden(String),
    /// It did not answer, or not as it should: perhaps it will, later.
    #[error("{0}")]
    Failed(String),
    /// It was not asked: too many are at this moment.
    #[error("too many servers are asked at this moment")]
    Busy,
}

/// Nothing is ever asked of the net outside.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoFetcher;

#[async_trait]
impl Fetcher for NoFetcher {
    async fn get(&self, _: &Url) -> Result<Fetched, FetchError> {
        Err(forbidden())
    }

    async fn post(&self, _: &Url, _: &[(&str, &str)]) -> Result<u16, FetchError> {
        Err(forbidden())
    }

    fn asks_anybody(&self) -> bool {
        false
    }
}

fn forbidden() -> FetchError {
    FetchError::Forbidden("this server asks nobody".to_owned())
}
