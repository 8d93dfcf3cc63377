//! RFC 9449: tokens that are bound to a key of the client.
use crate::{house::*, signer::Signer};
use auth_core::{keys::Algorithm, value::Secret};
use auth_oidc::{
    error::{Error, ErrorCode::*},
    token::{ClientRequest, Tokens},
};
use aws_lc_rs::digest::{SHA256, digest};
use base64::prelude::*;
use serde_json::{Value, json};
use std::time::Duration;

const TOKEN: &str = "/oauth2/token";
const USERINFO: &str = "/oauth2/userinfo";

fn header(key: &Signer) -> Value {
    json!({ "typ": "dpop+jwt", "alg": key.alg(), "jwk": key.jwk() })
}

/// What an honest proof says, a new one each time.
fn says(house: &House, method: &str, path: &str, token: Option<&Secret>) -> Value {
    let mut jti = [0; 16];
    house.world.ports.rng.fill(&mut jti);
    let now = house.world.ports.clock.now().0;
    let mut claims = json!({ "jti": jti, "htm": method, "htu": house.provider.endpoint(path), "iat": now });
    claims["jti"] = json!(BASE64_URL_SAFE_NO_PAD.encode(jti));
    if let Some(token) = token {
        claims["ath"] = json!(BASE64_URL_SAFE_NO_PAD.encode(digest(&SHA256, token.expose().as_bytes())));
    }
    claims
}

fn proof(house: &House, key: &Signer, path: &str) -> Secret {
    Secret::new(key.sign(&header(key), &says(house, "POST", path, None)))
}

fn shown(app: &App, params: &[(&str, &str)], proofs: Vec<Secret>) -> ClientRequest {
    ClientRequest { dpop: proofs, ..app.asks(params) }
}

async fn exchange(house: &House, app: &App, code: &str, key: &Signer) -> Result<Tokens, Error> {
    house.provider.token(&shown(app, &honest(code), vec![proof(house, key, TOKEN)])).await
}

async fn bound(house: &House, app: &App, key: &Signer) -> Tokens {
    let code = house.code(app, &[]).await;
    exchange(house, app, &code, key).await.unwrap()
}

async fn refresh(house: &House, app: &App, tokens: &Tokens, key: Option<&Signer>) -> Result<Tokens, Error> {
    let token = tokens.refresh_token.as_ref().unwrap().expose();
    let proofs = key.map(|key| proof(house, key, TOKEN)).into_iter().collect();
    house.provider.token(&shown(app, &[("grant_type", "refresh_token"), ("refresh_token", token)], proofs)).await
}

/// A public client's request for nothing: refused for its grant type alone, if its proof is good.
async fn tried(house: &House, app: &App, proofs: Vec<Secret>) -> bool {
    let asked = shown(app, &[("grant_type", "refresh_token"), ("refresh_token", "x")], proofs);
    match code_of(house.provider.token(&asked).await) {
        InvalidGrant => true,
        code => {
            assert_eq!(code, InvalidDpopProof);
            false
        }
    }
}

