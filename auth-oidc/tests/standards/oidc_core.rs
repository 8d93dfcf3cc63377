//! OpenID Connect Core 1.0.
use crate::house::*;
use auth_oidc::{authorize::*, error::ErrorCode::*};
use serde_json::json;
use std::time::Duration;

/// The name of what comes next, or the error.
fn next(authorization: Authorization) -> String {
    match authorization {
        Authorization::Answer(answer) => answer.get("error").unwrap_or("code").to_owned(),
        Authorization::SignIn(_) => "sign in".to_owned(),
        Authorization::SelectAccount(..) => "select account".to_owned(),
        Authorization::Consent(..) => "consent".to_owned(),
        Authorization::NotSent(_) => "not sent".to_owned(),
    }
}

#[tokio::test] // O-14
async fn section_2_an_id_token_says_who_signed_in_when_and_for_whom() {
    let house = House::new().await;
    let app = house.app(json!({})).await;
    let began = house.world.ports.clock.now();
    let tokens = house.tokens(&app, &[("scope", Some("openid email profile"))]).await;
    let id_token = tokens.id_token.as_ref().unwrap();
    let said = claims(id_token);
    assert_eq!(header(id_token)["typ"], "JWT");
    assert_eq!((&said["iss"], &said["aud"]), (&json!(house.provider.issuer()), &json!("app")));
    assert_eq!((&said["nonce"], &said["auth_time"]), (&json!("n-1"), &json!(began.0)));
    assert_eq!((&said["iat"], &said["exp"]), (&json!(began.0), &json!(began.0 + 600)));
    assert_eq!(said["sub"], claims(&tokens.access_token)["sub"]);
    assert!(said["sid"].is_string());
    // Section 5.4: what the scopes tell is told at the userinfo endpoint.
    assert!(said.get("email").is_none() && said.get("preferred_username").is_none());
}

#[tokio::test]
async fn section_3_1_2_1_who_is_signed_in_long_enough_ago_signs_in_again() {
    let house = House::new().await;
    let app = house.app(json!({})).await;
    let capped = house.app(json!({ "client_id": "capped", "default_max_age": 60 })).await;
    let visitor = house.visitor().await;
    house.world.clock.advance(Duration::from_secs(61));
    let signed_in = Visitor { done: Done { signed_in: true, chosen: true }, ..visitor.clone() };
    for (app, max_age, comes) in [
        (&app, None, "code"),
        (&app, Some("61"), "code"),
        (&app, Some("60"), "sign in"),
        (&app, Some("0"), "sign in"),
        (&capped, None, "sign in"),
        (&capped, Some("61"), "code"),
        (&app, Some("-1"), "invalid_request"),
        (&app, Some("+1"), "invalid_request"),
        (&app, Some("soon"), "invalid_request"),
    ] {
        let params = app.request(&[("max_age", max_age)]);
        assert_eq!(next(house.authorize(&params, &visitor).await), comes, "{max_age:?}");
        if comes == "sign in" {
            assert_eq!(next(house.authorize(&params, &signed_in).await), "code");
        }
    }
}

#[tokio::test]
async fn section_3_1_2_1_prompt_says_which_pages_come() {
    let house = House::new().await;
    let ours = house.app(json!({})).await;
    let theirs = house.app(json!({ "client_id": "theirs", "first_party": false })).await;
    let (nobody, known) = (Visitor::default(), house.visitor().await);
    let signed_in = Visitor::signed_in(known.who.clone().unwrap());
    let chosen = Visitor { done: Done { signed_in: false, chosen: true }, ..known.clone() };
    for (app, prompt, visitor, comes) in [
        (&ours, None, &nobody, "sign in"),
        (&ours, None, &known, "code"),
        (&ours, Some("none"), &nobody, "login_required"),
        (&ours, Some("none"), &known, "code"),
        (&theirs, Some("none"), &known, "consent_required"),
        (&theirs, None, &known, "consent"),
        (&ours, Some("consent"), &known, "consent"),
        (&ours, Some("login"), &known, "sign in"),
        (&ours, Some("login"), &chosen, "sign in"),
        (&ours, Some("login"), &signed_in, "code"),
        (&ours, Some("select_account"), &nobody, "sign in"),
        (&ours, Some("select_account"), &known, "select account"),
        (&ours, Some("select_account"), &chosen, "code"),
        (&ours, Some("select_account"), &signed_in, "code"),
        (&ours, Some("login select_account"), &chosen, "sign in"),
        (&theirs, Some("login consent"), &signed_in, "consent"),
        (&ours, Some("none login"), &known, "invalid_request"),
        (&ours, Some("nonsense"), &known, "invalid_request"),
    ] {
        let params = app.request(&[("prompt", prompt)]);
        assert_eq!(next(house.authorize(&params, visitor).await), comes, "{prompt:?} {:?}", visitor.done);
    }
}

