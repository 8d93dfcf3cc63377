//! The limiter: count first, atomically, in the store; then look. Keys are hashes, so no address is kept.
//!
//! | what is limited | where |
//! | --- | --- |
//! | passwords | `limits/login.rs` |
//! | codes that were mailed | `limits/code.rs` |
//! | mails that are asked for | `limits/mail.rs` |
//! | what a device shows and a person types | `limits/user_code.rs` |
//! | requests of programs that prove nothing | `limits/request.rs` |
//!
//! Every number is in [`Limits`](crate::policy::Limits).
mod code;
mod login;
mod mail;
mod request;
mod user_code;

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

/// One attempt, and what it counts on.
///
/// A password or a code is under way until it is known to be right or wrong, and counts as wrong all the while, so no more
/// than the limit can be under way at once. Who is told that it was wrong is told after it was confirmed: no answer tells of
/// a guess that does not count. Who hangs up before is told nothing, and what he asked for is not done. So it is safe that
/// an attempt which nobody has confirmed lapses by itself; and one that was right, and alone, costs no second write.
pub(crate) struct Attempted {
    standing: Standing,
    counts: Vec<Count>,
    /// What begins anew once it was right; on all the others its hit is taken back.
    cleared: Vec<CounterKey>,
    /// Where something else counts too. On the others its hit lapses by itself, and there is nothing to begin anew.
    shared: Vec<CounterKey>,
}

/// Counters that are kept together: those of an account, of an address, of a network.
struct Group {
    key: [u8; 16],
    crowd: Crowd,
}

/// So many sources of one network, or of those who try one account, have a counter of their own: as many as there are
/// addresses in a /24. Of the others, two may share one; long before that matters, the limits of the whole group are met.
const SOURCES: u32 = 256;

impl Accounts {
    /// Counts an attempt, and lets the caller go on with it if that is within all rules.
    pub(crate) async fn limit(&self, action: &'static str, attempted: Attempted) -> Outside<Result<Attempted, Slow>> {
        let Ports { counters, events, clock, .. } = &self.ports;
        let counted = counters.hit(attempted.standing, &attempted.counts, clock.now()).await;
        let Counted { hit, alone } = self.counted_if_done(&attempted, counted).await?;
        match hit {
            Hit::Allowed if alone => Ok(Ok(attempted)),
            Hit::Allowed => {
                let shared = attempted.counts.iter().map(|count| count.key).collect();
                Ok(Ok(Attempted { shared, ..attempted }))
            }
            Hit::Limited { retry_after } => {
                events.record(&Event::Slowed(action));
                Ok(Err(Slow { retry_after }))
            }
        }
    }

    /// The attempt was right: only what was wrong counts.
    pub(crate) async fn was_right(&self, attempted: &Attempted) {
        let Attempted { standing, cleared, shared, .. } = attempted;
        if shared.is_empty() {
            return;
        }
        let (forget, undo): (Vec<_>, Vec<_>) = shared.iter().partition(|key| cleared.contains(key));
        let forgiven = self.ports.counters.forgive(standing.attempt(), &forget, &undo);
        self.afterwards("counters", forgiven.await);
    }

    /// The attempt was wrong: it counts for good. Whoever asked is told so only if that is written.
    pub(crate) async fn was_wrong(&self, attempted: &Attempted) -> Outside<()> {
        let Ports { counters, clock, .. } = &self.ports;
        counters.confirm(attempted.standing.attempt(), &attempted.counts, clock.now()).await
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
            self.afterwards("counters", self.ports.counters.forgive(attempted.standing.attempt(), &[], &keys).await);
        }
        done
    }

    /// Something that is looked at: right or wrong.
    fn attempted(&self, counts: Vec<Count>, cleared: Vec<CounterKey>) -> Attempted {
        Attempted { standing: Standing::UnderWay(self.draw_attempt()), counts, cleared, shared: Vec::new() }
    }

    /// Something that is done, and counts whatever comes of it.
    fn asked(&self, counts: Vec<Count>) -> Attempted {
        Attempted { standing: Standing::ForGood(self.draw_attempt()), counts, cleared: Vec::new(), shared: Vec::new() }
    }

    fn draw_attempt(&self) -> AttemptId {
        AttemptId::draw(self.ports.rng.as_ref())
    }

    /// Counters that are kept together, by whose they are. There are so many groups of a kind and no more, however many there
    /// are to count: two that fall on the same one share its limits, and none is ever pushed out and forgotten.
    fn group(&self, kind: &str, of: &[&str], crowd: Crowd) -> Group {
        let slot = self.slot("group", kind, of, self.policy.limits.counters.get());
        Group { key: self.secret.index(&["counters of", kind, &slot]), crowd }
    }

    /// A counter of everybody.
    fn count_all(&self, name: &str, rule: Rule) -> Count {
        self.count(&self.group(name, &[], Crowd::All), &[name], rule)
    }

    /// A counter of a group, by its name.
    fn count(&self, group: &Group, name: &[&str], rule: Rule) -> Count {
        let name = self.secret.index(&[&["counter"], name].concat());
        Count { key: CounterKey { group: group.key, name }, rule, pause: None, crowd: group.crowd }
    }

    /// A counter of a group, by its name and by a source.
    fn count_source(&self, group: &Group, name: &str, source: &str, rule: Rule) -> Count {
        self.count(group, &[name, &self.slot("source", name, &[source], SOURCES)], rule)
    }

    /// One of so many, always the same for the same words.
    fn slot(&self, what: &str, kind: &str, of: &[&str], slots: u32) -> String {
        let [a, b, c, d, ..] = self.secret.index(&[&["slot", what, kind], of].concat());
        (u32::from_be_bytes([a, b, c, d]) % slots).to_string()
    }

    /// The counters of a source, and of the network that it is in, under each of some rules. While many are guessing, all
    /// sources have a part of what they have otherwise.
    fn source_counts(&self, caller: &Caller, watched: bool, rules: &[(&str, Rule)]) -> Vec<Count> {
        let (limits, (source, network)) = (&self.policy.limits, source(caller));
        let group = self.group("network", &[&network], Crowd::Source);
        let counts = rules.iter().flat_map(|(name, rule)| {
            let rule = if watched { rule.divided(limits.watch_divisor.get()) } else { *rule };
            let (of_source, of_network) = (format!("{name}/source"), format!("{name}/network"));
            [
                self.count_source(&group, &of_source, &source, rule),
                self.count(&group, &[&of_network], rule.times(limits.network_factor.get())),
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
