//! RFC 9101: requests that the client has signed; with OpenID Connect Core, section 6.
use crate::{house::*, signer::Signer};
use auth_core::keys::Algorithm;
use auth_oidc::{Params, Policy, Provider, authorize::*, error::ErrorCode::*, token::ClientRequest};
use base64::prelude::*;
use serde_json::{Value, json};
use std::time::Duration;

/// Where the client's objects are.
const AT: &str = "https://app.example/request";

/// A client that signs its requests.
struct Signing {
    house: House,
    app: App,
    key: Signer,
}

impl Signing {
    async fn new(members: Value) -> Self {
        let (house, key) = (House::new().await, Signer::new(Algorithm::Es256));
        let mut all = json!({ "jwks": { "keys": [key.jwk()] }, "request_uris": [AT] });
        for (name, value) in members.as_object().unwrap() {
            all[name] = value.clone();
        }
        let app = house.app(all).await;
        Self { house, app, key }
    }

    /// What an honest object says, with these changes.
    fn claims(&self, changes: &Value) -> Value {
        let now = self.house.world.ports.clock.now().0;
        let mut all = json!({
            "iss": "app", "aud": self.house.provider.issuer(), "nbf": now, "exp": now + 300, "iat": now, "jti": "1",
            "client_id": "app", "redirect_uri": CALLBACK, "response_type": "code", "scope": "openid email",
            "state": "signed", "nonce": "n-1", "code_challenge": CHALLENGE, "code_challenge_method": "S256",
        });
        for (name, value) in changes.as_object().unwrap() {
            all[name] = value.clone();
            if value.is_null() {
                all.as_object_mut().unwrap().remove(name);
            }
        }
        all
    }

    fn object(&self, changes: &Value) -> String {
        let header = json!({ "alg": self.key.alg(), "kid": self.key.thumbprint(), "typ": "oauth-authz-req+jwt" });
        self.key.sign(&header, &self.claims(changes))
    }

    async fn brings(&self, object: &str) -> Authorization {
        self.comes(&form(&[("client_id", "app"), ("request", object)])).await
    }

    async fn refers(&self, uri: &str) -> Authorization {
        self.comes(&form(&[("client_id", "app"), ("request_uri", uri)])).await
    }

    async fn comes(&self, params: &Params) -> Authorization {
        self.house.authorize(params, &self.house.visitor().await).await
    }

    /// The `error` that the client is told, which has said beside its object where.
    async fn error_beside(&self, name: &str, value: &str) -> String {
        let params = form(&[("client_id", "app"), ("redirect_uri", CALLBACK), ("state", "beside"), (name, value)]);
        let answer = House::answered(self.comes(&params).await);
        assert_eq!((answer.redirect_uri.as_str(), answer.get("state")), (CALLBACK, Some("beside")));
        answer.get("error").unwrap_or("none").to_owned()
    }

    fn publish(&self, object: &str) {
        self.house.web.put_for(AT, object.as_bytes(), None);
    }
}

fn is_taken(authorization: &Authorization) -> bool {
    matches!(authorization, Authorization::Answer(answer) if answer.get("code").is_some())
}

fn is_not_sent(authorization: &Authorization) -> bool {
    matches!(authorization, Authorization::NotSent(NotSent::BadRequestObject))
}

#[tokio::test]
async fn section_5_a_request_is_signed_by_each_algorithm_and_brought_or_referred_to() {
    for algorithm in Algorithm::ALL {
        let (house, key) = (House::new().await, Signer::new(algorithm));
        let app = house.app(json!({ "jwks": { "keys": [key.jwk()] }, "request_uris": [AT] })).await;
        let signing = Signing { house, app, key };
        let object = signing.object(&json!({}));
        signing.publish(&object);
        for answer in [signing.brings(&object).await, signing.refers(AT).await] {
            let answer = House::answered(answer);
            assert_eq!(answer.get("state"), Some("signed"));
            let tokens = signing.house.exchange(&signing.app, answer.get("code").unwrap()).await.unwrap();
            assert_eq!(claims(tokens.id_token.as_ref().unwrap())["nonce"], "n-1");
        }
    }
}

