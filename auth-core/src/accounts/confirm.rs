//! Confirm: show the code that was mailed, and exist.
use super::{Accounts, Caller, Slow};
use crate::{code::*, ports::*, user::User, value::*};

/// The other ends of [`Accounts::confirm`].
#[derive(Debug, thiserror::Error)]
pub enum ConfirmError {
    /// Wrong, expired, used, burnt or unknown: one answer for all.
    #[error("that code is not, or no longer, valid")]
    Refused,
    /// Another person was first with the login: register again with another.
    #[error("that login was taken meanwhile")]
    LoginTaken,
    /// Asked too often.
    #[error(transparent)]
    Slow(#[from] Slow),
    /// The outside failed. The same request again goes on where this one stopped; had it got to its end, it is refused,
    /// and the account is there.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

impl Accounts {
    /// Redeems the code and creates the account.
    ///
    /// The insert decides: of any number of callers with the right digits one makes the account, also if an earlier one
    /// got no further than showing them.
    ///
    /// # Errors
    /// [`ConfirmError`].
    pub async fn confirm(&self, caller: &Caller, id: CodeId, code: OneTimeCode) -> Result<User, ConfirmError> {
        let Ports { users, mailer, events, clock, rng, .. } = &self.ports;
        let redeemed = self.redeem("confirm", caller, (Kind::Register, id), &code).await??;
        let Some(Purpose::Register { user, login, email, password, locale }) = redeemed else {
            return Err(ConfirmError::Refused);
        };
        let mut drawn = [0; 4];
        rng.fill(&mut drawn);
        let user = User {
            id: user,
            login,
            email,
            password,
            created_at: clock.now(),
            // Not 0: of two who show one code at once, each must know its own account from the other's.
            epoch: u32::from_be_bytes(drawn),
            spared: None,
            disabled: false,
            locale,
            roles: Vec::new(),
        };
        match users.add(&user).await? {
            Insert::Done => events.record(&Event::Registered(user.id)),
            // The code made its account before; or the address has been proved by another registration, of which the
            // caller is not told.
            Insert::Exists | Insert::EmailTaken => return Err(ConfirmError::Refused),
            Insert::LoginTaken => return Err(ConfirmError::LoginTaken),
        }
        self.mails_were_wanted(id.subject()).await;
        let welcome = self.notice(&user, Mail::Welcome { login: user.login.clone() });
        self.afterwards("welcome mail", mailer.send(&welcome).await);
        Ok(user)
    }
}
