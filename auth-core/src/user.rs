//! An account: what is kept of a person, and the transitions that it allows.
use crate::{session::Session, value::*};
use serde::{Deserialize, Serialize};
use std::fmt;
use subtle::ConstantTimeEq;

/// An account. It exists only once its e-mail address is proved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    /// Names it for ever.
    pub id: UserId,
    /// Unique by its key.
    pub login: Login,
    /// Unique by its key; mail goes to this spelling.
    pub email: Email,
    /// The hash of the one password that works.
    pub password: PasswordHash,
    /// When it came to be.
    pub created_at: Timestamp,
    /// Goes up to end every session and every open code at once: each lives only in the epoch it began in.
    pub epoch: u32,
    /// The one session that outlived the last change of epoch: the one that a password was changed from.
    pub spared: Option<SessionId>,
    /// A disabled account cannot be told from one that is not there.
    pub disabled: bool,
    /// The language of its mails.
    pub locale: Locale,
    /// What an operator trusts it with.
    pub roles: Vec<Role>,
}

impl User {
    /// A new password ends every session but the `spared` one, and every open code, in the same write.
    pub fn set_password(&mut self, password: PasswordHash, spared: Option<SessionId>) {
        self.password = password;
        self.end_sessions();
        self.spared = spared;
    }

    /// Ends every session and every open code.
    pub fn end_sessions(&mut self) {
        self.epoch = self.epoch.wrapping_add(1);
        self.spared = None;
    }

    /// Another login, another e-mail, or both. Whoever reads the mail of an account gets into it: with another address every
    /// session ends and every open code, in the same write. A login is but a name, and ends nothing.
    pub fn rename(&mut self, login: Option<Login>, email: Option<Email>) {
        if email.as_ref().is_some_and(|email| *email != self.email) {
            self.end_sessions();
        }
        self.login = login.unwrap_or_else(|| self.login.clone());
        self.email = email.unwrap_or_else(|| self.email.clone());
    }

    /// Shuts the account, and ends every session with it.
    pub fn disable(&mut self) {
        self.disabled = true;
        self.end_sessions();
    }

    /// Whether a session of this user still stands.
    pub fn admits(&self, session: &Session) -> bool {
        let own = session.id.user() == self.id;
        own && !self.disabled && (session.epoch == self.epoch || self.spared == Some(session.id))
    }
}

/// A password's hash, as a PHC string.
#[derive(Clone, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PasswordHash(pub String);

/// Of records alone: whether a password is the right one is for a [`PasswordHasher`](crate::ports::PasswordHasher) to say.
impl PartialEq for PasswordHash {
    fn eq(&self, other: &Self) -> bool {
        self.0.as_bytes().ct_eq(other.0.as_bytes()).into()
    }
}
impl Eq for PasswordHash {}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[hash]")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secrets::{KeyId, Seed};

    fn user() -> User {
        User {
            id: UserId::from_bytes([1; 16]),
            login: "ann".parse().unwrap(),
            email: "ann@example.org".parse().unwrap(),
            password: PasswordHash("old".to_owned()),
            created_at: Timestamp(0),
            epoch: 0,
            spared: None,
            disabled: false,
            locale: Locale::default(),
            roles: Vec::new(),
        }
    }

    fn session(of: u8, nonce: u8, epoch: u32) -> Session {
        let mut id = [nonce; 32];
        id[..16].fill(of);
        Session {
            id: SessionId::from_bytes(id),
            epoch,
            key: KeyId(0),
            seed: Seed([0; 32]),
            generation: 0,
            turned_at: Timestamp(0),
            started_at: Timestamp(0),
            expires_at: Timestamp(1),
            ends_at: Timestamp(1),
            ended: false,
            device: None,
            grant: None,
        }
    }

    #[test] // S-05
    fn a_new_password_ends_every_session_but_the_one_that_is_spared() {
        let (mut user, own, other) = (user(), session(1, 1, 0), session(1, 2, 0));
        assert!(user.admits(&own) && user.admits(&other));
        user.set_password(PasswordHash("new".to_owned()), Some(own.id));
        assert!(user.admits(&own) && !user.admits(&other));
        assert!(user.admits(&session(1, 3, user.epoch)), "one that began since");
        user.set_password(PasswordHash("newer".to_owned()), Some(other.id));
        assert!(!user.admits(&own), "spared once is not spared again");
    }

    #[test] // K-24, S-05
    fn a_reset_and_the_end_of_all_sessions_spare_none() {
        for end in [|user: &mut User| user.set_password(PasswordHash("new".to_owned()), None), User::end_sessions] {
            let (mut user, own) = (user(), session(1, 1, 0));
            user.spared = Some(own.id);
            end(&mut user);
            assert!(!user.admits(&own));
        }
    }

    #[test] // P-32
    fn a_disabled_account_admits_nobody_and_opened_again_none_of_before() {
        let (mut user, own) = (user(), session(1, 1, 0));
        user.disable();
        assert!(!user.admits(&own) && !user.admits(&session(1, 2, user.epoch)));
        user.disabled = false;
        assert!(!user.admits(&own));
    }

    #[test]
    fn another_address_ends_every_session_and_another_spelling_or_login_none() {
        let (mut user, own) = (user(), session(1, 1, 0));
        user.rename(Some("eve".parse().unwrap()), Some("Ann@example.org".parse().unwrap()));
        assert_eq!((user.login.as_str(), user.email.as_str()), ("eve", "Ann@example.org"));
        assert!(user.admits(&own));
        user.rename(None, None);
        assert!(user.admits(&own));
        user.spared = Some(own.id);
        user.rename(None, Some("eve@example.org".parse().unwrap()));
        assert_eq!((user.login.as_str(), user.email.as_str()), ("eve", "eve@example.org"));
        assert!(!user.admits(&own) && !user.admits(&session(1, 2, 0)));
    }

    #[test]
    fn nobody_elses_session_is_admitted() {
        let (mut user, foreign) = (user(), session(2, 1, 0));
        assert!(!user.admits(&foreign));
        user.spared = Some(foreign.id);
        assert!(!user.admits(&foreign));
    }

    #[test]
    fn the_epoch_after_the_last_is_another_too() {
        let (mut user, own) = (User { epoch: u32::MAX, ..user() }, session(1, 1, u32::MAX));
        assert!(user.admits(&own));
        user.end_sessions();
        assert!(!user.admits(&own));
    }

    #[test] // H-11
    fn the_hash_is_not_shown() {
        assert!(
            !format!("{:?}", User { password: PasswordHash("hash-of-it".to_owned()), ..user() }).contains("hash-of-it")
        );
    }
}
