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
    /// Once strangers have used up the mails that an address gets in a day, the answer names the code of the last one: long,
    /// and good until mails go again. So its owner can reset all the while, whoever asked for that mail.
    ///
    /// # Errors
    /// [`ForgotError`].
    pub async fn forgot(&self, caller: &Caller, email: Email) -> Result<Issued, ForgotError> {
        let Ports { events, .. } = &self.ports;
        let subject = self.secret.subject(&email);
        let asked = self.limit_mails_asked("forgot", caller, subject).await??;
        let issue = async {
            let (issued, length) = self.reset_code(subject).await?;
            self.send_reset_code(caller, issued, length, email).await?;
            Ok(issued)
        };
        let mailed = self.mail_within_limits(caller, (Kind::ResetPassword, subject), issue).await;
        let issued = match self.counted_if_done(&asked, mailed).await? {
            Some(issued) => issued,
            None => self.counted_if_done(&asked, self.reset_code(subject).await).await?.0,
        };
        events.record(&Event::ResetAsked(subject));
        Ok(issued)
    }

    /// The code that is out, or is to go out: as the counts of the address alone say, account or not.
    async fn reset_code(&self, to: Subject) -> Outside<(Issued, CodeLength)> {
        let (kind, ttl) = (Kind::ResetPassword.as_str(), self.policy.code_ttl);
        if let Some(wait) = self.no_mail_for(to).await? {
            // Ten minutes are for six digits. Nobody guesses ten characters in a day, and the next mail kills them.
            let standing = Issued { id: self.secret.standing_code_id(kind, to), expires_in: wait + ttl };
            return Ok((standing, CodeLength::Long));
        }
        let id = self.secret.code_id(kind, to, self.ports.rng.as_ref());
        Ok((Issued { id, expires_in: ttl }, self.code_length(to).await?))
    }

    async fn send_reset_code(
        &self,
        caller: &Caller,
        Issued { id, expires_in }: Issued,
        length: CodeLength,
        email: Email,
    ) -> Outside<()> {
        let Ports { users, codes, mailer, clock, rng, .. } = &self.ports;
        let user = users.by_email(&email).await?.map(|stored| stored.value).filter(|user| !user.disabled);
        let (now, nobody) = (clock.now(), UserId::generate(rng.as_ref()));
        let code = OneTimeCode::draw(length, rng.as_ref());
        let expires_at = now + expires_in;
        let (to, locale, mail, account, epoch) = match user {
            Some(user) => {
                let mail = Mail::ResetPassword { login: user.login, id, code: code.clone(), expires_at };
                (user.email, user.locale, mail, user.id, user.epoch)
            }
            None => (email, caller.locale.clone(), Mail::Nothing, nobody, 0),
        };
        // For a stranger too: the answer must cost the same, and a guess at it go the same way.
        let purpose = Purpose::ResetPassword { user: account, epoch, email: to.clone() };
        let proof = self.secret.code_proof(id, Kind::ResetPassword.as_str(), &code);
        codes.create(&Code::new(id, purpose, &proof, expires_at, expires_at)).await?;
        mailer.send(&Letter { to, locale, written_at: now, expires_at, mail }).await
    }
}
