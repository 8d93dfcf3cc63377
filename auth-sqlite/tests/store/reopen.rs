//! What was answered is there after a restart, and the file is nobody else's.
use crate::records::*;
use auth_core::{code::*, counter::*, ports::*, session::*, value::*};

#[tokio::test] // S-19
async fn all_of_it_survives_a_restart() {
    let place = Place::new();
    let store = place.open();
    let (user, session, code, entry) = (user(1), session(1), code(1), entry(1));
    let count = count(1, Rule::new(1, HOUR));
    assert_eq!(UserStore::insert(&store, &user).await.unwrap(), Insert::Done);
    SessionStore::create(&store, &session).await.unwrap();
    assert!(matches!(store.turn(session.id, &turn(&session, 0)).await.unwrap(), Turned::Done(_)));
    CodeStore::create(&store, &code).await.unwrap();
    assert!(matches!(store.redeem(&attempt(&code, "123456")).await.unwrap(), Redeem::Accepted(_)));
    assert_eq!(hit(&store, 1, count, NOW).await, Hit::Allowed);
    store.put(&entry).await.unwrap();
    store.close().await;

    let store = place.open();
    assert_eq!(UserStore::by_id(&store, user.id).await.unwrap().unwrap().value, user);
    assert_eq!(SessionStore::by_id(&store, session.id).await.unwrap().unwrap().generation, 1);
    assert!(matches!(store.turn(session.id, &turn(&session, 0)).await.unwrap(), Turned::Replayed(_)));
    assert!(matches!(store.redeem(&attempt(&code, "123456")).await.unwrap(), Redeem::Replayed(_)));
    assert_eq!(hit(&store, 2, count, NOW).await, Hit::Limited { retry_after: HOUR });
    let lease = Lease { holder: u64::MAX, until: NOW + HOUR };
    let leased = store.lease(lease, NOW, 10).await.unwrap();
    assert_eq!(leased, [Entry { attempts: 1, lease: Some(lease), ..entry }]);
    store.ping().await.unwrap();
}

#[tokio::test]
async fn closing_copies_the_log_back_and_ends_the_service() {
    let place = Place::new();
    let store = place.open();
    assert_eq!(UserStore::insert(&store, &user(1)).await.unwrap(), Insert::Done);
    store.close().await;
    let names: Vec<_> = place.folder.path().read_dir().unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names, ["auth.db"], "the log and its index are gone");
    assert!(UserStore::insert(&store, &user(2)).await.is_err());
    assert!(store.ping().await.is_err());
    store.close().await;
}

#[cfg(unix)]
#[tokio::test]
async fn the_files_are_their_owners_alone() {
    use std::{
        fs::{Permissions, metadata, set_permissions},
        os::unix::fs::PermissionsExt,
    };
    let mode = |path: &std::path::Path| metadata(path).unwrap().permissions().mode() & 0o777;
    let place = Place::new();
    let path = place.folder.path().join("a/b/auth.db");
    let store = open(&path);
    assert_eq!(UserStore::insert(&store, &user(1)).await.unwrap(), Insert::Done);
    assert_eq!(mode(path.parent().unwrap().parent().unwrap()), 0o700);
    assert_eq!(mode(path.parent().unwrap()), 0o700);
    for file in path.parent().unwrap().read_dir().unwrap() {
        let file = file.unwrap().path();
        assert_eq!(mode(&file), 0o600, "{}", file.display());
    }
    store.close().await;
    set_permissions(&path, Permissions::from_mode(0o644)).unwrap();
    open(&path).close().await;
    assert_eq!(mode(&path), 0o600);
}

#[tokio::test]
async fn the_most_overdue_mail_goes_first_and_a_leased_one_waits() {
    let place = Place::new();
    let store = place.open();
    for (number, late) in [(1, 10), (2, 30), (3, 20)] {
        store.put(&Entry { due_at: Timestamp(NOW.0 - late), ..entry(number) }).await.unwrap();
    }
    let lease = |holder| Lease { holder, until: NOW + Entry::LONGEST_LEASE };
    let ids = |entries: Vec<Entry>| entries.into_iter().map(|entry| entry.id).collect::<Vec<_>>();
    assert_eq!(ids(store.lease(lease(1), NOW, 2).await.unwrap()), [entry(2).id, entry(3).id]);
    assert_eq!(ids(store.lease(lease(2), NOW, 2).await.unwrap()), [entry(1).id]);
    assert_eq!(
        ids(store.lease(lease(3), NOW + Entry::LONGEST_LEASE, 1).await.unwrap()),
        [entry(2).id],
        "its lease has run out"
    );
    assert_eq!(store.settle(entry(2).id, lease(1), &MailVerdict::Done).await.unwrap(), Settled::Lost);
}
