//! RFC 7523: a client proves who it is by what it signs; with OpenID Connect Core, section 9.
use crate::{house::*, signer::Signer};
use auth_core::keys::Algorithm;
use auth_oidc::{Policy, Provider, client::Client, error::ErrorCode::*, token::ClientRequest};
use base64::prelude::*;
use serde_json::{Value, json};
use std::{
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

const TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// A client for itself that signs with these keys.
async fn machine(house: &House, keys: &[&Signer]) -> App {
    let keys: Vec<_> = keys.iter().map(|key| key.jwk()).collect();
    let members = json!({
        "token_endpoint_auth_method": "private_key_jwt",
        "jwks": { "keys": keys },
        "grant_types": ["client_credentials"],
        "redirect_uris": [],
    });
    house.app(members).await
}

fn honest(house: &House, jti: &str) -> Value {
    let now = house.world.ports.clock.now().0;
    json!({ "iss": "app", "sub": "app", "aud": house.provider.issuer(), "exp": now + 60, "iat": now, "jti": jti })
}

fn shows(assertion: &str) -> ClientRequest {
    let params =
        [("grant_type", "client_credentials"), ("client_assertion_type", TYPE), ("client_assertion", assertion)];
    ClientRequest { params: form(&params), ..ClientRequest::default() }
}

async fn good(provider: &Provider, assertion: &str) -> bool {
    match provider.token(&shows(assertion)).await {
        Ok(_) => true,
        refused => {
            assert_eq!(code_of(refused), InvalidClient);
            false
        }
    }
}

#[tokio::test]
async fn section_2_2_a_client_signs_by_each_algorithm_and_needs_no_client_id() {
    let house = House::new().await;
    for algorithm in Algorithm::ALL {
        let key = Signer::new(algorithm);
        let app = machine(&house, &[&key]).await;
        let (named, unnamed) = (key.assertion(&honest(&house, "1")), json!({ "alg": key.alg(), "typ": "JWT" }));
        assert!(good(&house.provider, &named).await, "{algorithm}");
        let unnamed = key.sign(&unnamed, &honest(&house, "2"));
        assert!(good(&house.provider, &unnamed).await, "{algorithm}: the one key that fits");
        house.provider.remove_client(&app.client.client_id).await.unwrap();
        house.world.clock.advance(std::time::Duration::from_hours(1));
        house.world.ports.documents.sweep(house.world.ports.clock.now()).await.unwrap();
    }
}

#[tokio::test] // O-11
async fn section_2_2_it_is_of_its_type_and_the_one_proof() {
    let house = House::new().await;
    let key = Signer::new(Algorithm::Es256);
    machine(&house, &[&key]).await;
    let assertion = key.assertion(&honest(&house, "1"));
    let request = shows(&assertion);
    for (without, with, code) in [
        (
            "client_assertion_type",
            ("client_assertion_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"),
            InvalidClient,
        ),
        ("client_assertion_type", ("x", "x"), InvalidClient),
        ("client_assertion", ("x", "x"), InvalidClient),
        ("x", ("client_secret", "x"), InvalidRequest),
        ("x", ("client_id", "other"), InvalidClient),
    ] {
        let params = request.params.clone().without(&[without]).with(with.0, with.1);
        let request = ClientRequest { params, ..request.clone() };
        assert_eq!(code_of(house.provider.token(&request).await), code, "{with:?}");
    }
    let both = ClientRequest { authorization: Some(basic("app", "x")), ..request };
    assert_eq!(code_of(house.provider.token(&both).await), InvalidRequest);
    assert!(good(&house.provider, &assertion).await, "and it was not used up");
    let by_secret = house.app(json!({ "client_id": "secret" })).await;
    let mut claims = honest(&house, "2");
    (claims["iss"], claims["sub"]) = (json!("secret"), json!("secret"));
    assert!(by_secret.client.jwks.is_none() && !good(&house.provider, &key.assertion(&claims)).await);
}

#[tokio::test] // O-28
async fn section_3_what_it_must_say_it_says() {
    let house = House::new().await;
    let key = Signer::new(Algorithm::Es256);
    machine(&house, &[&key]).await;
    let now = house.world.ports.clock.now().0;
    let (issuer, token) = (house.provider.issuer(), house.provider.endpoint("/oauth2/token"));
    for (at, (name, value, taken)) in [
        ("iss", json!("other"), false),
        ("iss", Value::Null, false),
        ("sub", json!("other"), false),
        ("sub", Value::Null, false),
        ("aud", json!(issuer), true),
        ("aud", json!(token), true),
        ("aud", json!([issuer, "https://other.example"]), true),
        ("aud", json!("https://other.example"), false),
        ("aud", json!(format!("{issuer}/")), false),
        ("aud", json!(house.provider.endpoint("/oauth2/revoke")), false),
        ("aud", json!([]), false),
        ("aud", Value::Null, false),
        ("exp", Value::Null, false),
        ("exp", json!(now - 29), true),
        ("exp", json!(now - 30), false),
        ("exp", json!(now + 3630), true),
        ("exp", json!(now + 3631), false),
        ("exp", json!(i64::MAX), false),
        ("iat", json!(now + 30), true),
        ("iat", json!(now + 31), false),
        ("iat", Value::Null, true),
        ("nbf", json!(now + 30), true),
        ("nbf", json!(now + 31), false),
        ("jti", json!(""), false),
        ("jti", Value::Null, false),
    ]
    .into_iter()
    .enumerate()
    {
        let mut claims = honest(&house, &format!("{at}"));
        claims[name] = value.clone();
        if value.is_null() {
            claims.as_object_mut().unwrap().remove(name);
        }
        assert_eq!(good(&house.provider, &key.assertion(&claims)).await, taken, "{name} {value}");
    }
}

#[tokio::test] // O-28
async fn section_3_it_is_taken_once() {
    let house = House::new().await;
    let key = Signer::new(Algorithm::Es256);
    machine(&house, &[&key]).await;
    let assertion = key.assertion(&honest(&house, "1"));
    assert!(good(&house.provider, &assertion).await && !good(&house.provider, &assertion).await);
    let mut later = honest(&house, "1");
    later["exp"] = json!(house.world.ports.clock.now().0 + 90);
    assert!(!good(&house.provider, &key.assertion(&later)).await, "another with the same jti");
    let racers = (0..8).map(|_| {
        let (provider, assertion) = (house.provider.clone(), key.assertion(&honest(&house, "2")));
        async move { good(&provider, &assertion).await }
    });
    let mut racers: tokio::task::JoinSet<_> = racers.collect();
    let mut won = 0;
    while let Some(good) = racers.join_next().await {
        won += u32::from(good.unwrap());
    }
    assert_eq!(won, 1);
}

#[tokio::test] // O-28
async fn the_key_decides_the_algorithm() {
    let house = House::new().await;
    let (key, other) = (Signer::new(Algorithm::Es256), Signer::new(Algorithm::Es256));
    let rsa = Signer::new(Algorithm::Ps256);
    machine(&house, &[&key, &rsa]).await;
    let claims = honest(&house, "1");
    for alg in ["none", "None", "HS256", "EdDSA", "RS256", "PS256", "ES384", ""] {
        let forged = key.sign(&json!({ "alg": alg, "kid": key.thumbprint() }), &claims);
        assert!(!good(&house.provider, &forged).await, "{alg}");
    }
    let part = |value: &Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
    let unsigned = format!("{}.{}.", part(&json!({ "alg": "none" })), part(&claims));
    let signed = key.assertion(&claims);
    let header = |extra: &str| {
        let mut header = json!({ "alg": "ES256", "kid": key.thumbprint() });
        header[extra] = json!([extra]);
        key.sign(&header, &claims)
    };
    for (bad, why) in [
        (unsigned, "not signed"),
        (other.assertion(&claims), "a key of nobody"),
        (other.sign(&json!({ "alg": "ES256", "kid": key.thumbprint() }), &claims), "another key by its name"),
        (header("crit"), "what must be understood"),
        (rsa.sign(&json!({ "alg": "PS256", "kid": key.thumbprint() }), &claims), "the name of another key"),
        (signed.replacen('.', "..", 1), "four parts"),
        ("x".repeat(9000), "long"),
    ] {
        assert!(!good(&house.provider, &bad).await, "{why}");
    }
    assert!(good(&house.provider, &signed).await);
    house.provider.remove_client(&"app".parse().unwrap()).await.unwrap();
    machine(&house, &[&key, &other]).await;
    let unnamed = key.sign(&json!({ "alg": "ES256" }), &honest(&house, "2"));
    assert!(!good(&house.provider, &unnamed).await, "two keys fit");
}

#[test]
fn a_key_in_jwks_is_public_and_strong() {
    let read = |keys: Value| {
        let members = json!({ "client_id": "app", "jwks": { "keys": keys } });
        serde_json::from_value::<Client>(members)
    };
    let (ec, okp) = (Signer::new(Algorithm::Es256).jwk(), Signer::new(Algorithm::EdDsa).jwk());
    let with = |key: &Value, member: &str, value: Value| {
        let mut key = key.clone();
        key[member] = value;
        json!([key])
    };
    for good in [json!([ec, okp]), with(&ec, "key_ops", json!(["verify"]))] {
        let client = read(good).unwrap();
        let again: Client = serde_json::from_value(serde_json::to_value(&client).unwrap()).unwrap();
        assert_eq!(again.jwks, client.jwks);
    }
    let short = BASE64_URL_SAFE_NO_PAD.encode([0xff; 128]);
    for bad in [
        json!([]),
        json!(vec![ec.clone(); 17]),
        with(&ec, "d", json!("AA")),
        with(&okp, "d", json!("AA")),
        with(&ec, "k", json!("AA")),
        with(&ec, "use", json!("enc")),
        with(&ec, "crv", json!("P-384")),
        with(&ec, "alg", json!("EdDSA")),
        with(&ec, "alg", json!("HS256")),
        with(&ec, "x", json!("AA")),
        with(&ec, "y", Value::Null),
        json!([{ "kty": "oct", "k": "AAAA" }]),
        json!([{ "kty": "RSA", "n": short, "e": "AQAB" }]),
    ] {
        assert!(read(bad.clone()).is_err(), "{bad}");
    }
}

const KEYS: &str = "https://app.example/keys";

/// A client for itself that publishes its keys at [`KEYS`].
async fn publisher(house: &House, members: Value) -> App {
    let mut all = json!({
        "token_endpoint_auth_method": "private_key_jwt",
        "jwks_uri": KEYS,
        "grant_types": ["client_credentials"],
        "redirect_uris": [],
    });
    for (name, value) in members.as_object().unwrap() {
        all[name] = value.clone();
    }
    house.app(all).await
}

fn publish(house: &House, keys: &[Value], max_age: Option<Duration>) {
    house.web.put_for(KEYS, json!({ "keys": keys }).to_string().as_bytes(), max_age);
}

/// Whether one more assertion by this key is taken.
async fn takes(house: &House, key: &Signer) -> bool {
    static JTI: AtomicU32 = AtomicU32::new(0);
    let jti = JTI.fetch_add(1, Ordering::Relaxed).to_string();
    good(&house.provider, &key.assertion(&honest(house, &jti))).await
}

fn passes(house: &House, seconds: u64) {
    house.world.clock.advance(Duration::from_secs(seconds));
}

#[tokio::test] // O-23
async fn keys_that_are_published_are_fetched_once_and_kept_for_as_long_as_is_said_within_bounds() {
    for (said, kept) in [(None, 600), (Some(300), 300), (Some(0), 60), (Some(1_000_000), 3600)] {
        let house = House::new().await;
        let key = Signer::new(Algorithm::Es256);
        publisher(&house, json!({})).await;
        publish(&house, &[key.jwk()], said.map(Duration::from_secs));
        assert!(takes(&house, &key).await && takes(&house, &key).await);
        passes(&house, kept - 1);
        assert!(takes(&house, &key).await);
        assert_eq!(house.web.asked(KEYS), 1, "{said:?}");
        passes(&house, 1);
        assert!(takes(&house, &key).await);
        assert_eq!(house.web.asked(KEYS), 2, "{said:?}");
    }
}

#[tokio::test] // O-23
async fn a_key_that_is_not_known_is_asked_for_again_at_once_and_then_once_in_half_a_minute() {
    let house = House::new().await;
    let (old, new, nobodys) =
        (Signer::new(Algorithm::Es256), Signer::new(Algorithm::Es256), Signer::new(Algorithm::Es256));
    publisher(&house, json!({})).await;
    publish(&house, &[old.jwk()], None);
    assert!(takes(&house, &old).await);
    publish(&house, &[new.jwk()], None);
    assert!(takes(&house, &new).await, "a client may turn its keys over whenever it likes");
    assert!(!takes(&house, &old).await);
    assert_eq!(house.web.asked(KEYS), 2);
    for asked in [2, 3, 4] {
        for _ in 0..3 {
            assert!(!takes(&house, &nobodys).await && takes(&house, &new).await);
        }
        assert_eq!(house.web.asked(KEYS), asked);
        passes(&house, 30);
    }
}

#[tokio::test] // O-23
async fn keys_that_cannot_be_fetched_are_the_clients_error_and_those_that_were_go_on_for_an_hour() {
    let house = House::new().await;
    let key = Signer::new(Algorithm::Es256);
    publisher(&house, json!({})).await;
    house.web.take_down(KEYS);
    assert!(!takes(&house, &key).await && !takes(&house, &key).await);
    assert_eq!(house.web.asked(KEYS), 1, "nor is it asked all the time");
    passes(&house, 30);
    publish(&house, &[key.jwk()], None);
    assert!(takes(&house, &key).await);
    house.web.take_down(KEYS);
    passes(&house, 600 + 3600 - 1);
    assert!(takes(&house, &key).await);
    passes(&house, 30);
    assert!(!takes(&house, &key).await);
    let nobody = Provider::new(house.world.accounts(), Policy::default());
    assert!(!good(&nobody, &key.assertion(&honest(&house, "nobody is asked"))).await);
}

#[tokio::test]
async fn of_what_is_published_the_keys_that_are_understood_are_taken() {
    let key = Signer::new(Algorithm::EdDsa);
    let other = Signer::new(Algorithm::EdDsa);
    let with = |member: &str, value: &str| {
        let mut key = other.jwk();
        key[member] = json!(value);
        key
    };
    let strange = [json!({ "kty": "EC", "crv": "P-521" }), json!(1), with("use", "enc"), with("d", "AA"), key.jwk()];
    for (document, taken) in [
        (json!({ "keys": strange }).to_string(), true),
        (json!({ "keys": [] }).to_string(), false),
        (json!({ "keys": [strange[0]] }).to_string(), false),
        (json!([key.jwk()]).to_string(), false),
        ("<html>".to_owned(), false),
    ] {
        let house = House::new().await;
        publisher(&house, json!({})).await;
        house.web.put_for(KEYS, document.as_bytes(), None);
        assert_eq!(takes(&house, &key).await, taken, "{document}");
        assert!(!takes(&house, &other).await);
    }
}

#[tokio::test] // O-23
async fn many_urls_are_remembered_and_the_one_that_was_asked_longest_ago_makes_room() {
    let house = House::new().await;
    let key = Signer::new(Algorithm::EdDsa);
    publisher(&house, json!({})).await;
    publish(&house, &[key.jwk()], None);
    assert!(takes(&house, &key).await);
    for at in 0..1000 {
        passes(&house, u64::from(at == 0));
        let (id, uri) = (format!("app-{at}"), format!("https://app.example/{at}"));
        publisher(&house, json!({ "client_id": id, "jwks_uri": uri })).await;
        house.web.put(&uri, &json!({ "keys": [key.jwk()] }));
        let mut claims = honest(&house, "1");
        (claims["iss"], claims["sub"]) = (json!(id), json!(id));
        assert!(good(&house.provider, &key.assertion(&claims)).await);
    }
    assert!(takes(&house, &key).await);
    assert_eq!(house.web.asked(KEYS), 2);
}

#[tokio::test] // O-32
async fn the_algorithms_are_told() {
    let said = serde_json::to_value(House::new().await.provider.metadata(&[])).unwrap();
    assert_eq!(said["token_endpoint_auth_signing_alg_values_supported"], json!(["ES256", "EdDSA", "RS256", "PS256"]));
}
