//! Register: choose a login, prove the e-mail, and only then exist.
use super::{Accounts, Caller, Issued, Slow, own_words};
use crate::{code::*, password::Weak, ports::*, user::PasswordHash, value::*};

/// What a person wants to be.
#[derive(Clone, Debug)]
pub struct Registration {
    /// The login, if nobody has it.
    pub login: Login,
    /// The address to prove.
    pub email: Email,
    /// The password, as [`PasswordRules`](crate::password::PasswordRules) want it.
    pub password: Password,
}

/// The other ends of [`Accounts::register`].
#[derive(Debug, thiserror::Error)]
pub enum RegisterError {
    /// The person must choose another login.
    #[error("that login is taken")]
    LoginTaken,
    /// The person must choose another password.
    #[error(transparent)]
    Weak(#[from] Weak),
    /// Asked too often.
    #[error(transparent)]
    Slow(#[from] Slow),
    /// The outside failed.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

impl Accounts {
    /// Mails a code that [`confirm`](Self::confirm) redeems; no account exists before that.
    ///
    /// The answer, the calls and the time are the same whether or not the e-mail has an account: its owner is told by
    /// mail (K-10). A newer registration with the same e-mail takes the place of the older (K-21), unless the address has
    /// had enough mail: then nothing is issued, and the id of the answer is good for nothing.
    ///
    /// # Errors
    /// [`RegisterError`].
    pub async fn register(&self, caller: &Caller, ask: Registration) -> Result<Issued, RegisterError> {
        let Ports { users, hasher, events, rng, .. } = &self.ports;
        self.policy.password.check(&ask.password, &own_words(&ask.login, &ask.email))?;
        let subject = self.secret.subject(&ask.email);
        let asked = self.limit_mails_asked("register", caller, subject).await??;
        if self.counted_if_done(&asked, users.by_login(&ask.login).await).await?.is_some() {
            return Err(RegisterError::LoginTaken);
        }
        let password = self.counted_if_done(&asked, hasher.hash(&ask.password).await).await?;
        let id = self.secret.code_id(Kind::Register.as_str(), subject, rng.as_ref());
        let mailed =
            self.mail_within_limits(caller, (Kind::Register, subject), self.send_code(caller, id, ask, password)).await;
        self.counted_if_done(&asked, mailed).await?;
        events.record(&Event::RegistrationAsked(subject));
        Ok(Issued { id, expires_in: self.policy.code_ttl })
    }

    async fn send_code(&self, caller: &Caller, id: CodeId, ask: Registration, password: PasswordHash) -> Outside<()> {
        let Ports { users, codes, mailer, clock, rng, .. } = &self.ports;
        let (now, code) = (clock.now(), self.draw_code(id.subject()).await?);
        let (expires_at, kept_until) = (now + self.policy.code_ttl, now + self.policy.registration_ttl);
        let purpose = Purpose::Register {
            user: UserId::generate(rng.as_ref()),
            login: ask.login.clone(),
            email: ask.email.clone(),
            password,
            locale: caller.locale.clone(),
        };
        let proof = self.secret.code_proof(id, Kind::Register.as_str(), &code);
        codes.create(&Code::new(id, purpose, &proof, expires_at, kept_until)).await?;
        let letter = match users.by_email(&ask.email).await? {
            None => Letter {
                to: ask.email,
                locale: caller.locale.clone(),
                written_at: now,
                expires_at,
                mail: Mail::ConfirmRegistration { login: ask.login, code, expires_at },
            },
            Some(owner) => Letter {
                to: owner.value.email,
                locale: owner.value.locale,
                written_at: now,
                expires_at,
                mail: Mail::AlreadyRegistered { login: owner.value.login },
            },
        };
        mailer.send(&letter).await
    }
}
