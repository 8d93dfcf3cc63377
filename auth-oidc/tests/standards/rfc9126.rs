//! RFC 9126: pushed authorization requests.
use crate::house::*;
use auth_core::value::Secret;
use auth_oidc::{Params, authorize::*, error::ErrorCode::*, par::Pushed, token::ClientRequest};
use serde_json::json;
use std::{sync::Arc, time::Duration};
use tokio::{sync::Barrier, task::JoinSet};

/// An honest request of this client, with some parameters changed, as it is pushed.
fn asks(app: &App, changes: &[(&str, Option<&str>)]) -> ClientRequest {
    let mut request = app.asks(&[]);
    let more = format!("{}&{}", app.request(changes), request.params.clone().without(&["client_id"]));
    request.params = Params::parse(&more);
    request
}

async fn push(house: &House, app: &App, changes: &[(&str, Option<&str>)]) -> Pushed {
    house.provider.push(&asks(app, changes)).await.unwrap()
}

/// What the person comes with.
fn short(client: &str, pushed: &Pushed) -> Params {
    form(&[("client_id", client), ("request_uri", pushed.request_uri.expose())])
}

fn is_gone(authorization: &Authorization) -> bool {
    matches!(authorization, Authorization::NotSent(NotSent::UnknownRequestUri))
}

#[tokio::test] // O-11
async fn section_2_the_client_proves_who_it_is() {
    let house = House::new().await;
    let (app, public) = (house.app(json!({})).await, house.public_app().await);
    let by_body = json!({ "client_id": "post", "token_endpoint_auth_method": "client_secret_post" });
    for app in [&app, &public, &house.app(by_body).await] {
        push(&house, app, &[]).await;
    }
    let nobody = ClientRequest { authorization: None, ..asks(&app, &[]) };
    assert_eq!(code_of(house.provider.push(&nobody).await), InvalidClient);
    let other = asks(&app, &[("client_id", Some("spa"))]);
    assert_eq!(code_of(house.provider.push(&other).await), InvalidRequest);
}

#[tokio::test]
async fn section_2_1_a_reference_cannot_be_pushed() {
    let house = House::new().await;
    let app = house.app(json!({})).await;
    let pushed = push(&house, &app, &[]).await;
    for uri in [pushed.request_uri.expose(), "https://app.example/request"] {
        let again = asks(&app, &[("request_uri", Some(uri))]);
        assert_eq!(code_of(house.provider.push(&again).await), InvalidRequest);
    }
}

#[tokio::test]
async fn section_2_2_a_reference_is_long_new_each_time_and_good_for_a_minute() {
    let house = House::new().await;
    let app = house.app(json!({})).await;
    let (one, other) = (push(&house, &app, &[]).await, push(&house, &app, &[]).await);
    assert_ne!(one.request_uri, other.request_uri);
    let random = one.request_uri.expose().strip_prefix("urn:ietf:params:oauth:request_uri:").unwrap();
    assert_eq!((random.len(), one.expires_in), (43, Duration::from_mins(1)));
}

#[tokio::test] // O-01, O-03
async fn section_2_3_what_is_wrong_with_the_request_is_told_at_once() {
    let house = House::new().await;
    let app = house.app(json!({})).await;
    for (changes, code) in [
        (("redirect_uri", None), InvalidRequest),
        (("redirect_uri", Some("https://evil.example/")), InvalidRequest),
        (("response_type", Some("token")), UnsupportedResponseType),
        (("code_challenge", None), InvalidRequest),
        (("code_challenge_method", Some("plain")), InvalidRequest),
        (("scope", Some("nothing")), InvalidScope),
        (("resource", Some("https://other.example")), InvalidTarget),
        (("request", Some("a.b.c")), InvalidRequestObject),
        (("id_token_hint", Some("a.b.c")), InvalidRequest),
    ] {
        assert_eq!(code_of(house.provider.push(&asks(&app, &[changes])).await), code, "{changes:?}");
    }
    let machine = json!({ "client_id": "machine", "grant_types": ["client_credentials"], "redirect_uris": [] });
    let machine = house.app(machine).await;
    assert_eq!(code_of(house.provider.push(&asks(&machine, &[])).await), InvalidRequest);
}

#[tokio::test]
async fn section_4_the_request_is_what_was_pushed_whatever_the_browser_adds() {
    let house = House::new().await;
    let app = house.app(json!({})).await;
    let pushed = push(&house, &app, &[("scope", Some("openid")), ("state", Some("pushed"))]).await;
    let tampered = form(&[
        ("client_id", "app"),
        ("request_uri", pushed.request_uri.expose()),
        ("scope", "openid email profile"),
        ("state", "another"),
        ("redirect_uri", "https://evil.example/"),
    ]);
    let answer = House::answered(house.authorize(&tampered, &house.visitor().await).await);
    assert_eq!((answer.get("state"), answer.redirect_uri.as_str()), (Some("pushed"), CALLBACK));
    let tokens = house.exchange(&app, answer.get("code").unwrap()).await.unwrap();
    assert_eq!(tokens.scope.to_string(), "openid");
}

