//! The vendor's emulator, in memory. All that is called of it is here: it is for his own tests, and promises nothing.
use crate::{CosmosStore, Parts, Throughput, account, provision};
use auth_core::{
    secrets::ServerSecret,
    system::{OsRng, SystemClock},
};
use azure_data_cosmos::{
    AccountReference, CosmosClient, CosmosRuntimeBuilder, DatabaseClient, RoutingStrategy,
    fault_injection::FaultInjectionRule,
};
use azure_data_cosmos_driver::in_memory_emulator::{
    ConsistencyLevel, InMemoryEmulatorHttpClient, VirtualAccountConfig, VirtualRegion,
};
use std::{sync::Arc, time::Duration};
use url::Url;

/// An account with an empty database.
pub struct Emulator {
    http: Arc<InMemoryEmulatorHttpClient>,
    endpoint: Url,
}

impl Emulator {
    pub async fn start() -> Self {
        let endpoint = Url::parse("https://emulator.local/").unwrap();
        let region = VirtualRegion::new("East US", endpoint.clone());
        let config = VirtualAccountConfig::new(vec![region]).unwrap().with_consistency(ConsistencyLevel::Session);
        let emulator = Self { http: Arc::new(InMemoryEmulatorHttpClient::new(config)), endpoint };
        let client = emulator.client(Vec::new()).await;
        client.create_database("auth", None).await.unwrap();
        let database = client.database_client("auth");
        provision::containers(&database, Throughput::Autoscale(1_000)).await.unwrap();
        emulator
    }

    /// A client of its own, as another process would have one, with these faults between it and the database.
    async fn client(&self, faults: Vec<Arc<FaultInjectionRule>>) -> CosmosClient {
        let runtime = CosmosRuntimeBuilder::from(self.http.runtime_builder()).build().await.unwrap();
        let account = AccountReference::with_authentication_key(self.endpoint.clone().into(), "a2V5");
        let client =
            CosmosClient::builder().with_runtime(runtime).with_default_operation_options(account::operations());
        let client = client.with_fault_injection_rules(faults).unwrap();
        client.build(account, RoutingStrategy::PreferredRegions(Vec::new())).await.unwrap()
    }

    pub async fn database(&self, faults: Vec<Arc<FaultInjectionRule>>) -> DatabaseClient {
        self.client(faults).await.database_client("auth")
    }

    pub async fn store(&self) -> CosmosStore {
        CosmosStore::over(&self.database(Vec::new()).await, parts()).await.unwrap()
    }
}

pub fn parts() -> Parts {
    Parts {
        secret: Arc::new(ServerSecret::new(&[7; 32]).unwrap()),
        clock: Arc::new(SystemClock),
        rng: Arc::new(OsRng),
        gauge: None,
        patience: Duration::from_secs(20),
    }
}
