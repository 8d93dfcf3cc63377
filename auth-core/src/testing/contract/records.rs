//! All that a store holds, on its way into another: what every [`RecordStore`] promises.
use super::{
    NOW, SECOND, codes, count, documents, outbox, race,
    sessions::{present, session},
    users::user,
    whole,
};
use crate::{
    code::*,
    counter::*,
    document::*,
    keys::SealedKeys,
    ports::*,
    session::*,
    testing::{Memory, SeededRng},
    user::*,
    value::*,
};
use std::{sync::Arc, time::Duration};

/// The names of the clauses.
pub const CLAUSES: &[&str] = crate::contract!(@clauses records names);

/// A store of every port: what is carried was written through the others, and is looked at through them.
pub trait Whole:
    RecordStore + UserStore + CodeStore + SessionStore + CounterStore + OutboxStore + KeyStore + DocumentStore
{
}
impl<S> Whole for S where
    S: RecordStore + UserStore + CodeStore + SessionStore + CounterStore + OutboxStore + KeyStore + DocumentStore
{
}

const HOUR: Duration = Duration::from_hours(1);
const ANN: UserId = UserId::from_bytes([1; 16]);

/// Page by page, whatever was written through the other ports is there, as it is by now, and nothing else.
pub async fn every_record_is_exported_once_and_whole(store: Arc<dyn Whole>) {
    let filled = fill(&*store).await;
    holds(&*store, filled).await;
}

/// What was ended, delivered or deleted does not live again in another store.
pub async fn what_has_ended_is_not_exported(store: Arc<dyn Whole>) {
    let rng = SeededRng::default();
    let (ann, device, mail) = (user(&rng, "ann"), session(ANN, &rng), outbox::entry(&rng, 0));
    insert(&*store, &ann).await;
    SessionStore::create(&*store, &device).await.unwrap();
    store.put(&mail).await.unwrap();
    let document = documents::document("ann", "one");
    assert_eq!(DocumentStore::insert(&*store, &document).await.unwrap(), Inserted::Done);
    delete(&*store, &ann).await;
    store.revoke(device.id).await.unwrap();
    assert_eq!(store.lease(outbox::ONE, NOW, 1).await.unwrap().len(), 1);
    assert_eq!(store.settle(mail.id, outbox::ONE, &MailVerdict::Done).await.unwrap(), Settled::Done);
    let read = store.find(&document.key).await.unwrap().expect("it is there");
    assert_eq!(DocumentStore::delete(&*store, &read).await.unwrap(), Replace::Done);
    assert_eq!(all(&*store, RecordKind::Users).await, [Record::Deleted(ann.id)]);
    assert_eq!(all(&*store, RecordKind::Sessions).await, []);
    assert_eq!(all(&*store, RecordKind::Outbox).await, []);
    assert_eq!(all(&*store, RecordKind::Documents).await, []);
}

/// It is found by each of them, and nobody else gets one; the id of a deleted account is nobody's.
pub async fn an_imported_account_has_its_names(store: Arc<dyn Whole>) {
    let rng = SeededRng::default();
    let ann = User {
        roles: vec!["admin".parse().unwrap()],
        spared: Some(SessionId::generate(ANN, &rng)),
        epoch: 7,
        ..user(&rng, "ann")
    };
    let gone = user(&rng, "gone");
    import(&*store, &Record::User(Box::new(ann.clone()))).await;
    import(&*store, &Record::Deleted(gone.id)).await;
    for found in [
        store.by_login(&ann.login).await.unwrap(),
        store.by_email(&ann.email).await.unwrap(),
        UserStore::by_id(&*store, ann.id).await.unwrap(),
    ] {
        assert_eq!(whole(&found.expect("found").value), whole(&ann));
    }
    let (one, other) = (user(&rng, "one"), user(&rng, "other"));
    let same_login = User { login: ann.login.clone(), ..one };
    let same_email = User { email: ann.email.clone(), ..other };
    assert_eq!(UserStore::insert(&*store, &same_login).await.unwrap(), Insert::LoginTaken);
    assert_eq!(UserStore::insert(&*store, &same_email).await.unwrap(), Insert::EmailTaken);
    assert_eq!(UserStore::insert(&*store, &gone).await.unwrap(), Insert::Exists);
    let mut read = UserStore::by_id(&*store, ann.id).await.unwrap().expect("found");
    read.value.login = "anna".parse().unwrap();
    assert_eq!(store.rename(&read).await.unwrap(), Rename::Done);
    assert_eq!(store.by_login(&ann.login).await.unwrap(), None);
}

