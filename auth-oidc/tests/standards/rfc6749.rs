//! RFC 6749: the OAuth 2.0 authorization framework.
use crate::house::*;
use auth_core::value::Secret;
use auth_oidc::{authorize::*, error::ErrorCode::*, token::ClientRequest};
use serde_json::json;
use std::time::Duration;

#[tokio::test]
async fn section_2_3_1_basic_is_form_urlencoded_and_the_scheme_is_of_any_case() {
    let house = House::new().await;
    let app = house.app(json!({ "client_id": "a.b~c" })).await;
    let secret = app.secret.as_ref().unwrap().expose().to_owned();
    for (id, scheme) in [("a.b~c", "Basic"), ("a%2Eb%7Ec", "basic"), ("a.b%7ec", "BASIC")] {
        let code = house.code(&app, &[]).await;
        let header = basic(id, &secret).expose().replace("Basic", scheme);
        let (params, authorization) = (form(&honest(&code)), Some(Secret::new(header)));
        let request = ClientRequest { params, authorization, ..ClientRequest::default() };
        house.provider.token(&request).await.unwrap();
    }
}

#[tokio::test] // O-11
async fn section_2_3_a_client_proves_itself_in_its_own_way_and_in_one_way() {
    let house = House::new().await;
    let by_header = house.app(json!({})).await;
    let by_body = house.app(json!({ "client_id": "post", "token_endpoint_auth_method": "client_secret_post" })).await;
    let public = house.public_app().await;
    let (secret, id) = (by_header.secret.as_ref().unwrap().expose(), by_header.client.client_id.as_str());
    let other_secret = by_body.secret.as_ref().unwrap().expose();
    let in_body = |id, secret| form(&[("grant_type", "x"), ("client_id", id), ("client_secret", secret)]);
    let ask = |params, authorization| ClientRequest { params, authorization, ..ClientRequest::default() };
    let plain = || form(&[("grant_type", "x")]);
    for (request, code) in [
        (ask(plain(), Some(basic(id, secret))), UnsupportedGrantType),
        (ask(plain(), Some(basic(id, other_secret))), InvalidClient),
        (ask(plain(), Some(basic("nobody", secret))), InvalidClient),
        (ask(plain(), Some(basic(id, ""))), InvalidClient),
        (ask(plain(), Some(basic("spa", secret))), InvalidClient),
        (ask(plain(), Some(Secret::new("Basic ???".to_owned()))), InvalidClient),
        (ask(plain(), Some(Secret::new("Bearer a".to_owned()))), InvalidClient),
        (ask(plain(), None), InvalidClient),
        (ask(in_body("post", other_secret), None), UnsupportedGrantType),
        (ask(in_body(id, secret), None), InvalidClient),
        (ask(form(&[("grant_type", "x"), ("client_id", id)]), None), InvalidClient),
        (ask(in_body("post", other_secret), Some(basic("post", other_secret))), InvalidRequest),
        (ask(form(&[("grant_type", "x"), ("client_id", "post")]), Some(basic(id, secret))), InvalidRequest),
        (public.asks(&[("grant_type", "x")]), UnsupportedGrantType),
    ] {
        assert_eq!(code_of(house.provider.token(&request).await), code, "{request:?}");
    }
}

#[tokio::test] // O-11
async fn section_2_3_1_a_client_that_has_a_new_secret_may_use_the_old_one_until_the_next() {
    let house = House::new().await;
    let mut app = house.app(json!({ "grant_types": ["client_credentials"], "redirect_uris": [] })).await;
    let id = app.client.client_id.clone();
    let mut secrets = vec![app.secret.clone().unwrap()];
    for _ in 0..2 {
        secrets.push(house.provider.rotate_client_secret(&id, false).await.unwrap());
    }
    for (secret, good) in [(&secrets[0], false), (&secrets[1], true), (&secrets[2], true)] {
        app.secret = Some(secret.clone());
        assert_eq!(house.token(&app, &[("grant_type", "client_credentials")]).await.is_ok(), good);
    }
    house.provider.rotate_client_secret(&id, true).await.unwrap();
    assert_eq!(code_of(house.token(&app, &[("grant_type", "client_credentials")]).await), InvalidClient);
}

