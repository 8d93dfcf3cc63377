//! Somebody's own `UserStore`, put through the contract that every store must pass.
//!
//! `cargo test -p examples --bin own_store` runs the contract; `cargo run -p examples --bin own_store` uses the store.
#![expect(clippy::print_stdout, reason = "it tells its reader what happens")]

use auth_core::{accounts::*, ports::*, testing::World, user::User, value::*};
use std::{
    collections::BTreeMap,
    error::Error,
    sync::{Arc, Mutex, PoisonError},
};

/// Accounts by their ids, whose keys stay when they are deleted.
type Users = BTreeMap<UserId, Option<Stored<User>>>;

/// Accounts in one map, under one lock: what is decided under it is decided once.
#[derive(Default)]
struct OwnStore(Mutex<Users>);

impl OwnStore {
    fn with<T>(&self, run: impl FnOnce(&mut Users) -> T) -> T {
        run(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn find(&self, is: impl Fn(&User) -> bool) -> Option<Stored<User>> {
        self.with(|users| users.values().flatten().find(|user| is(&user.value)).cloned())
    }
}

/// Whether an account other than this one is so.
fn another(users: &Users, user: &User, is: impl Fn(&User) -> bool) -> bool {
    users.values().flatten().any(|other| other.value.id != user.id && is(&other.value))
}

/// The account, if it is still as it was read.
fn as_read<'a>(users: &'a mut Users, user: &Stored<User>) -> Option<&'a mut Option<Stored<User>>> {
    let held = users.get_mut(&user.value.id)?;
    held.as_ref().is_some_and(|held| held.revision == user.revision).then_some(held)
}

/// What is written over it.
fn next(user: &Stored<User>) -> Stored<User> {
    let revision = user.revision.0.parse::<u64>().map_or(1, |revision| revision + 1);
    Stored { value: user.value.clone(), revision: Revision(revision.to_string()) }
}

#[async_trait]
impl UserStore for OwnStore {
    async fn insert(&self, user: &User) -> Outside<Insert> {
        Ok(self.with(|users| {
            if users.contains_key(&user.id) {
                Insert::Exists
            } else if another(users, user, |other| other.login == user.login) {
                Insert::LoginTaken
            } else if another(users, user, |other| other.email == user.email) {
                Insert::EmailTaken
            } else {
                users.insert(user.id, Some(Stored { value: user.clone(), revision: Revision("1".to_owned()) }));
                Insert::Done
            }
        }))
    }

    async fn by_id(&self, id: UserId) -> Outside<Option<Stored<User>>> {
        Ok(self.with(|users| users.get(&id).cloned().flatten()))
    }

    async fn by_login(&self, login: &Login) -> Outside<Option<Stored<User>>> {
        Ok(self.find(|user| user.login == *login))
    }

    async fn by_email(&self, email: &Email) -> Outside<Option<Stored<User>>> {
        Ok(self.find(|user| user.email == *email))
    }

    async fn replace(&self, user: &Stored<User>) -> Outside<Replace> {
        Ok(self.with(|users| match as_read(users, user) {
            Some(held) => {
                *held = Some(next(user));
                Replace::Done
            }
            None => Replace::Stale,
        }))
    }

    async fn rename(&self, user: &Stored<User>) -> Outside<Rename> {
        let User { login, email, .. } = &user.value;
        Ok(self.with(|users| {
            let login_taken = another(users, &user.value, |other| other.login == *login);
            let email_taken = another(users, &user.value, |other| other.email == *email);
            match as_read(users, user) {
                None => Rename::Stale,
                Some(_) if login_taken => Rename::LoginTaken,
                Some(_) if email_taken => Rename::EmailTaken,
                Some(held) => {
                    *held = Some(next(user));
                    Rename::Done
                }
            }
        }))
    }

    async fn delete(&self, user: &Stored<User>) -> Outside<Replace> {
        Ok(self.with(|users| match as_read(users, user) {
            Some(held) => {
                *held = None;
                Replace::Done
            }
            None => Replace::Stale,
        }))
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let world = World::default();
    let store = Arc::new(OwnStore::default());
    let ports = Ports { users: store.clone(), ..world.ports.clone() };
    let accounts = Accounts::new(ports, world.secret.clone(), World::policy());

    let (login, email) = ("ann".parse()?, "ann@example.org".parse()?);
    let password = Password::parse(Secret::new("a quiet green harbour".to_owned()))?;
    let issued = accounts.register(&World::caller(), Registration { login, email, password }).await?;
    let user = accounts.confirm(&World::caller(), issued.id, world.mailed_code()).await?;
    let kept = store.by_id(user.id).await?.ok_or("the store lost an account")?;
    println!("the own store keeps {} at revision {}", kept.value.login, kept.revision.0);
    Ok(())
}

#[cfg(test)]
mod contract {
    auth_core::contract!(users: super::OwnStore::default());
}
