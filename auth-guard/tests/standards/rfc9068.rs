//! RFC 9068: which access tokens are taken.
use crate::house::*;
use auth_core::{keys::Algorithm, ports::Clock, token::TokenRefused, value::Timestamp};
use auth_guard::{Access, Guard, Why};
use serde_json::{Value, json};

#[tokio::test] // S-09
async fn section_2_2_what_a_token_says_is_told() {
    let house = House::new();
    let now = house.clock.now();
    let changes = json!({ "sub": "ann", "client_id": "app", "auth_time": now.0 - 60, "roles": ["editor"] });
    let access = house.shows(&house.token(&changes).await).await.unwrap();
    let Access { sub, client_id, scope, exp, auth_time, claims, .. } = access;
    assert_eq!((sub.as_str(), client_id.as_str(), scope.to_string()), ("ann", "app", "read write".to_owned()));
    assert_eq!((exp, auth_time), (Timestamp(now.0 + 600), Some(Timestamp(now.0 - 60))));
    assert_eq!((&claims["jti"], &claims["roles"]), (&json!("1"), &json!(["editor"])));
}

#[tokio::test] // S-10
async fn section_4_it_is_signed_by_an_algorithm_that_is_understood() {
    for algorithm in Algorithm::ALL {
        let house = House::by(algorithm);
        assert_eq!(house.refuses(&json!({})).await, None, "{algorithm}");
    }
}

#[tokio::test] // S-15
async fn section_4_nothing_else_that_the_issuer_signs_is_an_access_token() {
    let house = House::new();
    for typ in ["JWT", "logout+jwt", "at+jwt+more", ""] {
        let refusal = house.shows(&house.signed(typ, &house.claims(&json!({}))).await).await.unwrap_err();
        assert_eq!(*refusal.why(), Why::Token(TokenRefused::WrongType), "{typ}");
    }
}

#[tokio::test] // S-11
async fn section_4_the_key_is_one_of_the_issuers_by_its_exact_name() {
    let (house, other) = (House::new(), House::new());
    let theirs = other.token(&json!({})).await;
    assert_eq!(*house.shows(&theirs).await.unwrap_err().why(), Why::Token(TokenRefused::UnknownKey));

    // Its own name on another's signature.
    let own = house.token(&json!({})).await;
    let (header, theirs) = (own.split_once('.').unwrap().0, theirs.split_once('.').unwrap().1);
    let forged = house.shows(&format!("{header}.{theirs}")).await.unwrap_err();
    assert_eq!(*forged.why(), Why::Token(TokenRefused::WrongSignature));
}

#[tokio::test]
async fn section_4_issuer_and_service_are_compared_letter_for_letter() {
    let house = House::new();
    for iss in ["https://id.example/", "https://ID.example", "http://id.example"] {
        assert_eq!(house.refuses(&json!({ "iss": iss })).await, Some(Why::Token(TokenRefused::WrongIssuer)), "{iss}");
    }
    for aud in [json!("https://api.example"), json!("https://api.example/v1/"), json!(["https://b.example"]), json!([])]
    {
        assert_eq!(house.refuses(&json!({ "aud": aud })).await, Some(Why::Token(TokenRefused::WrongAudience)), "{aud}");
    }
    for aud in [json!(API), json!(["https://b.example", API])] {
        assert_eq!(house.refuses(&json!({ "aud": aud })).await, None, "{aud}");
    }
    let source = house.issuer.clone();
    let guard = Guard::new(ISSUER, "https://b.example", source, house.clock.clone());
    let shown = format!("Bearer {}", house.token(&json!({})).await);
    assert_eq!(guard.check(Some(&shown)).await.unwrap_err().why(), &Why::Token(TokenRefused::WrongAudience));
}

#[tokio::test] // S-13
async fn section_4_its_time_is_kept_with_the_leeway_that_everybody_has() {
    let house = House::new();
    let now = house.clock.now().0;
    let (not_yet, expired) = (Some(Why::Token(TokenRefused::NotYet)), Some(Why::Token(TokenRefused::Expired)));
    for (changes, expected) in [
        (json!({ "exp": now - 29 }), None),
        (json!({ "exp": now - 30 }), expired),
        (json!({ "iat": now + 30 }), None),
        (json!({ "iat": now + 31 }), not_yet.clone()),
        (json!({ "nbf": now + 30 }), None),
        (json!({ "nbf": now + 31 }), not_yet),
    ] {
        assert_eq!(house.refuses(&changes).await, expected, "{changes}");
    }
}

#[tokio::test] // S-12
async fn section_2_2_a_claim_that_is_missing_or_of_another_type_is_refused() {
    let house = House::new();
    for name in ["iss", "aud", "sub", "client_id", "iat", "exp"] {
        let missing = json!({ name: null });
        assert_eq!(house.refuses(&missing).await, Some(Why::Token(TokenRefused::MalformedClaims)), "{name}");
    }
    for changes in [
        json!({ "exp": "2000000000" }),
        json!({ "iat": 1.5 }),
        json!({ "nbf": "now" }),
        json!({ "aud": 1 }),
        json!({ "sub": 1 }),
        json!({ "scope": ["read"] }),
    ] {
        assert_eq!(house.refuses(&changes).await, Some(Why::Token(TokenRefused::MalformedClaims)), "{changes}");
    }
}

#[tokio::test]
async fn what_is_bound_to_a_key_is_no_bearer_token() {
    let house = House::new();
    for cnf in [json!({ "jkt": "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I" }), json!({}), json!(1)] {
        assert_eq!(house.refuses(&json!({ "cnf": cnf })).await, Some(Why::SenderConstrained), "{cnf}");
    }
    let mut claims = house.claims(&json!({}));
    claims["cnf"] = Value::Null;
    let refusal = house.shows(&house.signed("at+jwt", &claims).await).await.unwrap_err();
    assert_eq!((refusal.why(), refusal.status()), (&Why::SenderConstrained, 401));
}