#[tokio::test]
async fn section_4_numbers_objects_and_lists_are_parameters_too() {
    let signing = Signing::new(json!({})).await;
    let claims = json!({ "id_token": { "email": null } });
    let object = signing
        .object(&json!({ "max_age": 60, "claims": claims, "resource": [API, TOOLS], "scope": "openid read tools" }));
    assert!(is_taken(&signing.brings(&object).await));
    signing.house.world.clock.advance(Duration::from_secs(61));
    let old = signing.house.visitor().await;
    signing.house.world.clock.advance(Duration::from_secs(61));
    let params = form(&[("client_id", "app"), ("request", &object)]);
    assert!(matches!(signing.house.authorize(&params, &old).await, Authorization::SignIn(_)), "max_age");
    for (name, value) in [("claims", json!(1)), ("scope", json!(["openid", "email"])), ("max_age", json!("x"))] {
        let refused = House::answered(signing.brings(&signing.object(&json!({ name: value }))).await);
        assert!(refused.get("error").is_some(), "{name}");
    }
}

#[tokio::test] // O-29
async fn section_6_2_the_signature_is_by_a_key_of_the_client_and_never_none() {
    let signing = Signing::new(json!({})).await;
    let other = Signer::new(Algorithm::Es256);
    let claims = signing.claims(&json!({}));
    let part = |value: &Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
    let named = |alg: &str| json!({ "alg": alg, "kid": signing.key.thumbprint() });
    let with = |member: &str, value: Value| {
        let mut header = named("ES256");
        header[member] = value;
        signing.key.sign(&header, &claims)
    };
    for (bad, why) in [
        (format!("{}.{}.", part(&json!({ "alg": "none" })), part(&claims)), "not signed"),
        (signing.key.sign(&named("none"), &claims), "alg: none"),
        (signing.key.sign(&named("HS256"), &claims), "a symmetric algorithm"),
        (other.assertion(&claims), "a key of nobody"),
        (other.sign(&named("ES256"), &claims), "another key by its name"),
        (with("crit", json!(["exp"])), "what must be understood"),
        (with("typ", json!("at+jwt")), "the type of another token"),
        (with("typ", json!("client-authentication+jwt")), "the type of another token"),
        ("a.b.c".to_owned(), "nothing"),
        ("a.b.c.d.e".to_owned(), "encrypted"),
        ("x".repeat(9000), "long"),
    ] {
        assert!(is_not_sent(&signing.brings(&bad).await), "{why}");
        assert_eq!(signing.error_beside("request", &bad).await, "invalid_request_object", "{why}");
        signing.publish(&bad);
        assert!(is_not_sent(&signing.refers(AT).await), "{why}");
    }
    for typ in ["JWT", "OAuth-AuthZ-Req+JWT", "application/oauth-authz-req+jwt"] {
        assert!(is_taken(&signing.brings(&with("typ", json!(typ))).await), "{typ}");
    }
    assert!(is_taken(&signing.brings(&signing.key.assertion(&claims)).await), "no type");
    let settled = Signing::new(json!({ "request_object_signing_alg": "PS256" })).await;
    assert!(is_not_sent(&settled.brings(&settled.object(&json!({}))).await));
    let house = House::new().await;
    let keyless = house.app(json!({})).await;
    let params = keyless.request(&[("request", Some(&signing.object(&json!({}))))]);
    let answer = House::answered(house.authorize(&params, &house.visitor().await).await);
    assert_eq!(answer.get("error"), Some("invalid_request_object"));
}

