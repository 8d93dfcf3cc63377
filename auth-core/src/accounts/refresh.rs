//! Refresh: one refresh token for the next.
use super::{Accounts, Tokens};
use crate::{ports::*, refresh_token::RefreshToken, session::*, value::*};

/// The other ends of [`Accounts::refresh`].
#[derive(Debug, thiserror::Error)]
pub enum RefreshError {
    /// The session is over, or there was none: log in again.
    #[error("that session has ended")]
    Ended,
    /// The outside failed. The same request again, within the grace, gets the answer that this one would have got.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

impl Accounts {
    /// Turns the session's chain. Two callers with one token get one successor, the same; a token that is older than
    /// that ends the session, for its thief and its owner.
    ///
    /// # Errors
    /// [`RefreshError`].
    pub async fn refresh(&self, token: &Secret) -> Result<Tokens, RefreshError> {
        let Ports { users, sessions, events, clock, .. } = &self.ports;
        let Ok(RefreshToken { session: id, generation, mac }) = RefreshToken::parse(token, &self.secret) else {
            return Err(RefreshError::Ended);
        };
        // Before the turn: after it nothing is left that the outside could fail at, but the signature.
        let user = users.by_id(id.user()).await?.map(|stored| stored.value);
        let turn = Turn {
            generation,
            mac,
            proof: self.secret.refresh_proof(id, generation),
            now: clock.now(),
            idle: self.policy.session_idle,
            grace: self.policy.refresh_grace,
        };
        let session = match sessions.turn(id, &turn).await? {
            Turned::Done(session) | Turned::Raced(session) => session,
            Turned::Replayed(session) => {
                events.record(&Event::SessionReplayed(session.id));
                return Err(RefreshError::Ended);
            }
            Turned::Refused => return Err(RefreshError::Ended),
        };
        let user = user.filter(|user| user.admits(&session)).ok_or(RefreshError::Ended)?;
        events.record(&Event::Refreshed(id));
        Ok(self.tokens(&user, &session).await?)
    }
}
