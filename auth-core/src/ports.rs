//! Everything outside: one small trait each, gathered in [`Ports`].
//!
//! `Err` says that the outside failed. Every answer that the domain must weigh is in `Ok`, as an enum that says who won.
//! Each method may be run twice without harm: a networked store may have done the write and lost the answer.
//! A [`Layer`] is what happens around every call, whatever the port.

mod around;
mod clock;
mod codes;
mod counters;
mod documents;
mod events;
mod hasher;
mod keyring;
mod keys;
mod logouts;
mod mailer;
mod outbox;
mod patience;
mod records;
mod rng;
mod sessions;
mod users;

pub(crate) use self::patience::Patience;
pub use self::{
    around::{Around, Call, Layer},
    clock::Clock,
    codes::CodeStore,
    counters::CounterStore,
    documents::{DocumentPage, DocumentStore, DocumentStoreExt, Inserted},
    events::{Event, EventSink},
    hasher::{PasswordHasher, Verdict},
    keyring::{Jwk, Keyring},
    keys::{KeyStore, KeyStoreExt},
    logouts::{LogoutNotice, LogoutNotifier, LogoutTransport, NoClients},
    mailer::{Delivery, Letter, Mail, Mailer, PasswordChange, Transport},
    outbox::{Entry, Lease, OutboxStore, Settled, Verdict as MailVerdict},
    records::{Cursor, Imported, Page, Record, RecordKind, RecordStore},
    rng::Rng,
    sessions::SessionStore,
    users::{Change, Changed, Insert, Rename, Renamed, Replace, Revision, Stored, UserStore, UserStoreExt},
};
#[cfg(feature = "mocks")]
pub use self::{
    clock::MockClock,
    codes::MockCodeStore,
    counters::MockCounterStore,
    documents::MockDocumentStore,
    events::MockEventSink,
    hasher::MockPasswordHasher,
    keyring::MockKeyring,
    keys::MockKeyStore,
    logouts::{MockLogoutNotifier, MockLogoutTransport},
    mailer::{MockMailer, MockTransport},
    outbox::MockOutboxStore,
    records::MockRecordStore,
    rng::MockRng,
    sessions::MockSessionStore,
    users::MockUserStore,
};
pub use async_trait::async_trait;

use std::{error::Error, sync::Arc, time::Duration};

/// The outside did not do what was asked, or did not say so. `?` carries it to the edge, where it becomes a 503.
#[derive(Debug, thiserror::Error)]
pub enum Unavailable {
    /// It failed. Whether the write was done is not known.
    #[error("{service} failed")]
    Failed {
        /// Which part of the outside: `users`, `mail`, ...
        service: &'static str,
        /// Why.
        #[source]
        source: Box<dyn Error + Send + Sync>,
    },
    /// It has too much to do, and did nothing.
    #[error("{service} is overloaded")]
    Overloaded {
        /// Which part of the outside.
        service: &'static str,
        /// When to ask again.
        retry_after: Duration,
    },
}

impl Unavailable {
    /// A failure of `service`, with its reason.
    pub fn failed(service: &'static str, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::Failed { service, source: source.into() }
    }

    /// Which part of the outside it was.
    pub const fn service(&self) -> &'static str {
        match self {
            Self::Failed { service, .. } | Self::Overloaded { service, .. } => service,
        }
    }
}

/// What a port answers.
pub type Outside<T> = Result<T, Unavailable>;

/// The outside, all of it, chosen once by whoever starts the program.
#[derive(Clone)]
pub struct Ports {
    /// Accounts.
    pub users: Arc<dyn UserStore>,
    /// Codes that were mailed.
    pub codes: Arc<dyn CodeStore>,
    /// Signed-in devices.
    pub sessions: Arc<dyn SessionStore>,
    /// How often what was tried.
    pub counters: Arc<dyn CounterStore>,
    /// Small records of a protocol, such as OAuth's.
    pub documents: Arc<dyn DocumentStore>,
    /// Takes mail for delivery: an [`Outbox`](crate::outbox::Outbox), as a rule.
    pub mailer: Arc<dyn Mailer>,
    /// Takes word for clients whose people have signed out: the same [`Outbox`](crate::outbox::Outbox), or [`NoClients`].
    pub logouts: Arc<dyn LogoutNotifier>,
    /// Passwords into hashes.
    pub hasher: Arc<dyn PasswordHasher>,
    /// Signs access tokens.
    pub keyring: Arc<dyn Keyring>,
    /// What happened, for whoever audits.
    pub events: Arc<dyn EventSink>,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Dice.
    pub rng: Arc<dyn Rng>,
}
