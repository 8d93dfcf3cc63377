//! Log out: here, or everywhere.
use tests::*;

#[tokio::test] // S-04, S-05
async fn both_tokens_are_dead_at_once_and_other_devices_go_on() {
    let server = Server::start().await;
    let ann = Person::new("ann");
    let (here, elsewhere) = (ann.arrive(&server).await, ann.sign_in(&server).await);
    let answer = server.api().logout(&here.access).await.expect(200);
    assert!(!answer.text.is_empty(), "a confirmation");
    let _ = server.api().me(&here.access).await.expect(401);
    let _ = server.api().refresh(&here.refresh).await.expect(401);
    let _ = server.api().me(&elsewhere.access).await.expect(200);
    let _ = server.api().refresh(&elsewhere.refresh).await.expect(200);
}

#[tokio::test] // S-05
async fn everywhere_is_everywhere() {
    let server = Server::start().await;
    let ann = Person::new("ann");
    let mut devices = vec![ann.arrive(&server).await, ann.sign_in(&server).await, ann.sign_in(&server).await];
    let turned = Tokens::from(&server.api().refresh(&devices[1].refresh).await.expect(200));
    devices.push(turned);
    let bob = Person::new("bob").arrive(&server).await;
    let _ = server.api().logout_all(&devices[0].access).await.expect(200);
    for tokens in &devices {
        let _ = server.api().me(&tokens.access).await.expect(401);
        let _ = server.api().refresh(&tokens.refresh).await.expect(401);
    }
    let _ = server.api().me(&bob.access).await.expect(200);
    let _ = ann.sign_in(&server).await;
}

#[tokio::test]
async fn a_dead_token_logs_nobody_out() {
    let server = Server::start().await;
    let ann = Person::new("ann");
    let (here, elsewhere) = (ann.arrive(&server).await, ann.sign_in(&server).await);
    let _ = server.api().logout(&here.access).await.expect(200);
    let _ = server.api().logout_all(&here.access).await.expect(401);
    let _ = server.api().me(&elsewhere.access).await.expect(200);
}
