//! RFC 8628: the device authorization grant.
use crate::house::*;
use auth_core::{accounts::*, testing::World};
use auth_oidc::{
    authorize::Decision,
    device::*,
    error::ErrorCode::*,
    token::{ClientRequest, Tokens},
};
use serde_json::json;
use std::time::Duration;

const DEVICE_CODE: &str = "urn:ietf:params:oauth:grant-type:device_code";

/// A television: ours, and it keeps no secret.
pub async fn tv(house: &House) -> App {
    tv_with(house, json!({})).await
}

async fn tv_with(house: &House, more: serde_json::Value) -> App {
    let mut members = json!({
        "client_id": "tv",
        "client_name": "The television",
        "token_endpoint_auth_method": "none",
        "redirect_uris": [],
        "grant_types": [DEVICE_CODE, "refresh_token"],
    });
    members.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    house.app(members).await
}

pub async fn ask(house: &House, app: &App) -> DeviceAuthorization {
    house.provider.authorize_device(&app.asks(&[("scope", "openid email read"), ("resource", API)])).await.unwrap()
}

pub async fn poll(house: &House, app: &App, device: &DeviceAuthorization) -> Result<Tokens, auth_oidc::error::Error> {
    house.token(app, &[("grant_type", DEVICE_CODE), ("device_code", device.device_code.expose())]).await
}

pub async fn look(house: &House, who: &Identity, code: &UserCode) -> Option<DeviceRequest> {
    house.provider.device_request(&World::caller(), who, code).await.unwrap().unwrap()
}

/// The person types the code, looks at the page and presses a button.
async fn say(house: &House, who: &Identity, device: &DeviceAuthorization, decision: Decision) -> DeviceAnswer {
    let request = look(house, who, &device.user_code).await.expect("it waits");
    let ticket = house.provider.device_ticket(&request, who);
    house.provider.answer_device(who, &device.user_code, Some(&ticket), decision).await.unwrap()
}

pub async fn allowed(house: &House, app: &App) -> DeviceAuthorization {
    let (device, ann) = (ask(house, app).await, house.sign_in().await.who);
    assert_eq!(say(house, &ann, &device, Decision::Allow).await, DeviceAnswer::Taken);
    device
}

#[tokio::test]
async fn section_3_1_the_client_proves_who_it_is_and_may_ask_so() {
    let house = House::new().await;
    let known = json!({ "client_id": "known", "grant_types": [DEVICE_CODE], "redirect_uris": [] });
    let (public, known, web) = (tv(&house).await, house.app(known).await, house.app(json!({})).await);
    for app in [&public, &known] {
        ask(&house, app).await;
    }
    let params = form(&[("client_id", "known"), ("scope", "openid")]);
    let nobody = ClientRequest { params, ..ClientRequest::default() };
    assert_eq!(code_of(house.provider.authorize_device(&nobody).await), InvalidClient);
    let request = web.asks(&[("scope", "openid")]);
    assert_eq!(code_of(house.provider.authorize_device(&request).await), UnauthorizedClient);
    assert_eq!(code_of(house.token(&web, &[("grant_type", DEVICE_CODE)]).await), UnauthorizedClient);
}

#[tokio::test]
async fn section_3_1_scope_and_resource_are_those_of_an_authorization_request() {
    let house = House::new().await;
    let tv = tv(&house).await;
    for (params, code) in [
        (&[("scope", "nothing")][..], InvalidScope),
        (&[], InvalidScope),
        (&[("scope", "openid"), ("resource", "https://other.example")], InvalidTarget),
        (&[("scope", "openid"), ("scope", "email")], InvalidRequest),
    ] {
        assert_eq!(code_of(house.provider.authorize_device(&tv.asks(params)).await), code, "{params:?}");
    }
}

