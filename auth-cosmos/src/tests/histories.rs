//! Random histories: sixteen at once who register, rename and delete a few accounts with three logins and six e-mails, over
//! lines that lose answers; every sixth time they crash. Nobody's clock can be relied on. A seed decides all of it.
use super::{
    emulator::{Emulator, parts},
    line::{Line, Mishap},
    people::{active, delete, register, rename, user},
};
use crate::{
    CosmosStore, Parts,
    document::{Document, Etag, Place},
    names::{AccountRecord, Commit, Reservation},
};
use auth_core::{ports::*, testing::SeededRng, user::User, value::*};
use futures_util::{StreamExt, stream::FuturesUnordered};
use std::{
    collections::HashMap,
    pin::Pin,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU32, Ordering::Relaxed},
    },
    task::{Context, Poll},
    time::Duration,
};
use tokio::time::{Sleep, sleep};

const WORKERS: u64 = 16;
const OPERATIONS: u32 = 40;
const LOGINS: [&str; 3] = ["ann", "bob", "eve"];
const EMAILS: [&str; 6] = ["a", "b", "c", "d", "e", "f"];

macro_rules! histories {
    ($($seed:ident: $number:literal;)*) => { $(
        #[tokio::test(start_paused = true)]
        async fn $seed() {
            history($number).await;
        }
    )* };
}

histories! {
    no_history_of_seed_1_gives_a_name_two_owners: 1;
    no_history_of_seed_2_gives_a_name_two_owners: 2;
    no_history_of_seed_3_gives_a_name_two_owners: 3;
}

async fn history(seed: u64) {
    let world = World::new(seed).await;
    let workers: FuturesUnordered<_> = (1..=WORKERS).map(|number| work(&world, seed * 100 + number)).collect();
    workers.collect::<()>().await;
    world.check().await;
    world.whoever_comes_next_gets_what_is_free().await;
    world.check().await;
    let count = &world.count;
    let Count { registered, renamed, deleted, taken, lost, crashed, unheard } = count;
    for happened in [registered, renamed, deleted, taken, lost, crashed, unheard] {
        assert!(happened.load(Relaxed) > 9, "nothing can be learned from seed {seed}: {count:?}");
    }
}

struct Dice(SeededRng);

impl Dice {
    fn new(seed: u64) -> Self {
        Self(SeededRng::new(seed))
    }

    fn roll(&self, sides: u8) -> u8 {
        let mut roll = [0; 1];
        self.0.fill(&mut roll);
        roll[0] % sides
    }

    fn one_of<T: Copy>(&self, all: &[T]) -> T {
        all[usize::from(self.roll(u8::try_from(all.len()).unwrap()))]
    }
}

/// Every other time that somebody looks no reservation is young.
impl Clock for Dice {
    fn now(&self) -> Timestamp {
        Timestamp(60 * i64::from(self.roll(2)))
    }
}

fn parts_of(seed: u64) -> Parts {
    Parts { clock: Arc::new(Dice::new(seed << 8)), rng: Arc::new(SeededRng::new(seed << 16)), ..parts() }
}

/// How often what has ended.
#[derive(Debug, Default)]
struct Count {
    registered: AtomicU32,
    renamed: AtomicU32,
    deleted: AtomicU32,
    taken: AtomicU32,
    lost: AtomicU32,
    crashed: AtomicU32,
    unheard: AtomicU32,
}

struct World {
    emulator: Emulator,
    /// Nothing happens to this one.
    store: CosmosStore,
    dice: Dice,
    /// Whoever may have an account: of those who are deleted nobody has one again.
    people: Mutex<Vec<UserId>>,
    count: Count,
}

impl World {
    async fn new(seed: u64) -> Self {
        let emulator = Emulator::start().await;
        let store = CosmosStore::over(&emulator.database(Vec::new()).await, parts_of(seed)).await.unwrap();
        let dice = Dice::new(seed);
        let people = Mutex::new((0..6).map(|_| UserId::generate(&dice.0)).collect());
        Self { emulator, store, dice, people, count: Count::default() }
    }

    /// No name has two owners, and what an account names is reserved for it. What is seen counts only if it is seen twice:
    /// others write while it is read.
    async fn check(&self) {
        let mut seen = self.all().await;
        while let Err(wrong) = seen.sound() {
            let again = self.all().await;
            assert!(again != seen, "{wrong}");
            seen = again;
        }
    }

    /// There are more e-mails than logins: none of these is left over.
    async fn whoever_comes_next_gets_what_is_free(&self) {
        for login in LOGINS {
            for email in EMAILS {
                let next = user(UserId::generate(&self.dice.0), login, email);
                if register(&self.store, &next).await.unwrap() == Commit::Done {
                    self.people.lock().unwrap().push(next.id);
                }
            }
            let owner = self.store.by_login(&login.parse().unwrap()).await.unwrap();
            assert!(owner.is_some(), "nobody gets {login}");
        }
    }

