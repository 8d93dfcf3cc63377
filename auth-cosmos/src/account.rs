//! A Cosmos DB account: where it is, how one is let in, and a client of it.
use crate::{Error, metrics::Gauge, repeat::insist, times, token::KeptToken};
use auth_core::{ports::Clock, value::Secret};
use azure_core::credentials::TokenCredential;
use azure_data_cosmos::{
    AccountEndpoint, AccountReference, CosmosClient, CosmosRuntimeBuilder, RoutingStrategy,
    options::{
        AvailabilityStrategy, ConnectionPoolOptions, ContentResponseOnWrite, OperationOptions, OperationOptionsBuilder,
        PartitionFailoverOptions, ReadConsistencyStrategy, Region, ThrottlingRetryOptionsBuilder,
    },
};
use azure_identity::{
    DeveloperToolsCredential, ManagedIdentityCredential, ManagedIdentityCredentialOptions, UserAssignedId,
    WorkloadIdentityCredential,
};
use std::{sync::Arc, time::Duration};

/// A database of a Cosmos DB account.
#[derive(Clone, Debug)]
pub struct Account {
    /// Such as `https://example.documents.azure.com/`.
    pub endpoint: String,
    /// How one is let in.
    pub credential: Credential,
    /// The database's name.
    pub database: String,
    /// The Azure region that this program runs in, or the nearest one, such as `West Europe`: reads go there, and
    /// elsewhere when it fails. Without one the account's own order counts.
    pub region: Option<String>,
}

/// How one is let in.
#[derive(Clone, Debug)]
pub enum Credential {
    /// By the account's key: all of the account, and nobody knows who it was. For emulators.
    Key(Secret),
    /// As the managed identity of the machine that this runs on, or as the one of several with this client id.
    ManagedIdentity(Option<String>),
    /// As a workload identity of Kubernetes.
    WorkloadIdentity,
    /// As whoever is logged in to Azure's command line.
    DeveloperTools,
}

impl Account {
    /// A client of the account: to be made once, and kept.
    pub(crate) async fn client(
        &self,
        gauge: Option<Arc<dyn Gauge>>,
        clock: &Arc<dyn Clock>,
        patience: Duration,
    ) -> Result<CosmosClient, Error> {
        let pool = ConnectionPoolOptions::builder()
            .with_max_connect_timeout(times::connect(patience))
            .with_max_dataplane_request_timeout(times::request(patience))
            .with_max_metadata_request_timeout(times::metadata(patience));
        let pool = pool.build().map_err(Error::of("the account"))?;
        let runtime = CosmosRuntimeBuilder::new().with_connection_pool(pool).build().await;
        let runtime = runtime.map_err(Error::of("the account"))?;
        // What has failed twice is asked elsewhere for a while: ten times, as the SDK has it, are five seconds that somebody
        // waits. And not for longer than it has failed, since elsewhere may not have heard of the latest.
        let failover = PartitionFailoverOptions::builder()
            .with_read_failure_threshold(2)
            .with_counter_reset_window(Duration::from_secs(30))
            .with_failback_sweep_interval(Duration::from_secs(30))
            .build();
        let failover = failover.map_err(Error::of("the account"))?;
        let reference = self.reference(clock)?;
        let build = || {
            let client = CosmosClient::builder().with_runtime(runtime.clone());
            let client = client.with_default_operation_options(operations());
            let client = client.with_partition_failover_options(failover.clone());
            let client = match &gauge {
                Some(gauge) => client.with_diagnostics_handler(crate::metrics::handler(gauge.clone())),
                None => client,
            };
            client.build(reference.clone(), self.routing())
        };
        insist(build).await.map_err(Error::of("the account"))
    }

    fn reference(&self, clock: &Arc<dyn Clock>) -> Result<AccountReference, Error> {
        let endpoint: AccountEndpoint = self.endpoint.parse().map_err(|_| Error::Endpoint(self.endpoint.clone()))?;
        let no_credential = |error| Error::Credential(Box::new(error));
        let credential: Arc<dyn TokenCredential> = match &self.credential {
            Credential::Key(key) => {
                return Ok(AccountReference::with_authentication_key(endpoint, key.expose().to_owned()));
            }
            Credential::ManagedIdentity(client_id) => {
                let user_assigned_id = client_id.clone().map(UserAssignedId::ClientId);
                let options = ManagedIdentityCredentialOptions { user_assigned_id, ..Default::default() };
                ManagedIdentityCredential::new(Some(options)).map_err(no_credential)?
            }
            Credential::WorkloadIdentity => WorkloadIdentityCredential::new(None).map_err(no_credential)?,
            Credential::DeveloperTools => DeveloperToolsCredential::new(None).map_err(no_credential)?,
        };
        Ok(AccountReference::with_credential(endpoint, KeptToken::new(credential, clock.clone())))
    }

    fn routing(&self) -> RoutingStrategy {
        match &self.region {
            Some(region) => RoutingStrategy::ProximityTo(Region::from(region.clone())),
            None => RoutingStrategy::PreferredRegions(Vec::new()),
        }
    }
}

/// What holds for every request: whatever variables of the SDK's own are set.
pub fn operations() -> OperationOptions {
    OperationOptionsBuilder::new()
        // What another instance has written is seen: what was ended is ended, and a new password is the only one.
        .with_read_consistency_strategy(ReadConsistencyStrategy::LatestCommitted)
        // No second region is asked before the first has failed: it may not have heard of the latest.
        .with_availability_strategy(AvailabilityStrategy::Disabled)
        .with_content_response_on_write(ContentResponseOnWrite::Disabled)
        // Whoever is told to come back is told so by `container.rs`, within its time.
        .with_throttling_retry_options(ThrottlingRetryOptionsBuilder::new().with_max_retry_count(0).build())
        .build()
}
