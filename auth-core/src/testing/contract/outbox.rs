//! Mails on their way out: what every [`OutboxStore`] promises.
use super::{NOW, RACERS, SECOND, before, count, race};
use crate::{ports::*, testing::SeededRng, value::*};
use std::{sync::Arc, time::Duration};

/// The names of the clauses.
pub const CLAUSES: &[&str] = crate::contract!(@clauses outbox names);

const LEASE: Duration = Duration::from_mins(2);
const WORTH: Duration = Duration::from_mins(10);
/// Two holders that only a store which keeps all 64 bits can tell apart.
pub(super) const ONE: Lease = Lease { holder: u64::MAX, until: Timestamp(NOW.0 + 120) };
pub(super) const OTHER: Lease = Lease { holder: u64::MAX - 1, until: Timestamp(NOW.0 + 240) };

/// Every field comes back as it was written, with the lease and the attempt that the taking made.
pub async fn an_entry_is_leased_whole(store: Arc<dyn OutboxStore>) {
    let entry =
        Entry { sealed: (0..=255).cycle().take(5_000).collect(), attempts: 7, ..entry(&SeededRng::default(), 0) };
    store.put(&entry).await.unwrap();
    let leased = store.lease(ONE, NOW, 10).await.unwrap();
    assert_eq!(leased, [Entry { attempts: 8, lease: Some(ONE), ..entry }]);
}

/// Putting an entry again changes nothing: not while it waits, not while it is leased, not when it is given up.
pub async fn an_entry_put_twice_is_there_once(store: Arc<dyn OutboxStore>) {
    let entry = put(&store, entry(&SeededRng::default(), 0)).await;
    store.put(&entry).await.unwrap();
    assert_eq!(store.waiting().await.unwrap(), 1);
    assert_eq!(lease(&store, ONE, NOW).await, [entry.id]);
    store.put(&entry).await.unwrap();
    assert_eq!(lease(&store, OTHER, NOW).await, []);
    assert_eq!(settle(&store, entry.id, ONE, MailVerdict::Later(NOW)).await, Settled::Done);
    store.put(&entry).await.unwrap();
    let again = store.lease(OTHER, NOW, 10).await.unwrap();
    assert_eq!(again.iter().map(|entry| entry.attempts).collect::<Vec<_>>(), [2]);
    assert_eq!(settle(&store, entry.id, OTHER, MailVerdict::Dead("no".to_owned())).await, Settled::Done);
    store.put(&entry).await.unwrap();
    assert_eq!(lease(&store, ONE, NOW + LEASE * 9).await, []);
}

/// An entry is due at the very second that it says, and not before.
pub async fn an_entry_is_not_leased_before_it_is_due(store: Arc<dyn OutboxStore>) {
    let entry = put(&store, entry(&SeededRng::default(), 5)).await;
    assert_eq!(lease(&store, ONE, NOW + SECOND * 4).await, []);
    assert_eq!(lease(&store, ONE, NOW + SECOND * 5).await, [entry.id]);
}

/// A worker takes no more than it asks for, the most overdue first.
pub async fn the_most_overdue_are_leased_first_up_to_the_limit(store: Arc<dyn OutboxStore>) {
    let rng = SeededRng::default();
    let mut entries = Vec::new();
    for due in [2, 5, 0, 4, 1, 3] {
        entries.push(put(&store, entry(&rng, due)).await);
    }
    entries.sort_by_key(|entry| entry.due_at);
    let ids: Vec<_> = entries.iter().map(|entry| entry.id).collect();
    let now = NOW + SECOND * 9;
    assert_eq!(store.lease(ONE, now, 0).await.unwrap(), []);
    for batch in ids.chunks(2) {
        let leased = store.lease(ONE, now, 2).await.unwrap();
        assert_eq!(leased.iter().map(|entry| entry.id).collect::<Vec<_>>(), batch);
    }
}