#[tokio::test] // O-33
async fn section_4_3_a_proof_is_signed_by_the_key_that_it_shows() {
    let house = House::new().await;
    let app = house.public_app().await;
    for algorithm in Algorithm::ALL {
        let key = Signer::new(algorithm);
        assert!(tried(&house, &app, vec![proof(&house, &key, TOKEN)]).await, "{algorithm}");
    }
    let (key, other) = (Signer::new(Algorithm::Es256), Signer::new(Algorithm::Es256));
    let claims = || says(&house, "POST", TOKEN, None);
    let with = |member: &str, value: Value| {
        let mut header = header(&key);
        header[member] = value;
        Secret::new(key.sign(&header, &claims()))
    };
    let mut private = key.jwk();
    private["d"] = json!("AA");
    let unsigned = key.sign(&header(&key), &claims());
    let unsigned = format!("{}.", unsigned.rsplit_once('.').unwrap().0);
    for (bad, why) in [
        (with("typ", json!("JWT")), "a token of another kind"),
        (with("typ", Value::Null), "no kind"),
        (with("alg", json!("none")), "none"),
        (with("alg", json!("HS256")), "a secret for a key"),
        (with("alg", json!("RS256")), "an algorithm of another key"),
        (with("jwk", private), "a private key"),
        (with("jwk", Value::Null), "no key"),
        (with("jwk", json!({ "kty": "oct", "k": "AAAA" })), "a secret"),
        (with("crit", json!(["x"])), "what must be understood"),
        (Secret::new(other.sign(&header(&key), &claims())), "the key of another"),
        (Secret::new(unsigned), "not signed"),
        (Secret::new(String::new()), "nothing"),
    ] {
        assert!(!tried(&house, &app, vec![bad]).await, "{why}");
    }
    let two = vec![proof(&house, &key, TOKEN), proof(&house, &key, TOKEN)];
    assert!(!tried(&house, &app, two).await, "two headers");
}

#[tokio::test]
async fn section_4_3_a_proof_is_for_one_request_at_one_time() {
    let house = House::new().await;
    let (app, key) = (house.public_app().await, Signer::new(Algorithm::Es256));
    let (now, url) = (house.world.ports.clock.now().0, house.provider.endpoint(TOKEN));
    for (name, value, taken) in [
        ("htm", json!("GET"), false),
        ("htm", json!("post"), false),
        ("htm", Value::Null, false),
        ("htu", json!(format!("{url}?a=b#c")), true),
        ("htu", json!(url.replacen("http", "HTTP", 1)), true),
        ("htu", json!(url.replacen("/oauth2", "/x/../oauth2", 1)), true),
        ("htu", json!(format!("{url}/")), false),
        ("htu", json!(house.provider.endpoint(USERINFO)), false),
        ("htu", json!("https://evil.example/oauth2/token"), false),
        ("htu", json!("/oauth2/token"), false),
        ("htu", Value::Null, false),
        ("iat", json!(now - 60), true),
        ("iat", json!(now - 61), false),
        ("iat", json!(now + 60), true),
        ("iat", json!(now + 61), false),
        ("iat", Value::Null, false),
        ("jti", json!(""), false),
        ("jti", Value::Null, false),
        ("ath", json!("x"), false),
        ("nonce", json!("nobody asked for it"), true),
    ] {
        let mut claims = says(&house, "POST", TOKEN, None);
        claims[name] = value.clone();
        if value.is_null() {
            claims.as_object_mut().unwrap().remove(name);
        }
        let proof = Secret::new(key.sign(&header(&key), &claims));
        assert_eq!(tried(&house, &app, vec![proof]).await, taken, "{name} {value}");
    }
}

#[tokio::test]
async fn section_11_1_a_proof_is_taken_once() {
    let house = House::new().await;
    let (app, key) = (house.public_app().await, Signer::new(Algorithm::Es256));
    let proof = proof(&house, &key, TOKEN);
    assert!(tried(&house, &app, vec![proof.clone()]).await);
    assert!(!tried(&house, &app, vec![proof.clone()]).await);
    house.world.clock.advance(Duration::from_mins(1));
    house.world.ports.documents.sweep(house.world.ports.clock.now()).await.unwrap();
    assert!(!tried(&house, &app, vec![proof]).await, "as long as it would be timely");
}