#[tokio::test] // Initiating User Registration via OpenID Connect, section 4.1
async fn prompt_create_wants_a_new_account_of_whoever_comes() {
    let house = House::new().await;
    let app = house.app(json!({})).await;
    let known = house.visitor().await;
    let signed_in = Visitor::signed_in(known.who.clone().unwrap());
    let params = app.request(&[("prompt", Some("create"))]);
    for visitor in [&Visitor::default(), &known] {
        let Authorization::SignIn(request) = house.authorize(&params, visitor).await else { panic!("{visitor:?}") };
        assert!(request.prompt.create);
    }
    assert_eq!(next(house.authorize(&params, &signed_in).await), "code");
    let silent = app.request(&[("prompt", Some("none create"))]);
    assert_eq!(next(house.authorize(&silent, &known).await), "invalid_request");
}

#[tokio::test]
async fn section_3_1_2_1_id_token_hint_says_who_it_must_be() {
    let house = House::new().await;
    let app = house.app(json!({})).await;
    let tokens = house.tokens(&app, &[]).await;
    let (id_token, visitor) = (tokens.id_token.unwrap(), house.visitor().await);
    house.world.clock.advance(Duration::from_hours(24 * 7));
    let other = r#"{"id_token":{"sub":{"value":"00000000000000000000000000000000"}}}"#;
    for (name, value, comes) in [
        ("id_token_hint", id_token.expose(), "code"),
        ("id_token_hint", tokens.access_token.expose(), "invalid_request"),
        ("id_token_hint", "a.b.c", "invalid_request"),
        ("claims", other, "login_required"),
    ] {
        let params = app.request(&[(name, Some(value)), ("prompt", Some("none"))]);
        assert_eq!(next(house.authorize(&params, &visitor).await), comes, "{name}={value}");
    }
}

