//! The endpoints over HTTP: statuses, headers and forms. What they decide is shown in `auth-oidc`.
use crate::{http::endpoint, testing::context};
use auth_core::{
    accounts::{Caller, LoginAttempt, NewUser},
    testing::World,
    value::*,
};
use auth_oidc::{Params, Policy, Provider, authorize::*};
use base64::prelude::*;
use poem::{
    Endpoint, Request, Response,
    http::{Method, StatusCode},
};
use serde_json::{Value, json};

const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");
const SHOWN: &str = "grant_type=authorization_code&redirect_uri=https%3A%2F%2Fapp.example%2Fcb\
                     &code_verifier=dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk&code=";

struct House {
    world: World,
    /// `Basic` for the one client, `app`.
    basic: String,
}

impl House {
    async fn new() -> Self {
        Self::with(json!({})).await
    }

    /// With a client that has these members, too.
    async fn with(mut members: Value) -> Self {
        let world = World::default();
        let provider = Provider::new(world.accounts(), Policy::default());
        members["client_id"] = json!("app");
        members["redirect_uris"] = json!(["https://app.example/cb"]);
        members["first_party"] = json!(true);
        let (_, secret) = provider.add_client(serde_json::from_value(members).unwrap()).await.unwrap();
        let basic = format!("Basic {}", BASE64_STANDARD.encode(format!("app:{}", secret.unwrap().expose())));
        let (login, email) = ("ann".parse().unwrap(), "ann@example.org".parse().unwrap());
        let ann = NewUser { login, email, password: password(), locale: Locale::default(), roles: Vec::new() };
        provider.accounts().create_user(ann).await.unwrap();
        Self { world, basic }
    }

    async fn code(&self) -> String {
        let provider = Provider::new(self.world.accounts(), Policy::default());
        let attempt = LoginAttempt { identifier: Identifier::parse("ann"), password: password(), device: None };
        let who = provider.accounts().sign_in(&Caller::default(), attempt, None).await.unwrap().who;
        let params = Params::parse(
            "client_id=app&redirect_uri=https%3A%2F%2Fapp.example%2Fcb&response_type=code&scope=openid%20email%20profile\
             &code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256",
        );
        match provider.authorize(&params, &Visitor::signed_in(who)).await.unwrap() {
            Authorization::Answer(answer) => answer.get("code").unwrap().to_owned(),
            other => panic!("{other:?}"),
        }
    }

    async fn ask(&self, method: Method, path: &str, headers: &[(&str, &str)], body: &str) -> (Response, Value) {
        let request = Request::builder().method(method).uri(path.parse().unwrap());
        let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        let mut response = endpoint(context(&self.world)).get_response(request.body(body.to_owned())).await;
        let body = response.take_body().into_string().await.unwrap();
        (response, serde_json::from_str(&body).unwrap_or_default())
    }

    async fn post(&self, path: &str, body: &str) -> (Response, Value) {
        self.ask(Method::POST, path, &[FORM, ("authorization", &self.basic)], body).await
    }

    async fn tokens(&self) -> Value {
        let (response, body) = self.post("/oauth2/token", &format!("{SHOWN}{}", self.code().await)).await;
        assert_eq!(response.status(), StatusCode::OK, "{body}");
        body
    }
}

fn password() -> Password {
    Password::parse(Secret::new("a quiet green harbour".to_owned())).unwrap()
}

#[tokio::test] // RFC 6749, section 5.1
async fn tokens_come_as_json_that_nobody_keeps() {
    let house = House::new().await;
    let (response, body) = house.post("/oauth2/token", &format!("{SHOWN}{}", house.code().await)).await;
    assert_eq!((response.status(), response.header("cache-control")), (StatusCode::OK, Some("no-store")));
    assert_eq!((&body["token_type"], &body["expires_in"]), (&json!("Bearer"), &json!(600)));
    assert_eq!((&body["scope"], body.get("refresh_token")), (&json!("email openid profile"), None));
}

#[tokio::test] // RFC 6749, section 5.2; O-11, H-01
async fn a_refusal_has_its_status_its_code_and_its_challenge() {
    let house = House::new().await;
    let basic = ("authorization", house.basic.as_str());
    for (headers, body, status, error) in [
        (&[FORM, basic][..], "grant_type=password", 400, "unsupported_grant_type"),
        (&[FORM, basic], "", 400, "invalid_request"),
        (&[FORM, basic], "grant_type=authorization_code&code=x", 400, "invalid_grant"),
        (&[FORM, basic], "grant_type=x&grant_type=x", 400, "invalid_request"),
        (&[FORM, basic, basic], "grant_type=x", 400, "invalid_request"),
        (&[FORM], "grant_type=x", 401, "invalid_client"),
        (&[FORM, ("authorization", "Basic YXBwOng=")], "grant_type=x", 401, "invalid_client"),
        (&[basic], "grant_type=x", 400, "invalid_request"),
        (&[("content-type", "application/json"), basic], "{}", 400, "invalid_request"),
        (&[FORM, ("content-encoding", "gzip"), basic], "grant_type=x", 400, "invalid_request"),
    ] {
        let (response, answer) = house.ask(Method::POST, "/oauth2/token", headers, body).await;
        assert_eq!((response.status().as_u16(), &answer["error"]), (status, &json!(error)), "{headers:?} {body}");
        assert!(answer["error_description"].is_string());
        let challenge = (status == 401).then_some("Basic realm=\"clients\"");
        assert_eq!(response.header("www-authenticate"), challenge);
    }
}