#[tokio::test] // O-33
async fn section_5_tokens_are_bound_to_the_key_and_say_so() {
    let house = House::new().await;
    let (app, key) = (house.app(json!({})).await, Signer::new(Algorithm::Es256));
    let tokens = bound(&house, &app, &key).await;
    assert_eq!(tokens.token_type, "DPoP");
    assert_eq!(claims(&tokens.access_token)["cnf"], json!({ "jkt": key.thumbprint() }));
    let plain = house.tokens(&app, &[]).await;
    assert_eq!((plain.token_type, claims(&plain.access_token).get("cnf")), ("Bearer", None));
    let machine = json!({ "client_id": "machine", "grant_types": ["client_credentials"], "redirect_uris": [] });
    let machine = house.app(machine).await;
    let asked = shown(&machine, &[("grant_type", "client_credentials")], vec![proof(&house, &key, TOKEN)]);
    assert_eq!(house.provider.token(&asked).await.unwrap().token_type, "DPoP");
    let said = serde_json::to_value(house.provider.metadata(&[])).unwrap();
    assert_eq!(said["dpop_signing_alg_values_supported"], json!(["ES256", "EdDSA", "RS256", "PS256"]));
}

#[tokio::test] // O-33
async fn section_5_refresh_tokens_of_public_clients_are_bound_and_those_of_others_are_their_clients() {
    let house = House::new().await;
    let (public, app) = (house.public_app().await, house.app(json!({})).await);
    let (key, other) = (Signer::new(Algorithm::Es256), Signer::new(Algorithm::EdDsa));
    let tokens = bound(&house, &public, &key).await;
    for thief in [None, Some(&other)] {
        assert_eq!(code_of(refresh(&house, &public, &tokens, thief).await), InvalidGrant);
    }
    let next = refresh(&house, &public, &tokens, Some(&key)).await.unwrap();
    assert_eq!(claims(&next.access_token)["cnf"]["jkt"], key.thumbprint());
    assert_eq!(code_of(refresh(&house, &public, &next, Some(&other)).await), InvalidGrant);
    refresh(&house, &public, &next, Some(&key)).await.unwrap();

    let unbound = house.tokens(&public, &[]).await;
    assert_eq!(refresh(&house, &public, &unbound, None).await.unwrap().token_type, "Bearer");

    let tokens = bound(&house, &app, &key).await;
    let next = refresh(&house, &app, &tokens, Some(&other)).await.unwrap();
    assert_eq!(claims(&next.access_token)["cnf"]["jkt"], other.thumbprint());
}

#[tokio::test] // O-33
async fn section_7_1_a_bound_token_opens_userinfo_with_its_own_proof_alone() {
    let house = House::new().await;
    let app = house.app(json!({})).await;
    let (key, other) = (Signer::new(Algorithm::Es256), Signer::new(Algorithm::Es256));
    let tokens = bound(&house, &app, &key).await;
    let token = &tokens.access_token;
    let plain = house.tokens(&app, &[]).await.access_token;
    assert_eq!(code_of(house.provider.userinfo(token).await), InvalidToken, "section 7.2: as Bearer");
    let sign = |key: &Signer, claims: Value| vec![Secret::new(key.sign(&header(key), &claims))];
    let get = |ath| says(&house, "GET", USERINFO, ath);
    for (token, proofs, code) in [
        (token, Vec::new(), InvalidDpopProof),
        (token, sign(&key, get(None)), InvalidDpopProof),
        (token, sign(&key, get(Some(&plain))), InvalidDpopProof),
        (token, sign(&key, says(&house, "POST", USERINFO, Some(token))), InvalidDpopProof),
        (token, sign(&key, says(&house, "GET", TOKEN, Some(token))), InvalidDpopProof),
        (token, sign(&other, get(Some(token))), InvalidToken),
        (&plain, sign(&key, get(Some(&plain))), InvalidToken),
    ] {
        assert_eq!(code_of(house.provider.userinfo_by_proof(token, "GET", &proofs).await), code);
    }
    let proofs = sign(&key, get(Some(token)));
    house.provider.userinfo_by_proof(token, "GET", &proofs).await.unwrap();
    assert_eq!(code_of(house.provider.userinfo_by_proof(token, "GET", &proofs).await), InvalidDpopProof, "once");
}

