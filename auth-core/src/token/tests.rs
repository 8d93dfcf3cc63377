//! What is signed is read, and whatever else is refused.
use super::*;
use crate::{
    keys::{KeyRing, KeySet},
    ports::Clock,
};
use aws_lc_rs::{
    rand::SystemRandom,
    signature::{RSA_PKCS1_SHA256, RSA_PSS_SHA256, RsaKeyPair, RsaSignatureEncoding},
};
use jsonwebtoken::EncodingKey;
use proptest::prelude::*;
use serde_json::{Value, json};
use std::sync::{Arc, LazyLock};

const NOW: Timestamp = Timestamp(1_800_000_000);

struct Stopped;

impl Clock for Stopped {
    fn now(&self) -> Timestamp {
        NOW
    }
}

/// A ring of one key, and the key itself for whoever forges.
struct Keys {
    ring: KeyRing,
    published: Vec<Jwk>,
    pkcs8: Vec<u8>,
}

impl Keys {
    fn new(algorithm: Algorithm) -> Self {
        let set = KeySet::generate(algorithm, NOW).unwrap();
        let written: Value = serde_json::from_str(set.to_secret().expose()).unwrap();
        let pkcs8 = written["keys"][0]["pkcs8"].as_str().unwrap();
        let pkcs8 = base64::engine::general_purpose::STANDARD.decode(pkcs8).unwrap();
        let ring = KeyRing::new(set, algorithm, Arc::new(Stopped), Duration::from_secs(930));
        Self { published: ring.public_keys(), ring, pkcs8 }
    }
}

static ES256: LazyLock<Keys> = LazyLock::new(|| Keys::new(Algorithm::Es256));
static EDDSA: LazyLock<Keys> = LazyLock::new(|| Keys::new(Algorithm::EdDsa));
static RS256: LazyLock<Keys> = LazyLock::new(|| Keys::new(Algorithm::Rs256));
static PS256: LazyLock<Keys> = LazyLock::new(|| Keys::new(Algorithm::Ps256));

fn expected() -> Expected {
    Expected { issuer: "https://auth.example.org".to_owned(), audience: "api".to_owned() }
}

fn claims() -> AccessClaims {
    let user = UserId::from_bytes([7; 16]);
    AccessClaims {
        iss: expected().issuer,
        aud: expected().audience,
        sub: user,
        client_id: "web".to_owned(),
        sid: SessionId::from_bytes([7; 32]),
        jti: "one".to_owned(),
        iat: NOW,
        exp: NOW + Duration::from_mins(15),
        auth_time: NOW,
        roles: vec!["admin".parse().unwrap()],
    }
}

fn signed(keys: &Keys, claims: &AccessClaims) -> String {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(sign(&keys.ring, claims)).unwrap().expose().to_owned()
}

fn check(token: &str) -> Result<AccessClaims, TokenRefused> {
    verify(token, &ES256.published, &expected(), NOW)
}

/// Any header and payload, truly signed with the ES256 key by another implementation.
fn forged(header: &str, payload: &str) -> String {
    let message = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(payload));
    let key = EncodingKey::from_ec_der(&ES256.pkcs8);
    let signature = jsonwebtoken::crypto::sign(message.as_bytes(), &key, jsonwebtoken::Algorithm::ES256).unwrap();
    format!("{message}.{signature}")
}

fn header_value() -> Value {
    json!({ "alg": "ES256", "kid": ES256.published[0].kid, "typ": "at+jwt" })
}

fn with_header(name: &str, value: Value) -> String {
    let mut header = header_value();
    header[name] = value;
    forged(&header.to_string(), &serde_json::to_string(&claims()).unwrap())
}

fn with_payload(payload: &Value) -> String {
    forged(&header_value().to_string(), &payload.to_string())
}

#[test] // S-09
fn what_was_signed_is_read_by_each_algorithm() {
    for keys in [&*ES256, &*EDDSA, &*RS256, &*PS256] {
        let token = signed(keys, &claims());
        assert_eq!(verify(&token, &keys.published, &expected(), NOW), Ok(claims()));
        assert_eq!(jsonwebtoken::decode_header(&token).unwrap().typ.as_deref(), Some("at+jwt"));
    }
    assert_eq!(check(&with_payload(&json!(claims()))), Ok(claims()), "the forger is not refused for another reason");
    let without_roles = AccessClaims { roles: Vec::new(), ..claims() };
    assert!(!json!(without_roles).as_object().unwrap().contains_key("roles"));
    assert_eq!(check(&signed(&ES256, &without_roles)), Ok(without_roles));
}

