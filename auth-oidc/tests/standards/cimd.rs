//! draft-ietf-oauth-client-id-metadata-document: a client's name is the address at which it says who it is.
use crate::{house::*, signer::Signer};
use auth_core::{keys::Algorithm, value::ClientId};
use auth_oidc::{
    Policy, Provider,
    authorize::*,
    client::Client,
    error::ErrorCode::*,
    fetch::{FetchError, Fetched, Fetcher},
    token::ClientRequest,
};
use serde_json::{Value, json};
use std::time::Duration;

/// The client's name, and where its document is.
const ID: &str = "https://app.example/client.json";

fn document(changes: &Value) -> Value {
    let mut all = json!({
        "client_id": ID, "client_name": "An application", "redirect_uris": [CALLBACK],
        "grant_types": ["authorization_code", "refresh_token"], "token_endpoint_auth_method": "none",
    });
    for (name, value) in changes.as_object().unwrap() {
        all[name] = value.clone();
        if value.is_null() {
            all.as_object_mut().unwrap().remove(name);
        }
    }
    all
}

/// A house, and a client that has published this.
async fn published(changes: &Value) -> House {
    let house = House::new().await;
    house.web.put(ID, &document(changes));
    house
}

async fn client(house: &House, id: &str) -> Option<Client> {
    house.provider.client(&ClientId::parse(id).unwrap()).await.unwrap()
}

async fn app(house: &House) -> App {
    App { client: client(house, ID).await.expect("a client"), secret: None }
}

#[tokio::test] // O-22, O-24
async fn a_client_that_nobody_has_registered_gets_tokens_and_its_users_are_asked_each_time() {
    let house = published(&json!({ "first_party": true, "scope": "openid email tools read admin" })).await;
    let app = app(&house).await;
    assert!(!app.client.first_party && app.client.name() == "An application");
    assert_eq!(app.client.document().unwrap().host_str(), Some("app.example"));
    let visitor = house.visitor().await;
    let params = app.request(&[("scope", Some("openid email tools")), ("resource", Some(TOOLS))]);
    for _ in 0..2 {
        assert!(matches!(house.authorize(&params, &visitor).await, Authorization::Consent(..)));
        let says_yes = Visitor { decision: Some(Decision::Allow), ..visitor.clone() };
        let answer = House::answered(house.authorize(&params, &says_yes).await);
        let tokens = house.exchange(&app, answer.get("code").unwrap()).await.unwrap();
        assert_eq!(claims(&tokens.access_token)["client_id"], ID);
        let tokens = house.refresh(&app, &tokens).await.unwrap();
        assert_eq!(claims(tokens.id_token.as_ref().unwrap())["aud"], ID);
    }
    assert_eq!(house.refusal(&app, &[("resource", Some(API))]).await.as_deref(), Some("invalid_target"));
    let silent = house.refusal(&app, &[("prompt", Some("none"))]).await;
    assert_eq!(silent.as_deref(), Some("consent_required"));
}

#[tokio::test] // O-23
async fn section_3_a_name_is_https_with_a_path_and_nothing_that_could_be_written_otherwise() {
    let house = House::new().await;
    for (id, taken) in [
        (ID, true),
        ("https://app.example:8443/client", true),
        ("https://app.example/", false),
        ("https://app.example", false),
        ("http://app.example/client.json", false),
        ("https://app.example/client.json#x", false),
        ("https://app.example/client.json?x=1", false),
        ("https://user@app.example/client.json", false),
        ("https://user:x@app.example/client.json", false),
        ("https://app.example/./client.json", false),
        ("https://app.example/a/../client.json", false),
        ("https://app.example/a/%2e%2e/client.json", false),
        ("https://app.example:443/client.json", false),
        ("https://APP.example/client.json", false),
        ("HTTPS://app.example/client.json", false),
        ("https:app.example/client.json", false),
        ("https://app.example\\client.json", false),
        ("https://2130706433/client.json", false),
    ] {
        house.web.put(id, &document(&json!({ "client_id": id })));
        assert_eq!(client(&house, id).await.is_some(), taken, "{id}");
        assert_eq!(house.web.asked(id), u32::from(taken), "{id}");
    }
}

