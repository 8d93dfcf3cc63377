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
        if self.has(Fault::ChecksThenInserts) {
            let now = Memory::from(store.tables().clone());
            let checked = now.insert(&user).await?;
            tokio::task::yield_now().await;
            if checked == Insert::Done {
                keep(&store, &user);
            }
            return Ok(checked);
        }
        let mut answer = store.insert(&user).await?;
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
            let email = format!("{}@example.org", user.id).parse().expect("an address");
            keep(&store, &User { email, ..user });
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
        let user = Stored { value: self.blur(&user.value), revision: user.revision.clone() };
        let there = UserStore::by_id(&*store, user.value.id).await?.is_some();
        let answer = match (self.fault, there) {
            (Fault::IgnoresTheRevision, true) | (Fault::Overwrites, false) => {
                keep(&store, &user.value);
                Replace::Done
            }
            _ => store.replace(&user).await?,
        };
        store.close(true);
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
