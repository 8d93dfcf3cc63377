//! Accounts.
use crate::{
    CosmosStore,
    document::{Document, Place},
    names::{AccountRecord, Commit, Name},
};
use auth_core::{ports::*, user::User, value::*};
use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine as _};

#[async_trait]
impl UserStore for CosmosStore {
    async fn insert(&self, user: &User) -> Outside<Insert> {
        self.names.accounts.in_time(self.insert_user(user)).await
    }

    async fn by_id(&self, id: UserId) -> Outside<Option<Stored<User>>> {
        self.names.accounts.in_time(async { Ok(self.names.account(id).await?.and_then(active)) }).await
    }

    async fn by_login(&self, login: &Login) -> Outside<Option<Stored<User>>> {
        let name = self.login_name(login);
        self.names.accounts.in_time(async { Ok(self.names.owner(&name).await?.and_then(active)) }).await
    }

    async fn by_email(&self, email: &Email) -> Outside<Option<Stored<User>>> {
        let name = self.email_name(email);
        self.names.accounts.in_time(async { Ok(self.names.owner(&name).await?.and_then(active)) }).await
    }

    async fn replace(&self, user: &Stored<User>) -> Outside<Replace> {
        self.names.accounts.in_time(self.replace_user(user)).await
    }

    async fn rename(&self, user: &Stored<User>) -> Outside<Rename> {
        self.names.accounts.in_time(self.rename_user(user)).await
    }

    async fn delete(&self, user: &Stored<User>) -> Outside<Replace> {
        self.names.accounts.in_time(self.delete_user(user)).await
    }
}

impl CosmosStore {
    pub(crate) async fn insert_user(&self, user: &User) -> Outside<Insert> {
        let (op, names) = (self.names.accounts.op(), self.names_of(user));
        let mut over = None;
        loop {
            let refusal = match self.names.commit(user, &names, over.as_ref(), &op).await? {
                Commit::Done => return Ok(Insert::Done),
                Commit::Taken(0) => Some(Insert::LoginTaken),
                Commit::Taken(_) => Some(Insert::EmailTaken),
                Commit::Lost => None,
            };
            over = self.names.account_again(user.id).await?;
            match (&over, refusal) {
                (Some(account), _) if account.record != AccountRecord::Aborted => return Ok(Insert::Exists),
                (_, Some(refusal)) => return Ok(refusal),
                (_, None) => {} // somebody took us for dead: over what he left
            }
        }
    }

    async fn replace_user(&self, Stored { value: user, revision }: &Stored<User>) -> Outside<Replace> {
        let op = self.names.accounts.op();
        let Some(read) = self.as_read(user, revision) else { return Ok(Replace::Stale) };
        let commit = self.names.commit(user, &self.names_of(user), Some(&read), &op).await?;
        self.replaced(&commit, &read).await
    }

    async fn rename_user(&self, Stored { value: user, revision }: &Stored<User>) -> Outside<Rename> {
        let (op, names) = (self.names.accounts.op(), self.names_of(user));
        let Some(read) = self.still(user.id, revision).await? else { return Ok(Rename::Stale) };
        let refusal = match self.names.commit(user, &names, Some(&read), &op).await? {
            Commit::Done => return Ok(Rename::Done),
            Commit::Lost => return self.until_past(&read).await.map(|()| Rename::Stale),
            Commit::Taken(0) => Rename::LoginTaken,
            Commit::Taken(_) => Rename::EmailTaken,
        };
        // The first reason counts: it may have become another since.
        Ok(if self.still(user.id, revision).await?.is_some() { refusal } else { Rename::Stale })
    }

    async fn delete_user(&self, Stored { value: user, revision }: &Stored<User>) -> Outside<Replace> {
        let op = self.names.accounts.op();
        let Some(read) = self.still(user.id, revision).await? else { return Ok(Replace::Stale) };
        let commit = self.names.end(user.id, &read, &op).await?;
        self.replaced(&commit, &read).await
    }

    /// No name is taken where none is reserved.
    async fn replaced(&self, commit: &Commit, over: &Document<AccountRecord>) -> Outside<Replace> {
        match commit {
            Commit::Done => Ok(Replace::Done),
            Commit::Lost | Commit::Taken(_) => self.until_past(over).await.map(|()| Replace::Stale),
        }
    }

    /// Whoever is told that what he has read is over reads next, and should find something else.
    async fn until_past(&self, over: &Document<AccountRecord>) -> Outside<()> {
        self.names.accounts.until_past::<AccountRecord>(&over.place(), Some(&over.etag)).await
    }

    /// The account, if it is still as the revision says.
    async fn still(&self, id: UserId, revision: &Revision) -> Outside<Option<Document<AccountRecord>>> {
        Ok(self.names.account(id).await?.filter(|account| account.revision() == *revision))
    }

    /// The document in the state that the revision names, with the user as it is to be.
    fn as_read(&self, user: &User, revision: &Revision) -> Option<Document<AccountRecord>> {
        let account = AccountRecord::Active { user: Box::new(user.clone()), names: self.names_of(user) };
        Document::as_read(&Place::alone(user.id.to_string()), account, revision)
    }

    /// The login first: whoever holds a name waits only for names that come later, so no two wait for each other.
    pub(crate) fn names_of(&self, user: &User) -> Vec<Name> {
        vec![self.login_name(&user.login), self.email_name(&user.email)]
    }

    fn login_name(&self, login: &Login) -> Name {
        self.name("login", login.key())
    }

    fn email_name(&self, email: &Email) -> Name {
        self.name("email", email.key())
    }

    fn name(&self, kind: &str, key: &str) -> Name {
        Name(BASE64_URL_SAFE_NO_PAD.encode(self.secret.index(&["name", kind, key])))
    }
}

fn active(account: Document<AccountRecord>) -> Option<Stored<User>> {
    let revision = account.revision();
    let AccountRecord::Active { user, .. } = account.record else { return None };
    Some(Stored { value: *user, revision })
}