#[tokio::test] // O-21
async fn section_3_1_a_parameter_is_there_once_and_one_without_a_value_is_none() {
    let house = House::new().await;
    let app = house.app(json!({})).await;
    for (more, error) in [
        ("&scope=openid", Some("invalid_request")),
        ("&state=another", Some("invalid_request")),
        ("&unknown=1&unknown=2", Some("invalid_request")),
        ("&unknown=1", None),
        ("&prompt=&max_age=&request=&request_uri=", None),
    ] {
        let params = auth_oidc::Params::parse(&format!("{}{more}", app.request(&[])));
        let answer = House::answered(house.authorize(&params, &house.visitor().await).await);
        assert_eq!(answer.get("error"), error, "{more}");
    }
    let params = |more: &str| auth_oidc::Params::parse(&format!("{}{more}", app.request(&[])));
    for more in ["&client_id=app", "&redirect_uri=https%3A%2F%2Fapp.example%2Fcb"] {
        let authorization = house.authorize(&params(more), &house.visitor().await).await;
        assert!(matches!(authorization, Authorization::NotSent(_)), "{more}");
    }
}

#[tokio::test] // O-10
async fn section_3_1_1_code_is_the_one_response_type() {
    let house = House::new().await;
    let app = house.app(json!({})).await;
    for (response_type, error) in [
        (None, "invalid_request"),
        (Some("token"), "unsupported_response_type"),
        (Some("id_token"), "unsupported_response_type"),
        (Some("code id_token"), "unsupported_response_type"),
        (Some("none"), "unsupported_response_type"),
    ] {
        let refusal = house.refusal(&app, &[("response_type", response_type)]).await;
        assert_eq!(refusal.as_deref(), Some(error), "{response_type:?}");
    }
}

#[tokio::test] // O-01, O-03
async fn section_3_1_2_4_nobody_is_sent_to_what_the_client_has_not_registered() {
    let house = House::new().await;
    let app = house.app(json!({})).await;
    house.app(json!({ "client_id": "machine", "grant_types": ["client_credentials"], "redirect_uris": [] })).await;
    for (changes, why) in [
        (&[("client_id", None)][..], NotSent::UnknownClient),
        (&[("client_id", Some("nobody"))], NotSent::UnknownClient),
        (&[("client_id", Some("machine"))], NotSent::UnknownClient),
        (&[("client_id", Some("https://nobody.example/"))], NotSent::UnknownClient),
        (&[("redirect_uri", None)], NotSent::BadRedirectUri),
        (&[("redirect_uri", Some("https://app.example/cb/"))], NotSent::BadRedirectUri),
        (&[("redirect_uri", Some("https://app.example/cb?x"))], NotSent::BadRedirectUri),
        (&[("redirect_uri", Some("https://evil.example/cb")), ("response_type", None)], NotSent::BadRedirectUri),
    ] {
        match house.authorize(&app.request(changes), &house.visitor().await).await {
            Authorization::NotSent(not_sent) => assert_eq!(not_sent, why, "{changes:?}"),
            other => panic!("{changes:?}: {other:?}"),
        }
    }
}

#[tokio::test] // O-34
async fn section_3_3_a_client_gets_of_a_scope_what_it_may_ask_for_and_is_told_what() {
    let house = House::new().await;
    let app = house.app(json!({ "scope": "openid email" })).await;
    let tokens = house.tokens(&app, &[("scope", Some("openid profile email phone read"))]).await;
    assert_eq!(tokens.scope.to_string(), "email openid");
    for scope in [None, Some("read"), Some("a  b"), Some("\"")] {
        assert_eq!(house.refusal(&app, &[("scope", scope)]).await.as_deref(), Some("invalid_scope"), "{scope:?}");
    }
}

