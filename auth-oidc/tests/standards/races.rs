//! Many at once: one wins, whoever they are.
use crate::house::*;
use auth_oidc::error::{Error, ErrorCode::*};
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
