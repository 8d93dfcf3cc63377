use super::{Delivery, Outside, async_trait};
use crate::value::*;
use serde::{Deserialize, Serialize};

/// What a flow sees of the clients that are told of a logout: it takes a notice, and returns at once.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait LogoutNotifier: Send + Sync {
    /// Takes a notice for delivery. `Ok` is a promise that survives a crash.
    async fn announce(&self, notice: &LogoutNotice) -> Outside<()>;
}

/// What tells a client: a request to it, as a rule (OpenID Connect Back-Channel Logout 1.0). Behind the outbox, never in a
/// flow.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait LogoutTransport: Send + Sync {
    /// Tells a client; `None`: it does not want to know. `Err`: try again later.
    async fn tell(&self, notice: &LogoutNotice) -> Outside<Option<Delivery>>;
}

/// A person's session has ended, and this client was given something in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogoutNotice {
    /// The client.
    pub client: ClientId,
    /// The session; it says whose it was.
    pub session: SessionId,
    /// When it ended.
    pub ended_at: Timestamp,
}

/// Tells nobody: for a program without clients.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoClients;

#[async_trait]
impl LogoutNotifier for NoClients {
    async fn announce(&self, _: &LogoutNotice) -> Outside<()> {
        Ok(())
    }
}

#[async_trait]
impl LogoutTransport for NoClients {
    async fn tell(&self, _: &LogoutNotice) -> Outside<Option<Delivery>> {
        Ok(None)
    }
}
