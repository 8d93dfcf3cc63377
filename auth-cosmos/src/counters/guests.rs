//! Attempts from a network from which nothing wrong has come lately: a few at a time go on without a write, since almost
//! all of them are right. One that turns out wrong is written before it is answered, and from then on all that follow are
//! counted first. So what one limit lets through can be more than its rule by what is under way here when the first is
//! wrong, and not if the rule is larger than that.
use super::GroupKey;
use auth_core::{counter::*, value::*};
use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};

/// At one time, on one instance, from one network.
const AT_ONCE: usize = 4;
/// An attempt is looked at within this. One that was right does not say that it is over.
const LASTS: Duration = Duration::from_secs(5);
/// With so many networks no other is admitted: its attempts are counted first.
const MANY: usize = 65_536;

/// Who is under way, by networks.
#[derive(Default)]
pub struct Guests(Mutex<Inside>);

#[derive(Default)]
struct Inside {
    networks: HashMap<GroupKey, Network>,
    /// Those who are gone were looked for.
    swept_at: Timestamp,
}

#[derive(Default)]
struct Network {
    /// Until when each is taken to be under way.
    guests: Vec<(AttemptId, Timestamp)>,
    /// Something was wrong: whoever has looked before that has not seen it.
    closed_until: Timestamp,
}

fn lasts(until: Timestamp, now: Timestamp) -> bool {
    now < until && until <= now + LASTS
}

impl Network {
    fn is_over(&self, now: Timestamp) -> bool {
        !lasts(self.closed_until, now) && !self.guests.iter().any(|(_, until)| lasts(*until, now))
    }
}

impl Guests {
    /// Whether this attempt may go on uncounted.
    pub fn admit(&self, network: GroupKey, attempt: AttemptId, now: Timestamp) -> bool {
        let mut inside = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if inside.networks.len() >= MANY && inside.swept_at != now {
            inside.networks.retain(|_, network| !network.is_over(now));
            inside.swept_at = now;
        }
        if inside.networks.len() >= MANY && !inside.networks.contains_key(&network) {
            return false;
        }
        let Network { guests, closed_until } = inside.networks.entry(network).or_default();
        guests.retain(|(_, until)| lasts(*until, now));
        if guests.iter().any(|(other, _)| *other == attempt) {
            return true;
        }
        let room = guests.len() < AT_ONCE && !lasts(*closed_until, now);
        if room {
            guests.push((attempt, now + LASTS));
        }
        room
    }

    /// Whether this attempt was uncounted; from now on it is not under way.
    pub fn leave(&self, network: GroupKey, attempt: AttemptId) -> bool {
        let mut inside = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(Network { guests, .. }) = inside.networks.get_mut(&network) else { return false };
        let before = guests.len();
        guests.retain(|(other, _)| *other != attempt);
        guests.len() < before
    }

    /// Something from this network is wrong, and about to be written: nobody is admitted who may not have seen it.
    pub fn close(&self, network: GroupKey, now: Timestamp) {
        let mut inside = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = inside.networks.get_mut(&network) {
            known.closed_until = now + LASTS;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1_000);

    #[test]
    fn a_few_at_a_time_are_admitted_and_none_once_something_is_wrong() {
        let (guests, home, elsewhere) = (Guests::default(), [1; 16], [2; 16]);
        for attempt in 0..4 {
            assert!(guests.admit(home, AttemptId(attempt), NOW));
        }
        assert!(!guests.admit(home, AttemptId(4), NOW));
        assert!(guests.admit(home, AttemptId(0), NOW), "one that is inside stays inside");
        assert!(guests.admit(elsewhere, AttemptId(4), NOW));
        assert!(guests.leave(home, AttemptId(0)) && !guests.leave(home, AttemptId(0)));
        assert!(guests.admit(home, AttemptId(5), NOW));
        assert!(guests.leave(home, AttemptId(1)));
        guests.close(home, NOW);
        assert!(!guests.admit(home, AttemptId(6), NOW), "whoever has looked before has not seen it");
        assert!(guests.admit(home, AttemptId(6), NOW + LASTS), "and later the database tells");
    }

    #[test]
    fn with_very_many_networks_no_other_is_admitted_until_some_are_gone() {
        let (guests, key) = (Guests::default(), |n: usize| (n as u128).to_be_bytes());
        for n in 0..MANY {
            assert!(guests.admit(key(n), AttemptId(1), NOW));
        }
        assert!(!guests.admit(key(MANY), AttemptId(1), NOW));
        assert!(guests.admit(key(MANY), AttemptId(1), NOW + LASTS));
    }
}