#[tokio::test] // O-29
async fn section_6_3_what_it_must_say_it_says() {
    let signing = Signing::new(json!({})).await;
    let now = signing.house.world.ports.clock.now().0;
    let issuer = signing.house.provider.issuer().to_owned();
    for (name, value, taken) in [
        ("iss", json!("other"), false),
        ("iss", Value::Null, true),
        ("client_id", json!("other"), false),
        ("client_id", Value::Null, true),
        ("aud", json!([issuer, "https://other.example"]), true),
        ("aud", json!(format!("{issuer}/")), false),
        ("aud", json!([]), false),
        ("aud", Value::Null, false),
        ("sub", json!("app"), false),
        ("exp", Value::Null, true),
        ("exp", json!(now - 29), true),
        ("exp", json!(now - 30), false),
        ("exp", json!("soon"), false),
        ("nbf", Value::Null, true),
        ("nbf", json!(now + 30), true),
        ("nbf", json!(now + 31), false),
        ("request", json!("a.b.c"), false),
        ("request_uri", json!(AT), false),
    ] {
        let came = signing.brings(&signing.object(&json!({ name: value }))).await;
        assert_eq!((is_taken(&came), is_not_sent(&came)), (taken, !taken), "{name} {value}");
    }
}

#[tokio::test] // O-01, O-03
async fn section_6_3_what_is_beside_it_counts_for_nothing() {
    let signing = Signing::new(json!({ "redirect_uris": [CALLBACK, "https://app.example/other"] })).await;
    let object = signing.object(&json!({ "nonce": null }));
    let beside = [
        ("client_id", "app"),
        ("request", object.as_str()),
        ("redirect_uri", "https://app.example/other"),
        ("state", "beside"),
        ("scope", "openid email profile"),
        ("response_type", "token"),
        ("nonce", "beside"),
    ];
    let answer = House::answered(signing.comes(&form(&beside)).await);
    assert_eq!((answer.redirect_uri.as_str(), answer.get("state")), (CALLBACK, Some("signed")));
    let tokens = signing.house.exchange(&signing.app, answer.get("code").unwrap()).await.unwrap();
    assert_eq!(tokens.scope.to_string(), "email openid");
    assert!(claims(tokens.id_token.as_ref().unwrap()).get("nonce").is_none());
    let elsewhere = signing.brings(&signing.object(&json!({ "redirect_uri": "https://evil.example/" }))).await;
    assert!(matches!(elsewhere, Authorization::NotSent(NotSent::BadRedirectUri)));
    for params in [form(&[("request", &object)]), form(&[("client_id", "nobody"), ("request", &object)])] {
        assert!(matches!(signing.comes(&params).await, Authorization::NotSent(NotSent::UnknownClient)));
    }
    signing.house.app(json!({ "client_id": "other", "jwks": { "keys": [signing.key.jwk()] } })).await;
    assert!(is_not_sent(&signing.comes(&form(&[("client_id", "other"), ("request", &object)])).await));
    for again in [("request", object.as_str()), ("request_uri", AT)] {
        let params = form(&[("client_id", "app"), ("request", &object), again]);
        assert!(is_not_sent(&signing.comes(&params).await), "two requests");
    }
}

#[tokio::test] // O-23
async fn section_5_2_a_reference_is_registered_and_asked_for_as_it_is() {
    let signing = Signing::new(json!({})).await;
    signing.publish(&format!("{}\n", signing.object(&json!({}))));
    for good in [AT.to_owned(), format!("{AT}#digest")] {
        assert!(is_taken(&signing.refers(&good).await), "{good}");
    }
    assert_eq!(signing.house.web.asked(AT), 2);
    for bad in [
        "https://app.example/other",
        "https://app.example/request/",
        "https://app.example/request?x=1",
        "https://app.example/./request",
        "HTTPS://app.example/request",
        "https://app.example:443/request",
        "https://evil.example/request",
        "http://app.example/request",
        "file:///etc/passwd",
        "urn:example:request",
        "x",
    ] {
        signing.house.web.put_for(bad, signing.object(&json!({})).as_bytes(), None);
        assert!(is_not_sent(&signing.refers(bad).await), "{bad}");
        assert_eq!(signing.error_beside("request_uri", bad).await, "invalid_request_uri", "{bad}");
        assert_eq!(signing.house.web.asked(bad), 0);
    }
    signing.house.web.take_down(AT);
    assert!(is_not_sent(&signing.refers(AT).await));
    assert_eq!(signing.error_beside("request_uri", AT).await, "invalid_request_uri");
    signing.house.web.put_for(AT, b"\xff", None);
    assert_eq!(signing.error_beside("request_uri", AT).await, "invalid_request_uri");
    let nobody = Provider::new(signing.house.world.accounts(), Policy::default());
    let params = form(&[("client_id", "app"), ("redirect_uri", CALLBACK), ("request_uri", AT)]);
    let answer = House::answered(nobody.authorize(&params, &signing.house.visitor().await).await.unwrap());
    assert_eq!(answer.get("error"), Some("request_uri_not_supported"));
}

