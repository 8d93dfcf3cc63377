//! Forward and back, and nothing that this program does not know.
use crate::records::*;
use auth_core::{code::*, ports::*};
use auth_sqlite::{Error, Options, SqliteStore, migrate};

fn applied(steps: &[migrate::Step]) -> Vec<u32> {
    steps.iter().filter(|step| step.applied).map(|step| step.version).collect()
}

#[tokio::test]
async fn back_and_forward_keeps_what_both_versions_hold() {
    let place = Place::new();
    let store = place.open();
    assert_eq!(UserStore::insert(&store, &user(1)).await.unwrap(), Insert::Done);
    store.put(&entry(1)).await.unwrap();
    store.close().await;

    let steps = migrate::status(&place.path).unwrap();
    assert_eq!(applied(&steps), [1, 2, 3, 4, 5, 6, 7, 8, 9]);
    assert_eq!(steps[0].name, "0001_users");
    assert_eq!(applied(&migrate::down(&place.path, Some(4)).unwrap()), [1, 2, 3, 4]);
    assert_eq!(applied(&migrate::down(&place.path, Some(1)).unwrap()), [1]);
    assert_eq!(applied(&migrate::status(&place.path).unwrap()), [1]);
    assert_eq!(applied(&migrate::up(&place.path, Some(3)).unwrap()), [1, 2, 3]);
    assert_eq!(applied(&migrate::up(&place.path, None).unwrap()), [1, 2, 3, 4, 5, 6, 7, 8, 9]);

    let store = place.open();
    assert_eq!(UserStore::by_id(&store, user(1).id).await.unwrap().unwrap().value, user(1));
    assert_eq!(store.waiting().await.unwrap(), 0, "the older version has no table for mails");
}

#[test]
fn all_the_way_back_leaves_nothing_and_the_way_forward_is_open() {
    let place = Place::new();
    migrate::up(&place.path, None).unwrap();
    assert!(applied(&migrate::down(&place.path, Some(0)).unwrap()).is_empty());
    let left: i64 = place.outsider().query_one("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0)).unwrap();
    assert_eq!(left, 0);
    assert_eq!(applied(&migrate::up(&place.path, None).unwrap()).len(), 9);
}

#[test]
fn the_wrong_way_is_refused() {
    let place = Place::new();
    assert!(migrate::status(&place.path).is_err(), "there is no such file, and asking makes none");
    assert!(!place.path.exists());
    migrate::up(&place.path, Some(3)).unwrap();
    let way = |result: Result<_, Error>| result.map(|steps: Vec<_>| steps.len()).unwrap_err().to_string();
    assert_eq!(way(migrate::up(&place.path, Some(2))), "cannot migrate up from version 3 to 2: versions are 0 to 9");
    assert_eq!(way(migrate::up(&place.path, Some(10))), "cannot migrate up from version 3 to 10: versions are 0 to 9");
    assert_eq!(
        way(migrate::down(&place.path, Some(4))),
        "cannot migrate down from version 3 to 4: versions are 0 to 9"
    );
}

#[test]
fn a_newer_database_is_refused_with_both_versions_and_the_fix() {
    let place = Place::new();
    migrate::up(&place.path, None).unwrap();
    place.outsider().pragma_update(None, "user_version", 10).unwrap();
    let told = "the database has version 10, and this program knows versions up to 9: \
                start the newer program again, or run its `migrate down 9` first";
    let Err(error) = SqliteStore::open(&place.path, Options::default()) else { panic!("a newer database was opened") };
    assert_eq!(error.to_string(), told);
    assert_eq!(migrate::status(&place.path).unwrap_err().to_string(), told);
    assert_eq!(migrate::up(&place.path, None).unwrap_err().to_string(), told);
    assert_eq!(migrate::down(&place.path, None).unwrap_err().to_string(), told);
}

#[tokio::test]
async fn nobody_goes_back_under_a_running_server() {
    let place = Place::new();
    let store = place.open();
    assert!(matches!(migrate::down(&place.path, None), Err(Error::InUse)));
    assert_eq!(UserStore::insert(&store, &user(1)).await.unwrap(), Insert::Done);
    store.close().await;
    migrate::down(&place.path, None).unwrap();
}

#[tokio::test]
async fn a_code_keeps_the_wrong_guesses_that_it_has_had_over_the_way_back_and_forward() {
    let place = Place::new();
    let store = place.open();
    CodeStore::create(&store, &code(1)).await.unwrap();
    for _ in 0..2 {
        assert_eq!(store.redeem(&attempt(&code(1), "000000")).await.unwrap(), Redeem::Refused);
    }
    store.close().await;
    migrate::down(&place.path, Some(5)).unwrap();
    let left: i64 = place
        .outsider()
        .query_one("SELECT json_extract(record, '$.tries_left') FROM codes", [], |row| row.get(0))
        .unwrap();
    assert_eq!(left, 3);
    let store = place.open();
    let one_too_many = Attempt { tries: Some(2), ..attempt(&code(1), "123456") };
    assert_eq!(store.redeem(&one_too_many).await.unwrap(), Redeem::Refused);
    let in_time = Attempt { tries: Some(3), ..one_too_many };
    assert!(matches!(store.redeem(&in_time).await.unwrap(), Redeem::Accepted(_)));
}

#[tokio::test] // K-30
async fn no_code_brings_a_deleted_account_back_in_a_version_that_does_not_know_of_it() {
    let place = Place::new();
    let store = place.open();
    for number in [1, 2] {
        CodeStore::create(&store, &registration(number)).await.unwrap();
        assert_eq!(UserStore::insert(&store, &user(number)).await.unwrap(), Insert::Done);
    }
    let first = UserStore::by_id(&store, user(1).id).await.unwrap().unwrap();
    assert_eq!(UserStore::delete(&store, &first).await.unwrap(), Replace::Done);
    store.close().await;
    migrate::down(&place.path, Some(6)).unwrap();
    let store = place.open();
    let shown = async |number| store.redeem(&attempt(&registration(number), "123456")).await.unwrap();
    assert_eq!(shown(1).await, Redeem::Refused);
    assert!(matches!(shown(2).await, Redeem::Accepted(_)));
}

/// A program that does not know a field of a record drops it when it writes the record back. So a field that comes or
/// goes comes with a migration, be it an empty one: then older programs refuse the file.
#[test]
fn the_fields_of_the_records_are_those_of_this_version() {
    let fields = |record: serde_json::Value| record.as_object().unwrap().keys().cloned().collect::<Vec<_>>().join(" ");
    assert_eq!(migrate::NEWEST, 9, "look at the fields below, too");
    assert_eq!(
        fields(serde_json::to_value(user(1)).unwrap()),
        "created_at disabled email epoch id locale login password roles spared"
    );
    assert_eq!(fields(serde_json::to_value(code(1)).unwrap()), "expires_at id kept_until key mac purpose spent wrong");
    assert_eq!(
        fields(serde_json::to_value(session(1)).unwrap()),
        "device ended ends_at epoch expires_at generation id key seed started_at turned_at"
    );
    assert_eq!(fields(serde_json::to_value(document(1)).unwrap()), "body expires_at key");
}
