//! RFC 7517, and OpenID Connect Discovery: the issuer's keys, where they are, and for how long they are good.
use crate::house::*;
use auth_core::token::TokenRefused;
use auth_guard::Why;
use serde_json::{Value, json};
use std::{sync::atomic::Ordering::SeqCst, time::Duration};

const MINUTES: fn(u64) -> Duration = Duration::from_mins;

/// What came of showing a token that the issuer signs now.
async fn outcome(house: &House) -> Result<(), Why> {
    house.shows(&house.token(&json!({})).await).await.map(|_| ()).map_err(|refused| refused.why().clone())
}

#[tokio::test]
async fn keys_are_fetched_once_and_kept_for_ten_minutes() {
    let house = House::new();
    for (pass, asked) in [(0, 1), (9, 1), (1, 2), (9, 2)] {
        house.clock.advance(MINUTES(pass));
        assert_eq!((outcome(&house).await, house.issuer.asked()), (Ok(()), asked));
    }
}

#[tokio::test] // S-21
async fn a_key_that_is_not_known_is_asked_for_at_most_once_in_half_a_minute() {
    let house = House::new();
    let old = house.token(&json!({})).await;
    assert!(house.shows(&old).await.is_ok());
    house.changes_keys();
    let unknown = Err(Why::Token(TokenRefused::UnknownKey));
    house.clock.advance(Duration::from_secs(29));
    assert_eq!((outcome(&house).await, house.issuer.asked()), (unknown, 1), "it was asked a moment ago");
    house.clock.advance(Duration::from_secs(1));
    assert_eq!((outcome(&house).await, house.issuer.asked()), (Ok(()), 2));
    let withdrawn = house.shows(&old).await.unwrap_err();
    assert_eq!((withdrawn.why(), house.issuer.asked()), (&Why::Token(TokenRefused::UnknownKey), 2));
}

#[tokio::test]
async fn a_known_key_is_known_whatever_else_is_asked_for() {
    let (house, stranger) = (House::new(), House::new());
    assert_eq!(outcome(&house).await, Ok(()));
    house.clock.advance(MINUTES(1));
    house.issuer.is_away.store(true, SeqCst);
    let refused = house.shows(&stranger.token(&json!({})).await).await.unwrap_err();
    assert_eq!((refused.why(), house.issuer.asked()), (&Why::Token(TokenRefused::UnknownKey), 2));
    assert_eq!((outcome(&house).await, house.issuer.asked()), (Ok(()), 2));
}

#[tokio::test]
async fn while_the_issuer_cannot_be_asked_its_keys_go_on_for_an_hour() {
    let house = House::new();
    assert_eq!(outcome(&house).await, Ok(()));
    house.issuer.is_away.store(true, SeqCst);
    house.clock.advance(MINUTES(10));
    assert_eq!((outcome(&house).await, house.issuer.asked()), (Ok(()), 2));
    house.clock.advance(Duration::from_secs(29));
    assert_eq!((outcome(&house).await, house.issuer.asked()), (Ok(()), 2), "it was asked a moment ago");
    house.clock.advance(Duration::from_secs(60 * 60 - 30));
    assert_eq!((outcome(&house).await, house.issuer.asked()), (Ok(()), 3));
    house.clock.advance(Duration::from_secs(1));
    assert_eq!((outcome(&house).await, house.issuer.asked()), (Err(Why::NoKeys), 3));

    house.issuer.is_away.store(false, SeqCst);
    house.clock.advance(Duration::from_secs(29));
    assert_eq!((outcome(&house).await, house.issuer.asked()), (Ok(()), 4));
}

#[tokio::test]
async fn what_the_issuer_has_withdrawn_is_not_good_when_it_can_be_asked() {
    let house = House::new();
    let old = house.token(&json!({ "exp": 2_000_000_000 })).await;
    assert!(house.shows(&old).await.is_ok());
    house.changes_keys();
    house.clock.advance(MINUTES(10));
    assert_eq!(*house.shows(&old).await.unwrap_err().why(), Why::Token(TokenRefused::UnknownKey));
}