#[tokio::test] // O-17
async fn what_is_at_a_reference_must_be_what_the_person_has_agreed_to() {
    let signing = Signing::new(json!({ "first_party": false })).await;
    let visitor = signing.house.visitor().await;
    let (who, params) = (visitor.who.clone().unwrap(), form(&[("client_id", "app"), ("request_uri", AT)]));
    signing.publish(&signing.object(&json!({})));
    let Authorization::Consent(request, _) = signing.house.authorize(&params, &visitor).await else { panic!() };
    let provider = &signing.house.provider;
    let ticket = provider.ticket(Page::Consent, &params, &request, &who, Done::default());
    let says_yes = || provider.decided(&params, Some(who.clone()), Some(&ticket), Some(Decision::Allow));
    let other = VERIFIER; // 32 bytes in base64url, too
    for change in
        [json!({ "state": "x" }), json!({ "nonce": "x" }), json!({ "code_challenge": other }), json!({ "max_age": 99 })]
    {
        signing.publish(&signing.object(&change));
        let next = signing.house.authorize(&params, &says_yes()).await;
        assert!(matches!(next, Authorization::Consent(..)), "{change}");
    }
    signing.house.world.clock.advance(Duration::from_secs(9));
    signing.publish(&signing.object(&json!({ "jti": "2" })));
    assert!(is_taken(&signing.house.authorize(&params, &says_yes()).await), "signed anew, it is the same request");
}

#[tokio::test]
async fn section_10_5_a_client_that_signs_each_request_is_told_so_if_it_does_not() {
    let signing = Signing::new(json!({ "require_signed_request_object": true })).await;
    assert_eq!(signing.house.refusal(&signing.app, &[]).await.as_deref(), Some("invalid_request"));
    let pushed = ClientRequest { params: signing.app.request(&[]).without(&["client_id"]), ..signing.app.asks(&[]) };
    assert_eq!(code_of(signing.house.provider.push(&pushed).await), InvalidRequest);
    assert!(is_taken(&signing.brings(&signing.object(&json!({}))).await));
}

#[tokio::test]
async fn rfc_9126_section_3_an_object_is_pushed_and_is_the_whole_request() {
    let signing = Signing::new(json!({ "require_signed_request_object": true })).await;
    let object = signing.object(&json!({}));
    let pushed =
        signing.app.asks(&[("request", &object), ("state", "beside"), ("redirect_uri", "https://evil.example/")]);
    let pushed = signing.house.provider.push(&pushed).await.unwrap();
    let params = form(&[("client_id", "app"), ("request_uri", pushed.request_uri.expose())]);
    let answer = House::answered(signing.comes(&params).await);
    assert_eq!((answer.get("state"), answer.get("code").is_some()), (Some("signed"), true));
    for (bad, code) in [
        (signing.object(&json!({ "client_id": "other" })), InvalidRequestObject),
        (signing.object(&json!({ "redirect_uri": "https://evil.example/" })), InvalidRequest),
        (signing.object(&json!({ "response_type": "token" })), UnsupportedResponseType),
        ("a.b.c".to_owned(), InvalidRequestObject),
    ] {
        assert_eq!(code_of(signing.house.provider.push(&signing.app.asks(&[("request", &bad)])).await), code);
    }
}

