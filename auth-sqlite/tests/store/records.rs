//! Records by number: the same number gives the same record.
use auth_core::{code::*, counter::*, document::*, ports::*, secrets::*, session::*, testing, user::*, value::*};
use auth_sqlite::{Options, SqliteStore};
use rusqlite::Connection;
use std::{
    path::{Path, PathBuf},
    time::Duration,
};
use tempfile::TempDir;

pub const NOW: Timestamp = Timestamp(1_800_000_000);
pub const HOUR: Duration = Duration::from_hours(1);

/// A folder of its own for one database.
pub struct Place {
    pub path: PathBuf,
    pub folder: TempDir,
}

impl Place {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self { path: folder.path().join("auth.db"), folder }
    }

    pub fn open(&self) -> SqliteStore {
        open(&self.path)
    }

    /// A connection beside the store's own, as another process has it.
    pub fn outsider(&self) -> Connection {
        Connection::open(&self.path).unwrap()
    }
}

/// A store that waits longer than any disk is slow: what a test is about is not how long the disk takes.
pub fn open(path: impl AsRef<Path>) -> SqliteStore {
    SqliteStore::open(path, Options { patience: Duration::from_mins(1), ..Options::default() }).unwrap()
}

pub fn user(number: u64) -> User {
    User {
        password: PasswordHash("$argon2id$hash-of-the-password".to_owned()),
        created_at: NOW,
        roles: vec!["admin".parse().unwrap()],
        ..testing::user(UserId::from_bytes(bytes(number)), &format!("user{number}"))
    }
}

pub fn document(number: u64) -> Document {
    let key = DocumentKey::new("kind", "owner", &number.to_string()).unwrap();
    Document { key, expires_at: Some(NOW + HOUR), body: serde_json::json!({ "number": number }) }
}

pub fn session(number: u64) -> Session {
    let mut id = [0; 32];
    id[..16].copy_from_slice(&bytes(number % 3));
    id[16..].copy_from_slice(&bytes(number));
    Session {
        id: SessionId::from_bytes(id),
        epoch: 0,
        key: secret().id(),
        seed: Seed([7; 32]),
        generation: 0,
        turned_at: NOW,
        started_at: NOW,
        expires_at: NOW + HOUR,
        ends_at: NOW + 24 * HOUR,
        ended: false,
        device: Some("a telephone".parse().unwrap()),
        grant: None,
    }
}

/// The turn of whoever holds the token of one generation.
pub fn turn(session: &Session, generation: u32) -> Turn {
    let proof = secret().refresh_proof(session.id, generation);
    Turn { generation, mac: proof.mac(&session.seed.0), proof, now: NOW, idle: HOUR, grace: Duration::ZERO }
}

/// A code to reset a password, whose digits are 123456.
pub fn code(number: u64) -> Code {
    let User { id, epoch, email, .. } = user(number);
    code_to(number, Purpose::ResetPassword { user: id, epoch, email })
}

/// A code to become a user, whose digits are 123456.
pub fn registration(number: u64) -> Code {
    let User { id, login, email, password, locale, .. } = user(number);
    code_to(number, Purpose::Register { user: id, login, email, password, locale })
}

fn code_to(number: u64, purpose: Purpose) -> Code {
    let mut id = [0; 32];
    id[..16].copy_from_slice(&bytes(number));
    let id = CodeId::from_bytes(id);
    let proof = proof(id, purpose.kind(), "123456");
    Code::new(id, purpose, &proof, NOW + HOUR, NOW + 2 * HOUR)
}

pub fn attempt(code: &Code, digits: &str) -> Attempt {
    let kind = code.purpose.kind();
    Attempt { id: code.id, kind, proof: proof(code.id, kind, digits), tries: Some(3), now: NOW }
}

pub fn entry(number: u64) -> Entry {
    Entry {
        id: MailId::from_bytes(bytes(number)),
        sealed: b"sealed letter".to_vec(),
        due_at: NOW,
        expires_at: NOW + HOUR,
        attempts: 0,
        lease: None,
        dead: None,
    }
}

pub fn count(number: u64, rule: Rule) -> Count {
    let key = CounterKey { group: bytes(number), name: bytes(number) };
    Count { key, rule, pause: None, crowd: Crowd::One }
}

/// What a hit of this attempt is answered.
pub async fn hit(store: &SqliteStore, attempt: u64, count: Count, now: Timestamp) -> Hit {
    store.hit(Standing::ForGood(AttemptId(attempt)), &[count], now).await.unwrap().hit
}

pub fn bytes(number: u64) -> [u8; 16] {
    u128::from(number).to_be_bytes()
}

fn proof(id: CodeId, kind: Kind, digits: &str) -> Proof {
    secret().code_proof(id, kind.as_str(), &OneTimeCode::parse(&Secret::new(digits.to_owned())).unwrap())
}

fn secret() -> ServerSecret {
    ServerSecret::new(&[7; 32]).unwrap()
}