#[tokio::test] // O-30
async fn section_3_2_the_codes_are_hard_to_guess_and_good_for_ten_minutes() {
    let house = House::new().await;
    let tv = tv(&house).await;
    let (one, other) = (ask(&house, &tv).await, ask(&house, &tv).await);
    assert_ne!(one.device_code, other.device_code);
    assert_ne!(one.user_code, other.user_code);
    // 128 bits that name the request, and 256 of its own.
    assert_eq!(one.device_code.expose().len(), "dc_".len() + 64);
    assert_eq!((one.expires_in, one.interval), (Duration::from_mins(10), Duration::from_secs(5)));
    assert_eq!(one.verification_uri, house.provider.endpoint("/oauth2/device"));
    assert_eq!(one.verification_uri_complete, format!("{}?user_code={}", one.verification_uri, one.user_code));
}

#[tokio::test] // S-01
async fn section_3_2_neither_code_is_in_the_store() {
    let house = House::new().await;
    let device = ask(&house, &tv(&house).await).await;
    let page = house.world.ports.documents.list("device", None, None, 10).await.unwrap();
    let kept = serde_json::to_string(&page.documents).unwrap();
    let shown = device.user_code.to_string();
    for code in [device.device_code.expose(), &shown, &shown.replace('-', "")] {
        assert!(page.documents.len() == 1 && !kept.contains(code), "{code} in {kept}");
    }
}

#[tokio::test] // O-30
async fn section_3_3_a_person_is_told_who_asks_for_what_and_answers_once() {
    let house = House::new().await;
    let (tv, ann) = (tv(&house).await, house.sign_in().await.who);
    let device = ask(&house, &tv).await;
    let request = look(&house, &ann, &device.user_code).await.unwrap();
    assert_eq!((request.client.name(), request.client.first_party), ("The television", true));
    assert_eq!(request.asked[""].to_string(), "email openid");
    assert_eq!(request.asked[API].to_string(), "read");
    let ticket = house.provider.device_ticket(&request, &ann);
    for decision in [Decision::Deny, Decision::Allow] {
        let answer = house.provider.answer_device(&ann, &device.user_code, Some(&ticket), decision).await.unwrap();
        let expected = if decision == Decision::Deny { DeviceAnswer::Taken } else { DeviceAnswer::Gone };
        assert_eq!(answer, expected);
    }
    assert!(look(&house, &ann, &device.user_code).await.is_none());
    assert_eq!(code_of(poll(&house, &tv, &device).await), AccessDenied);
}

#[tokio::test] // O-17
async fn section_3_3_who_has_not_seen_the_request_has_not_answered_it() {
    let house = House::new().await;
    let (tv, ann, again) = (tv(&house).await, house.sign_in().await.who, house.sign_in().await.who);
    let (device, other) = (ask(&house, &tv).await, ask(&house, &tv).await);
    let ticket = |request: &DeviceRequest, who| house.provider.device_ticket(request, who);
    let request = look(&house, &ann, &device.user_code).await.unwrap();
    let of_another = ticket(&look(&house, &ann, &other.user_code).await.unwrap(), &ann);
    let (own, of_another_session) = (ticket(&request, &ann), ticket(&request, &again));
    let answer = |ticket| house.provider.answer_device(&ann, &device.user_code, ticket, Decision::Allow);
    for ticket in [None, Some(&of_another), Some(&of_another_session)] {
        assert_eq!(answer(ticket).await.unwrap(), DeviceAnswer::Unseen);
    }
    house.provider.remove_client(&tv.client.client_id).await.unwrap();
    assert_eq!(answer(Some(&own)).await.unwrap(), DeviceAnswer::Gone);
    // Another client, which has its name now.
    house.world.clock.advance(Duration::from_secs(1));
    tv_with(&house, json!({ "client_name": "Not the television" })).await;
    assert_eq!(answer(Some(&own)).await.unwrap(), DeviceAnswer::Gone);
    let device = ask(&house, &tv).await;
    let own = ticket(&look(&house, &ann, &device.user_code).await.unwrap(), &ann);
    house.world.clock.advance(Duration::from_mins(10));
    let late = house.provider.answer_device(&ann, &device.user_code, Some(&own), Decision::Allow).await.unwrap();
    assert_eq!(late, DeviceAnswer::Unseen);
}

