use super::{Outside, async_trait};
use crate::{counter::*, value::Timestamp};

/// How often what was tried, shared by all instances and kept over a restart.
///
/// A store that did a write and lost the answer may count a hit twice, which errs on the strict side; it must not take
/// one back twice.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait CounterStore: Send + Sync {
    /// Runs [`Counter::hit`] on each, in this order and atomically for each, up to the first that says no: what one limit
    /// has refused uses up no other. Of any number of callers at once, no more are allowed than the rules say.
    async fn hit(&self, counts: &[Count], now: Timestamp) -> Outside<Hit>;
    /// After a right answer: `forget` begins anew, and `undo` takes one hit back ([`Counter::undo`]).
    async fn forgive(&self, forget: &[CounterKey], undo: &[CounterKey]) -> Outside<()>;
    /// Forgets windows that are over. A store that does so by itself has nothing to do.
    async fn sweep(&self, now: Timestamp) -> Outside<()>;
}
