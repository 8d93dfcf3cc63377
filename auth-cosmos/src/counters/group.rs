//! The counters that lie in one document.
use crate::document::Record;
use auth_core::{counter::*, value::*};
use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine as _};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Each by its name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Group(BTreeMap<String, Counter>);

impl Record for Group {
    fn kept_until(&self) -> Option<Timestamp> {
        Some(self.0.values().map(|counter| counter.over_at).max().unwrap_or_default())
    }
}

impl Group {
    /// What a hit would be answered.
    pub fn judge(&self, count: &Count, now: Timestamp) -> Hit {
        self.0.get(&name(count.key)).unwrap_or(&Counter::default()).judge(count, now)
    }

    /// Whether nothing counts in it.
    pub fn is_over(&self, now: Timestamp) -> bool {
        self.0.values().all(|counter| counter.over_at <= now)
    }

    /// Counts on all or on none.
    pub fn hit(&mut self, standing: Standing, counts: &[Count], now: Timestamp) -> Counted {
        let names = counts.iter().map(|count| name(count.key));
        let mut counters: Vec<Counter> =
            names.clone().map(|name| self.0.get(&name).cloned().unwrap_or_default()).collect();
        let counted = Counter::hit(&mut counters, counts, standing, now);
        if counted.hit == Hit::Allowed {
            self.0.extend(names.zip(counters));
        }
        counted
    }

    /// What an attempt has counted counts for good.
    pub fn confirm(&mut self, attempt: AttemptId, counts: &[Count], now: Timestamp) {
        for count in counts {
            self.0.entry(name(count.key)).or_default().confirm(count, attempt, now);
        }
    }

    /// Begins some anew, and takes an attempt back from others.
    pub fn forgive(&mut self, attempt: AttemptId, forget: &[CounterKey], undo: &[CounterKey]) {
        for key in forget {
            self.0.remove(&name(*key));
        }
        for key in undo {
            if let Some(counter) = self.0.get_mut(&name(*key)) {
                counter.undo(attempt);
            }
        }
    }

    /// Drops what counts no more, so that the document stays as small as what is in it.
    pub fn tidy(&mut self, now: Timestamp) {
        self.0.retain(|_, counter| now < counter.over_at);
    }
}

fn name(key: CounterKey) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(key.name)
}
