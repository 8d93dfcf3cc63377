//! Log in, refresh, authenticate, log out; the list of sessions; sweeping.
use super::*;
use crate::person::*;
use auth_core::user::PasswordHash;
use std::cell::RefCell;

/// Somebody who is logged in.
async fn signed_in(world: &World) -> Tokens {
    ann(world, &world.accounts()).await;
    log_in(&world.accounts()).await
}

/// Good tokens, and those that they turn into.
async fn they_open(world: &World, tokens: &Tokens) {
    let accounts = world.accounts();
    assert!(opens(&accounts, tokens).await);
    let next = accounts.refresh(&tokens.refresh_token).await.unwrap();
    assert!(opens(&accounts, &next).await);
}

#[tokio::test(start_paused = true)] // R5, S-18
async fn login() {
    at_every_call(
        SHOWN,
        async |world| {
            ann(world, &world.accounts()).await;
            RefCell::default()
        },
        into_a_session,
        async |world, tokens, done| {
            if done {
                they_open(world, tokens.take().as_ref().unwrap()).await;
            }
        },
    )
    .await;
}

async fn into_a_session(scene: &Scene, tokens: &RefCell<Option<Tokens>>) -> Result<(), LoginError> {
    let entered = scene.accounts().login(&World::caller(), attempt("ann@example.org", GOOD)).await?;
    tokens.replace(Some(entered));
    Ok(())
}

#[tokio::test(start_paused = true)] // R5, S-18, P-13
async fn login_with_a_hash_of_yesterday() {
    let yesterdays = PasswordHash(format!("yesterday:{GOOD}"));
    at_every_call(
        SHOWN,
        async |world| {
            let id = ann(world, &world.accounts()).await.id;
            let changed = world.ports.users.change(id, |user| {
                user.password = yesterdays.clone();
                Change::Write
            });
            assert!(matches!(changed.await.unwrap(), Changed::Done(_)));
            RefCell::default()
        },
        into_a_session,
        async |world, tokens, done| {
            let user = world.ports.users.by_login(&"ann".parse().unwrap()).await.unwrap().unwrap().value;
            assert!([&yesterdays.0, &format!("plain:{GOOD}")].contains(&&user.password.0));
            if done {
                they_open(world, tokens.take().as_ref().unwrap()).await;
            }
        },
    )
    .await;
}

#[tokio::test(start_paused = true)] // R5, S-18
async fn refresh() {
    at_every_call(
        SHOWN,
        async |world| (signed_in(world).await.refresh_token, RefCell::new(None)),
        async |scene, (token, next)| {
            next.replace(Some(scene.accounts().refresh(token).await?));
            Ok::<_, RefreshError>(())
        },
        async |world, (_, next), done| {
            if done {
                they_open(world, next.take().as_ref().unwrap()).await;
            }
        },
    )
    .await;
}

#[tokio::test(start_paused = true)] // R5, S-18
async fn authenticate() {
    at_every_call(
        SHOWN,
        signed_in,
        async |scene, tokens| scene.accounts().authenticate(tokens.access_token.expose()).await.map(drop),
        async |world, tokens, _| they_open(world, tokens).await,
    )
    .await;
}

#[tokio::test(start_paused = true)] // R5, S-18, S-26
async fn logout() {
    at_every_call(
        SHOWN,
        signed_in,
        async |scene, tokens| scene.accounts().logout(tokens.access_token.expose()).await,
        async |world, tokens, done| assert!(!done || !opens(&world.accounts(), tokens).await),
    )
    .await;
}

async fn identified(world: &World) -> (Tokens, Identity) {
    let tokens = signed_in(world).await;
    let who = world.accounts().authenticate(tokens.access_token.expose()).await.unwrap();
    (tokens, who)
}

#[tokio::test(start_paused = true)] // R5, S-18, S-26
async fn logout_all() {
    at_every_call(
        SHOWN,
        identified,
        async |scene, (_, who)| scene.accounts().logout_all(who).await,
        async |world, (tokens, _), done| assert!(!done || !opens(&world.accounts(), tokens).await),
    )
    .await;
}

#[tokio::test(start_paused = true)] // R5, S-18, S-26
async fn end_session() {
    at_every_call(
        SHOWN,
        identified,
        async |scene, (_, who)| scene.accounts().end_session(who, who.session.id).await,
        async |world, (tokens, _), done| assert!(!done || !opens(&world.accounts(), tokens).await),
    )
    .await;
}

#[tokio::test(start_paused = true)] // R5, S-18
async fn the_list_of_sessions() {
    at_every_call(
        SHOWN,
        identified,
        async |scene, (_, who)| {
            let list = scene.accounts().sessions(who).await?;
            assert_eq!(list, std::slice::from_ref(&who.session));
            Ok::<_, Unavailable>(())
        },
        async |world, (tokens, _), _| assert!(opens(&world.accounts(), tokens).await),
    )
    .await;
}

#[tokio::test(start_paused = true)] // R5, S-18
async fn sweep() {
    at_every_call(
        SHOWN,
        signed_in,
        async |scene, _| scene.accounts().sweep().await,
        async |world, tokens, _| assert!(opens(&world.accounts(), tokens).await),
    )
    .await;
}
