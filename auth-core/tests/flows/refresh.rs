use crate::person::*;
use auth_core::{accounts::*, ports::*, refresh_token::RefreshToken, secrets::Mac, testing::World, value::*};
use std::time::Duration;

async fn ended(accounts: &Accounts, token: &Secret) -> bool {
    matches!(accounts.refresh(token).await, Err(RefreshError::Ended))
}

#[tokio::test] // S-16, S-17
async fn two_tabs_get_one_successor_and_a_thief_ends_the_chain() {
    let world = World::default();
    let accounts = world.accounts();
    ann(&world, &accounts).await;
    let first = log_in(&accounts).await;
    let second = accounts.refresh(&first.refresh_token).await.unwrap();
    let again = accounts.refresh(&first.refresh_token).await.unwrap();
    assert_eq!(second.refresh_token.expose(), again.refresh_token.expose());
    assert!(opens(&accounts, &second).await && opens(&accounts, &again).await);

    let third = accounts.refresh(&second.refresh_token).await.unwrap();
    world.ledger.take();
    assert!(ended(&accounts, &first.refresh_token).await, "two behind: a replay");
    assert!(matches!(world.ledger.take()[..], [Event::SessionReplayed(_)]));
    assert!(ended(&accounts, &third.refresh_token).await, "for its owner too");
    assert!(!opens(&accounts, &third).await);
}

#[tokio::test]
async fn the_grace_is_short() {
    let world = World::default();
    let accounts = world.accounts();
    ann(&world, &accounts).await;
    let first = log_in(&accounts).await;
    let second = accounts.refresh(&first.refresh_token).await.unwrap();
    world.clock.advance(Duration::from_secs(30));
    assert!(ended(&accounts, &first.refresh_token).await);
    assert!(ended(&accounts, &second.refresh_token).await);
}

#[tokio::test] // S-03, S-20
async fn a_session_ends_when_idle_and_in_any_case() {
    let world = World::default();
    let accounts = world.accounts();
    ann(&world, &accounts).await;
    let day = Duration::from_hours(24);
    let idle = log_in(&accounts).await;
    let mut busy = log_in(&accounts).await;
    for _ in 0..29 {
        world.clock.advance(day);
        busy = accounts.refresh(&busy.refresh_token).await.unwrap();
    }
    assert!(ended(&accounts, &idle.refresh_token).await);
    assert_eq!(busy.refresh_expires_in, day);
    world.clock.advance(day);
    assert!(ended(&accounts, &busy.refresh_token).await);
    assert!(!opens(&accounts, &busy).await);
}

#[tokio::test]
async fn knowing_the_name_of_a_session_ends_nothing() {
    let world = World::default();
    let accounts = world.accounts();
    ann(&world, &accounts).await;
    let tokens = log_in(&accounts).await;
    let tokens = accounts.refresh(&tokens.refresh_token).await.unwrap();
    let genuine = RefreshToken::parse(&tokens.refresh_token, accounts.secret()).unwrap();
    for generation in [0, 1, 2, u32::MAX] {
        let forged = RefreshToken { generation, mac: Mac([7; 32]), ..genuine.clone() };
        assert!(ended(&accounts, &forged.reveal(accounts.secret())).await);
    }
    accounts.refresh(&tokens.refresh_token).await.unwrap();
}

#[tokio::test]
async fn other_texts_are_refused() {
    let world = World::default();
    let accounts = world.accounts();
    ann(&world, &accounts).await;
    let tokens = log_in(&accounts).await;
    let text = tokens.refresh_token.expose();
    for text in ["", "rt_", &text[..text.len() - 1], &format!("{text}A"), tokens.access_token.expose()] {
        assert!(ended(&accounts, &Secret::new(text.to_owned())).await); // S-15
    }
    assert!(accounts.authenticate(text).await.is_err());
}
