//! RFC 8707: resource indicators.
use crate::house::*;
use auth_oidc::error::ErrorCode::*;
use serde_json::json;

#[tokio::test]
async fn section_2_a_resource_is_the_audience_and_brings_its_scope() {
    let house = House::new().await;
    let app = house.app(json!({})).await;
    let tokens = house.tokens(&app, &[("scope", Some("openid read")), ("resource", Some(API))]).await;
    assert_eq!(claims(&tokens.access_token)["aud"], json!([API]));
    assert_eq!(tokens.scope.to_string(), "openid read");
    let without = house.tokens(&app, &[("scope", Some("openid read"))]).await;
    assert_eq!(claims(&without.access_token)["aud"], json!([house.provider.endpoint(auth_oidc::path::USERINFO)]));
    assert_eq!(without.scope.to_string(), "openid", "it is no scope of anything that was named");
}

#[tokio::test]
async fn section_2_a_resource_is_one_that_is_known_and_that_the_client_may_ask_for() {
    let house = House::new().await;
    let (app, other) = (house.app(json!({})).await, json!({ "client_id": "other", "resources": [] }));
    let other = house.app(other).await;
    for (app, resource) in [(&app, "https://unknown.example"), (&app, "https://api.example/"), (&other, API)] {
        let refusal = house.refusal(app, &[("resource", Some(resource))]).await;
        assert_eq!(refusal.as_deref(), Some("invalid_target"), "{resource}");
    }
}

#[tokio::test]
async fn section_2_2_at_the_token_endpoint_it_can_be_narrowed_alone() {
    let house = House::new().await;
    let app = house.app(json!({})).await;
    let with = [("scope", Some("openid read")), ("resource", Some(API))];
    for (resource, good) in [(API, true), ("https://unknown.example", false)] {
        let code = house.code(&app, &with).await;
        let mut shown = honest(&code).to_vec();
        shown.push(("resource", resource));
        let shown = house.token(&app, &shown).await;
        assert!(good && shown.is_ok() || code_of(shown) == InvalidTarget);
    }
    let code = house.code(&app, &[]).await;
    let mut shown = honest(&code).to_vec();
    shown.push(("resource", API));
    assert_eq!(code_of(house.token(&app, &shown).await), InvalidTarget, "it was not asked for");
}

#[tokio::test]
async fn section_2_2_a_narrowed_token_says_nothing_of_what_it_is_not_for() {
    let house = House::new().await;
    let app = house.app(json!({ "scope": "openid read tools offline_access" })).await;
    let code = house
        .code(&app, &[("scope", Some("openid read tools")), ("resource", Some(API)), ("resource", Some(TOOLS))])
        .await;
    let mut shown = honest(&code).to_vec();
    shown.push(("resource", API));
    let tokens = house.token(&app, &shown).await.unwrap();
    assert_eq!(
        (tokens.scope.to_string().as_str(), &claims(&tokens.access_token)["aud"]),
        ("openid read", &json!([API]))
    );
    // And what an operator has taken from the client meanwhile is gone at the next refresh.
    let mut resources = house.provider.policy().clone();
    resources.resources.retain(|own| own.resource != API);
    let without = auth_oidc::Provider::new(house.world.accounts(), resources);
    let refresh = tokens.refresh_token.as_ref().unwrap().expose();
    let asked = app.asks(&[("grant_type", "refresh_token"), ("refresh_token", refresh)]);
    let next = without.token(&asked).await.unwrap();
    assert_eq!(
        (next.scope.to_string().as_str(), &claims(&next.access_token)["aud"]),
        ("openid tools", &json!([TOOLS]))
    );
}
