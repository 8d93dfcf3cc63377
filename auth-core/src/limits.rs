//! The limiter: count first, atomically, in the store; then look. Keys are hashes, so no address is kept.
//!
//! | what is limited | where |
//! | --- | --- |
//! | passwords | `limits/login.rs` |
//! | codes that were mailed | `limits/code.rs` |
//! | mails that are asked for | `limits/mail.rs` |
//!
//! Every number is in [`Limits`](crate::policy::Limits).
mod code;
mod login;
mod mail;

pub use self::code::Alarm;

use crate::{
    accounts::{Accounts, Caller},
    counter::*,
    device_token::{AccountName, DeviceToken},
    ports::*,
};
use std::{net::IpAddr, time::Duration};

/// Asked too often.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("too many attempts: try again in {} seconds", retry_after.as_secs())]
pub struct Slow {
    /// Once this has passed, it is allowed again.
    pub retry_after: Duration,
}

/// One attempt, and what it counts on. It counts as wrong until it is known to be right, so no more than the limit can be
/// under way at once.
pub(crate) struct Attempted {
    id: AttemptId,
    counts: Vec<Count>,
    /// What begins anew once it was right; on all the others its hit is taken back.
    cleared: Vec<CounterKey>,
}

impl Accounts {
    /// Counts an attempt, and lets the caller go on if that is within all rules.
    pub(crate) async fn limit(&self, action: &'static str, attempted: &Attempted) -> Outside<Result<(), Slow>> {
        let Ports { counters, events, clock, .. } = &self.ports;
        let hit = counters.hit(Some(attempted.id), &attempted.counts, clock.now()).await;
        match self.counted_if_done(attempted, hit).await? {
            Hit::Allowed => Ok(Ok(())),
            Hit::Limited { retry_after } => {
                events.record(&Event::Slowed(action));
                Ok(Err(Slow { retry_after }))
            }
        }
    }

    /// The attempt was right: only what was wrong counts.
    pub(crate) async fn was_right(&self, attempted: &Attempted) {
        let keys = attempted.counts.iter().map(|count| count.key);
        let others: Vec<CounterKey> = keys.filter(|key| !attempted.cleared.contains(key)).collect();
        let forgiven = self.ports.counters.forgive(attempted.id, &attempted.cleared, &others);
        self.afterwards("counters", forgiven.await);
    }

    /// Begins these counters anew.
    async fn forget(&self, keys: &[CounterKey]) {
        let no_attempt = AttemptId(0); // nothing is undone
        self.afterwards("counters", self.ports.counters.forgive(no_attempt, keys, &[]).await);
    }

    /// Takes the hits back if what they were counted for did not come about.
    pub(crate) async fn counted_if_done<T>(&self, attempted: &Attempted, done: Outside<T>) -> Outside<T> {
        if done.is_err() {
            let keys: Vec<CounterKey> = attempted.counts.iter().map(|count| count.key).collect();
            self.afterwards("counters", self.ports.counters.forgive(attempted.id, &[], &keys).await);
        }
        done
    }

    fn attempted(&self, counts: Vec<Count>, cleared: Vec<CounterKey>) -> Attempted {
        let mut id = [0; 8];
        self.ports.rng.fill(&mut id);
        Attempted { id: AttemptId(u64::from_be_bytes(id)), counts, cleared }
    }

    /// A counter, by name and by what it counts. There are so many of a name and no more, however many things there are to
    /// count: two that fall on the same one share its limit, and none is ever pushed out and forgotten.
    fn count(&self, name: &str, of: &[&str], rule: Rule) -> Count {
        let words: Vec<&str> = ["counter", name].iter().chain(of).copied().collect();
        let [a, b, c, d, ..] = self.secret.index(&words);
        let slot = u32::from_be_bytes([a, b, c, d]) % self.policy.limits.counters.get();
        Count { key: CounterKey(self.secret.index(&["counter", name, &slot.to_string()])), rule, pause: None }
    }

    /// The counters of a source, and of the network that it is in, under each of some rules. While many are guessing, all
    /// sources have a part of what they have otherwise.
    fn source_counts(&self, caller: &Caller, watched: bool, rules: &[(&str, Rule)]) -> Vec<Count> {
        let (limits, (source, network)) = (&self.policy.limits, source(caller));
        let counts = rules.iter().flat_map(|(name, rule)| {
            let rule = if watched { rule.divided(limits.watch_divisor.get()) } else { *rule };
            let (of_source, of_network) = (format!("{name}/source"), format!("{name}/network"));
            [
                self.count(&of_source, &[&source], rule),
                self.count(&of_network, &[&network], rule.times(limits.network_factor.get())),
            ]
        });
        counts.collect()
    }

    /// The caller's device, if somebody has logged in to this very account on it.
    fn known_device<'a>(&self, caller: &'a Caller, whose: &AccountName) -> Option<&'a DeviceToken> {
        let (device, now) = (caller.device.as_ref(), self.ports.clock.now());
        device.filter(|device| device.is_for(whose, now, self.policy.device_ttl, &self.secret))
    }
}

/// Whom a source's hits are counted on, and whom its network's: an IPv4 address and its /24; of an IPv6 address the /64,
/// all of which a host has to call from, and the /48.
fn source(caller: &Caller) -> (String, String) {
    match caller.source.map(|address| address.to_canonical()) {
        Some(IpAddr::V4(address)) => (address.to_string(), format!("{:06x}/24", u32::from(address) >> 8)),
        Some(IpAddr::V6(address)) => {
            let bits = u128::from(address);
            (format!("{:016x}/64", bits >> 64), format!("{:012x}/48", bits >> 80))
        }
        None => (String::new(), String::new()),
    }
}
