//! A database that was filled under another name.
use crate::records::*;
use auth_core::ports::*;
use auth_sqlite::{Error, SqliteStore, must_be_free, put_in_place};
use std::fs;

#[tokio::test]
async fn it_takes_a_place_that_is_free_and_no_other() {
    let place = Place::new();
    let store = place.open();
    assert_eq!(UserStore::insert(&store, &user(1)).await.unwrap(), Insert::Done);
    store.close().await;
    let target = place.file("auth.db.target");
    // What another database has left behind would be played back into this one.
    for suffix in ["", "-wal", "-shm"] {
        let there = place.file(&format!("auth.db.target{suffix}"));
        fs::write(&there, "something").unwrap();
        for refused in [must_be_free(&target), put_in_place(&place.path, &target)] {
            assert!(matches!(refused, Err(Error::Taken(path)) if path == there));
        }
        fs::remove_file(there).unwrap();
    }
    must_be_free(&target).unwrap();
    let log = place.file("auth.db-wal");
    fs::write(&log, "a part of it").unwrap();
    assert!(matches!(put_in_place(&place.path, &target), Err(Error::InTheLog(path)) if path == log));
    fs::remove_file(log).unwrap();
    put_in_place(&place.path, &target).unwrap();
    assert!(!place.path.exists());
    put_in_place(&target, &place.path).unwrap();
    let store = place.open();
    assert_eq!(UserStore::by_id(&store, user(1).id).await.unwrap().unwrap().value, user(1));
    store.close().await;
}

#[tokio::test]
async fn whoever_has_it_alone_has_it_alone() {
    let place = Place::new();
    let alone = SqliteStore::open_alone(&place.path, <_>::default()).unwrap();
    let record = Record::Deleted(user(1).id);
    assert_eq!(alone.import(&record).await.unwrap(), Imported::Done);
    let another = || SqliteStore::open_alone(&place.path, <_>::default()).map(drop);
    assert!(matches!(another(), Err(Error::InUse)));
    assert!(matches!(SqliteStore::open(&place.path, <_>::default()).map(drop), Err(Error::Locked)));
    assert_eq!(alone.export(RecordKind::Users, None, 9).await.unwrap().records, [record]);
    alone.close().await;
    let store = place.open();
    assert!(matches!(another(), Err(Error::InUse)));
    assert_eq!(UserStore::insert(&store, &user(1)).await.unwrap(), Insert::Exists);
    store.close().await;
}
