//! From one store into another and back, as an operator does it: everything goes on as if nothing had happened.
use auth_core::{ports::UserStore, system::OsRng, testing::user, value::UserId};
use auth_sqlite::{Options, SqliteStore};
use rusqlite::Connection;
use std::path::Path;
use tests::*;

const THERE: [&str; 5] = ["copy", "--from", "sqlite", "--to", "cosmos"];
const BACK: [&str; 5] = ["copy", "--from", "cosmos", "--to", "sqlite"];
const NEW: &str = "eight dry badgers in a boat";

/// A server on a file, which knows of a Cosmos DB account; a few wrong passwords are too many.
async fn server(cosmos: &Cosmos) -> Server {
    let settings = cosmos.known_to(Settings::default()).set("STORE", "sqlite").set("LIMIT_LOGIN_IN_A_ROW", "3/1d");
    let server = settings.start().await;
    server.does(&["--store", "cosmos", "migrate", "up"]).await;
    server
}

/// What is under way when a server is stopped.
struct Halfway {
    logged_in: (Person, Tokens),
    logged_out: Tokens,
    registration: (Person, String, String),
    reset: (Person, String, String),
    guessed_at: Person,
    deleted: (Person, Tokens),
}

impl Halfway {
    async fn on(server: &Server, round: u8) -> Self {
        let api = server.api();
        let [ann, bob, cid, dan, eve] =
            ["ann", "bob", "cid", "dan", "eve"].map(|name| Person::new(&format!("{name}{round}")));
        let tokens = ann.arrive(server).await;
        let logged_out = ann.sign_in(server).await;
        let _ = api.logout(&logged_out.access).await.expect(200);
        let (id, code) = bob.ask_to_register(server).await;
        let registration = (bob, id, code);
        let _ = cid.join(server).await;
        let (id, digits) = cid.forget_password(server).await;
        let wrong = if digits == "000000" { "000001" } else { "000000" };
        api.reset(&id, wrong, NEW).await.refused(400, "invalid_code");
        let reset = (cid, id, digits);
        dan.is_taken_in(server).await;
        for _ in 0..3 {
            api.login(&dan.login, NEW).await.refused(401, "invalid_credentials");
        }
        let deleted = eve.arrive(server).await;
        server.does(&["user", "delete", "--yes", &eve.login]).await;
        Self { logged_in: (ann, tokens), logged_out, registration, reset, guessed_at: dan, deleted: (eve, deleted) }
    }

