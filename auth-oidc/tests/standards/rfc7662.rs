//! RFC 7662: token introspection.
use crate::house::*;
use auth_oidc::error::ErrorCode::*;
use serde_json::{Value, json};

async fn told(house: &House, who: &App, token: &str) -> Value {
    serde_json::to_value(house.provider.introspect(&who.asks(&[("token", token)])).await.unwrap()).unwrap()
}

#[tokio::test] // O-25
async fn section_2_2_a_client_is_told_of_its_own_and_a_resource_of_what_is_meant_for_it() {
    let house = House::new().await;
    let app = house.app(json!({})).await;
    let api = json!({ "client_id": "api", "grant_types": [], "redirect_uris": [], "serves": [API] });
    let api = house.app(api).await;
    let other = house.app(json!({ "client_id": "other" })).await;
    let tokens = house.tokens(&app, &[("scope", Some("openid profile read")), ("resource", Some(API))]).await;
    let (access, refresh) = (tokens.access_token.expose(), tokens.refresh_token.as_ref().unwrap().expose());
    for who in [&app, &api] {
        let told = told(&house, who, access).await;
        assert_eq!((&told["active"], &told["client_id"]), (&json!(true), &json!("app")));
        assert_eq!((&told["username"], &told["aud"]), (&json!("ann"), &json!([API])));
        assert_eq!((&told["scope"], &told["token_type"]), (&json!("openid profile read"), &json!("Bearer")));
        assert_eq!(told["sub"], claims(&tokens.access_token)["sub"]);
    }
    let of_refresh = told(&house, &app, refresh).await;
    assert_eq!((&of_refresh["active"], of_refresh.get("token_type")), (&json!(true), None));
    let nothing = json!({ "active": false });
    let id_token = tokens.id_token.as_ref().unwrap().expose();
    for (who, token) in [(&other, access), (&other, refresh), (&api, refresh), (&app, "x"), (&app, id_token)] {
        assert_eq!(told(&house, who, token).await, nothing);
    }
    let own = house.tokens(&app, &[]).await;
    assert_eq!(told(&house, &api, own.access_token.expose()).await, nothing, "not meant for it");
}

#[tokio::test] // O-25
async fn section_2_1_only_a_client_that_proves_who_it_is_may_ask() {
    let house = House::new().await;
    let (app, public) = (house.app(json!({})).await, house.public_app().await);
    let tokens = house.tokens(&public, &[]).await;
    let asked = public.asks(&[("token", tokens.access_token.expose())]);
    assert_eq!(code_of(house.provider.introspect(&asked).await), InvalidClient);
    assert_eq!(code_of(house.provider.introspect(&app.asks(&[])).await), InvalidRequest);
}

#[tokio::test] // O-25, P-32, S-05
async fn section_4_whatever_ends_a_grant_is_seen_at_once() {
    let house = House::new().await;
    let app = house.app(json!({})).await;
    let accounts = house.provider.accounts();
    for end in ["log out", "log out of all", "disable", "remove the client"] {
        let (signed_in, params) = (house.sign_in().await, app.request(&[]));
        let visitor = auth_oidc::authorize::Visitor { who: Some(signed_in.who.clone()), ..<_>::default() };
        let answer = House::answered(house.authorize(&params, &visitor).await);
        let tokens = house.exchange(&app, answer.get("code").unwrap()).await.unwrap();
        assert!(house.opens(&tokens).await);
        let who = &signed_in.who;
        match end {
            "log out" => accounts.end_session(who, who.session.id).await.unwrap(),
            "log out of all" => accounts.logout_all(who).await.unwrap(),
            "disable" => {
                accounts.disable_user(who.user.id).await.unwrap().unwrap();
            }
            _ => assert!(house.provider.remove_client(&app.client.client_id).await.unwrap()),
        }
        assert!(!house.opens(&tokens).await, "{end}");
        let asked = house.refresh(&app, &tokens).await;
        let code = if end == "remove the client" { InvalidClient } else { InvalidGrant };
        assert_eq!(code_of(asked), code, "{end}");
        accounts.enable_user(who.user.id).await.unwrap();
    }
}
