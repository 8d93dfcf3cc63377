//! All that a database holds, on its way to another store, while the database grows.
use super::{emulator::Emulator, people::user};
use auth_core::{copy::*, ports::*, system::OsRng, testing::Memory, user::*, value::*};
use std::sync::Arc;

/// A container that is cut into more partitions halfway loses nobody, and shows nobody twice.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_partition_that_splits_halfway_is_exported_once() {
    const PEOPLE: usize = 60;
    let emulator = Emulator::start().await;
    let store = emulator.store().await;
    let mut people = Vec::new();
    for n in 0..PEOPLE {
        let user = somebody(n);
        assert_eq!(UserStore::insert(&store, &user).await.unwrap(), Insert::Done);
        people.push(user.id);
    }
    let (mut seen, mut after, mut pages) = (Vec::new(), None, 0);
    loop {
        let page = store.export(RecordKind::Users, after, 4).await.unwrap();
        seen.extend(page.records.into_iter().map(|record| match record {
            Record::User(user) => user.id,
            other => panic!("not written here: {other:?}"),
        }));
        if pages % 4 == 1 {
            emulator.split("users", pages / 4);
        }
        pages += 1;
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    assert!(pages > 15, "{pages} pages");
    seen.sort_unstable();
    people.sort_unstable();
    assert_eq!(seen, people);
}

/// There and back, with everything in between that a copy does.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_was_carried_there_and_back_is_what_it_was() {
    let (here, back) = (Arc::new(Memory::default()), Arc::new(Memory::default()));
    for n in 0..300 {
        assert_eq!(UserStore::insert(&*here, &somebody(n)).await.unwrap(), Insert::Done);
    }
    let there: Arc<dyn RecordStore> = Arc::new(Emulator::start().await.store().await);
    for (from, to) in [(here.clone() as Arc<dyn RecordStore>, there.clone()), (there, back.clone())] {
        let copier = Copier { from, to };
        let mut at = Some(Position::start());
        while let Some(position) = at {
            at = copier.carry(&position, Timestamp(0)).await.unwrap().next;
        }
    }
    let all = async |memory: &Memory| memory.export(RecordKind::Users, None, usize::MAX).await.unwrap().records;
    assert_eq!(all(&here).await, all(&back).await);
}

fn somebody(n: usize) -> User {
    let name = format!("somebody-{n}");
    user(UserId::generate(&OsRng), &name, &name)
}
