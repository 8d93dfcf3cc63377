//! Known and unknown e-mail take the same calls in the same order, to the last refusal (K-10, K-11, P-17).
use crate::person::*;
use auth_core::{
    accounts::*,
    testing::{Recorder, World},
    value::*,
};

/// What is called for an e-mail that has an account, and for one that has none.
async fn both(run: impl AsyncFn(&Accounts, Email)) -> [Vec<String>; 2] {
    let (world, recorder) = (World::default(), Recorder::default());
    ann(&world, &world.accounts()).await;
    let accounts = Accounts::new(world.ports.around(&recorder), world.secret.clone(), World::policy());
    let mut calls = Vec::new();
    for email in ["ann@example.org", "nobody@example.org"] {
        run(&accounts, email.parse().unwrap()).await;
        calls.push(recorder.take().iter().map(ToString::to_string).collect());
    }
    calls.try_into().unwrap()
}

#[tokio::test]
async fn register() {
    let [known, unknown] = both(async |accounts, email| {
        let ask = Registration { email, ..ask("bob", "bob@example.org") };
        let issued = accounts.register(&World::caller(), ask).await.unwrap();
        accounts.resend(&World::caller(), issued.id).await.unwrap();
    })
    .await;
    assert_eq!(known, unknown);
    assert!(known.iter().any(|call| call == "mailer.send"));
}

#[tokio::test]
async fn forgot_and_reset_by_guessing() {
    let [known, unknown] = both(async |accounts, email| {
        let issued = accounts.forgot(&World::caller(), email).await.unwrap();
        for n in 0..7 {
            let guess = code(&format!("{n:06}"));
            let refused = accounts.reset(&World::caller(), issued.id, guess, password(OTHER)).await;
            assert!(matches!(refused, Err(ResetError::Refused)));
        }
    })
    .await;
    assert_eq!(known, unknown);
    assert_eq!(known.iter().filter(|call| *call == "codes.redeem").count(), 7);
}

#[tokio::test] // P-18
async fn log_in() {
    let [known, unknown] = both(async |accounts, email| {
        let refused = accounts.login(&World::caller(), attempt(email.as_str(), OTHER)).await;
        assert!(matches!(refused, Err(LoginError::Refused)));
    })
    .await;
    assert_eq!(known, unknown);
    assert!(known.iter().any(|call| call == "hasher.verify"));
}
