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
    pub async fn confirm(&self, caller: &Caller, id: CodeId, code: Secret) -> Result<User, ConfirmError> {
        let Ports { users, codes, mailer, events, clock, .. } = &self.ports;
        let counts = self.code_counts(caller, Kind::Register, id);
        self.limit("confirm", &counts).await??;
        let (now, proof) = (clock.now(), self.secret.code_proof(id, Kind::Register.as_str(), &code));
        let redeemed = codes.redeem(&Attempt { id, kind: Kind::Register, proof, now }).await?;
        let (Redeem::Accepted(purpose) | Redeem::Replayed(purpose)) = redeemed else {
            events.record(&Event::CodeRefused(id.subject()));
            return Err(ConfirmError::Refused);
        };
        self.uncount(&counts).await;
        let Purpose::Register { user: id, login, email, password, locale } = purpose else {
            return Err(ConfirmError::Refused);
        };
        let user = User {
            id,
            login,
            email,
            password,
            created_at: now,
            epoch: 0,
            spared: None,
            disabled: false,
            locale,
            roles: Vec::new(),
        };
        match users.insert(&user).await? {
            Insert::Done => events.record(&Event::Registered(user.id)),
            // The code made its account before; or the address has been proved by another registration, of which the
            // caller is not told.
            Insert::Exists | Insert::EmailTaken => return Err(ConfirmError::Refused),
            Insert::LoginTaken => return Err(ConfirmError::LoginTaken),
        }
        let welcome = self.notice(&user, Mail::Welcome { login: user.login.clone() });
        self.afterwards("welcome mail", mailer.send(&welcome).await);
        Ok(user)
    }
}
