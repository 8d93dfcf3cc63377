//! OpenID Connect Discovery and RFC 8414.
use crate::{house::*, signer::Signer};
use auth_core::keys::Algorithm;
use auth_oidc::authorize::Authorization;
use serde_json::{Value, json};
use std::collections::BTreeSet;

#[tokio::test] // O-32
async fn section_3_what_is_said_is_what_is_done() {
    let house = House::new().await;
    let said: Value = serde_json::to_value(house.provider.metadata(&["en", "ru"])).unwrap();
    assert_eq!(said["issuer"], house.provider.issuer());
    assert_eq!(said["response_types_supported"], json!(["code"]));
    assert_eq!(
        said["scopes_supported"],
        json!(["address", "email", "offline_access", "openid", "phone", "profile", "read", "tools", "write"])
    );
    assert_eq!(said["code_challenge_methods_supported"], json!(["S256"]));
    let app = house.app(json!({})).await;
    for mode in said["response_modes_supported"].as_array().unwrap() {
        assert_eq!(house.refusal(&app, &[("response_mode", mode.as_str())]).await, None);
    }
    assert!(house.refusal(&app, &[("response_mode", Some("fragment"))]).await.is_some());
    for prompt in said["prompt_values_supported"].as_array().unwrap() {
        let params = app.request(&[("prompt", prompt.as_str())]);
        let comes = house.authorize(&params, &house.visitor().await).await;
        assert!(!matches!(comes, Authorization::Answer(answer) if answer.get("code").is_none()), "{prompt}");
    }
    for grant in said["grant_types_supported"].as_array().unwrap() {
        let asked = house.token(&app, &[("grant_type", grant.as_str().unwrap())]).await;
        assert_ne!(code_of(asked), auth_oidc::error::ErrorCode::UnsupportedGrantType);
    }
    for method in said["token_endpoint_auth_methods_supported"].as_array().unwrap() {
        let mut members = json!({ "client_id": method, "token_endpoint_auth_method": method });
        if method == "private_key_jwt" {
            members["jwks"] = json!({ "keys": [Signer::new(Algorithm::Es256).jwk()] });
        }
        house.app(members).await;
    }
    for subject_type in said["subject_types_supported"].as_array().unwrap() {
        house.app(json!({ "client_id": subject_type, "subject_type": subject_type })).await;
    }
    let algorithms = said["id_token_signing_alg_values_supported"].as_array().unwrap();
    for algorithm in algorithms {
        let members = json!({ "client_id": algorithm, "id_token_signed_response_alg": algorithm });
        let tokens = house.tokens(&house.app(members).await, &[]).await;
        assert_eq!(header(tokens.id_token.as_ref().unwrap())["alg"], *algorithm);
    }
    assert_eq!(said["userinfo_signing_alg_values_supported"], json!(algorithms), "shown in oidc_claims");
    let known = serde_json::from_value(crate::oidc_claims::everything()).unwrap();
    house.provider.set_claims(house.sign_in().await.who.user.id, &known).await.unwrap();
    let everything = "openid profile email address phone";
    let all = house.app(json!({ "client_id": "all", "scope": everything })).await;
    let tokens = house.tokens(&all, &[("scope", Some(everything))]).await;
    let (told, said_of_sign_in) = (house.told(&tokens).await, claims(tokens.id_token.as_ref().unwrap()));
    let said_of_sign_in = said_of_sign_in.as_object().unwrap().keys();
    // What says for whom the token is and from when to when, and what the client has sent, is nothing of the person.
    let of_sign_in = said_of_sign_in.filter(|name| !["iss", "aud", "iat", "exp", "nonce"].contains(&name.as_str()));
    let told: BTreeSet<_> = told.keys().chain(of_sign_in).map(String::as_str).collect();
    let mut names: Vec<_> =
        said["claims_supported"].as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect();
    names.sort_unstable();
    assert_eq!(told.into_iter().collect::<Vec<_>>(), names);
}
