//! Change the password: show the old one, choose a new one, end every other session.
use super::{Accounts, Identity, Slow, own_words};
use crate::{password::Weak, ports::*, value::*};

/// The other ends of [`Accounts::change_password`].
#[derive(Debug, thiserror::Error)]
pub enum ChangePasswordError {
    /// The current password is another.
    #[error("wrong current password")]
    Refused,
    /// The person must choose another password.
    #[error(transparent)]
    Weak(#[from] Weak),
    /// Asked too often.
    #[error(transparent)]
    Slow(#[from] Slow),
    /// The outside failed. Had it got to its end all the same, the same request again is refused, and the new password is
    /// good.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

impl Accounts {
    /// Sets a new password over the one that was shown, and ends every session but this one, in one write. A wrong one
    /// counts like a wrong one at login (P-10).
    ///
    /// # Errors
    /// [`ChangePasswordError`].
    pub async fn change_password(
        &self,
        who: &Identity,
        current: Password,
        new: Password,
    ) -> Result<(), ChangePasswordError> {
        let Ports { users, sessions, mailer, hasher, events, .. } = &self.ports;
        let Identity { user, session } = who;
        self.policy.password.check(&new, &own_words(&user.login, &user.email))?;
        let attempted = self.limit("change", self.current_password_attempted(user, session)).await??;
        let verdict = hasher.verify(&current, Some(&user.password)).await;
        if self.counted_if_done(&attempted, verdict).await? == Verdict::Mismatch {
            events.record(&Event::LoginRefused(Some(user.id)));
            self.was_wrong(&attempted).await?;
            return Err(ChangePasswordError::Refused);
        }
        self.was_right(&attempted).await;
        let hash = hasher.hash(&new).await?;
        let changed = users.change(user.id, |stored| {
            // Over the password that was verified, and not a newer one; nor over an end of this very session.
            if stored.password != user.password || !stored.admits(session) {
                return Change::Leave;
            }
            stored.set_password(hash.clone(), Some(session.id));
            Change::Write
        });
        let Changed::Done(user) = changed.await? else { return Err(ChangePasswordError::Refused) };
        events.record(&Event::PasswordChanged(user.id, PasswordChange::Changed));
        let mail = Mail::PasswordChanged { login: user.login.clone(), how: PasswordChange::Changed };
        self.afterwards("notice of a change", mailer.send(&self.notice(&user, mail)).await);
        self.announce(user.id, |own| own.id != session.id).await;
        self.afterwards("tidying sessions", sessions.revoke_all(user.id, Some(session.id)).await);
        Ok(())
    }
}
