//! The issuer's keys: fetched where it says that they are, and kept for a while.
use crate::Source;
use auth_core::{
    keys::Algorithm,
    ports::{Clock, Jwk, Outside, Unavailable},
    value::Timestamp,
};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value;
use std::{
    error::Error,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

/// For how long they are good.
const FRESH: Duration = Duration::from_mins(10);
/// For how long they are taken after that, while the issuer cannot be asked.
const STALE: Duration = Duration::from_hours(1);
/// The issuer is not asked more often than this, whatever it answers.
const PAUSE: Duration = Duration::from_secs(30);

pub(crate) struct IssuerKeys {
    issuer: String,
    source: Arc<dyn Source>,
    clock: Arc<dyn Clock>,
    held: Mutex<Held>,
    /// Whoever has it asks.
    turn: tokio::sync::Mutex<()>,
}

#[derive(Clone, Default)]
struct Held {
    keys: Arc<Vec<Jwk>>,
    found_at: Option<Timestamp>,
    asked_at: Option<Timestamp>,
}

impl Held {
    /// Whether the issuer is to be asked, and may be.
    fn is_due(&self, again: bool, now: Timestamp) -> bool {
        let is_fresh = self.found_at.is_some_and(|at| now < at + FRESH);
        let is_paused = self.asked_at.is_some_and(|at| now < at + PAUSE);
        (again || !is_fresh) && !is_paused
    }

    fn good(&self, now: Timestamp) -> Option<Arc<Vec<Jwk>>> {
        self.found_at.filter(|at| now < *at + FRESH + STALE).map(|_| Arc::clone(&self.keys))
    }
}

/// What counts here of what the issuer says of itself (OpenID Connect Discovery, section 3).
#[derive(Deserialize)]
struct Configuration {
    issuer: String,
    jwks_uri: String,
}

/// RFC 7517, section 5.
#[derive(Deserialize)]
struct JwkSet {
    keys: Vec<Value>,
}

impl IssuerKeys {
    pub fn new(issuer: &str, source: Arc<dyn Source>, clock: Arc<dyn Clock>) -> Self {
        Self { issuer: issuer.to_owned(), source, clock, held: Mutex::default(), turn: tokio::sync::Mutex::default() }
    }

    /// Those that are good now, if there are any.
    pub async fn get(self: &Arc<Self>) -> Option<Arc<Vec<Jwk>>> {
        self.look(false).await
    }

    /// Those that there are now: the issuer is asked again, unless it was a moment ago.
    pub async fn get_again(self: &Arc<Self>) -> Option<Arc<Vec<Jwk>>> {
        self.look(true).await
    }

    async fn look(self: &Arc<Self>, again: bool) -> Option<Arc<Vec<Jwk>>> {
        let (held, now) = (self.held().clone(), self.clock.now());
        // While one asks, others go on with what was found before.
        let goes_on = !again && held.good(now).is_some() && self.turn.try_lock().is_err();
        if held.is_due(again, now) && !goes_on {
            self.ask(again).await;
        }
        self.held().good(now)
    }

    /// Asks in a task of its own: the answer is for all, and whoever asked may have gone by then.
    async fn ask(self: &Arc<Self>, again: bool) {
        let own = Arc::clone(self);
        let task = tokio::spawn(async move {
            let _turn = own.turn.lock().await;
            let now = own.clock.now();
            // Another may have asked while this one waited.
            if !own.held().is_due(again, now) {
                return;
            }
            let found = own.fetched().await;
            let mut held = own.held();
            held.asked_at = Some(now);
            match found {
                Ok(keys) => (held.keys, held.found_at) = (Arc::new(keys), Some(now)),
                Err(error) => {
                    let reason = error.source().map(ToString::to_string);
                    tracing::warn!(issuer = own.issuer, reason, "the issuer's keys cannot be fetched");
                }
            }
        });
        // A source that panics has found nothing.
        let _ = task.await;
    }

    async fn fetched(&self) -> Outside<Vec<Jwk>> {
        let base = self.issuer.strip_suffix('/').unwrap_or(&self.issuer);
        let Configuration { issuer, jwks_uri } =
            self.document(&format!("{base}/.well-known/openid-configuration")).await?;
        if issuer != self.issuer {
            return Err(failed(format!("it calls itself {issuer}")));
        }
        let is_safe = |url: &str| url.starts_with("https://");
        if is_safe(&self.issuer) && !is_safe(&jwks_uri) {
            return Err(failed(format!("it publishes its keys at {jwks_uri}, without TLS")));
        }
        let JwkSet { keys } = self.document(&jwks_uri).await?;
        // A key of a kind that is not understood, or that is for something else, is passed over (RFC 7517, section 5).
        let keys = keys.into_iter().filter_map(|key| serde_json::from_value(key).ok());
        let keys: Vec<Jwk> =
            keys.filter(|key: &Jwk| key.usage == "sig" && Algorithm::parse(&key.alg).is_ok()).collect();
        if keys.is_empty() { Err(failed("it publishes no key that is understood here")) } else { Ok(keys) }
    }

    async fn document<T: DeserializeOwned>(&self, url: &str) -> Outside<T> {
        serde_json::from_slice(&self.source.get(url).await?).map_err(|error| failed(format!("{url}: {error}")))
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn failed(why: impl Into<Box<dyn Error + Send + Sync>>) -> Unavailable {
    Unavailable::failed("issuer", why)
}
