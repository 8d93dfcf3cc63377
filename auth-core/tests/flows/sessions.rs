use crate::person::*;
use auth_core::{accounts::*, document::*, policy::Policy, ports::*, testing::World, value::*};
use std::time::Duration;

#[tokio::test] // S-06
async fn the_list_shows_ones_own_live_sessions_and_ends_them() {
    let (world, caller) = (World::default(), World::caller());
    let accounts = world.accounts();
    ann(&world, &accounts).await;
    let issued = accounts.register(&caller, ask("bob", "bob@example.org")).await.unwrap();
    accounts.confirm(&caller, issued.id, world.mailed_code()).await.unwrap();
    let phone = LoginAttempt { device: Some("Ann's phone".parse().unwrap()), ..attempt("ann", GOOD) };
    let phone = accounts.login(&caller, phone).await.unwrap();
    world.clock.advance(Duration::from_secs(1));
    let laptop = log_in(&accounts).await;
    let bob = accounts.login(&caller, attempt("bob", GOOD)).await.unwrap();

    let who = accounts.authenticate(laptop.access_token.expose()).await.unwrap();
    let list = accounts.sessions(&who).await.unwrap();
    let names: Vec<_> = list.iter().map(|session| session.device.as_ref().map(DeviceName::as_str)).collect();
    assert_eq!(names, [Some("Ann's phone"), None]);

    let bobs = accounts.authenticate(bob.access_token.expose()).await.unwrap().session.id;
    assert!(matches!(accounts.end_session(&who, bobs).await, Err(EndSessionError::NotFound)));
    accounts.end_session(&who, list[0].id).await.unwrap();
    accounts.end_session(&who, list[0].id).await.unwrap();
    assert!(!opens(&accounts, &phone).await);
    assert!(opens(&accounts, &laptop).await && opens(&accounts, &bob).await);
}

#[tokio::test] // S-04
async fn a_logout_is_at_once_and_for_good() {
    let world = World::default();
    let accounts = world.accounts();
    ann(&world, &accounts).await;
    let (one, other) = (log_in(&accounts).await, log_in(&accounts).await);
    accounts.logout(one.access_token.expose()).await.unwrap();
    accounts.logout(one.access_token.expose()).await.unwrap();
    assert!(!opens(&accounts, &one).await);
    assert!(matches!(accounts.refresh(&one.refresh_token).await, Err(RefreshError::Ended)));
    assert!(opens(&accounts, &other).await);
    assert!(matches!(accounts.logout("no.such.token").await, Err(AuthenticateError::Refused)));
}

#[tokio::test] // S-04
async fn an_access_token_dies_by_itself_and_still_ends_its_session() {
    let world = World::default();
    let accounts = world.accounts();
    ann(&world, &accounts).await;
    let (tokens, elsewhere) = (log_in(&accounts).await, log_in(&accounts).await);
    world.clock.advance(Duration::from_secs(700));
    assert!(!opens(&accounts, &tokens).await);
    accounts.logout(tokens.access_token.expose()).await.unwrap();
    assert!(matches!(accounts.refresh(&tokens.refresh_token).await, Err(RefreshError::Ended)));
    accounts.refresh(&elsewhere.refresh_token).await.unwrap();
}

#[tokio::test] // S-04
async fn a_dead_token_of_somebody_else_ends_nothing() {
    let (world, other) = (World::default(), World::default());
    let accounts = world.accounts();
    ann(&world, &accounts).await;
    ann(&other, &other.accounts()).await;
    let elsewhere = Policy { audience: "https://elsewhere.example.org".to_owned(), ..World::policy() };
    world.clock.advance(Duration::from_secs(700));
    for strangers in [other.accounts(), world.accounts_with(elsewhere)] {
        let token = log_in(&strangers).await.access_token;
        assert!(matches!(accounts.logout(token.expose()).await, Err(AuthenticateError::Refused)));
        strangers.authenticate(token.expose()).await.unwrap();
    }
}

#[tokio::test]
async fn sweeping_takes_nothing_that_lives() {
    let (world, caller) = (World::default(), World::caller());
    let accounts = world.accounts();
    ann(&world, &accounts).await;
    let tokens = log_in(&accounts).await;
    let issued = accounts.forgot(&caller, "ann@example.org".parse().unwrap()).await.unwrap();
    let code = world.mailed_code();
    let key = |name| DocumentKey::new("kind", "owner", name).unwrap();
    let now = world.ports.clock.now();
    for (name, expires_at) in [("lives", Some(now + Duration::from_secs(1))), ("endless", None), ("over", Some(now))] {
        let document = Document { key: key(name), expires_at, body: true.into() };
        assert_eq!(world.ports.documents.insert(&document).await.unwrap(), Inserted::Done);
    }
    accounts.sweep().await.unwrap();
    assert_eq!(world.memory.tables().documents.keys().collect::<Vec<_>>(), [&key("endless"), &key("lives")]);
    assert!(opens(&accounts, &tokens).await);
    accounts.reset(&caller, issued.id, code, password(OTHER)).await.unwrap();
}