#[tokio::test] // RFC 6750, sections 2 and 3; S-22, S-24
async fn userinfo_takes_a_token_in_one_way_and_never_from_the_query() {
    let house = House::new().await;
    let tokens = house.tokens().await;
    let access = tokens["access_token"].as_str().unwrap();
    let (header, form) = (format!("bearer {access}"), format!("access_token={access}"));
    let header = ("authorization", header.as_str());
    let query = format!("/oauth2/userinfo?{form}");
    let path = "/oauth2/userinfo";
    for (method, path, headers, body, status) in [
        (Method::GET, path, &[header][..], "", 200),
        (Method::POST, path, &[header], "", 200),
        (Method::POST, path, &[FORM], form.as_str(), 200),
        (Method::POST, path, &[FORM, header], &form, 400),
        (Method::GET, &query, &[], "", 401),
        (Method::POST, path, &[("content-type", "text/plain")], &form, 401),
        (Method::GET, path, &[("authorization", "Bearer a.b.c")], "", 401),
    ] {
        let (response, told) = house.ask(method.clone(), path, headers, body).await;
        assert_eq!(response.status().as_u16(), status, "{method} {headers:?}");
        match status {
            200 => assert_eq!(told["email"], "ann@example.org"),
            401 => assert!(response.header("www-authenticate").unwrap().starts_with("Bearer")),
            _ => assert_eq!(told["error"], "invalid_request"),
        }
    }
}

#[tokio::test] // OpenID Connect Core, section 5.3.2
async fn userinfo_is_a_jwt_for_a_client_that_wants_it_signed() {
    for (members, content_type) in
        [(json!({}), "application/json"), (json!({ "userinfo_signed_response_alg": "EdDSA" }), "application/jwt")]
    {
        let house = House::with(members).await;
        let tokens = house.tokens().await;
        let header = format!("Bearer {}", tokens["access_token"].as_str().unwrap());
        let (response, _) = house.ask(Method::GET, "/oauth2/userinfo", &[("authorization", &header)], "").await;
        assert_eq!((response.status(), response.content_type()), (StatusCode::OK, Some(content_type)));
        assert_eq!(response.header("cache-control"), Some("no-store"));
    }
}

#[tokio::test] // RFC 7009, RFC 7662
async fn a_token_is_asked_about_and_given_back() {
    let house = House::new().await;
    let tokens = house.tokens().await;
    let token = format!("token={}", tokens["access_token"].as_str().unwrap());
    let (_, worth) = house.post("/oauth2/introspect", &token).await;
    assert_eq!((&worth["active"], &worth["username"]), (&json!(true), &json!("ann")));
    assert_eq!(house.post("/oauth2/revoke", &token).await.0.status(), StatusCode::OK);
    assert_eq!(house.post("/oauth2/introspect", &token).await.1, json!({ "active": false }));
    assert_eq!(house.post("/oauth2/revoke", "token=unknown").await.0.status(), StatusCode::OK);
}

#[tokio::test] // H-05
async fn pages_elsewhere_may_ask_what_takes_no_cookie_and_nothing_else() {
    let house = House::new().await;
    let stranger = ("origin", "https://spa.example");
    let asks = [stranger, ("access-control-request-method", "POST")];
    for path in [
        "/oauth2/token",
        "/oauth2/userinfo",
        "/oauth2/device_authorization",
        "/oauth2/revoke",
        "/.well-known/jwks.json",
        "/.well-known/openid-configuration",
        "/.well-known/oauth-authorization-server",
    ] {
        let (response, _) = house.ask(Method::OPTIONS, path, &asks, "").await;
        assert_eq!((response.status().as_u16(), response.header("access-control-allow-origin")), (204, Some("*")));
        assert_eq!(response.header("access-control-allow-credentials"), None, "{path}");
    }
    let (response, body) = house.ask(Method::POST, "/oauth2/token", &[FORM, stranger], "client_id=x").await;
    assert_eq!((response.status().as_u16(), &body["error"]), (401, &json!("invalid_client")));
    assert_eq!(response.header("access-control-allow-origin"), Some("*"));
    for path in ["/oauth2/introspect", "/api/v1/auth/login"] {
        let (response, body) = house.ask(Method::POST, path, &[FORM, stranger], "").await;
        assert_eq!((response.status().as_u16(), &body["code"]), (403, &json!("origin_refused")), "{path}");
        assert_eq!(response.header("access-control-allow-origin"), None);
        assert_eq!(house.ask(Method::OPTIONS, path, &asks, "").await.0.status(), StatusCode::METHOD_NOT_ALLOWED);
    }
}

#[tokio::test] // RFC 8414, section 3.1; OpenID Connect Discovery, section 4.1
async fn an_issuer_with_a_path_is_found_in_both_ways() {
    let world = World::default();
    for (issuer, suffix) in [("https://a.example", ""), ("https://a.example/auth", "/auth")] {
        let accounts = world.accounts_with(auth_core::policy::Policy { issuer: issuer.to_owned(), ..World::policy() });
        let routes = || {
            let provider = Provider::new(accounts.clone(), Policy::default());
            endpoint(crate::http::Context { provider, ..context(&world) })
        };
        for known in ["openid-configuration", "oauth-authorization-server"] {
            for path in [format!("/.well-known/{known}"), format!("/.well-known/{known}{suffix}")] {
                let request = Request::builder().uri(path.parse().unwrap()).finish();
                let mut response = routes().get_response(request).await;
                let body = response.take_body().into_string().await.unwrap();
                let document: Value = serde_json::from_str(&body).unwrap();
                assert_eq!(document["issuer"], issuer, "{path}");
                assert_eq!(document["token_endpoint"], format!("{issuer}/oauth2/token"));
                assert_eq!(response.header("cache-control"), Some("public, max-age=300"));
            }
        }
    }
}
