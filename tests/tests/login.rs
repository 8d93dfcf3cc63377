//! Log in: a password for a session.
use tests::*;

#[tokio::test] // P-31, S-08, S-09
async fn a_login_gives_tokens_that_open_the_door() {
    let server = Server::start().await;
    let ann = Person::new("ann");
    let _ = ann.join(&server).await;
    let answer = server.api().login(&ann.login, &ann.password).await.expect(200);
    assert_eq!(answer.header("cache-control"), "no-store");
    assert_eq!(answer.body["token_type"], "Bearer");
    assert!(answer.body["expires_in"].as_u64().is_some_and(|seconds| (1..=900).contains(&seconds)), "{answer}");
    assert!(answer.body["refresh_expires_in"].as_u64() > answer.body["expires_in"].as_u64());
    let _ = server.api().me(&answer.word("access_token")).await.expect(200);
}

#[tokio::test]
async fn login_and_address_open_it_in_every_spelling() {
    let server = Server::start().await;
    let ann = Person::new("ann");
    let _ = ann.join(&server).await;
    for name in ["ann", "ANN", "  Ann ", "ａｎｎ", "ann@example.org", "ANN@EXAMPLE.ORG", " ann@Example.org "] {
        let _ = server.api().login(name, &ann.password).await.expect(200);
    }
}

#[tokio::test] // S-02
async fn each_login_is_a_session_of_its_own() {
    let server = Server::start().await;
    let ann = Person::new("ann");
    let (first, second) = (ann.arrive(&server).await, ann.sign_in(&server).await);
    assert_ne!(first, second);
    assert_eq!(
        server.api().sessions(&first.access).await.expect(200).body["sessions"].as_array().map(Vec::len),
        Some(2)
    );
}

#[tokio::test] // P-17
async fn every_refusal_is_one_refusal() {
    let server = Server::start().await;
    let ann = Person::new("ann");
    let _ = ann.join(&server).await;
    let wrong = server.api().login("ann", "another good password").await;
    wrong.refused(401, "invalid_credentials");
    assert!(wrong.header("www-authenticate").starts_with("Bearer"));
    let tries = [
        ("ann", "SEVEN WET OTTERS ON A RAFT"), // P-03
        ("ann", "seven wet otters on a raft "),
        ("ann@example.org", "another good password"),
        ("bob", ann.password.as_str()),
        ("bob@example.org", ann.password.as_str()),
        ("not a login at all", ann.password.as_str()),
        ("@", ann.password.as_str()),
        ("", ann.password.as_str()),
    ];
    for (name, password) in tries {
        let refused = server.api().login(name, password).await;
        assert_eq!((refused.status, &refused.body), (wrong.status, &wrong.body), "{name:?} with {password:?}");
    }
}

#[tokio::test] // P-18
async fn a_password_that_can_be_none_is_refused_without_a_look_at_the_account() {
    let server = Server::start().await;
    let _ = Person::new("ann").join(&server).await;
    for password in ["", &"p".repeat(257)] {
        let (known, unknown) = (server.api().login("ann", password).await, server.api().login("eve", password).await);
        known.refused(422, "invalid_field");
        assert_eq!((known.status, known.body), (unknown.status, unknown.body));
    }
}

#[tokio::test]
async fn a_device_is_listed_by_the_name_it_gave() {
    let server = Server::start().await;
    let ann = Person::new("ann");
    let _ = ann.join(&server).await;
    let body = json!({ "login": "ann", "password": ann.password, "device": "  Ann's télephone 📱 " });
    let access = server.api().post("login", &body).await.expect(200).word("access_token");
    let sessions = server.api().sessions(&access).await.expect(200);
    assert_eq!(sessions.body["sessions"][0]["device"], "Ann's télephone 📱");
    for device in ["", "a\nb", &"x".repeat(65)] {
        let body = json!({ "login": "ann", "password": ann.password, "device": device });
        server.api().post("login", &body).await.refused(422, "invalid_field");
    }
}

#[tokio::test] // P-19, P-21, P-22, P-23, P-26
async fn guesses_at_one_account_from_one_source_are_limited_whatever_the_spelling() {
    let server = Settings::default().set("LIMIT_LOGIN_PER_ACCOUNT_AND_SOURCE", "3/15m").start().await;
    let ann = Person::new("ann");
    let _ = ann.join(&server).await;
    for name in ["ann", "ANN", " Ann "] {
        let _ = server.api().login(name, "another good password").await.expect(401);
    }
    let slow = server.api().login("ann", &ann.password).await;
    slow.refused(429, "too_many_requests");
    assert!(slow.header("retry-after").parse::<u64>().is_ok_and(|seconds| (1..=900).contains(&seconds)));
    let _ = server.api_from(2).login("ann", &ann.password).await.expect(200); // P-25: the owner, elsewhere
    let _ = server.api().login("ann", &ann.password).await.expect(429);
}

#[tokio::test] // P-23
async fn a_right_password_is_not_counted() {
    let server = Settings::default().set("LIMIT_LOGIN_PER_ACCOUNT_AND_SOURCE", "3/15m").start().await;
    let ann = Person::new("ann");
    let _ = ann.join(&server).await;
    for _ in 0..5 {
        let _ = server.api().login("ann", "another good password").await.expect(401);
        let _ = server.api().login("ann", &ann.password).await.expect(200);
    }
}
