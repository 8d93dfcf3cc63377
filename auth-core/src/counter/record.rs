//! What a store keeps of a counter, and every way in which that changes.
use super::{AttemptId, Count, Counted, Hit, Standing, whole_seconds};
use crate::value::Timestamp;
use serde::{Deserialize, Serialize};
use std::time::Duration;

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
    /// Of a single one that may still be confirmed or taken back.
    #[serde(skip_serializing_if = "Option::is_none")]
    of: Option<Open>,
}

/// The attempt that counted a hit, for as long as it is known by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Open {
    attempt: AttemptId,
    until: Timestamp,
    /// Whether the hit counts until then and no longer.
    under_way: bool,
}

/// Hits within this part of the window are kept as one, which counts until the last of them is over: a counter stays small,
/// and errs on the strict side.
const GRAIN: u32 = 16;

impl Counter {
    /// An attempt is known to be right or wrong by then. One that nobody has confirmed counts no more from then on; what it
    /// has counted for good stays.
    pub const UNDER_WAY: Duration = Duration::from_mins(1);

    /// What a hit would be answered now.
    pub fn judge(&self, count: &Count, now: Timestamp) -> Hit {
        let (live, limit) = (self.live(count, now), count.rule.limit);
        let total = live.iter().fold(0_u32, |total, hit| total.saturating_add(hit.count));
        if total < limit {
            return Hit::Allowed;
        }
        let allowed_at = match (count.pause, &live[..]) {
            (Some(pause), [.., newest]) if limit > 0 => newest.last.min(now) + pause.after(total - limit),
            _ => freed_at(&live, total, count, now).unwrap_or(now + whole_seconds(count.rule.window)),
        };
        if allowed_at <= now { Hit::Allowed } else { Hit::Limited { retry_after: allowed_at.since(now) } }
    }

    /// Counts one hit on each of some counters, if that is within all rules; on none, if one says no. An attempt counts
    /// once on each. A store runs this atomically, as far as it can over several counters, and keeps what has changed.
    pub fn hit(counters: &mut [Self], counts: &[Count], standing: Standing, now: Timestamp) -> Counted {
        let attempt = standing.attempt();
        let mut counted = Counted { hit: Hit::Allowed, alone: true };
        for (counter, count) in counters.iter_mut().zip(counts) {
            counter.catch_up(count, now);
            if !counter.has_counted(attempt, now) {
                counted.hit = counted.hit.and(counter.judge(count, now));
            }
            counted.alone &= counter.live(count, now).iter().all(|hit| hit.is_of(attempt));
        }
        if counted.hit == Hit::Allowed {
            for (counter, count) in counters.iter_mut().zip(counts) {
                if !counter.has_counted(attempt, now) {
                    counter.push(count, standing, now);
                }
            }
        }
        counted
    }

    /// The attempt was wrong: its hit counts for good. If there is none, or none any more, one is counted now, whatever the
    /// rule says. Doing it twice changes nothing more.
    pub fn confirm(&mut self, count: &Count, attempt: AttemptId, now: Timestamp) {
        self.catch_up(count, now);
        let Some(hit) = self.hits.iter_mut().find(|hit| hit.is_of(attempt) && !hit.has_lapsed(now)) else {
            return self.push(count, Standing::ForGood(attempt), now);
        };
        if hit.is_under_way() {
            // It is known for a minute from now, so that a second time is known to be one.
            hit.of = Some(Open { attempt, until: now + Self::UNDER_WAY, under_way: false });
            self.over_at = self.over_at.max(hit.last + count.lasts());
            self.hits.retain(|hit| !hit.has_lapsed(now));
        }
    }

    /// Takes back what an attempt counted.
    pub fn undo(&mut self, attempt: AttemptId) {
        self.hits.retain(|hit| !hit.is_of(attempt));
    }

    /// Whether nothing counts in it.
    pub fn is_quiet(&self, count: &Count, now: Timestamp) -> bool {
        self.live(count, now).is_empty()
    }

    fn has_counted(&self, attempt: AttemptId, now: Timestamp) -> bool {
        self.hits.iter().any(|hit| hit.is_of(attempt) && !hit.has_lapsed(now))
    }

    fn push(&mut self, count: &Count, standing: Standing, now: Timestamp) {
        let (under_way, lasts) = match standing {
            Standing::UnderWay(_) => (true, Self::UNDER_WAY),
            Standing::ForGood(_) => (false, count.lasts()),
        };
        self.hits = self.live(count, now);
        self.merge(count, now);
        let of = Open { attempt: standing.attempt(), until: now + Self::UNDER_WAY, under_way };
        self.hits.push(Hits { first: now, last: now, count: 1, of: Some(of) });
        self.over_at = self.over_at.max(now + lasts);
    }

    /// What was counted by a clock that is ahead counts from now: nobody waits for that clock.
    fn catch_up(&mut self, count: &Count, now: Timestamp) {
        for hit in &mut self.hits {
            hit.last = hit.last.min(now);
            hit.first = hit.first.min(now);
            if let Some(of) = &mut hit.of {
                of.until = of.until.min(now + Self::UNDER_WAY);
            }
        }
        self.over_at = self.over_at.min(now + count.lasts().max(Self::UNDER_WAY));
    }

    /// The hits that count. Those with a pause are over together.
    fn live(&self, count: &Count, now: Timestamp) -> Vec<Hits> {
        let mut live: Vec<Hits> = self.hits.iter().filter(|hit| !hit.has_lapsed(now)).copied().collect();
        let over = |hit: &Hits| hit.last + count.lasts() <= now;
        let over = match (count.pause, live.last()) {
            (Some(_), Some(newest)) if over(newest) => live.len(),
            (Some(_), _) => 0,
            (None, _) => live.partition_point(over),
        };
        live.drain(..over);
        live
    }

    /// Keeps as one what is settled and close together; with a pause, all that is settled, since it is over together.
    fn merge(&mut self, count: &Count, now: Timestamp) {
        let grain = count.pause.map_or(count.rule.window / GRAIN, |_| Duration::MAX);
        for hit in &mut self.hits {
            hit.of = hit.of.filter(|of| of.until > now);
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

impl Hits {
    fn is_of(&self, attempt: AttemptId) -> bool {
        self.of.is_some_and(|of| of.attempt == attempt)
    }

    fn is_under_way(&self) -> bool {
        self.of.is_some_and(|of| of.under_way)
    }

    fn has_lapsed(&self, now: Timestamp) -> bool {
        self.of.is_some_and(|of| of.under_way && of.until <= now)
    }

    /// From when on it does not count, if nobody confirms it.
    fn ends_at(&self, count: &Count, now: Timestamp) -> Timestamp {
        let over_at = self.last.min(now) + count.lasts();
        let lapses_at = self.of.filter(|of| of.under_way).map(|of| of.until.min(now + Counter::UNDER_WAY));
        lapses_at.map_or(over_at, |lapses_at| lapses_at.min(over_at))
    }
}

/// When enough of the hits are over for one more; never, if there is never any room.
fn freed_at(hits: &[Hits], total: u32, count: &Count, now: Timestamp) -> Option<Timestamp> {
    let mut ends: Vec<_> = hits.iter().map(|hit| (hit.ends_at(count, now), hit.count)).collect();
    ends.sort_unstable();
    let mut left = total;
    let freed = ends.into_iter().find(|(_, hits)| {
        left = left.saturating_sub(*hits);
        left < count.rule.limit
    });
    freed.map(|(ends_at, _)| ends_at)
}

#[cfg(test)]
mod tests;
