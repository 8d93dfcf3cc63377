//! OpenID Connect Core 1.0, section 5: claims.
use crate::house::*;
use auth_core::value::UserId;
use auth_oidc::{
    Userinfo,
    claims::{SetClaimsError, StandardClaims},
    client::Client,
};
use serde_json::{Value, json};
use std::time::Duration;

/// Everything that can be known of a person beside the account.
pub fn everything() -> Value {
    json!({
        "name": "Ann Otter", "given_name": "Ann", "family_name": "Otter", "middle_name": "M", "nickname": "Annie",
        "profile": "https://otters.example/ann", "picture": "https://otters.example/ann.png",
        "website": "https://ann.example/", "gender": "female", "birthdate": "1987-10-16", "zoneinfo": "Europe/Paris",
        "phone_number": "+15551234567", "phone_number_verified": false,
        "address": { "street_address": "1 High Street", "locality": "Little Town", "country": "Otterland" },
    })
}

async fn set(house: &House, user: UserId, claims: &Value) -> Result<(), SetClaimsError> {
    let claims: StandardClaims = serde_json::from_value(claims.clone()).unwrap();
    house.provider.set_claims(user, &claims).await
}

#[tokio::test]
async fn section_5_1_what_is_known_of_a_person_is_told_within_the_scopes_that_say_so() {
    let house = House::new().await;
    let app = house.app(json!({ "scope": "openid profile email address phone" })).await;
    let ann = house.sign_in().await.who.user.id;
    set(&house, ann, &json!({ "name": "Somebody", "nickname": "of before" })).await.unwrap();
    house.world.clock.advance(Duration::from_secs(5));
    let (now, claims) = (house.world.ports.clock.now(), everything());
    set(&house, ann, &claims).await.unwrap();
    assert_eq!(serde_json::to_value(house.provider.standard_claims(ann).await.unwrap()).unwrap(), claims);
    let told = async |scope: &str| house.told(&house.tokens(&app, &[("scope", Some(scope))]).await).await;
    let in_profile = told("openid profile").await;
    assert_eq!(in_profile["updated_at"], json!(now.0), "section 5.1: a number");
    for (name, value) in claims.as_object().unwrap() {
        let scope = match name.as_str() {
            "address" => "address",
            "phone_number" | "phone_number_verified" => "phone",
            _ => "profile",
        };
        for asked in ["profile", "email", "address", "phone"] {
            let told = told(&format!("openid {asked}")).await;
            assert_eq!(told.get(name), (asked == scope).then_some(value), "{name} {asked}");
        }
    }
    set(&house, ann, &json!({ "nickname": "Annie" })).await.unwrap();
    let told = told("openid profile").await;
    assert_eq!((&told["nickname"], told.get("name")), (&json!("Annie"), None), "in the place of all that was");
}

#[tokio::test]
async fn section_5_1_what_breaks_a_rule_changes_nothing_and_of_nobody_nothing_is_kept() {
    let house = House::new().await;
    let ann = house.sign_in().await.who.user.id;
    set(&house, ann, &json!({ "name": "Ann" })).await.unwrap();
    let refused = set(&house, ann, &json!({ "phone_number": "555" })).await;
    assert!(matches!(refused, Err(SetClaimsError::Bad(bad)) if bad.member == "phone_number"));
    assert_eq!(house.provider.standard_claims(ann).await.unwrap().name.as_deref(), Some("Ann"));
    house.provider.accounts().delete_user(ann).await.unwrap();
    assert_eq!(house.provider.standard_claims(ann).await.unwrap(), StandardClaims::default(), "forgotten with her");
    assert!(matches!(set(&house, ann, &json!({ "name": "Ann" })).await, Err(SetClaimsError::NotFound)));
    assert_eq!(house.provider.standard_claims(ann).await.unwrap(), StandardClaims::default());
}

