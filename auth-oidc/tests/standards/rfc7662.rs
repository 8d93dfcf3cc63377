//! RFC 7662: token introspection.
use crate::house::*;
use auth_core::{
    ports::Replace,
    value::{Role, Secret},
};
use auth_oidc::{AccessTokenFormat, error::ErrorCode::*, token::Tokens};
use base64::prelude::*;
use serde_json::{Value, json};
use std::time::Duration;

async fn told(house: &House, who: &App, token: &str) -> Value {
    serde_json::to_value(house.provider.introspect(&who.asks(&[("token", token)])).await.unwrap()).unwrap()
}

#[tokio::test] // O-25
async fn section_2_2_a_client_is_told_of_its_own_and_a_resource_of_what_is_meant_for_it() {
    let house = House::new().await;
    let app = house.app(json!({})).await;
    let api = json!({ "client_id": "api", "grant_types": [], "redirect_uris": [], "serves": [API] });
    let api = house.app(api).await;
    let other = house.app(json!({ "client_id": "other" })).await;
    let tokens = house.tokens(&app, &[("scope", Some("openid profile read")), ("resource", Some(API))]).await;
    let (access, refresh) = (tokens.access_token.expose(), tokens.refresh_token.as_ref().unwrap().expose());
    for who in [&app, &api] {
        let told = told(&house, who, access).await;
        assert_eq!((&told["active"], &told["client_id"]), (&json!(true), &json!("app")));
        assert_eq!((&told["username"], &told["aud"]), (&json!("ann"), &json!([API])));
        assert_eq!((&told["scope"], &told["token_type"]), (&json!("openid profile read"), &json!("Bearer")));
        assert_eq!(told["sub"], claims(&tokens.access_token)["sub"]);
    }
    let of_refresh = told(&house, &app, refresh).await;
    assert_eq!((&of_refresh["active"], of_refresh.get("token_type")), (&json!(true), None));
    let nothing = json!({ "active": false });
    let id_token = tokens.id_token.as_ref().unwrap().expose();
    for (who, token) in [(&other, access), (&other, refresh), (&api, refresh), (&app, "x"), (&app, id_token)] {
        assert_eq!(told(&house, who, token).await, nothing);
    }
    let own = house.tokens(&app, &[]).await;
    assert_eq!(told(&house, &api, own.access_token.expose()).await, nothing, "not meant for it");
}

#[tokio::test] // O-25
async fn section_2_1_only_a_client_that_proves_who_it_is_may_ask() {
    let house = House::new().await;
    let (app, public) = (house.app(json!({})).await, house.public_app().await);
    let tokens = house.tokens(&public, &[]).await;
    let asked = public.asks(&[("token", tokens.access_token.expose())]);
    assert_eq!(code_of(house.provider.introspect(&asked).await), InvalidClient);
    assert_eq!(code_of(house.provider.introspect(&app.asks(&[])).await), InvalidRequest);
}

#[tokio::test] // O-25, P-32, S-05
async fn section_4_whatever_ends_a_grant_is_seen_at_once() {
    let house = House::new().await;
    let app = house.app(json!({})).await;
    let accounts = house.provider.accounts();
    for end in ["log out", "log out of all", "disable", "remove the client"] {
        let (signed_in, params) = (house.sign_in().await, app.request(&[]));
        let visitor = auth_oidc::authorize::Visitor { who: Some(signed_in.who.clone()), ..<_>::default() };
        let answer = House::answered(house.authorize(&params, &visitor).await);
        let tokens = house.exchange(&app, answer.get("code").unwrap()).await.unwrap();
        assert!(house.opens(&tokens).await);
        let who = &signed_in.who;
        match end {
            "log out" => accounts.end_session(who, who.session.id).await.unwrap(),
            "log out of all" => accounts.logout_all(who).await.unwrap(),
            "disable" => {
                accounts.disable_user(who.user.id).await.unwrap().unwrap();
            }
            _ => assert!(house.provider.remove_client(&app.client.client_id).await.unwrap()),
        }
        assert!(!house.opens(&tokens).await, "{end}");
        let asked = house.refresh(&app, &tokens).await;
        let code = if end == "remove the client" { InvalidClient } else { InvalidGrant };
        assert_eq!(code_of(asked), code, "{end}");
        accounts.enable_user(who.user.id).await.unwrap();
    }
}