    /// Each of them, where it was.
    async fn goes_on(self, server: &Server) {
        let api = server.api();
        let (ann, tokens) = self.logged_in;
        let _ = api.me(&tokens.access).await.expect(200);
        let _ = api.refresh(&tokens.refresh).await.expect(200);
        let _ = ann.sign_in(server).await;
        let _ = api.me(&self.logged_out.access).await.expect(401);
        let _ = api.refresh(&self.logged_out.refresh).await.expect(401);
        let (bob, id, code) = self.registration;
        let _ = api.confirm(&id, &code).await.expect(201);
        let _ = bob.sign_in(server).await;
        let (cid, id, digits) = self.reset;
        let _ = api.reset(&id, &digits, NEW).await.expect(200);
        let _ = api.login(&cid.login, NEW).await.expect(200);
        api.login(&self.guessed_at.login, &self.guessed_at.password).await.refused(429, "too_many_requests");
        let (eve, tokens) = self.deleted;
        let _ = api.me(&tokens.access).await.expect(401);
        let _ = api.login(&eve.login, &eve.password).await.expect(401);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_goes_on_in_the_other_store_and_back_in_a_file() {
    let cosmos = Cosmos::start().await;
    let mut server = server(&cosmos).await;
    let halfway = Halfway::on(&server, 1).await;
    let told = server.does_not(&THERE).await;
    assert!(told.contains("stop the server first"), "{told}");
    server.stop().await;

    // Under another secret nobody would be found by a name.
    let secret = server.folder().join("data/keys/secret");
    let kept = std::fs::read(&secret).expect("a secret");
    std::fs::write(&secret, "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=").expect("a file");
    let told = server.does_not(&THERE).await;
    assert!(told.contains("the secret that the servers have"), "{told}");
    std::fs::write(&secret, kept).expect("a file");

    let told = server.does(&THERE).await;
    for word in [
        "copying sessions\n",
        "comparing users\n",
        "users              4\n",
        "keys               1\n",
        "AUTH_SERVICE_STORE=cosmos",
    ] {
        assert!(told.contains(word), "{word} in {told}");
    }
    let told = server.does_not(&THERE).await;
    assert!(told.contains("into an empty store") && told.contains("the database auth of http"), "{told}");
    server.set("STORE", "cosmos");
    server.start_again().await;
    halfway.goes_on(&server).await;
    let halfway = Halfway::on(&server, 2).await;
    server.stop().await;

    let told = server.does_not(&BACK).await;
    assert!(told.contains("auth.db is there already"), "{told}");
    let database = server.folder().join("data/auth.db");
    std::fs::rename(&database, server.folder().join("old.db")).expect("the file from before");
    // A killed server leaves a log, which would be played back into whatever has the name of its database.
    let log = server.folder().join("data/auth.db-wal");
    std::fs::write(&log, "of a server that was killed").expect("a file");
    let told = server.does_not(&BACK).await;
    assert!(told.contains("auth.db-wal is there already"), "{told}");
    std::fs::remove_file(&log).expect("a file");
    server.does(&BACK).await;
    server.set("STORE", "sqlite");
    server.start_again().await;
    halfway.goes_on(&server).await;
}

/// Killed halfway, on a day on which one request in ten fails; and before it goes on somebody has used the file.
#[tokio::test(flavor = "multi_thread")]
async fn an_interrupted_copy_goes_on_and_finds_out_what_has_changed_meanwhile() {
    const PEOPLE: usize = 1_000;
    let cosmos = Cosmos::start_on_a_bad_day().await;
    let mut server = server(&cosmos).await;
    server.stop().await;
    let (database, journal) = (server.folder().join("data/auth.db"), server.folder().join("data/copy.json"));
    fill(&database, PEOPLE).await;

    let mut copying = server.process(&THERE).spawn().expect("it starts");
    patience("a page to be there", async {
        while !std::fs::read_to_string(&journal).is_ok_and(|journal| journal.contains("\"after\": \"")) {
            tokio::task::yield_now().await;
        }
    })
    .await;
    copying.kill().await.expect("it was at it");

    // Of one who was carried first, and is another by now.
    let first = change_first(&database, |record| record.replace("\"epoch\":0", "\"epoch\":1"));
    let told = server.does_not(&THERE).await;
    for word in ["this is no copy", "the users differ", "copy.json"] {
        assert!(told.contains(word), "{word} in {told}");
    }
    assert!(journal.exists());
    change_first(&database, |_| first.clone());
    let told = server.does(&THERE).await;
    assert!(told.contains(&format!("users      {PEOPLE:>9}\n")), "{told}");
    assert!(!journal.exists());

    std::fs::rename(&database, server.folder().join("old.db")).expect("out of the way");
    let told = server.does(&BACK).await;
    assert!(told.contains(&format!("users      {PEOPLE:>9}\n")), "{told}");
    assert_eq!(users(&database), users(&server.folder().join("old.db")));
}

async fn fill(database: &Path, people: usize) {
    let store = SqliteStore::open(database, Options::default()).expect("the database");
    for n in 0..people {
        let user = user(UserId::generate(&OsRng), &format!("somebody-{n}"));
        let _ = store.insert(&user).await.expect("written");
    }
    store.close().await;
}

/// Answers what it was.
fn change_first(database: &Path, change: impl Fn(&str) -> String) -> String {
    let connection = Connection::open(database).expect("the database");
    let first = "SELECT record FROM users ORDER BY id LIMIT 1";
    let record: String = connection.query_row(first, [], |row| row.get(0)).expect("somebody");
    let update = "UPDATE users SET record = ?1 WHERE id = (SELECT min(id) FROM users)";
    let changed = connection.execute(update, [change(&record)]).expect("it is changed");
    assert_eq!(changed, 1);
    record
}

fn users(database: &Path) -> Vec<(Vec<u8>, String)> {
    let connection = Connection::open(database).expect("the database");
    let mut all = connection.prepare("SELECT id, record FROM users ORDER BY id").expect("accounts");
    let all = all.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).expect("accounts");
    all.collect::<Result<_, _>>().expect("accounts")
}
