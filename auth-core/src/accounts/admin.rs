//! What an operator does: make an account, find one, rename it, shut it, open it again, delete it. Not for a route that
//! strangers reach.
use super::{Accounts, own_words};
use crate::{password::Weak, ports::*, user::User, value::*};

/// An account to make without a code: the operator vouches for the address.
#[derive(Clone, Debug)]
pub struct NewUser {
    /// The login.
    pub login: Login,
    /// The address.
    pub email: Email,
    /// The password.
    pub password: Password,
    /// The language of its mails.
    pub locale: Locale,
    /// What it is trusted with.
    pub roles: Vec<Role>,
}

/// The other ends of [`Accounts::create_user`].
#[derive(Debug, thiserror::Error)]
pub enum CreateUserError {
    /// Another account has the login.
    #[error("that login is taken")]
    LoginTaken,
    /// Another account has the e-mail.
    #[error("that e-mail has an account")]
    EmailTaken,
    /// The password breaks a rule.
    #[error(transparent)]
    Weak(#[from] Weak),
    /// The outside failed.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// The other ends of [`Accounts::rename_user`].
#[derive(Debug, thiserror::Error)]
pub enum RenameUserError {
    /// There is no such account.
    #[error("there is no such account")]
    NotFound,
    /// Another account has the login.
    #[error("that login is taken")]
    LoginTaken,
    /// Another account has the e-mail.
    #[error("that e-mail has an account")]
    EmailTaken,
    /// The outside failed. The same request again does it, or does it once more without harm.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

impl Accounts {
    /// Makes an account: the first administrator, as a rule.
    ///
    /// # Errors
    /// [`CreateUserError`].
    pub async fn create_user(&self, new: NewUser) -> Result<User, CreateUserError> {
        let Ports { users, hasher, events, clock, rng, .. } = &self.ports;
        self.policy.password.check(&new.password, &own_words(&new.login, &new.email))?;
        let user = User {
            id: UserId::generate(rng.as_ref()),
            login: new.login,
            email: new.email,
            password: hasher.hash(&new.password).await?,
            created_at: clock.now(),
            epoch: 0,
            spared: None,
            disabled: false,
            locale: new.locale,
            roles: new.roles,
        };
        match users.add(&user).await? {
            Insert::Done => events.record(&Event::AccountCreated(user.id)),
            Insert::LoginTaken => return Err(CreateUserError::LoginTaken),
            Insert::EmailTaken => return Err(CreateUserError::EmailTaken),
            Insert::Exists => return Err(Unavailable::failed("rng", "it drew an id that is in use").into()),
        }
        Ok(user)
    }

    /// Finds an account by its login or its e-mail.
    ///
    /// # Errors
    /// [`Unavailable`].
    pub async fn find_user(&self, identifier: &Identifier) -> Outside<Option<User>> {
        let Ports { users, .. } = &self.ports;
        let found = match identifier {
            Identifier::Login(login) => users.by_login(login).await?,
            Identifier::Email(email) => users.by_email(email).await?,
            Identifier::Nobody => None,
        };
        Ok(found.map(|stored| stored.value))
    }

    /// Gives an account another login, another e-mail, for which the operator vouches, or both at once. Another address ends
    /// its sessions, tokens and codes: who read the mail of the old one has no way in any more. Another login ends nothing.
    /// The names from before are free.
    ///
    /// # Errors
    /// [`RenameUserError`].
    pub async fn rename_user(
        &self,
        id: UserId,
        login: Option<Login>,
        email: Option<Email>,
    ) -> Result<User, RenameUserError> {
        let Ports { users, sessions, events, .. } = &self.ports;
        let renamed = users.change_names(id, |user| user.rename(login.clone(), email.clone()));
        let (user, ended) = match renamed.await? {
            Renamed::Done { user, ended } => (*user, ended),
            Renamed::LoginTaken => return Err(RenameUserError::LoginTaken),
            Renamed::EmailTaken => return Err(RenameUserError::EmailTaken),
            Renamed::Missing => return Err(RenameUserError::NotFound),
        };
        events.record(&Event::AccountRenamed(id));
        if ended {
            self.announce(id, |_| true).await;
            self.afterwards("tidying sessions", sessions.revoke_all(id, None).await);
        }
        Ok(user)
    }

    /// Shuts an account: its sessions, tokens and codes end at once (P-32). `None`: there is no such account.
    ///
    /// # Errors
    /// [`Unavailable`].
    pub async fn disable_user(&self, id: UserId) -> Outside<Option<User>> {
        let Ports { users, sessions, events, .. } = &self.ports;
        let changed = users.change(id, |user| {
            user.disable();
            Change::Write
        });
        let (Changed::Done(user) | Changed::Left(user)) = changed.await? else { return Ok(None) };
        events.record(&Event::AccountDisabled(id));
        self.announce(id, |_| true).await;
        self.afterwards("tidying sessions", sessions.revoke_all(id, None).await);
        Ok(Some(user))
    }

    /// Opens an account again; what had ended stays ended. `None`: there is no such account.
    ///
    /// # Errors
    /// [`Unavailable`].
    pub async fn enable_user(&self, id: UserId) -> Outside<Option<User>> {
        let Ports { users, events, .. } = &self.ports;
        let changed = users.change(id, |user| {
            user.disabled = false;
            Change::Write
        });
        let (Changed::Done(user) | Changed::Left(user)) = changed.await? else { return Ok(None) };
        events.record(&Event::AccountEnabled(id));
        Ok(Some(user))
    }

    /// Deletes an account for good: its sessions, tokens and codes end at once, its names are free, and its id is never
    /// another's (K-30). Answers what it was; `None`: there is no such account.
    ///
    /// # Errors
    /// [`Unavailable`].
    pub async fn delete_user(&self, id: UserId) -> Outside<Option<User>> {
        let Ports { users, sessions, documents, events, .. } = &self.ports;
        let Some(user) = users.remove(id).await? else { return Ok(None) };
        events.record(&Event::AccountDeleted(id));
        self.announce(id, |_| true).await;
        self.afterwards("tidying sessions", sessions.revoke_all(id, None).await);
        self.afterwards("tidying documents", documents.forget(&id.to_string()).await);
        Ok(Some(user))
    }
}