/// A house whose service [`API`] takes opaque tokens, what asks about them there, and a client that has some.
async fn opaque() -> (House, App, App) {
    let house = House::new().await.with_policy(|policy| {
        let api = policy.resources.iter_mut().find(|own| own.resource == API).unwrap();
        api.access_token_format = AccessTokenFormat::Opaque;
    });
    let api = json!({ "client_id": "api", "grant_types": [], "redirect_uris": [], "serves": [API] });
    let (api, app) = (house.app(api).await, house.app(json!({})).await);
    (house, api, app)
}

async fn for_api(house: &House, app: &App) -> Tokens {
    house.tokens(app, &[("scope", Some("openid profile read")), ("resource", Some(API))]).await
}

fn is_opaque(tokens: &Tokens) -> bool {
    tokens.access_token.expose().starts_with("oa_")
}

#[tokio::test]
async fn section_2_2_a_service_learns_of_an_opaque_token_what_a_jwt_would_have_said() {
    let (house, api, app) = opaque().await;
    let users = &house.world.ports.users;
    let mut ann = users.by_id(house.sign_in().await.who.user.id).await.unwrap().unwrap();
    ann.value.roles = vec![Role::parse("keeper").unwrap()];
    assert_eq!(users.replace(&ann).await.unwrap(), Replace::Done);
    let mut said = told(&house, &api, for_api(&house, &app).await.access_token.expose()).await;
    assert_eq!((&said["active"], &said["roles"]), (&json!(true), &json!(["keeper"])));
    let house = house.with_policy(|policy| {
        policy.resources.iter_mut().for_each(|own| own.access_token_format = AccessTokenFormat::Jwt);
    });
    let jwt = for_api(&house, &app).await.access_token;
    let mut signed = claims(&jwt);
    assert_eq!(told(&house, &api, jwt.expose()).await["auth_time"], signed["auth_time"], "a JWT is told of as before");
    // Each token has its own name, and the grant behind it is nobody's affair but this server's.
    assert_ne!(said["jti"].take(), signed["jti"].take());
    signed.as_object_mut().unwrap().remove("sid").unwrap();
    for (name, value) in signed.as_object().unwrap() {
        assert_eq!(&said[name], value, "{name}");
    }
}

#[tokio::test]
async fn an_opaque_token_says_nothing_to_whoever_holds_it() {
    let (house, api, app) = opaque().await;
    let tokens = for_api(&house, &app).await;
    let text = tokens.access_token.expose();
    let sealed = BASE64_URL_SAFE_NO_PAD.decode(text.strip_prefix("oa_").unwrap()).unwrap();
    let shown = [text.as_bytes(), &sealed].map(|bytes| String::from_utf8_lossy(bytes).to_lowercase());
    let said = told(&house, &api, text).await;
    for (name, value) in said.as_object().unwrap() {
        let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let digits = value.bytes().flat_map(|byte| [byte >> 4, byte & 15]);
        let in_hex: String = digits.filter_map(|digit| char::from_digit(digit.into(), 16)).collect();
        let spelled = [BASE64_URL_SAFE_NO_PAD.encode(&value), in_hex, value, format!("\"{name}\"")];
        for spelled in spelled.iter().filter(|spelled| spelled.len() > 4) {
            assert!(!shown.iter().any(|shown| shown.contains(&spelled.to_lowercase())), "{name}: {spelled}");
        }
    }
    assert_ne!(for_api(&house, &app).await.access_token.expose()[..40], text[..40], "and no two begin alike");
}

#[tokio::test]
async fn a_token_is_opaque_if_one_of_its_services_takes_such_and_stays_so() {
    let (house, _, _) = opaque().await;
    let app = house.app(json!({ "client_id": "both", "scope": "openid read tools offline_access" })).await;
    let asked = [("scope", Some("openid read tools")), ("resource", Some(API)), ("resource", Some(TOOLS))];
    let tokens = house.tokens(&app, &asked).await;
    assert!(is_opaque(&tokens));
    let next = house.refresh(&app, &tokens).await.unwrap();
    assert!(is_opaque(&next) && is_opaque(&house.refresh(&app, &next).await.unwrap()));
    let machine = json!({ "client_id": "machine", "grant_types": ["client_credentials"], "redirect_uris": [] });
    let machine = house.app(machine).await;
    let to_itself = [("grant_type", "client_credentials"), ("resource", API)];
    assert!(is_opaque(&house.token(&machine, &to_itself).await.unwrap()));
    let tools = house.tokens(&app, &[("scope", Some("openid tools")), ("resource", Some(TOOLS))]).await;
    assert_eq!(claims(&tools.access_token)["aud"], json!([TOOLS]));
    let own = house.tokens(&app, &[]).await;
    assert!(header(&own.access_token)["typ"] == "at+jwt" && house.opens(&own).await, "and what is for userinfo");
}

