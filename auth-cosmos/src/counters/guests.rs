//! Attempts from a network from which nothing wrong has come lately: a few at a time go on without a write, since almost
//! all of them are right. One that turns out wrong is written before it is answered, and then all that follow are counted
//! first. So what one limit lets through can be more than its rule by what is under way here when the first is wrong, and
//! not if the rule is larger than that.
use super::GroupKey;
use auth_core::{counter::*, value::*};
use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

/// At one time, on one instance, from one network.
const AT_ONCE: usize = 4;
/// With so many networks it is looked who is still there.
const MANY: usize = 4_096;

/// Who is under way, and until when he is taken to be.
#[derive(Default)]
pub struct Guests(Mutex<HashMap<GroupKey, Vec<(AttemptId, Timestamp)>>>);

impl Guests {
    /// Whether this attempt may go on uncounted.
    pub fn admit(&self, network: GroupKey, attempt: AttemptId, now: Timestamp) -> bool {
        let mut inside = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_inside = |until: Timestamp| now < until && until <= now + Counter::UNDER_WAY;
        if inside.len() >= MANY {
            // Those whose requests were broken off have never left.
            inside.retain(|_, guests| guests.iter().any(|(_, until)| is_inside(*until)));
        }
        let guests = inside.entry(network).or_default();
        guests.retain(|(_, until)| is_inside(*until));
        if guests.iter().any(|(other, _)| *other == attempt) {
            return true;
        }
        let room = guests.len() < AT_ONCE;
        if room {
            guests.push((attempt, now + Counter::UNDER_WAY));
        }
        room
    }

    /// Whether this attempt was uncounted; from now on it is not under way.
    pub fn leave(&self, network: GroupKey, attempt: AttemptId) -> bool {
        let mut inside = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(guests) = inside.get_mut(&network) else { return false };
        let before = guests.len();
        guests.retain(|(other, _)| *other != attempt);
        let left = guests.len() < before;
        if guests.is_empty() {
            inside.remove(&network);
        }
        left
    }
}
