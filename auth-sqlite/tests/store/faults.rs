//! Another process's locks, and rows that no version has written.
use crate::records::*;
use auth_core::{ports::*, value::*};
use auth_sqlite::{Options, SqliteStore};
use std::{error::Error, time::Duration};

#[tokio::test]
async fn a_lock_that_is_given_up_in_time_is_waited_for() {
    let place = Place::new();
    let store = place.open();
    let outsider = place.outsider();
    outsider.execute_batch("BEGIN IMMEDIATE").unwrap();
    let user = user(1);
    let (inserted, ()) =
        tokio::join!(UserStore::insert(&store, &user), async { outsider.execute_batch("COMMIT").unwrap() });
    assert_eq!(inserted.unwrap(), Insert::Done);
}

#[tokio::test] // H-17, R5
async fn a_lock_that_is_kept_is_unavailable_and_later_writes_work() {
    let place = Place::new();
    let store =
        SqliteStore::open(&place.path, Options { patience: Duration::from_secs(1), ..Options::default() }).unwrap();
    let outsider = place.outsider();
    outsider.execute_batch("BEGIN IMMEDIATE").unwrap();
    let refused = UserStore::insert(&store, &user(1)).await.unwrap_err();
    assert!(matches!(refused, Unavailable::Failed { service: "users", .. }), "{refused:?}");
    store.ping().await.expect("reads go on");
    outsider.execute_batch("COMMIT").unwrap();
    assert_eq!(UserStore::insert(&store, &user(2)).await.unwrap(), Insert::Done);
    let first = UserStore::by_id(&store, user(1).id).await.unwrap();
    assert!(first.is_none(), "what was refused does not happen later");
}

#[tokio::test]
async fn two_stores_on_one_file_share_it() {
    let place = Place::new();
    let (one, other) = (place.open(), place.open());
    let numbers: Vec<_> = (0..50).map(user).collect();
    let inserts =
        |store| futures_util::future::join_all(numbers.iter().map(move |user| UserStore::insert(store, user)));
    let (one, other) = tokio::join!(inserts(&one), inserts(&other));
    for (one, other) in one.into_iter().zip(other) {
        let done = [one.unwrap(), other.unwrap()];
        assert!(done.contains(&Insert::Done) && done.contains(&Insert::Exists), "{done:?}");
    }
}

#[tokio::test]
async fn a_damaged_row_is_unavailable_and_not_quoted() {
    let place = Place::new();
    let store = place.open();
    let (user, session, code) = (user(1), session(1), code(1));
    assert_eq!(UserStore::insert(&store, &user).await.unwrap(), Insert::Done);
    SessionStore::create(&store, &session).await.unwrap();
    CodeStore::create(&store, &code).await.unwrap();
    store.put(&entry(1)).await.unwrap();
    let lease = Lease { holder: 1, until: NOW + HOUR };
    for damage in ["", "null", "{\"id\":\"hunter2\"}", "[\"hunter2\"", "{\"id\":{\"hunter2\":1}}"] {
        for table in ["users", "sessions", "codes"] {
            place.outsider().execute(&format!("UPDATE {table} SET record = ?1"), [damage]).unwrap();
        }
        place.outsider().execute_batch("UPDATE outbox SET id = x'00', attempts = -1").unwrap();
        let failures = [
            UserStore::by_id(&store, user.id).await.map(drop),
            store.by_login(&user.login).await.map(drop),
            store.by_email(&user.email).await.map(drop),
            SessionStore::by_id(&store, session.id).await.map(drop),
            store.of_user(session.id.user()).await.map(drop),
            store.turn(session.id, &turn(&session, 0)).await.map(drop),
            store.redeem(&attempt(&code, "123456")).await.map(drop),
            store.lease(lease, NOW, 1).await.map(drop),
        ];
        for failure in failures {
            let failure = failure.expect_err("a damaged row was read");
            let source = failure.source().expect("a reason");
            let told = format!("{failure} {failure:?} {source}");
            assert!(!told.contains("hunter2"), "{told}");
        }
    }
    // The slot of a damaged code is not blocked for ever.
    CodeStore::create(&store, &code).await.unwrap();
    assert!(store.redeem(&attempt(&code, "123456")).await.is_ok());
}

#[tokio::test]
async fn what_is_no_database_is_refused() {
    let place = Place::new();
    std::fs::write(&place.path, "no database, but long enough to be looked at: ".repeat(100)).unwrap();
    assert!(SqliteStore::open(&place.path, Options::default()).is_err());
    assert!(SqliteStore::open(place.folder.path(), Options::default()).is_err(), "a folder");
}

#[tokio::test]
async fn a_revision_of_another_store_is_stale() {
    let place = Place::new();
    let store = place.open();
    assert_eq!(UserStore::insert(&store, &user(1)).await.unwrap(), Insert::Done);
    let stored = Stored { value: user(1), revision: Revision("\"etag\"".to_owned()) };
    assert_eq!(UserStore::replace(&store, &stored).await.unwrap(), Replace::Stale);
    assert_eq!(store.rename(&stored).await.unwrap(), Rename::Stale);
    assert_eq!(UserStore::delete(&store, &stored).await.unwrap(), Replace::Stale);
    let gone = Stored { value: user(2), revision: Revision("0".to_owned()) };
    assert_eq!(UserStore::replace(&store, &gone).await.unwrap(), Replace::Stale);
    assert_eq!(UserStore::by_id(&store, UserId::from_bytes(bytes(2))).await.unwrap(), None);
}
