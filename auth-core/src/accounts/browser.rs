//! Browser: a person's own session, held in a cookie, for the pages of this server.
use super::{Accounts, Caller, ConfirmError, Identity, LoginAttempt, LoginError};
use crate::{
    ports::*,
    refresh_token::RefreshToken,
    session::{Session, Turn},
    session_token::{Purpose, SessionToken},
    user::User,
    value::*,
};
use std::time::Duration;

/// A person who has just signed in.
#[derive(Clone, Debug)]
pub struct SignedIn {
    /// Who, and in which session.
    pub who: Identity,
    /// For the browser's cookie.
    pub browser_token: Secret,
    /// How long it is good.
    pub expires_in: Duration,
    /// To be kept in the browser, beyond the session, and shown at the next login as [`Caller::device`].
    pub device_token: Secret,
}

impl Accounts {
    /// Verifies a password and begins a session of the person's browser: as [`login`](Self::login), but what it gives opens
    /// the pages of this server and no API. A session that the browser had before ends: it can be ended by nobody then.
    ///
    /// # Errors
    /// [`LoginError`].
    pub async fn sign_in(
        &self,
        caller: &Caller,
        attempt: LoginAttempt,
        before: Option<&Identity>,
    ) -> Result<SignedIn, LoginError> {
        let user = self.let_in(caller, &attempt).await?;
        Ok(self.begin_in_browser(caller, user, attempt.device, before).await?)
    }

    /// Redeems the code of a registration, as [`confirm`](Self::confirm), and begins a session of the browser that shows it:
    /// whoever has both the registration and its code has chosen the password a moment ago. A session that the browser had
    /// before ends. `None`: no session could be written; the account is there all the same, and its password is good.
    ///
    /// # Errors
    /// [`ConfirmError`].
    pub async fn confirm_and_sign_in(
        &self,
        caller: &Caller,
        (id, code): (CodeId, OneTimeCode),
        device: Option<DeviceName>,
        before: Option<&Identity>,
    ) -> Result<Option<SignedIn>, ConfirmError> {
        let user = self.confirm(caller, id, code).await?;
        let signed_in = self.begin_in_browser(caller, user, device, before).await;
        if signed_in.is_err() {
            self.ports.events.record(&Event::LeftUndone("signing in after a registration"));
        }
        Ok(signed_in.ok())
    }

    async fn begin_in_browser(
        &self,
        caller: &Caller,
        user: User,
        device: Option<DeviceName>,
        before: Option<&Identity>,
    ) -> Outside<SignedIn> {
        let Ports { sessions, events, .. } = &self.ports;
        let session = self.begin(&user, device);
        sessions.create(&session).await?;
        events.record(&Event::LoggedIn(user.id, session.id));
        if let Some(before) = before {
            self.afterwards("the session before", self.end(before.session.id).await);
        }
        Ok(SignedIn {
            browser_token: SessionToken::of(&session, Purpose::Browser, &self.secret)
                .reveal(Purpose::Browser, &self.secret),
            expires_in: session.ends_at.since(session.started_at),
            device_token: self.device_token(caller, &user).reveal(),
            who: Identity { user, session },
        })
    }

    /// Whose browser this is, if its session stands. A session that is used lives on, until its longest time is over.
    ///
    /// # Errors
    /// [`Unavailable`].
    pub async fn browser(&self, token: &Secret) -> Outside<Option<Identity>> {
        let Ports { users, sessions, clock, .. } = &self.ports;
        let Ok(presented) = SessionToken::parse(token, Purpose::Browser, &self.secret) else { return Ok(None) };
        let stands = |session: &Session| {
            session.grant.is_none()
                && session.is_live(clock.now())
                && SessionToken::of(session, Purpose::Browser, &self.secret) == presented
        };
        let Some(session) = sessions.by_id(presented.session).await?.filter(stands) else { return Ok(None) };
        let Some(user) = users.by_id(session.id.user()).await?.filter(|user| user.value.admits(&session)) else {
            return Ok(None);
        };
        self.live_on(&session).await?;
        Ok(Some(Identity { user: user.value, session }))
    }

    /// Puts off the end of a session that is used, at most some ten times in its idle time. Its chain is turned by the
    /// server itself: nobody else holds a token of it.
    async fn live_on(&self, session: &Session) -> Outside<()> {
        let now = self.ports.clock.now();
        if now.since(session.turned_at) < self.policy.session_idle / 10 {
            return Ok(());
        }
        let token = RefreshToken::current(session, &self.secret);
        let turn = Turn {
            generation: token.generation,
            mac: token.mac,
            proof: self.secret.refresh_proof(session.id, token.generation),
            now,
            idle: self.policy.session_idle,
            grace: Duration::MAX, // whoever was first has done it for all
        };
        let _ = self.ports.sessions.turn(session.id, &turn).await?;
        Ok(())
    }
}
