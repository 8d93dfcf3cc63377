//! A copy made while others write is whole, and private.
use crate::records::*;
use auth_core::{ports::*, value::*};
use auth_sqlite::Error;
use futures_util::future::try_join_all;
use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicU64, Ordering},
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_copy_under_writes_is_one_moment() {
    let place = Place::new();
    let store = Arc::new(place.open());
    let filling: Vec<_> = (0..3000).map(session).collect();
    for some in filling.chunks(1000) {
        try_join_all(some.iter().map(|session| SessionStore::create(store.as_ref(), session))).await.unwrap();
    }
    let (written, stop) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicBool::new(false)));
    let writer = tokio::spawn({
        let (store, written, stop) = (store.clone(), written.clone(), stop.clone());
        async move {
            while !stop.load(Ordering::Relaxed) {
                let number = written.load(Ordering::Relaxed);
                assert_eq!(UserStore::insert(&*store, &user(number)).await.unwrap(), Insert::Done);
                written.store(number + 1, Ordering::Relaxed);
            }
        }
    });
    while written.load(Ordering::Relaxed) < 10 {
        tokio::task::yield_now().await;
    }
    let before = written.load(Ordering::Relaxed);
    let copy = place.folder.path().join("copy.db");
    store.backup(&copy).await.unwrap();
    stop.store(true, Ordering::Relaxed);
    writer.await.unwrap();

    let copied = open(&copy);
    let mut users = 0;
    while UserStore::by_id(&copied, UserId::from_bytes(bytes(users))).await.unwrap().is_some() {
        users += 1;
    }
    assert!(users >= before, "{users} copied, {before} were there at its beginning");
    copied.close().await;
    let outsider = rusqlite::Connection::open(&copy).unwrap();
    let count = |table| outsider.query_one(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0)).unwrap();
    let (all_users, sessions): (i64, i64) = (count("users"), count("sessions"));
    assert_eq!((all_users, sessions), (users.cast_signed(), 3000), "a later write without an earlier one");
    let health: String = outsider.query_one("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
    assert_eq!(health, "ok");
}

#[tokio::test]
async fn a_copy_is_its_owners_alone_and_replaces_nothing() {
    let place = Place::new();
    let store = place.open();
    let [copy, partial] = ["copy.db", "copy.db.partial"].map(|name| place.folder.path().join(name));
    store.backup(&copy).await.unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(std::fs::metadata(&copy).unwrap().permissions().mode() & 0o777, 0o600);
    }
    assert!(!partial.exists());
    assert!(matches!(store.backup(&copy).await, Err(Error::Exists(name)) if name == copy));
    std::fs::remove_file(&copy).unwrap();
    std::fs::write(&partial, "another one's").unwrap();
    assert!(matches!(store.backup(&copy).await, Err(Error::Exists(name)) if name == partial));
    assert_eq!(std::fs::read(&partial).unwrap(), b"another one's");
    assert!(!copy.exists());
    assert!(store.backup(&place.folder.path().join("no/such/folder.db")).await.is_err());
}