#[tokio::test] // O-22
async fn section_3_1_2_4_a_person_agrees_once_to_what_they_have_seen() {
    let house = House::new().await;
    let app = house.app(json!({ "first_party": false })).await;
    let known = house.visitor().await;
    let says = |decision| Visitor { decision: Some(decision), ..known.clone() };
    let with = |scope| app.request(&[("scope", Some(scope))]);
    for (params, visitor, comes) in [
        (with("openid"), known.clone(), "consent"),
        (with("openid"), says(Decision::Deny), "access_denied"),
        (with("openid"), known.clone(), "consent"),
        (with("openid"), says(Decision::Allow), "code"),
        (with("openid"), known.clone(), "code"),
        (with("openid email"), known.clone(), "consent"),
        (with("openid email"), says(Decision::Allow), "code"),
        (with("email"), known.clone(), "code"),
        (app.request(&[("prompt", Some("consent"))]), known.clone(), "consent"),
        (app.request(&[("claims", Some(r#"{"userinfo":{"locale":null}}"#))]), known.clone(), "consent"),
        (app.request(&[("resource", Some(API)), ("scope", Some("openid"))]), known.clone(), "consent"),
    ] {
        assert_eq!(next(house.authorize(&params, &visitor).await), comes, "{params}");
    }
}

#[tokio::test] // O-22; RFC 8252, section 8.6
async fn a_client_that_anybody_on_the_machine_could_be_is_asked_about_each_time() {
    let house = House::new().await;
    let members = |id, uri| json!({ "client_id": id, "token_endpoint_auth_method": "none", "redirect_uris": [uri], "first_party": false });
    for (id, uri, ours, again) in [
        ("spa", CALLBACK, false, "code"),
        ("cli", "http://127.0.0.1/cb", false, "consent"),
        ("app", "com.example.app:/cb", false, "consent"),
        ("our-app", "com.example.our:/cb", true, "consent"),
    ] {
        let mut members = members(id, uri);
        members["first_party"] = json!(ours);
        let app = house.app(members).await;
        let params = app.request(&[("redirect_uri", Some(uri))]);
        let known = house.visitor().await;
        let says = Visitor { decision: Some(Decision::Allow), ..known.clone() };
        assert_eq!(next(house.authorize(&params, &says).await), "code");
        assert_eq!(next(house.authorize(&params, &known).await), again, "{id}");
    }
}

#[tokio::test] // O-22
async fn a_person_sees_the_clients_that_they_have_let_in() {
    let house = House::new().await;
    let app = house.app(json!({ "first_party": false, "client_name": "Notes" })).await;
    let gone = house.app(json!({ "client_id": "gone", "first_party": false })).await;
    let known = house.visitor().await;
    let user = known.who.as_ref().unwrap().user.id;
    let says = Visitor { decision: Some(Decision::Allow), ..known };
    for app in [&app, &gone] {
        let params = app.request(&[("resource", Some(API)), ("scope", Some("openid read"))]);
        assert_eq!(next(house.authorize(&params, &says).await), "code");
    }
    assert!(house.provider.remove_client(&gone.client.client_id).await.unwrap());
    let seen = house.provider.applications(user).await.unwrap();
    assert_eq!((seen.len(), seen[0].client.name()), (1, "Notes"));
    assert_eq!(seen[0].consent.granted[API].to_string(), "read");
    // Whoever takes the name holds nothing.
    house.world.clock.advance(Duration::from_secs(1));
    house.app(json!({ "client_id": "gone", "first_party": false })).await;
    assert_eq!(house.provider.applications(user).await.unwrap().len(), 1);
}

#[tokio::test]
async fn section_4_a_sign_in_begins_at_the_client_that_can() {
    let house = House::new().await;
    let begins = |app: &App| house.provider.initiate_login(&app.client);
    let app = house.app(json!({ "initiate_login_uri": "https://app.example/begin?at=home" })).await;
    let issuer: String = url::form_urlencoded::byte_serialize(house.provider.issuer().as_bytes()).collect();
    assert_eq!(begins(&app).unwrap().as_str(), format!("https://app.example/begin?at=home&iss={issuer}"));
    assert_eq!(begins(&house.public_app().await), None);
    for uri in ["http://app.example/begin", "javascript:alert(1)", "com.example.app:/begin"] {
        let client = json!({ "client_id": "other", "redirect_uris": [CALLBACK], "initiate_login_uri": uri });
        let added = house.provider.add_client(serde_json::from_value(client).unwrap()).await;
        assert!(added.unwrap_err().to_string().starts_with("initiate_login_uri"), "{uri}");
    }
}

#[tokio::test] // O-09, O-22
async fn what_is_taken_back_ends_the_clients_grants_and_is_asked_for_again() {
    let house = House::new().await;
    let app = house.app(json!({ "first_party": false })).await;
    let known = house.visitor().await;
    let user = known.who.as_ref().unwrap().user.id;
    let says = Visitor { decision: Some(Decision::Allow), ..known.clone() };
    let params = app.request(&[("scope", Some("openid offline_access"))]);
    let answer = House::answered(house.authorize(&params, &says).await);
    let tokens = house.exchange(&app, answer.get("code").unwrap()).await.unwrap();
    let given = house.provider.consents(user).await.unwrap();
    assert_eq!((given.len(), given[0].scope().to_string().as_str()), (1, "offline_access openid"));
    assert!(house.provider.withdraw_consent(user, &app.client.client_id).await.unwrap());
    assert!(!house.opens(&tokens).await);
    assert_eq!(code_of(house.refresh(&app, &tokens).await), InvalidGrant);
    assert_eq!(next(house.authorize(&params, &known).await), "consent");
    assert!(!house.provider.withdraw_consent(user, &app.client.client_id).await.unwrap());
    assert!(house.provider.consents(user).await.unwrap().is_empty());
}

#[tokio::test]
async fn section_7_2_1_what_is_not_supported_is_refused_by_its_name() {
    let house = House::new().await;
    let app = house.app(json!({})).await;
    let refusal = house.refusal(&app, &[("registration", Some("x"))]).await;
    assert_eq!(refusal.as_deref(), Some("registration_not_supported"));
}

#[tokio::test]
async fn section_11_offline_access_outlives_the_session_and_all_else_ends_with_it() {
    let house = House::new().await;
    let app = house.app(json!({})).await;
    let accounts = house.provider.accounts();
    for (scope, outlives) in [("openid", false), ("openid offline_access", true)] {
        let signed_in = house.sign_in().await;
        let tokens = house.tokens_of(&app, &signed_in, scope).await;
        accounts.end_session(&signed_in.who, signed_in.who.session.id).await.unwrap();
        assert_eq!(house.opens(&tokens).await, outlives, "{scope}");
        assert_eq!(house.refresh(&app, &tokens).await.is_ok(), outlives, "{scope}");
    }
    let without = json!({ "client_id": "without", "grant_types": ["authorization_code"] });
    let without = house.app(without).await;
    let tokens = house.tokens(&without, &[("scope", Some("openid offline_access"))]).await;
    assert_eq!((tokens.refresh_token.is_none(), tokens.scope.has("offline_access")), (true, false));
}

#[tokio::test] // S-06
async fn what_clients_were_given_is_listed_with_the_persons_sessions_and_can_be_ended() {
    let house = House::new().await;
    let app = house.app(json!({})).await;
    let accounts = house.provider.accounts();
    let (signed_in, other) = (house.sign_in().await, house.sign_in().await);
    let tokens = house.tokens_of(&app, &signed_in, "openid").await;
    let offline = house.tokens_of(&app, &signed_in, "openid offline_access").await;
    let listed = async || {
        let sessions = accounts.sessions(&other.who).await.unwrap();
        sessions.into_iter().filter(|session| session.grant.is_some()).collect::<Vec<_>>()
    };
    let online = listed().await.into_iter().find(|session| !session.grant.as_ref().unwrap().offline).unwrap();
    accounts.end_session(&other.who, online.id).await.unwrap();
    assert!(!house.opens(&tokens).await && house.opens(&offline).await);
    house.tokens_of(&app, &signed_in, "openid").await;
    assert_eq!(listed().await.len(), 2);
    accounts.end_session(&other.who, signed_in.who.session.id).await.unwrap();
    assert_eq!(listed().await.len(), 1, "the one that outlives it");
}

#[tokio::test]
async fn section_12_a_refreshed_id_token_is_of_the_same_sign_in() {
    let house = House::new().await;
    let app = house.app(json!({})).await;
    let first = house.tokens(&app, &[]).await;
    house.world.clock.advance(Duration::from_mins(5));
    let next = house.refresh(&app, &first).await.unwrap();
    let (before, after) = (claims(&first.id_token.unwrap()), claims(&next.id_token.unwrap()));
    for name in ["iss", "sub", "aud", "auth_time", "sid"] {
        assert_eq!(before[name], after[name], "{name}");
    }
    assert_eq!(after["iat"].as_i64().unwrap() - before["iat"].as_i64().unwrap(), 300);
    assert!(after.get("nonce").is_none());
}

#[tokio::test]
async fn the_name_of_a_session_is_the_same_at_one_client_and_another_at_another() {
    let house = House::new().await;
    let (app, other) = (house.app(json!({})).await, house.app(json!({ "client_id": "other" })).await);
    let visitor = house.visitor().await;
    let mut sids = Vec::new();
    for app in [&app, &app, &other] {
        let answer = House::answered(house.authorize(&app.request(&[]), &visitor).await);
        let tokens = house.exchange(app, answer.get("code").unwrap()).await.unwrap();
        sids.push(claims(&tokens.id_token.unwrap())["sid"].clone());
    }
    assert_eq!(sids[0], sids[1]);
    assert_ne!(sids[0], sids[2]);
}

#[tokio::test] // O-22
async fn to_agree_to_something_at_one_service_is_not_to_agree_to_it_at_another() {
    let house = House::new().await;
    let app = house.app(json!({ "first_party": false, "scope": "openid read write tools" })).await;
    let known = house.visitor().await;
    let says = |decision| Visitor { decision: Some(decision), ..known.clone() };
    let with = |scope, resource| app.request(&[("scope", Some(scope)), ("resource", Some(resource))]);
    for (params, visitor, comes) in [
        (with("openid read", API), says(Decision::Allow), "code"),
        (with("openid read", API), known.clone(), "code"),
        (with("openid write", API), known.clone(), "consent"),
        (with("openid", TOOLS), known.clone(), "consent"),
        (with("openid tools", TOOLS), says(Decision::Allow), "code"),
        (with("openid", TOOLS), known.clone(), "code"),
    ] {
        assert_eq!(next(house.authorize(&params, &visitor).await), comes, "{params}");
    }
}

#[tokio::test]
async fn a_person_who_says_no_is_heard_though_nobody_would_have_had_to_ask() {
    let house = House::new().await;
    let app = house.app(json!({})).await;
    let no = Visitor { decision: Some(Decision::Deny), ..house.visitor().await };
    assert_eq!(next(house.authorize(&app.request(&[]), &no).await), "access_denied");
}

#[tokio::test]
async fn an_answer_by_form_goes_to_no_application_that_takes_none() {
    let house = House::new().await;
    let uri = "com.example.app:/cb";
    let app = house.app(json!({ "redirect_uris": [uri] })).await;
    let params = app.request(&[("redirect_uri", Some(uri)), ("response_mode", Some("form_post"))]);
    let answer = House::answered(house.authorize(&params, &house.visitor().await).await);
    assert_eq!((answer.get("error"), answer.mode), (Some("invalid_request"), Mode::Query));
}