#[tokio::test]
async fn section_3_4_and_3_5_a_device_waits_is_slowed_down_and_gets_tokens() {
    let house = House::new().await;
    let (tv, ann) = (tv(&house).await, house.sign_in().await.who);
    let device = ask(&house, &tv).await;
    assert_eq!(code_of(poll(&house, &tv, &device).await), AuthorizationPending);
    assert_eq!(code_of(poll(&house, &tv, &device).await), SlowDown);
    house.world.clock.advance(Duration::from_secs(8));
    assert_eq!(code_of(poll(&house, &tv, &device).await), SlowDown, "ten seconds now");
    house.world.clock.advance(Duration::from_secs(15));
    assert_eq!(code_of(poll(&house, &tv, &device).await), AuthorizationPending);
    let signed_in_at = ann.session.started_at;
    assert_eq!(say(&house, &ann, &device, Decision::Allow).await, DeviceAnswer::Taken);
    let tokens = poll(&house, &tv, &device).await.unwrap();
    assert_eq!(tokens.scope.to_string(), "email openid read");
    assert_eq!(claims(&tokens.access_token)["aud"], json!([API]));
    let id_token = claims(tokens.id_token.as_ref().unwrap());
    assert_eq!((&id_token["aud"], &id_token["auth_time"]), (&json!("tv"), &json!(signed_in_at.0)));
    assert_eq!(id_token["sub"], ann.user.id.to_string());
    let next = house.refresh(&tv, &tokens).await.unwrap();
    house.refresh(&tv, &next).await.unwrap();
}

#[tokio::test]
async fn section_3_4_without_a_resource_its_token_opens_userinfo_and_a_resource_may_be_named_then() {
    let house = House::new().await;
    let (tv, ann) = (tv(&house).await, house.sign_in().await.who);
    let device = house.provider.authorize_device(&tv.asks(&[("scope", "openid")])).await.unwrap();
    let _ = say(&house, &ann, &device, Decision::Allow).await;
    assert!(house.opens(&poll(&house, &tv, &device).await.unwrap()).await);
    let device = allowed(&house, &tv).await;
    let more = [("grant_type", DEVICE_CODE), ("device_code", device.device_code.expose()), ("resource", TOOLS)];
    assert_eq!(code_of(house.token(&tv, &more).await), InvalidTarget);
}

#[tokio::test]
async fn section_3_5_another_clients_code_and_an_unknown_one_are_good_for_nothing() {
    let house = House::new().await;
    let (tv, other) = (tv(&house).await, tv_with(&house, json!({ "client_id": "other" })).await);
    let device = allowed(&house, &tv).await;
    let known = device.device_code.expose();
    let (near, short) = (format!("{}A", &known[..known.len() - 1]), &known[1..]);
    for (app, code) in [(&other, known), (&tv, near.as_str()), (&tv, short), (&tv, "dc_"), (&tv, "x")] {
        let asked = house.token(app, &[("grant_type", DEVICE_CODE), ("device_code", code)]).await;
        assert_eq!(code_of(asked), InvalidGrant, "{code}");
    }
    assert_eq!(code_of(house.token(&tv, &[("grant_type", DEVICE_CODE)]).await), InvalidRequest);
    poll(&house, &tv, &device).await.unwrap();
}

#[tokio::test]
async fn section_3_5_what_is_not_answered_or_not_fetched_in_time_is_over() {
    let house = House::new().await;
    let (tv, ann) = (tv(&house).await, house.sign_in().await.who);
    let (unanswered, unfetched) = (ask(&house, &tv).await, allowed(&house, &tv).await);
    house.world.clock.advance(Duration::from_mins(10));
    assert!(look(&house, &ann, &unanswered.user_code).await.is_none());
    for device in [&unanswered, &unfetched] {
        assert_eq!(code_of(poll(&house, &tv, device).await), ExpiredToken);
    }
    house.world.clock.advance(Duration::from_mins(10));
    house.world.ports.documents.sweep(house.world.ports.clock.now()).await.unwrap();
    assert_eq!(code_of(poll(&house, &tv, &unanswered).await), InvalidGrant);
}

