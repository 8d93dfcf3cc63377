//! The `OpenAPI` document that strangers build on, held still.
use std::collections::BTreeSet;
use tests::*;

const ROUTES: [(&str, &str); 50] = [
    ("post", "/api/v1/auth/register"),
    ("post", "/api/v1/auth/register/confirm"),
    ("post", "/api/v1/auth/register/resend"),
    ("post", "/api/v1/auth/login"),
    ("post", "/api/v1/auth/refresh"),
    ("post", "/api/v1/auth/logout"),
    ("post", "/api/v1/auth/logout/all"),
    ("get", "/api/v1/auth/me"),
    ("get", "/api/v1/auth/sessions"),
    ("delete", "/api/v1/auth/sessions/{id}"),
    ("get", "/api/v1/auth/consents"),
    ("delete", "/api/v1/auth/consents/{client_id}"),
    ("post", "/api/v1/auth/password/forgot"),
    ("post", "/api/v1/auth/password/reset"),
    ("post", "/api/v1/auth/password/change"),
    ("post", "/oauth2/token"),
    ("get", "/oauth2/userinfo"),
    ("post", "/oauth2/userinfo"),
    ("post", "/oauth2/introspect"),
    ("post", "/oauth2/revoke"),
    ("post", "/oauth2/par"),
    ("post", "/oauth2/device_authorization"),
    ("post", "/oauth2/register"),
    ("get", "/oauth2/register/{client_id}"),
    ("put", "/oauth2/register/{client_id}"),
    ("delete", "/oauth2/register/{client_id}"),
    ("get", "/oauth2/authorize"),
    ("post", "/oauth2/authorize"),
    ("get", "/oauth2/logout"),
    ("post", "/oauth2/logout"),
    ("get", "/oauth2/sign-in"),
    ("post", "/oauth2/sign-in"),
    ("get", "/oauth2/sign-up"),
    ("post", "/oauth2/sign-up"),
    ("post", "/oauth2/confirm"),
    ("post", "/oauth2/resend"),
    ("get", "/oauth2/forgot"),
    ("post", "/oauth2/forgot"),
    ("get", "/oauth2/reset"),
    ("post", "/oauth2/reset"),
    ("get", "/oauth2/applications"),
    ("post", "/oauth2/applications"),
    ("post", "/oauth2/account"),
    ("post", "/oauth2/consent"),
    ("get", "/oauth2/device"),
    ("post", "/oauth2/device"),
    ("post", "/oauth2/device-consent"),
    ("get", "/.well-known/openid-configuration"),
    ("get", "/.well-known/oauth-authorization-server"),
    ("get", "/.well-known/jwks.json"),
];

async fn document() -> Value {
    Server::start().await.api().get("/api/openapi.json").await.expect(200).body
}

#[tokio::test]
async fn the_document_changes_only_on_purpose() {
    let mut document = document().await;
    document["servers"] = Value::Null; // the port is another each time
    insta::assert_snapshot!(serde_json::to_string_pretty(&document).expect("JSON"));
}

#[tokio::test] // P-29
async fn it_has_every_route_and_no_other() {
    let document = document().await;
    let paths = document["paths"].as_object().expect("paths");
    let found: BTreeSet<(String, String)> = paths
        .iter()
        .flat_map(|(path, methods)| {
            methods.as_object().expect("methods").keys().map(move |m| (m.clone(), path.clone()))
        })
        .filter(|(_, path)| ["/auth/", "/oauth2/", "/.well-known/"].iter().any(|part| path.contains(part)))
        .collect();
    let wanted: BTreeSet<_> = ROUTES.map(|(method, path)| (method.to_owned(), path.to_owned())).into();
    assert_eq!(found, wanted);
}

#[tokio::test] // the reason in deny.toml for two advisories of quick-xml
async fn nothing_is_xml_or_yaml() {
    let text = document().await.to_string();
    assert!(!text.contains("xml") && !text.contains("yaml"));
}

#[tokio::test]
async fn the_page_and_the_probes_are_there() {
    let server = Server::start().await;
    let page = server.api().get("/api/docs").await.expect(200);
    assert!(page.header("content-type").starts_with("text/html"));
    for path in ["/health/live", "/health/ready", "/.well-known/jwks.json"] {
        let _ = server.api().get(path).await.expect(200);
    }
    let keys = server.api().get("/.well-known/jwks.json").await.body["keys"].as_array().expect("keys").clone();
    assert!(!keys.is_empty());
    for key in keys {
        // S-21
        for name in ["kid", "alg", "use", "kty"] {
            assert!(key[name].is_string(), "{name} in {key}");
        }
        for name in ["d", "p", "q", "dp", "dq", "qi", "k"] {
            assert!(key.get(name).is_none(), "{name} in {key}");
        }
    }
}
