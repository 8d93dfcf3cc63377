//! Forgot: ask for the code that lets one choose a new password.
use super::{Accounts, Caller, Issued, Slow};
use crate::{code::*, ports::*, value::*};

/// The other ends of [`Accounts::forgot`].
#[derive(Debug, thiserror::Error)]
pub enum ForgotError {
    /// Asked too often.
    #[error(transparent)]
    Slow(#[from] Slow),
    /// The outside failed.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

impl Accounts {
    /// Mails a code that [`reset`](Self::reset) redeems, if the e-mail has an account; the answer, the calls and the time
    /// do not say. Nothing about the account changes.
    ///
    /// # Errors
    /// [`ForgotError`].
    pub async fn forgot(&self, caller: &Caller, email: Email) -> Result<Issued, ForgotError> {
        let Ports { events, rng, .. } = &self.ports;
        self.limit_mails_asked("forgot", caller).await??;
        let subject = self.secret.subject(&email);
        let id = self.secret.code_id(Kind::ResetPassword.as_str(), subject, rng.as_ref());
        self.mail_within_limits(Kind::ResetPassword, subject, self.send_reset_code(caller, id, email)).await?;
        events.record(&Event::ResetAsked(subject));
        Ok(Issued { id, expires_in: self.policy.code_ttl })
    }

    async fn send_reset_code(&self, caller: &Caller, id: CodeId, email: Email) -> Outside<()> {
        let Ports { users, codes, mailer, clock, rng, .. } = &self.ports;
        let user = users.by_email(&email).await?.map(|stored| stored.value).filter(|user| !user.disabled);
        let (now, digits, nobody) = (clock.now(), self.digits(), UserId::generate(rng.as_ref()));
        let expires_at = now + self.policy.code_ttl;
        let (to, locale, mail, account, epoch) = match user {
            Some(user) => {
                let mail = Mail::ResetPassword { login: user.login, id, code: digits.clone(), expires_at };
                (user.email, user.locale, mail, user.id, user.epoch)
            }
            None => (email, caller.locale.clone(), Mail::Nothing, nobody, 0),
        };
        // For a stranger too: the answer must cost the same, and a guess at it go the same way.
        let purpose = Purpose::ResetPassword { user: account, epoch, email: to.clone() };
        let proof = self.secret.code_proof(id, Kind::ResetPassword.as_str(), &digits);
        codes.create(&Code::new(id, purpose, &proof, self.policy.code_tries, expires_at, expires_at)).await?;
        mailer.send(&Letter { to, locale, written_at: now, expires_at, mail }).await
    }
}
