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

/// Accounts in one map, under one lock: what is decided under it is decided once.
#[derive(Default)]
struct OwnStore(Mutex<BTreeMap<UserId, Stored<User>>>);

impl OwnStore {
    fn with<T>(&self, run: impl FnOnce(&mut BTreeMap<UserId, Stored<User>>) -> T) -> T {
        run(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn find(&self, is: impl Fn(&User) -> bool) -> Option<Stored<User>> {
        self.with(|users| users.values().find(|user| is(&user.value)).cloned())
    }
}

#[async_trait]
impl UserStore for OwnStore {
    async fn insert(&self, user: &User) -> Outside<Insert> {
        Ok(self.with(|users| {
            if users.contains_key(&user.id) {
                Insert::Exists
            } else if users.values().any(|other| other.value.login == user.login) {
                Insert::LoginTaken
            } else if users.values().any(|other| other.value.email == user.email) {
                Insert::EmailTaken
            } else {
                users.insert(user.id, Stored { value: user.clone(), revision: Revision("1".to_owned()) });
                Insert::Done
            }
        }))
    }

    async fn by_id(&self, id: UserId) -> Outside<Option<Stored<User>>> {
        Ok(self.with(|users| users.get(&id).cloned()))
    }

    async fn by_login(&self, login: &Login) -> Outside<Option<Stored<User>>> {
        Ok(self.find(|user| user.login == *login))
    }

    async fn by_email(&self, email: &Email) -> Outside<Option<Stored<User>>> {
        Ok(self.find(|user| user.email == *email))
    }

    async fn replace(&self, user: &Stored<User>) -> Outside<Replace> {
        Ok(self.with(|users| match users.get_mut(&user.value.id) {
            Some(held) if held.revision == user.revision => {
                let next = held.revision.0.parse::<u64>().map_or(1, |revision| revision + 1);
                *held = Stored { value: user.value.clone(), revision: Revision(next.to_string()) };
                Replace::Done
            }
            _ => Replace::Stale,
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
