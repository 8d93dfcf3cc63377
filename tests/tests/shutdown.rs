//! Shutdown: whoever was let in is served, and the program ends well.
use tests::*;
use tokio::task::JoinSet;

#[tokio::test(flavor = "multi_thread")] // R7
async fn accepted_requests_are_answered_and_the_end_is_a_good_one() {
    const CALLERS: usize = 16;
    // The hash is made slow, so that many requests are in the house when the signal comes.
    let mut server = Settings::default().set("ARGON2_MEMORY_KIB", "19456").set("ARGON2_PASSES", "2").start().await;
    let ann = Person::new("ann");
    let tokens = ann.arrive(&server).await;
    let mut logins = JoinSet::new();
    for _ in 0..CALLERS {
        let (api, ann) = (server.another_api(), ann.clone());
        logins.spawn(async move {
            api.try_send(api.posting("login", &json!({ "login": ann.login, "password": ann.password }))).await
        });
    }
    // One answer: the others were let in before it was ready.
    let first = logins.join_next().await.expect("a login").expect("no panic").expect("an answer");
    assert_eq!(first.status, 200, "{first}");
    server.terminate().await;
    let mut answered = vec![Tokens::from(&first)];
    while let Some(login) = logins.join_next().await {
        let answer = login.expect("no panic").expect("whoever was let in is answered");
        assert!(answer.status == 200 || answer.status == 503 && answer.headers.contains_key("retry-after"), "{answer}");
        answered.extend((answer.status == 200).then(|| Tokens::from(&answer)));
    }
    let end = server.ended().await;
    assert_eq!(end.code(), Some(0), "{}", server.log());
    server.start_again().await;
    for answered in answered.iter().chain([&tokens]) {
        let _ = server.api().me(&answered.access).await.expect(200);
    }
}

#[tokio::test]
async fn an_idle_connection_does_not_hold_it_up() {
    let mut server = Server::start().await;
    let address = server.base().strip_prefix("http://").expect("plain HTTP").to_owned();
    let idle = tokio::net::TcpStream::connect(address).await.expect("a connection");
    let _ = server.api().get("/health/live").await.expect(200);
    server.stop().await;
    drop(idle);
}