#[tokio::test] // O-12
async fn section_4_what_a_document_says_is_of_itself_and_keeps_no_secret() {
    let keys = json!({ "keys": [Signer::new(Algorithm::Es256).jwk()] });
    for (changes, taken) in [
        (json!({}), true),
        (json!({ "token_endpoint_auth_method": null }), true),
        (json!({ "grant_types": ["authorization_code", "urn:example:other", "client_credentials"] }), true),
        (json!({ "token_endpoint_auth_method": "private_key_jwt", "jwks": keys }), true),
        (json!({ "token_endpoint_auth_method": "private_key_jwt" }), false),
        (json!({ "token_endpoint_auth_method": "client_secret_basic" }), false),
        (json!({ "token_endpoint_auth_method": "client_secret_post" }), false),
        (json!({ "token_endpoint_auth_method": "client_secret_jwt" }), false),
        (json!({ "client_secret": "a secret" }), false),
        (json!({ "client_secret_expires_at": 0 }), false),
        (json!({ "sector_identifier_uri": "https://app.example/sector.json" }), false),
        (json!({ "client_id": "https://app.example/other.json" }), false),
        (json!({ "client_id": "https://APP.example/client.json" }), false),
        (json!({ "client_id": null }), false),
        (json!({ "redirect_uris": null }), false),
        (json!({ "redirect_uris": ["javascript:alert(1)"] }), false),
        (json!({ "grant_types": ["client_credentials"], "redirect_uris": [] }), false),
        (json!({ "client_name": "\u{202e}" }), false),
        (json!({ "tos_uri": "javascript:alert(1)" }), false),
    ] {
        let house = published(&changes).await;
        let found = client(&house, ID).await;
        assert_eq!(found.is_some(), taken, "{changes}");
        assert!(
            found.is_none_or(|client| client.grant_types.iter().all(|grant| grant.as_str() != "client_credentials"))
        );
    }
    let house = House::new().await;
    let anybody = house.app(json!({ "client_id": "app" })).await;
    assert!(anybody.client.document().is_none());
}

#[tokio::test] // O-23
async fn section_4_a_document_is_json_of_at_most_ten_kibibytes() {
    let small = document(&json!({})).to_string();
    let padded = |size: usize| format!("{small}{}", " ".repeat(size - small.len()));
    for (body, content_type, taken) in [
        (padded(10 * 1024), Some("application/json; charset=utf-8"), true),
        (padded(10 * 1024 + 1), Some("application/json"), false),
        (small.clone(), Some("application/oauth-client+json"), true),
        (small.clone(), Some("text/html"), false),
        (small.clone(), None, false),
        ("<html>".to_owned(), Some("application/json"), false),
        ("[]".to_owned(), Some("application/json"), false),
    ] {
        let house = House::new().await;
        house.web.put_as(ID, body.as_bytes(), content_type);
        assert_eq!(client(&house, ID).await.is_some(), taken, "{content_type:?}");
    }
}

#[tokio::test] // O-23
async fn section_5_a_document_is_kept_for_as_long_as_is_said_within_bounds() {
    let body = document(&json!({})).to_string();
    for (said, kept) in [(None, 600), (Some(0), 60), (Some(7200), 7200), (Some(1_000_000), 86_400)] {
        let house = House::new().await;
        house.web.put_for(ID, body.as_bytes(), said.map(Duration::from_secs));
        for (wait, asked) in [(0, 1), (kept - 1, 1), (1, 2)] {
            house.world.clock.advance(Duration::from_secs(wait));
            assert!(client(&house, ID).await.is_some());
            assert_eq!(house.web.asked(ID), asked, "{said:?}");
        }
    }
}

