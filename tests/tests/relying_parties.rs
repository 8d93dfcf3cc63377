//! Programs that others wrote, as clients of the provider; and the same scripts against a certified provider.
use tests::relying::{Peer, Provider};

#[tokio::test]
async fn openid_client_gets_what_it_asks_for() {
    Provider::start().await.passes("openid_client.mjs").await;
}

#[tokio::test]
async fn authlib_gets_what_it_asks_for() {
    Provider::start().await.passes("authlib_client.py").await;
}

#[tokio::test]
async fn the_same_scripts_pass_against_a_certified_provider() {
    let peer = Peer::start().await;
    for script in ["openid_client.mjs", "authlib_client.py"] {
        peer.passes(script).await;
    }
}
