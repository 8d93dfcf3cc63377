//! More than one process at one database: a lock that another holds, and two servers.
use rusqlite::Connection;
use std::time::Duration;
use tests::*;

const NEW: &str = "eight dry badgers in a boat";
const RACERS: usize = 16;

/// A connection of ours, which to the server is another process's.
fn outsider(server: &Server) -> Connection {
    let connection = Connection::open(server.folder().join("data/auth.db")).expect("the database");
    connection.busy_timeout(Duration::from_mins(1)).expect("a duration");
    connection
}

#[tokio::test(flavor = "multi_thread")] // R5, S-18, H-17
async fn while_another_process_keeps_the_lock_writes_are_refused_and_reads_go_on() {
    let server = Server::start().await;
    let (ann, bob) = (Person::new("ann"), Person::new("bob"));
    let tokens = ann.arrive(&server).await;
    let (registration, code) = bob.ask_to_register(&server).await;
    let outsider = outsider(&server);
    outsider.execute_batch("BEGIN IMMEDIATE").expect("the lock");
    let api = server.api();
    let (logged_in, turned, confirmed, asked, changed, me, keys, live) = tokio::join!(
        api.login("ann", &ann.password),
        api.refresh(&tokens.refresh),
        api.confirm(&registration, &code),
        api.forgot(&ann.email),
        api.change(&tokens.access, &ann.password, NEW),
        api.me(&tokens.access),
        api.get("/.well-known/jwks.json"),
        api.get("/health/live"),
    );
    for refused in [logged_in, turned, confirmed, asked, changed] {
        refused.refused(503, "unavailable");
        assert!(refused.header("retry-after").parse::<u64>().is_ok_and(|seconds| seconds > 0), "{refused}");
    }
    for served in [me, keys, live] {
        let _ = served.expect(200);
    }
    outsider.execute_batch("COMMIT").expect("ours");
    // What was refused has not happened, nor does it happen later.
    let _ = ann.sign_in(&server).await;
    let _ = api.login("ann", NEW).await.expect(401);
    let _ = api.confirm(&registration, &code).await.expect(201);
    let _ = api.refresh(&tokens.refresh).await.expect(200);
    server.no_mail_for(&ann.email).await;
}

#[tokio::test(flavor = "multi_thread")] // R5
async fn a_lock_that_is_given_up_in_time_is_waited_for() {
    let server = Server::start().await;
    let ann = Person::new("ann");
    let tokens = ann.arrive(&server).await;
    let (outsider, api) = (outsider(&server), server.another_api());
    for _ in 0..10 {
        outsider.execute_batch("BEGIN IMMEDIATE").expect("the lock");
        let release = async {
            let _ = api.me(&tokens.access).await.expect(200);
            outsider.execute_batch("COMMIT").expect("ours");
        };
        tokio::join!(ann.sign_in(&server), release);
    }
}

#[tokio::test(flavor = "multi_thread")] // R2, R3, I1, I2, I4
async fn two_servers_on_one_database_are_one() {
    let one = Server::start().await;
    let other = one.beside().await;
    let ann = Person::new("ann");
    let (id, code) = ann.ask_to_register(&one).await;
    let answers = together(RACERS, |number| {
        let api = if number % 2 == 0 { one.another_api() } else { other.another_api() };
        let (id, code) = (id.clone(), code.clone());
        async move { api.confirm(&id, &code).await.status }
    });
    let mut answers = answers.await;
    answers.sort_unstable();
    assert_eq!(answers, [vec![201], vec![400; RACERS - 1]].concat());

    let tokens = ann.sign_in(&one).await;
    let answers = together(RACERS, |number| {
        let api = if number % 2 == 0 { one.another_api() } else { other.another_api() };
        let refresh = tokens.refresh.clone();
        async move { Tokens::from(&api.refresh(&refresh).await.expect(200)).refresh }
    });
    let successors = answers.await;
    assert!(successors.iter().all(|token| *token == successors[0]), "one successor");

    let _ = other.api().me(&tokens.access).await.expect(200);
    let _ = other.api().logout(&tokens.access).await.expect(200);
    let _ = one.api().me(&tokens.access).await.expect(401);
    let _ = one.api().refresh(&successors[0]).await.expect(401);

    // The welcome, once, whichever of them sent it.
    one.postbox().next_for(&ann.email).await;
    one.no_mail_for(&ann.email).await;
}
