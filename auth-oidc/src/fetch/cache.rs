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
use tokio::sync::Semaphore;
use url::Url;

/// No server is asked for the same more often than this, whatever it answers.
const PAUSE: Duration = Duration::from_secs(30);
/// How many of one kind are asked for at once.
const AT_ONCE: usize = 16;
/// For how long something good is, if its server does not say.
const USUAL: Duration = Duration::from_mins(10);
/// For how long it is taken after that, while its server cannot be asked.
const STALE: Duration = Duration::from_hours(1);

/// Documents that clients publish, as they were read.
pub(crate) struct Cache<T> {
    /// How many URLs are remembered.
    most: usize,
    /// For those that are asked for at this moment: a stranger who names some has no hold on what is in other caches.
    room: Semaphore,
    /// For how long one is good, at least and at most.
    lifetimes: RangeInclusive<Duration>,
    read: fn(&Url, &Fetched) -> Result<T, FetchError>,
    places: Mutex<HashMap<Url, Arc<Place<T>>>>,
}

/// What is remembered of a URL.
struct Place<T> {
    held: Mutex<Option<Held<T>>>,
    /// Of those who want it, one asks.
    asking: tokio::sync::Mutex<()>,
}

struct Held<T> {
    asked_at: Timestamp,
    /// When it was last asked for though it was good.
    asked_again_at: Option<Timestamp>,
    good_until: Timestamp,
    /// What it is; or why it is not there.
    found: Result<Arc<T>, FetchError>,
}

impl<T> Cache<T> {
    pub fn new(
        most: usize,
        lifetimes: RangeInclusive<Duration>,
        read: fn(&Url, &Fetched) -> Result<T, FetchError>,
    ) -> Self {
        Self { most, room: Semaphore::new(AT_ONCE), lifetimes, read, places: Mutex::default() }
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
        let (place, clock) = (self.place(url), &provider.ports().clock);
        if let Some(found) = place.usable(clock.now(), again) {
            return found;
        }
        // Whoever has something to go on with does not wait for another to have asked.
        let _asking = match (place.asking.try_lock(), place.good(clock.now())) {
            (Ok(asking), _) => asking,
            (Err(_), Some(good)) => return Ok(good),
            (Err(_), None) => place.asking.lock().await,
        };
        if let Some(found) = place.usable(clock.now(), again) {
            return found;
        }
        let fetched = match self.room.try_acquire() {
            Ok(_place) => provider.fetcher.get(url).await,
            Err(_) => Err(FetchError::Busy),
        };
        let found = fetched.and_then(|fetched| Ok((Arc::new((self.read)(url, &fetched)?), fetched.max_age)));
        place.keep(found, clock.now(), again, &self.lifetimes)
    }

    /// Where a URL is remembered. One that led to nothing makes room, before one that did.
    fn place(&self, url: &Url) -> Arc<Place<T>> {
        let mut places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(place) = places.get(url) {
            return place.clone();
        }
        if places.len() >= self.most {
            let oldest = places.iter().min_by_key(|(_, place)| place.worth()).map(|(url, _)| url.clone());
            oldest.map(|url| places.remove(&url));
        }
        places.entry(url.clone()).or_default().clone()
    }
}

impl<T> Default for Place<T> {
    fn default() -> Self {
        Self { held: Mutex::default(), asking: tokio::sync::Mutex::default() }
    }
}

impl<T> Place<T> {
    /// What need not, or may not, be asked for. What a clock that was ahead has dated says nothing.
    fn usable(&self, now: Timestamp, again: bool) -> Option<Result<Arc<T>, FetchError>> {
        let held = self.held();
        let held = held.as_ref().filter(|held| held.asked_at <= now)?;
        let fresh = now < held.good_until && !again;
        // What is there may have changed right after it was first asked for.
        let asked_at = if again && held.found.is_ok() { held.asked_again_at } else { Some(held.asked_at) };
        let paused = asked_at.is_some_and(|at| now.since(at) < PAUSE);
        (fresh || paused && (held.found.is_err() || now < held.good_until + STALE)).then(|| held.found.clone())
    }

    /// What was found, and can still be taken.
    fn good(&self, now: Timestamp) -> Option<Arc<T>> {
        let held = self.held();
        let held = held.as_ref().filter(|held| held.asked_at <= now && now < held.good_until + STALE)?;
        held.found.as_ref().ok().cloned()
    }

    fn keep(
        &self,
        found: Result<(Arc<T>, Option<Duration>), FetchError>,
        now: Timestamp,
        again: bool,
        lifetimes: &RangeInclusive<Duration>,
    ) -> Result<Arc<T>, FetchError> {
        let good = self.good(now);
        let mut held = self.held();
        let (found, good_until) = match (found, good, held.as_ref()) {
            (Ok((found, max_age)), ..) => {
                let lifetime = max_age.unwrap_or(USUAL).clamp(*lifetimes.start(), *lifetimes.end());
                (Ok(found), now + lifetime)
            }
            // What was good goes on to be, for a while.
            (Err(_), Some(good), Some(before)) => (Ok(good), before.good_until),
            // It was not asked.
            (Err(FetchError::Busy), ..) => return Err(FetchError::Busy),
            (Err(error), ..) => (Err(error), now),
        };
        let before = held.as_ref().and_then(|held| held.asked_again_at);
        let asked_again_at = if again { Some(now) } else { before };
        *held = Some(Held { asked_at: now, asked_again_at, good_until, found: found.clone() });
        found
    }

    /// By which of two makes room: what leads to nothing, and then what was asked longer ago.
    fn worth(&self) -> (bool, Option<Timestamp>) {
        let held = self.held();
        (held.as_ref().is_some_and(|held| held.found.is_ok()), held.as_ref().map(|held| held.asked_at))
    }

    fn held(&self) -> MutexGuard<'_, Option<Held<T>>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
