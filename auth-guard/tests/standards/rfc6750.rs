//! RFC 6750: how a token is shown, and what is said to whoever is refused.
use crate::house::*;
use auth_guard::Why;
use proptest::prelude::*;
use serde_json::json;
use std::sync::atomic::Ordering::SeqCst;

#[tokio::test]
async fn section_2_1_the_scheme_is_read_in_any_case() {
    let house = House::new();
    let token = house.token(&json!({})).await;
    for scheme in ["Bearer", "bearer", "BEARER", "Bearer  "] {
        assert!(house.guard.check(Some(&format!("{scheme} {token}"))).await.is_ok(), "{scheme}");
    }
}

#[tokio::test]
async fn section_3_without_a_token_no_error_is_named() {
    let house = House::new();
    let token = house.token(&json!({})).await;
    for shown in [None, Some(""), Some("Bearer"), Some("Basic YTpi"), Some(&format!("DPoP {token}")), Some(&token)] {
        let refused = house.guard.check(shown).await.unwrap_err();
        assert_eq!((refused.why(), refused.status()), (&Why::NoToken, 401), "{shown:?}");
        assert_eq!(refused.www_authenticate().as_deref(), Some("Bearer"));
    }
    assert_eq!(house.issuer.asked(), 0, "nothing was shown that could be checked");
}

#[tokio::test] // S-24, S-25
async fn section_3_1_whatever_is_no_token_is_refused_and_not_told_why() {
    let house = House::new();
    let token = house.token(&json!({})).await;
    let odd =
        ["Bearer ", "Bearer a", "Bearer a.b.c", "Bearer é", "Bearer \u{0}", "Bearer a, Bearer b"].map(str::to_owned);
    let late = house.token(&json!({ "exp": 1 })).await;
    let more =
        [format!("Bearer {token} "), format!("Bearer {token}.x"), format!("Bearer {token},"), format!("Bearer {late}")];
    for shown in odd.iter().chain(&more) {
        let refused = house.guard.check(Some(shown)).await.unwrap_err();
        assert_eq!(refused.status(), 401, "{shown}");
        let expected = r#"Bearer error="invalid_token", error_description="the token is not for this service, or its time is over""#;
        assert_eq!(refused.www_authenticate().as_deref(), Some(expected), "{shown}");
    }
}

#[tokio::test]
async fn section_3_1_a_scope_that_is_needed_is_named() {
    let house = House::new();
    let access = house.shows(&house.token(&json!({})).await).await.unwrap();
    assert!(access.requires(&[]).is_ok() && access.requires(&["write", "read"]).is_ok());
    let refused = access.requires(&["read", "delete"]).unwrap_err();
    assert_eq!(refused.status(), 403);
    let expected = r#"Bearer error="insufficient_scope", error_description="the token does not reach so far", scope="read delete""#;
    assert_eq!(refused.www_authenticate().as_deref(), Some(expected));

    // A token without a scope reaches to nothing.
    let access = house.shows(&house.token(&json!({ "scope": null })).await).await.unwrap();
    assert!(access.requires(&[]).is_ok() && access.requires(&["read"]).is_err());
}

#[tokio::test]
async fn whoever_cannot_be_judged_is_told_that_it_is_not_their_token() {
    let house = House::new();
    house.issuer.is_away.store(true, SeqCst);
    let refused = house.shows(&house.token(&json!({})).await).await.unwrap_err();
    assert_eq!((refused.why(), refused.status(), refused.www_authenticate()), (&Why::NoKeys, 503, None));
}

proptest! {
    #[test]
    fn section_3_whatever_a_scope_is_called_the_challenge_is_one_header_of_four_parameters(word in "\\PC*|.*|[\"\\\\ ,=]*") {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let access = runtime.block_on(async {
            let house = House::new();
            house.shows(&house.token(&json!({})).await).await.unwrap()
        });
        let challenge = access.requires(&[&format!("{word}!none")]).unwrap_err().www_authenticate().unwrap();
        prop_assert!(challenge.bytes().all(|byte| (b' '..=b'~').contains(&byte)), "{}", challenge);
        let scope = challenge.split_once("scope=\"").unwrap().1;
        let mut escaped = false;
        let ends: Vec<_> = scope.char_indices().filter(|(_, letter)| {
            let ends = *letter == '"' && !escaped;
            escaped = *letter == '\\' && !escaped;
            ends
        }).map(|(at, _)| at).collect();
        prop_assert_eq!(ends, [scope.len() - 1], "{}", challenge);
    }
}
