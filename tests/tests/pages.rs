//! Pages: what people see when a client sends them here, in a real browser. What the browser does is told in
//! `tests/browser/pages.test.cjs`.
use axum::{Router, extract, routing::get};
use tests::*;
use tokio::net::TcpListener;

/// A client that has a secret, one that cannot be told from others, and one on a device.
const CLIENTS: &str = r#"
[[clients]]
client_id = "notes"
client_name = "Notes"
client_secrets = ["sha256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"]
redirect_uris = ["http://localhost/cb"]
grant_types = ["authorization_code", "refresh_token"]
policy_uri = "https://notes.example/privacy"
tos_uri = "https://notes.example/terms"
initiate_login_uri = "https://notes.example/begin"

[[clients]]
client_id = "desk"
client_name = "Desk"
token_endpoint_auth_method = "none"
redirect_uris = ["http://localhost/cb"]

[[clients]]
client_id = "tv"
client_name = "The television"
token_endpoint_auth_method = "none"
grant_types = ["urn:ietf:params:oauth:grant-type:device_code"]
policy_uri = "https://tv.example/privacy"
"#;

#[tokio::test] // O-15, O-17, O-18, O-20, O-22, O-30
async fn a_person_with_a_browser_gets_everywhere_without_script() {
    let folder = tempfile::tempdir().unwrap();
    let clients = folder.path().join("clients.toml");
    std::fs::write(&clients, CLIENTS).unwrap();
    // The issuer must be where the browser finds it, so the port is chosen before the server is there to choose one.
    let port = relying::free_port();
    let settings = Settings::default().set("PORT", &port.to_string()).set("CLIENTS_FILE", clients.to_str().unwrap());
    let server = settings.set("PUBLIC_URL", &format!("http://127.0.0.1:{port}")).start().await;
    let ann = Person::new("ann");
    ann.join(&server).await;

    let codes = codes(server.postbox().clone()).await;
    let known =
        [("SERVER", server.base()), ("LOGIN", &ann.login), ("PASSWORD", &ann.password), ("CODES", codes.as_str())];
    browser::plays("pages.test.cjs", &known).await;
}

/// Where the browser's story is told the code that was mailed to an address: at `/{address}`.
async fn codes(postbox: Postbox) -> String {
    let code = async move |extract::Path(address): extract::Path<String>| postbox.code_for(&address).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let base = format!("http://{}", listener.local_addr().expect("bound"));
    tokio::spawn(async { axum::serve(listener, Router::new().route("/{address}", get(code))).await });
    base
}

#[tokio::test]
async fn a_page_that_does_not_do_stops_the_start_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let pages = folder.path().join("pages");
    std::fs::create_dir(&pages).unwrap();
    std::fs::write(pages.join("sign_in.html"), "{{ password }}").unwrap();
    let output = Settings::default().set("PAGES_DIR", pages.to_str().unwrap()).run(folder.path(), &[]).await;
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    for text in ["AUTH_SERVICE_PAGES_DIR", "sign_in.html:1: there is no password here"] {
        assert!(said.contains(text), "{text} in {said}");
    }
}
