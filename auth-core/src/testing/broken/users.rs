//! Accounts, kept badly.
use super::{Broken, Fault, Memory};
use crate::{ports::*, user::*, value::*};

#[async_trait]
impl UserStore for Broken {
    async fn insert(&self, user: &User) -> Outside<Insert> {
        let store = self.open().await;
        if self.has(Fault::EmailFirst) && store.by_email(&user.email).await?.is_some() {
            return Ok(Insert::EmailTaken);
        }
        let user = self.blur(user);
        if self.has(Fault::ChecksThenWrites) {
            let now = Memory::from(store.tables().clone());
            let checked = UserStore::insert(&now, &user).await?;
            tokio::task::yield_now().await;
            if checked == Insert::Done {
                keep(&store, &user);
            }
            return Ok(checked);
        }
        let mut answer = UserStore::insert(&*store, &user).await?;
        let free = match (self.fault, answer) {
            (Fault::Overwrites, Insert::Exists) => true,
            (Fault::LoginByItsText, Insert::LoginTaken) => store.find_user(has_login(&user.login)).is_none(),
            (Fault::EmailByItsText, Insert::EmailTaken) => store.find_user(has_email(&user.email)).is_none(),
            _ => false,
        };
        if free {
            keep(&store, &user);
            answer = Insert::Done;
        }
        if self.has(Fault::LeavesAClaim) && answer == Insert::EmailTaken {
            leave_a_claim(&store, user);
        }
        store.close(true);
        Ok(answer)
    }

    async fn by_id(&self, id: UserId) -> Outside<Option<Stored<User>>> {
        Ok(self.memory.find_user(|user| self.has(Fault::FindsAnybody) || user.id == id))
    }

    async fn by_login(&self, login: &Login) -> Outside<Option<Stored<User>>> {
        match self.fault {
            Fault::LoginByItsText => Ok(self.memory.find_user(has_login(login))),
            _ => self.memory.by_login(login).await,
        }
    }

    async fn by_email(&self, email: &Email) -> Outside<Option<Stored<User>>> {
        match self.fault {
            Fault::EmailByItsText => Ok(self.memory.find_user(has_email(email))),
            _ => self.memory.by_email(email).await,
        }
    }

    async fn replace(&self, user: &Stored<User>) -> Outside<Replace> {
        let store = self.open().await;
        let user = self.as_read(&store, user).await?;
        let there = UserStore::by_id(&*store, user.value.id).await?.is_some();
        let answer = if self.has(Fault::Overwrites) && !there {
            keep(&store, &user.value);
            Replace::Done
        } else {
            UserStore::replace(&*store, &user).await?
        };
        store.close(true);
        Ok(answer)
    }

    async fn rename(&self, user: &Stored<User>) -> Outside<Rename> {
        let store = self.open().await;
        let user = self.as_read(&store, user).await?;
        let before = UserStore::by_id(&*store, user.value.id).await?;
        if self.has(Fault::EmailFirst) && store.by_email(&user.value.email).await?.is_some() {
            return Ok(Rename::EmailTaken);
        }
        if self.has(Fault::TakenFromItself) && store.by_login(&user.value.login).await?.is_some() {
            return Ok(Rename::LoginTaken);
        }
        if self.has(Fault::ChecksThenWrites) {
            let now = Memory::from(store.tables().clone());
            let checked = now.rename(&user).await?;
            tokio::task::yield_now().await;
            if checked == Rename::Done {
                keep(&store, &user.value);
            }
            return Ok(checked);
        }
        let mut answer = store.rename(&user).await?;
        let free = match (self.fault, answer) {
            (Fault::Overwrites, Rename::Stale) => before.is_none(),
            (Fault::LoginByItsText, Rename::LoginTaken) => store.find_user(has_login(&user.value.login)).is_none(),
            (Fault::EmailByItsText, Rename::EmailTaken) => store.find_user(has_email(&user.value.email)).is_none(),
            _ => false,
        };
        if free {
            keep(&store, &user.value);
            answer = Rename::Done;
        }
        if self.has(Fault::LeavesAClaim) && answer == Rename::EmailTaken {
            leave_a_claim(&store, user.value);
        }
        if answer == Rename::Done {
            self.give_back(&store, before);
        }
        store.close(self.writes(true));
        Ok(answer)
    }

    async fn delete(&self, user: &Stored<User>) -> Outside<Replace> {
        let store = self.open().await;
        let user = self.as_read(&store, user).await?;
        let before = UserStore::by_id(&*store, user.value.id).await?;
        let answer = UserStore::delete(&*store, &user).await?;
        if answer == Replace::Done {
            self.give_back(&store, before);
        }
        if self.has(Fault::ForgetsTheDeleted) {
            store.tables().deleted.clear();
        }
        store.close(self.writes(true));
        Ok(answer)
    }
}

impl Broken {
    fn blur(&self, user: &User) -> User {
        let mut user = user.clone();
        if self.has(Fault::LosesAField) {
            user.roles.clear();
        }
        user
    }

    /// What is to be written, and over which revision.
    async fn as_read(&self, store: &Memory, user: &Stored<User>) -> Outside<Stored<User>> {
        let read = Stored { value: self.blur(&user.value), revision: user.revision.clone() };
        let now = UserStore::by_id(store, user.value.id).await?;
        let now = now.filter(|_| self.has(Fault::IgnoresTheRevision));
        Ok(now.map_or(read.clone(), |now| Stored { revision: now.revision, ..read }))
    }

    /// What becomes of the names of an account that has them no more.
    fn give_back(&self, store: &Memory, before: Option<Stored<User>>) {
        if let Some(before) = before.filter(|_| self.has(Fault::KeepsTheOldNames)) {
            keep(store, &User { id: another(before.value.id), ..before.value });
        }
    }
}

/// Holds a login for nobody.
fn leave_a_claim(store: &Memory, user: User) {
    let email = format!("{}@example.org", user.id).parse().expect("an address");
    keep(store, &User { id: another(user.id), email, ..user });
}

fn another(id: UserId) -> UserId {
    UserId::from_bytes(id.as_bytes().map(|byte| !byte))
}

fn keep(store: &Memory, user: &User) {
    store.tables().users.insert(user.id, (user.clone(), 0));
}

fn has_login(login: &Login) -> impl Fn(&User) -> bool {
    move |user| user.login.as_str() == login.as_str()
}

fn has_email(email: &Email) -> impl Fn(&User) -> bool {
    move |user| user.email.as_str() == email.as_str()
}
