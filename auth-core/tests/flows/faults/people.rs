//! Register, confirm; and what an operator does.
use super::*;
use crate::person::*;
use auth_core::{user::*, value::*};
use std::cell::Cell;

async fn the_one_ann(world: &World) -> Option<User> {
    let by_login = world.ports.users.by_login(&"ann".parse().unwrap()).await.unwrap();
    let by_email = world.ports.users.by_email(&"ann@example.org".parse().unwrap()).await.unwrap();
    assert_eq!(by_login, by_email, "an account is there or not");
    by_login.map(|stored| stored.value)
}

#[tokio::test(start_paused = true)] // R5, S-18
async fn register() {
    at_every_call(
        MAILED,
        async |_| Cell::new(None),
        async |scene, issued| {
            let ask = ask("ann", "ann@example.org");
            issued.set(Some(scene.accounts().register(&World::caller(), ask).await?));
            Ok::<_, RegisterError>(())
        },
        async |world, issued, done| {
            assert_eq!(the_one_ann(world).await, None);
            if done {
                confirm_newest(world, issued.get().unwrap().id).await;
            }
        },
    )
    .await;
}

#[tokio::test(start_paused = true)] // R5, S-18
async fn resend() {
    at_every_call(
        MAILED,
        async |world| {
            let asked = ask("ann", "ann@example.org");
            let issued = world.accounts().register(&World::caller(), asked).await.unwrap();
            world.clock.advance(Duration::from_mins(2));
            world.post.take();
            issued.id
        },
        async |scene, id| scene.accounts().resend(&World::caller(), *id).await,
        async |world, id, done| {
            if done {
                confirm_newest(world, *id).await;
            }
        },
    )
    .await;
}

async fn confirm_newest(world: &World, id: CodeId) {
    world.accounts().confirm(&World::caller(), id, newest_code(world)).await.unwrap();
}

#[tokio::test(start_paused = true)] // R5, S-18
async fn confirm() {
    at_every_call(
        SHOWN,
        async |world| {
            let asked = ask("ann", "ann@example.org");
            let issued = world.accounts().register(&World::caller(), asked).await.unwrap();
            (issued.id, world.mailed_code())
        },
        async |scene, (id, code)| scene.accounts().confirm(&World::caller(), *id, code.clone()).await.map(drop),
        async |world, _, done| {
            let ann = the_one_ann(world).await;
            assert!(ann.is_some() || !done);
            if ann.is_some() {
                log_in(&world.accounts()).await;
            }
        },
    )
    .await;
}

#[tokio::test] // K-03
async fn who_confirms_second_never_takes_the_firsts_account_for_his_own() {
    for mishap in [Mishap::Fails, Mishap::LosesAnswer] {
        let scene = Scene::new(mishap);
        let asked = ask("ann", "ann@example.org");
        let issued = scene.world.accounts().register(&World::caller(), asked).await.unwrap();
        let code = scene.world.mailed_code();
        let confirm = async || scene.accounts().confirm(&World::caller(), issued.id, code.clone()).await;
        confirm().await.unwrap();
        scene.faulty.arm(Plan { at: usize::MAX, mishap, lasting: false });
        assert!(matches!(confirm().await, Err(ConfirmError::Refused)));
        let calls = scene.faulty.disarm();
        let insert = calls.iter().position(|call| call.to_string() == "users.insert").unwrap();
        scene.faulty.arm(Plan { at: insert + 1, mishap, lasting: false });
        assert!(matches!(confirm().await, Err(ConfirmError::Unavailable(_))), "the very same second, the same code");
    }
}

#[tokio::test(start_paused = true)] // R5, S-18
async fn create_user() {
    at_every_call(
        SHOWN,
        async |_| (),
        async |scene, ()| {
            let Registration { login, email, password } = ask("ann", "ann@example.org");
            let new =
                NewUser { login, email, password, locale: Locale::default(), roles: vec!["admin".parse().unwrap()] };
            scene.accounts().create_user(new).await.map(drop)
        },
        async |world, (), done| {
            let ann = the_one_ann(world).await;
            assert!(ann.is_some() || !done);
            if let Some(ann) = ann {
                assert_eq!(ann.roles.len(), 1);
                log_in(&world.accounts()).await;
            }
        },
    )
    .await;
}