/// The next refresh token turns, a code has as many tries as were left, a full counter is full, a mail waits, is leased or
/// was given up, as in the store that it comes from.
pub async fn what_was_imported_goes_on_where_it_was(store: Arc<dyn Whole>) {
    let source = Memory::default();
    let filled = fill(&source).await;
    for record in filled.iter().flatten() {
        import(&*store, record).await;
    }
    let mut turned = 0;
    for record in filled.iter().flatten() {
        match record {
            Record::Session(session) => {
                let turn = present(session, session.generation, NOW + SECOND * 9);
                let answer = store.turn(session.id, &turn).await.unwrap();
                assert_eq!(answer, source.turn(session.id, &turn).await.unwrap());
                turned += u32::from(matches!(answer, Turned::Done(_)));
            }
            Record::Code(code) => {
                let last = Attempt { tries: Some(1), ..codes::attempt(code, codes::RIGHT) };
                assert_eq!(store.redeem(&last).await.unwrap(), source.redeem(&last).await.unwrap());
            }
            Record::Counter(key, _) => {
                let two = [two(*key)];
                assert_eq!(
                    store.peek(&two, NOW + SECOND).await.unwrap(),
                    source.peek(&two, NOW + SECOND).await.unwrap()
                );
            }
            Record::Document(document) => {
                let read = store.find(&document.key).await.unwrap().expect("it is there");
                assert_eq!(read.value, *document);
                assert_eq!(DocumentStore::replace(&*store, &read).await.unwrap(), Replace::Done);
                assert_eq!(DocumentStore::insert(&*store, document).await.unwrap(), Inserted::Exists);
            }
            Record::User(_) | Record::Deleted(_) | Record::Mail(_) | Record::Keys(_) => {}
        }
    }
    assert_eq!(turned, 3);
    assert_eq!(store.load().await.unwrap().map(|keys| keys.value), source.load().await.unwrap().map(|keys| keys.value));
    assert_eq!(store.waiting().await.unwrap(), source.waiting().await.unwrap());
    assert_eq!(store.dead(9).await.unwrap(), source.dead(9).await.unwrap());
    for (holder, later) in [(1, 9), (2, 200)] {
        let now = NOW + SECOND * later;
        let lease = Lease { holder, until: now + SECOND * 60 };
        let mut taken = store.lease(lease, now, 9).await.unwrap();
        let mut expected = source.lease(lease, now, 9).await.unwrap();
        taken.sort_by_key(|entry| entry.id);
        expected.sort_by_key(|entry| entry.id);
        assert_eq!(taken, expected);
    }
}

/// Who is interrupted begins a page anew.
pub async fn importing_again_changes_nothing(store: Arc<dyn Whole>) {
    let source = Memory::default();
    let filled = fill(&source).await;
    for record in filled.iter().flatten().chain(filled.iter().flatten()) {
        import(&*store, record).await;
    }
    holds(&*store, filled).await;
}

/// Whatever is in the place of a record stays.
pub async fn what_is_there_is_not_written_over(store: Arc<dyn Whole>) {
    let filled = fill(&*store).await;
    let rng = SeededRng::new(43);
    for record in filled.iter().flatten() {
        let mut others = Vec::new();
        match record.clone() {
            Record::User(user) => {
                let other = super::users::user(&rng, "another");
                others.push(Record::User(Box::new(User { epoch: user.epoch + 1, ..*user.clone() })));
                others.push(Record::User(Box::new(User { login: user.login.clone(), ..other.clone() })));
                others.push(Record::User(Box::new(User { email: user.email.clone(), ..other })));
                others.push(Record::Deleted(user.id));
            }
            Record::Deleted(id) => others.push(Record::User(Box::new(User { id, ..user(&rng, "another") }))),
            Record::Session(session) => {
                others.push(Record::Session(Session { generation: session.generation + 1, ..session }));
            }
            Record::Code(code) => others.push(Record::Code(Code { wrong: code.wrong + 1, ..code })),
            Record::Counter(key, _) => others.push(Record::Counter(key, Counter::default())),
            Record::Mail(entry) => others.push(Record::Mail(Entry { attempts: entry.attempts + 9, ..entry })),
            Record::Document(document) => {
                others.push(Record::Document(Document { expires_at: Some(NOW + HOUR * 2), ..document }));
            }
            Record::Keys(keys) => others.push(Record::Keys(SealedKeys(format!("{}, others", keys.0)))),
        }
        for other in others {
            assert_eq!(store.import(&other).await.unwrap(), Imported::Conflict, "{other:?}");
        }
    }
    holds(&*store, filled).await;
}

