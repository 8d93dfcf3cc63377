//! Clients by the operator's word: registered, given new secrets and removed while the server runs.
use tests::{
    relying::{APP, Provider, RESOURCE},
    *,
};

/// What the token endpoint says to a client with this secret that asks for itself.
async fn asks(provider: &Provider, secret: &str) -> Answer {
    let api = provider.server.api();
    let form = "grant_type=client_credentials&scope=read";
    let request = api.request(Method::POST, "/oauth2/token").basic_auth("robot", Some(secret));
    api.send(request.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded").body(form)).await
}

fn secret(told: &str) -> String {
    let secret = told.lines().find_map(|line| line.strip_prefix("client_secret: "));
    secret.unwrap_or_else(|| panic!("no secret in {told}")).to_owned()
}

#[tokio::test] // O-11, O-12
async fn an_operator_registers_a_client_gives_it_a_new_secret_and_removes_it() {
    let provider = Provider::start().await;
    let server = &provider.server;
    let add =
        ["client", "add", "robot", "--grant-type", "client_credentials", "--resource", RESOURCE, "--scope", "read"];
    let first = secret(&server.does(&add).await);
    assert_eq!(asks(&provider, &first).await.expect(200).body["scope"], "read");
    assert!(server.does_not(&add).await.contains("that client_id is taken"));

    let signs =
        ["client", "add", "signer", "--grant-type", "client_credentials", "--jwks-uri", "https://a.example/keys"];
    assert!(!server.does(&signs).await.contains("client_secret"));
    let listed = server.does(&["client", "list"]).await;
    assert!(listed.contains("signer  registered  private_key_jwt  client_credentials"), "{listed}");
    assert!(listed.contains("robot  registered  client_secret_basic  client_credentials"), "{listed}");
    assert!(listed.contains("app  file  ") && !listed.contains(&first), "{listed}");

    let second = secret(&server.does(&["client", "rotate-secret", "robot"]).await);
    for secret in [&first, &second] {
        let _ = asks(&provider, secret).await.expect(200);
    }
    let third = secret(&server.does(&["client", "rotate-secret", "robot", "--at-once"]).await);
    for (secret, status) in [(&first, 401), (&second, 401), (&third, 200)] {
        let _ = asks(&provider, secret).await.expect(status);
    }
    let _ = server.does(&["client", "remove", "robot", "--yes"]).await;
    assert_eq!(asks(&provider, &third).await.expect(401).body["error"], "invalid_client");
    assert!(!server.log().contains(&third), "H-11");
}

#[tokio::test]
async fn what_cannot_be_registered_is_refused_with_its_reason() {
    let provider = Provider::start().await;
    let (server, app) = (&provider.server, APP.0);
    for (arguments, reason) in [
        (&["add", "a/b", "--public", "--redirect-uri", "https://a.example/"][..], "client_id: a client is called by"),
        (&["add", "a", "--public"], "redirect_uris: a client has them"),
        (&["add", "a", "--redirect-uri", "http://a.example/"], "a redirect URI with http leads to"),
        (
            &["add", "a", "--redirect-uri", "https://a.example/", "--initiate-login-uri", "http://a.example/"],
            "initiate_login_uri: a sign-in begins at an address that is https",
        ),
        (&["add", "a", "--grant-type", "password"], "unknown variant"),
        (
            &["add", "a", "--grant-type", "client_credentials", "--resource", "https://b.example"],
            "https://b.example is none",
        ),
        (
            &["add", "a", "--grant-type", "client_credentials", "--jwks-uri", "http://a.example/keys"],
            "jwks_uri: it is https",
        ),
        (&["add", "a", "--file", "nowhere.json"], "nowhere.json"),
        (&["add", "account", "--grant-type", "client_credentials"], "that client_id is taken"),
        (&["remove", "nobody", "--yes"], "no client with that client_id is registered"),
        (&["rotate-secret", "nobody"], "no client with that client_id is registered"),
        (&["remove", app, "--yes"], "change it there"),
        (&["remove", "nobody"], "to go on without being asked, add --yes"),
    ] {
        let said = server.does_not(&[&["client"], arguments].concat()).await;
        assert!(said.contains(reason), "{arguments:?}: {said}");
    }
}