#[tokio::test] // O-14
async fn section_4_1_2_state_comes_back_as_it_was_sent_and_the_query_of_the_redirect_uri_stays() {
    let house = House::new().await;
    let callback = "https://app.example/cb?tenant=1";
    let app = house.app(json!({ "redirect_uris": [callback] })).await;
    for (state, sent_back) in [(Some("a b&c=d%é"), Some("a b&c=d%é")), (None, None)] {
        let params = app.request(&[("redirect_uri", Some(callback)), ("state", state)]);
        let answer = House::answered(house.authorize(&params, &house.visitor().await).await);
        assert_eq!(answer.get("state"), sent_back);
        let location = url::Url::parse(&answer.location()).unwrap();
        let sent: Vec<_> = location.query_pairs().into_owned().collect();
        assert_eq!(sent[0], ("tenant".to_owned(), "1".to_owned()));
        assert_eq!(sent.iter().find(|(name, _)| name == "state").map(|(_, value)| value.as_str()), sent_back);
        assert_eq!(location.fragment(), None);
    }
}

#[tokio::test] // O-06
async fn section_4_1_2_a_code_is_good_for_a_minute() {
    let house = House::new().await;
    let app = house.app(json!({})).await;
    for (wait, good) in [(59, true), (60, false)] {
        let code = house.code(&app, &[]).await;
        house.world.clock.advance(Duration::from_secs(wait));
        assert_eq!(house.exchange(&app, &code).await.is_ok(), good, "after {wait} s");
    }
}

#[tokio::test] // O-07
async fn section_4_1_2_a_code_that_is_used_twice_gives_nothing_and_kills_what_it_has_bought() {
    let house = House::new().await;
    let app = house.app(json!({})).await;
    let code = house.code(&app, &[]).await;
    let tokens = house.exchange(&app, &code).await.unwrap();
    let next = house.refresh(&app, &tokens).await.unwrap();
    assert!(house.opens(&tokens).await && house.opens(&next).await);
    assert_eq!(code_of(house.exchange(&app, &code).await), InvalidGrant);
    assert!(!house.opens(&tokens).await && !house.opens(&next).await);
    assert_eq!(code_of(house.refresh(&app, &next).await), InvalidGrant);
}

#[tokio::test] // O-08
async fn section_4_1_3_a_code_is_for_the_client_and_the_redirect_uri_that_it_was_given_to_and_is_spent_if_not() {
    let house = House::new().await;
    let app = house.app(json!({ "redirect_uris": [CALLBACK, "https://app.example/other"] })).await;
    let other = house.app(json!({ "client_id": "other" })).await;
    for (who, redirect_uri) in [(&other, CALLBACK), (&app, "https://app.example/other"), (&app, "https://app.example/")]
    {
        let code = house.code(&app, &[]).await;
        let mut shown = honest(&code);
        shown[2].1 = redirect_uri;
        assert_eq!(code_of(house.token(who, &shown).await), InvalidGrant);
        assert_eq!(code_of(house.exchange(&app, &code).await), InvalidGrant);
    }
}

#[tokio::test]
async fn section_4_1_3_what_is_no_code_is_refused() {
    let house = House::new().await;
    let app = house.app(json!({})).await;
    let tokens = house.tokens(&app, &[]).await;
    let (refresh, code) = (tokens.refresh_token.as_ref().unwrap().expose(), house.code(&app, &[]).await);
    let cut = &code[..code.len() - 1];
    let renamed = refresh.replace("rt_", "ac_");
    for code in ["x", "ac_", cut, refresh, &renamed, tokens.access_token.expose()] {
        assert_eq!(code_of(house.exchange(&app, code).await), InvalidGrant, "{code}");
    }
    assert_eq!(code_of(house.token(&app, &[("grant_type", "authorization_code")]).await), InvalidRequest);
}

#[tokio::test] // O-10, O-12
async fn section_4_4_a_client_for_itself_reaches_its_resources_and_nobodys_account() {
    let house = House::new().await;
    let members = json!({ "client_id": "machine", "grant_types": ["client_credentials"], "redirect_uris": [] });
    let machine = house.app(members).await;
    let grant = ("grant_type", "client_credentials");
    let tokens = house.token(&machine, &[grant]).await.unwrap();
    assert_eq!((tokens.scope.to_string().as_str(), tokens.refresh_token.is_none()), ("read write", true));
    assert_eq!(claims(&tokens.access_token)["sub"], "machine");
    assert_eq!(house.token(&machine, &[grant, ("scope", "read")]).await.unwrap().scope.to_string(), "read");
    for (scope, code) in [("openid", InvalidScope), ("read admin", InvalidScope), ("a  b", InvalidScope)] {
        assert_eq!(code_of(house.token(&machine, &[grant, ("scope", scope)]).await), code, "{scope}");
    }
    let elsewhere = [grant, ("resource", "https://other.example")];
    assert_eq!(code_of(house.token(&machine, &elsewhere).await), InvalidTarget);
    assert!(!house.opens(&tokens).await);
    let app = house.app(json!({})).await;
    assert_eq!(code_of(house.token(&app, &[grant]).await), UnauthorizedClient);
}

