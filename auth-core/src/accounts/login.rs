//! Log in: a password for a session.
use super::{Accounts, Caller, Slow, Tokens};
use crate::{device_token::DeviceToken, ports::*, secrets::Seed, session::Session, user::User, value::*};

/// What a person shows to be let in.
#[derive(Clone, Debug)]
pub struct LoginAttempt {
    /// A login or an e-mail.
    pub identifier: Identifier,
    /// The password.
    pub password: Password,
    /// What to call the device in the list of sessions.
    pub device: Option<DeviceName>,
}

/// The other ends of [`Accounts::login`].
#[derive(Debug, thiserror::Error)]
pub enum LoginError {
    /// Unknown, unconfirmed, disabled, or the wrong password: one answer for all, after the same work.
    #[error("wrong login or password")]
    Refused,
    /// Asked too often.
    #[error(transparent)]
    Slow(#[from] Slow),
    /// The outside failed.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

impl Accounts {
    /// Verifies a password and begins a session.
    ///
    /// # Errors
    /// [`LoginError`].
    pub async fn login(&self, caller: &Caller, attempt: LoginAttempt) -> Result<Tokens, LoginError> {
        let Ports { sessions, events, .. } = &self.ports;
        let user = self.let_in(caller, &attempt).await?;
        let session = self.begin(&user, attempt.device);
        // Signed first: a key ring that fails leaves no session that nobody holds.
        let tokens = self.tokens(&user, &session).await?;
        sessions.create(&session).await?;
        events.record(&Event::LoggedIn(user.id, session.id));
        let device_token = Some(self.device_token(caller, &user).reveal());
        Ok(Tokens { device_token, ..tokens })
    }

    /// Whose password this is, within the limits on trying.
    pub(super) async fn let_in(&self, caller: &Caller, attempt: &LoginAttempt) -> Result<User, LoginError> {
        let Ports { hasher, events, .. } = &self.ports;
        let user = self.find_user(&attempt.identifier).await?; // first: what its epoch is says which devices are known
        let attempted = self.login_attempted(caller, &attempt.identifier, user.as_ref()).await?;
        let attempted = self.limit("login", attempted).await??;
        let verdict = hasher.verify(&attempt.password, user.as_ref().map(|user| &user.password)).await;
        let verdict = self.counted_if_done(&attempted, verdict).await?;
        let known = user.as_ref().map(|user| user.id);
        let Some(user) = user.filter(|user| verdict != Verdict::Mismatch && !user.disabled) else {
            events.record(&Event::LoginRefused(known));
            self.was_wrong(&attempted).await?;
            self.password_was_wrong().await?;
            return Err(LoginError::Refused);
        };
        self.was_right(&attempted).await;
        if verdict == Verdict::Outdated {
            self.afterwards("hash upgrade", self.hash_again(&user, &attempt.password).await);
        }
        Ok(user)
    }

    /// A session of this person, not written yet.
    pub(super) fn begin(&self, user: &User, device: Option<DeviceName>) -> Session {
        let Ports { clock, rng, .. } = &self.ports;
        let now = clock.now();
        let mut seed = [0; 32];
        rng.fill(&mut seed);
        let ends_at = now + self.policy.session_ttl;
        Session {
            id: SessionId::generate(user.id, rng.as_ref()),
            epoch: user.epoch,
            key: self.secret.id(),
            seed: Seed(seed),
            generation: 0,
            turned_at: now,
            started_at: now,
            expires_at: (now + self.policy.session_idle).min(ends_at),
            ends_at,
            ended: false,
            device,
            grant: None,
        }
    }

    /// For the device that somebody has just been let in on. It keeps its name, and so what has been counted on it.
    pub(super) fn device_token(&self, caller: &Caller, user: &User) -> DeviceToken {
        let Ports { clock, rng, .. } = &self.ports;
        let mut name = [0; 16];
        rng.fill(&mut name);
        let name = caller.device.as_ref().map_or(name, DeviceToken::name);
        DeviceToken::new(name, clock.now(), user, &self.secret)
    }

    /// Hashes a password again that has just been verified, by today's parameters.
    async fn hash_again(&self, user: &User, password: &Password) -> Outside<()> {
        let hash = self.ports.hasher.hash(password).await?;
        let verified = &user.password; // and not a newer one, set since it was read
        let changed = self.ports.users.change(user.id, |user| {
            if user.password != *verified {
                return Change::Leave;
            }
            user.password = hash.clone();
            Change::Write
        });
        changed.await.map(|_| ())
    }
}
