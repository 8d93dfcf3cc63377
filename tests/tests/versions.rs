//! Versions: an old program on new data, and a new one on old.
use rusqlite::Connection;
use tests::*;

/// A version that no program knows yet.
const NEWER: u32 = 1_000_000;

fn set_version(server: &Server, version: u32) -> u32 {
    let connection = Connection::open(server.folder().join("data/auth.db")).expect("the database");
    let before = connection.pragma_query_value(None, "user_version", |row| row.get(0)).expect("a number");
    connection.pragma_update(None, "user_version", version).expect("a number");
    before
}

#[tokio::test] // R1
async fn an_old_program_does_not_start_on_the_data_of_a_newer_one() {
    let mut server = Server::start().await;
    let ann = Person::new("ann");
    let tokens = ann.arrive(&server).await;
    server.stop().await;
    let version = set_version(&server, NEWER);
    for command in [&[][..], &["mail"], &["user", "show", "ann"], &["migrate", "status"], &["migrate", "down"]] {
        let output = server.command(command).await;
        let told = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{command:?}: {told}");
        for word in [&NEWER.to_string(), &version.to_string(), "start the newer program again", "migrate down"] {
            assert!(told.contains(word), "{command:?}: {word} in {told}");
        }
        assert!(!told.contains("may write to"), "{told}");
    }
    set_version(&server, version);
    server.start_again().await;
    let _ = server.api().me(&tokens.access).await.expect(200);
}

#[tokio::test] // R1, H-17
async fn an_old_program_that_runs_writes_nothing_once_a_newer_one_has_changed_the_data() {
    let server = Server::start().await;
    let ann = Person::new("ann");
    let tokens = ann.arrive(&server).await;
    let version = set_version(&server, NEWER);
    server.api().login("ann", &ann.password).await.refused(503, "unavailable");
    server.api().refresh(&tokens.refresh).await.refused(503, "unavailable");
    let line = server.said(|line| line.contains("this program knows versions up to")).await;
    assert!(line.contains("ERROR"), "{line}");
    let _ = server.api().me(&tokens.access).await.expect(200);
    set_version(&server, version);
    let _ = ann.sign_in(&server).await;
    let _ = server.api().refresh(&tokens.refresh).await.expect(200);
}

#[tokio::test] // R1
async fn a_new_program_takes_up_the_data_of_any_older_one() {
    let mut server = Server::start().await;
    let ann = Person::new("ann");
    let _ = ann.join(&server).await;
    let newest = {
        let status = server.command(&["migrate", "status"]).await;
        String::from_utf8(status.stdout).expect("text").lines().count()
    };
    for version in (1..newest).rev() {
        server.stop().await;
        let back = server.command(&["migrate", "down", &version.to_string()]).await;
        assert!(back.status.success(), "{}", String::from_utf8_lossy(&back.stderr));
        server.start_again().await;
        let tokens = ann.sign_in(&server).await;
        let _ = server.api().refresh(&tokens.refresh).await.expect(200);
        let (reset, code) = ann.forget_password(&server).await;
        let _ = server.api().reset(&reset, &code, &ann.password).await.expect(200);
    }
    let status = server.command(&["migrate", "status"]).await;
    assert!(!String::from_utf8_lossy(&status.stdout).contains("not applied"));
}
