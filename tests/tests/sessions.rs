//! Sessions: a list of one's devices, and the end of any of them.
use tests::*;

#[tokio::test] // S-06
async fn one_sees_and_ends_ones_own() {
    let server = Server::start().await;
    let ann = Person::new("ann");
    let (phone, laptop) = (ann.arrive(&server).await, ann.sign_in(&server).await);
    let list = server.api().sessions(&laptop.access).await.expect(200);
    let sessions = list.body["sessions"].as_array().expect("a list");
    assert!(!list.text.contains(&phone.refresh) && !list.text.contains(&laptop.refresh));
    let [others, own]: [Vec<_>; 2] =
        [false, true].map(|own| sessions.iter().filter(|it| it["current"] == own).collect());
    assert_eq!((others.len(), own.len()), (1, 1), "{list}");

    let phone_id = others[0]["id"].as_str().expect("an id");
    let ended = server.api().end_session(&laptop.access, phone_id).await.expect(204);
    assert!(ended.text.is_empty());
    let _ = server.api().me(&phone.access).await.expect(401);
    let _ = server.api().refresh(&phone.refresh).await.expect(401);
    let left = server.api().sessions(&laptop.access).await.expect(200);
    assert_eq!(left.body["sessions"].as_array().map(Vec::len), Some(1));
}

#[tokio::test] // S-06
async fn and_nobody_elses() {
    let server = Server::start().await;
    let (ann, bob) = (Person::new("ann").arrive(&server).await, Person::new("bob").arrive(&server).await);
    let list = server.api().sessions(&bob.access).await.expect(200);
    let id = list.body["sessions"][0]["id"].as_str().expect("an id").to_owned();
    let foreign = server.api().end_session(&ann.access, &id).await;
    let unknown = server.api().end_session(&ann.access, &"0".repeat(64)).await;
    assert_eq!((foreign.status, foreign.body), (unknown.status, unknown.body), "as if it were not there");
    let _ = server.api().me(&bob.access).await.expect(200);
    let _ = server.api().refresh(&bob.refresh).await.expect(200);
}

#[tokio::test]
async fn ending_the_one_that_asks_is_a_logout() {
    let server = Server::start().await;
    let tokens = Person::new("ann").arrive(&server).await;
    let list = server.api().sessions(&tokens.access).await.expect(200);
    let id = list.body["sessions"][0]["id"].as_str().expect("an id").to_owned();
    let _ = server.api().end_session(&tokens.access, &id).await.expect(204);
    let _ = server.api().me(&tokens.access).await.expect(401);
}
