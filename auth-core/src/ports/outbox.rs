use super::{Outside, async_trait};
use crate::value::{MailId, Timestamp};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Mails on their way out: kept until they are delivered, seen by a store only in encrypted form.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait OutboxStore: Send + Sync {
    /// Keeps an entry, durably. Putting the same one twice is putting it once.
    async fn put(&self, entry: &Entry) -> Outside<()>;
    /// Leases up to `limit` entries that are [due](Entry::is_due), the most overdue first as far as the store can tell.
    /// Each goes to one caller, and comes back when the lease has run out.
    async fn lease(&self, lease: Lease, now: Timestamp, limit: usize) -> Outside<Vec<Entry>>;
    /// Runs [`Entry::settle`] atomically: forgets a delivered entry, keeps the others.
    async fn settle(&self, id: MailId, lease: Lease, verdict: &Verdict) -> Outside<Settled>;
    /// Entries that were given up: for the operator.
    async fn dead(&self, limit: usize) -> Outside<Vec<Entry>>;
    /// How many entries still wait to be delivered: for the operator.
    async fn waiting(&self) -> Outside<u64>;
    /// Forgets given-up entries that expired before `before`.
    async fn sweep(&self, before: Timestamp) -> Outside<()>;
}

/// One mail on its way out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Names it.
    pub id: MailId,
    /// The letter, encrypted under the server's secret.
    pub sealed: Vec<u8>,
    /// When to try next.
    pub due_at: Timestamp,
    /// From then on it is worth nothing.
    pub expires_at: Timestamp,
    /// How often it was tried.
    pub attempts: u32,
    /// Who is at it.
    pub lease: Option<Lease>,
    /// Why it was given up, if it was.
    pub dead: Option<String>,
}

/// A worker's hold on an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lease {
    /// Drawn anew by the worker each time.
    #[serde(with = "crate::value::wide")]
    pub holder: u64,
    /// When it runs out.
    pub until: Timestamp,
}

/// What a worker found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is still at it: its lease runs until then.
    Held(Timestamp),
    /// It is out, or there was nothing to deliver.
    Done,
    /// Not this time; [`Entry::LONGEST_PAUSE`] from now at most.
    Later(Timestamp),
    /// Never: why, in words that can be shown to an operator.
    Dead(String),
}

/// The end of one settling.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Settled {
    /// So it is.
    Done,
    /// The lease was lost to another worker, whose verdict counts; or it is settled already.
    Lost,
}

impl Entry {
    /// No lease is longer: one that seems to be was taken by a clock that was ahead, and is over.
    pub const LONGEST_LEASE: Duration = Duration::from_mins(10);

    /// No pause is longer: an entry that seems to be put off by more was dated by a clock that was ahead, and is due.
    pub const LONGEST_PAUSE: Duration = Duration::from_mins(10);

    /// Whether a worker may take it.
    pub fn is_due(&self, now: Timestamp) -> bool {
        let held = |lease: Lease| now < lease.until && lease.until <= now + Self::LONGEST_LEASE;
        let put_off = now < self.due_at && self.due_at <= now + Self::LONGEST_PAUSE;
        self.dead.is_none() && !put_off && !self.lease.is_some_and(held)
    }

    /// Takes it. A store runs this atomically with [`is_due`](Self::is_due).
    pub fn take(&mut self, lease: Lease) {
        self.lease = Some(lease);
        self.attempts = self.attempts.saturating_add(1);
    }

    /// Applies a verdict, unless the lease is another's by now. After `Done` the store forgets the entry.
    pub fn settle(&mut self, lease: Lease, verdict: &Verdict) -> Settled {
        if self.dead.is_some() || self.lease.is_none_or(|held| held.holder != lease.holder) {
            return Settled::Lost;
        }
        self.lease = None;
        match verdict {
            Verdict::Held(until) => self.lease = Some(Lease { until: *until, ..lease }),
            Verdict::Done => {}
            Verdict::Later(at) => self.due_at = *at,
            Verdict::Dead(why) => self.dead = Some(why.clone()),
        }
        Settled::Done
    }
}
