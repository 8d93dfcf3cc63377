//! OpenID Connect RP-Initiated Logout 1.0.
use crate::house::*;
use auth_core::value::Secret;
use auth_oidc::logout::{BadLogout, LogoutRequest};
use serde_json::json;
use std::time::Duration;

const BYE: &str = "https://app.example/bye";

struct Case {
    house: House,
    app: App,
    id_token: Secret,
    who: auth_core::accounts::Identity,
}

impl Case {
    async fn new() -> Self {
        let house = House::new().await;
        let app = house.app(json!({ "post_logout_redirect_uris": [BYE] })).await;
        let signed_in = house.sign_in().await;
        let id_token = house.tokens_of(&app, &signed_in, "openid").await.id_token.unwrap();
        Self { house, app, id_token, who: signed_in.who }
    }

    async fn asks(&self, params: &[(&str, &str)]) -> Result<LogoutRequest, BadLogout> {
        self.house.provider.logout_request(&form(params), Some(&self.who)).await.unwrap()
    }
}

fn goes_to(request: &LogoutRequest) -> Option<String> {
    request.then.as_ref().map(auth_oidc::authorize::Response::location)
}

#[tokio::test] // O-20
async fn section_2_the_person_is_not_asked_if_the_client_shows_that_it_means_this_session() {
    let case = Case::new().await;
    case.house.world.clock.advance(Duration::from_hours(24));
    let hint = ("id_token_hint", case.id_token.expose());
    assert!(case.asks(&[hint]).await.unwrap().is_proven, "an old one says as well whom it was for");
    assert!(!case.asks(&[]).await.unwrap().is_proven);
    assert!(!case.asks(&[("client_id", "app")]).await.unwrap().is_proven);
    let other = case.house.sign_in().await;
    let params = form(&[hint]);
    let asked = case.house.provider.logout_request(&params, Some(&other.who)).await.unwrap().unwrap();
    assert!(!asked.is_proven, "another session of the same person");
    let nobody = case.house.provider.logout_request(&params, None).await.unwrap().unwrap();
    assert!(nobody.is_proven, "there is nothing to ask");
}

#[tokio::test] // O-19
async fn section_3_nobody_is_sent_but_to_what_the_client_has_registered() {
    let case = Case::new().await;
    let hint = ("id_token_hint", case.id_token.expose());
    for (params, goes) in [
        (&[hint, ("post_logout_redirect_uri", BYE), ("state", "a b")][..], Some("https://app.example/bye?state=a+b")),
        (&[hint, ("post_logout_redirect_uri", BYE)], Some("https://app.example/bye?")),
        (&[("client_id", "app"), ("post_logout_redirect_uri", BYE)], Some("https://app.example/bye?")),
        (&[hint, ("state", "x")], None),
    ] {
        let location = goes_to(&case.asks(params).await.unwrap());
        assert_eq!(location.as_deref().map(|to| to.trim_end_matches('?')), goes.map(|to| to.trim_end_matches('?')));
    }
    for params in [
        &[("post_logout_redirect_uri", BYE)][..],
        &[("client_id", "nobody"), ("post_logout_redirect_uri", BYE)],
        &[hint, ("post_logout_redirect_uri", "https://app.example/bye/")],
        &[hint, ("post_logout_redirect_uri", CALLBACK)],
        &[hint, ("post_logout_redirect_uri", "https://evil.example/")],
        &[hint, ("post_logout_redirect_uri", "javascript:alert(1)")],
    ] {
        assert_eq!(case.asks(params).await.unwrap_err(), BadLogout::BadRedirectUri, "{params:?}");
    }
}

#[tokio::test] // O-19
async fn section_4_a_hint_that_is_none_is_an_error_and_not_overlooked() {
    let case = Case::new().await;
    case.house.app(json!({ "client_id": "other" })).await;
    let tokens = case.house.tokens(&case.app, &[]).await;
    let hint = ("id_token_hint", case.id_token.expose());
    for params in [
        &[("id_token_hint", "a.b.c")][..],
        &[("id_token_hint", tokens.access_token.expose())],
        &[hint, ("client_id", "other")],
        &[hint, ("state", "1"), ("state", "2")],
    ] {
        assert_eq!(case.asks(params).await.unwrap_err(), BadLogout::BadHint, "{params:?}");
    }
}