/// What a worker leaves behind when it dies comes back at the very second that its lease has run out, with the attempt
/// counted.
pub async fn a_leased_entry_is_nobody_elses_until_the_lease_runs_out(store: Arc<dyn OutboxStore>) {
    let entry = put(&store, entry(&SeededRng::default(), 0)).await;
    assert_eq!(lease(&store, ONE, NOW).await, [entry.id]);
    assert_eq!(lease(&store, OTHER, NOW).await, []);
    assert_eq!(lease(&store, OTHER, before(ONE.until)).await, []);
    let again = store.lease(OTHER, ONE.until, 10).await.unwrap();
    assert_eq!(again, [Entry { attempts: 2, lease: Some(OTHER), ..entry }]);
}

/// A worker that says that it is still at it keeps the entry until then, and no longer.
pub async fn a_lease_that_is_held_runs_on(store: Arc<dyn OutboxStore>) {
    let entry = put(&store, entry(&SeededRng::default(), 0)).await;
    assert_eq!(lease(&store, ONE, NOW).await, [entry.id]);
    let until = ONE.until + LEASE;
    assert_eq!(settle(&store, entry.id, OTHER, MailVerdict::Held(until)).await, Settled::Lost);
    assert_eq!(settle(&store, entry.id, ONE, MailVerdict::Held(until)).await, Settled::Done);
    assert_eq!(lease(&store, OTHER, before(until)).await, []);
    assert_eq!(store.lease(OTHER, until, 10).await.unwrap().len(), 1);
    assert_eq!(settle(&store, entry.id, ONE, MailVerdict::Held(until + LEASE)).await, Settled::Lost);
}

/// Of sixteen workers at once, no two take one entry, and none is lost.
pub async fn each_entry_goes_to_one_of_many_racing_workers(store: Arc<dyn OutboxStore>) {
    let rng = SeededRng::default();
    let mut ids = Vec::new();
    for _ in 0..20 {
        ids.push(put(&store, entry(&rng, 0)).await.id);
    }
    let batches = race(|n| {
        let (store, holder) = (store.clone(), u64::try_from(n).unwrap());
        async move { store.lease(Lease { holder, ..ONE }, NOW, 2).await.unwrap() }
    })
    .await;
    assert!(batches.iter().all(|batch| batch.len() <= 2));
    let mut leased: Vec<_> = batches.concat().into_iter().map(|entry| entry.id).collect();
    // A store may give racers less than there is; it is there for whoever asks next.
    leased.extend(lease(&store, OTHER, NOW).await);
    leased.sort();
    ids.sort();
    assert_eq!(leased, ids);
}

/// What is delivered is gone: neither leased again, nor waiting, nor among the dead.
pub async fn a_delivered_entry_is_forgotten(store: Arc<dyn OutboxStore>) {
    let rng = SeededRng::default();
    let (delivered, other) = (put(&store, entry(&rng, 0)).await, put(&store, entry(&rng, 1)).await);
    assert_eq!(lease(&store, ONE, NOW).await, [delivered.id]);
    assert_eq!(settle(&store, delivered.id, ONE, MailVerdict::Done).await, Settled::Done);
    assert_eq!(store.waiting().await.unwrap(), 1);
    assert_eq!(store.dead(10).await.unwrap(), []);
    assert_eq!(lease(&store, OTHER, NOW + LEASE * 9).await, [other.id]);
}

/// A clock that was ahead, and was put right, holds up no mail for as long as it was ahead.
pub async fn an_entry_put_off_by_a_clock_that_was_ahead_is_due(store: Arc<dyn OutboxStore>) {
    let rng = SeededRng::default();
    let longest = Entry::LONGEST_PAUSE.as_secs();
    put(&store, entry(&rng, longest)).await;
    assert_eq!(lease(&store, ONE, NOW).await, []);
    let ahead = put(&store, entry(&rng, longest + 1)).await;
    assert_eq!(lease(&store, ONE, NOW).await, [ahead.id]);
}