#[tokio::test] // O-23
async fn section_5_what_is_not_there_is_not_asked_for_all_the_time_and_what_was_goes_on_for_an_hour() {
    let house = House::new().await;
    house.web.take_down(ID);
    for _ in 0..3 {
        assert!(client(&house, ID).await.is_none());
    }
    assert_eq!(house.web.asked(ID), 1);
    house.web.put(ID, &document(&json!({})));
    house.world.clock.advance(Duration::from_secs(30));
    assert!(client(&house, ID).await.is_some());
    house.web.take_down(ID);
    house.world.clock.advance(Duration::from_secs(600 + 3599));
    assert!(client(&house, ID).await.is_some());
    house.world.clock.advance(Duration::from_secs(30));
    assert!(client(&house, ID).await.is_none());
}

#[tokio::test] // O-01, O-03
async fn what_a_document_does_not_say_any_more_is_no_place_for_an_answer() {
    let house = published(&json!({})).await;
    let app = app(&house).await;
    house.web.put(ID, &document(&json!({ "redirect_uris": ["https://app.example/new"] })));
    house.world.clock.advance(Duration::from_mins(10));
    let next = house.authorize(&app.request(&[]), &house.visitor().await).await;
    assert!(matches!(next, Authorization::NotSent(NotSent::BadRedirectUri)));
    house.web.put(ID, &json!({}));
    house.world.clock.advance(Duration::from_mins(10) + Duration::from_hours(1));
    let next = house.authorize(&app.request(&[]), &house.visitor().await).await;
    assert!(matches!(next, Authorization::NotSent(NotSent::UnknownClient)));
}

#[tokio::test] // O-11, O-28
async fn section_6_2_a_client_proves_itself_by_the_keys_in_its_document() {
    let key = Signer::new(Algorithm::Es256);
    let keys = json!({ "keys": [key.jwk()] });
    let house = published(&json!({ "token_endpoint_auth_method": "private_key_jwt", "jwks": keys })).await;
    let app = app(&house).await;
    let says_yes = Visitor { decision: Some(Decision::Allow), ..house.visitor().await };
    let now = house.world.ports.clock.now().0;
    let shows = |code: &str, key: &Signer| {
        let claims = json!({ "iss": ID, "sub": ID, "aud": house.provider.issuer(), "exp": now + 60, "jti": "1" });
        let (assertion, honest) = (key.assertion(&claims), honest(code));
        let proof = [
            ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
            ("client_assertion", assertion.as_str()),
        ];
        ClientRequest { params: form(&[&honest[..], &proof].concat()), ..ClientRequest::default() }
    };
    let answer = House::answered(house.authorize(&app.request(&[]), &says_yes).await);
    let code = answer.get("code").unwrap();
    assert_eq!(code_of(house.exchange(&app, code).await), InvalidClient, "without a proof");
    let other = shows(code, &Signer::new(Algorithm::Es256));
    assert_eq!(code_of(house.provider.token(&other).await), InvalidClient);
    assert!(house.provider.token(&shows(code, &key)).await.is_ok());
}

#[tokio::test] // O-32
async fn it_can_be_turned_off_and_is_where_nobody_is_asked() {
    let house = published(&json!({})).await;
    let off = Policy { client_id_metadata_documents: false, ..Policy::default() };
    let off = Provider::new(house.world.accounts(), off).with_fetcher(house.web.clone());
    let nobody = Provider::new(house.world.accounts(), Policy::default());
    for (provider, on) in [(&house.provider, true), (&off, false), (&nobody, false)] {
        let found = provider.client(&ClientId::parse(ID).unwrap()).await.unwrap();
        let said = serde_json::to_value(provider.metadata(&[])).unwrap();
        assert_eq!((found.is_some(), &said["client_id_metadata_document_supported"]), (on, &json!(on)));
    }
    assert_eq!(house.web.asked(ID), 1);
}

#[tokio::test]
async fn names_that_a_stranger_makes_up_push_out_nobody() {
    let house = published(&json!({})).await;
    assert!(client(&house, ID).await.is_some());
    for number in 0..1001 {
        house.world.clock.advance(Duration::from_secs(1));
        assert!(client(&house, &format!("https://evil.example/{number}")).await.is_none());
    }
    house.web.take_down(ID);
    assert!(client(&house, ID).await.is_some(), "what was good goes on to be, for a while");
}

