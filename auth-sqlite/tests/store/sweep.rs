//! Sweeping takes what is over, all of it, in small writes.
use crate::records::*;
use auth_core::{counter::*, document::*, ports::*, session::*, value::*};
use futures_util::future::try_join_all;
use std::path::Path;

#[tokio::test]
async fn what_is_over_goes_in_batches_and_the_rest_stays() {
    let place = Place::new();
    let store = place.open();
    let over: Vec<_> = (0..1000).map(|number| Session { expires_at: NOW, ..session(number) }).collect();
    let live = session(1000);
    try_join_all(over.iter().map(|session| SessionStore::create(&store, session))).await.unwrap();
    SessionStore::create(&store, &live).await.unwrap();
    let before = commits(&place.path);
    SessionStore::sweep(&store, NOW).await.unwrap();
    assert_eq!(commits(&place.path) - before, 2, "two batches of 500");
    let mut left = Vec::new();
    for number in 0..3 {
        left.extend(store.of_user(UserId::from_bytes(bytes(number))).await.unwrap());
    }
    assert_eq!(left, [live]);
}

#[tokio::test]
async fn each_port_sweeps_at_its_own_hour() {
    let place = Place::new();
    let store = place.open();
    let rows = |table: &str| -> i64 {
        place.outsider().query_one(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0)).unwrap()
    };
    CodeStore::create(&store, &code(1)).await.unwrap();
    let count = count(1, Rule::new(1, HOUR));
    assert_eq!(hit(&store, 1, count, NOW).await, Hit::Allowed);
    store.put(&Entry { dead: Some("refused".to_owned()), ..entry(1) }).await.unwrap();
    store.put(&entry(2)).await.unwrap();
    let endless = Document { expires_at: None, ..document(2) };
    for document in [document(1), endless] {
        assert_eq!(DocumentStore::insert(&store, &document).await.unwrap(), Inserted::Done);
    }

    CodeStore::sweep(&store, Timestamp(code(1).kept_until.0 - 1)).await.unwrap();
    CounterStore::sweep(&store, Timestamp(NOW.0 + 3599)).await.unwrap();
    OutboxStore::sweep(&store, entry(1).expires_at).await.unwrap();
    DocumentStore::sweep(&store, Timestamp(NOW.0 + 3599)).await.unwrap();
    assert_eq!((rows("codes"), rows("counters"), rows("outbox"), rows("documents")), (1, 1, 2, 2));

    CodeStore::sweep(&store, code(1).kept_until).await.unwrap();
    CounterStore::sweep(&store, NOW + HOUR).await.unwrap();
    OutboxStore::sweep(&store, Timestamp(entry(1).expires_at.0 + 1)).await.unwrap();
    DocumentStore::sweep(&store, NOW + HOUR).await.unwrap();
    assert_eq!(rows("documents"), 1, "what has no end stays");
    assert_eq!((rows("codes"), rows("counters"), rows("outbox")), (0, 0, 1), "a mail that still waits is not swept");
    assert_eq!(store.waiting().await.unwrap(), 1);
}

#[tokio::test]
async fn what_changes_nothing_costs_no_commit() {
    let place = Place::new();
    let store = place.open();
    SessionStore::create(&store, &session(1)).await.unwrap();
    let count = count(1, Rule::new(0, HOUR));
    assert_eq!(hit(&store, 1, count, NOW).await, Hit::Limited { retry_after: HOUR });
    let before = commits(&place.path);
    let lease = Lease { holder: 1, until: NOW + HOUR };
    assert_eq!(store.lease(lease, NOW, 10).await.unwrap(), []);
    assert_eq!(hit(&store, 1, count, NOW).await, Hit::Limited { retry_after: HOUR });
    SessionStore::sweep(&store, NOW).await.unwrap();
    store.revoke(session(2).id).await.unwrap();
    assert_eq!(commits(&place.path), before);
}

/// The commits in the write-ahead log: after a header of 32 bytes, each frame is a header of 24 bytes and a page, and the
/// last frame of a commit has the size of the database in its second word (`SQLite` file format, section 4.1).
fn commits(path: &Path) -> usize {
    let log = std::fs::read(path.with_extension("db-wal")).unwrap();
    log[32..].chunks_exact(24 + 4096).filter(|frame| frame[4..8] != [0; 4]).count()
}
