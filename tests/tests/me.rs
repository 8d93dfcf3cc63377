//! Me: who the access token says I am, and all the things that are no access token.
use tests::*;

#[tokio::test]
async fn it_tells_the_account_and_no_secret() {
    let server = Server::start().await;
    let ann = Person::new("ann");
    let tokens = ann.arrive(&server).await;
    let me = server.api().me(&tokens.access).await.expect(200);
    assert_eq!((me.word("login"), me.word("email")), (ann.login, ann.email));
    assert_eq!(me.header("cache-control"), "no-store");
    for word in ["password", "hash", "$argon2", "epoch"] {
        assert!(!me.text.contains(word), "{word} in {me}");
    }
}

#[tokio::test] // S-24, RFC 6750
async fn without_a_token_there_is_a_challenge() {
    let server = Server::start().await;
    let bare = server.api().get("/api/v1/auth/me").await;
    bare.refused(401, "invalid_token");
    assert!(bare.header("www-authenticate").starts_with("Bearer"));
}

#[tokio::test] // S-10, S-11, S-12, S-14, S-15
async fn nothing_else_passes_for_an_access_token() {
    let server = Server::start().await;
    let tokens = Person::new("ann").arrive(&server).await;
    let good = &tokens.access;
    let [header, claims, signature] = good.split('.').collect::<Vec<_>>()[..] else { panic!("three parts: {good}") };
    let unsigned = base64url(r#"{"alg":"none","typ":"at+jwt"}"#);
    let mac = base64url(r#"{"alg":"HS256","typ":"at+jwt"}"#);
    let others = [
        format!("{unsigned}.{claims}."),
        format!("{unsigned}.{claims}.{signature}"),
        format!("{mac}.{claims}.{signature}"),
        format!("{header}.{claims}."),
        format!("{header}.{claims}"),
        format!("{header}.{claims}.{signature}."),
        format!("{header}.{claims}.{signature}="),
        format!("{header}.{}.{signature}", base64url("{}")),
        format!("{header}.{claims}.{}", &signature[..signature.len() - 1]),
        format!("{header}.{claims}.{signature}A"),
        tokens.refresh.clone(),
        "..".to_owned(),
        "A".repeat(7_000),
    ];
    for other in others {
        server.api().me(&other).await.refused(401, "invalid_token");
    }
    let _ = server.api().me(good).await.expect(200);
}

#[tokio::test] // S-22
async fn a_token_in_the_address_is_none() {
    let server = Server::start().await;
    let tokens = Person::new("ann").arrive(&server).await;
    let _ = server.api().get(&format!("/api/v1/auth/me?access_token={}", tokens.access)).await.expect(401);
}

/// base64url without padding (RFC 4648, section 5).
fn base64url(text: &str) -> String {
    use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
    BASE64_URL_SAFE_NO_PAD.encode(text)
}