    async fn all(&self) -> Seen {
        let mut seen = Seen::default();
        for (number, email) in EMAILS.iter().enumerate() {
            let person = user(UserId::from_bytes([0; 16]), LOGINS[number % LOGINS.len()], email);
            for name in self.store.names_of(&person) {
                let place = Place::alone(name.0.clone());
                if let Some(found) = self.store.names.reservations.read::<Reservation>(&place).await.unwrap() {
                    seen.reservations.insert(name.0, (found.etag, found.record.user));
                }
            }
        }
        let people = self.people.lock().unwrap().clone();
        for id in people {
            if let Some(found) = self.store.names.account(id).await.unwrap() {
                seen.accounts.insert(id, (found.etag, found.record));
            }
        }
        seen
    }
}

#[derive(Default, PartialEq)]
struct Seen {
    reservations: HashMap<String, (Etag, UserId)>,
    accounts: HashMap<UserId, (Etag, AccountRecord)>,
}

impl Seen {
    fn sound(&self) -> Result<(), String> {
        let mut owners = HashMap::new();
        for (id, (_, account)) in &self.accounts {
            for name in account.names() {
                let reserved = self.reservations.get(&name.0).map(|(_, user)| user);
                if reserved != Some(id) {
                    return Err(format!("{name:?} of {id} is reserved for {reserved:?}"));
                }
                if let Some(other) = owners.insert(&name.0, id) {
                    return Err(format!("{name:?} is both {id}'s and {other}'s"));
                }
            }
        }
        Ok(())
    }
}

async fn work(world: &World, seed: u64) {
    let (takes, dice) = (Duration::from_millis(1), Dice::new(seed));
    let (store, line) = Line::store(&world.emulator, parts_of(seed), takes, Mishap::Unheard(takes)).await;
    for number in 0..OPERATIONS {
        let unheard = dice.roll(2).into();
        line.after(dice.roll(8).into(), unheard);
        if !Fate::new(&dice, operation(world, &store, &dice)).await {
            world.count.crashed.fetch_add(1, Relaxed);
        }
        world.count.unheard.fetch_add(unheard - line.left(), Relaxed);
        if number % 16 == 15 {
            world.check().await;
        }
    }
}

async fn operation(world: &World, store: &CosmosStore, dice: &Dice) {
    let count = &world.count;
    let id = dice.one_of(&world.people.lock().unwrap());
    let person = user(id, dice.one_of(&LOGINS), dice.one_of(&EMAILS));
    let (end, done) = match (active(store, id).await.unwrap(), dice.roll(4)) {
        (Some(_), 0) => (delete(store, id).await, &count.deleted),
        (Some(Document { record: AccountRecord::Active { user, .. }, .. }), 1 | 2) => {
            let login = if dice.roll(2) == 0 { person.login.clone() } else { user.login };
            (rename(store, &User { login, ..person }).await, &count.renamed)
        }
        _ => (register(store, &person).await, &count.registered),
    };
    match end.unwrap() {
        Commit::Done => done,
        Commit::Taken(_) => &count.taken,
        Commit::Lost => &count.lost,
    }
    .fetch_add(1, Relaxed);
    let deleted =
        world.store.names.account(id).await.unwrap().is_some_and(|found| found.record == AccountRecord::Deleted);
    if let Some(gone) = world.people.lock().unwrap().iter_mut().find(|other| **other == id && deleted) {
        *gone = UserId::generate(&world.dice.0);
    }
}

/// Lets an operation get on at random, and drops it at a random moment, or never.
struct Fate<'a, F> {
    dice: &'a Dice,
    operation: Pin<Box<F>>,
    rest: Pin<Box<Sleep>>,
    steps: Option<u8>,
}

impl<'a, F> Fate<'a, F> {
    fn new(dice: &'a Dice, operation: F) -> Self {
        let steps = (dice.roll(6) == 0).then(|| dice.roll(16));
        Self { dice, operation: Box::pin(operation), rest: Box::pin(sleep(Duration::ZERO)), steps }
    }
}

impl<F: Future<Output = ()>> Future for Fate<'_, F> {
    /// Whether it came to its end.
    type Output = bool;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<bool> {
        while self.rest.as_mut().poll(context).is_ready() {
            if self.steps == Some(0) {
                return Poll::Ready(false);
            }
            self.steps = self.steps.map(|steps| steps - 1);
            if self.operation.as_mut().poll(context).is_ready() {
                return Poll::Ready(true);
            }
            let rest = if self.dice.roll(4) == 0 { self.dice.roll(8) } else { 1 };
            self.rest = Box::pin(sleep(Duration::from_millis(rest.into())));
        }
        Poll::Pending
    }
}