#[tokio::test]
async fn section_5_3_userinfo_tells_what_the_scope_reaches_to() {
    let house = House::new().await;
    let app = house.app(json!({})).await;
    for (scope, names) in [
        ("openid", &["sub"][..]),
        ("openid email", &["email", "email_verified", "sub"]),
        ("openid profile", &["locale", "preferred_username", "sub"]),
        ("openid address phone", &["sub"]),
    ] {
        let tokens = house.tokens(&app, &[("scope", Some(scope))]).await;
        let told = house.told(&tokens).await;
        assert_eq!(told.keys().collect::<Vec<_>>(), names, "{scope}");
        assert_eq!(told["sub"], claims(tokens.id_token.as_ref().unwrap())["sub"], "section 5.3.2");
    }
}

#[tokio::test]
async fn section_5_3_2_userinfo_is_signed_for_a_client_that_wants_it_so() {
    let house = House::new().await;
    let keys = house.provider.accounts().ports().keyring.public_keys();
    for key in &keys {
        let app = house.app(json!({ "client_id": key.alg, "userinfo_signed_response_alg": key.alg })).await;
        let tokens = house.tokens(&app, &[]).await;
        let Userinfo::Signed(jwt) = house.provider.userinfo(&tokens.access_token).await.unwrap() else { panic!() };
        assert_eq!(header(&jwt)["alg"], json!(key.alg));
        let told: Value = auth_core::token::open(jwt.expose(), &keys, "JWT").unwrap();
        let sub = &claims(tokens.id_token.as_ref().unwrap())["sub"];
        let email = json!({ "iss": house.provider.issuer(), "aud": key.alg, "sub": sub,
            "email": "ann@example.org", "email_verified": true });
        assert_eq!(told, email);
        let hint = house.refusal(&app, &[("id_token_hint", Some(jwt.expose()))]).await;
        assert_eq!(hint.as_deref(), Some("invalid_request"), "it is no ID token");
    }
    let other = json!({ "client_id": "other", "redirect_uris": [CALLBACK], "userinfo_signed_response_alg": "PS256" });
    let refused = house.provider.add_client(serde_json::from_value(other).unwrap()).await;
    assert!(refused.unwrap_err().to_string().starts_with("userinfo_signed_response_alg: "));
}

#[tokio::test]
async fn section_5_5_claims_can_be_asked_for_one_by_one() {
    let house = House::new().await;
    let app = house.app(json!({})).await;
    let asked = r#"{"id_token":{"email":{"essential":true},"phone":null},"userinfo":{"locale":null},"other":1}"#;
    let tokens = house.tokens(&app, &[("scope", Some("openid")), ("claims", Some(asked))]).await;
    let said = claims(tokens.id_token.as_ref().unwrap());
    assert_eq!((&said["email"], said.get("email_verified")), (&json!("ann@example.org"), None));
    let told = house.told(&tokens).await;
    assert_eq!(told.keys().collect::<Vec<_>>(), ["locale", "sub"]);
    let next = house.refresh(&app, &tokens).await.unwrap();
    assert_eq!(house.told(&next).await, told);
    for bad in ["x", "[]", r#"{"userinfo":[]}"#, r#"{"userinfo":{"email":1"#] {
        assert_eq!(house.refusal(&app, &[("claims", Some(bad))]).await.as_deref(), Some("invalid_request"), "{bad}");
    }
    let narrow = house.app(json!({ "client_id": "narrow", "scope": "openid" })).await;
    let tokens = house.tokens(&narrow, &[("claims", Some(asked))]).await;
    assert!(claims(tokens.id_token.as_ref().unwrap()).get("email").is_none(), "it may not ask for that in any way");
}

