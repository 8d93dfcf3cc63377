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
use std::sync::Arc;
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
}

const LARGEST: usize = 4 << 20;

impl Cosmos {
    /// Starts one without a database.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("it listens");
        let endpoint = azure::Url::parse(&format!("http://{address}/")).expect("an address");
        let region = VirtualRegion::new("West Europe", endpoint.clone());
        let config =
            VirtualAccountConfig::new(vec![region]).expect("one region").with_consistency(ConsistencyLevel::Session);
        let emulator = Arc::new(InMemoryEmulatorHttpClient::new(config));
        let app = Router::new().fallback(answer).with_state(Account { emulator, endpoint: endpoint.clone() });
        let serving = tokio::spawn(async move { axum::serve(listener, app).await.expect("it serves") });
        Self { endpoint, serving }
    }

    /// What a server is told to be on it.
    #[must_use]
    pub fn settings(&self, settings: Settings) -> Settings {
        let settings = settings.set("STORE", "cosmos").set("COSMOS_ENDPOINT", self.endpoint.as_str());
        // What the tests are about is not how long an emulator takes in an unoptimised build.
        settings.set("COSMOS_KEY", "YSBrZXkgZm9yIHRoZSBlbXVsYXRvcg==").set("STORE_DEADLINE", "10s")
    }
}

impl Drop for Cosmos {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn answer(State(Account { emulator, endpoint }): State<Account>, request: Request) -> Response<Body> {
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
    asked.set_body(to_bytes(body, LARGEST).await.expect("a body").to_vec());
    let answered = emulator.execute_request(&asked).await.expect("the emulator answers");
    let answered = answered.try_into_raw_response().await.expect("all of it");
    let mut answer = Response::builder().status(u16::from(answered.status()));
    for (name, value) in answered.headers().iter() {
        answer = answer.header(name.as_str(), value.as_str());
    }
    answer.body(Body::from(answered.body().as_ref().to_vec())).expect("an answer")
}
