//! A service of somebody's own that takes the server's tokens, behind `auth-guard`.
use auth_core::{ports::Clock, system::SystemClock, testing::FixedClock};
use auth_guard::{Guard, HttpSource, ProtectedResource, Refused};
use axum::{
    Json, Router,
    extract::State,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
    routing::get,
};
use std::{sync::Arc, time::Duration};
use tests::{
    relying::{MACHINE, Provider, RESOURCE},
    *,
};

/// A service with two routes: one to read, one to write.
struct Service {
    api: Api,
    clock: Arc<FixedClock>,
}

impl Service {
    async fn of(provider: &Provider, resource: &str) -> Self {
        let clock = Arc::new(FixedClock::default());
        let document = ProtectedResource::new(resource, provider.issuer()).expect("a URL");
        let guard = Guard::described_by(&document, Arc::new(HttpSource::new().expect("TLS")), clock.clone());
        let routes = Router::new()
            .route("/read", get(async |State(guard), headers: HeaderMap| answer(&guard, &headers, "read").await))
            .route("/write", get(async |State(guard), headers: HeaderMap| answer(&guard, &headers, "write").await))
            .route(&document.well_known_path(), get(async || Json(document)))
            .with_state(guard);
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let api = Api::new(&format!("http://{}", listener.local_addr().expect("an address")));
        tokio::spawn(axum::serve(listener, routes).into_future());
        Self { api, clock }
    }

    /// What it answers so long from now.
    async fn asked(&self, path: &str, token: Option<&str>, from_now: Duration) -> Answer {
        self.clock.set(SystemClock.now() + from_now);
        let request = self.api.request(Method::GET, path);
        self.api.send(token.into_iter().fold(request, reqwest::RequestBuilder::bearer_auth)).await
    }

    async fn reads(&self, token: &str) -> Answer {
        self.asked("/read", Some(token), Duration::ZERO).await
    }
}

async fn answer(guard: &Guard, headers: &HeaderMap, scope: &str) -> Response {
    let shown = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let who = guard.check(shown).await.and_then(|access| access.requires(&[scope]).map(|()| access.sub));
    who.map_or_else(|refused| refusal(&refused), IntoResponse::into_response)
}

fn refusal(refused: &Refused) -> Response {
    let status = StatusCode::from_u16(refused.status()).expect("a status");
    let challenge = refused.www_authenticate().map(|challenge| (header::WWW_AUTHENTICATE, challenge));
    let headers: HeaderMap =
        challenge.into_iter().map(|(name, value)| (name, value.parse().expect("a header"))).collect();
    (status, headers).into_response()
}

/// A token of the client that is there for itself, for [`RESOURCE`].
async fn token(provider: &Provider) -> String {
    let (id, secret) = MACHINE;
    let form =
        format!("grant_type=client_credentials&scope=read&resource={RESOURCE}&client_id={id}&client_secret={secret}");
    let api = provider.server.api();
    let request = api.request(Method::POST, "/oauth2/token").body(form);
    let request = request.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
    api.send(request).await.expect(200).word("access_token")
}

#[tokio::test] // S-09, S-15
async fn a_service_takes_the_tokens_that_are_for_it_and_no_others() {
    let provider = Provider::start().await;
    let (service, other) =
        tokio::join!(Service::of(&provider, RESOURCE), Service::of(&provider, "https://other.example"));
    let token = token(&provider).await;
    assert_eq!(service.reads(&token).await.expect(200).text, MACHINE.0);

    let bare = service.asked("/read", None, Duration::ZERO).await.expect(401);
    let at = format!(r#"resource_metadata="{RESOURCE}/.well-known/oauth-protected-resource""#);
    assert_eq!(bare.header("www-authenticate"), format!("Bearer {at}"));
    let document = service.api.get("/.well-known/oauth-protected-resource").await.expect(200);
    assert_eq!(document.body["authorization_servers"], json!([provider.issuer()]));

    let far = service.asked("/write", Some(&token), Duration::ZERO).await.expect(403);
    assert!(far.header("www-authenticate").contains(r#"error="insufficient_scope""#), "{far}");
    let person = provider.person.sign_in(&provider.server).await;
    for refused in [
        other.reads(&token).await,
        service.asked("/read", Some(&token), Duration::from_hours(1)).await,
        service.reads(&person.access).await,
        service.reads(&person.refresh).await,
    ] {
        assert!(
            refused.clone().expect(401).header("www-authenticate").contains(r#"error="invalid_token""#),
            "{refused}"
        );
    }
}

#[tokio::test] // S-21
async fn a_service_takes_the_tokens_of_a_new_key_and_no_more_of_one_that_was_withdrawn() {
    let provider = Provider::start().await;
    let service = Service::of(&provider, RESOURCE).await;
    let old = token(&provider).await;
    let _ = service.reads(&old).await.expect(200);
    let _ = provider.server.does(&["keys", "rotate", "--at-once", "--yes"]).await;
    let _ = provider.server.said(|line| line.contains("the signing keys have changed")).await;

    let new = token(&provider).await;
    let soon = Duration::from_mins(1);
    assert_eq!(service.asked("/read", Some(&new), soon).await.expect(200).text, MACHINE.0);
    let _ = service.asked("/read", Some(&old), soon).await.expect(401);
}
