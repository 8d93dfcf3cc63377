//! One of each thing that a store keeps.
use super::emulator::parts;
use auth_core::{
    accounts::*,
    code::*,
    counter::*,
    document::*,
    keys::{Algorithm, KeySet, SealedKeys},
    ports::*,
    session::*,
    testing::World,
    user::User,
    value::*,
};
use std::time::Duration;

/// What a registration and a login have left in another store.
pub struct Things {
    pub user: Stored<User>,
    pub code: Code,
    pub session: Session,
    pub entry: Entry,
    pub keys: SealedKeys,
    pub document: Stored<Document>,
    /// The first four of them, and the last.
    pub records: [Record; 5],
}

impl Things {
    pub async fn of_a_life() -> Self {
        let world = World::default();
        let (caller, password) = (World::caller(), || Password::parse(Secret::new("a quiet green harbour".to_owned())));
        let ask = Registration {
            login: "ann".parse().unwrap(),
            email: "ann@example.org".parse().unwrap(),
            password: password().unwrap(),
        };
        let issued = world.accounts().register(&caller, ask).await.unwrap();
        let code = world.memory.tables().codes.values().next().unwrap().clone();
        world.accounts().confirm(&caller, issued.id, world.mailed_code()).await.unwrap();
        let attempt =
            LoginAttempt { identifier: Identifier::parse("ann"), password: password().unwrap(), device: None };
        world.accounts().login(&caller, attempt).await.unwrap();
        let session = world.memory.tables().sessions.values().next().unwrap().clone();
        let user = UserStore::by_id(&*world.memory, session.id.user()).await.unwrap().unwrap().value;
        // As a document's state is told here.
        let user = Stored { value: user, revision: Revision(r#"["an etag",[]]"#.to_owned()) };
        let keys = KeySet::generate(Algorithm::Es256, Timestamp(0)).unwrap();
        let keys = SealedKeys::seal(&keys, &world.secret, world.ports.rng.as_ref());
        let document = Stored { value: document("one"), revision: user.revision.clone() };
        let records = [
            Record::User(Box::new(user.value.clone())),
            Record::Session(session.clone()),
            Record::Code(code.clone()),
            Record::Mail(entry()),
            Record::Document(document.value.clone()),
        ];
        Self { user, code, session, entry: entry(), keys, document, records }
    }
}

/// A guess at a code, and a wrong one: six digits that were not mailed.
pub fn guess(code: &Code, now: Timestamp) -> Attempt {
    let (kind, digits) = (code.purpose.kind(), OneTimeCode::parse(&Secret::new("123456".to_owned())).unwrap());
    let proof = parts().secret.code_proof(code.id, kind.as_str(), &digits);
    Attempt { id: code.id, kind, proof, tries: Some(5), now }
}

/// What is counted of one account, so many in an hour.
pub fn count(most: u32) -> Count {
    Count {
        key: CounterKey { group: [1; 16], name: [2; 16] },
        rule: Rule::new(most, Duration::from_hours(1)),
        pause: None,
        crowd: Crowd::One,
    }
}

/// A small record that has no end.
pub fn document(name: &str) -> Document {
    let key = DocumentKey::new("client", "ann", name).unwrap();
    Document { key, expires_at: None, body: serde_json::json!({ "name": name }) }
}

/// A mail that is due.
pub fn entry() -> Entry {
    Entry {
        id: MailId::from_bytes([0; 16]),
        sealed: Vec::new(),
        due_at: Timestamp(0),
        expires_at: Timestamp(0),
        attempts: 0,
        lease: None,
        dead: None,
    }
}
