//! What is true of every request and every document, seen from the database.
use super::{
    emulator::{Emulator, Rotation},
    flows::lives,
    numbers::all,
    people::user,
};
use crate::schema;
use auth_core::{ports::*, value::*};
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
    let (mut reads, mut queries) = (0, 0);
    for asked in emulator.watch.kept() {
        let is_read = asked.method == "GET";
        // After a refusal it is the session's: at least as new as what refused.
        match asked.consistency.as_deref() {
            Some("LatestCommitted" | "Session") if is_read => reads += 1,
            Some("LatestCommitted") => queries += 1,
            None if !is_read => {} // a write
            _ => panic!("{asked:?}"),
        }
    }
    assert!(reads > 50 && queries > 2, "{reads} reads, {queries} queries");
}

#[tokio::test]
async fn every_document_that_is_to_go_says_when() {
    let emulator = Emulator::start().await;
    live(&emulator).await;
    // Of them all no name is left, since each was deleted.
    let bob = user(UserId::from_bytes([1; 16]), "bob", "bob");
    assert_eq!(emulator.store().await.insert(&bob).await.unwrap(), Insert::Done);
    let database = emulator.database(Vec::new()).await;
    for schema in schema::ALL {
        let held = all(&database, schema).await;
        // Mails are taken by the test, and not put here.
        assert!(!held.is_empty() || schema.name == "outbox", "nothing in {}", schema.name);
        for document in held {
            let says = document["ttl"].as_u64().is_some();
            assert_eq!(says, schema.forgets, "{document} in {}", schema.name);
        }
    }
}
