//! Small records of a protocol: what every [`DocumentStore`] promises.
use super::{NOW, RACERS, SECOND, before, count, race};
use crate::{document::*, ports::*};
use serde_json::{Value, json};
use std::{collections::BTreeSet, sync::Arc};

/// The names of the clauses.
pub const CLAUSES: &[&str] = crate::contract!(@clauses documents names);

/// Every value of every type comes back as it was written, by an insert or over another.
pub async fn a_document_is_kept_whole(store: Arc<dyn DocumentStore>) {
    let rich = json!({
        "": null, "null": null, "flag": true, "nought": 0, "least": -9_007_199_254_740_991_i64,
        "most": 9_007_199_254_740_991_i64, "fraction": 1.5, "text": "Ánn's 📱 \u{202e}\"\\\n\t",
        "nested": { "list": [1, [2, [{ "three": [] }]], {}], "id": "x", "_etag": "y", "ttl": 1, "where": "z" },
        "ünï.cödé / $key": "", "large": "0123456789abcdef".repeat(3_750),
    });
    let bodies = [json!({ "a": 1, "b": 2 }), rich, json!({})];
    let others = [Value::Null, json!("text"), json!([1, "two", null])];
    for (n, body) in bodies.iter().chain(&others).enumerate() {
        for (owner, expires_at) in [("endless", None), ("ends", Some(NOW + SECOND * 60))] {
            let written = Document { expires_at, body: body.clone(), ..document(owner, &format!("{n}")) };
            insert(&store, &written).await;
            assert_eq!(read(&store, &written.key).await.value, written);
            let next = Document {
                expires_at: expires_at.map(|at| at + SECOND),
                body: json!({ "over": body, "z": "last" }),
                ..written
            };
            assert_eq!(replace(&store, &next).await, Replace::Done);
            assert_eq!(read(&store, &next.key).await.value, next);
        }
    }
    let (longest, longest_kind) = ("x".repeat(128), "k".repeat(32));
    for key in [
        DocumentKey::new(&longest_kind, &longest, &longest).unwrap(),
        DocumentKey::new("a", "-", "~").unwrap(),
        DocumentKey::new("a_", "...", "...").unwrap(),
    ] {
        let odd = Document { key, ..document("ann", "one") };
        insert(&store, &odd).await;
        assert_eq!(read(&store, &odd.key).await.value, odd);
    }
}

/// Where one is, another is not written, and whoever has that one read can write over it still.
pub async fn a_key_is_inserted_once(store: Arc<dyn DocumentStore>) {
    for expires_at in [None, Some(NOW)] {
        let first = Document { expires_at, ..document("ann", &format!("ends-{}", expires_at.is_some())) };
        insert(&store, &first).await;
        let held = read(&store, &first.key).await;
        let second = Document { body: json!("another"), ..first.clone() };
        for again in [&first, &second] {
            assert_eq!(store.insert(again).await.unwrap(), Inserted::Exists);
            assert_eq!(read(&store, &first.key).await, held);
        }
        assert_eq!(store.replace(&Stored { value: second, ..held }).await.unwrap(), Replace::Done);
        assert_eq!(store.insert(&first).await.unwrap(), Inserted::Exists);
    }
}

/// Of sixteen who insert under one key, one is told that he has, and it is his that is there.
pub async fn one_of_many_racing_inserts_wins(store: Arc<dyn DocumentStore>) {
    let answers = race(|n| {
        let (store, document) = (store.clone(), of_racer(n));
        async move { store.insert(&document).await.unwrap() }
    })
    .await;
    assert_eq!(count(&answers, &Inserted::Done), 1, "{answers:?}");
    assert_eq!(count(&answers, &Inserted::Exists), RACERS - 1, "{answers:?}");
    // Whoever inserts what is there is told so, the winner too.
    let held = read(&store, &of_racer(0).key).await.value;
    assert_eq!(store.insert(&held).await.unwrap(), Inserted::Exists);
    assert!((0..RACERS).any(|n| of_racer(n) == held), "{held:?}");
}

