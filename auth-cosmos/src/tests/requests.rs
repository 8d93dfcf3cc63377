//! What is true of every request and every document, seen from the database.
use super::{
    emulator::{Emulator, Rotation},
    flows::lives,
    numbers::all,
    people::user,
    things::{document, entry},
};
use crate::schema;
use auth_core::{document::*, ports::*, value::*};
use std::sync::Arc;

/// So many people, each at three instances.
const PEOPLE: u64 = 2;

async fn live(emulator: &Emulator) {
    let stores = [Arc::new(emulator.store().await), Arc::new(emulator.store().await), Arc::new(emulator.store().await)];
    lives(PEOPLE, &stores).await;
}

#[tokio::test]
async fn every_read_asks_for_what_was_last_committed() {
    let emulator = Emulator::watched_by(Rotation::keeping()).await;
    live(&emulator).await;
    let (mut reads, mut again, mut queries) = (0, 0, 0);
    for asked in emulator.watch.kept() {
        let is_read = asked.method == "GET";
        match asked.consistency.as_deref() {
            Some("LatestCommitted") if is_read => reads += 1,
            // After a refusal, of what was written here, and of what is not found: at least as new as what is known.
            Some("Session") if is_read => again += 1,
            Some("LatestCommitted") => queries += 1,
            None if !is_read => {} // a write
            _ => panic!("{asked:?}"),
        }
    }
    assert!(reads > 50 && queries > 2, "{reads} reads, {queries} queries");
    assert!(again * 3 < reads, "{again} of {reads} reads ask for less");
}

async fn one_mail_is_out_and_one_waits(emulator: &Emulator) {
    let store = emulator.store().await;
    let (out, waits) = (entry(), Entry { id: MailId::from_bytes([1; 16]), due_at: Timestamp(100), ..entry() });
    store.put(&out).await.unwrap();
    store.put(&waits).await.unwrap();
    let lease = Lease { holder: 1, until: Timestamp(20) };
    assert_eq!(store.lease(lease, Timestamp(1), 10).await.unwrap().len(), 1);
    assert_eq!(store.settle(out.id, lease, &MailVerdict::Done).await.unwrap(), Settled::Done);
}

async fn one_document_stays_one_ends_and_one_was_deleted(emulator: &Emulator) {
    let store = emulator.store().await;
    let ends = Document { expires_at: Some(Timestamp(3_000_000_000)), ..document("two") };
    for document in [document("one"), ends, document("three")] {
        assert_eq!(DocumentStore::insert(&store, &document).await.unwrap(), Inserted::Done);
    }
    let read = store.find(&document("three").key).await.unwrap().unwrap();
    assert_eq!(DocumentStore::delete(&store, &read).await.unwrap(), Replace::Done);
}

#[tokio::test]
async fn every_document_that_is_to_go_says_when() {
    let emulator = Emulator::start().await;
    live(&emulator).await;
    // Of them all no name is left, since each was deleted.
    let bob = user(UserId::from_bytes([1; 16]), "bob", "bob");
    assert_eq!(UserStore::insert(&emulator.store().await, &bob).await.unwrap(), Insert::Done);
    one_mail_is_out_and_one_waits(&emulator).await;
    one_document_stays_one_ends_and_one_was_deleted(&emulator).await;
    let database = emulator.database(Vec::new()).await;
    for schema in schema::ALL {
        let held = all(&database, schema).await;
        assert!(!held.is_empty(), "nothing in {}", schema.name);
        for document in held {
            // A mail stays while it waits, and goes when it is out; a record of a protocol may have no end.
            let record = &document["record"];
            let is_endless =
                record["live"].is_object() && record["live"]["expires_at"].is_null() && schema.name == "documents";
            let is_to_go = schema.forgets && record["ready"].is_null() && !is_endless;
            assert_eq!(document["ttl"].as_u64().is_some(), is_to_go, "{document} in {}", schema.name);
        }
    }
}