#[test] // S-10
fn the_key_decides_the_algorithm() {
    for alg in ["none", "None", "", "HS256", "HS384", "HS512", "ES384", "RS256", "PS256", "EdDSA", "es256"] {
        assert_eq!(check(&with_header("alg", json!(alg))), Err(TokenRefused::WrongAlgorithm), "{alg}");
    }
    let keys = [&EDDSA, &ES256, &RS256, &PS256].map(|keys| keys.published.clone()).concat();
    for other in [&EDDSA.published[0], &RS256.published[0], &PS256.published[0]] {
        let token = with_header("kid", json!(other.kid));
        assert_eq!(verify(&token, &keys, &expected(), NOW), Err(TokenRefused::WrongAlgorithm));
    }
}

#[test] // S-10
fn what_an_rsa_key_signed_by_one_padding_is_not_read_by_the_other() {
    let pair = RsaKeyPair::from_pkcs8(&RS256.pkcs8).unwrap();
    for (alg, good, bad) in
        [("RS256", &RSA_PKCS1_SHA256, &RSA_PSS_SHA256), ("PS256", &RSA_PSS_SHA256, &RSA_PKCS1_SHA256)]
    {
        let key = [Jwk { alg: alg.to_owned(), ..RS256.published[0].clone() }];
        let header = json!({ "alg": alg, "kid": key[0].kid, "typ": "at+jwt" }).to_string();
        let message =
            format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(json!(claims()).to_string()));
        let read = |padding: &'static RsaSignatureEncoding| {
            let mut signature = vec![0; pair.public_modulus_len()];
            pair.sign(padding, &SystemRandom::new(), message.as_bytes(), &mut signature).unwrap();
            verify(&format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature)), &key, &expected(), NOW)
        };
        assert_eq!(read(good), Ok(claims()));
        assert_eq!(read(bad), Err(TokenRefused::WrongSignature), "{alg}");
    }
}

#[test] // S-10
fn the_public_key_is_no_hmac_secret() {
    let key = &ES256.published[0];
    let coordinate = |text: &Option<String>| URL_SAFE_NO_PAD.decode(text.as_deref().unwrap()).unwrap();
    let point = [vec![4], coordinate(&key.x), coordinate(&key.y)].concat();
    let header = json!({ "alg": "HS256", "kid": key.kid, "typ": "at+jwt" }).to_string();
    let message = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(json!(claims()).to_string()));
    for secret in [point.clone(), point[1..].to_vec(), serde_json::to_vec(key).unwrap()] {
        let key = EncodingKey::from_secret(&secret);
        let mac = jsonwebtoken::crypto::sign(message.as_bytes(), &key, jsonwebtoken::Algorithm::HS256).unwrap();
        assert_eq!(check(&format!("{message}.{mac}")), Err(TokenRefused::WrongAlgorithm));
        let as_es256 = forged(&header_value().to_string(), &json!(claims()).to_string());
        let (message, _) = as_es256.rsplit_once('.').unwrap();
        assert_eq!(check(&format!("{message}.{mac}")), Err(TokenRefused::WrongSignature));
    }
    assert_eq!(check(&format!("{message}.")), Err(TokenRefused::WrongAlgorithm));
}

#[test] // S-11
fn the_key_is_one_of_ours_by_its_exact_name() {
    let kid = &ES256.published[0].kid;
    for other in
        [String::new(), kid.to_lowercase(), format!("{kid} "), kid[1..].to_owned(), EDDSA.published[0].kid.clone()]
    {
        assert_eq!(check(&with_header("kid", json!(other))), Err(TokenRefused::UnknownKey));
    }
    assert_eq!(verify(&signed(&ES256, &claims()), &[], &expected(), NOW), Err(TokenRefused::UnknownKey));
    let stranger = Jwk { kid: kid.clone(), ..Keys::new(Algorithm::Es256).published.remove(0) };
    let token = signed(&ES256, &claims());
    assert_eq!(verify(&token, &[stranger], &expected(), NOW), Err(TokenRefused::WrongSignature));
}