/// Of any number of callers with one record each is told that it is there.
pub async fn a_record_that_many_import_is_there_once(store: Arc<dyn Whole>) {
    let source = Memory::default();
    for record in fill(&source).await.into_iter().filter_map(|mut records| records.pop()) {
        let answers = race(|_| {
            let (store, record) = (store.clone(), record.clone());
            async move { store.import(&record).await.unwrap() }
        })
        .await;
        assert_eq!(count(&answers, &Imported::Done), answers.len(), "{record:?}");
    }
    for kind in RecordKind::ALL {
        assert_eq!(all(&*store, kind).await.len(), 1, "{kind}");
    }
}

/// Two accounts of one name cannot both have been in one store; if they were, one of them is found out.
pub async fn one_of_many_imports_gets_the_login(store: Arc<dyn Whole>) {
    let rng = SeededRng::default();
    let people: Vec<User> =
        (0..super::RACERS).map(|n| User { login: "ann".parse().unwrap(), ..user(&rng, &format!("ann{n}")) }).collect();
    let answers = race(|n| {
        let (store, record) = (store.clone(), Record::User(Box::new(people[n].clone())));
        async move { store.import(&record).await.unwrap() }
    })
    .await;
    assert_eq!(count(&answers, &Imported::Done), 1, "{answers:?}");
    assert_eq!(all(&*store, RecordKind::Users).await.len(), 1);
}

/// Some of each kind, in every state that is carried; and what the store holds then, in the order of the kinds.
async fn fill(store: &(impl Whole + ?Sized)) -> [Vec<Record>; 7] {
    let keys = SealedKeys("sealed".to_owned());
    assert_eq!(store.save(&keys, None).await.unwrap(), Replace::Done);
    [
        users(store).await,
        devices(store).await,
        issued(store).await,
        counters(store).await,
        mails(store).await,
        vec![Record::Keys(keys)],
        papers(store).await,
    ]
}

async fn users(store: &(impl Whole + ?Sized)) -> Vec<Record> {
    let rng = SeededRng::default();
    let mut records = Vec::new();
    for name in ["ann", "bob", "cid", "dan"] {
        let user = User { roles: vec!["admin".parse().unwrap()], ..user(&rng, name) };
        insert(store, &user).await;
        records.push(Record::User(Box::new(user)));
    }
    for name in ["eve", "fay"] {
        let user = user(&rng, name);
        insert(store, &user).await;
        delete(store, &user).await;
        records.push(Record::Deleted(user.id));
    }
    records
}

async fn devices(store: &(impl Whole + ?Sized)) -> Vec<Record> {
    let rng = SeededRng::default();
    let mut records = Vec::new();
    for n in 0..3 {
        let mut session = session(ANN, &rng);
        SessionStore::create(store, &session).await.unwrap();
        for generation in 0..n {
            let turn = present(&session, generation, NOW + SECOND);
            assert_eq!(store.turn(session.id, &turn).await.unwrap(), session.turn(&turn));
        }
        records.push(Record::Session(session));
    }
    records
}

async fn issued(store: &(impl Whole + ?Sized)) -> Vec<Record> {
    let mut records = Vec::new();
    let codes = [codes::reset(codes::subject(1)), codes::register(codes::subject(1)), codes::reset(codes::subject(2))];
    for (mut code, digits) in codes.into_iter().zip([codes::WRONG, codes::RIGHT, ""]) {
        CodeStore::create(store, &code).await.unwrap();
        if !digits.is_empty() {
            let attempt = codes::attempt(&code, digits);
            assert_eq!(store.redeem(&attempt).await.unwrap(), code.redeem(&attempt));
        }
        records.push(Record::Code(code));
    }
    records
}

