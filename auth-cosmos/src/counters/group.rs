//! The counters that lie in one document.
use crate::document::Kept;
use auth_core::{counter::*, ports::Record as Exported, value::*};
use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine as _};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Each by its name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Group(BTreeMap<String, Counter>);

impl Kept for Group {
    fn kept_until(&self) -> Option<Timestamp> {
        Some(self.0.values().map(|counter| counter.over_at).max().unwrap_or_default())
    }
}

impl Group {
    /// What a hit would be answered.
    pub fn judge(&self, count: &Count, now: Timestamp) -> Hit {
        self.0.get(&name(count.key)).unwrap_or(&Counter::default()).judge(count, now)
    }

    /// Whether nothing counts on these.
    pub fn is_quiet(&self, counts: &[Count], now: Timestamp) -> bool {
        counts.iter().all(|count| self.0.get(&name(count.key)).is_none_or(|counter| counter.is_quiet(count, now)))
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

    /// Puts a counter where none is; answers the one that is there.
    pub fn put(&mut self, key: CounterKey, counter: Counter) -> Option<Counter> {
        let held = self.0.get(&name(key)).cloned();
        if held.is_none() {
            let _none = self.0.insert(name(key), counter);
        }
        held
    }

    /// Each of them, with its key; `None`: one of the names is none.
    pub fn records(&self, group: [u8; 16]) -> Option<Vec<Exported>> {
        let record = |(name, counter): (&String, &Counter)| {
            let name = BASE64_URL_SAFE_NO_PAD.decode(name).ok()?.try_into().ok()?;
            Some(Exported::Counter(CounterKey { group, name }, counter.clone()))
        };
        self.0.iter().map(record).collect()
    }

    /// Drops what counts no more, so that the document stays as small as what is in it.
    pub fn tidy(&mut self, now: Timestamp) {
        self.0.retain(|_, counter| now < counter.over_at);
    }
}

fn name(key: CounterKey) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(key.name)
}
