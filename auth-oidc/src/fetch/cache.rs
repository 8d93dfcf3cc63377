//! What was fetched, kept in this process for as long as its server says, within bounds.
use super::{FetchError, Fetched};
use crate::Provider;
use auth_core::value::Timestamp;
use std::{
    collections::HashMap,
    ops::RangeInclusive,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use url::Url;

/// How many URLs are remembered. The one that was asked longest ago makes room.
const MOST: usize = 1000;
/// No server is asked for the same more often than this, whatever it answers.
const PAUSE: Duration = Duration::from_secs(30);
/// For how long something good is, if its server does not say.
const USUAL: Duration = Duration::from_mins(10);
/// For how long it is taken after that, while its server cannot be asked.
const STALE: Duration = Duration::from_hours(1);

/// Documents that clients publish, as they were read.
pub(crate) struct Cache<T> {
    /// For how long one is good, at least and at most.
    lifetimes: RangeInclusive<Duration>,
    read: fn(&Url, &Fetched) -> Result<T, FetchError>,
    entries: Mutex<HashMap<Url, Entry<T>>>,
}

struct Entry<T> {
    asked_at: Timestamp,
    good_until: Timestamp,
    /// What it is; or why it is not there.
    found: Result<Arc<T>, FetchError>,
}

impl<T> Cache<T> {
    pub fn new(lifetimes: RangeInclusive<Duration>, read: fn(&Url, &Fetched) -> Result<T, FetchError>) -> Self {
        Self { lifetimes, read, entries: Mutex::default() }
    }

    /// What is at a URL: what was found there, while it is good.
    pub async fn get(&self, provider: &Provider, url: &Url) -> Result<Arc<T>, FetchError> {
        self.look(provider, url, false).await
    }

    /// What is there now: it is asked for again, unless it was a moment ago.
    pub async fn get_again(&self, provider: &Provider, url: &Url) -> Result<Arc<T>, FetchError> {
        self.look(provider, url, true).await
    }

    async fn look(&self, provider: &Provider, url: &Url, again: bool) -> Result<Arc<T>, FetchError> {
        let clock = &provider.ports().clock;
        if let Some(held) = self.held(url, clock.now(), again) {
            return held;
        }
        let fetched = provider.fetcher.get(url).await;
        let found = fetched.and_then(|fetched| Ok((Arc::new((self.read)(url, &fetched)?), fetched.max_age)));
        self.keep(url, found, clock.now())
    }

    /// What is held of a URL, if it need not, or may not, be asked for. While one asks, others are given that.
    fn held(&self, url: &Url, now: Timestamp, again: bool) -> Option<Result<Arc<T>, FetchError>> {
        let mut entries = self.entries();
        let entry = entries.get_mut(url).filter(|entry| entry.found.is_err() || now < entry.good_until + STALE)?;
        let (fresh, paused) = (now < entry.good_until && !again, now.since(entry.asked_at) < PAUSE);
        if fresh || paused {
            return Some(entry.found.clone());
        }
        entry.asked_at = now;
        None
    }

    fn keep(
        &self,
        url: &Url,
        found: Result<(Arc<T>, Option<Duration>), FetchError>,
        now: Timestamp,
    ) -> Result<Arc<T>, FetchError> {
        let mut entries = self.entries();
        let (found, good_until) = match (found, entries.get(url)) {
            (Ok((found, max_age)), _) => {
                let lifetime = max_age.unwrap_or(USUAL).clamp(*self.lifetimes.start(), *self.lifetimes.end());
                (Ok(found), now + lifetime)
            }
            // What was good goes on to be, for a while.
            (Err(_), Some(Entry { found: Ok(found), good_until, .. })) if now < *good_until + STALE => {
                (Ok(found.clone()), *good_until)
            }
            (Err(error), _) => (Err(error), now),
        };
        if entries.len() >= MOST && !entries.contains_key(url) {
            let oldest = entries.iter().min_by_key(|(_, entry)| entry.asked_at).map(|(url, _)| url.clone());
            oldest.map(|url| entries.remove(&url));
        }
        entries.insert(url.clone(), Entry { asked_at: now, good_until, found: found.clone() });
        found
    }

    fn entries(&self) -> MutexGuard<'_, HashMap<Url, Entry<T>>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
