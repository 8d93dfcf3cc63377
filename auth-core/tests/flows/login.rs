use crate::person::*;
use auth_core::{accounts::*, ports::*, testing::World, user::PasswordHash, value::*};
use std::time::Duration;

#[tokio::test]
async fn by_login_or_by_email_however_they_are_written() {
    let (world, caller) = (World::default(), World::caller());
    let accounts = world.accounts();
    let user = ann(&world, &accounts).await;
    for identifier in ["ann", " ANN ", "ann@example.org", "Ann@EXAMPLE.ORG "] {
        let tokens = accounts.login(&caller, attempt(identifier, GOOD)).await.unwrap();
        let who = accounts.authenticate(tokens.access_token.expose()).await.unwrap();
        assert_eq!(who.user.id, user.id, "{identifier}");
        assert_eq!(tokens.expires_in, Duration::from_mins(10));
        assert_eq!(tokens.refresh_expires_in, Duration::from_hours(14 * 24));
    }
}

#[tokio::test] // P-17
async fn whoever_is_refused_is_refused_alike() {
    let (world, caller) = (World::default(), World::caller());
    let accounts = world.accounts();
    let user = ann(&world, &accounts).await;
    let refused = async |identifier: &str, text: &str| {
        let refused = accounts.login(&caller, attempt(identifier, text)).await;
        assert!(matches!(refused, Err(LoginError::Refused)), "{identifier}");
    };
    refused("ann", OTHER).await;
    refused("nobody", GOOD).await;
    refused("nobody@example.org", GOOD).await;
    refused("neither a login nor an address", GOOD).await;
    assert_eq!(world.ledger.take()[0], Event::LoginRefused(Some(user.id)));
    accounts.disable_user(user.id).await.unwrap().unwrap();
    refused("ann", GOOD).await;
    accounts.enable_user(user.id).await.unwrap().unwrap();
    log_in(&accounts).await;
}

#[tokio::test] // P-13
async fn an_outdated_hash_is_made_anew_and_nothing_ends() {
    let (world, caller) = (World::default(), World::caller());
    let accounts = world.accounts();
    let user = ann(&world, &accounts).await;
    let before = log_in(&accounts).await;
    let old = PasswordHash(format!("yesterday:{GOOD}"));
    let changed = world.memory.change(user.id, |user| {
        user.password = old.clone();
        Change::Write
    });
    assert!(matches!(changed.await.unwrap(), Changed::Done(_)));
    accounts.login(&caller, attempt("ann", GOOD)).await.unwrap();
    let now = accounts.find_user(&Identifier::parse("ann")).await.unwrap().unwrap();
    assert_eq!(now.password.0, format!("plain:{GOOD}"));
    assert!(opens(&accounts, &before).await);
}

#[tokio::test] // P-32
async fn a_disabled_account_ends_everywhere_at_once() {
    let world = World::default();
    let accounts = world.accounts();
    let user = ann(&world, &accounts).await;
    let tokens = log_in(&accounts).await;
    accounts.disable_user(user.id).await.unwrap().unwrap();
    assert!(!opens(&accounts, &tokens).await);
    assert!(matches!(accounts.refresh(&tokens.refresh_token).await, Err(RefreshError::Ended)));
    accounts.enable_user(user.id).await.unwrap().unwrap();
    assert!(!opens(&accounts, &tokens).await, "R3");
}

#[tokio::test]
async fn an_operator_makes_an_account() {
    let (world, caller) = (World::default(), World::caller());
    let accounts = world.accounts();
    let new = |login: &str, email: &str| NewUser {
        login: login.parse().unwrap(),
        email: email.parse().unwrap(),
        password: password(GOOD),
        locale: Locale::default(),
        roles: vec!["admin".parse().unwrap()],
    };
    let root = accounts.create_user(new("root", "root@example.org")).await.unwrap();
    let taken = accounts.create_user(new("root", "other@example.org")).await;
    assert!(matches!(taken, Err(CreateUserError::LoginTaken)));
    let taken = accounts.create_user(new("other", "root@example.org")).await;
    assert!(matches!(taken, Err(CreateUserError::EmailTaken)));
    let weak = NewUser { password: password("short"), ..new("other", "other@example.org") };
    assert!(matches!(accounts.create_user(weak).await, Err(CreateUserError::Weak(_))));
    let tokens = accounts.login(&caller, attempt("root", GOOD)).await.unwrap();
    let who = accounts.authenticate(tokens.access_token.expose()).await.unwrap();
    assert_eq!((who.user.id, who.user.roles[0].as_str()), (root.id, "admin"));
    assert!(accounts.find_user(&Identifier::Nobody).await.unwrap().is_none());
    assert!(accounts.disable_user(UserId::from_bytes([0; 16])).await.unwrap().is_none());
}