#[test] // S-11
fn a_header_of_more_or_less_is_refused() {
    let jwk = json!(ES256.published[0]);
    for (name, value) in [
        ("jwk", jwk),
        ("jku", json!("https://evil.example/keys")),
        ("x5u", json!("https://evil.example/cert")),
        ("x5c", json!(["AAAA"])),
        ("crit", json!(["exp"])),
        ("crit", json!([])),
        ("b64", json!(false)),
        ("zip", json!("DEF")),
        ("cty", json!("JWT")),
        ("kid", json!(7)),
        ("kid", json!(null)),
        ("alg", json!(["ES256"])),
    ] {
        assert_eq!(check(&with_header(name, value)), Err(TokenRefused::Malformed), "{name}");
    }
    let payload = json!(claims()).to_string();
    for name in ["alg", "kid", "typ"] {
        let mut header = header_value();
        header.as_object_mut().unwrap().remove(name);
        assert_eq!(check(&forged(&header.to_string(), &payload)), Err(TokenRefused::Malformed), "without {name}");
    }
    let twice = header_value().to_string().replacen('{', r#"{"alg":"none","#, 1);
    assert_eq!(check(&forged(&twice, &payload)), Err(TokenRefused::Malformed));
    for header in ["", "{}", "[]", "null", "\"ES256\"", "{", "\u{0}"] {
        assert_eq!(check(&forged(header, &payload)), Err(TokenRefused::Malformed), "{header:?}");
    }
}

#[test] // S-15
fn a_token_of_another_kind_is_refused() {
    for typ in ["JWT", "jwt", "", "id+jwt", "rt+jwt", "logout+jwt", "at+jwt ", "application/jwt", "at+jwt;v=1"] {
        assert_eq!(check(&with_header("typ", json!(typ))), Err(TokenRefused::WrongType), "{typ}");
    }
    for typ in ["at+jwt", "application/at+jwt", "AT+JWT"] {
        assert_eq!(check(&with_header("typ", json!(typ))), Ok(claims()), "{typ}");
    }
}

#[test] // S-12
fn every_claim_is_required_and_of_its_type() {
    let names = ["iss", "aud", "sub", "client_id", "sid", "jti", "iat", "exp", "auth_time"];
    for name in names {
        let mut without = json!(claims());
        without.as_object_mut().unwrap().remove(name);
        assert_eq!(check(&with_payload(&without)), Err(TokenRefused::MalformedClaims), "without {name}");
    }
    let end = claims().exp.0;
    for name in names.into_iter().chain(["nbf", "roles"]) {
        for value in
            [json!(null), json!(true), json!({}), json!(["api"]), json!(1.5), json!(end.to_string()), json!(1e300)]
        {
            let mut wrong = json!(claims());
            let text = value.is_string() && ["iss", "aud", "client_id", "jti"].contains(&name);
            let list = value.is_array() && name == "roles";
            wrong[name] = value;
            if !text && !list {
                assert_eq!(check(&with_payload(&wrong)), Err(TokenRefused::MalformedClaims), "{name} in {wrong}");
            }
        }
    }
    for payload in ["", "[]", "null", "{", "7"] {
        let refused = check(&forged(&header_value().to_string(), payload));
        assert_eq!(refused, Err(TokenRefused::MalformedClaims), "{payload:?}");
    }
}

#[test]
fn a_claim_said_twice_is_refused() {
    let payload = json!(claims()).to_string();
    for name in ["sub", "exp", "aud", "nbf"] {
        let value = json!(claims()).get(name).cloned().unwrap_or(json!(NOW));
        let twice = payload.replacen('{', &format!(r#"{{"{name}":{value},"{name}":{value},"#), 1);
        assert_eq!(check(&forged(&header_value().to_string(), &twice)), Err(TokenRefused::MalformedClaims), "{name}");
    }
}

#[test] // S-09
fn issuer_and_audience_are_compared_letter_for_letter() {
    for iss in ["", "https://auth.example.org/", "https://AUTH.example.org", "https://auth.example.or"] {
        let token = signed(&ES256, &AccessClaims { iss: iss.to_owned(), ..claims() });
        assert_eq!(check(&token), Err(TokenRefused::WrongIssuer));
    }
    for aud in ["", "API", "api ", "apis"] {
        let token = signed(&ES256, &AccessClaims { aud: aud.to_owned(), ..claims() });
        assert_eq!(check(&token), Err(TokenRefused::WrongAudience));
    }
}

#[test] // S-13
fn the_leeway_ends_where_it_says() {
    assert!(LEEWAY <= Duration::from_mins(1));
    let leeway = i64::try_from(LEEWAY.as_secs()).unwrap();
    for (name, at, end) in [
        ("exp", NOW.0 - leeway, Some(TokenRefused::Expired)),
        ("exp", NOW.0 - leeway + 1, None),
        ("exp", i64::MIN, Some(TokenRefused::Expired)),
        ("exp", i64::MAX, None),
        ("nbf", NOW.0 + leeway + 1, Some(TokenRefused::NotYet)),
        ("nbf", NOW.0 + leeway, None),
        ("nbf", i64::MIN, None),
        ("iat", NOW.0 + leeway + 1, Some(TokenRefused::NotYet)),
        ("iat", NOW.0 + leeway, None),
        ("iat", i64::MAX, Some(TokenRefused::NotYet)),
    ] {
        let mut payload = json!(claims());
        payload[name] = json!(at);
        assert_eq!(check(&with_payload(&payload)).err(), end, "{name} {at}");
    }
}

#[test] // S-04
fn read_forgives_a_token_its_end_and_nothing_else() {
    let over = AccessClaims { exp: Timestamp(NOW.0 - 100_000), ..claims() };
    let late = |claims: &AccessClaims| read(&signed(&ES256, claims), &ES256.published, &expected(), NOW);
    assert_eq!(late(&over), Ok(over.clone()));
    assert_eq!(late(&AccessClaims { iss: String::new(), ..over.clone() }), Err(TokenRefused::WrongIssuer));
    assert_eq!(late(&AccessClaims { aud: String::new(), ..over.clone() }), Err(TokenRefused::WrongAudience));
    assert_eq!(late(&AccessClaims { iat: NOW + LEEWAY * 2, ..over.clone() }), Err(TokenRefused::NotYet));
    let foreign = read(&signed(&EDDSA, &over), &ES256.published, &expected(), NOW);
    assert_eq!(foreign, Err(TokenRefused::UnknownKey));
}

#[test] // S-14
fn there_are_three_parts_of_one_spelling() {
    let token = signed(&ES256, &claims());
    let [header, payload, signature] = token.split('.').collect::<Vec<_>>()[..] else { panic!("three parts") };
    for other in [
        format!("{token}."),
        format!(".{token}"),
        format!("{token}.{signature}"),
        format!("{header}.{payload}"),
        header.to_owned(),
        String::new(),
        "..".to_owned(),
        format!("{header}..{signature}"),
        format!("{token}="),
        format!("{header}=.{payload}.{signature}"),
        format!("{token}\n"),
        format!(" {token}"),
        format!("{token}A"),
        token[..token.len() - 1].to_owned(),
        token.replace('.', " "),
        format!("{header}.{payload}.{signature}é"),
    ] {
        let refused = check(&other);
        assert!(matches!(refused, Err(TokenRefused::Malformed | TokenRefused::WrongSignature)), "{other}: {refused:?}");
    }
    // The last of 86 characters carries four bits and two that must be zero.
    let (rest, last) = signature.split_at(85);
    let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let place = alphabet.find(last).unwrap();
    for bits in 1..4 {
        let other = &alphabet[place + bits..=place + bits];
        assert_eq!(check(&format!("{header}.{payload}.{rest}{other}")), Err(TokenRefused::Malformed));
    }
    assert_eq!(check(&format!("{header}.{payload}.{}", "A".repeat(MAX_BYTES))), Err(TokenRefused::TooLong));
}

#[test]
fn a_reason_for_the_log_shows_nothing_of_the_token() {
    let reason = check(&with_header("kid", json!("somebody's"))).unwrap_err();
    assert_eq!(format!("{reason} {reason:?}"), "unknown key UnknownKey");
}

#[test]
fn the_provider_is_chosen_before_the_first_token_is_read() {
    assert!(check(&signed(&ES256, &claims())).is_ok());
    assert!(jsonwebtoken::crypto::aws_lc::DEFAULT_PROVIDER.install_default().is_err(), "it is chosen already");
}

proptest! {
    #[test]
    fn claims_come_back_as_they_went(
        iss in "\\PC{0,40}", aud in "\\PC{0,40}", client_id in "\\PC{0,40}", jti in "\\PC{0,40}", sid: [u8; 32],
        auth_time: i64, roles in prop::collection::vec("[a-z0-9:._-]{1,32}", 0..5),
    ) {
        let roles = roles.iter().map(|role| role.parse().unwrap()).collect();
        let (sid, auth_time) = (SessionId::from_bytes(sid), Timestamp(auth_time));
        let claims = AccessClaims { iss, aud, client_id, jti, sid, auth_time, sub: sid.user(), roles, ..claims() };
        let expected = Expected { issuer: claims.iss.clone(), audience: claims.aud.clone() };
        let token = signed(&EDDSA, &claims);
        prop_assert_eq!(verify(&token, &EDDSA.published, &expected, NOW), Ok(claims));
    }

    #[test]
    fn a_token_changed_anywhere_is_refused(at: prop::sample::Index, instead in "[A-Za-z0-9_.-]") {
        let token = signed(&EDDSA, &claims());
        let mut changed = token.clone();
        let at = at.index(token.len());
        changed.replace_range(at..=at, &instead);
        prop_assume!(changed != token);
        prop_assert!(verify(&changed, &EDDSA.published, &expected(), NOW).is_err());
    }

    #[test] // S-25
    fn no_text_panics_and_none_is_taken(text in "\\PC{0,100}|[A-Za-z0-9_-]{0,50}[.][A-Za-z0-9_-]{0,50}[.][A-Za-z0-9_-]{0,50}") {
        prop_assert!(check(&text).is_err());
    }

    #[test] // S-25
    fn no_header_or_payload_panics(header in "\\PC{0,60}", payload in "\\PC{0,60}") {
        prop_assert!(check(&forged(&header, &payload)).is_err());
        prop_assert!(check(&forged(&header_value().to_string(), &payload)).is_err());
    }
}
