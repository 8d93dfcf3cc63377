//! OpenID Connect Back-Channel Logout 1.0.
use crate::house::*;
use auth_core::{accounts::*, ports::*, testing::World, value::*};
use auth_oidc::{
    Provider,
    fetch::{FetchError, Fetched, Fetcher},
};
use serde_json::json;
use std::{
    sync::{Arc, Mutex},
    time::Duration,
};
use url::Url;

const LISTENS: &str = "https://app.example/backchannel";

/// The client's server: what it answers, and what it was told.
struct Ear {
    says: Result<u16, FetchError>,
    heard: Mutex<Vec<(String, Secret)>>,
}

#[async_trait]
impl Fetcher for Ear {
    async fn get(&self, _: &Url) -> Result<Fetched, FetchError> {
        panic!("nothing is fetched for a logout")
    }

    async fn post(&self, url: &Url, form: &[(&str, &str)]) -> Result<u16, FetchError> {
        let [("logout_token", token)] = form else { panic!("{form:?}") };
        self.heard.lock().unwrap().push((url.to_string(), Secret::new((*token).to_owned())));
        self.says.clone()
    }
}

fn ear(says: Result<u16, FetchError>) -> Arc<Ear> {
    Arc::new(Ear { says, heard: Mutex::default() })
}

async fn listening(house: &House) -> App {
    house.app(json!({ "backchannel_logout_uri": LISTENS })).await
}

fn told_by(house: &House, ear: &Arc<Ear>) -> Provider {
    house.provider.clone().with_fetcher(ear.clone())
}

#[tokio::test]
async fn section_2_4_a_logout_token_says_whose_session_at_the_client_has_ended_and_is_no_id_token() {
    let house = House::new().await;
    let (app, signed_in) = (listening(&house).await, house.sign_in().await);
    let id_token = claims(&house.tokens_of(&app, &signed_in, "openid").await.id_token.unwrap());
    house.provider.accounts().end_session(&signed_in.who, signed_in.who.session.id).await.unwrap();
    let notices = house.world.post.take_notices();
    let [notice] = &notices[..] else { panic!("{notices:?}") };
    let ear = ear(Ok(200));
    assert_eq!(told_by(&house, &ear).tell(notice).await.unwrap(), Some(Delivery::Accepted));
    let heard = std::mem::take(&mut *ear.heard.lock().unwrap());
    let [(url, token)] = &heard[..] else { panic!("{}", heard.len()) };
    assert_eq!((url.as_str(), &header(token)["typ"]), (LISTENS, &json!("logout+jwt")));
    let told = claims(token);
    for member in ["iss", "sub", "aud", "sid"] {
        assert_eq!(told[member], id_token[member], "{member}");
    }
    assert_eq!(told["events"], json!({ "http://schemas.openid.net/event/backchannel-logout": {} }));
    assert_eq!(told["exp"].as_i64().unwrap() - told["iat"].as_i64().unwrap(), 120);
    assert!(told["jti"].is_string() && told.get("nonce").is_none());
    let hint = [("id_token_hint", token.expose())];
    assert!(house.provider.logout_request(&form(&hint), None).await.unwrap().is_err(), "it is no ID token");
}

