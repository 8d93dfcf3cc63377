use super::{Outside, async_trait};
use crate::{counter::*, value::Timestamp};

/// How often what was tried, shared by all instances and kept over a restart.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait CounterStore: Send + Sync {
    /// Runs [`Counter::hit`] on each, atomically for each: counted before it is answered, as far as its [`Crowd`] says.
    /// Where one says no, none is counted, so that what one limit has refused uses up no other; the answer is the longest
    /// wait. Of any number of callers at once, no more are allowed than the rules say. The same attempt again counts
    /// nothing more.
    async fn hit(&self, standing: Standing, counts: &[Count], now: Timestamp) -> Outside<Counted>;
    /// What a hit on each would be answered, by [`Counter::judge`]; nothing is counted.
    async fn peek(&self, counts: &[Count], now: Timestamp) -> Outside<Vec<Hit>>;
    /// The attempt was wrong: what it has counted counts for good ([`Counter::confirm`]). Where it has lapsed meanwhile it is
    /// counted anew, whatever the rule says. Doing it twice changes nothing more.
    async fn confirm(&self, attempt: AttemptId, counts: &[Count], now: Timestamp) -> Outside<()>;
    /// `forget` begins anew, and on `undo` the attempt's hit is taken back ([`Counter::undo`]).
    async fn forgive(&self, attempt: AttemptId, forget: &[CounterKey], undo: &[CounterKey]) -> Outside<()>;
    /// Forgets counters that are over. A store that does so by itself has nothing to do.
    async fn sweep(&self, now: Timestamp) -> Outside<()>;
}