#[tokio::test] // O-28
async fn section_10_8_what_proves_a_client_is_no_request_and_a_request_proves_no_client() {
    let signing = Signing::new(json!({ "token_endpoint_auth_method": "private_key_jwt" })).await;
    let proof = signing.claims(&json!({ "sub": "app" }));
    assert!(is_not_sent(&signing.brings(&signing.key.assertion(&proof)).await));
    let shows = |assertion: &str| {
        let params = [
            ("grant_type", "authorization_code"),
            ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
            ("client_assertion", assertion),
        ];
        ClientRequest { params: form(&params), ..ClientRequest::default() }
    };
    let provider = &signing.house.provider;
    let object = signing.object(&json!({ "sub": "app" }));
    assert_eq!(code_of(provider.token(&shows(&object)).await), InvalidClient);
    assert_eq!(code_of(provider.token(&shows(&signing.key.assertion(&proof))).await), InvalidRequest, "a proof is");
}

#[tokio::test]
async fn by_fapi_2_an_object_is_good_for_an_hour_at_most() {
    let members = json!({
        "profile": "fapi2", "token_endpoint_auth_method": "private_key_jwt", "require_pushed_authorization_requests": true,
    });
    let signing = Signing::new(members).await;
    let now = signing.house.world.ports.clock.now().0;
    for (nbf, exp, told) in [
        (json!(now), json!(now + 3600), "this client pushes its requests (RFC 9126)"),
        (json!(now - 3600), json!(now), "this client pushes its requests (RFC 9126)"),
        (json!(now), json!(now + 3601), "by fapi2 a request object has nbf and exp, an hour apart at most"),
        (json!(now - 3601), json!(now - 10), "by fapi2 a request object has nbf and exp, an hour apart at most"),
        (Value::Null, json!(now + 60), "by fapi2 a request object has nbf and exp, an hour apart at most"),
        (json!(now), Value::Null, "by fapi2 a request object has nbf and exp, an hour apart at most"),
    ] {
        let object = signing.object(&json!({ "nbf": nbf, "exp": exp }));
        let params = form(&[("client_id", "app"), ("redirect_uri", CALLBACK), ("request", &object)]);
        let answer = House::answered(signing.comes(&params).await);
        assert_eq!(answer.get("error_description"), Some(told), "{nbf} {exp}");
    }
}

#[tokio::test] // O-32
async fn section_10_5_what_is_supported_is_told() {
    let house = House::new().await;
    let said = serde_json::to_value(house.provider.metadata(&[])).unwrap();
    for member in ["request_parameter_supported", "request_uri_parameter_supported", "require_request_uri_registration"]
    {
        assert_eq!(said[member], true, "{member}");
    }
    assert_eq!(said["request_object_signing_alg_values_supported"], json!(["ES256", "EdDSA", "RS256", "PS256"]));
    let nobody = Provider::new(house.world.accounts(), Policy::default());
    let said = serde_json::to_value(nobody.metadata(&[])).unwrap();
    assert_eq!(said["request_uri_parameter_supported"], false);
}

#[tokio::test]
async fn section_4_a_request_is_good_for_as_long_as_the_page_that_was_shown_for_it() {
    let signing = Signing::new(json!({})).await;
    let params = form(&[("client_id", "app"), ("request", &signing.object(&json!({})))]);
    signing.house.world.clock.advance(Duration::from_mins(6));
    assert!(!is_taken(&signing.comes(&params).await), "it comes too late");
    let visitor = Visitor { returning: true, ..signing.house.visitor().await };
    assert!(is_taken(&signing.house.authorize(&params, &visitor).await), "its page was shown in time");
    signing.house.world.clock.advance(Duration::from_mins(10));
    assert!(!is_taken(&signing.house.authorize(&params, &visitor).await));
}
