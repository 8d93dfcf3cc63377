//! The distributed store: every store port of [`auth_core`] on Azure Cosmos DB, through the official SDK.
//!
//! | file | what lives there |
//! | --- | --- |
//! | `lib.rs` | [`CosmosStore`]: connect, ping |
//! | `account.rs` `token.rs` `error.rs` `metrics.rs` | which database and how one is let in, why it cannot be used, what it was asked |
//! | `schema.rs` `provision.rs` `bicep.rs` | the containers, and two ways to make them |
//! | `container.rs` | the verbs of a container |
//! | `repeat.rs` `times.rs` | what a failure means, how often it is asked again, how long what may take |
//! | `document.rs` | the envelope around a record: its place, its last writes, when it may go |
//! | `names.rs` | logins and e-mails that have one owner each |
//! | `users.rs` `codes.rs` `sessions.rs` `counters.rs` `outbox.rs` `keys.rs` `documents.rs` | one port each |
//! | `records.rs` | all of it, record by record, on its way to or from another store |
//! | `tests/` | the contract on the vendor's emulator, faults, crashes, a model, the bill |
//!
//! ```no_run
//! use auth_core::{ports::UserStore, secrets::ServerSecret, system::{OsRng, SystemClock}};
//! use auth_cosmos::{Account, CosmosStore, Credential, Parts};
//! use std::{sync::Arc, time::Duration};
//!
//! # async fn run(root: &[u8]) -> Result<(), Box<dyn std::error::Error>> {
//! let account = Account {
//!     endpoint: "https://example.documents.azure.com/".to_owned(),
//!     credential: Credential::ManagedIdentity(None),
//!     database: "auth".to_owned(),
//!     region: Some("West Europe".to_owned()),
//! };
//! let parts = Parts {
//!     secret: Arc::new(ServerSecret::new(root)?),
//!     clock: Arc::new(SystemClock),
//!     rng: Arc::new(OsRng),
//!     gauge: None,
//!     patience: Duration::from_secs(2),
//! };
//! let store = Arc::new(CosmosStore::connect(&account, parts).await?);
//! let users: Arc<dyn UserStore> = store.clone();
//! # let _ = users;
//! store.ping().await?;
//! # Ok(())
//! # }
//! ```

mod account;
mod bicep;
mod codes;
mod container;
mod counters;
mod document;
mod documents;
mod error;
mod keys;
mod metrics;
mod names;
mod outbox;
mod provision;
mod records;
mod repeat;
mod schema;
mod sessions;
#[cfg(test)]
mod tests;
mod times;
mod token;
mod users;

pub use account::{Account, Credential};
pub use bicep::bicep;
pub use error::Error;
pub use metrics::{Gauge, Operation};
pub use provision::{Found, State, Throughput, provision, status};

use auth_core::{
    ports::{Clock, Outside, Rng},
    secrets::ServerSecret,
};
use azure_data_cosmos::DatabaseClient;
use container::{Container, Turns};
use counters::Counters;
use document::Place;
use names::{AccountRecord, Names};
use repeat::insist;
use schema::Schema;
use std::{sync::Arc, time::Duration};
use tokio::{time::timeout, try_join};

/// Every store port on one Cosmos DB database.
pub struct CosmosStore {
    names: Names,
    sessions: Container,
    codes: Container,
    counters: Counters,
    outbox: Container,
    documents: Container,
    secret: Arc<ServerSecret>,
}

/// What a store stands on besides its database.
#[derive(Clone)]
pub struct Parts {
    /// What the names of documents are derived from.
    pub secret: Arc<ServerSecret>,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Dice.
    pub rng: Arc<dyn Rng>,
    /// Told of each operation.
    pub gauge: Option<Arc<dyn Gauge>>,
    /// How long a call of a port may take, all its requests together; 2 seconds suit.
    pub patience: Duration,
}

impl CosmosStore {
    /// Connects, and looks that each container is there.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn connect(account: &Account, parts: Parts) -> Result<Self, Error> {
        let connect = Box::pin(async {
            let client = account.client(parts.gauge.clone(), &parts.clock, parts.patience).await?;
            Self::over(&client.database_client(account.database.clone()), parts).await
        });
        timeout(times::START, connect).await.unwrap_or(Err(Error::Silent(times::START.as_secs())))
    }

    async fn over(database: &DatabaseClient, parts: Parts) -> Result<Self, Error> {
        let Parts { secret, clock, rng, patience, .. } = parts;
        let open = |schema: Schema, service| {
            let (clock, rng, turns) = (clock.clone(), rng.clone(), Turns::default());
            // In boxes: seven of the SDK's futures side by side are too much for a stack.
            Box::pin(async move {
                let opened = insist(|| database.container_client(schema.name, None)).await;
                let items = opened.map_err(Error::of(format!("the container {}", schema.name)))?;
                Ok::<_, Error>(Container { items, service, clock, rng, patience, turns })
            })
        };
        // Together: where a region is silent, each waits for it.
        let (accounts, reservations, sessions, codes, counters, outbox, documents) = try_join!(
            open(schema::USERS, "users"),
            open(schema::NAMES, "users"),
            open(schema::SESSIONS, "sessions"),
            open(schema::CODES, "codes"),
            open(schema::COUNTERS, "counters"),
            open(schema::OUTBOX, "outbox"),
            open(schema::DOCUMENTS, "documents"),
        )?;
        let names = Names { accounts, reservations };
        Ok(Self { names, sessions, codes, counters: Counters::new(counters), outbox, documents, secret })
    }

    /// Whether the store can be read: for a readiness probe. It writes nothing.
    ///
    /// # Errors
    /// `Failed` if it cannot, or not in time.
    pub async fn ping(&self) -> Outside<()> {
        let accounts = &self.names.accounts;
        accounts.in_time(accounts.read::<AccountRecord>(&Place::alone("nobody"))).await.map(drop)
    }
}
