//! The vendor's emulator, in memory. All that is called of it is here: it is for his own tests, and promises nothing.
use crate::{CosmosStore, Error, Found, Gauge, Parts, Throughput, account, metrics, provision};
use auth_core::{
    secrets::ServerSecret,
    system::{OsRng, SystemClock},
};
use azure_core::http::{Request, headers::HeaderName};
use azure_data_cosmos::{
    AccountReference, CosmosClient, CosmosClientBuilder, CosmosRuntimeBuilder, DatabaseClient, RoutingStrategy,
    fault_injection::FaultInjectionRule,
};
use azure_data_cosmos_driver::in_memory_emulator::{
    ConsistencyLevel, InMemoryEmulatorHttpClient, ReplicationConfig, RequestObserver, VirtualAccountConfig,
    VirtualRegion,
};
use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    time::Duration,
};
use url::Url;

/// An account with an empty database.
pub struct Emulator {
    http: Arc<InMemoryEmulatorHttpClient>,
    pub watch: Arc<Rotation>,
    /// Where its clients are: they read there.
    nearest: &'static str,
}

/// The region that writes.
const WRITES: &str = "East US";
/// The other one, if there is another: it is told what was written.
const READS: &str = "West US";

/// A request that has reached the emulator.
#[derive(Clone, Debug)]
pub struct Asked {
    pub method: String,
    /// Such as `dbs/auth/colls/users/docs/…`.
    pub path: String,
    /// Where the SDK says how new an answer must be.
    pub consistency: Option<String>,
}

/// Sees each request that has reached the emulator, keeps it if asked to, and then lets something else go wrong.
#[derive(Debug, Default)]
pub struct Rotation {
    /// Those of each client, in the same order: of rules that are on the SDK plays the first one alone.
    rules: Mutex<Vec<Vec<Arc<FaultInjectionRule>>>>,
    next: AtomicUsize,
    kept: Option<Mutex<Vec<Asked>>>,
}

impl Rotation {
    /// Keeps what it sees.
    pub fn keeping() -> Self {
        Self { kept: Some(Mutex::default()), ..Self::default() }
    }

    /// What was asked about documents since the last time.
    pub fn kept(&self) -> Vec<Asked> {
        let kept = self.kept.as_ref().map(|kept| std::mem::take(&mut *kept.lock().unwrap()));
        kept.unwrap_or_default().into_iter().filter(|asked| asked.path.contains("/docs")).collect()
    }

    fn keep(&self, request: &Request) {
        let Some(kept) = &self.kept else { return };
        let consistency = HeaderName::from_static("x-ms-cosmos-read-consistency-strategy");
        kept.lock().unwrap().push(Asked {
            method: request.method().to_string(),
            path: request.url().path().to_owned(),
            consistency: request.headers().get_optional_str(&consistency).map(str::to_owned),
        });
    }

    /// From now on these take turns, with those of other clients.
    pub fn add(&self, rules: Vec<Arc<FaultInjectionRule>>) {
        self.rules.lock().unwrap().push(rules);
    }

    /// The rules that have not been played so far.
    pub fn missed(&self) -> Vec<String> {
        let rules = self.rules.lock().unwrap();
        rules.iter().flatten().filter(|rule| rule.hit_count() == 0).map(|rule| rule.id().to_owned()).collect()
    }
}

impl RequestObserver for Rotation {
    fn on_request(&self, request: &Request) {
        self.keep(request);
        let next = self.next.fetch_add(1, Relaxed);
        for rules in self.rules.lock().unwrap().iter() {
            for (number, rule) in rules.iter().enumerate() {
                if number == next % rules.len() { rule.enable() } else { rule.disable() }
            }
        }
    }
}

impl Emulator {
    pub async fn start() -> Self {
        Self::watched_by(Rotation::default()).await
    }

    pub async fn watched_by(watch: Rotation) -> Self {
        Self::in_regions(&[WRITES], watch).await
    }

    pub async fn start_in_two_regions() -> Self {
        Self::in_regions(&[WRITES, READS], Rotation::default()).await
    }

    async fn in_regions(names: &[&str], watch: Rotation) -> Self {
        let watch = Arc::new(watch);
        let regions = names.iter().map(|name| VirtualRegion::new(name, endpoint(name))).collect();
        let config = VirtualAccountConfig::new(regions).unwrap().with_consistency(ConsistencyLevel::Session);
        let config = config.with_replication_config(ReplicationConfig::immediate());
        let http = InMemoryEmulatorHttpClient::new(config).with_request_observer(watch.clone());
        let emulator = Self { http: Arc::new(http), watch, nearest: WRITES };
        let client = emulator.client(Vec::new()).await;
        client.create_database("auth", None).await.unwrap();
        let database = client.database_client("auth");
        containers(&database).await.unwrap();
        emulator
    }

    /// A client of its own, as another process would have one, with these faults between it and the database.
    async fn client(&self, faults: Vec<Arc<FaultInjectionRule>>) -> CosmosClient {
        self.built(self.builder().await.with_fault_injection_rules(faults).unwrap()).await
    }

    async fn builder(&self) -> CosmosClientBuilder {
        let runtime = CosmosRuntimeBuilder::from(self.http.runtime_builder()).build().await.unwrap();
        CosmosClient::builder().with_runtime(runtime).with_default_operation_options(account::operations())
    }

    async fn built(&self, client: CosmosClientBuilder) -> CosmosClient {
        let account = AccountReference::with_authentication_key(endpoint(WRITES).into(), "a2V5");
        client.build(account, RoutingStrategy::PreferredRegions(vec![self.nearest.into()])).await.unwrap()
    }

    /// The same account, from where another region is nearer than the one that writes.
    pub fn seen_from_afar(&self) -> Self {
        Self { http: self.http.clone(), watch: self.watch.clone(), nearest: READS }
    }

    /// From now on the region that only reads, if there is one, is told nothing.
    pub fn part_the_regions(&self) {
        self.http.store().pause_replication(READS);
    }

    /// It is told all of it.
    pub fn join_the_regions(&self) {
        self.http.store().resume_replication(READS);
    }

    pub async fn database(&self, faults: Vec<Arc<FaultInjectionRule>>) -> DatabaseClient {
        self.client(faults).await.database_client("auth")
    }

    /// The database, and somebody who counts what it is asked.
    pub async fn billed(&self, gauge: Arc<dyn Gauge>) -> DatabaseClient {
        let client = self.builder().await.with_diagnostics_handler(metrics::handler(gauge));
        self.built(client).await.database_client("auth")
    }

    /// Cuts one of a container's partitions in two, as the database does when it grows.
    pub fn split(&self, container: &str, partition: u32) {
        self.http.store().split_partition("auth", container, partition, Duration::ZERO);
    }

    pub async fn store(&self) -> CosmosStore {
        CosmosStore::over(&self.database(Vec::new()).await, parts()).await.unwrap()
    }
}

/// Makes the containers, or mends them.
pub async fn containers(database: &DatabaseClient) -> Result<Vec<Found>, Error> {
    let found = provision::look_at_all(database).await?;
    provision::put_right(database, found, Throughput::Autoscale(1_000)).await
}

fn endpoint(region: &str) -> Url {
    Url::parse(&format!("https://{}.emulator.local/", region.replace(' ', "-"))).unwrap()
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