/// What is put off comes back at the very second that the worker said, and not before.
pub async fn a_delayed_entry_comes_back_at_its_time(store: Arc<dyn OutboxStore>) {
    let entry = put(&store, entry(&SeededRng::default(), 0)).await;
    assert_eq!(lease(&store, ONE, NOW).await, [entry.id]);
    let due_at = NOW + SECOND * 5;
    assert_eq!(settle(&store, entry.id, ONE, MailVerdict::Later(due_at)).await, Settled::Done);
    assert_eq!(lease(&store, OTHER, NOW + SECOND * 4).await, []);
    let again = store.lease(OTHER, due_at, 10).await.unwrap();
    assert_eq!(again, [Entry { due_at, attempts: 2, lease: Some(OTHER), ..entry }]);
}

/// What is given up is there for the operator with the reason, and for no worker.
pub async fn a_dead_entry_is_never_leased_again(store: Arc<dyn OutboxStore>) {
    let entry = put(&store, entry(&SeededRng::default(), 0)).await;
    assert_eq!(lease(&store, ONE, NOW).await, [entry.id]);
    let why = "550 нет такого ящика".to_owned();
    assert_eq!(settle(&store, entry.id, ONE, MailVerdict::Dead(why.clone())).await, Settled::Done);
    assert_eq!(lease(&store, OTHER, NOW + LEASE * 9).await, []);
    assert_eq!(store.dead(10).await.unwrap(), [Entry { attempts: 1, dead: Some(why), ..entry }]);
}

/// The operator sees no more of the dead than asked for, the oldest first.
pub async fn dead_entries_are_listed_oldest_first_up_to_the_limit(store: Arc<dyn OutboxStore>) {
    let rng = SeededRng::default();
    let mut ids = Vec::new();
    for due in 0..6 {
        ids.push(bury(&store, entry(&rng, due)).await);
    }
    for limit in [0, 4, 6, 9] {
        let listed: Vec<_> = store.dead(limit).await.unwrap().into_iter().map(|entry| entry.id).collect();
        assert_eq!(listed, ids[..limit.min(6)]);
    }
}

/// The verdict of a worker that was too slow does not count: the one that has the lease now decides.
pub async fn a_verdict_after_a_lost_lease_changes_nothing(store: Arc<dyn OutboxStore>) {
    let entry = put(&store, entry(&SeededRng::default(), 0)).await;
    assert_eq!(settle(&store, entry.id, ONE, MailVerdict::Done).await, Settled::Lost, "it was never leased");
    assert_eq!(lease(&store, ONE, NOW).await, [entry.id]);
    assert_eq!(lease(&store, OTHER, ONE.until).await, [entry.id]);
    for verdict in [MailVerdict::Done, MailVerdict::Later(NOW), MailVerdict::Dead("no".to_owned())] {
        assert_eq!(settle(&store, entry.id, ONE, verdict).await, Settled::Lost);
    }
    assert_eq!(store.waiting().await.unwrap(), 1);
    assert_eq!(store.dead(10).await.unwrap(), []);
    let third = Lease { holder: 3, until: OTHER.until + LEASE };
    assert_eq!(lease(&store, third, ONE.until).await, []);
    let again = store.lease(third, OTHER.until, 10).await.unwrap();
    assert_eq!(again, [Entry { attempts: 3, lease: Some(third), ..entry }]);
}

/// Settling again is too late, whatever the first verdict was.
pub async fn the_second_verdict_is_lost(store: Arc<dyn OutboxStore>) {
    let rng = SeededRng::default();
    let later = NOW + Entry::LONGEST_PAUSE;
    for verdict in [MailVerdict::Done, MailVerdict::Later(later), MailVerdict::Dead("no".to_owned())] {
        let entry = put(&store, entry(&rng, 0)).await;
        assert_eq!(lease(&store, ONE, NOW).await, [entry.id]);
        assert_eq!(settle(&store, entry.id, ONE, verdict.clone()).await, Settled::Done);
        for second in [verdict, MailVerdict::Done] {
            assert_eq!(settle(&store, entry.id, ONE, second).await, Settled::Lost);
        }
    }
    assert_eq!(store.waiting().await.unwrap(), 1);
    assert_eq!(store.dead(10).await.unwrap().len(), 1);
}

