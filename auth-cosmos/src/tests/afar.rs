//! Servers that read in a region which has not heard yet of what was written.
use super::{
    emulator::{Emulator, parts},
    things::{Things, count, document, guess},
};
use crate::{CosmosStore, Parts};
use auth_core::{counter::*, ports::*, testing::FixedClock, value::*};
use futures_util::future::join;
use std::{sync::Arc, time::Duration};
use tokio::time::sleep;

/// An account in two regions, and a store in the one that only reads.
async fn afar() -> (Emulator, CosmosStore) {
    let emulator = Emulator::start_in_two_regions().await;
    let database = emulator.seen_from_afar().database(Vec::new()).await;
    // The clock of the things: a container forgets none of them.
    let parts = Parts { clock: Arc::new(FixedClock::default()), ..parts() };
    (emulator, CosmosStore::over(&database, parts).await.unwrap())
}

#[tokio::test]
async fn a_session_that_was_just_begun_here_opens_and_ends() {
    let (emulator, store) = afar().await;
    let session = Things::of_a_life().await.session;
    emulator.part_the_regions();
    SessionStore::create(&store, &session).await.unwrap();
    assert_eq!(SessionStore::by_id(&store, session.id).await.unwrap(), Some(session.clone()));
    store.revoke(session.id).await.unwrap();
    assert_eq!(SessionStore::by_id(&emulator.store().await, session.id).await.unwrap(), None);
}

/// It was begun at a server elsewhere, and here nobody has heard of it.
#[tokio::test] // R3
async fn a_session_that_is_ended_before_it_is_heard_of_is_ended() {
    let (emulator, store) = afar().await;
    let session = Things::of_a_life().await.session;
    emulator.part_the_regions();
    SessionStore::create(&emulator.store().await, &session).await.unwrap();
    store.revoke(session.id).await.unwrap();
    let near = emulator.store().await;
    assert_eq!(SessionStore::by_id(&near, session.id).await.unwrap(), None);
    assert_eq!(near.of_user(session.id.user()).await.unwrap(), []);
}

#[tokio::test]
async fn a_document_that_was_just_written_here_is_found_and_used_once() {
    let (emulator, store) = afar().await;
    emulator.part_the_regions();
    let document = document("one");
    assert_eq!(DocumentStore::insert(&store, &document).await.unwrap(), Inserted::Done);
    let read = store.find(&document.key).await.unwrap().unwrap();
    assert_eq!(read.value, document);
    assert_eq!(DocumentStore::delete(&store, &read).await.unwrap(), Replace::Done);
    let near = emulator.store().await;
    assert_eq!(near.find(&document.key).await.unwrap(), None);
    assert_eq!(DocumentStore::delete(&near, &read).await.unwrap(), Replace::Stale);
}

#[tokio::test] // R4
async fn a_mail_that_is_out_is_marked_though_its_lease_has_not_been_heard_of() {
    let (emulator, store) = afar().await;
    let entry = Things::of_a_life().await.entry;
    store.put(&entry).await.unwrap();
    emulator.part_the_regions();
    let lease = Lease { holder: 1, until: Timestamp(20) };
    assert_eq!(store.lease(lease, Timestamp(1), 10).await.unwrap().len(), 1);
    assert_eq!(store.settle(entry.id, lease, &MailVerdict::Done).await.unwrap(), Settled::Done);
    assert_eq!(emulator.store().await.waiting().await.unwrap(), 0);
}

#[tokio::test]
async fn a_code_that_was_just_mailed_from_here_is_found_and_a_guess_at_it_is_counted() {
    let (emulator, store) = afar().await;
    let code = Things::of_a_life().await.code;
    emulator.part_the_regions();
    CodeStore::create(&store, &code).await.unwrap();
    let attempt = guess(&code, Timestamp(code.expires_at.0 - 1));
    let _refused = store.redeem(&attempt).await.unwrap();
    let mut held = code.clone();
    let _refused = held.redeem(&attempt);
    let (near, mut records, mut after) = (emulator.store().await, Vec::new(), None);
    loop {
        let page = near.export(RecordKind::Codes, after, 10).await.unwrap();
        records.extend(page.records);
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!(records, [Record::Code(held)], "the guess was looked at, and counted");
}

#[tokio::test]
async fn a_hit_that_was_just_counted_here_is_taken_back() {
    let (emulator, store) = afar().await;
    let (now, count) = (FixedClock::default().now(), count(1));
    emulator.part_the_regions();
    let hit = async |store: &CosmosStore, attempt| {
        let standing = Standing::UnderWay(AttemptId(attempt));
        store.hit(standing, std::slice::from_ref(&count), now).await.unwrap().hit
    };
    assert_eq!(hit(&store, 1).await, Hit::Allowed);
    store.forgive(AttemptId(1), &[], &[count.key]).await.unwrap();
    assert_eq!(hit(&emulator.store().await, 2).await, Hit::Allowed);
}

/// Whoever is told that what he has read is over reads next: by then there is something else to be read.
#[tokio::test(start_paused = true)]
async fn whoever_has_read_what_is_over_is_told_so_when_he_can_read_what_is_not() {
    let (emulator, store) = afar().await;
    let near = emulator.store().await;
    let user = Things::of_a_life().await.user.value;
    assert_eq!(UserStore::insert(&near, &user).await.unwrap(), Insert::Done);
    emulator.part_the_regions();
    let mut read = UserStore::by_id(&near, user.id).await.unwrap().unwrap();
    read.value.disabled = true;
    assert_eq!(UserStore::replace(&near, &read).await.unwrap(), Replace::Done);

    let mut old = UserStore::by_id(&store, user.id).await.unwrap().unwrap();
    assert_eq!(old.value, user, "it has not been heard of here");
    old.value.epoch += 1;
    let later = async {
        sleep(Duration::from_millis(300)).await;
        emulator.join_the_regions();
    };
    let replace = async { (UserStore::replace(&store, &old).await, UserStore::by_id(&store, user.id).await) };
    let (told, found) = join(replace, later).await.0;
    assert_eq!(told.unwrap(), Replace::Stale);
    assert_eq!(found.unwrap().unwrap().value, read.value);
}
