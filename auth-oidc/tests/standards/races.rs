//! Many at once: one wins, whoever they are.
use crate::{house::*, rfc8628};
use auth_oidc::{
    authorize::Decision,
    device::DeviceAnswer,
    error::{Error, ErrorCode::*},
};
use serde_json::json;
use std::sync::Arc;
use tokio::{sync::Barrier, task::JoinSet};

const RACERS: usize = 16;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)] // O-07
async fn of_sixteen_who_show_one_code_one_gets_tokens_and_they_die_with_the_others() {
    let (house, gate) = (Arc::new(House::new().await), Arc::new(Barrier::new(RACERS)));
    let app = house.app(json!({})).await;
    let code = house.code(&app, &[]).await;
    let mut racers = JoinSet::new();
    for _ in 0..RACERS {
        let (house, gate, app, code) = (house.clone(), gate.clone(), app.clone(), code.clone());
        racers.spawn(async move {
            gate.wait().await;
            house.exchange(&app, &code).await
        });
    }
    let (won, lost): (Vec<_>, Vec<_>) = racers.join_all().await.into_iter().partition(Result::is_ok);
    // The replay may come before the winner has its answer: then nobody gets one.
    assert!(won.len() <= 1, "{}", won.len());
    for lost in lost {
        assert!(matches!(lost, Err(Error::Refused(refusal)) if refusal.code == InvalidGrant));
    }
    for won in won.into_iter().flatten() {
        assert!(!house.opens(&won).await);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)] // S-17
async fn sixteen_who_show_one_refresh_token_get_one_successor() {
    let (house, gate) = (Arc::new(House::new().await), Arc::new(Barrier::new(RACERS)));
    let app = house.app(json!({})).await;
    let tokens = house.tokens(&app, &[]).await;
    let mut racers = JoinSet::new();
    for _ in 0..RACERS {
        let (house, gate, app, tokens) = (house.clone(), gate.clone(), app.clone(), tokens.clone());
        racers.spawn(async move {
            gate.wait().await;
            house.refresh(&app, &tokens).await.unwrap().refresh_token.unwrap().expose().to_owned()
        });
    }
    let mut successors = racers.join_all().await;
    successors.dedup();
    assert_eq!(successors.len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)] // O-07
async fn of_sixteen_who_show_one_device_code_one_gets_tokens_and_they_die_with_the_others() {
    let (house, gate) = (Arc::new(House::new().await), Arc::new(Barrier::new(RACERS)));
    let tv = rfc8628::tv(&house).await;
    let device = rfc8628::allowed(&house, &tv).await;
    let mut racers = JoinSet::new();
    for _ in 0..RACERS {
        let (house, gate, tv, device) = (house.clone(), gate.clone(), tv.clone(), device.clone());
        racers.spawn(async move {
            gate.wait().await;
            rfc8628::poll(&house, &tv, &device).await
        });
    }
    let (won, lost): (Vec<_>, Vec<_>) = racers.join_all().await.into_iter().partition(Result::is_ok);
    // A later one may come before the winner has its answer: then nobody gets one.
    assert!(won.len() <= 1, "{}", won.len());
    for lost in lost {
        assert_eq!(code_of(lost), InvalidGrant);
    }
    for won in won.into_iter().flatten() {
        assert_eq!(code_of(house.refresh(&tv, &won).await), InvalidGrant);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_sixteen_who_let_one_device_in_one_does() {
    let (house, gate) = (Arc::new(House::new().await), Arc::new(Barrier::new(RACERS)));
    let (tv, ann) = (rfc8628::tv(&house).await, house.sign_in().await.who);
    let device = rfc8628::ask(&house, &tv).await;
    let request = rfc8628::look(&house, &ann, &device.user_code).await.unwrap();
    let ticket = house.provider.device_ticket(&request, &ann);
    let mut racers = JoinSet::new();
    for _ in 0..RACERS {
        let (house, gate, ann, device, ticket) =
            (house.clone(), gate.clone(), ann.clone(), device.clone(), ticket.clone());
        racers.spawn(async move {
            gate.wait().await;
            house.provider.answer_device(&ann, &device.user_code, Some(&ticket), Decision::Allow).await.unwrap()
        });
    }
    let answers = racers.join_all().await;
    assert_eq!(answers.iter().filter(|answer| **answer == DeviceAnswer::Taken).count(), 1);
    let sessions = house.world.ports.sessions.of_user(ann.user.id).await.unwrap();
    let now = house.world.ports.clock.now();
    let live = sessions.iter().filter(|session| session.grant.is_some() && session.is_live(now));
    assert_eq!(live.count(), 1, "nothing is left of the others");
    rfc8628::poll(&house, &tv, &device).await.unwrap();
}
