//! The stores that a server can run on: each opened by its settings.
use crate::{
    compose::ComposeError,
    http::Probe,
    metrics::Metrics,
    settings::{Settings, SettingsError, value::Store},
};
use auth_core::{
    ports::{
        CodeStore, CounterStore, DocumentStore, KeyStore, OutboxStore, Outside, RecordStore, SessionStore, UserStore,
        async_trait,
    },
    secrets::ServerSecret,
};
use auth_sqlite::SqliteStore;
use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

/// Every store port, over one database: what a server can run on.
pub trait Backing:
    UserStore + CodeStore + SessionStore + CounterStore + DocumentStore + OutboxStore + KeyStore + Closing
{
}
impl<S: UserStore + CodeStore + SessionStore + CounterStore + DocumentStore + OutboxStore + KeyStore + Closing> Backing
    for S
{
}

/// All that a database holds, to be carried into another, or from one.
pub trait Carried: RecordStore + Closing {}
impl<S: RecordStore + Closing> Carried for S {}

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

/// Opens a store for all that is in it, alone where that can be had.
///
/// # Errors
/// [`ComposeError`].
pub async fn carried(
    (store, file): (Store, &Path),
    settings: &Settings,
    secret: &Arc<ServerSecret>,
) -> Result<Arc<dyn Carried>, ComposeError> {
    match store {
        Store::Sqlite => {
            let options = auth_sqlite::Options { patience: PATIENCE, ..<_>::default() };
            Ok(Arc::new(SqliteStore::open_alone(file, options)?))
        }
        Store::Cosmos => cosmos::carried(settings, secret).await,
    }
}

/// Where a store is, in words.
pub fn place(store: Store, settings: &Settings) -> String {
    match store {
        Store::Sqlite => {
            let file = sqlite_file(settings);
            std::path::absolute(&file).unwrap_or(file).display().to_string()
        }
        Store::Cosmos => {
            let endpoint = settings.cosmos.cosmos_endpoint.as_deref().unwrap_or_default().trim_end_matches('/');
            format!("the database {} of {endpoint}", settings.cosmos.cosmos_database)
        }
    }
}

/// The file that is filled before it is put in the database's place: no server starts on half of it.
pub fn unfinished(settings: &Settings) -> PathBuf {
    let mut file = sqlite_file(settings).into_os_string();
    file.push(".copying");
    file.into()
}

/// The file of the embedded store.
pub fn sqlite_file(settings: &Settings) -> PathBuf {
    settings.data_dir.join("auth.db")
}

/// For a page of records: nobody waits for an answer.
const PATIENCE: Duration = Duration::from_secs(30);

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

#[cfg(any(test, feature = "testing"))]
mod memory {
    //! The reference, in memory: for tests.
    use super::*;
    use auth_core::testing::Memory;

    #[async_trait]
    impl Probe for Memory {
        async fn ping(&self) -> Outside<()> {
            Ok(())
        }
    }
    #[async_trait]
    impl Closing for Memory {
        async fn close(&self) {} // what it holds ends with it
    }
}

#[cfg(feature = "cosmos")]
pub mod cosmos {
    //! Azure Cosmos DB.
    use super::*;
    use crate::metrics::Asked;
    use crate::settings::value::Access;
    use auth_core::system::{OsRng, SystemClock};
    use auth_cosmos::{Account, CosmosStore, Credential, Gauge, Parts};

    pub async fn open(
        settings: &Settings,
        secret: &Arc<ServerSecret>,
        metrics: &Arc<Metrics>,
    ) -> Result<Arc<dyn Backing>, ComposeError> {
        let gauge: Arc<dyn Gauge> = Arc::new(Told(metrics.clone()));
        let parts = Parts { gauge: Some(gauge), ..parts(secret, settings.store_deadline.0) };
        Ok(Arc::new(CosmosStore::connect(&account(settings)?, parts).await?))
    }

    pub async fn carried(settings: &Settings, secret: &Arc<ServerSecret>) -> Result<Arc<dyn Carried>, ComposeError> {
        Ok(Arc::new(CosmosStore::connect(&account(settings)?, parts(secret, PATIENCE)).await?))
    }

    fn parts(secret: &Arc<ServerSecret>, patience: Duration) -> Parts {
        Parts { secret: secret.clone(), clock: Arc::new(SystemClock), rng: Arc::new(OsRng), gauge: None, patience }
    }

    /// Counts for operators what the database was asked.
    struct Told(Arc<Metrics>);

    impl Gauge for Told {
        fn record(&self, done: &auth_cosmos::Operation<'_>) {
            let (operation, container) = (done.name.to_owned(), done.container.to_owned());
            let asked = Asked { operation, container, status: done.status };
            self.0.database(&asked, done.took, done.charge, done.requests as u64);
        }
    }

    /// The account that the settings name.
    pub fn account(settings: &Settings) -> Result<Account, SettingsError> {
        let cosmos = &settings.cosmos;
        cosmos.check()?;
        let credential = match (cosmos.access(), cosmos.key()) {
            (Access::Key, Some(key)) => Credential::Key(key.0.clone()),
            (Access::Key, None) | (Access::ManagedIdentity, _) => {
                Credential::ManagedIdentity(cosmos.cosmos_client_id.clone())
            }
            (Access::WorkloadIdentity, _) => Credential::WorkloadIdentity,
            (Access::DeveloperTools, _) => Credential::DeveloperTools,
        };
        Ok(Account {
            endpoint: cosmos.cosmos_endpoint.clone().unwrap_or_default(),
            credential,
            database: cosmos.cosmos_database.clone(),
            region: cosmos.cosmos_region.clone(),
        })
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

    pub async fn open(s: &Settings, _: &Arc<ServerSecret>, _: &Arc<Metrics>) -> Result<Arc<dyn Backing>, ComposeError> {
        Err(not_built(s).into())
    }

    pub async fn carried(settings: &Settings, _: &Arc<ServerSecret>) -> Result<Arc<dyn Carried>, ComposeError> {
        Err(not_built(settings).into())
    }

    fn not_built(settings: &Settings) -> SettingsError {
        settings.cosmos.check().expect_err("this program was built without it")
    }
}
