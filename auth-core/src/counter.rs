//! How often something was tried, and whether once more is too often.
use crate::value::Timestamp;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// A keyed hash of what is counted: no address, no login, no source is in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CounterKey(pub [u8; 16]);

/// Names one attempt, drawn anew for each: what it counted is counted once and taken back once, however often the store
/// is asked to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AttemptId(pub u64);

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
}

/// What a store keeps of a counter.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counter {
    /// Oldest first.
    hits: Vec<Hits>,
    /// From then on nothing in it counts, and it may be swept.
    pub over_at: Timestamp,
}

/// One hit, or several that are close together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Hits {
    first: Timestamp,
    last: Timestamp,
    count: u32,
    /// Of a single one that may still be taken back.
    #[serde(skip_serializing_if = "Option::is_none")]
    of: Option<AttemptId>,
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

/// An attempt is known to be right or wrong by then; what it counted stays from then on.
const SETTLED: Duration = Duration::from_mins(1);
/// Hits within this part of the window are kept as one, which counts until the last of them is over: a counter stays small,
/// and errs on the strict side.
const GRAIN: u32 = 16;

impl Counter {
    /// What a hit would be answered now.
    pub fn judge(&self, count: &Count, now: Timestamp) -> Hit {
        let (live, limit) = (self.live(count, now), count.rule.limit);
        let total = live.iter().fold(0_u32, |total, hit| total.saturating_add(hit.count));
        if total < limit {
            return Hit::Allowed;
        }
        let (since, wait) = match (count.pause, live) {
            (Some(pause), [.., newest]) if limit > 0 => (newest.last, pause.after(total - limit)),
            _ => (freed_by(live, total, limit).unwrap_or(now), whole_seconds(count.rule.window)),
        };
        let allowed_at = since.min(now) + wait;
        if allowed_at <= now { Hit::Allowed } else { Hit::Limited { retry_after: allowed_at.since(now) } }
    }

    /// Counts one hit on each of some counters, if that is within all rules; on none, if one says no. An attempt counts
    /// once on each; what counts for none is not taken back. A store runs this atomically, as far as it can over several
    /// counters, and keeps what has changed.
    pub fn hit(counters: &mut [Self], counts: &[Count], attempt: Option<AttemptId>, now: Timestamp) -> Hit {
        let mut verdict = Hit::Allowed;
        for (counter, count) in counters.iter_mut().zip(counts) {
            counter.catch_up(count, now);
            if !counter.has_counted(attempt) {
                verdict = verdict.and(counter.judge(count, now));
            }
        }
        if verdict == Hit::Allowed {
            for (counter, count) in counters.iter_mut().zip(counts).filter(|(counter, _)| !counter.has_counted(attempt))
            {
                counter.push(count, attempt, now);
            }
        }
        verdict
    }

    /// Takes back what an attempt counted.
    pub fn undo(&mut self, attempt: AttemptId) {
        self.hits.retain(|hit| hit.of != Some(attempt));
    }

    fn has_counted(&self, attempt: Option<AttemptId>) -> bool {
        attempt.is_some() && self.hits.iter().any(|hit| hit.of == attempt)
    }

    fn push(&mut self, count: &Count, attempt: Option<AttemptId>, now: Timestamp) {
        let over = self.hits.len() - self.live(count, now).len();
        self.hits.drain(..over);
        self.merge(count, now);
        self.hits.push(Hits { first: now, last: now, count: 1, of: attempt });
        self.over_at = now + count.lasts();
    }

    /// What was counted by a clock that is ahead counts from now: nobody waits for that clock.
    fn catch_up(&mut self, count: &Count, now: Timestamp) {
        for hit in &mut self.hits {
            hit.last = hit.last.min(now);
            hit.first = hit.first.min(now);
        }
        self.over_at = self.over_at.min(now + count.lasts());
    }

    /// The hits that are not over. Those with a pause are over together.
    fn live(&self, count: &Count, now: Timestamp) -> &[Hits] {
        let over = |hit: &Hits| hit.last + count.lasts() <= now;
        let over = match (count.pause, self.hits.last()) {
            (Some(_), Some(newest)) if over(newest) => self.hits.len(),
            (Some(_), _) => 0,
            (None, _) => self.hits.partition_point(over),
        };
        &self.hits[over..]
    }

    /// Keeps as one what is settled and close together; with a pause, all that is settled, since it is over together.
    fn merge(&mut self, count: &Count, now: Timestamp) {
        let grain = count.pause.map_or(count.rule.window / GRAIN, |_| Duration::MAX);
        for hit in &mut self.hits {
            hit.of = hit.of.filter(|_| hit.last + SETTLED > now);
        }
        self.hits.dedup_by(|hit, held| {
            let as_one = held.of.is_none() && hit.of.is_none() && hit.last.since(held.first) <= grain;
            if as_one {
                held.last = hit.last;
                held.count = held.count.saturating_add(hit.count);
            }
            as_one
        });
    }
}

/// The last of the oldest hits that must be over before there is room; none, if there is never any.
fn freed_by(hits: &[Hits], total: u32, limit: u32) -> Option<Timestamp> {
    let mut left = total;
    let freed = hits.iter().find(|hit| {
        left = left.saturating_sub(hit.count);
        left < limit
    });
    freed.map(|hit| hit.last)
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

#[cfg(test)]
mod tests;
