//! How often something was tried, and whether once more is too often.
mod record;

pub use self::record::Counter;

use crate::ports::Rng;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Names a counter: whose it is, and which of his. What belongs to one is kept together. Both are keyed hashes: no address,
/// no login, no source is in them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct CounterKey {
    /// Whose it is.
    pub group: [u8; 16],
    /// Which of his.
    pub name: [u8; 16],
}

/// Names one attempt, drawn anew for each: what it counted is counted once and taken back once, however often the store
/// is asked to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AttemptId(#[serde(with = "crate::value::wide")] pub u64);

impl AttemptId {
    /// A new one.
    pub fn draw(rng: &dyn Rng) -> Self {
        let mut id = [0; 8];
        rng.fill(&mut id);
        Self(u64::from_be_bytes(id))
    }
}

/// How many hits in how long: in no span of that length are there more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rule {
    /// So many are allowed; at 0 none, whatever the window.
    pub limit: u32,
    /// In any span of this length. A part of a second counts for a whole one.
    pub window: Duration,
}

impl Rule {
    /// A rule.
    pub const fn new(limit: u32, window: Duration) -> Self {
        Self { limit, window }
    }

    /// So many times as much in the same time.
    #[must_use]
    pub const fn times(self, factor: u32) -> Self {
        Self { limit: self.limit.saturating_mul(factor), ..self }
    }

    /// The same divided by so much, but never to nothing.
    #[must_use]
    pub fn divided(self, by: u32) -> Self {
        Self { limit: (self.limit / by).max(self.limit.min(1)), ..self }
    }
}

/// What happens above the limit: not the end, but a pause before each next hit that doubles each time. All is forgotten
/// after quiet for the window and the longest pause. A part of a second counts for a whole one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pause {
    /// Before the first hit above the limit.
    pub first: Duration,
    /// It grows no longer than this.
    pub longest: Duration,
}

/// One hit to count, and what it is held to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Count {
    /// On which counter.
    pub key: CounterKey,
    /// By which rule.
    pub rule: Rule,
    /// Whether the limit is a pause or the end.
    pub pause: Option<Pause>,
    /// How many count on it; the same for all of a group.
    pub crowd: Crowd,
}

/// How many count on one counter: what a distributed store may make of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Crowd {
    /// One account, device or address. Counted before it is answered, by all instances together.
    One,
    /// All who call from one source, or one network. While nothing counts in the group, a distributed store may let a few
    /// attempts at a time on each instance go on uncounted; those that turn out wrong it counts.
    Source,
    /// Everybody. A distributed store may answer from what it saw some seconds ago, and count in batches; but where an
    /// attempt is counted first, it lets no more through than the rule.
    All,
}

/// How a hit counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Standing {
    /// The attempt is under way. It counts for a minute ([`Counter::UNDER_WAY`]) and then no more, unless it is confirmed.
    UnderWay(AttemptId),
    /// It counts for good, until it is taken back.
    ForGood(AttemptId),
}

impl Standing {
    /// Whose hit it is.
    pub const fn attempt(self) -> AttemptId {
        match self {
            Self::UnderWay(attempt) | Self::ForGood(attempt) => attempt,
        }
    }
}

/// The end of one hit.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hit {
    /// Within the rule.
    Allowed,
    /// Too often.
    Limited {
        /// Once this has passed, it is allowed again.
        retry_after: Duration,
    },
}

/// What became of a hit on some counters.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counted {
    /// Whether it was within all rules.
    pub hit: Hit,
    /// Whether nothing else counts on any of them.
    pub alone: bool,
}

impl Hit {
    /// Of two that must both be allowed.
    pub fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Allowed, other) => other,
            (limited, Self::Allowed) => limited,
            (Self::Limited { retry_after: one }, Self::Limited { retry_after: other }) => {
                Self::Limited { retry_after: one.max(other) }
            }
        }
    }
}

impl Count {
    /// How long a hit counts. With a pause, whoever waits out the longest one has not been quiet yet.
    fn lasts(&self) -> Duration {
        whole_seconds(self.rule.window.saturating_add(self.pause.map_or(Duration::ZERO, |pause| pause.longest)))
    }
}

impl Pause {
    fn after(self, above: u32) -> Duration {
        whole_seconds(self.first.saturating_mul(2_u32.saturating_pow(above)).min(self.longest))
    }
}

/// Time is kept in whole seconds: a part of one counts for one, so that no rule and no pause is off by being short.
fn whole_seconds(duration: Duration) -> Duration {
    let part = u64::from(duration.subsec_nanos() > 0);
    Duration::from_secs(duration.as_secs().saturating_add(part).max(1))
}