#[tokio::test] // O-33
async fn section_7_1_an_opaque_token_is_bound_as_a_jwt_is() {
    let house = House::new().await;
    let userinfo = json!({ "resource": house.provider.endpoint(USERINFO), "access_token_format": "opaque" });
    let house = house.with_policy(|policy| policy.resources.push(serde_json::from_value(userinfo).unwrap()));
    let (app, key) = (house.app(json!({})).await, Signer::new(Algorithm::Es256));
    let (plain, token) = (house.tokens(&app, &[]).await, bound(&house, &app, &key).await.access_token);
    assert!(token.expose().starts_with("oa_") && house.opens(&plain).await);
    let proves = |token| vec![Secret::new(key.sign(&header(&key), &says(&house, "GET", USERINFO, Some(token))))];
    assert_eq!(code_of(house.provider.userinfo(&token).await), InvalidToken);
    for (of, good) in [(&plain.access_token, false), (&token, true)] {
        assert_eq!(house.provider.userinfo_by_proof(&token, "GET", &proves(of)).await.is_ok(), good);
    }
    let asked = app.asks(&[("token", token.expose())]);
    let told = serde_json::to_value(house.provider.introspect(&asked).await.unwrap()).unwrap();
    assert_eq!((&told["token_type"], &told["cnf"]["jkt"]), (&json!("DPoP"), &json!(key.thumbprint())));
}

#[tokio::test]
async fn section_6_2_introspection_tells_the_key() {
    let house = House::new().await;
    let (app, key) = (house.app(json!({})).await, Signer::new(Algorithm::Es256));
    let tokens = bound(&house, &app, &key).await;
    let asked = app.asks(&[("token", tokens.access_token.expose())]);
    let told = serde_json::to_value(house.provider.introspect(&asked).await.unwrap()).unwrap();
    assert_eq!((&told["token_type"], &told["cnf"]["jkt"]), (&json!("DPoP"), &json!(key.thumbprint())));
}

#[tokio::test] // O-08
async fn section_10_a_code_is_bound_to_the_key_that_its_request_names() {
    let house = House::new().await;
    let app = house.app(json!({})).await;
    let (key, other) = (Signer::new(Algorithm::Es256), Signer::new(Algorithm::Es256));
    let named = [("dpop_jkt", Some(key.thumbprint()))];
    let code = house.code(&app, &named).await;
    exchange(&house, &app, &code, &key).await.unwrap();
    let code = house.code(&app, &named).await;
    assert_eq!(code_of(exchange(&house, &app, &code, &other).await), InvalidGrant);
    let code = house.code(&app, &named).await;
    assert_eq!(code_of(house.exchange(&app, &code).await), InvalidGrant, "without a proof");
    assert_eq!(house.refusal(&app, &[("dpop_jkt", Some("x"))]).await.as_deref(), Some("invalid_request"));
}

#[tokio::test] // O-08
async fn section_10_1_a_proof_with_a_pushed_request_binds_its_code() {
    let house = House::new().await;
    let app = house.app(json!({})).await;
    let (key, other) = (Signer::new(Algorithm::Es256), Signer::new(Algorithm::Es256));
    let pushes = |jkt: Option<&str>| ClientRequest {
        params: app.request(&[("dpop_jkt", jkt)]),
        dpop: vec![proof(&house, &key, "/oauth2/par")],
        ..app.asks(&[])
    };
    for (jkt, who, bought) in [(None, &key, true), (Some(key.thumbprint()), &key, true), (None, &other, false)] {
        let reference = house.provider.push(&pushes(jkt)).await.unwrap();
        let params = form(&[("client_id", "app"), ("request_uri", reference.request_uri.expose())]);
        let answer = House::answered(house.authorize(&params, &house.visitor().await).await);
        assert_eq!(exchange(&house, &app, answer.get("code").unwrap(), who).await.is_ok(), bought);
    }
    let another = pushes(Some(other.thumbprint()));
    assert_eq!(code_of(house.provider.push(&another).await), InvalidDpopProof);
}