/// Whoever has read what is there no longer writes over nothing.
pub async fn a_document_that_has_changed_is_not_written_over(store: Arc<dyn DocumentStore>) {
    let old = inserted(&store, &document("ann", "one")).await;
    let second = Document { body: json!("second"), ..old.value.clone() };
    assert_eq!(store.replace(&Stored { value: second, ..old.clone() }).await.unwrap(), Replace::Done);
    let held = read(&store, &old.value.key).await;
    let third = Document { body: json!("third"), ..old.value.clone() };
    for revision in [old.revision, Revision("no revision of this store".to_owned())] {
        let stale = Stored { value: third.clone(), revision };
        assert_eq!(store.replace(&stale).await.unwrap(), Replace::Stale);
        assert_eq!(read(&store, &third.key).await, held);
    }
}

/// Where nothing is, nothing can have been read; what was read of another document is nothing either.
pub async fn a_document_that_is_not_there_is_neither_replaced_nor_deleted(store: Arc<dyn DocumentStore>) {
    let revision = inserted(&store, &document("ann", "one")).await.revision;
    let missing = Stored { value: document("ann", "two"), revision };
    assert_eq!(store.find(&missing.value.key).await.unwrap(), None);
    assert_eq!(store.replace(&missing).await.unwrap(), Replace::Stale);
    assert_eq!(store.delete(&missing).await.unwrap(), Replace::Stale);
    assert_eq!(store.find(&missing.value.key).await.unwrap(), None);
}

/// Of sixteen who have read the same, one writes over it.
pub async fn one_of_many_racing_replaces_wins(store: Arc<dyn DocumentStore>) {
    let read_by_all = inserted(&store, &document("ann", "raced")).await;
    let answers = race(|n| {
        let (store, next) = (store.clone(), Stored { value: of_racer(n), ..read_by_all.clone() });
        async move { (n, store.replace(&next).await.unwrap()) }
    })
    .await;
    let [winner] = winners(&answers)[..] else { panic!("{answers:?}") };
    assert_eq!(read(&store, &of_racer(winner).key).await.value, of_racer(winner));
}

/// Then it is found no more, and cannot be deleted again.
pub async fn a_document_is_deleted_once(store: Arc<dyn DocumentStore>) {
    for (name, expires_at) in [("endless", None), ("ends", Some(NOW + SECOND))] {
        let held = inserted(&store, &Document { expires_at, ..document("ann", name) }).await;
        assert_eq!(store.delete(&held).await.unwrap(), Replace::Done);
        assert_eq!(store.find(&held.value.key).await.unwrap(), None);
        assert_eq!(store.delete(&held).await.unwrap(), Replace::Stale);
        assert_eq!(store.replace(&held).await.unwrap(), Replace::Stale);
        assert_eq!(store.find(&held.value.key).await.unwrap(), None);
        assert_eq!(listed(&store, "client", Some("ann"), 9).await, []);
    }
}

/// What somebody has written since it was read stays.
pub async fn a_document_that_has_changed_is_not_deleted(store: Arc<dyn DocumentStore>) {
    let old = inserted(&store, &document("ann", "one")).await;
    let second = Document { body: json!("second"), ..old.value.clone() };
    assert_eq!(store.replace(&Stored { value: second, ..old.clone() }).await.unwrap(), Replace::Done);
    let held = read(&store, &old.value.key).await;
    assert_eq!(store.delete(&old).await.unwrap(), Replace::Stale);
    assert_eq!(read(&store, &old.value.key).await, held);
}

/// Whoever deletes what may be used once is the one who uses it.
pub async fn one_of_many_racing_deletes_wins(store: Arc<dyn DocumentStore>) {
    let read_by_all = inserted(&store, &document("ann", "raced")).await;
    let answers = race(|n| {
        let (store, read) = (store.clone(), read_by_all.clone());
        async move { (n, store.delete(&read).await.unwrap()) }
    })
    .await;
    assert_eq!(winners(&answers).len(), 1, "{answers:?}");
    assert_eq!(store.find(&read_by_all.value.key).await.unwrap(), None);
}

/// Either it is gone, or it is as the one who wrote over it left it.
pub async fn of_racing_deletes_and_replaces_one_wins(store: Arc<dyn DocumentStore>) {
    let read_by_all = inserted(&store, &document("ann", "raced")).await;
    let answers = race(|n| {
        let (store, next) = (store.clone(), Stored { value: of_racer(n), ..read_by_all.clone() });
        async move {
            let end = if n % 2 == 0 { store.delete(&next).await } else { store.replace(&next).await };
            (n, end.unwrap())
        }
    })
    .await;
    let [winner] = winners(&answers)[..] else { panic!("{answers:?}") };
    let left = store.find(&read_by_all.value.key).await.unwrap().map(|found| found.value);
    assert_eq!(left, (winner % 2 != 0).then(|| of_racer(winner)));
}

