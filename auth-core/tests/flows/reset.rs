use crate::person::*;
use auth_core::{accounts::*, ports::*, testing::World};
use std::time::Duration;

#[tokio::test] // K-24, K-25
async fn a_reset_sets_the_password_and_ends_every_session() {
    let (world, caller) = (World::default(), World::caller());
    let accounts = world.accounts();
    let user = ann(&world, &accounts).await;
    let before = log_in(&accounts).await;
    let issued = accounts.forgot(&caller, "ANN@example.org".parse().unwrap()).await.unwrap();
    assert!(opens(&accounts, &before).await, "K-13: nothing changes until a code is shown");
    let letters = world.post.take();
    let [Letter { to, mail: Mail::ResetPassword { code, .. }, .. }] = &letters[..] else { panic!("{letters:?}") };
    assert_eq!(to.as_str(), "Ann@example.org", "K-15");
    world.ledger.take();

    accounts.reset(&caller, issued.id, code.clone(), password(OTHER)).await.unwrap();
    assert!(!opens(&accounts, &before).await);
    assert!(matches!(accounts.refresh(&before.refresh_token).await, Err(RefreshError::Ended)));
    let old = accounts.login(&caller, attempt("ann", GOOD)).await;
    assert!(matches!(old, Err(LoginError::Refused)));
    accounts.login(&caller, attempt("ann", OTHER)).await.unwrap();
    assert!(world.ledger.take().contains(&Event::PasswordChanged(user.id, PasswordChange::Reset)));
    let letters = world.post.take(); // P-30
    assert!(matches!(&letters[..], [Letter { mail: Mail::PasswordChanged { how: PasswordChange::Reset, .. }, .. }]));

    let again = accounts.reset(&caller, issued.id, code.clone(), password(GOOD)).await;
    assert!(matches!(again, Err(ResetError::Refused)));
}

#[tokio::test] // K-12
async fn a_stranger_gets_the_same_answer_and_no_mail() {
    let (world, caller) = (World::default(), World::caller());
    let accounts = world.accounts();
    let user = ann(&world, &accounts).await;
    let unknown = accounts.forgot(&caller, "nobody@example.org".parse().unwrap()).await.unwrap();
    assert_eq!(unknown.expires_in, Duration::from_mins(10));
    accounts.disable_user(user.id).await.unwrap();
    accounts.forgot(&caller, "ann@example.org".parse().unwrap()).await.unwrap();
    assert!(world.post.take().is_empty());
}

#[tokio::test] // K-26
async fn a_weak_password_burns_no_code() {
    let (world, caller) = (World::default(), World::caller());
    let accounts = world.accounts();
    ann(&world, &accounts).await;
    let issued = accounts.forgot(&caller, "ann@example.org".parse().unwrap()).await.unwrap();
    let code = world.mailed_code();
    for _ in 0..9 {
        let weak = accounts.reset(&caller, issued.id, code.clone(), password("short")).await;
        assert!(matches!(weak, Err(ResetError::Weak(_))));
    }
    accounts.reset(&caller, issued.id, code, password(OTHER)).await.unwrap();
}

#[tokio::test] // K-24
async fn a_new_password_kills_the_codes_that_are_out() {
    let (world, caller) = (World::default(), World::caller());
    let accounts = world.accounts();
    ann(&world, &accounts).await;
    let tokens = log_in(&accounts).await;
    let issued = accounts.forgot(&caller, "ann@example.org".parse().unwrap()).await.unwrap();
    let code = world.mailed_code();
    let who = accounts.authenticate(tokens.access_token.expose()).await.unwrap();
    accounts.change_password(&who, password(GOOD), password(OTHER)).await.unwrap();
    let late = accounts.reset(&caller, issued.id, code, password(GOOD)).await;
    assert!(matches!(late, Err(ResetError::Refused)));
}

#[tokio::test] // K-05
async fn a_newer_code_kills_the_older() {
    let (world, caller) = (World::default(), World::caller());
    let accounts = world.accounts();
    ann(&world, &accounts).await;
    let first = accounts.forgot(&caller, "ann@example.org".parse().unwrap()).await.unwrap();
    let first_code = world.mailed_code();
    let second = accounts.forgot(&caller, "ann@example.org".parse().unwrap()).await.unwrap();
    let second_code = world.mailed_code();
    let old = accounts.reset(&caller, first.id, first_code, password(OTHER)).await;
    assert!(matches!(old, Err(ResetError::Refused)));
    accounts.reset(&caller, second.id, second_code, password(OTHER)).await.unwrap();
}
