//! Sessions: the list of one's devices, and the end of one of them.
use super::{Accounts, Identity};
use crate::{ports::*, session::Session, value::*};

/// The other ends of [`Accounts::end_session`].
#[derive(Debug, thiserror::Error)]
pub enum EndSessionError {
    /// This person has no such session.
    #[error("there is no such session")]
    NotFound,
    /// The outside failed.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

impl Accounts {
    /// The person's live sessions, the oldest first, and what clients were given in them.
    ///
    /// # Errors
    /// [`Unavailable`].
    pub async fn sessions(&self, who: &Identity) -> Outside<Vec<Session>> {
        let Ports { sessions, clock, .. } = &self.ports;
        let now = clock.now();
        let mut own = sessions.of_user(who.user.id).await?;
        own.retain(|session| session.is_live(now) && who.user.admits(session));
        let standing: Vec<_> = own.iter().map(|session| session.id).collect();
        own.retain(|session| {
            session.grant.as_ref().is_none_or(|grant| grant.offline || standing.contains(&grant.given_in))
        });
        Ok(own)
    }

    /// Ends one of the person's sessions, this one too if it is named. Ending an ended one is fine.
    ///
    /// # Errors
    /// [`EndSessionError`].
    pub async fn end_session(&self, who: &Identity, id: SessionId) -> Result<(), EndSessionError> {
        if id.user() != who.user.id {
            return Err(EndSessionError::NotFound);
        }
        Ok(self.end(id).await?)
    }

    /// The end of one session, of which clients learn.
    pub(super) async fn end(&self, id: SessionId) -> Outside<()> {
        let Ports { sessions, events, .. } = &self.ports;
        self.announce(id.user(), |own| own.id == id).await;
        sessions.revoke(id).await?;
        events.record(&Event::SessionEnded(id));
        Ok(())
    }
}
