//! RFC 9068: access tokens as JWTs.
use crate::house::*;
use serde_json::json;

#[tokio::test] // S-09
async fn section_2_a_token_says_what_it_must_and_what_is_for_the_client_alone_it_does_not() {
    let house = House::new().await;
    let app = house.app(json!({})).await;
    let tokens = house.tokens(&app, &[("scope", Some("openid email read")), ("resource", Some(API))]).await;
    assert_eq!(header(&tokens.access_token)["typ"], "at+jwt");
    let claims = claims(&tokens.access_token);
    for name in ["iss", "exp", "aud", "sub", "client_id", "iat", "jti", "auth_time", "scope"] {
        assert!(claims.get(name).is_some(), "{name}");
    }
    assert_eq!((&claims["iss"], &claims["client_id"]), (&json!(house.provider.issuer()), &json!("app")));
    assert_eq!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(), 600);
    assert!(claims.get("email").is_none());
    let again = house.refresh(&app, &tokens).await.unwrap();
    assert_ne!(crate::house::claims(&again.access_token)["jti"], claims["jti"]);
}