#[tokio::test] // O-07
async fn a_code_that_is_used_twice_ends_what_it_has_bought() {
    let house = House::new().await;
    let tv = tv(&house).await;
    for minutes in [0, 11] {
        let device = allowed(&house, &tv).await;
        let tokens = poll(&house, &tv, &device).await.unwrap();
        house.world.clock.advance(Duration::from_mins(minutes));
        let next = house.refresh(&tv, &tokens).await.unwrap();
        assert_eq!(code_of(poll(&house, &tv, &device).await), InvalidGrant);
        assert_eq!(code_of(house.refresh(&tv, &next).await), InvalidGrant);
    }
}

#[tokio::test] // O-09, O-30
async fn whether_the_person_is_still_let_in_is_asked_when_the_device_comes() {
    let house = House::new().await;
    let (tv, ann) = (tv_with(&house, json!({ "first_party": false })).await, house.sign_in().await.who);
    let device = allowed(&house, &tv).await;
    house.provider.withdraw_consent(ann.user.id, &tv.client.client_id).await.unwrap();
    assert_eq!(code_of(poll(&house, &tv, &device).await), InvalidGrant);
    let device = allowed(&house, &tv).await;
    house.provider.accounts().disable_user(ann.user.id).await.unwrap();
    assert_eq!(code_of(poll(&house, &tv, &device).await), InvalidGrant);
}

#[tokio::test]
async fn a_device_goes_on_when_the_person_signs_out_and_ends_with_all_sessions() {
    let house = House::new().await;
    let (tv, ann) = (tv(&house).await, house.sign_in().await.who);
    let device = ask(&house, &tv).await;
    let _ = say(&house, &ann, &device, Decision::Allow).await;
    let accounts = house.provider.accounts();
    accounts.end_session(&ann, ann.session.id).await.unwrap();
    let tokens = poll(&house, &tv, &device).await.unwrap();
    let tokens = house.refresh(&tv, &tokens).await.unwrap();
    accounts.logout_all(&house.sign_in().await.who).await.unwrap();
    assert_eq!(code_of(house.refresh(&tv, &tokens).await), InvalidGrant);
}

#[tokio::test]
async fn whoever_answers_first_decides() {
    let house = House::new().await;
    let (tv, ann, bob) = (tv(&house).await, house.sign_in().await.who, house.sign_in().await.who);
    let device = ask(&house, &tv).await;
    let request = look(&house, &ann, &device.user_code).await.unwrap();
    let (one, other) = (house.provider.device_ticket(&request, &ann), house.provider.device_ticket(&request, &bob));
    let answer = |who, ticket, decision| house.provider.answer_device(who, &device.user_code, Some(ticket), decision);
    let (yes, no) = tokio::join!(answer(&ann, &one, Decision::Allow), answer(&bob, &other, Decision::Deny));
    let (yes, no) = (yes.unwrap(), no.unwrap());
    assert_eq!([yes, no].iter().filter(|answer| **answer == DeviceAnswer::Taken).count(), 1);
    assert_eq!(poll(&house, &tv, &device).await.is_ok(), yes == DeviceAnswer::Taken);
}

#[tokio::test]
async fn section_4_discovery_names_the_endpoint_and_the_grant_type() {
    let said = serde_json::to_value(House::new().await.provider.metadata(&[])).unwrap();
    assert!(said["device_authorization_endpoint"].as_str().unwrap().ends_with("/oauth2/device_authorization"));
    assert!(said["grant_types_supported"].as_array().unwrap().contains(&json!(DEVICE_CODE)));
}

#[tokio::test] // RFC 7591, section 2
async fn a_client_registers_itself_for_devices_without_a_redirect_uri() {
    let house = House::new().await;
    let token = house.provider.invite(1, Duration::from_hours(1)).await.unwrap();
    let metadata = json!({ "grant_types": [DEVICE_CODE, "refresh_token"], "token_endpoint_auth_method": "none" });
    let registered = house.provider.register(Some(&token), &serde_json::from_value(metadata).unwrap()).await.unwrap();
    let said = serde_json::to_value(&registered.metadata).unwrap();
    assert_eq!(said["grant_types"], json!(["refresh_token", DEVICE_CODE]));
    assert_eq!((&said["redirect_uris"], &said["response_types"]), (&json!([]), &json!([])));
}
