//! The keys that sign access tokens: what every [`KeyStore`] promises.
use super::{RACERS, count, race};
use crate::{keys::SealedKeys, ports::*};
use std::sync::Arc;

/// The names of the clauses.
pub const CLAUSES: &[&str] = crate::contract!(@clauses keys names);

/// There are none before the first are written, and then those that were written last.
pub async fn keys_are_kept_whole(store: Arc<dyn KeyStore>) {
    assert_eq!(store.load().await.unwrap(), None);
    assert_eq!(store.save(&keys(1), None).await.unwrap(), Replace::Done);
    for n in 2..5 {
        let read = read(&store).await;
        assert_eq!(read.value, keys(n - 1));
        assert_eq!(store.save(&keys(n), Some(read.revision)).await.unwrap(), Replace::Done);
    }
    assert_eq!(read(&store).await.value, keys(4));
}

/// Whoever has read nothing writes over nothing, and whoever has read something writes over that alone.
pub async fn a_stale_set_is_refused_and_changes_nothing(store: Arc<dyn KeyStore>) {
    assert_eq!(store.save(&keys(1), None).await.unwrap(), Replace::Done);
    let old = read(&store).await;
    assert_eq!(store.save(&keys(2), Some(old.revision.clone())).await.unwrap(), Replace::Done);
    let new = read(&store).await;
    for over in [None, Some(old.revision)] {
        assert_eq!(store.save(&keys(3), over).await.unwrap(), Replace::Stale);
        assert_eq!(read(&store).await, new);
    }
}

/// Where nothing is, nothing can have been read.
pub async fn where_no_keys_are_none_are_written_over(store: Arc<dyn KeyStore>) {
    let another = Revision("1".to_owned());
    assert_eq!(store.save(&keys(1), Some(another)).await.unwrap(), Replace::Stale);
    assert_eq!(store.load().await.unwrap(), None);
}

/// Whoever has lost the answer asks again, and is told that it is done.
pub async fn the_same_keys_again_are_there(store: Arc<dyn KeyStore>) {
    for _ in 0..2 {
        assert_eq!(store.save(&keys(1), None).await.unwrap(), Replace::Done);
    }
    let old = read(&store).await.revision;
    for _ in 0..2 {
        assert_eq!(store.save(&keys(2), Some(old.clone())).await.unwrap(), Replace::Done);
    }
    assert_eq!(read(&store).await.value, keys(2));
}

/// Of many instances that start on an empty store, all sign with the keys of one.
pub async fn one_of_many_first_sets_is_kept(store: Arc<dyn KeyStore>) {
    one_wins(&store, None).await;
}

/// Of many operators who rotate at once, each sees what the others have done.
pub async fn one_of_many_racing_sets_wins(store: Arc<dyn KeyStore>) {
    assert_eq!(store.save(&keys(99), None).await.unwrap(), Replace::Done);
    let read = read(&store).await;
    one_wins(&store, Some(read.revision)).await;
}

/// No change among racers is lost.
pub async fn no_rotation_among_racers_is_lost(store: Arc<dyn KeyStore>) {
    let rotated = race(|n| {
        let store = store.clone();
        async move {
            let add = |held: Option<&SealedKeys>| {
                let held = held.map_or("", |held| &held.0);
                Ok::<_, Unavailable>(Some(SealedKeys(format!("{held} {n}"))))
            };
            store.change_keys(add).await.unwrap()
        }
    })
    .await;
    let held = read(&store).await.value;
    let mut added: Vec<usize> = held.0.split_whitespace().map(|n| n.parse().unwrap()).collect();
    added.sort_unstable();
    assert_eq!(added, (0..RACERS).collect::<Vec<_>>(), "each of them once");
    assert_eq!(rotated.len(), RACERS);
}

async fn one_wins(store: &Arc<dyn KeyStore>, over: Option<Revision>) {
    let answers = race(|n| {
        let (store, over) = (store.clone(), over.clone());
        async move { (n, store.save(&keys(n), over).await.unwrap()) }
    })
    .await;
    let ends: Vec<_> = answers.iter().map(|(_, end)| *end).collect();
    assert_eq!(count(&ends, &Replace::Done), 1, "{answers:?}");
    let winner = answers.iter().find(|(_, end)| *end == Replace::Done).expect("one");
    assert_eq!(read(store).await.value, keys(winner.0));
}

async fn read(store: &Arc<dyn KeyStore>) -> Stored<SealedKeys> {
    store.load().await.unwrap().expect("there are keys")
}

/// A store does not look into them.
fn keys(n: usize) -> SealedKeys {
    SealedKeys(format!("sealed-{n}"))
}
