//! The HTTP surface: every route, and what holds for all of them.

pub mod accounts;
mod answer;
mod bearer;
mod body;
mod caller;
mod cors;
mod docs;
mod edge;
mod field;
mod forwarded;
mod health;
mod json;
mod jwks;
mod oauth;
mod pages;
mod paths;
mod problem;
mod room;

#[cfg(any(test, feature = "testing"))]
pub use self::bearer::Bearer;
use self::edge::Edge;
pub use self::{forwarded::Proxies, health::Probe, jwks::MAX_AGE as JWKS_MAX_AGE, problem::reasons};

use crate::pages::Pages;
use auth_core::{
    ports::{Keyring, Outside, Rng},
    value::Locale,
};
use auth_oidc::Provider;
use poem::{Endpoint, EndpointExt, Request, Response, http::Method};
use poem_openapi::OpenApiService;
use std::{sync::Arc, time::Duration};

/// What the routes need.
pub struct Context {
    /// The core, and authorization for clients over it.
    pub provider: Provider,
    /// Whose public keys are shown.
    pub keyring: Arc<dyn Keyring>,
    /// Whether there is room for one more hash.
    pub room: Box<dyn Fn() -> Outside<()> + Send + Sync>,
    /// Whether the store can be reached.
    pub probe: Arc<dyn Probe>,
    /// For the ids of requests.
    pub rng: Arc<dyn Rng>,
    /// The language of a mail when the request named none.
    pub default_language: Locale,
    /// Where people reach the server, if that is known.
    pub public_url: Option<crate::settings::value::PublicUrl>,
    /// Web pages elsewhere whose requests are taken.
    pub allowed_origins: Vec<String>,
    /// Whose word on the source of a request is taken.
    pub proxies: Proxies,
    /// How long a request may take.
    pub deadline: Duration,
    /// How long its calls to the stores may take, all together.
    pub store_deadline: Duration,
    /// Whether the API can be looked at, and tried out, in a browser.
    pub docs: bool,
    /// The pages that people see.
    pub pages: Pages,
}

impl Context {
    /// What [`endpoint`] put beside every request.
    fn of(request: &Request) -> &Arc<Self> {
        request.data().expect("every request passes the edge, which brings it along")
    }
}

/// The whole HTTP surface.
pub fn endpoint(context: Context) -> impl Endpoint<Output = Response> + 'static {
    let api = || {
        let health = health::Health(context.probe.clone(), context.store_deadline);
        (accounts::routes(), oauth::routes(), health, jwks::Jwks(context.keyring.clone()))
    };
    let server = context.public_url.as_ref().map_or("/", |url| url.as_str());
    let service = OpenApiService::new(api(), "Accounts", env!("CARGO_PKG_VERSION")).description(ABOUT).server(server);
    let mut routes = paths::Paths::of(api());
    routes.add(Method::GET, "/api/openapi.json", docs::document(&service));
    if context.docs {
        routes.add(Method::GET, "/api/docs", docs::page(&service));
    }
    for path in oauth::discovery::paths_of(context.provider.issuer()) {
        routes.add(Method::GET, &path, oauth::discovery::document());
    }
    pages::add_to(&mut routes);
    let context = Arc::new(context);
    routes.into_endpoint().data(context.clone()).with(Edge(context))
}

