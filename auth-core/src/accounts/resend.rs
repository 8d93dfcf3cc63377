//! Resend: new digits for a registration that waits to be confirmed.
use super::{Accounts, Caller, Slow};
use crate::{code::*, ports::*, value::*};

/// The other ends of [`Accounts::resend`].
#[derive(Debug, thiserror::Error)]
pub enum ResendError {
    /// Asked too often.
    #[error(transparent)]
    Slow(#[from] Slow),
    /// The outside failed.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

impl Accounts {
    /// Mails new digits under the same id; the older ones are dead. The answer is the same for an id that names nothing,
    /// or nothing any more, and for an address that has had enough mail.
    ///
    /// # Errors
    /// [`ResendError`].
    pub async fn resend(&self, caller: &Caller, id: CodeId) -> Result<(), ResendError> {
        let asked = self.limit_mails_asked("resend", caller, id.subject()).await??;
        if !self.secret.issued(Kind::Register.as_str(), id) {
            return Ok(());
        }
        let mailed = self.mail_within_limits(caller, (Kind::Register, id.subject()), self.send_again(id)).await;
        self.counted_if_done(&asked, mailed).await?;
        Ok(())
    }

    async fn send_again(&self, id: CodeId) -> Outside<()> {
        let Ports { users, codes, mailer, events, clock, .. } = &self.ports;
        let (now, code) = (clock.now(), self.draw_code(id.subject()).await?);
        let expires_at = now + self.policy.code_ttl;
        let proof = self.secret.code_proof(id, Kind::Register.as_str(), &code);
        let renewal = Renewal { id, kind: Kind::Register, proof, expires_at, now };
        let Renewed::Done(Purpose::Register { login, email, locale, .. }) = codes.renew(&renewal).await? else {
            return Ok(());
        };
        let (to, locale, mail) = match users.by_email(&email).await? {
            None => (email, locale, Mail::ConfirmRegistration { login, code, expires_at }),
            Some(owner) => {
                let owner = owner.value;
                (owner.email, owner.locale, Mail::AlreadyRegistered { login: owner.login })
            }
        };
        mailer.send(&Letter { to, locale, written_at: now, expires_at, mail }).await?;
        events.record(&Event::RegistrationAsked(id.subject()));
        Ok(())
    }
}
