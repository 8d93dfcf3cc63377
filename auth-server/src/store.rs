//! The stores that a server can run on: each opened by its settings.
use crate::{
    compose::ComposeError,
    http::Probe,
    metrics::Metrics,
    settings::{Settings, value::Store},
};
use auth_core::{
    ports::{CodeStore, CounterStore, OutboxStore, Outside, SessionStore, UserStore, async_trait},
    secrets::ServerSecret,
};
use auth_sqlite::SqliteStore;
use std::{path::PathBuf, sync::Arc};

/// Every store port, over one database.
pub trait Backing: UserStore + CodeStore + SessionStore + CounterStore + OutboxStore + Closing {}
impl<S: UserStore + CodeStore + SessionStore + CounterStore + OutboxStore + Closing> Backing for S {}

/// A database as what it is: asked whether it is there, and closed.
#[async_trait]
pub trait Closing: Probe {
    /// Finishes what was accepted and lets go.
    async fn close(&self);
}

/// Opens the store that the settings name.
///
/// # Errors
/// [`ComposeError`].
pub async fn open(
    settings: &Settings,
    secret: &Arc<ServerSecret>,
    metrics: &Arc<Metrics>,
) -> Result<Arc<dyn Backing>, ComposeError> {
    match settings.store {
        Store::Sqlite => Ok(Arc::new(SqliteStore::open(sqlite_file(settings), <_>::default())?)),
        Store::Cosmos => cosmos::open(settings, secret, metrics).await,
    }
}

/// The file of the embedded store.
pub fn sqlite_file(settings: &Settings) -> PathBuf {
    settings.data_dir.join("auth.db")
}

#[async_trait]
impl Probe for SqliteStore {
    async fn ping(&self) -> Outside<()> {
        Self::ping(self).await
    }
}
#[async_trait]
impl Closing for SqliteStore {
    async fn close(&self) {
        Self::close(self).await;
    }
}

#[cfg(feature = "cosmos")]
pub mod cosmos {
    //! Azure Cosmos DB.
    use super::*;
    use crate::metrics::Operation;
    use crate::settings::value::Access;
    use auth_core::system::{OsRng, SystemClock};
    use auth_cosmos::{Account, CosmosStore, Credential, Gauge, Parts};

    pub async fn open(
        settings: &Settings,
        secret: &Arc<ServerSecret>,
        metrics: &Arc<Metrics>,
    ) -> Result<Arc<dyn Backing>, ComposeError> {
        let parts = Parts {
            secret: secret.clone(),
            clock: Arc::new(SystemClock),
            rng: Arc::new(OsRng),
            gauge: Some(Arc::new(Told(metrics.clone()))),
            patience: settings.store_deadline.0,
        };
        Ok(Arc::new(CosmosStore::connect(&account(settings), parts).await?))
    }

    /// Counts for operators what the database was asked.
    struct Told(Arc<Metrics>);

    impl Gauge for Told {
        fn record(&self, done: &auth_cosmos::Operation<'_>) {
            let (operation, container) = (done.name.to_owned(), done.container.to_owned());
            let operation = Operation { operation, container, status: done.status };
            self.0.database(&operation, done.took, done.charge, done.requests as u64);
        }
    }

    /// The account that the settings name; they have been checked.
    pub fn account(settings: &Settings) -> Account {
        let cosmos = &settings.cosmos;
        let credential = match (cosmos.access(), cosmos.key()) {
            (Access::Key, Some(key)) => Credential::Key(key.0.clone()),
            (Access::Key, None) | (Access::ManagedIdentity, _) => {
                Credential::ManagedIdentity(cosmos.cosmos_client_id.clone())
            }
            (Access::WorkloadIdentity, _) => Credential::WorkloadIdentity,
            (Access::DeveloperTools, _) => Credential::DeveloperTools,
        };
        Account {
            endpoint: cosmos.cosmos_endpoint.clone().unwrap_or_default(),
            credential,
            database: cosmos.cosmos_database.clone(),
            region: cosmos.cosmos_region.clone(),
        }
    }

    #[async_trait]
    impl Probe for CosmosStore {
        async fn ping(&self) -> Outside<()> {
            Self::ping(self).await
        }
    }
    #[async_trait]
    impl Closing for CosmosStore {
        async fn close(&self) {} // what was answered is there
    }
}

#[cfg(not(feature = "cosmos"))]
mod cosmos {
    use super::*;

    pub async fn open(_: &Settings, _: &Arc<ServerSecret>, _: &Arc<Metrics>) -> Result<Arc<dyn Backing>, ComposeError> {
        Err(ComposeError::NotBuilt)
    }
}
