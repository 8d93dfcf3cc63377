//! RFC 7591: dynamic client registration.
use crate::{house::*, signer::Signer};
use auth_core::{keys::Algorithm, value::Secret};
use auth_oidc::{
    Policy, Provider,
    client::Profile,
    error::{Error, ErrorCode::*},
    register::{Metadata, Registered},
};
use serde_json::{Value, json};
use std::{sync::Arc, time::Duration};
use tokio::{sync::Barrier, task::JoinSet};

const DAY: Duration = Duration::from_hours(24);

fn metadata(members: &Value) -> Metadata {
    let mut all = json!({ "redirect_uris": [CALLBACK] });
    for (name, value) in members.as_object().unwrap() {
        all[name] = value.clone();
    }
    serde_json::from_value(all).unwrap()
}

async fn register(house: &House, members: Value) -> Result<Registered, Error> {
    let token = house.provider.invite(1, DAY).await.unwrap();
    house.provider.register(Some(&token), &metadata(&members)).await
}

/// The client, as one that knows how to ask.
async fn app(house: &House, registered: &Registered) -> App {
    let client = house.provider.client(&registered.metadata.client_id).await.unwrap().unwrap();
    App { client, secret: registered.client_secret.clone() }
}

#[tokio::test]
async fn section_3_2_1_what_was_registered_is_told_and_can_be_used() {
    let house = House::new().await;
    let grants = ["authorization_code", "refresh_token"];
    let begin = "https://app.example/begin";
    let members = json!({
        "client_name": "Somebody's",
        "grant_types": grants,
        "scope": "openid email tools read admin",
        "initiate_login_uri": begin,
    });
    let registered = register(&house, members).await.unwrap();
    let told = serde_json::to_value(&registered.metadata).unwrap();
    assert_eq!((&told["client_name"], &told["scope"]), (&json!("Somebody's"), &json!("email openid tools")));
    assert_eq!(told["initiate_login_uri"], begin);
    assert_eq!((&told["response_types"], &told["client_secret_expires_at"]), (&json!(["code"]), &json!(0)));
    assert!(registered.client_secret.is_some() && registered.registration_access_token.is_some());
    let app = app(&house, &registered).await;
    assert!(!app.client.first_party, "its users are asked");
    let visitor = auth_oidc::authorize::Visitor {
        decision: Some(auth_oidc::authorize::Decision::Allow),
        ..house.visitor().await
    };
    let params = app.request(&[("resource", Some(TOOLS)), ("scope", Some("openid tools"))]);
    let answer = House::answered(house.authorize(&params, &visitor).await);
    let tokens = house.exchange(&app, answer.get("code").unwrap()).await.unwrap();
    assert_eq!(claims(&tokens.access_token)["aud"], json!([TOOLS]));
    assert_eq!(house.refusal(&app, &[("resource", Some(API))]).await.as_deref(), Some("invalid_target"));
}

#[tokio::test] // O-12
async fn section_2_a_client_that_signs_brings_its_keys_or_says_where_they_are_and_not_both() {
    let house = House::new().await;
    let (keys, uri) = (json!({ "keys": [Signer::new(Algorithm::Es256).jwk()] }), "https://app.example/keys");
    for members in [json!({ "jwks": keys }), json!({ "jwks_uri": uri })] {
        let mut all = members.clone();
        all["token_endpoint_auth_method"] = json!("private_key_jwt");
        let registered = register(&house, all.clone()).await.unwrap();
        let told = serde_json::to_value(&registered.metadata).unwrap();
        assert_eq!(told.get("jwks").is_some(), members.get("jwks").is_some());
        assert_eq!(told.get("jwks_uri"), members.get("jwks_uri"));
        assert!(registered.client_secret.is_none());
        let (token, id) = (registered.registration_access_token.unwrap(), told["client_id"].as_str().unwrap());
        all["client_id"] = json!(id);
        assert!(house.provider.update_registration(&token, id, &metadata(&all)).await.is_ok());
        for method in ["none", "client_secret_basic"] {
            let other = json!({ "client_id": id, "token_endpoint_auth_method": method });
            let refused = house.provider.update_registration(&token, id, &metadata(&other)).await;
            assert_eq!(code_of(refused), InvalidClientMetadata, "{method}");
        }
    }
    for members in
        [json!({}), json!({ "jwks": keys, "jwks_uri": uri }), json!({ "jwks_uri": "http://app.example/keys" })]
    {
        let mut all = members.clone();
        all["token_endpoint_auth_method"] = json!("private_key_jwt");
        assert_eq!(code_of(register(&house, all).await), InvalidClientMetadata, "{members}");
    }
}

#[tokio::test]
async fn section_2_a_client_that_keeps_no_secret_gets_none() {
    let house = House::new().await;
    let registered = register(&house, json!({ "token_endpoint_auth_method": "none" })).await.unwrap();
    assert!(registered.client_secret.is_none());
    assert!(serde_json::to_value(&registered.metadata).unwrap().get("client_secret_expires_at").is_none());
}

