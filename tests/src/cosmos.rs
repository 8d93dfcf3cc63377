//! Azure Cosmos DB: the vendor's emulator, which he keeps in memory for his own tests, behind plain HTTP on the loopback
//! address, so that real servers use it as they use Azure.
use crate::Settings;
use axum::{
    Router,
    body::{Body, to_bytes},
    extract::{Request, State},
    http::Response,
};
use azure_core::http as azure;
use azure_data_cosmos_driver::in_memory_emulator::{
    ConsistencyLevel, InMemoryEmulatorHttpClient, VirtualAccountConfig, VirtualRegion,
};
use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering::Relaxed},
};
use tokio::{net::TcpListener, task::JoinHandle};

/// An account, for as long as it lives. Its documents are gone with it.
#[derive(Debug)]
pub struct Cosmos {
    endpoint: azure::Url,
    serving: JoinHandle<()>,
}

#[derive(Clone)]
struct Account {
    emulator: Arc<InMemoryEmulatorHttpClient>,
    endpoint: azure::Url,
    /// Counts the requests, on a bad day.
    bad_day: Option<Arc<AtomicUsize>>,
}

const LARGEST: usize = 4 << 20;
/// Of so many requests one fails, on a bad day.
const OF: usize = 10;
/// Each way in its turn: too many, ask again, moved, away, too slow, broken.
const FAILURES: [u16; 6] = [429, 449, 410, 503, 408, 500];

impl Cosmos {
    /// Starts one without a database.
    pub async fn start() -> Self {
        Self::start_on(None).await
    }

    /// Starts one in which one request in ten fails: half of those were not done, of the other half the answer is lost.
    pub async fn start_on_a_bad_day() -> Self {
        Self::start_on(Some(Arc::default())).await
    }

    async fn start_on(bad_day: Option<Arc<AtomicUsize>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("it listens");
        let endpoint = azure::Url::parse(&format!("http://{address}/")).expect("an address");
        let region = VirtualRegion::new("West Europe", endpoint.clone());
        let config =
            VirtualAccountConfig::new(vec![region]).expect("one region").with_consistency(ConsistencyLevel::Session);
        let emulator = Arc::new(InMemoryEmulatorHttpClient::new(config));
        let app = Router::new().fallback(answer).with_state(Account { emulator, endpoint: endpoint.clone(), bad_day });
        let serving = tokio::spawn(async move { axum::serve(listener, app).await.expect("it serves") });
        Self { endpoint, serving }
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
        // What the tests are about is not how long an emulator takes in an unoptimised build.
        settings.set("COSMOS_KEY", "YSBrZXkgZm9yIHRoZSBlbXVsYXRvcg==").set("STORE_DEADLINE", "10s")
    }
}

impl Drop for Cosmos {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn answer(State(Account { emulator, endpoint, bad_day }): State<Account>, request: Request) -> Response<Body> {
    // A start is no part of it: what is no document is left alone.
    let fails = bad_day.filter(|_| request.uri().path().contains("/docs")).and_then(|count| {
        let number = count.fetch_add(1, Relaxed);
        (number % OF == OF - 1).then_some(number / OF)
    });
    let failure = |number: usize| {
        let failed = Response::builder().status(FAILURES[number / 2 % FAILURES.len()]);
        failed.body(Body::empty()).expect("an answer")
    };
    if let Some(number) = fails.filter(|number| number % 2 == 0) {
        return failure(number);
    }
    let (head, body) = request.into_parts();
    let mut url = endpoint;
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
    let answered = emulator.execute_request(&asked).await.expect("the emulator answers");
    let answered = answered.try_into_raw_response().await.expect("all of it");
    if let Some(number) = fails {
        return failure(number);
    }
    let mut answer = Response::builder().status(u16::from(answered.status()));
    for (name, value) in answered.headers().iter() {
        answer = answer.header(name.as_str(), value.as_str());
    }
    answer.body(Body::from(answered.body().as_ref().to_vec())).expect("an answer")
}
