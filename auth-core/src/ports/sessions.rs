use super::{Outside, async_trait};
use crate::{session::*, value::*};

/// Signed-in devices.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait SessionStore: Send + Sync {
    /// Writes a new session.
    async fn create(&self, session: &Session) -> Outside<()>;
    /// Finds a session; one that has ended may be found or not.
    async fn by_id(&self, id: SessionId) -> Outside<Option<Session>>;
    /// Runs [`Session::turn`] atomically and durably. Of any number of callers at once, one gets `Done`.
    async fn turn(&self, id: SessionId, turn: &Turn) -> Outside<Turned>;
    /// Ends a session, durably. Ending one that is gone is `Ok`.
    async fn revoke(&self, id: SessionId) -> Outside<()>;
    /// Ends every session of a user but one. Tidying: the user's epoch has ended them already.
    async fn revoke_all(&self, user: UserId, but: Option<SessionId>) -> Outside<()>;
    /// The user's sessions, the oldest first, for a list of devices.
    async fn of_user(&self, user: UserId) -> Outside<Vec<Session>>;
    /// Forgets what has ended. A store that does so by itself has nothing to do.
    async fn sweep(&self, now: Timestamp) -> Outside<()>;
}