#[tokio::test] // O-02, O-12
async fn section_3_2_2_what_cannot_be_registered_is_refused_and_uses_up_nothing() {
    let house = House::new().await;
    let token = house.provider.invite(1, DAY).await.unwrap();
    for (members, code) in [
        (json!({ "redirect_uris": ["javascript:alert(1)"] }), InvalidRedirectUri),
        (json!({ "redirect_uris": ["http://app.example/cb"] }), InvalidRedirectUri),
        (json!({ "redirect_uris": ["https://app.example/#x"] }), InvalidRedirectUri),
        (json!({ "redirect_uris": [] }), InvalidClientMetadata),
        (json!({ "grant_types": ["implicit"] }), InvalidClientMetadata),
        (json!({ "initiate_login_uri": "http://app.example/begin" }), InvalidClientMetadata),
        (json!({ "grant_types": ["authorization_code", "client_credentials"] }), InvalidClientMetadata),
        (json!({ "default_max_age": u64::MAX }), InvalidClientMetadata),
        (json!({ "grant_types": ["refresh_token"] }), InvalidClientMetadata),
        (json!({ "response_types": ["code", "token"] }), InvalidClientMetadata),
        (json!({ "token_endpoint_auth_method": "client_secret_jwt" }), InvalidClientMetadata),
        (json!({ "id_token_signed_response_alg": "none" }), InvalidClientMetadata),
        (json!({ "id_token_signed_response_alg": "PS256" }), InvalidClientMetadata),
        (json!({ "userinfo_signed_response_alg": "none" }), InvalidClientMetadata),
        (json!({ "userinfo_signed_response_alg": "PS256" }), InvalidClientMetadata),
        (json!({ "client_name": "a\u{7}b" }), InvalidClientMetadata),
        (json!({ "policy_uri": "javascript:alert(1)" }), InvalidClientMetadata),
    ] {
        let refused = house.provider.register(Some(&token), &metadata(&members)).await;
        assert_eq!(code_of(refused), code, "{members}");
    }
    let unknown = json!({ "first_party": true, "profile": "oidc_compat", "nonsense": 1 });
    let registered = house.provider.register(Some(&token), &metadata(&unknown)).await.unwrap();
    assert!(!app(&house, &registered).await.client.first_party, "what is not understood has no effect");
}

#[tokio::test] // O-24
async fn section_3_a_token_lets_in_as_many_as_it_was_given_out_for_and_in_its_time() {
    let house = House::new().await;
    let token = house.provider.invite(2, DAY).await.unwrap();
    let register = async |token: Option<&Secret>| house.provider.register(token, &metadata(&json!({}))).await;
    assert_eq!(code_of(register(None).await), InvalidToken);
    assert_eq!(code_of(register(Some(&Secret::new("it_x".to_owned()))).await), InvalidToken);
    for _ in 0..2 {
        register(Some(&token)).await.unwrap();
    }
    assert_eq!(code_of(register(Some(&token)).await), InvalidToken);
    let late = house.provider.invite(1, DAY).await.unwrap();
    house.world.clock.advance(DAY);
    assert_eq!(code_of(register(Some(&late)).await), InvalidToken);
    let open = Policy { open_registration: true, ..Policy::default() };
    let open = Provider::new(house.world.accounts(), open);
    open.register(None, &metadata(&json!({}))).await.unwrap();
    assert_eq!(code_of(open.register(Some(&late), &metadata(&json!({}))).await), InvalidToken);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)] // O-24
async fn of_sixteen_who_register_with_a_token_for_three_three_do() {
    const RACERS: usize = 16;
    let (house, gate) = (Arc::new(House::new().await), Arc::new(Barrier::new(RACERS)));
    let token = house.provider.invite(3, DAY).await.unwrap();
    let mut racers = JoinSet::new();
    for _ in 0..RACERS {
        let (house, gate, token) = (house.clone(), gate.clone(), token.clone());
        racers.spawn(async move {
            gate.wait().await;
            house.provider.register(Some(&token), &metadata(&json!({}))).await.is_ok()
        });
    }
    assert_eq!(racers.join_all().await.into_iter().filter(|registered| *registered).count(), 3);
}

/// The OpenID Foundation's own client registers itself, and knows no PKCE.
#[tokio::test] // O-24
async fn whether_clients_that_register_themselves_may_come_without_pkce_is_the_operators_choice() {
    for (profile, public) in [(Profile::Oauth21, false), (Profile::OidcCompat, false), (Profile::OidcCompat, true)] {
        let policy = Policy { registration_profile: profile, ..Policy::default() };
        let mut house = House::new().await;
        house.provider = Provider::new(house.world.accounts(), policy);
        let method = if public { "none" } else { "client_secret_basic" };
        let registered = register(&house, json!({ "token_endpoint_auth_method": method })).await.unwrap();
        let app = app(&house, &registered).await;
        let changes = [("code_challenge", None), ("code_challenge_method", None), ("prompt", Some("none"))];
        let may = profile == Profile::OidcCompat && !public;
        let expected = if may { "consent_required" } else { "invalid_request" };
        assert_eq!(house.refusal(&app, &changes).await.as_deref(), Some(expected), "{profile:?}, {method}");

        let manager = registered.registration_access_token.unwrap();
        let id = app.client.client_id.as_str();
        let again = metadata(&json!({ "client_id": id, "token_endpoint_auth_method": method }));
        house.provider.update_registration(&manager, id, &again).await.unwrap();
        assert_eq!(house.refusal(&app, &changes).await.as_deref(), Some(expected), "registered anew");
    }
}
