//! What comes late brings no document back.
use super::{
    emulator::{Emulator, parts},
    line::{Line, Mishap},
    things::document,
};
use crate::{
    container::Written,
    documents::{DocumentRecord, place},
};
use auth_core::{document::*, ports::*};
use futures_util::future::join;
use std::time::Duration;

/// Longer than the other needs, and shorter than a request may take.
const STOPPED: Duration = Duration::from_millis(600);

/// An insert was repeated, since its first request was taken for lost; when that arrives, the document has been used.
#[tokio::test]
async fn a_request_that_comes_after_the_end_does_not_bring_a_document_back() {
    let store = Emulator::start().await.store().await;
    let (document, op) = (document("one"), store.documents.op());
    let (place, live) = (place(&document.key), DocumentRecord::Live(document.clone()));
    let Written::Done(_) = store.documents.create(&place, live.clone(), &op).await.unwrap() else { panic!("not new") };
    let read = store.find(&document.key).await.unwrap().unwrap();
    assert_eq!(DocumentStore::delete(&store, &read).await.unwrap(), Replace::Done);
    assert_eq!(store.documents.create(&place, live, &op).await.unwrap(), Written::Lost);
    assert_eq!(store.find(&document.key).await.unwrap(), None);
    assert_eq!(DocumentStore::insert(&store, &document).await.unwrap(), Inserted::Done);
}

/// Whoever inserts is stopped before each of his requests, until another has written, used or deleted what is there.
#[tokio::test(start_paused = true)]
async fn whoever_is_overtaken_at_any_request_is_told_what_he_has_done() {
    let emulator = Emulator::start().await;
    let others = emulator.store().await;
    for mishap in [Mishap::Late(STOPPED), Mishap::Unheard(STOPPED / 2)] {
        let (stopping, line) = Line::store(&emulator, parts(), Duration::ZERO, mishap).await;
        for passing in 0.. {
            let document = document(&format!("{mishap:?}-{passing}").replace(['(', ')'], "-"));
            // What was deleted before leaves its place, and that is written over.
            insert_and_delete(&others, &document).await;
            line.after(passing, 1);
            let (his, theirs) = join(DocumentStore::insert(&stopping, &document), insert(&others, &document)).await;
            let done = [his.unwrap(), theirs].iter().filter(|end| **end == Inserted::Done).count();
            assert_eq!(done, 1, "after {passing} requests, {mishap:?}");
            assert_eq!(others.find(&document.key).await.unwrap().unwrap().value, document);
            if line.left() == 1 {
                break;
            }
        }
    }
}

async fn insert(store: &impl DocumentStore, document: &Document) -> Inserted {
    store.insert(document).await.unwrap()
}

async fn insert_and_delete(store: &impl DocumentStore, document: &Document) {
    assert_eq!(insert(store, document).await, Inserted::Done);
    let read = store.find(&document.key).await.unwrap().unwrap();
    assert_eq!(store.delete(&read).await.unwrap(), Replace::Done);
}