#[tokio::test] // O-25
async fn section_4_an_opaque_token_is_told_of_where_it_is_meant_for_and_while_it_is_good() {
    let (house, api, app) = opaque().await;
    let nothing = json!({ "active": false });
    let tools = json!({ "client_id": "tools", "grant_types": [], "redirect_uris": [], "serves": [TOOLS] });
    let tools = house.app(tools).await;
    let tokens = for_api(&house, &app).await;
    let text = tokens.access_token.expose();
    assert_eq!(told(&house, &api, text).await["active"], json!(true));
    assert_eq!(told(&house, &tools, text).await, nothing, "not meant for it");
    for at in 3..text.len() {
        let other = if &text[at..=at] == "A" { "B" } else { "A" };
        let altered = format!("{}{other}{}", &text[..at], &text[at + 1..]);
        assert_eq!(told(&house, &api, &altered).await, nothing, "{at}");
    }
    for spoilt in ["oa_", &text[3..], &text[..text.len() - 4], &format!("{text}="), &format!("rt_{}", &text[3..])] {
        assert_eq!(told(&house, &api, spoilt).await, nothing, "{spoilt}");
    }
    house.world.clock.advance(Duration::from_secs(599) + auth_core::token::LEEWAY);
    assert_eq!(told(&house, &api, text).await["active"], json!(true));
    house.world.clock.advance(Duration::from_secs(1));
    assert_eq!(told(&house, &api, text).await, nothing, "its time is over");
}

#[tokio::test] // O-25, O-26, S-05
async fn section_4_whatever_ends_a_grant_ends_its_opaque_tokens() {
    let (house, api, app) = opaque().await;
    let machine = json!({ "client_id": "machine", "grant_types": ["client_credentials"], "redirect_uris": [] });
    let machine = house.app(machine).await;
    let to_itself = [("grant_type", "client_credentials"), ("resource", API)];
    let (who, accounts) = (house.sign_in().await.who, house.provider.accounts());
    for end in ["revoke", "revoke what no grant is behind", "log out"] {
        let (client, tokens) = match end {
            "revoke what no grant is behind" => (&machine, house.token(&machine, &to_itself).await.unwrap()),
            _ => (&app, for_api(&house, &app).await),
        };
        let text = tokens.access_token.expose();
        assert_eq!(told(&house, &api, text).await["active"], json!(true), "{end}");
        house.provider.revoke(&api.asks(&[("token", text)])).await.unwrap();
        assert_eq!(told(&house, &api, text).await["active"], json!(true), "it is another client's");
        match end {
            "log out" => accounts.logout_all(&who).await.unwrap(),
            _ => house.provider.revoke(&client.asks(&[("token", text)])).await.unwrap(),
        }
        assert_eq!(told(&house, &api, text).await, json!({ "active": false }), "{end}");
    }
}

#[tokio::test] // O-27, S-15
async fn an_opaque_token_passes_for_no_other() {
    let (house, _, app) = opaque().await;
    let tokens = for_api(&house, &app).await;
    let accounts = house.provider.accounts();
    let text = tokens.access_token.expose();
    assert!(accounts.authenticate(text).await.is_err() && accounts.logout(text).await.is_err());
    assert!(!house.opens(&tokens).await, "it is for the API");
    for prefix in ["oa_", "rt_", "ac_", "bs_"] {
        let named = Secret::new(format!("{prefix}{}", &text[3..]));
        assert!(accounts.refresh(&named).await.is_err());
        assert!(accounts.browser(&named).await.unwrap().is_none());
        assert_eq!(code_of(house.exchange(&app, named.expose()).await), InvalidGrant);
    }
    let refresh = tokens.refresh_token.as_ref().unwrap().expose();
    assert_eq!(told(&house, &app, &refresh.replacen("rt_", "oa_", 1)).await, json!({ "active": false }));
}
