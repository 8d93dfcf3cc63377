//! The limiter: count first, atomically, in the store; then look. Keys are hashes, so no address is kept.
use crate::{
    accounts::{Accounts, Caller},
    code::Kind,
    counter::*,
    ports::*,
    value::{CodeId, Subject},
};
use std::{net::IpAddr, time::Duration};

/// Asked too often.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("too many attempts: try again in {} seconds", retry_after.as_secs())]
pub struct Slow {
    /// Once this has passed, it is allowed again.
    pub retry_after: Duration,
}

impl Accounts {
    /// Counts one hit on each, and lets the caller go on if all are within their rules.
    pub(crate) async fn limit(&self, action: &'static str, counts: &[Count]) -> Outside<Result<(), Slow>> {
        let Ports { counters, events, clock, .. } = &self.ports;
        match counters.hit(counts, clock.now()).await? {
            Hit::Allowed => Ok(Ok(())),
            Hit::Limited { retry_after } => {
                events.record(&Event::Slowed(action));
                Ok(Err(Slow { retry_after }))
            }
        }
    }

    /// Whether one more mail may be asked for: by this source.
    pub(crate) async fn limit_mails_asked(&self, action: &'static str, caller: &Caller) -> Outside<Result<(), Slow>> {
        self.limit(action, &[self.count("mail/source", &[&source(caller)], self.policy.limits.mail_per_source)]).await
    }

    /// Issues a code, if one more mail of its kind may go to this address. Whoever asked is not told: the answer is the
    /// same. If issuing fails, nothing was counted, so that the same request again gets the mail.
    pub(crate) async fn mail_within_limits(
        &self,
        kind: Kind,
        to: Subject,
        issue: impl Future<Output = Outside<()>>,
    ) -> Outside<()> {
        let (limits, kind, to) = (&self.policy.limits, kind.as_str(), to.to_string());
        let counts = [
            self.count("mail/minute", &[kind, &to], limits.mail_per_address),
            self.count("mail/hour", &[kind, &to], limits.mail_per_address_hourly),
            self.count("mail/day", &[kind, &to], limits.mail_per_address_daily),
        ];
        match self.ports.counters.hit(&counts, self.ports.clock.now()).await? {
            Hit::Allowed => self.counted_if_done(&counts, issue.await).await,
            Hit::Limited { .. } => Ok(()),
        }
    }

    /// The counters of one guess at a code: from this source, and for this address. An id that we never issued reaches no
    /// code, and is no guess at one: its inventor uses up no budget but his own.
    pub(crate) fn code_counts(&self, caller: &Caller, kind: Kind, id: CodeId) -> Vec<Count> {
        let (limits, source) = (&self.policy.limits, source(caller));
        let mut counts = vec![
            self.count("code/source", &[&source], limits.code_per_source),
            self.count("code/source/day", &[&source], limits.code_per_source_daily),
        ];
        if self.secret.issued(kind.as_str(), id) {
            let address = id.subject().to_string();
            counts.push(self.count("code/address", &[kind.as_str(), &address], limits.code_per_address));
        }
        counts
    }

    /// The counters of one guess at a password: from this source at all, and at this account from this source.
    pub(crate) fn login_counts(&self, caller: &Caller, account: &str) -> [Count; 2] {
        let (limits, source) = (&self.policy.limits, source(caller));
        [
            self.count("login/source", &[&source], limits.login_per_source),
            self.count("login/account/source", &[account, &source], limits.login_per_account_and_source),
        ]
    }

    /// Takes the hits back: only what was wrong counts.
    pub(crate) async fn uncount(&self, counts: &[Count]) {
        let keys: Vec<CounterKey> = counts.iter().map(|count| count.key).collect();
        self.afterwards("counters", self.ports.counters.forgive(&[], &keys).await);
    }

    /// Takes the hits back if what they were counted for did not come about.
    pub(crate) async fn counted_if_done<T>(&self, counts: &[Count], done: Outside<T>) -> Outside<T> {
        if done.is_err() {
            self.uncount(counts).await;
        }
        done
    }

    fn count(&self, name: &str, of: &[&str], rule: Rule) -> Count {
        let words: Vec<&str> = ["counter", name].iter().chain(of).copied().collect();
        Count { key: CounterKey(self.secret.index(&words)), rule }
    }
}

/// Whom a source's hits are counted on: an IPv6 host has a whole /64 to call from.
fn source(caller: &Caller) -> String {
    match caller.source.map(|address| address.to_canonical()) {
        Some(IpAddr::V4(address)) => address.to_string(),
        Some(IpAddr::V6(address)) => format!("{:016x}/64", u128::from(address) >> 64),
        None => String::new(),
    }
}
