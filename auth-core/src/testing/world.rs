//! Everything faked, and a handle on each fake.
use super::{FixedClock, Ledger, Memory, PlainHasher, PostOffice, SeededRng};
use crate::{
    accounts::{Accounts, Caller},
    counter::Rule,
    keys::{Algorithm, KeyRing, KeySet},
    policy::{Limits, Policy},
    ports::*,
    secrets::ServerSecret,
    value::*,
};
use std::{sync::Arc, time::Duration};

/// A whole outside for a test: time stands still, and the same run draws the same codes.
pub struct World {
    /// Time, to be moved.
    pub clock: Arc<FixedClock>,
    /// Every letter that a flow has sent.
    pub post: Arc<PostOffice>,
    /// Every event.
    pub ledger: Arc<Ledger>,
    /// The stores.
    pub memory: Arc<Memory>,
    /// What the fakes are to the flows.
    pub ports: Ports,
    /// The server's secret.
    pub secret: Arc<ServerSecret>,
}

impl World {
    /// Accounts in this world, with limits that no test meets by accident.
    pub fn accounts(&self) -> Accounts {
        self.accounts_with(Self::policy())
    }

    /// Accounts in this world, by another policy.
    pub fn accounts_with(&self, policy: Policy) -> Accounts {
        Accounts::new(self.ports.clone(), self.secret.clone(), policy)
    }

    /// The default policy, but for the limits.
    pub fn policy() -> Policy {
        let limits = Limits::all(Rule::new(1_000_000, Duration::from_mins(1)));
        Policy { limits, ..Policy::default() }
    }

    /// Somebody who calls from an address for documentation (RFC 5737).
    pub fn caller() -> Caller {
        Caller { source: Some([192, 0, 2, 1].into()), ..Caller::default() }
    }

    /// The code in the one letter that has been sent since the last look.
    ///
    /// # Panics
    /// If there is not exactly one letter, or no code in it.
    pub fn mailed_code(&self) -> OneTimeCode {
        match &self.post.take()[..] {
            [Letter { mail: Mail::ConfirmRegistration { code, .. } | Mail::ResetPassword { code, .. }, .. }] => {
                code.clone()
            }
            other => panic!("not one letter with a code: {other:?}"),
        }
    }
}

impl Default for World {
    fn default() -> Self {
        let (memory, clock, post, ledger) = <(Arc<Memory>, Arc<FixedClock>, Arc<PostOffice>, Arc<Ledger>)>::default();
        let keys = KeySet::generate(Algorithm::EdDsa, clock.now()).expect("the system makes a key");
        let ports = Ports {
            users: memory.clone(),
            codes: memory.clone(),
            sessions: memory.clone(),
            counters: memory.clone(),
            documents: memory.clone(),
            mailer: post.clone(),
            logouts: post.clone(),
            hasher: Arc::new(PlainHasher),
            keyring: Arc::new(KeyRing::new(keys, Algorithm::EdDsa, clock.clone(), Duration::from_hours(1))),
            events: ledger.clone(),
            clock: clock.clone(),
            rng: Arc::new(SeededRng::default()),
        };
        let secret = Arc::new(ServerSecret::new(&[7; 32]).expect("32 bytes"));
        Self { clock, post, ledger, memory, ports, secret }
    }
}
