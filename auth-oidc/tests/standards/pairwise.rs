//! OpenID Connect Core 1.0, section 8: a person has another name in each sector, and what a client holds tells no more.
use crate::house::*;
use async_trait::async_trait;
use auth_core::value::{Secret, UserId};
use auth_oidc::{
    authorize::Visitor,
    error::ErrorCode::*,
    fetch::{FetchError, Fetched, Fetcher},
    register::Metadata,
    token::Tokens,
};
use base64::prelude::*;
use serde_json::{Value, json};
use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};
use url::Url;

async fn pairwise(house: &House, id: &str, host: &str) -> App {
    let members = json!({ "client_id": id, "subject_type": "pairwise",
        "redirect_uris": [CALLBACK], "sector_identifier_uri": format!("https://{host}/sector.json") });
    house.app(members).await
}

fn sub(token: Option<&Secret>) -> String {
    claims(token.unwrap())["sub"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn section_8_1_a_person_has_one_name_in_a_sector_and_another_in_each_other() {
    let house = House::new().await;
    let (one, same) = (pairwise(&house, "one", "a.example").await, pairwise(&house, "same", "a.example").await);
    let (other, public) = (pairwise(&house, "other", "b.example").await, house.app(json!({})).await);
    let by_host = house.app(json!({ "client_id": "by-host", "subject_type": "pairwise" })).await;
    let at_host = pairwise(&house, "at-host", "app.example").await;
    let mut subs = HashMap::new();
    for app in [&one, &same, &other, &public, &by_host, &at_host, &one] {
        let tokens = house.tokens(app, &[]).await;
        let next = house.refresh(app, &tokens).await.unwrap();
        let told = house.told(&next).await["sub"].as_str().unwrap().to_owned();
        let own = [&tokens, &next].map(|tokens| [sub(tokens.id_token.as_ref()), sub(Some(&tokens.access_token))]);
        assert!(own.as_flattened().iter().all(|sub| *sub == told), "everywhere the same");
        let again = subs.entry(app.client.client_id.to_string()).or_insert_with(|| told.clone());
        assert_eq!(*again, told, "at each sign-in the same");
    }
    let ann = house.sign_in().await.who.user.id.to_string();
    assert_eq!((&subs["one"], &subs["by-host"], &subs["app"]), (&subs["same"], &subs["at-host"], &ann));
    let names = [&subs["one"], &subs["other"], &subs["by-host"], &ann];
    for (at, name) in names.iter().enumerate() {
        assert!(!names[at + 1..].contains(name));
    }
}

#[tokio::test]
async fn a_resource_knows_a_person_by_the_name_that_the_client_has() {
    let house = House::new().await;
    let app = pairwise(&house, "one", "a.example").await;
    let api = json!({ "client_id": "api", "grant_types": [], "redirect_uris": [], "serves": [API] });
    let api = house.app(api).await;
    let tokens = house.tokens(&app, &[("scope", Some("openid read")), ("resource", Some(API))]).await;
    let own = sub(tokens.id_token.as_ref());
    let refresh = tokens.refresh_token.as_ref().unwrap();
    for (who, token) in [(&app, &tokens.access_token), (&app, refresh), (&api, &tokens.access_token)] {
        let told = house.provider.introspect(&who.asks(&[("token", token.expose())])).await.unwrap().token.unwrap();
        assert_eq!(told.sub, own);
    }
    let itself = json!({ "client_id": "machine", "subject_type": "pairwise",
        "grant_types": ["authorization_code", "client_credentials"] });
    let machine = house.app(itself).await;
    let tokens = house.token(&machine, &[("grant_type", "client_credentials"), ("scope", "read")]).await.unwrap();
    assert_eq!(sub(Some(&tokens.access_token)), "machine", "a client is no person");
}

#[tokio::test] // O-20
async fn a_hint_is_of_the_name_that_the_client_has() {
    let house = House::new().await;
    let (one, same) = (pairwise(&house, "one", "a.example").await, pairwise(&house, "same", "a.example").await);
    let (other, public) = (pairwise(&house, "other", "b.example").await, house.app(json!({})).await);
    let signed_in = house.sign_in().await;
    let visitor = Visitor { who: Some(signed_in.who.clone()), ..Visitor::default() };
    let tokens = house.tokens_of(&one, &signed_in, "openid").await;
    let hint = tokens.id_token.as_ref().unwrap();
    let by_value = json!({ "id_token": { "sub": { "value": sub(Some(hint)) } } }).to_string();
    for (app, known) in [(&one, true), (&same, true), (&other, false), (&public, false)] {
        for asked in [("id_token_hint", Some(hint.expose())), ("claims", Some(by_value.as_str()))] {
            let params = app.request(&[asked, ("prompt", Some("none"))]);
            let answer = House::answered(house.authorize(&params, &visitor).await);
            let error = (!known).then_some("login_required");
            assert_eq!(answer.get("error"), error, "{} {asked:?}", app.client.client_id);
        }
    }
    let params = form(&[("id_token_hint", hint.expose())]);
    for (who, proven) in [(&signed_in.who, true), (&house.sign_in().await.who, false)] {
        let asked = house.provider.logout_request(&params, Some(who)).await.unwrap().unwrap();
        assert_eq!(asked.is_proven, proven);
    }
}

/// Whether somebody who looks can find this account in a text: as it is, or within what is base64, wherever it begins.
fn shows(text: &[u8], user: UserId, depth: usize) -> bool {
    let has = |what: &[u8]| text.windows(what.len()).any(|window| window.eq_ignore_ascii_case(what));
    let of_base64 = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_".contains(byte);
    let within = |run: &[u8]| {
        (0..4.min(run.len())).any(|from| {
            let whole = &run[from..from + (run.len() - from) / 4 * 4];
            BASE64_URL_SAFE_NO_PAD.decode(whole).is_ok_and(|bytes| shows(&bytes, user, depth - 1))
        })
    };
    has(user.as_bytes())
        || has(user.to_string().as_bytes())
        || (depth > 0 && text.split(|byte| !of_base64(byte)).any(within))
}

#[test]
fn whoever_looks_for_an_account_finds_it() {
    let user = UserId::from_bytes([0xfb, 0xef, 0xbe, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13]);
    for before in 0..4 {
        let raw = [vec![1; before], user.as_bytes().to_vec(), vec![9; 5]].concat();
        let code = format!("ac_{}", BASE64_URL_SAFE_NO_PAD.encode(&raw));
        let payload = json!({ "sid": BASE64_URL_SAFE_NO_PAD.encode(&raw) }).to_string();
        let jws = format!("e30.{}.c2ln", BASE64_URL_SAFE_NO_PAD.encode(payload));
        let hex = format!("x{user}");
        for text in [code, jws, hex] {
            assert!(shows(text.as_bytes(), user, 3), "{text}");
        }
    }
    assert!(!shows(b"rt_AAAAAAAAAAAAAAAAAAAAAAAAAAAA", user, 3));
}

#[tokio::test]
async fn nothing_that_a_pairwise_client_holds_shows_the_account() {
    let house = House::new().await;
    let app = pairwise(&house, "one", "a.example").await;
    let api = json!({ "client_id": "api", "grant_types": [], "redirect_uris": [], "serves": [API] });
    let api = house.app(api).await;
    let signed = json!({ "client_id": "signed", "subject_type": "pairwise",
        "userinfo_signed_response_alg": "EdDSA", "require_pushed_authorization_requests": false });
    let signed = house.app(signed).await;
    let user = house.sign_in().await.who.user.id;
    let changes = [("scope", Some("openid email offline_access read")), ("resource", Some(API))];
    let code = house.code(&app, &changes).await;
    let first = house.exchange(&app, &code).await.unwrap();
    let next = house.refresh(&app, &first).await.unwrap();
    let userinfo = house.tokens(&app, &[]).await;
    let jwt = house.provider.userinfo(&house.tokens(&signed, &[]).await.access_token).await.unwrap();
    let mut seen = vec![code, format!("{:?}", house.told(&userinfo).await)];
    let auth_oidc::Userinfo::Signed(jwt) = jwt else { panic!("it is to be signed") };
    seen.push(jwt.expose().to_owned());
    for tokens in [&first, &next, &userinfo] {
        let Tokens { access_token, refresh_token, id_token, .. } = tokens;
        for token in [Some(access_token), refresh_token.as_ref(), id_token.as_ref()].into_iter().flatten() {
            for who in [&app, &api] {
                let told = house.provider.introspect(&who.asks(&[("token", token.expose())])).await.unwrap();
                seen.push(serde_json::to_string(&told).unwrap());
            }
            seen.push(token.expose().to_owned());
        }
    }
    for text in &seen {
        assert!(!shows(text.as_bytes(), user, 3), "{text}");
    }
    let public = house.tokens(&house.app(json!({})).await, &[]).await;
    assert!(shows(public.id_token.unwrap().expose().as_bytes(), user, 3), "and whoever looks finds");
}

/// Lists of redirect URIs, as a sector publishes them.
#[derive(Default)]
struct Sectors {
    lists: HashMap<&'static str, &'static str>,
    asked: AtomicUsize,
}

#[async_trait]
impl Fetcher for Sectors {
    async fn get(&self, url: &Url) -> Result<Fetched, FetchError> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        match self.lists.get(url.as_str()) {
            Some(list) => Ok(Fetched { body: list.as_bytes().to_vec(), content_type: None, max_age: None }),
            None => Err(FetchError::Failed("404".to_owned())),
        }
    }

    async fn post(&self, _: &Url, _: &[(&str, &str)]) -> Result<u16, FetchError> {
        unreachable!("a sector is told nothing")
    }
}

fn metadata(members: &Value) -> Metadata {
    let mut all = json!({ "redirect_uris": [CALLBACK], "subject_type": "pairwise" });
    for (name, value) in members.as_object().unwrap() {
        all[name] = value.clone();
    }
    serde_json::from_value(all).unwrap()
}

#[tokio::test] // O-24
async fn registration_section_5_whoever_names_a_sector_is_named_there() {
    let lists = [
        ("https://sector.example/ours", r#"["https://app.example/cb","https://b.example/cb"]"#),
        ("https://sector.example/theirs", r#"["https://b.example/cb"]"#),
        ("https://sector.example/none", r#"{"redirect_uris":["https://app.example/cb"]}"#),
    ];
    let sectors = Arc::new(Sectors { lists: lists.into(), ..Sectors::default() });
    let mut house = House::new().await;
    house.provider = house.provider.with_fetcher(sectors.clone());
    let token = house.provider.invite(1, Duration::from_hours(1)).await.unwrap();
    let at = |path: &str| json!({ "sector_identifier_uri": format!("https://sector.example/{path}") });
    let two = json!(["https://app.example/cb", "https://b.example/cb"]);
    for members in [
        json!({ "subject_type": "private" }),
        json!({ "redirect_uris": two }),
        json!({ "redirect_uris": ["http://127.0.0.1/cb"] }),
        json!({ "sector_identifier_uri": "http://sector.example/ours" }),
        json!({ "grant_types": ["authorization_code", "urn:ietf:params:oauth:grant-type:device_code"] }),
        at("theirs"),
        at("none"),
        at("nowhere"),
        json!({ "subject_type": "public", "sector_identifier_uri": "https://sector.example/theirs" }),
    ] {
        let refused = house.provider.register(Some(&token), &metadata(&members)).await;
        assert_eq!(code_of(refused), InvalidClientMetadata, "{members}");
    }
    let asked = || sectors.asked.load(Ordering::Relaxed);
    let before = asked();
    let uninvited = Secret::new("it_x".to_owned());
    for token in [None, Some(&uninvited)] {
        assert_eq!(code_of(house.provider.register(token, &metadata(&at("ours"))).await), InvalidToken);
    }
    assert_eq!(asked(), before, "whoever is not invited has nobody asked");

    let mut members = at("ours");
    members["redirect_uris"] = two;
    let registered = house.provider.register(Some(&token), &metadata(&members)).await.unwrap();
    let told = serde_json::to_value(&registered.metadata).unwrap();
    assert_eq!(told["subject_type"], "pairwise");
    assert_eq!(told["sector_identifier_uri"], "https://sector.example/ours");
    let client = house.provider.client(&registered.metadata.client_id).await.unwrap().unwrap();
    let app = App { client, secret: registered.client_secret.clone() };
    let visitor = Visitor { decision: Some(auth_oidc::authorize::Decision::Allow), ..house.visitor().await };
    let answer = House::answered(house.authorize(&app.request(&[]), &visitor).await);
    let tokens = house.exchange(&app, answer.get("code").unwrap()).await.unwrap();
    let trusted = pairwise(&house, "trusted", "sector.example").await;
    let others = house.tokens(&trusted, &[]).await;
    assert_eq!(sub(tokens.id_token.as_ref()), sub(others.id_token.as_ref()), "an operator's word is taken");

    let manager = registered.registration_access_token.unwrap();
    let id = app.client.client_id.as_str();
    for (path, good) in [("theirs", false), ("ours", true)] {
        let mut members = at(path);
        members["client_id"] = json!(id);
        let updated = house.provider.update_registration(&manager, id, &metadata(&members)).await;
        assert_eq!(updated.is_ok(), good, "{path}");
    }
}
