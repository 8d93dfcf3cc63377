//! Log in: a password for a session.
use super::{Accounts, Caller, Slow, Tokens};
use crate::{ports::*, secrets::Seed, session::Session, user::User, value::*};

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
        let Ports { users, counters, hasher, sessions, events, clock, rng, .. } = &self.ports;
        // On what was typed: one count for a login and its e-mail would tell that they belong together.
        let counts @ [of_source, of_account] = self.login_counts(caller, attempt.identifier.key());
        self.limit("login", &counts).await??;
        let user = match &attempt.identifier {
            Identifier::Login(login) => users.by_login(login).await?,
            Identifier::Email(email) => users.by_email(email).await?,
            Identifier::Nobody => None,
        };
        let user = user.map(|stored| stored.value);
        let verdict = hasher.verify(&attempt.password, user.as_ref().map(|user| &user.password)).await;
        let verdict = self.counted_if_done(&counts, verdict).await?;
        let known = user.as_ref().map(|user| user.id);
        let Some(user) = user.filter(|user| verdict != Verdict::Mismatch && !user.disabled) else {
            events.record(&Event::LoginRefused(known));
            return Err(LoginError::Refused);
        };
        self.afterwards("counters", counters.forgive(&[of_account.key], &[of_source.key]).await);
        if verdict == Verdict::Outdated {
            self.afterwards("hash upgrade", self.hash_again(&user, &attempt.password).await);
        }
        let now = clock.now();
        let mut seed = [0; 32];
        rng.fill(&mut seed);
        let ends_at = now + self.policy.session_ttl;
        let session = Session {
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
            device: attempt.device,
        };
        sessions.create(&session).await?;
        events.record(&Event::LoggedIn(user.id, session.id));
        Ok(self.tokens(&user, &session).await?)
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