const ABOUT: &str = "Register, confirm, log in, refresh, log out, reset. Bodies are JSON objects; a field that is not \
                     listed is refused. What goes wrong is told as `application/problem+json` (RFC 9457), with a stable \
                     `code`.";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::context;
    use auth_core::{
        accounts::Accounts,
        ports::{Outside, Unavailable, async_trait},
        testing::{Recorder, World},
    };
    use poem::http::StatusCode;
    use serde_json::Value;

    async fn ask(method: Method, path: &str, headers: &[(&str, &str)], body: &str) -> (Response, String) {
        let api = endpoint(context(&World::default()));
        let request = Request::builder().method(method).uri(path.parse().unwrap());
        let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        let mut response = api.get_response(request.body(body.to_owned())).await;
        let body = response.take_body().into_string().await.unwrap();
        (response, body)
    }

    fn code(body: &str) -> String {
        serde_json::from_str::<Value>(body).unwrap()["code"].as_str().unwrap().to_owned()
    }

    #[tokio::test] // H-06
    async fn other_methods_are_told_which_ones_there_are() {
        for (method, path, allow) in [
            (Method::PUT, "/api/v1/auth/login", "POST"),
            (Method::TRACE, "/api/v1/auth/me", "GET, HEAD"),
            (Method::OPTIONS, "/api/v1/auth/sessions/x", "DELETE"),
            (Method::POST, "/api/openapi.json", "GET, HEAD"),
        ] {
            let (response, body) = ask(method, path, &[], "").await;
            assert_eq!(response.status(), StatusCode::METHOD_NOT_ALLOWED);
            assert_eq!((response.header("allow"), code(&body).as_str()), (Some(allow), "method_not_allowed"));
        }
    }

    #[tokio::test] // H-07
    async fn a_route_has_one_spelling() {
        for path in ["/", "/api/v1/auth/Login", "/api/v1/auth/login/", "//api/v1/auth/login", "/api/v1/auth/login/%ff"]
        {
            let (response, body) = ask(Method::POST, path, &[], "").await;
            assert_eq!((response.status().as_u16(), code(&body).as_str()), (404, "not_found"), "{path}");
        }
    }

    #[tokio::test] // P-15, P-28, H-01, H-03, H-04
    async fn a_body_that_is_none_is_refused_before_the_flow() {
        let json = [("content-type", "application/json")];
        let (large, deep) = ("x".repeat(64 * 1024 + 1), "[".repeat(10_000));
        for (headers, body, expected) in [
            (&[][..], "{}", (415, "unsupported_media_type")),
            (&[("content-type", "text/plain")], "{}", (415, "unsupported_media_type")),
            (&[json[0], ("content-encoding", "gzip")], "{}", (415, "unsupported_media_type")),
            (&json, "", (400, "malformed_json")),
            (&json, &deep, (400, "malformed_json")),
            (&json, r#"{"login":"ann","password":"x","admin":"true"}"#, (400, "malformed_json")),
            (&json, &large, (413, "body_too_large")),
            (&json, r#"{"login":"ann","password":"x","device":""}"#, (422, "invalid_field")),
            (&json, r#"{"login":"ann","password":""}"#, (422, "invalid_field")),
            (&json, r#"{"login":"ann","password":"wrong"}"#, (401, "invalid_credentials")),
        ] {
            let (response, answer) = ask(Method::POST, "/api/v1/auth/login", headers, body).await;
            assert_eq!((response.status().as_u16(), code(&answer).as_str()), expected);
            assert_eq!(response.content_type(), Some("application/problem+json"));
        }
    }

    #[tokio::test] // S-22, S-24
    async fn a_token_is_taken_from_its_header_alone() {
        let (response, body) = ask(Method::GET, "/api/v1/auth/me?access_token=a.b.c", &[], "").await;
        assert_eq!((response.status().as_u16(), code(&body).as_str()), (401, "invalid_token"));
        assert_eq!(response.header("www-authenticate"), Some("Bearer"));
        let (response, _) = ask(Method::GET, "/api/v1/auth/me", &[("authorization", "Bearer a.b.c")], "").await;
        assert_eq!(response.header("www-authenticate"), Some(r#"Bearer error="invalid_token""#));
    }

    #[tokio::test] // H-14, P-26
    async fn without_its_store_the_process_lives_and_is_not_ready() {
        assert_eq!(ask(Method::GET, "/health/live", &[], "").await.0.status(), StatusCode::OK);
        let (response, _) = ask(Method::GET, "/health/ready", &[], "").await;
        assert_eq!((response.status().as_u16(), response.header("retry-after")), (503, Some("1")));
        assert_eq!(ask(Method::GET, "/.well-known/jwks.json", &[], "").await.0.status(), StatusCode::OK);
    }

    #[tokio::test(start_paused = true)] // R5, H-14
    async fn a_store_that_never_answers_is_not_ready() {
        struct Stuck;
        #[async_trait]
        impl Probe for Stuck {
            async fn ping(&self) -> Outside<()> {
                std::future::pending().await
            }
        }
        let api = endpoint(Context { probe: Arc::new(Stuck), ..context(&World::default()) });
        let request = Request::builder().uri("/health/ready".parse().unwrap()).finish();
        let answered = tokio::time::timeout(Duration::from_secs(3), api.get_response(request)).await;
        assert_eq!(answered.unwrap().status(), StatusCode::SERVICE_UNAVAILABLE);
    }

    #[tokio::test] // R6, P-16, P-26
    async fn without_room_for_a_hash_the_store_is_not_asked() {
        let world = World::default();
        let overloaded = || Err(Unavailable::Overloaded { service: "test", retry_after: Duration::from_secs(2) });
        let calls = Recorder::default();
        let ports = world.ports.around(&calls);
        let accounts = Accounts::new(ports, world.secret.clone(), World::policy());
        let provider = Provider::new(accounts, auth_oidc::Policy::default());
        let api = endpoint(Context { provider, room: Box::new(overloaded), ..context(&world) });
        for (path, body) in [
            ("login", r#"{"login":"ann","password":"seven wet otters on a raft"}"#),
            ("register", r#"{"login":"ann","email":"a@example.org","password":"seven wet otters on a raft"}"#),
            ("password/reset", r#"{"reset_id":"x","code":"123456","new_password":"seven wet otters on a raft"}"#),
            ("password/change", "{}"),
        ] {
            let request = Request::builder().method(Method::POST).uri_str(format!("/api/v1/auth/{path}"));
            let response = api.get_response(request.content_type("application/json").body(body)).await;
            assert_eq!((response.status().as_u16(), response.header("retry-after")), (503, Some("2")), "{path}");
        }
        assert_eq!(calls.take(), []);
    }

    #[tokio::test]
    async fn every_operation_tells_of_its_problems_and_closes_its_body() {
        let (_, body) = ask(Method::GET, "/api/openapi.json", &[], "").await;
        let document: Value = serde_json::from_str(&body).unwrap();
        let paths = document["paths"].as_object().unwrap();
        let operations: Vec<_> = paths.values().flat_map(|methods| methods.as_object().unwrap().values()).collect();
        let operations =
            operations.into_iter().filter(|operation| !operation["operationId"].as_str().unwrap().starts_with("page_"));
        let operations: Vec<_> = operations.collect();
        assert_eq!(operations.len(), 31);
        for operation in operations {
            let responses = operation["responses"].as_object().unwrap();
            assert!(responses.contains_key("500") && responses.contains_key("503"), "{operation}");
            let signed_in = operation.get("security").is_some();
            let body = operation.pointer("/requestBody/content/application~1json/schema/$ref");
            assert!(!signed_in || responses.contains_key("401"), "{operation}");
            assert_eq!(body.is_some(), responses.contains_key("415"), "{operation}");
            if let Some(reference) = body {
                let schema = document.pointer(reference.as_str().unwrap().strip_prefix('#').unwrap()).unwrap();
                assert_eq!(schema["additionalProperties"], false, "{schema}");
            }
        }
    }
}