#[tokio::test] // O-10
async fn section_5_2_there_is_no_other_grant_type() {
    let house = House::new().await;
    let app = house.app(json!({})).await;
    for grant in ["password", "implicit", "urn:ietf:params:oauth:grant-type:jwt-bearer", "Refresh_Token"] {
        assert_eq!(code_of(house.token(&app, &[("grant_type", grant)]).await), UnsupportedGrantType);
    }
    assert_eq!(code_of(house.token(&app, &[]).await), InvalidRequest);
    let twice = [("grant_type", "refresh_token"), ("grant_type", "refresh_token")];
    assert_eq!(code_of(house.token(&app, &twice).await), InvalidRequest);
}

#[tokio::test] // O-09
async fn section_6_a_scope_can_shrink_and_never_grows() {
    let house = House::new().await;
    let app = house.app(json!({})).await;
    let tokens = house.tokens(&app, &[]).await;
    let narrow = |token: &Secret, scope| {
        let token = token.expose().to_owned();
        let (house, app) = (&house, &app);
        async move {
            let asked = [("grant_type", "refresh_token"), ("refresh_token", token.as_str()), ("scope", scope)];
            house.token(app, &asked).await
        }
    };
    let narrowed = narrow(tokens.refresh_token.as_ref().unwrap(), "email").await.unwrap();
    assert_eq!((narrowed.scope.to_string().as_str(), narrowed.id_token.is_none()), ("email", true));
    let whole = house.refresh(&app, &narrowed).await.unwrap();
    assert_eq!(whole.scope.to_string(), "email openid", "the grant is as it was");
    let grown = narrow(whole.refresh_token.as_ref().unwrap(), "openid email profile").await;
    assert_eq!(code_of(grown), InvalidScope);
}

#[tokio::test] // O-09, S-16, S-17
async fn section_6_a_refresh_token_is_its_clients_and_good_once() {
    let house = House::new().await;
    let app = house.app(json!({})).await;
    let other = house.app(json!({ "client_id": "other" })).await;
    let first = house.tokens(&app, &[]).await;
    let second = house.refresh(&app, &first).await.unwrap();
    let again = house.refresh(&app, &first).await.unwrap();
    assert_eq!(again.refresh_token, second.refresh_token, "two tabs, or a lost answer");
    let third = house.refresh(&app, &second).await.unwrap();
    assert_eq!(code_of(house.refresh(&app, &first).await), InvalidGrant, "somebody holds a copy");
    assert_eq!(code_of(house.refresh(&app, &third).await), InvalidGrant);

    let tokens = house.tokens(&app, &[]).await;
    assert_eq!(code_of(house.refresh(&other, &tokens).await), InvalidGrant);
    assert_eq!(code_of(house.refresh(&app, &tokens).await), InvalidGrant, "another client has it");
}

#[tokio::test] // S-18
async fn section_6_a_request_that_cannot_be_granted_costs_no_token() {
    let house = House::new().await;
    let app = house.app(json!({})).await;
    let tokens = house.tokens(&app, &[]).await;
    let token = tokens.refresh_token.as_ref().unwrap().expose();
    for (name, value, code) in [("scope", "openid profile", InvalidScope), ("resource", API, InvalidTarget)] {
        let asked = [("grant_type", "refresh_token"), ("refresh_token", token), (name, value)];
        assert_eq!(code_of(house.token(&app, &asked).await), code);
    }
    house.world.clock.advance(Duration::from_mins(1));
    house.refresh(&app, &tokens).await.unwrap();
}
