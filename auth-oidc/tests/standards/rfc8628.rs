//! RFC 8628: the device authorization grant.
use crate::house::*;
use auth_core::{accounts::*, counter::Rule, policy::Limits, testing::World};
use auth_oidc::{Policy, Provider, authorize::Decision, device::*, error::ErrorCode::*, token::Tokens};
use serde_json::json;
use std::{sync::Arc, time::Duration};
use tokio::{sync::Barrier, task::JoinSet};

const DEVICE_CODE: &str = "urn:ietf:params:oauth:grant-type:device_code";

/// A television: ours, and it keeps no secret.
async fn tv(house: &House) -> App {
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

async fn ask(house: &House, app: &App) -> DeviceAuthorization {
    house.provider.authorize_device(&app.asks(&[("scope", "openid email read"), ("resource", API)])).await.unwrap()
}

async fn poll(house: &House, app: &App, device: &DeviceAuthorization) -> Result<Tokens, auth_oidc::error::Error> {
    house.token(app, &[("grant_type", DEVICE_CODE), ("device_code", device.device_code.expose())]).await
}

async fn look(house: &House, who: &Identity, code: &UserCode) -> Option<DeviceRequest> {
    house.provider.device_request(&World::caller(), who, code).await.unwrap().unwrap()
}

/// The person types the code, looks at the page and presses a button.
async fn say(house: &House, who: &Identity, device: &DeviceAuthorization, decision: Decision) -> DeviceAnswer {
    let request = look(house, who, &device.user_code).await.expect("it waits");
    let ticket = house.provider.device_ticket(&request, who);
    house.provider.answer_device(who, &device.user_code, Some(&ticket), decision).await.unwrap()
}

async fn allowed(house: &House, app: &App) -> DeviceAuthorization {
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
    let nobody = form(&[("client_id", "known"), ("scope", "openid")]);
    let nobody = auth_oidc::token::ClientRequest { params: nobody, ..known.asks(&[]) };
    let nobody = auth_oidc::token::ClientRequest { authorization: None, ..nobody };
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

#[tokio::test(flavor = "multi_thread", worker_threads = 4)] // O-07
async fn of_sixteen_who_show_one_code_one_gets_tokens_and_they_die_with_the_others() {
    const RACERS: usize = 16;
    let (house, gate) = (Arc::new(House::new().await), Arc::new(Barrier::new(RACERS)));
    let tv = tv(&house).await;
    let device = allowed(&house, &tv).await;
    let mut racers = JoinSet::new();
    for _ in 0..RACERS {
        let (house, gate, tv, device) = (house.clone(), gate.clone(), tv.clone(), device.clone());
        racers.spawn(async move {
            gate.wait().await;
            poll(&house, &tv, &device).await
        });
    }
    let (won, lost): (Vec<_>, Vec<_>) = racers.join_all().await.into_iter().partition(Result::is_ok);
    // A later one may come before the winner has its answer: then nobody gets one.
    assert!(won.len() <= 1, "{}", won.len());
    for lost in lost {
        assert_eq!(code_of(lost), InvalidGrant);
    }
    for won in won.into_iter().flatten() {
        assert_eq!(code_of(house.refresh(&tv, &won).await), InvalidGrant);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_sixteen_who_let_one_device_in_one_does() {
    const RACERS: usize = 16;
    let (house, gate) = (Arc::new(House::new().await), Arc::new(Barrier::new(RACERS)));
    let (tv, ann) = (tv(&house).await, house.sign_in().await.who);
    let device = ask(&house, &tv).await;
    let request = look(&house, &ann, &device.user_code).await.unwrap();
    let ticket = house.provider.device_ticket(&request, &ann);
    let mut racers = JoinSet::new();
    for _ in 0..RACERS {
        let (house, gate, ann, device, ticket) =
            (house.clone(), gate.clone(), ann.clone(), device.clone(), ticket.clone());
        racers.spawn(async move {
            gate.wait().await;
            house.provider.answer_device(&ann, &device.user_code, Some(&ticket), Decision::Allow).await.unwrap()
        });
    }
    let answers = racers.join_all().await;
    assert_eq!(answers.iter().filter(|answer| **answer == DeviceAnswer::Taken).count(), 1);
    let sessions = house.world.ports.sessions.of_user(ann.user.id).await.unwrap();
    let now = house.world.ports.clock.now();
    let live = sessions.iter().filter(|session| session.grant.is_some() && session.is_live(now));
    assert_eq!(live.count(), 1, "nothing is left of the others");
    poll(&house, &tv, &device).await.unwrap();
}

#[tokio::test] // O-30
async fn section_5_1_wrong_user_codes_are_counted_and_right_ones_are_not() {
    let house = House::new().await;
    let tv = tv(&house).await;
    let limits = Limits {
        user_code_per_account: Rule::new(2, Duration::from_mins(10)),
        user_code_per_source: Rule::new(3, Duration::from_mins(10)),
        ..World::policy().limits
    };
    let accounts = house.world.accounts_with(auth_core::policy::Policy { limits, ..World::policy() });
    let provider = Provider::new(accounts, Policy::default());
    let (ann, device) = (house.sign_in().await.who, ask(&house, &tv).await);
    let wrong = UserCode::parse("BBBB-BBBB").unwrap();
    let (here, there) = (World::caller(), Caller { source: Some([198, 51, 100, 1].into()), ..Caller::default() });
    for right in [false, true, true, true, false] {
        let code = if right { &device.user_code } else { &wrong };
        assert_eq!(provider.device_request(&here, &ann, code).await.unwrap().unwrap().is_some(), right);
    }
    for (caller, code) in [(&here, &wrong), (&here, &device.user_code), (&there, &device.user_code)] {
        assert!(provider.device_request(caller, &ann, code).await.unwrap().is_err(), "wherever she is");
    }
    house.world.clock.advance(Duration::from_mins(10));
    assert!(provider.device_request(&there, &ann, &wrong).await.unwrap().unwrap().is_none());
}

#[tokio::test]
async fn a_source_asks_for_so_many_devices_and_no_more() {
    let house = House::new().await;
    let limits = Limits { request_per_source: Rule::new(2, Duration::from_mins(10)), ..World::policy().limits };
    let accounts = house.world.accounts_with(auth_core::policy::Policy { limits, ..World::policy() });
    let provider = Provider::new(accounts, Policy::default());
    let (tv, spa) = (tv(&house).await, house.public_app().await);
    let request = tv.asks(&[("scope", "openid")]);
    for _ in 0..2 {
        provider.authorize_device(&request).await.unwrap();
    }
    let slow =
        |error| matches!(error, auth_oidc::error::Error::Slow(Slow { retry_after }) if retry_after > Duration::ZERO);
    assert!(slow(provider.authorize_device(&request).await.unwrap_err()));
    // Of what nobody proves, it is one count.
    let pushed = auth_oidc::token::ClientRequest { params: spa.request(&[]), ..Default::default() };
    assert!(slow(provider.push(&pushed).await.unwrap_err()));
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
