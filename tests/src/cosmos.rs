//! Azure Cosmos DB: the vendor's emulator, which he keeps in memory for his own tests, behind plain HTTP on the loopback
//! address, so that real servers use it as they use Azure.
mod day;

use self::day::BadDay;
use crate::Settings;
use axum::{
    Router,
    body::{Body, to_bytes},
    extract::{Request, State},
    http::Response,
    serve::ListenerExt,
};
use azure_core::http as azure;
use azure_data_cosmos_driver::in_memory_emulator::{
    ConsistencyLevel, InMemoryEmulatorHttpClient, VirtualAccountConfig, VirtualRegion,
};
use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    thread,
};
use tokio::{net::TcpListener, task::JoinHandle};

/// An account, for as long as it lives. Its documents are gone with it.
pub struct Cosmos {
    endpoint: azure::Url,
    serving: JoinHandle<()>,
    bad_day: Option<Arc<BadDay>>,
    silent: Option<Silence>,
}

/// A region that takes connections and never says a word.
struct Silence {
    connections: Arc<AtomicUsize>,
    holding: JoinHandle<()>,
}

#[derive(Clone)]
struct Account {
    emulator: Arc<InMemoryEmulatorHttpClient>,
    endpoint: azure::Url,
    bad_day: Option<Arc<BadDay>>,
}

const LARGEST: usize = 4 << 20;
/// The region that writes, and the one that is silent if there is one.
const REGIONS: [&str; 2] = ["West Europe", "North Europe"];

impl Cosmos {
    /// Starts one without a database.
    pub async fn start() -> Self {
        Self::start_on(None, None).await
    }

    /// Starts one in which one request in ten fails, in every way there is.
    pub async fn start_on_a_bad_day() -> Self {
        Self::start_on(Some(Arc::default()), None).await
    }

    /// Starts one with another region beside the one that writes, which takes connections and never says a word. Whoever is
    /// told to ask there first has [its name](Self::SILENT).
    pub async fn start_beside_a_silent_region() -> Self {
        Self::start_on(None, Some(TcpListener::bind("127.0.0.1:0").await.expect("a port"))).await
    }

    /// What the region is called that never says a word.
    pub const SILENT: &str = REGIONS[1];

    async fn start_on(bad_day: Option<Arc<BadDay>>, silent: Option<TcpListener>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let endpoint = endpoint(&listener);
        let endpoints = [endpoint.clone()].into_iter().chain(silent.as_ref().map(self::endpoint));
        let regions =
            REGIONS.iter().zip(endpoints).map(|(name, endpoint)| VirtualRegion::new(name, endpoint)).collect();
        let config = VirtualAccountConfig::new(regions).expect("a region").with_consistency(ConsistencyLevel::Session);
        let emulator = Arc::new(InMemoryEmulatorHttpClient::new(config));
        let account = Account { emulator, endpoint: endpoint.clone(), bad_day: bad_day.clone() };
        let app = Router::new().fallback(answer).with_state(account);
        // Else the second half of an answer waits for the system to acknowledge the first.
        let listener = listener.tap_io(|connection| drop(connection.set_nodelay(true)));
        let serving = tokio::spawn(async move { axum::serve(listener, app).await.expect("it serves") });
        Self { endpoint, serving, bad_day, silent: silent.map(Silence::on) }
    }

    /// What a server is told to be on it.
    #[must_use]
    pub fn settings(&self, settings: Settings) -> Settings {
        self.known_to(settings).set("STORE", "cosmos")
    }

    /// What a program is told that may use it beside another store.
    #[must_use]
    pub fn known_to(&self, settings: Settings) -> Settings {
        let settings = settings.set("COSMOS_ENDPOINT", self.endpoint.as_str());
        let settings = settings.set("COSMOS_KEY", "YSBrZXkgZm9yIHRoZSBlbXVsYXRvcg==");
        // What the tests are about is not how long an emulator takes in an unoptimised build.
        settings.set("STORE_DEADLINE", "1m").set_unless_set("REQUEST_TIMEOUT", "2m")
    }

    /// Whether anybody has turned to the region that never says a word.
    pub fn was_silent(&self) -> bool {
        self.silent.as_ref().is_some_and(|silence| silence.connections.load(Relaxed) > 0)
    }

    /// Whether requests have failed in every way there is.
    pub fn was_bad(&self) -> bool {
        self.bad_day.as_ref().is_some_and(|day| day.missed().is_empty())
    }
}

impl Drop for Cosmos {
    /// A test on a bad day that was none proves nothing.
    fn drop(&mut self) {
        self.serving.abort();
        if let Some(day) = self.bad_day.as_ref().filter(|day| day.was_long() && !thread::panicking()) {
            let missed = day.missed();
            assert!(missed.is_empty(), "a bad day, and nobody met {missed:?}");
        }
    }
}

impl Silence {
    fn on(listener: TcpListener) -> Self {
        let connections = Arc::<AtomicUsize>::default();
        let count = connections.clone();
        let holding = tokio::spawn(async move {
            let mut held = Vec::new();
            while let Ok(connection) = listener.accept().await {
                held.push(connection);
                count.fetch_add(1, Relaxed);
            }
        });
        Self { connections, holding }
    }
}

impl Drop for Silence {
    fn drop(&mut self) {
        self.holding.abort();
    }
}

fn endpoint(listener: &TcpListener) -> azure::Url {
    let address = listener.local_addr().expect("it listens");
    azure::Url::parse(&format!("http://{address}/")).expect("an address")
}

async fn answer(State(account): State<Account>, request: Request) -> Response<Body> {
    // A start is no part of it: what is no document is left alone.
    let is_document = request.uri().path().contains("/docs");
    let Some((day, fault)) = account.bad_day.as_ref().filter(|_| is_document).and_then(|day| Some((day, day.next()?)))
    else {
        return account.done(request).await;
    };
    if fault.is_done() {
        account.done(request).await;
    }
    day.play(fault).await
}

impl Account {
    /// What the emulator answers.
    async fn done(&self, request: Request) -> Response<Body> {
        let (head, body) = request.into_parts();
        let mut url = self.endpoint.clone();
        url.set_path(head.uri.path());
        url.set_query(head.uri.query());
        let method = head.method.as_str().parse().expect("a method of HTTP");
        let mut asked = azure::Request::new(url, method);
        for (name, value) in &head.headers {
            let value = value.to_str().expect("the SDK sends ASCII").to_owned();
            asked.headers_mut().insert(name.as_str().to_owned(), value);
        }
        let Ok(body) = to_bytes(body, LARGEST).await else {
            return Response::builder().status(400).body(Body::empty()).expect("an answer"); // whoever asked is gone
        };
        asked.set_body(body.to_vec());
        let answered = self.emulator.execute_request(&asked).await.expect("the emulator answers");
        let answered = answered.try_into_raw_response().await.expect("all of it");
        let mut answer = Response::builder().status(u16::from(answered.status()));
        for (name, value) in answered.headers().iter() {
            answer = answer.header(name.as_str(), value.as_str());
        }
        answer.body(Body::from(answered.body().as_ref().to_vec())).expect("an answer")
    }
}