#[tokio::test]
async fn section_5_5_they_may_be_asked_for_in_a_language_or_with_a_value_and_come_as_they_are() {
    let house = House::new().await;
    let app = house.app(json!({ "scope": "openid profile phone", "first_party": false })).await;
    let ann = house.sign_in().await.who.user.id;
    set(&house, ann, &everything()).await.unwrap();
    let asked = r#"{"id_token":{"name#ja-Kana-JP":null,"name#de":null,"gender":{"value":"male"}},
        "userinfo":{"phone_number":{"essential":true,"values":["+1"]},"middle_name":null,"address":null}}"#;
    let params = app.request(&[("scope", Some("openid")), ("claims", Some(asked))]);
    let visitor = house.visitor().await;
    let auth_oidc::authorize::Authorization::Consent(request, _) = house.authorize(&params, &visitor).await else {
        panic!("she is asked")
    };
    assert_eq!(request.asks_for().to_string(), "openid phone profile");
    let allows = auth_oidc::authorize::Visitor { decision: Some(auth_oidc::authorize::Decision::Allow), ..visitor };
    let answer = House::answered(house.authorize(&params, &allows).await);
    let tokens = house.exchange(&app, answer.get("code").unwrap()).await.unwrap();
    let said = claims(tokens.id_token.as_ref().unwrap());
    assert_eq!((&said["name"], &said["gender"]), (&json!("Ann Otter"), &json!("female")));
    let told = house.told(&tokens).await;
    assert_eq!(told.keys().collect::<Vec<_>>(), ["middle_name", "phone_number", "sub"], "no address: it may not ask");
}

#[tokio::test]
async fn section_5_5_1_1_an_essential_acr_is_one_of_those_that_are_named_and_any_other_a_wish() {
    let house = House::new().await;
    let app = house.app(json!({})).await;
    let said = serde_json::to_value(house.provider.metadata(&[])).unwrap();
    let acr = said["acr_values_supported"][0].as_str().unwrap();
    for (asked, error) in [
        (json!({ "essential": true, "values": ["urn:other", acr] }), None),
        (json!({ "essential": true, "value": acr }), None),
        (json!({ "essential": true }), None),
        (json!({ "value": "urn:other" }), None),
        (json!({ "essential": false, "values": ["urn:other"] }), None),
        (json!(null), None),
        (json!({ "essential": true, "values": ["urn:other"] }), Some("unmet_authentication_requirements")),
        (json!({ "essential": true, "value": "urn:other" }), Some("unmet_authentication_requirements")),
        (json!({ "essential": true, "values": [] }), Some("unmet_authentication_requirements")),
        (json!({ "essential": true, "value": 1 }), Some("unmet_authentication_requirements")),
    ] {
        let parameter = json!({ "id_token": { "acr": asked } }).to_string();
        let changes = [("claims", Some(parameter.as_str())), ("acr_values", Some("urn:other"))];
        assert_eq!(house.refusal(&app, &changes).await.as_deref(), error, "{asked}");
        if error.is_none() {
            let said = claims(house.tokens(&app, &changes).await.id_token.as_ref().unwrap());
            assert_eq!((&said["acr"], &said["amr"]), (&json!(acr), &json!(["pwd"])));
        }
    }
}

#[tokio::test]
async fn what_an_operator_takes_from_a_client_it_is_told_no_more_in_any_way() {
    let house = House::new().await;
    let app = house.app(json!({})).await;
    let asked = r#"{"id_token":{"email":null},"userinfo":{"email":null}}"#;
    let tokens = house.tokens(&app, &[("scope", Some("openid")), ("claims", Some(asked))]).await;
    assert!(claims(tokens.id_token.as_ref().unwrap())["email"].is_string());
    house.provider.remove_client(&app.client.client_id).await.unwrap();
    let less = Client { scope: "openid profile".parse().unwrap(), ..app.client.clone() };
    house.provider.add_client(less).await.unwrap();
    let next = house.refresh(&app, &tokens).await.unwrap();
    assert!(claims(next.id_token.as_ref().unwrap()).get("email").is_none());
    assert!(house.told(&next).await.get("email").is_none());
}
