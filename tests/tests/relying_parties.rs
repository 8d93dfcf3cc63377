//! Programs that others wrote, as clients of the provider; and the same scripts against a certified provider.
use auth_fetch::testing::{Site, answer};
use tempfile::TempDir;
use tests::{
    Person, Settings, browser,
    relying::{Peer, Provider},
};

#[tokio::test]
async fn openid_client_gets_what_it_asks_for() {
    Provider::start().await.passes("openid_client.mjs").await;
}

#[tokio::test] // RFC 7523, RFC 9126, RFC 9449
async fn openid_client_gets_what_it_asks_for_by_fapi_2() {
    Provider::start().await.passes("openid_client_fapi.mjs").await;
}

#[tokio::test] // RFC 8628
async fn openid_client_gets_what_it_asks_for_on_a_device() {
    Provider::start().await.passes("openid_client_device.mjs").await;
}

#[tokio::test]
async fn authlib_gets_what_it_asks_for() {
    Provider::start().await.passes("authlib_client.py").await;
}

#[tokio::test]
async fn oidc_client_ts_gets_what_it_asks_for_in_a_browser() {
    let provider = Provider::start().await;
    let Person { login, password, .. } = &provider.person;
    browser::plays("spa.test.cjs", &[("ISSUER", provider.issuer()), ("LOGIN", login), ("PASSWORD", password)]).await;
}

#[tokio::test]
async fn openidconnect_gets_what_it_asks_for() {
    Provider::start_over_tls().await.passes("openidconnect.mjs").await;
}

#[tokio::test]
async fn mod_auth_openidc_lets_people_in_and_learns_that_they_have_signed_out() {
    Provider::start_over_tls().await.lets_apache_pass().await;
}

#[tokio::test] // RFC 7591, RFC 7592, RFC 8414
async fn oauth4webapi_registers_itself_and_gets_what_it_asks_for() {
    open().await.passes("oauth4webapi.mjs").await;
}

#[tokio::test] // RFC 8707, RFC 9728
async fn an_mcp_client_finds_its_way_from_the_url_of_an_mcp_server() {
    open().await.passes("mcp.mjs").await;
}

#[tokio::test] // O-23, draft-ietf-oauth-client-id-metadata-document
async fn an_mcp_client_is_who_it_says_at_the_address_that_is_its_name() {
    let site = Site::start(|request| {
        let host = request.lines().find_map(|line| line.strip_prefix("host: ")).expect("a host");
        let document = format!(
            r#"{{"client_id": "https://{host}/client.json", "client_name": "An MCP client",
                "redirect_uris": ["http://127.0.0.1/callback"], "token_endpoint_auth_method": "none"}}"#
        );
        Some(answer(200, &["Content-Type: application/json"], document.as_bytes()))
    });
    let (site, folder) = (site.await.expect("a site"), TempDir::new().expect("a folder"));
    let authority = folder.path().join("ca.pem");
    site.write_authority(&authority).expect("the folder can be written to");
    let settings = Settings::default()
        .set("FETCH_ALLOW", &format!("localhost:{}", site.port()))
        .set("FETCH_CA_FILE", authority.to_str().expect("a path"));
    let provider = Provider::start_with(settings).await;
    provider.passes_with("mcp.mjs", &[("CLIENT_DOCUMENT", &site.url("/client.json"))]).await;
    assert_eq!(site.requests().len(), 1, "it is kept");
}

async fn open() -> Provider {
    Provider::start_with(Settings::default().set("OPEN_REGISTRATION", "true")).await
}

#[tokio::test]
async fn the_same_scripts_pass_against_a_certified_provider() {
    let peer = Peer::start().await;
    let scripts = [
        "openid_client.mjs",
        "openid_client_fapi.mjs",
        "openid_client_device.mjs",
        "oauth4webapi.mjs",
        "authlib_client.py",
        "openidconnect.mjs",
    ];
    for script in scripts {
        peer.passes(script).await;
    }
    peer.lets_apache_pass().await;
    peer.plays("spa.test.cjs").await;
}