#[tokio::test]
async fn section_2_5_a_client_is_told_once_for_each_session_and_those_that_do_not_listen_are_not() {
    let house = House::new().await;
    let (app, deaf) = (listening(&house).await, house.app(json!({ "client_id": "deaf" })).await);
    let (here, elsewhere) = (house.sign_in().await, house.sign_in().await);
    for signed_in in [&here, &here, &elsewhere] {
        house.tokens_of(&app, signed_in, "openid").await;
    }
    house.tokens_of(&deaf, &here, "openid").await;
    let accounts = house.provider.accounts();
    accounts.end_session(&here.who, here.who.session.id).await.unwrap();
    accounts.end_session(&here.who, here.who.session.id).await.unwrap();
    let ear = ear(Ok(204));
    let provider = told_by(&house, &ear);
    let notices = house.world.post.take_notices();
    assert_eq!(notices.len(), 2, "{notices:?}");
    for notice in &notices {
        assert_eq!(notice.session, here.who.session.id);
        let listens = notice.client == app.client.client_id;
        assert_eq!(provider.tell(notice).await.unwrap(), listens.then_some(Delivery::Accepted));
    }
    assert_eq!(ear.heard.lock().unwrap().len(), 1, "the one that listens");
    provider.remove_client(&app.client.client_id).await.unwrap();
    let notice = notices.iter().find(|notice| notice.client == app.client.client_id).unwrap();
    assert_eq!(provider.tell(notice).await.unwrap(), None, "it is a client no more");
    assert_eq!(ear.heard.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn clients_learn_of_every_way_in_which_a_session_ends() {
    let other = || Password::parse(Secret::new("three small quiet boats".to_owned())).unwrap();
    for way in ["logout_all", "change", "reset", "rename", "disable", "delete", "another sign-in"] {
        let house = House::new().await;
        let (app, signed_in) = (listening(&house).await, house.sign_in().await);
        house.tokens_of(&app, &signed_in, "openid").await;
        let (accounts, who) = (house.provider.accounts(), signed_in.who);
        let session = who.session.id;
        match way {
            "logout_all" => accounts.logout_all(&who).await.unwrap(),
            "change" => {
                let elsewhere = house.sign_in().await.who;
                accounts.change_password(&elsewhere, password(), other()).await.unwrap();
            }
            "reset" => {
                house.world.post.take();
                let issued = accounts.forgot(&World::caller(), "ann@example.org".parse().unwrap()).await.unwrap();
                let code = house.world.mailed_code();
                accounts.reset(&World::caller(), issued.id, code, other()).await.unwrap();
            }
            "rename" => {
                let email = Some("anna@example.org".parse().unwrap());
                accounts.rename_user(who.user.id, None, email).await.unwrap();
            }
            "disable" => drop(accounts.disable_user(who.user.id).await.unwrap().unwrap()),
            "delete" => drop(accounts.delete_user(who.user.id).await.unwrap().unwrap()),
            _ => {
                let identifier = Identifier::parse("ann");
                let attempt = LoginAttempt { identifier, password: password(), device: None };
                accounts.sign_in(&World::caller(), attempt, Some(&who)).await.unwrap();
            }
        }
        let notices = house.world.post.take_notices();
        assert_eq!(notices.iter().map(|notice| notice.session).collect::<Vec<_>>(), [session], "{way}");
    }
}

#[tokio::test] // R4
async fn section_2_8_what_a_client_answers_decides_whether_it_is_told_again() {
    let house = House::new().await;
    let app = listening(&house).await;
    let who = house.sign_in().await.who;
    let notice =
        LogoutNotice { client: app.client.client_id, session: who.session.id, ended_at: house.world.ports.clock.now() };
    for (says, ends) in [
        (Ok(200), Some("Accepted")),
        (Ok(204), Some("Accepted")),
        (Ok(400), Some("Rejected")),
        (Ok(302), None),
        (Ok(503), None),
        (Err(FetchError::Forbidden("a private address".to_owned())), Some("Rejected")),
        (Err(FetchError::Failed("connection refused".to_owned())), None),
    ] {
        let told = told_by(&house, &ear(says.clone())).tell(&notice).await;
        assert_eq!(told.is_ok(), ends.is_some(), "{says:?}: {told:?}");
        assert!(ends.is_none_or(|ends| format!("{told:?}").contains(ends)), "{says:?}: {told:?}");
    }
}

/// Many a client has a session of its own, and asks for no token after the first.
#[tokio::test]
async fn a_client_that_refreshes_nothing_is_told_as_well() {
    let house = House::new().await;
    let members = json!({ "backchannel_logout_uri": LISTENS, "grant_types": ["authorization_code"] });
    let (app, signed_in) = (house.app(members).await, house.sign_in().await);
    house.tokens_of(&app, &signed_in, "openid").await;
    house.world.clock.advance(Duration::from_mins(20));
    let accounts = house.provider.accounts();
    accounts.sweep().await.unwrap();
    accounts.end_session(&signed_in.who, signed_in.who.session.id).await.unwrap();
    assert_eq!(house.world.post.take_notices().len(), 1);
}

#[tokio::test] // R4
async fn a_client_that_cannot_be_asked_who_it_is_is_told_later() {
    let house = House::new().await;
    let id = "https://app.example/client.json";
    house.web.take_down(id);
    let session = house.sign_in().await.who.session.id;
    let notice = LogoutNotice { client: id.parse().unwrap(), session, ended_at: house.world.ports.clock.now() };
    assert!(house.provider.tell(&notice).await.is_err());
    house.world.clock.advance(Duration::from_mins(1));
    house.web.put(id, &json!({ "client_id": id, "redirect_uris": [CALLBACK] }));
    assert_eq!(house.provider.tell(&notice).await.unwrap(), None, "it does not want to know");
}

/// Answers nobody.
struct Deaf;

#[async_trait]
impl Fetcher for Deaf {
    async fn get(&self, url: &Url) -> Result<Fetched, FetchError> {
        panic!("nothing is fetched from {url} for a logout")
    }

    async fn post(&self, _: &Url, _: &[(&str, &str)]) -> Result<u16, FetchError> {
        std::future::pending().await
    }
}

/// Whoever waits for a client that does not answer holds up nobody else who takes letters out: of eight, two wait.
#[tokio::test(start_paused = true)]
async fn clients_that_do_not_answer_keep_few_waiting() {
    let house = House::new().await;
    let app = listening(&house).await;
    let provider = house.provider.clone().with_fetcher(Arc::new(Deaf));
    let session = house.sign_in().await.who.session.id;
    let ended_at = house.world.ports.clock.now();
    let notice = LogoutNotice { client: app.client.client_id, session, ended_at };
    let told = (0..8).map(|_| tokio::time::timeout(Duration::from_secs(5), provider.tell(&notice)));
    let told = futures_util::future::join_all(told).await;
    assert_eq!(told.iter().filter(|told| told.is_err()).count(), 2, "{told:?}");
    assert_eq!(told.iter().filter(|told| matches!(told, Ok(Err(Unavailable::Overloaded { .. })))).count(), 6);
}

#[tokio::test]
async fn section_2_2_the_client_is_told_by_tls() {
    let house = House::new().await;
    for uri in ["http://app.example/backchannel", "https://app.example/#backchannel"] {
        let client = json!({
            "client_id": "app", "redirect_uris": [CALLBACK], "backchannel_logout_uri": uri,
        });
        let refused = house.provider.add_client(serde_json::from_value(client).unwrap()).await;
        assert!(refused.unwrap_err().to_string().contains("backchannel_logout_uri"), "{uri}");
    }
}