/// Of sixteen verdicts at once under one lease, one counts.
pub async fn one_of_many_racing_verdicts_counts(store: Arc<dyn OutboxStore>) {
    let entry = put(&store, entry(&SeededRng::default(), 0)).await;
    assert_eq!(lease(&store, ONE, NOW).await, [entry.id]);
    let answers = race(|n| {
        let (store, id) = (store.clone(), entry.id);
        async move { settle(&store, id, ONE, MailVerdict::Dead(n.to_string())).await }
    })
    .await;
    assert_eq!((count(&answers, &Settled::Done), count(&answers, &Settled::Lost)), (1, RACERS - 1), "{answers:?}");
}

/// Waiting is what is not yet due, due, leased or put off; neither what is delivered nor what is given up.
pub async fn only_what_is_to_be_delivered_is_waiting(store: Arc<dyn OutboxStore>) {
    let rng = SeededRng::default();
    assert_eq!(store.waiting().await.unwrap(), 0);
    for verdict in [None, Some(MailVerdict::Later(NOW + WORTH)), Some(MailVerdict::Done)] {
        let entry = put(&store, entry(&rng, 0)).await;
        assert_eq!(lease(&store, ONE, NOW).await, [entry.id]);
        if let Some(verdict) = verdict {
            assert_eq!(settle(&store, entry.id, ONE, verdict).await, Settled::Done);
        }
    }
    bury(&store, entry(&rng, 0)).await;
    put(&store, entry(&rng, 0)).await;
    put(&store, entry(&rng, 99)).await;
    assert_eq!(store.waiting().await.unwrap(), 4);
}

/// A sweep forgets the dead that expired before, and leaves the other dead and all that still waits.
pub async fn only_dead_entries_that_expired_before_are_swept(store: Arc<dyn OutboxStore>) {
    let rng = SeededRng::default();
    bury(&store, entry(&rng, 0)).await;
    let kept = bury(&store, entry(&rng, 1)).await;
    let waits = put(&store, entry(&rng, 0)).await;
    store.sweep(NOW + SECOND + WORTH).await.unwrap();
    let dead: Vec<_> = store.dead(10).await.unwrap().into_iter().map(|entry| entry.id).collect();
    assert_eq!(dead, [kept]);
    assert_eq!(store.waiting().await.unwrap(), 1);
    assert_eq!(lease(&store, ONE, NOW).await, [waits.id]);
}

/// An entry that is due after so many seconds, and expires so much later than another.
pub(super) fn entry(rng: &SeededRng, due: u64) -> Entry {
    let due_at = NOW + Duration::from_secs(due);
    let id = MailId::generate(rng);
    Entry { id, sealed: b"sealed".to_vec(), due_at, expires_at: due_at + WORTH, attempts: 0, lease: None, dead: None }
}

async fn put(store: &Arc<dyn OutboxStore>, entry: Entry) -> Entry {
    store.put(&entry).await.unwrap();
    entry
}

/// Leases all that is due, and answers what.
async fn lease(store: &Arc<dyn OutboxStore>, lease: Lease, now: Timestamp) -> Vec<MailId> {
    store.lease(lease, now, 100).await.unwrap().into_iter().map(|entry| entry.id).collect()
}

async fn settle(store: &Arc<dyn OutboxStore>, id: MailId, lease: Lease, verdict: MailVerdict) -> Settled {
    store.settle(id, lease, &verdict).await.unwrap()
}

/// Puts an entry and gives it up, at the time that it is due; nothing else may be due by then.
async fn bury(store: &Arc<dyn OutboxStore>, entry: Entry) -> MailId {
    let entry = put(store, entry).await;
    assert_eq!(lease(store, ONE, entry.due_at).await, [entry.id]);
    assert_eq!(settle(store, entry.id, ONE, MailVerdict::Dead("no".to_owned())).await, Settled::Done);
    entry.id
}
