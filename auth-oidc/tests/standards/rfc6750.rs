//! RFC 6750: bearer tokens, at the userinfo endpoint.
use crate::house::*;
use auth_core::value::Secret;
use auth_oidc::error::ErrorCode::*;
use serde_json::json;
use std::time::Duration;

#[tokio::test] // S-15, S-25
async fn section_3_1_only_a_live_access_token_for_this_endpoint_opens_it() {
    let house = House::new().await;
    let app = house.app(json!({})).await;
    let tokens = house.tokens(&app, &[]).await;
    let elsewhere = house.tokens(&app, &[("resource", Some(API)), ("scope", Some("openid read"))]).await;
    for token in [
        tokens.id_token.as_ref().unwrap().expose(),
        tokens.refresh_token.as_ref().unwrap().expose(),
        elsewhere.access_token.expose(),
        "a.b.c",
        "",
    ] {
        let told = house.provider.userinfo(&Secret::new(token.to_owned())).await;
        assert_eq!(code_of(told), InvalidToken, "{token}");
    }
    assert!(house.opens(&tokens).await);
    house.world.clock.advance(Duration::from_secs(600 + 30));
    assert!(!house.opens(&tokens).await);
}

#[tokio::test]
async fn section_3_1_without_openid_the_scope_does_not_reach_so_far() {
    let house = House::new().await;
    let app = house.app(json!({})).await;
    let tokens = house.tokens(&app, &[("scope", Some("email"))]).await;
    assert!(tokens.id_token.is_none());
    assert_eq!(code_of(house.provider.userinfo(&tokens.access_token).await), InsufficientScope);
}
