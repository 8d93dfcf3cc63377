//! Forgot, reset, change: a password is the old one or the new one, and the sessions accordingly.
use super::*;
use crate::person::*;
use std::cell::Cell;

/// Whether the new password is the one that works: then the epoch has moved on, and else nothing has happened.
async fn is_changed(world: &World, epoch: u32) -> bool {
    let user = world.ports.users.by_login(&"ann".parse().unwrap()).await.unwrap().unwrap().value;
    let changed = user.password.0 == format!("plain:{OTHER}");
    assert!(changed || user.password.0 == format!("plain:{GOOD}"));
    assert_eq!(user.epoch, epoch.wrapping_add(changed.into()));
    changed
}

/// Somebody who registered so long ago that none of it counts any more.
async fn ann_of_old(world: &World) -> u32 {
    let user = ann(world, &world.accounts()).await;
    world.clock.advance(Duration::from_hours(24));
    user.epoch
}

#[tokio::test(start_paused = true)] // R5, S-18, K-13
async fn forgot() {
    at_every_call(
        MAILED,
        async |world| (ann_of_old(world).await, Cell::new(None)),
        async |scene, (_, issued)| {
            let email = "ann@example.org".parse().unwrap();
            issued.set(Some(scene.accounts().forgot(&World::caller(), email).await?));
            Ok::<_, ForgotError>(())
        },
        async |world, (epoch, issued), done| {
            assert!(!is_changed(world, *epoch).await);
            if done {
                let id = issued.get().unwrap().id;
                world.accounts().reset(&World::caller(), id, newest_code(world), password(OTHER)).await.unwrap();
            }
        },
    )
    .await;
}

#[tokio::test(start_paused = true)] // R5, S-18, K-24
async fn reset() {
    at_every_call(
        SHOWN,
        async |world| {
            let epoch = ann_of_old(world).await;
            let (accounts, tokens) = (world.accounts(), log_in(&world.accounts()).await);
            let issued = accounts.forgot(&World::caller(), "ann@example.org".parse().unwrap()).await.unwrap();
            (epoch, tokens, issued.id, world.mailed_code())
        },
        async |scene, (_, _, id, code)| {
            scene.accounts().reset(&World::caller(), *id, code.clone(), password(OTHER)).await
        },
        async |world, (epoch, tokens, ..), done| {
            let changed = is_changed(world, *epoch).await;
            assert!(changed || !done);
            assert_eq!(opens(&world.accounts(), tokens).await, !changed);
        },
    )
    .await;
}

#[tokio::test(start_paused = true)] // R5, S-18
async fn change() {
    at_every_call(
        SHOWN,
        async |world| {
            let epoch = ann_of_old(world).await;
            let (here, there) = (log_in(&world.accounts()).await, log_in(&world.accounts()).await);
            let who = world.accounts().authenticate(here.access_token.expose()).await.unwrap();
            (epoch, here, there, who)
        },
        async |scene, (.., who)| scene.accounts().change_password(who, password(GOOD), password(OTHER)).await,
        async |world, (epoch, here, there, _), done| {
            let changed = is_changed(world, *epoch).await;
            assert!(changed || !done);
            assert!(opens(&world.accounts(), here).await);
            assert_eq!(opens(&world.accounts(), there).await, !changed);
        },
    )
    .await;
}

#[tokio::test(start_paused = true)] // R5, P-21
async fn a_wrong_password() {
    at_every_call(
        SHOWN,
        ann_of_old,
        async |scene, _| match scene.accounts().login(&World::caller(), attempt("ann", OTHER)).await {
            Err(LoginError::Refused) => Ok(()),
            Err(other) => Err(other),
            Ok(_) => panic!("let in"),
        },
        async |world, epoch, done| {
            assert!(!is_changed(world, *epoch).await);
            let lapsed = world.ports.clock.now() + Duration::from_mins(1);
            let counts = world.memory.tables().counters.values().any(|counter| counter.over_at > lapsed);
            assert!(counts || !done, "nobody is told of a try that does not count");
        },
    )
    .await;
}