async fn counters(store: &(impl Whole + ?Sized)) -> Vec<Record> {
    let mut records = Vec::new();
    for (group, name, hits) in [(1, 1, 1), (1, 2, 2), (2, 1, 2)] {
        let (key, mut kept) = (CounterKey { group: [group; 16], name: [name; 16] }, [Counter::default()]);
        for _ in 0..hits {
            let standing = Standing::ForGood(AttemptId(records.len() as u64 * 10 + hits));
            let answer = store.hit(standing, &[two(key)], NOW).await.unwrap();
            assert_eq!(answer, Counter::hit(&mut kept, &[two(key)], standing, NOW));
        }
        let [kept] = kept;
        records.push(Record::Counter(key, kept));
    }
    records
}

/// One waits, one is leased, one was given up.
async fn mails(store: &(impl Whole + ?Sized)) -> Vec<Record> {
    let rng = SeededRng::default();
    let mut entries = Vec::new();
    for (due, leases) in [(0, true), (1, true), (2, false)] {
        let mut entry = outbox::entry(&rng, due);
        store.put(&entry).await.unwrap();
        if leases {
            assert_eq!(store.lease(outbox::OTHER, entry.due_at, 1).await.unwrap().len(), 1);
            entry.take(outbox::OTHER);
        }
        if due == 1 {
            let dead = MailVerdict::Dead("no such mailbox".to_owned());
            let settled = store.settle(entry.id, outbox::OTHER, &dead).await.unwrap();
            assert_eq!(settled, entry.settle(outbox::OTHER, &dead));
        }
        entries.push(Record::Mail(entry));
    }
    entries
}

/// As they were written, one of them twice.
async fn papers(store: &(impl Whole + ?Sized)) -> Vec<Record> {
    let mut records = Vec::new();
    for (owner, name, expires_at) in [("ann", "one", None), ("ann", "two", Some(NOW + HOUR)), ("bob", "one", None)] {
        let mut document = Document { expires_at, ..documents::document(owner, name) };
        assert_eq!(DocumentStore::insert(store, &document).await.unwrap(), Inserted::Done);
        if expires_at.is_some() {
            let read = store.find(&document.key).await.unwrap().expect("it is there");
            document.body = serde_json::json!({ "changed": true });
            let changed = Stored { value: document.clone(), ..read };
            assert_eq!(DocumentStore::replace(store, &changed).await.unwrap(), Replace::Done);
        }
        records.push(Record::Document(document));
    }
    records
}

fn two(key: CounterKey) -> Count {
    Count { key, rule: Rule::new(2, HOUR), pause: None, crowd: Crowd::One }
}

async fn insert(store: &(impl Whole + ?Sized), user: &User) {
    assert_eq!(UserStore::insert(store, user).await.unwrap(), Insert::Done);
}

async fn delete(store: &(impl Whole + ?Sized), user: &User) {
    let read = UserStore::by_id(store, user.id).await.unwrap().expect("it is there");
    assert_eq!(UserStore::delete(store, &read).await.unwrap(), Replace::Done);
}

async fn import(store: &(impl Whole + ?Sized), record: &Record) {
    assert_eq!(store.import(record).await.unwrap(), Imported::Done, "{record:?}");
}

/// Page by page, with pages that are too small for all.
async fn all(store: &(impl Whole + ?Sized), kind: RecordKind) -> Vec<Record> {
    let (mut records, mut after) = (Vec::new(), None);
    loop {
        let page = store.export(kind, after, 2).await.unwrap();
        records.extend(page.records);
        after = page.next;
        if after.is_none() {
            return records;
        }
    }
}

/// Just these are there.
async fn holds(store: &(impl Whole + ?Sized), filled: [Vec<Record>; 7]) {
    for (kind, mut expected) in RecordKind::ALL.into_iter().zip(filled) {
        let mut exported = all(store, kind).await;
        expected.sort_by_cached_key(Record::written);
        exported.sort_by_cached_key(Record::written);
        assert_eq!(exported, expected, "{kind}");
        let counted = store.count(kind).await.unwrap();
        assert!(counted.is_none_or(|counted| counted == expected.len() as u64), "{counted:?} {kind}");
    }
}
