//! Programs that others wrote, as clients of the provider; and the same scripts against a certified provider.
use tests::{
    Settings,
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

#[tokio::test] // RFC 7591, RFC 7592, RFC 8414
async fn oauth4webapi_registers_itself_and_gets_what_it_asks_for() {
    open().await.passes("oauth4webapi.mjs").await;
}

#[tokio::test] // RFC 8707, RFC 9728
async fn an_mcp_client_finds_its_way_from_the_url_of_an_mcp_server() {
    open().await.passes("mcp.mjs").await;
}

async fn open() -> Provider {
    Provider::start_with(Settings::default().set("OPEN_REGISTRATION", "true")).await
}

#[tokio::test]
async fn the_same_scripts_pass_against_a_certified_provider() {
    let peer = Peer::start().await;
    for script in ["openid_client.mjs", "openid_client_fapi.mjs", "openid_client_device.mjs", "authlib_client.py"] {
        peer.passes(script).await;
    }
}
