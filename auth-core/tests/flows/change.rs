use crate::person::*;
use auth_core::{accounts::*, ports::*, testing::World};

#[tokio::test]
async fn a_change_ends_every_other_session_and_keeps_this_one() {
    let world = World::default();
    let accounts = world.accounts();
    ann(&world, &accounts).await;
    let (here, there) = (log_in(&accounts).await, log_in(&accounts).await);
    let who = accounts.authenticate(here.access_token.expose()).await.unwrap();
    accounts.change_password(&who, password(GOOD), password(OTHER)).await.unwrap();
    assert!(opens(&accounts, &here).await);
    let here = accounts.refresh(&here.refresh_token).await.unwrap();
    assert!(!opens(&accounts, &there).await);
    assert!(matches!(accounts.refresh(&there.refresh_token).await, Err(RefreshError::Ended)));
    let letters = world.post.take(); // P-30
    assert!(matches!(&letters[..], [Letter { mail: Mail::PasswordChanged { how: PasswordChange::Changed, .. }, .. }]));

    let who = accounts.authenticate(here.access_token.expose()).await.unwrap();
    assert_eq!(accounts.sessions(&who).await.unwrap().len(), 1);
    accounts.logout_all(&who).await.unwrap();
    assert!(!opens(&accounts, &here).await, "spared once, not for ever");
}

#[tokio::test] // P-10, S-07
async fn the_current_password_must_be_shown() {
    let world = World::default();
    let accounts = world.accounts();
    ann(&world, &accounts).await;
    let tokens = log_in(&accounts).await;
    let who = accounts.authenticate(tokens.access_token.expose()).await.unwrap();
    let wrong = accounts.change_password(&who, password(OTHER), password(OTHER)).await;
    assert!(matches!(wrong, Err(ChangePasswordError::Refused)));
    let weak = accounts.change_password(&who, password(GOOD), password("short")).await;
    assert!(matches!(weak, Err(ChangePasswordError::Weak(_))));
    log_in(&accounts).await;
}

#[tokio::test]
async fn a_session_that_has_ended_since_changes_nothing() {
    let world = World::default();
    let accounts = world.accounts();
    ann(&world, &accounts).await;
    let tokens = log_in(&accounts).await;
    let who = accounts.authenticate(tokens.access_token.expose()).await.unwrap();
    accounts.logout_all(&who).await.unwrap();
    let late = accounts.change_password(&who, password(GOOD), password(OTHER)).await;
    assert!(matches!(late, Err(ChangePasswordError::Refused)));
    log_in(&accounts).await;
}
