//! Change: the password that works, for another.
use tests::*;

const NEW: &str = "eight dry badgers in a boat";

#[tokio::test] // P-10, P-30, S-05
async fn other_sessions_end_this_one_goes_on_and_the_owner_is_told() {
    let server = Server::start().await;
    let ann = Person::new("ann");
    let (here, elsewhere) = (ann.arrive(&server).await, ann.sign_in(&server).await);
    let _ = server.api().change(&here.access, &ann.password, NEW).await.expect(200);
    let _ = server.api().me(&here.access).await.expect(200);
    let _ = server.api().refresh(&here.refresh).await.expect(200);
    let _ = server.api().me(&elsewhere.access).await.expect(401);
    let _ = server.api().refresh(&elsewhere.refresh).await.expect(401);
    assert_eq!(server.postbox().next_for(&ann.email).await.code(), None);
    let _ = server.api().login(&ann.login, &ann.password).await.expect(401);
    let _ = server.api().login(&ann.login, NEW).await.expect(200);
}

#[tokio::test] // P-10
async fn the_wrong_password_changes_nothing_and_is_limited_like_a_login() {
    let server = Settings::default().set("LIMIT_LOGIN_PER_ACCOUNT_AND_SOURCE", "3/15m").start().await;
    let ann = Person::new("ann");
    let tokens = ann.arrive(&server).await;
    for _ in 0..3 {
        let answer = server.api().change(&tokens.access, "another good password", NEW).await;
        answer.refused(401, "invalid_credentials");
    }
    server.api().change(&tokens.access, &ann.password, NEW).await.refused(429, "too_many_requests");
    let _ = server.api().me(&tokens.access).await.expect(200);
    let _ = server.api_from(2).login(&ann.login, &ann.password).await.expect(200);
}

#[tokio::test] // P-01
async fn a_weak_one_is_refused() {
    let server = Server::start().await;
    let ann = Person::new("ann");
    let tokens = ann.arrive(&server).await;
    server.api().change(&tokens.access, &ann.password, "short").await.refused(422, "password_weak");
    let _ = ann.sign_in(&server).await;
}

#[tokio::test] // K-23, K-29
async fn it_needs_a_bearer() {
    let server = Server::start().await;
    let ann = Person::new("ann");
    let _ = ann.join(&server).await;
    let body = json!({ "current_password": ann.password, "new_password": NEW });
    server.api().post("password/change", &body).await.refused(401, "invalid_token");
    let _ = ann.sign_in(&server).await;
}
