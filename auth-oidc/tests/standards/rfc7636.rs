//! RFC 7636: proof key for code exchange.
use crate::house::*;
use auth_oidc::error::ErrorCode::*;
use serde_json::json;

#[tokio::test] // O-04
async fn section_4_3_s256_is_required_and_plain_refused() {
    let house = House::new().await;
    let app = house.app(json!({})).await;
    for changes in [
        &[("code_challenge", None), ("code_challenge_method", None)][..],
        &[("code_challenge_method", Some("plain"))],
        &[("code_challenge_method", None)],
        &[("code_challenge", None)],
        &[("code_challenge", Some("short"))],
        &[("code_challenge", Some("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM="))],
    ] {
        assert_eq!(house.refusal(&app, changes).await.as_deref(), Some("invalid_request"), "{changes:?}");
    }
}

#[tokio::test]
async fn section_4_6_the_verifier_must_be_that_of_the_challenge() {
    let house = House::new().await;
    let app = house.public_app().await;
    for verifier in ["", "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXx", CHALLENGE, "short", &"a".repeat(129)] {
        let code = house.code(&app, &[]).await;
        let mut shown = honest(&code);
        shown[3].1 = verifier;
        assert_eq!(code_of(house.token(&app, &shown).await), InvalidGrant, "{verifier}");
        assert_eq!(code_of(house.exchange(&app, &code).await), InvalidGrant, "the code is spent");
    }
    house.tokens(&app, &[]).await;
}

const WITHOUT: [(&str, Option<&str>); 2] = [("code_challenge", None), ("code_challenge_method", None)];

#[tokio::test] // O-05
async fn rfc_9700_section_2_1_1_whoever_shows_a_verifier_had_sent_a_challenge() {
    let house = House::new().await;
    let app = house.app(json!({ "profile": "oidc_compat" })).await;
    let code = house.code(&app, &WITHOUT).await;
    assert_eq!(code_of(house.exchange(&app, &code).await), InvalidGrant);
    let code = house.code(&app, &WITHOUT).await;
    house.token(&app, &honest(&code)[..3]).await.unwrap();
    let code = house.code(&app, &WITHOUT).await;
    let shown = [honest(&code)[0], honest(&code)[1]];
    assert_eq!(code_of(house.token(&app, &shown).await), InvalidGrant, "nothing else binds the code");
}

#[tokio::test] // O-05
async fn a_client_that_may_come_without_is_held_to_the_challenge_that_it_has_sent() {
    let house = House::new().await;
    let app = house.app(json!({ "profile": "oidc_compat" })).await;
    let code = house.code(&app, &[]).await;
    assert_eq!(code_of(house.token(&app, &honest(&code)[..3]).await), InvalidGrant);
    house.tokens(&app, &[]).await;
    assert_eq!(
        house.refusal(&app, &[("code_challenge_method", Some("plain"))]).await.as_deref(),
        Some("invalid_request")
    );
}
