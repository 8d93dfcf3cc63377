//! How often something was tried, and whether once more is too often.
use crate::value::Timestamp;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// A keyed hash of what is counted: no address, no login, no source is in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CounterKey(pub [u8; 16]);

/// How many hits in how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rule {
    /// So many are allowed.
    pub limit: u32,
    /// Counted from the first.
    pub window: Duration,
}

/// One hit to count, and the rule that it is held to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Count {
    /// On which counter.
    pub key: CounterKey,
    /// By which rule.
    pub rule: Rule,
}

/// What a store keeps of a counter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counter {
    /// Hits so far in this window.
    pub count: u32,
    /// When the window is over.
    pub ends_at: Timestamp,
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

impl Counter {
    /// A counter that nothing has hit.
    pub fn new(rule: Rule, now: Timestamp) -> Self {
        Self { count: 0, ends_at: now + rule.window }
    }

    /// Counts one hit and says whether it was within the rule. A store runs this atomically.
    pub fn hit(&mut self, rule: Rule, now: Timestamp) -> Hit {
        // A window that ends later than any could have begun was opened by a clock that was wrong.
        if now >= self.ends_at || self.ends_at > now + rule.window {
            *self = Self::new(rule, now);
        }
        if self.count >= rule.limit {
            return Hit::Limited { retry_after: self.ends_at.since(now) };
        }
        self.count += 1;
        Hit::Allowed
    }

    /// Takes one hit back.
    pub fn undo(&mut self) {
        self.count = self.count.saturating_sub(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const NOW: Timestamp = Timestamp(1_000);
    const RULE: Rule = Rule { limit: 3, window: Duration::from_mins(1) };

    proptest! {
        #[test] // P-21
        fn no_window_allows_more_than_the_limit(limit in 0..4_u32, pauses in prop::collection::vec(0..40_u64, 0..60)) {
            let rule = Rule { limit, ..RULE };
            let mut counter = Counter::new(rule, NOW);
            let (mut now, mut began, mut allowed) = (NOW, NOW, 0);
            for pause in pauses {
                now = now + Duration::from_secs(pause);
                if now >= began + rule.window {
                    (began, allowed) = (now, 0);
                }
                let left = (began + rule.window).since(now);
                let expected = if allowed < limit { Hit::Allowed } else { Hit::Limited { retry_after: left } };
                prop_assert_eq!(counter.hit(rule, now), expected);
                allowed += u32::from(expected == Hit::Allowed);
            }
        }
    }

    #[test]
    fn a_window_from_a_clock_that_was_wrong_is_closed() {
        let a_day_ahead = NOW + Duration::from_hours(24);
        let mut counter = Counter::new(RULE, a_day_ahead);
        counter.count = 3;
        assert_eq!(counter.hit(RULE, NOW), Hit::Allowed);
        assert_eq!(counter, Counter { count: 1, ends_at: NOW + RULE.window });
    }

    #[test]
    fn a_tighter_rule_holds_for_the_hits_that_were_counted_under_the_looser() {
        let mut counter = Counter::new(RULE, NOW);
        for _ in 0..3 {
            assert_eq!(counter.hit(RULE, NOW), Hit::Allowed);
        }
        let tighter = Rule { limit: 1, ..RULE };
        assert_eq!(counter.hit(tighter, NOW), Hit::Limited { retry_after: RULE.window });
    }

    #[test]
    fn nothing_is_undone_below_zero() {
        let mut counter = Counter::new(RULE, NOW);
        assert_eq!(counter.hit(RULE, NOW), Hit::Allowed);
        for _ in 0..2 {
            counter.undo();
        }
        assert_eq!(counter, Counter::new(RULE, NOW));
    }
}