#[tokio::test]
async fn a_clock_that_was_ahead_keeps_nothing_for_longer() {
    let house = published(&json!({})).await;
    let now = house.world.ports.clock.now();
    house.world.clock.advance(Duration::from_hours(24));
    assert!(client(&house, ID).await.is_some());
    house.world.clock.set(now);
    house.web.put(ID, &document(&json!({ "client_name": "Another" })));
    assert_eq!(client(&house, ID).await.unwrap().name(), "Another");
}

#[tokio::test]
async fn of_many_who_want_a_document_one_asks() {
    let house = published(&json!({})).await;
    let all = futures_util::future::join_all((0..16).map(|_| client(&house, ID))).await;
    assert!(all.iter().all(Option::is_some));
    assert_eq!(house.web.asked(ID), 1);
}

#[tokio::test] // O-22
async fn a_person_takes_back_what_they_gave_a_client_that_hides() {
    let house = published(&json!({})).await;
    let app = app(&house).await;
    let visitor = house.visitor().await;
    let user = visitor.who.as_ref().unwrap().user.id;
    let says_yes = Visitor { decision: Some(Decision::Allow), ..visitor };
    let answer = House::answered(house.authorize(&app.request(&[]), &says_yes).await);
    let tokens = house.exchange(&app, answer.get("code").unwrap()).await.unwrap();
    house.web.take_down(ID);
    house.world.clock.advance(Duration::from_hours(2));
    let applications = house.provider.applications(user).await.unwrap();
    assert_eq!(applications.iter().map(|one| one.client.client_id.as_str()).collect::<Vec<_>>(), [ID]);
    assert!(house.provider.withdraw_consent(user, &app.client.client_id).await.unwrap());
    house.web.put(ID, &document(&json!({})));
    house.world.clock.advance(Duration::from_mins(1));
    assert_eq!(code_of(house.refresh(&app, &tokens).await), InvalidGrant);
}

#[tokio::test] // RFC 7517, section 5
async fn a_key_that_is_not_understood_is_passed_over_and_one_that_should_be_secret_is_told() {
    let signer = Signer::new(Algorithm::Es256);
    let other = json!({ "kty": "EC", "crv": "P-384", "x": "AA", "y": "AA" });
    let mut secret = signer.jwk();
    secret["d"] = json!("AA");
    for (key, good) in [(other, true), (secret, false)] {
        let keys = json!({ "token_endpoint_auth_method": "private_key_jwt", "jwks": { "keys": [signer.jwk(), key] } });
        let house = published(&keys).await;
        assert_eq!(client(&house, ID).await.is_some(), good);
    }
}

/// Answers at `app.example` alone.
struct Tarpit;

#[async_trait::async_trait]
impl Fetcher for Tarpit {
    async fn get(&self, url: &url::Url) -> Result<Fetched, FetchError> {
        if url.host_str() != Some("app.example") {
            return std::future::pending().await;
        }
        let body = document(&json!({ "client_id": url.as_str() })).to_string().into_bytes();
        Ok(Fetched { body, content_type: Some("application/json".to_owned()), max_age: None })
    }

    async fn post(&self, _: &url::Url, _: &[(&str, &str)]) -> Result<u16, FetchError> {
        Ok(200)
    }
}

#[tokio::test]
async fn whoever_names_servers_that_never_answer_ties_up_some_and_what_is_put_off_is_not_remembered() {
    let house = House::new().await;
    let provider = house.provider.clone().with_fetcher(std::sync::Arc::new(Tarpit));
    let named = |id: String| {
        let provider = provider.clone();
        async move { provider.client(&ClientId::parse(&id).unwrap()).await.unwrap() }
    };
    let mut waiting: Vec<_> = (0..16).map(|number| Box::pin(named(format!("https://evil.example/{number}")))).collect();
    for one in &mut waiting {
        assert!(futures_util::poll!(one).is_pending());
    }
    assert!(named(ID.to_owned()).await.is_none(), "there is no room");
    waiting.pop();
    assert!(named(ID.to_owned()).await.is_some(), "and nothing is remembered of that");
}