#[tokio::test]
async fn however_many_ask_the_issuer_is_asked_once() {
    let house = House::new();
    let (a, b, c) = tokio::join!(outcome(&house), outcome(&house), outcome(&house));
    assert_eq!((a, b, c, house.issuer.asked()), (Ok(()), Ok(()), Ok(()), 1));

    house.changes_keys();
    house.clock.advance(MINUTES(1));
    let (a, b, c) = tokio::join!(outcome(&house), outcome(&house), outcome(&house));
    assert_eq!((a, b, c, house.issuer.asked()), (Ok(()), Ok(()), Ok(()), 2), "a new key is waited for by all");

    house.issuer.is_away.store(true, SeqCst);
    house.clock.advance(MINUTES(71));
    let (a, b, c) = tokio::join!(outcome(&house), outcome(&house), outcome(&house));
    let nothing = || Err(Why::NoKeys);
    assert_eq!((a, b, c, house.issuer.asked()), (nothing(), nothing(), nothing(), 3));
}

#[tokio::test]
async fn while_one_asks_others_go_on_with_what_was_found_before() {
    let house = House::new();
    assert_eq!(outcome(&house).await, Ok(()));
    house.clock.advance(MINUTES(10));
    let gate = house.issuer.gate.lock().await;
    let first = outcome(&house);
    let meanwhile = async {
        while house.issuer.asked() < 2 {
            tokio::task::yield_now().await;
        }
        tokio::select! {
            biased;
            other = outcome(&house) => assert_eq!(other, Ok(())),
            () = tokio::task::yield_now() => panic!("it waits for the issuer"),
        }
        drop(gate);
    };
    let (first, ()) = tokio::join!(first, meanwhile);
    assert_eq!((first, house.issuer.asked()), (Ok(()), 2));
}

#[tokio::test]
async fn whoever_goes_before_the_answer_takes_it_from_nobody() {
    let house = House::new();
    let gate = house.issuer.gate.lock().await;
    let goes = async {
        while house.issuer.asked() < 1 {
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        _ = outcome(&house) => panic!("the issuer has not answered"),
        () = goes => {}
    }
    drop(gate);
    assert_eq!((outcome(&house).await, house.issuer.asked()), (Ok(()), 1));
}

#[tokio::test]
async fn section_4_3_the_issuer_calls_itself_as_it_is_called_here() {
    for (member, value) in [
        ("issuer", json!("https://id.example/")),
        ("issuer", json!("https://other.example")),
        ("issuer", Value::Null),
        ("jwks_uri", Value::Null),
        ("jwks_uri", json!(KEYS_WITHOUT_TLS)),
    ] {
        let house = House::new();
        house.issuer.configuration.lock().unwrap()[member] = value.clone();
        assert_eq!(outcome(&house).await, Err(Why::NoKeys), "{member} {value}");
    }
    // A slash at its end is part of its name, and not of the way to its document (section 4.1).
    let (house, name) = (House::new(), "https://id.example/");
    house.issuer.configuration.lock().unwrap()["issuer"] = json!(name);
    let guard = auth_guard::Guard::new(name, API, house.issuer.clone(), house.clock.clone());
    let shown = format!("Bearer {}", house.token(&json!({ "iss": name })).await);
    assert!(guard.check(Some(&shown)).await.is_ok());
}

#[tokio::test]
async fn section_5_keys_that_are_not_understood_are_passed_over() {
    let house = House::new();
    let others = [json!({ "kty": "oct", "k": "AAAA", "kid": "a", "alg": "HS256", "use": "sig" }), json!(1), json!({})];
    *house.issuer.other_keys.lock().unwrap() = others.to_vec();
    assert_eq!(outcome(&house).await, Ok(()));

    // Those that are understood, and nothing else, make the set a good one.
    house.issuer.ring.replace(auth_core::keys::KeySet::default());
    let guard = auth_guard::Guard::new(ISSUER, API, house.issuer.clone(), house.clock.clone());
    assert_eq!(*guard.check(Some("Bearer a.b.c")).await.unwrap_err().why(), Why::NoKeys);
}

#[tokio::test]
async fn section_4_2_a_key_that_is_for_something_else_checks_no_token() {
    let (house, other) = (House::new(), House::new());
    for (usage, expected) in [("enc", Some(TokenRefused::UnknownKey)), ("sig", None)] {
        let mut key =
            serde_json::to_value(auth_core::ports::Keyring::public_keys(&other.issuer.ring)).unwrap()[0].take();
        key["use"] = json!(usage);
        *house.issuer.other_keys.lock().unwrap() = vec![key];
        let guard = auth_guard::Guard::new(ISSUER, API, house.issuer.clone(), house.clock.clone());
        let shown = format!("Bearer {}", other.token(&json!({})).await);
        let refused = guard.check(Some(&shown)).await.err().map(|refused| refused.why().clone());
        assert_eq!(refused, expected.map(Why::Token), "{usage}");
    }
}
