//! Log out: end a session, or all of them.
use super::{Accounts, AuthenticateError, Identity};
use crate::{ports::*, token};

impl Accounts {
    /// Ends the session that the token belongs to: its refresh token is dead, and its access token here at once. Ending
    /// an ended one is fine; and a token that has expired still ends its session, as long as the key that signed it is
    /// published.
    ///
    /// # Errors
    /// [`AuthenticateError`]: refused if the token is not ours.
    pub async fn logout(&self, bearer: &str) -> Result<(), AuthenticateError> {
        let claims = self.claims(token::read, bearer)?;
        Ok(self.end(claims.sid).await?)
    }

    /// Ends every session of this person, this one too, in one write.
    ///
    /// # Errors
    /// [`Unavailable`].
    pub async fn logout_all(&self, who: &Identity) -> Outside<()> {
        let Ports { users, sessions, events, .. } = &self.ports;
        let changed = users.change(who.user.id, |user| {
            user.end_sessions();
            Change::Write
        });
        let (Changed::Done(_) | Changed::Left(_) | Changed::Missing) = changed.await?;
        events.record(&Event::AllSessionsEnded(who.user.id));
        self.announce(who.user.id, |_| true).await;
        self.afterwards("tidying sessions", sessions.revoke_all(who.user.id, None).await);
        Ok(())
    }
}
