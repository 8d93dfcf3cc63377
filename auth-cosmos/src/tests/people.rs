//! People, and what they do with their names.
use super::{
    emulator::{Emulator, parts},
    line::{Line, Mishap},
};
use crate::{
    CosmosStore, Parts,
    document::{Document, Place},
    names::{AccountRecord, Commit, Name, Reservation},
};
use auth_core::{
    ports::*,
    testing::{self, FixedClock, SeededRng},
    user::*,
    value::*,
};
use std::{sync::Arc, time::Duration};

pub fn user(id: UserId, login: &str, email: &str) -> User {
    User { email: format!("{email}@example.org").parse().unwrap(), ..testing::user(id, login) }
}

pub async fn register(store: &CosmosStore, user: &User) -> Outside<Commit> {
    Ok(match UserStore::insert(store, user).await? {
        Insert::Done => Commit::Done,
        Insert::Exists => Commit::Lost,
        Insert::LoginTaken => Commit::Taken(0),
        Insert::EmailTaken => Commit::Taken(1),
    })
}

pub async fn rename(store: &CosmosStore, to: &User) -> Outside<Commit> {
    let names = &store.names;
    let Some(read) = active(store, to.id).await? else { return Ok(Commit::Lost) };
    names.commit(to, &store.names_of(to), Some(&read), &names.accounts.op()).await
}

pub async fn delete(store: &CosmosStore, id: UserId) -> Outside<Commit> {
    let names = &store.names;
    let Some(read) = active(store, id).await? else { return Ok(Commit::Lost) };
    names.end(id, &read, &names.accounts.op()).await
}

pub async fn active(store: &CosmosStore, id: UserId) -> Outside<Option<Document<AccountRecord>>> {
    let account = store.names.account(id).await?;
    Ok(account.filter(|account| matches!(account.record, AccountRecord::Active { .. })))
}

/// A database, and a store on it that nothing happens to.
pub struct World {
    pub emulator: Emulator,
    pub clock: Arc<FixedClock>,
    pub rng: Arc<SeededRng>,
    pub store: CosmosStore,
}

impl World {
    pub async fn new() -> Self {
        Self::on(Emulator::start().await).await
    }

    pub async fn in_two_regions() -> Self {
        Self::on(Emulator::start_in_two_regions().await).await
    }

    async fn on(emulator: Emulator) -> Self {
        let (clock, rng) = (Arc::<FixedClock>::default(), Arc::<SeededRng>::default());
        let database = emulator.database(Vec::new()).await;
        let parts = Parts { clock: clock.clone(), rng: rng.clone(), ..parts() };
        Self { store: CosmosStore::over(&database, parts).await.unwrap(), emulator, clock, rng }
    }

    /// A store that something happens to.
    pub async fn line(&self, mishap: Mishap) -> (CosmosStore, Line) {
        self.line_to(&self.emulator, mishap).await
    }

    /// The same, where another region is nearer than the one that writes.
    pub async fn line_from_afar(&self, mishap: Mishap) -> (CosmosStore, Line) {
        self.line_to(&self.emulator.seen_from_afar(), mishap).await
    }

    async fn line_to(&self, emulator: &Emulator, mishap: Mishap) -> (CosmosStore, Line) {
        let parts = Parts { clock: self.clock.clone(), rng: self.rng.clone(), ..parts() };
        Line::store(emulator, parts, Duration::ZERO, mishap).await
    }

    /// Somebody, with names that nobody has had.
    pub fn somebody(&self, name: &str) -> User {
        let id = UserId::generate(self.rng.as_ref());
        let name = format!("{name}-{}", &id.to_string()[..8]);
        user(id, &name, &name)
    }

    /// The same, with an account.
    pub async fn someone(&self, name: &str) -> User {
        let user = self.somebody(name);
        assert_eq!(register(&self.store, &user).await.unwrap(), Commit::Done);
        user
    }

    /// A reservation that somebody leaves behind, who has crashed.
    pub async fn leave(&self, name: &Name, user: UserId) {
        let reservations = &self.store.names.reservations;
        let (place, reservation) = (Place::alone(name.0.clone()), Reservation { user, at: self.clock.now() });
        let _its_state = reservations.create(&place, reservation, &reservations.op()).await.unwrap();
    }

    /// The account of somebody who may have been one or the other, or nobody: found by all names of the one, and by none of
    /// the other.
    pub async fn whole(&self, id: UserId, either: [Option<&User>; 2]) -> Option<User> {
        let found = UserStore::by_id(&self.store, id).await.unwrap().map(|found| found.value);
        assert!(either.contains(&found.as_ref()), "{found:?} is none of {either:?}");
        for user in either.into_iter().flatten() {
            let by_login = self.store.by_login(&user.login).await.unwrap().map(|found| found.value);
            let by_email = self.store.by_email(&user.email).await.unwrap().map(|found| found.value);
            let own = |other: &Option<User>| other.as_ref().is_some_and(|other| other.id == id);
            let expected = found.as_ref() == Some(user);
            assert_eq!((own(&by_login), own(&by_email)), (expected, expected), "{user:?} where there is {found:?}");
        }
        found
    }
}
