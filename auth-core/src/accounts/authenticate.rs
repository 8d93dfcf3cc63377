//! Authenticate: whose access token this is, if it still opens anything here.
use super::Accounts;
use crate::{
    ports::*,
    session::Session,
    token::{self, AccessClaims, Expected, TokenRefused},
    user::User,
    value::Timestamp,
};

/// A person with a live session.
#[derive(Clone, Debug)]
pub struct Identity {
    /// Who.
    pub user: User,
    /// On which device.
    pub session: Session,
}

/// The other ends of [`Accounts::authenticate`].
#[derive(Debug, thiserror::Error)]
pub enum AuthenticateError {
    /// Not a token of ours, or not any more: one answer for all.
    #[error("that access token is not, or no longer, valid")]
    Refused,
    /// The outside failed.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

impl Accounts {
    /// Checks an access token against the store: a session that was ended a moment ago opens nothing (S-04, S-05).
    /// Services that check tokens by themselves see the end when the token expires.
    ///
    /// # Errors
    /// [`AuthenticateError`].
    pub async fn authenticate(&self, bearer: &str) -> Result<Identity, AuthenticateError> {
        let Ports { users, sessions, clock, .. } = &self.ports;
        let claims = self.claims(token::verify, bearer)?;
        let session = sessions.by_id(claims.sid).await?;
        let session = session.filter(|session| session.grant.is_none() && session.is_live(clock.now()));
        let session = session.ok_or(AuthenticateError::Refused)?;
        let user = users.by_id(claims.sub).await?.filter(|user| user.value.admits(&session));
        let user = user.ok_or(AuthenticateError::Refused)?.value;
        Ok(Identity { user, session })
    }

    /// What a token of ours says, read by [`token::verify`] or [`token::read`]; whether its session stands is another
    /// question.
    pub(super) fn claims(
        &self,
        read: impl FnOnce(&str, &[Jwk], &Expected, Timestamp) -> Result<AccessClaims, TokenRefused>,
        bearer: &str,
    ) -> Result<AccessClaims, AuthenticateError> {
        let Ports { keyring, clock, .. } = &self.ports;
        let expected = Expected { issuer: self.policy.issuer.clone(), audience: self.policy.audience.clone() };
        let claims = read(bearer, &keyring.public_keys(), &expected, clock.now());
        // What another client was given opens no account (O-27).
        let own = claims.ok().filter(|claims| claims.client_id == self.policy.client_id);
        own.ok_or(AuthenticateError::Refused)
    }
}
