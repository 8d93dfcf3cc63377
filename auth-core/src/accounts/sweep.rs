//! Sweep: forget what is over. Nothing depends on it: what has expired is refused by its own record.
use super::Accounts;
use crate::ports::*;

impl Accounts {
    /// Forgets codes, sessions, counters and documents that are over. To be called now and then, by one instance or by all.
    ///
    /// # Errors
    /// [`Unavailable`].
    pub async fn sweep(&self) -> Outside<()> {
        let Ports { codes, sessions, counters, documents, clock, .. } = &self.ports;
        let now = clock.now();
        codes.sweep(now).await?;
        sessions.sweep(now).await?;
        counters.sweep(now).await?;
        documents.sweep(now).await
    }
}
