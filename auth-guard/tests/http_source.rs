//! The issuer over HTTP: what is there, and nothing else.
use auth_guard::{HttpSource, Source};
use axum::{Router, http::StatusCode, response::Redirect, routing::get};

async fn site() -> String {
    let site = Router::new()
        .route("/keys", get(async || r#"{"keys":[]}"#))
        .route("/moved", get(async || Redirect::permanent("/keys")))
        .route("/made", get(async || (StatusCode::CREATED, "{}")))
        .route("/most", get(async || "x".repeat(64 * 1024)))
        .route("/more", get(async || "x".repeat(64 * 1024 + 1)));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(axum::serve(listener, site).into_future());
    base
}

#[tokio::test]
async fn what_is_there_is_read_to_its_bound_and_nothing_is_followed() {
    let (site, source) = (site().await, HttpSource::new().unwrap());
    assert_eq!(source.get(&format!("{site}/keys")).await.unwrap(), br#"{"keys":[]}"#);
    assert_eq!(source.get(&format!("{site}/most")).await.unwrap().len(), 64 * 1024);
    for path in ["moved", "made", "more", "nothing"] {
        assert!(source.get(&format!("{site}/{path}")).await.is_err(), "{path}");
    }
    for nobody in ["http://127.0.0.1:1/keys", "keys", "file:///etc/passwd"] {
        assert!(source.get(nobody).await.is_err(), "{nobody}");
    }
}