#[tokio::test] // O-03
async fn section_4_another_clients_reference_an_unknown_and_an_old_one_send_nobody_anywhere() {
    let house = House::new().await;
    let (app, visitor) = (house.app(json!({})).await, house.visitor().await);
    house.app(json!({ "client_id": "other" })).await;
    let pushed = push(&house, &app, &[]).await;
    assert!(is_gone(&house.authorize(&short("other", &pushed), &visitor).await));
    let unknown = Pushed { request_uri: Secret::new(format!("{}A", pushed.request_uri.expose())), ..pushed.clone() };
    assert!(is_gone(&house.authorize(&short("app", &unknown), &visitor).await));
    for without in ["client_id", "request_uri"] {
        let params = short("app", &pushed).without(&[without]);
        assert!(matches!(house.authorize(&params, &visitor).await, Authorization::NotSent(_)), "{without}");
    }
    House::answered(house.authorize(&short("app", &pushed), &visitor).await);
    let pushed = push(&house, &app, &[]).await;
    house.world.clock.advance(Duration::from_mins(1));
    assert!(is_gone(&house.authorize(&short("app", &pushed), &visitor).await), "a minute");
}

#[tokio::test]
async fn section_6_a_client_that_must_push_is_told_so_if_it_does_not() {
    let house = House::new().await;
    let app = house.app(json!({ "require_pushed_authorization_requests": true })).await;
    assert_eq!(house.refusal(&app, &[]).await.as_deref(), Some("invalid_request"));
    let pushed = push(&house, &app, &[]).await;
    let answer = House::answered(house.authorize(&short("app", &pushed), &house.visitor().await).await);
    assert!(answer.get("code").is_some());
    let said = serde_json::to_value(house.provider.metadata(&[])).unwrap();
    assert_eq!(said["pushed_authorization_request_endpoint"], house.provider.endpoint("/oauth2/par"));
    assert_eq!(said["require_pushed_authorization_requests"], false);
}

#[tokio::test]
async fn section_7_3_a_request_is_answered_once_and_looked_at_as_often_as_its_pages_are() {
    let house = House::new().await;
    let app = house.app(json!({ "first_party": false })).await;
    let known = house.visitor().await;
    for (decision, answer) in [(Decision::Allow, None), (Decision::Deny, Some("access_denied"))] {
        let params = short("app", &push(&house, &app, &[("prompt", Some("consent"))]).await);
        for _ in 0..2 {
            let page = house.authorize(&params, &Visitor::default()).await;
            assert!(matches!(page, Authorization::SignIn(_)), "{page:?}");
            let page = house.authorize(&params, &known).await;
            assert!(matches!(page, Authorization::Consent(..)), "{page:?}");
        }
        // The person takes longer over the page than the client may take to send them.
        house.world.clock.advance(Duration::from_mins(9));
        let says = Visitor { decision: Some(decision), ..known.clone() };
        let answered = House::answered(house.authorize(&params, &says).await);
        assert_eq!(answered.get("error"), answer);
        assert!(is_gone(&house.authorize(&params, &says).await), "{decision:?}");
    }
}

#[tokio::test]
async fn section_7_3_a_page_that_is_left_open_is_over_some_time() {
    let house = House::new().await;
    let app = house.app(json!({})).await;
    let params = short("app", &push(&house, &app, &[]).await);
    for wait in [0, 5, 5] {
        house.world.clock.advance(Duration::from_mins(wait));
        let next = house.authorize(&params, &Visitor::default()).await;
        assert_eq!(matches!(next, Authorization::SignIn(_)), !is_gone(&next));
    }
    assert!(is_gone(&house.authorize(&params, &house.visitor().await).await), "to look at it does not prolong it");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn section_7_3_of_sixteen_who_answer_one_request_one_does() {
    const RACERS: usize = 16;
    let (house, gate) = (Arc::new(House::new().await), Arc::new(Barrier::new(RACERS)));
    let app = house.app(json!({})).await;
    let (params, visitor) = (short("app", &push(&house, &app, &[]).await), house.visitor().await);
    let mut racers = JoinSet::new();
    for _ in 0..RACERS {
        let (house, gate, params, visitor) = (house.clone(), gate.clone(), params.clone(), visitor.clone());
        racers.spawn(async move {
            gate.wait().await;
            house.authorize(&params, &visitor).await
        });
    }
    let (lost, won): (Vec<_>, Vec<_>) = racers.join_all().await.into_iter().partition(is_gone);
    assert_eq!((won.len(), lost.len()), (1, RACERS - 1));
}