/// A key that was deleted is free; whatever was read under it before is stale, though all is written as it was.
pub async fn what_is_inserted_anew_is_not_what_was_read_before(store: Arc<dyn DocumentStore>) {
    let document = document("ann", "one");
    let mut read_before = Vec::new();
    for _ in 0..3 {
        let held = inserted(&store, &document).await;
        for stale in &read_before {
            assert_eq!(store.replace(stale).await.unwrap(), Replace::Stale);
            assert_eq!(store.delete(stale).await.unwrap(), Replace::Stale);
        }
        assert_eq!(read(&store, &document.key).await, held);
        assert_eq!(store.delete(&held).await.unwrap(), Replace::Done);
        read_before.push(held);
    }
}

/// Each part of a key counts, to the case of its letters.
pub async fn keys_that_differ_in_one_part_are_different(store: Arc<dyn DocumentStore>) {
    let keys = [
        ("client", "ann", "one"),
        ("consent", "ann", "one"),
        ("client", "bob", "one"),
        ("client", "ann", "two"),
        ("client", "Ann", "one"),
        ("client", "ann", "ONE"),
        ("client_ann", "one", "one"),
        ("client", "ann.one", "one"),
        ("client", "ann", "one.one"),
    ];
    let documents = keys.map(|(kind, owner, name)| Document {
        key: DocumentKey::new(kind, owner, name).unwrap(),
        body: json!(format!("{kind} {owner} {name}")),
        expires_at: None,
    });
    for document in &documents {
        insert(&store, document).await;
    }
    let [gone, others @ ..] = &documents;
    let held = read(&store, &gone.key).await;
    assert_eq!(store.delete(&held).await.unwrap(), Replace::Done);
    for document in others {
        assert_eq!(read(&store, &document.key).await.value, *document);
    }
}

/// Of one owner or of all, and of no other kind.
pub async fn documents_are_listed_by_kind_and_owner(store: Arc<dyn DocumentStore>) {
    let mut expected = Vec::new();
    for kind in ["client", "consent", "client_x"] {
        for owner in ["ann", "bob", "ann.x"] {
            for name in ["one", "two"] {
                let document = Document { key: DocumentKey::new(kind, owner, name).unwrap(), ..document("ann", "one") };
                insert(&store, &document).await;
                expected.push(document);
            }
        }
    }
    let of = |kind: &str, owner: Option<&str>| {
        let listed = |document: &&Document| {
            document.key.kind() == kind && owner.is_none_or(|owner| document.key.owner() == owner)
        };
        in_order(expected.iter().filter(listed).cloned().collect())
    };
    for kind in ["client", "consent", "client_x", "client_y"] {
        for owner in [None, Some("ann"), Some("bob"), Some("ann.x"), Some("ann.y")] {
            let listed = in_order(listed(&store, kind, owner, 99).await);
            assert_eq!(listed, of(kind, owner), "{kind} of {owner:?}");
        }
    }
}

/// Whoever goes on from each page to the next sees each document once, and no page is larger than was asked for.
pub async fn pages_give_each_document_once(store: Arc<dyn DocumentStore>) {
    let mut expected = Vec::new();
    for owner in ["ann", "bob"] {
        for n in 0..7 {
            let document = document(owner, &format!("{n}"));
            insert(&store, &document).await;
            let other = DocumentKey::new("consent", owner, &format!("{n}")).unwrap();
            insert(&store, &Document { key: other, ..document.clone() }).await;
            expected.push(document);
        }
    }
    for limit in [1, 3, 7, 99] {
        let anns = listed(&store, "client", Some("ann"), limit).await;
        assert_eq!(in_order(anns), expected[..7], "{limit} a page");
        assert_eq!(in_order(listed(&store, "client", None, limit).await), expected, "{limit} a page");
    }
}

