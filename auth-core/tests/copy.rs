//! A copy goes on where it was interrupted, and finds out that it is none.
use auth_core::{copy::*, counter::*, ports::*, testing::*, user::*, value::*};
use std::{collections::HashMap, sync::Arc, time::Duration};

/// More than one page of them.
const PEOPLE: u16 = 600;
const NOW: Timestamp = Timestamp(1_000);
const MINUTE: Duration = Duration::from_mins(1);

fn person(n: u16) -> User {
    let mut id = [0; 16];
    id[..2].copy_from_slice(&n.to_be_bytes());
    user(UserId::from_bytes(id), &format!("somebody-{n}"))
}

/// People, and two counters of which one is over.
async fn filled() -> Arc<Memory> {
    let memory = Memory::default();
    for n in 0..PEOPLE {
        assert_eq!(UserStore::insert(&memory, &person(n)).await.unwrap(), Insert::Done);
    }
    for (n, at) in [(1, Timestamp(NOW.0 - 60)), (2, NOW)] {
        let key = CounterKey { group: [n; 16], name: [n; 16] };
        let count = Count { key, rule: Rule::new(9, MINUTE), pause: None, crowd: Crowd::One };
        assert_eq!(memory.hit(Standing::ForGood(AttemptId(1)), &[count], at).await.unwrap().hit, Hit::Allowed);
    }
    Arc::new(memory)
}

async fn carry(copier: &Copier, from: Position) -> Result<u64, CopyError> {
    let (mut carried, mut at) = (0, Some(from));
    while let Some(position) = at {
        let page = copier.carry(&position, NOW).await?;
        carried += page.records;
        at = page.next;
    }
    Ok(carried)
}

async fn compare(copier: &Copier) -> Result<(), CopyError> {
    for kind in RecordKind::ALL {
        let mut seen = [Tally::default(), Tally::default()];
        for (side, seen) in [Side::From, Side::To].into_iter().zip(&mut seen) {
            let mut at = Some(Position::start_of(kind));
            while let Some(position) = at {
                at = copier.look(side, &position, NOW, seen).await?;
            }
        }
        seen[0].must_be(&seen[1], kind)?;
    }
    Ok(())
}

/// What takes no more from some time on.
struct Full {
    memory: Arc<Memory>,
    room: usize,
}

#[async_trait]
impl RecordStore for Full {
    async fn export(&self, kind: RecordKind, after: Option<Cursor>, limit: usize) -> Outside<Page> {
        self.memory.export(kind, after, limit).await
    }
    async fn count(&self, kind: RecordKind) -> Outside<Option<u64>> {
        self.memory.count(kind).await
    }
    async fn import(&self, record: &Record) -> Outside<Imported> {
        if self.memory.tables().users.len() < self.room {
            return self.memory.import(record).await;
        }
        Err(Unavailable::failed("records", "it is full"))
    }
}

#[tokio::test]
async fn what_is_not_over_is_carried_and_compared() {
    let copier = Copier { from: filled().await, to: Arc::new(Memory::default()) };
    assert_eq!(carry(&copier, Position::start()).await.unwrap(), u64::from(PEOPLE) + 1);
    compare(&copier).await.unwrap();
    assert_eq!(copier.to.count(RecordKind::Counters).await.unwrap(), Some(1));
}

#[tokio::test]
async fn an_interrupted_copy_goes_on_after_the_last_whole_page() {
    let (from, to) = (filled().await, Arc::new(Memory::default()));
    let full = Copier { from: from.clone(), to: Arc::new(Full { memory: to.clone(), room: 300 }) };
    let second = full.carry(&Position::start(), NOW).await.unwrap().next.unwrap();
    assert!(matches!(full.carry(&second, NOW).await, Err(CopyError::Unavailable(_))));
    let half = to.tables().users.len();
    assert!((256..=300).contains(&half), "{half}");
    let copier = Copier { from, to };
    let written: Position = serde_json::from_str(&serde_json::to_string(&second).unwrap()).unwrap();
    assert_eq!(carry(&copier, written).await.unwrap(), u64::from(PEOPLE) + 1 - 256);
    compare(&copier).await.unwrap();
}

#[tokio::test]
async fn what_is_missing_changed_or_too_much_makes_it_no_copy() {
    for what in ["missing", "spelt otherwise", "too much", "another"] {
        let to = Arc::new(Memory::default());
        let copier = Copier { from: filled().await, to: to.clone() };
        carry(&copier, Position::start()).await.unwrap();
        compare(&copier).await.unwrap();
        spoil(&mut to.tables().users, what);
        let compared = compare(&copier).await;
        let found = matches!(compared, Err(CopyError::Different { kind: RecordKind::Users, .. }));
        assert!(found, "{what}: {compared:?}");
    }
}

fn spoil(users: &mut HashMap<UserId, (User, u64)>, what: &str) {
    if what == "missing" || what == "another" {
        users.remove(&person(7).id);
    }
    if what == "too much" || what == "another" {
        users.insert(person(PEOPLE).id, (person(PEOPLE), 0));
    }
    if what == "spelt otherwise" {
        users.get_mut(&person(7).id).unwrap().0.email = "Somebody-7@example.org".parse().unwrap();
    }
}

#[tokio::test]
async fn what_is_in_the_way_stays_and_is_told() {
    let to = Arc::new(Memory::default());
    let stranger = User { login: person(7).login, ..person(PEOPLE) };
    assert_eq!(UserStore::insert(&*to, &stranger).await.unwrap(), Insert::Done);
    let copier = Copier { from: filled().await, to: to.clone() };
    let failed = carry(&copier, Position::start()).await;
    assert!(matches!(failed, Err(CopyError::Conflict(RecordKind::Users))), "{failed:?}");
    assert_eq!(to.by_login(&stranger.login).await.unwrap().unwrap().value, stranger);
}