#[tokio::test(start_paused = true)] // R5, S-18, P-32
async fn disable_user() {
    at_every_call(
        SHOWN,
        async |world| (ann(world, &world.accounts()).await.id, log_in(&world.accounts()).await),
        async |scene, (id, _)| scene.accounts().disable_user(*id).await.map(drop),
        async |world, (_, tokens), done| {
            let disabled = the_one_ann(world).await.unwrap().disabled;
            assert!(disabled || !done);
            assert_eq!(opens(&world.accounts(), tokens).await, !disabled);
        },
    )
    .await;
}

#[tokio::test(start_paused = true)] // R5, S-18, P-32
async fn enable_user() {
    at_every_call(
        SHOWN,
        async |world| {
            let (ann, tokens) = (ann(world, &world.accounts()).await, log_in(&world.accounts()).await);
            world.accounts().disable_user(ann.id).await.unwrap();
            (ann.id, tokens)
        },
        async |scene, (id, _)| scene.accounts().enable_user(*id).await.map(drop),
        async |world, (_, tokens), done| {
            assert!(!the_one_ann(world).await.unwrap().disabled || !done);
            assert!(!opens(&world.accounts(), tokens).await, "what has ended stays ended");
        },
    )
    .await;
}

#[tokio::test(start_paused = true)] // R5, S-18
async fn rename_user() {
    at_every_call(
        SHOWN,
        async |world| (ann(world, &world.accounts()).await.id, log_in(&world.accounts()).await),
        async |scene, (id, _)| {
            let (login, email) = ("eve".parse().unwrap(), "eve@example.org".parse().unwrap());
            scene.accounts().rename_user(*id, Some(login), Some(email)).await.map(drop)
        },
        async |world, (id, tokens), done| {
            let named = async |name: &str| {
                let email = format!("{name}@example.org").parse().unwrap();
                let by_login = world.ports.users.by_login(&name.parse().unwrap()).await.unwrap();
                let by_email = world.ports.users.by_email(&email).await.unwrap();
                [by_login, by_email].map(|found| found.is_some_and(|found| found.value.id == *id))
            };
            let moved = named("eve").await == [true; 2];
            assert!(moved || !done);
            assert_eq!((named("ann").await, named("eve").await), ([!moved; 2], [moved; 2]), "both names or none");
            assert_eq!(opens(&world.accounts(), tokens).await, !moved);
        },
    )
    .await;
}

#[tokio::test(start_paused = true)] // R5, S-18
async fn spell_a_users_email_anew() {
    at_every_call(
        SHOWN,
        async |world| (ann(world, &world.accounts()).await.id, log_in(&world.accounts()).await),
        async |scene, (id, _)| {
            let email = "ANN@example.org".parse().unwrap();
            scene.accounts().rename_user(*id, None, Some(email)).await.map(drop)
        },
        async |world, (_, tokens), done| {
            let written = the_one_ann(world).await.unwrap().email;
            assert!(written.as_str() == "ANN@example.org" || !done, "{written}");
            assert!(opens(&world.accounts(), tokens).await);
        },
    )
    .await;
}

#[tokio::test(start_paused = true)] // R5, S-18
async fn delete_user() {
    at_every_call(
        SHOWN,
        async |world| (ann(world, &world.accounts()).await.id, log_in(&world.accounts()).await),
        async |scene, (id, _)| scene.accounts().delete_user(*id).await.map(drop),
        async |world, (id, tokens), done| {
            let gone = the_one_ann(world).await.is_none();
            assert!(gone || !done);
            assert_eq!(world.ports.users.by_id(*id).await.unwrap().is_none(), gone);
            assert_eq!(opens(&world.accounts(), tokens).await, !gone);
        },
    )
    .await;
}
