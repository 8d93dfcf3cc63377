use super::{Entry, Outside, async_trait};
use crate::{
    code::Code,
    counter::{Counter, CounterKey},
    document::Document,
    keys::SealedKeys,
    session::Session,
    user::User,
    value::*,
};
use serde::{Deserialize, Serialize};
use std::fmt;

/// All that a store holds, record by record: to be carried into another store while nobody else uses either of them.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait RecordStore: Send + Sync {
    /// Some records of a kind, about `limit` of them, in an order of the store's own: the first ones, or those that come
    /// after a page. Whoever goes on from each page to the next sees every record once. What has ended is no record: a
    /// session that was revoked, a mail that was delivered. What has expired may be one.
    async fn export(&self, kind: RecordKind, after: Option<Cursor>, limit: usize) -> Outside<Page>;
    /// How many records of a kind there are, for a progress bar; `None` where it takes as long to count as to export.
    async fn count(&self, kind: RecordKind) -> Outside<Option<u64>>;
    /// Writes a record just as it is, unless another is in its place.
    async fn import(&self, record: &Record) -> Outside<Imported>;
}

/// The kinds of record. Those of one kind are exported together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RecordKind {
    /// Accounts, and the ids of those that were deleted.
    Users,
    /// Signed-in devices.
    Sessions,
    /// Codes that were mailed.
    Codes,
    /// How often what was tried.
    Counters,
    /// Mails on their way out.
    Outbox,
    /// The keys that sign access tokens.
    Keys,
    /// Small records of a protocol.
    Documents,
}

impl RecordKind {
    /// Each of them, in the order in which they are carried.
    pub const ALL: [Self; 7] =
        [Self::Users, Self::Sessions, Self::Codes, Self::Counters, Self::Outbox, Self::Keys, Self::Documents];

    /// Its name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Users => "users",
            Self::Sessions => "sessions",
            Self::Codes => "codes",
            Self::Counters => "counters",
            Self::Outbox => "outbox",
            Self::Keys => "keys",
            Self::Documents => "documents",
        }
    }
}

impl fmt::Display for RecordKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One record. Two are equal if they would be written alike: with each name in the same spelling.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Record {
    /// An account.
    User(Box<User>),
    /// Whose account was deleted: the id is never another's.
    Deleted(UserId),
    /// A signed-in device.
    Session(Session),
    /// A code that was mailed.
    Code(Code),
    /// How often something was tried.
    Counter(CounterKey, Counter),
    /// A mail on its way out.
    Mail(Entry),
    /// The keys that sign access tokens.
    Keys(SealedKeys),
    /// A small record of a protocol.
    Document(Document),
}

impl Record {
    /// The record as it would be written down.
    pub(crate) fn written(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("a record is plain data")
    }

    /// Whether it is good for nothing any more: a store may have forgotten it, or not.
    pub fn is_over(&self, now: Timestamp) -> bool {
        match self {
            Self::User(_) | Self::Deleted(_) | Self::Mail(_) | Self::Keys(_) => false,
            Self::Session(session) => !session.is_live(now),
            Self::Code(code) => code.kept_until <= now,
            Self::Counter(_, counter) => counter.over_at <= now,
            Self::Document(document) => document.is_over(now),
        }
    }
}

impl PartialEq for Record {
    fn eq(&self, other: &Self) -> bool {
        self.written() == other.written()
    }
}
impl Eq for Record {}

/// Where a page ended; only the store that gave it can read it, in this process or a later one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Cursor(pub String);

/// Some records.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// In the store's order. There may be none, and more to come all the same.
    pub records: Vec<Record>,
    /// Where to go on; `None` at the end.
    pub next: Option<Cursor>,
}

/// The end of one import.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Imported {
    /// The record is there, by this import or an earlier one.
    Done,
    /// Another is in its place: of the same id, or in the same slot, or with the same login or e-mail. It stays.
    Conflict,
}