/// An owner who is no more leaves nothing, of whatever kind; others keep theirs. Whoever has nothing is forgotten, too.
pub async fn all_of_an_owner_are_forgotten_and_nothing_else(store: Arc<dyn DocumentStore>) {
    let of = |kind: &str, owner: &str, name: &str| Document {
        key: DocumentKey::new(kind, owner, name).unwrap(),
        ..document("ann", "one")
    };
    let anns = [of("client", "ann", "one"), of("client", "ann", "two"), of("consent", "ann", "one")];
    let others = [of("client", "bob", "one"), of("consent", "Ann", "one"), of("consent", "ann.x", "ann")];
    for document in anns.iter().chain(&others) {
        insert(&store, document).await;
    }
    let read_before = read(&store, &anns[0].key).await;
    for _ in 0..2 {
        store.forget("ann").await.unwrap();
        for document in &anns {
            assert_eq!(store.find(&document.key).await.unwrap(), None);
        }
        for document in &others {
            assert_eq!(read(&store, &document.key).await.value, *document);
        }
    }
    insert(&store, &anns[0]).await;
    assert_eq!(store.replace(&read_before).await.unwrap(), Replace::Stale);
}

/// A sweep leaves what is good, to the last second, and what has no end.
pub async fn what_has_not_expired_is_not_swept(store: Arc<dyn DocumentStore>) {
    let ends = Document { expires_at: Some(NOW + SECOND), ..document("ann", "ends") };
    let endless = document("ann", "endless");
    for document in [&ends, &endless] {
        insert(&store, document).await;
    }
    store.sweep(before(NOW + SECOND)).await.unwrap();
    for document in [&ends, &endless] {
        assert_eq!(read(&store, &document.key).await.value, *document);
    }
    store.sweep(NOW + SECOND * 1_000_000).await.unwrap();
    assert_eq!(read(&store, &endless.key).await.value, endless);
}

/// Each is made over what the others have made.
pub async fn no_change_of_a_document_among_racers_is_lost(store: Arc<dyn DocumentStore>) {
    let document = Document { body: json!([]), ..document("ann", "raced") };
    insert(&store, &document).await;
    let changed = race(|n| {
        let (store, key) = (store.clone(), document.key.clone());
        async move {
            let add = |document: &mut Document| {
                document.body.as_array_mut().expect("a list").push(json!(n));
                Change::Write
            };
            store.change_document(&key, add).await.unwrap().expect("it is there").body
        }
    })
    .await;
    let held = read(&store, &document.key).await.value.body;
    let added: BTreeSet<u64> = held.as_array().unwrap().iter().filter_map(Value::as_u64).collect();
    assert_eq!(added, (0..RACERS as u64).collect());
    assert_eq!(held.as_array().unwrap().len(), RACERS, "each of them once");
    assert!(changed.contains(&held), "the last one sees them all");
}

pub(super) fn document(owner: &str, name: &str) -> Document {
    let key = DocumentKey::new("client", owner, name).unwrap();
    Document { key, expires_at: None, body: json!({ "of": owner, "name": name }) }
}

/// All of them under one key.
fn of_racer(n: usize) -> Document {
    Document { body: json!({ "racer": n }), ..document("ann", "raced") }
}

fn winners(answers: &[(usize, Replace)]) -> Vec<usize> {
    answers.iter().filter(|(_, end)| *end == Replace::Done).map(|(n, _)| *n).collect()
}

async fn insert(store: &Arc<dyn DocumentStore>, document: &Document) {
    assert_eq!(store.insert(document).await.unwrap(), Inserted::Done, "{:?}", document.key);
}

async fn read(store: &Arc<dyn DocumentStore>, key: &DocumentKey) -> Stored<Document> {
    store.find(key).await.unwrap().expect("it is there")
}

async fn inserted(store: &Arc<dyn DocumentStore>, document: &Document) -> Stored<Document> {
    insert(store, document).await;
    read(store, &document.key).await
}

/// Over whatever is there.
async fn replace(store: &Arc<dyn DocumentStore>, document: &Document) -> Replace {
    let held = read(store, &document.key).await;
    store.replace(&Stored { value: document.clone(), ..held }).await.unwrap()
}

/// Page by page.
async fn listed(store: &Arc<dyn DocumentStore>, kind: &str, owner: Option<&str>, limit: usize) -> Vec<Document> {
    let (mut documents, mut after) = (Vec::new(), None);
    loop {
        let page = store.list(kind, owner, after, limit).await.unwrap();
        assert!(page.documents.len() <= limit, "{} on a page of {limit}", page.documents.len());
        documents.extend(page.documents);
        after = page.next;
        if after.is_none() {
            return documents;
        }
    }
}

fn in_order(mut documents: Vec<Document>) -> Vec<Document> {
    documents.sort_by(|one, other| one.key.cmp(&other.key));
    documents
}
