//! Reset: show the code that was mailed, choose a new password, end every session.
use super::{Accounts, Caller, Slow, own_words};
use crate::{code::*, password::Weak, ports::*, value::*};

/// The other ends of [`Accounts::reset`].
#[derive(Debug, thiserror::Error)]
pub enum ResetError {
    /// Wrong, expired, used, burnt or unknown: one answer for all.
    #[error("that code is not, or no longer, valid")]
    Refused,
    /// The person must choose another password; the code is as good as it was.
    #[error(transparent)]
    Weak(#[from] Weak),
    /// Asked too often.
    #[error(transparent)]
    Slow(#[from] Slow),
    /// The outside failed. The same request again goes on where this one stopped; had it got to its end, it is refused,
    /// and the new password is good.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

impl Accounts {
    /// Redeems the code and sets the password.
    ///
    /// The write of the password decides: it goes over the epoch that the code was issued in, and moves it on. So of any
    /// number of callers with the right digits one sets a password, also if an earlier one got no further than showing
    /// them; and with it every session and every other open code of the account is dead. Nobody is logged in.
    ///
    /// # Errors
    /// [`ResetError`].
    pub async fn reset(&self, caller: &Caller, id: CodeId, code: OneTimeCode, new: Password) -> Result<(), ResetError> {
        let Ports { users, sessions, mailer, hasher, events, .. } = &self.ports;
        self.policy.password.check(&new, &[])?; // before the code is looked at: it burns nothing
        let redeemed = self.redeem("reset", caller, (Kind::ResetPassword, id), &code).await??;
        let Some(Purpose::ResetPassword { user, epoch, .. }) = redeemed else { return Err(ResetError::Refused) };
        let Some(user) = users.by_id(user).await? else { return Err(ResetError::Refused) };
        // Only now are the account's own words known; the same code may be shown again with a better password.
        self.policy.password.check(&new, &own_words(&user.value.login, &user.value.email))?;
        let hash = hasher.hash(&new).await?;
        let changed = users.change(user.value.id, |user| {
            if user.epoch != epoch || user.disabled {
                return Change::Leave;
            }
            user.set_password(hash.clone(), None);
            Change::Write
        });
        let Changed::Done(user) = changed.await? else { return Err(ResetError::Refused) };
        events.record(&Event::PasswordChanged(user.id, PasswordChange::Reset));
        let mail = Mail::PasswordChanged { login: user.login.clone(), how: PasswordChange::Reset };
        self.afterwards("notice of a reset", mailer.send(&self.notice(&user, mail)).await);
        self.owner_was_proved(&user).await;
        self.announce(user.id, |_| true).await;
        self.afterwards("tidying sessions", sessions.revoke_all(user.id, None).await);
        Ok(())
    }
}
