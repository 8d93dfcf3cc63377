use super::{Outside, async_trait};
use crate::{code::*, value::Timestamp};

/// Codes that were mailed: one slot for each subject and kind.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait CodeStore: Send + Sync {
    /// Puts a code into its slot. The one that was there is dead.
    async fn create(&self, code: &Code) -> Outside<()>;
    /// Runs [`Code::redeem`] atomically and durably. Of any number of callers at once, one gets `Accepted`, and no more
    /// guesses are answered than the code allows.
    async fn redeem(&self, attempt: &Attempt) -> Outside<Redeem>;
    /// Runs [`Code::renew`] atomically and durably.
    async fn renew(&self, renewal: &Renewal) -> Outside<Renewed>;
    /// Forgets what is kept no longer. A store that does so by itself has nothing to do.
    async fn sweep(&self, now: Timestamp) -> Outside<()>;
}
