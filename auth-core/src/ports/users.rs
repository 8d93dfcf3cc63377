use super::{Outside, Unavailable, async_trait};
use crate::{user::User, value::*};

/// Accounts.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait UserStore: Send + Sync {
    /// Writes all of a new account or nothing. Of any number of callers at once with one id, one login or one e-mail
    /// (by their keys), one gets [`Insert::Done`].
    async fn insert(&self, user: &User) -> Outside<Insert>;
    /// Finds an account by its id.
    async fn by_id(&self, id: UserId) -> Outside<Option<Stored<User>>>;
    /// Finds an account by its login's key.
    async fn by_login(&self, login: &Login) -> Outside<Option<Stored<User>>>;
    /// Finds an account by its e-mail's key.
    async fn by_email(&self, email: &Email) -> Outside<Option<Stored<User>>>;
    /// Writes only over the revision that was read. `id`, `login` and `email` are as they were.
    async fn replace(&self, user: &Stored<User>) -> Outside<Replace>;
    /// Writes only over the revision that was read, with another login, another e-mail or both, and whatever else has
    /// changed but the `id`: all of it or nothing. Of any number of callers at once with one login or one e-mail, those of
    /// [`insert`](Self::insert) among them, one gets it. Once it is [`Rename::Done`], the names from before are free.
    async fn rename(&self, user: &Stored<User>) -> Outside<Rename>;
    /// Deletes only the revision that was read. Then nothing finds the account, its names are free, and its id is never
    /// another's: an insert with it ends as [`Insert::Exists`].
    async fn delete(&self, user: &Stored<User>) -> Outside<Replace>;
}

/// The end of one insert. Of several reasons the first counts, in this order.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Insert {
    /// The account exists, and this caller made it.
    Done,
    /// An account of this very id is there already, as another caller made it, or was there until it was deleted.
    Exists,
    /// Another account has the login.
    LoginTaken,
    /// Another account has the e-mail.
    EmailTaken,
}

/// The end of one replace.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Replace {
    /// Written.
    Done,
    /// Somebody else wrote since it was read, or it is gone: read again.
    Stale,
}

/// The end of one rename. Of several reasons the first counts, in this order. A name by whose key the account itself is found
/// is not taken.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rename {
    /// Written.
    Done,
    /// Somebody else wrote since it was read, or it is gone: read again.
    Stale,
    /// Another account has the login.
    LoginTaken,
    /// Another account has the e-mail.
    EmailTaken,
}

/// Names the state of a record that was read; only its store can read it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revision(pub String);

/// A record as it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored<T> {
    /// The record.
    pub value: T,
    /// Its state.
    pub revision: Revision,
}

/// What a change decides on seeing the account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// Write it.
    Write,
    /// Leave it as it is.
    Leave,
}

/// The end of one change.
#[must_use]
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Changed {
    /// Written by this caller: the account as it is now.
    Done(User),
    /// Left as it is, by the change's own decision.
    Left(User),
    /// There is no such account.
    Missing,
}

/// The end of one change of names.
#[must_use]
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Renamed {
    /// Written by this caller.
    Done {
        /// The account as it is now.
        user: Box<User>,
        /// Whether its sessions ended with that.
        ended: bool,
    },
    /// Another account has the login.
    LoginTaken,
    /// Another account has the e-mail.
    EmailTaken,
    /// There is no such account.
    Missing,
}

/// So often somebody else may write in between.
const ATTEMPTS: usize = 32;

/// What every user store can do, given what each must.
///
/// A store may do a write and lose the answer. Here whoever wrote looks again, and knows its own write by what it wrote: a
/// new password's hash has a salt of its own, a new account an id or an epoch of its own. Of two who give an account one
/// name, or delete it, either may be told that he has.
pub trait UserStoreExt: UserStore {
    /// Inserts.
    fn add(&self, user: &User) -> impl Future<Output = Outside<Insert>> + Send {
        async move {
            let inserted = self.insert(user).await;
            let unclear = matches!(inserted, Err(_) | Ok(Insert::Exists));
            if unclear && holds(self, user).await? { Ok(Insert::Done) } else { inserted }
        }
    }

    /// Reads, changes and writes; again while somebody else writes in between.
    fn change(
        &self,
        id: UserId,
        change: impl Fn(&mut User) -> Change + Send + Sync,
    ) -> impl Future<Output = Outside<Changed>> + Send {
        async move {
            for _ in 0..ATTEMPTS {
                let Some(mut user) = self.by_id(id).await? else { return Ok(Changed::Missing) };
                if change(&mut user.value) == Change::Leave {
                    return Ok(Changed::Left(user.value));
                }
                match self.replace(&user).await {
                    Ok(Replace::Done) => return Ok(Changed::Done(user.value)),
                    Ok(Replace::Stale) => {}
                    Err(_) if holds(self, &user.value).await? => return Ok(Changed::Done(user.value)),
                    Err(failure) => return Err(failure),
                }
            }
            Err(kept_changing())
        }
    }

    /// Reads, changes names, whatever else goes with them, and writes; again while somebody else writes in between.
    fn change_names(
        &self,
        id: UserId,
        change: impl Fn(&mut User) + Send + Sync,
    ) -> impl Future<Output = Outside<Renamed>> + Send {
        async move {
            for _ in 0..ATTEMPTS {
                let Some(mut user) = self.by_id(id).await? else { return Ok(Renamed::Missing) };
                let epoch = user.value.epoch;
                change(&mut user.value);
                match self.rename(&user).await {
                    Ok(Rename::Done) => {}
                    Ok(Rename::Stale) => continue,
                    Ok(Rename::LoginTaken) => return Ok(Renamed::LoginTaken),
                    Ok(Rename::EmailTaken) => return Ok(Renamed::EmailTaken),
                    Err(_) if holds(self, &user.value).await? => {}
                    Err(failure) => return Err(failure),
                }
                return Ok(Renamed::Done { ended: user.value.epoch != epoch, user: Box::new(user.value) });
            }
            Err(kept_changing())
        }
    }

    /// Reads and deletes; again while somebody else writes in between. Answers the account as it was; `None`: there is no
    /// such account.
    fn remove(&self, id: UserId) -> impl Future<Output = Outside<Option<User>>> + Send {
        async move {
            for _ in 0..ATTEMPTS {
                let Some(user) = self.by_id(id).await? else { return Ok(None) };
                match self.delete(&user).await {
                    Ok(Replace::Done) => return Ok(Some(user.value)),
                    Ok(Replace::Stale) => {}
                    Err(_) if self.by_id(id).await?.is_none() => return Ok(Some(user.value)),
                    Err(failure) => return Err(failure),
                }
            }
            Err(kept_changing())
        }
    }
}
impl<S: UserStore + ?Sized> UserStoreExt for S {}

/// Whether the account is there just as it was written: names are equal by their keys, and a spelling is written too.
async fn holds(store: &(impl UserStore + ?Sized), user: &User) -> Outside<bool> {
    let spelling = |user: &User| (user.login.as_str().to_owned(), user.email.as_str().to_owned());
    let found = store.by_id(user.id).await?;
    Ok(found.is_some_and(|found| found.value == *user && spelling(&found.value) == spelling(user)))
}

fn kept_changing() -> Unavailable {
    Unavailable::failed("users", "others kept changing the account")
}
