//! The disk: full, gone bad, read-only. No write is taken for done that was not, and reads go on.
use std::{fs, os::unix::fs::PermissionsExt, path::Path, process::Output};
use tempfile::TempDir;
use tests::*;

const NEW: &str = "eight dry badgers in a boat";

/// A server whose data are on a disk of their own.
async fn server_on(disk: &Disk, folder: TempDir) -> Server {
    let postbox = Postbox::open().await;
    let settings = Settings::default().set("SMTP_URL", &postbox.url()).under(disk.launcher(folder.path()));
    settings.start_in(folder, postbox).await
}

fn data_of(folder: &TempDir) -> std::path::PathBuf {
    folder.path().join("data")
}

/// Somebody in each state that a write can change.
struct People {
    ann: Person,
    tokens: Tokens,
    ended: Tokens,
    reset: (String, String),
    bob: Person,
    registration: (String, String),
}

impl People {
    async fn arrive(server: &Server) -> Self {
        let (ann, bob) = (Person::new("ann"), Person::new("bob"));
        let tokens = ann.arrive(server).await;
        let ended = ann.sign_in(server).await;
        let reset = ann.forget_password(server).await;
        let registration = bob.ask_to_register(server).await;
        Self { ann, tokens, ended, reset, bob, registration }
    }

    /// H-17, R5: each write is refused as unavailable, and what needs none goes on.
    async fn are_told_to_come_back(&self, server: &Server) {
        let (api, carl) = (server.api(), Person::new("carl"));
        let (reset, digits) = &self.reset;
        let (registration, code) = &self.registration;
        let refused = [
            api.login("ann", &self.ann.password).await,
            api.login("ann", "not the password of ann").await,
            api.refresh(&self.tokens.refresh).await,
            api.logout(&self.ended.access).await,
            api.change(&self.tokens.access, &self.ann.password, NEW).await,
            api.register(&carl).await,
            api.confirm(registration, code).await,
            api.forgot(&self.ann.email).await,
            api.reset(reset, digits, NEW).await,
        ];
        for answer in refused {
            answer.refused(503, "unavailable");
            assert!(answer.header("retry-after").parse::<u64>().is_ok_and(|seconds| seconds > 0), "{answer}");
        }
        for tokens in [&self.tokens, &self.ended] {
            let _ = api.me(&tokens.access).await.expect(200);
        }
        for path in ["/.well-known/jwks.json", "/health/live", "/health/ready"] {
            let _ = api.get(path).await.expect(200);
        }
    }

    /// S-18, R1: what was refused was not done, not even in part, and the same requests do it now.
    async fn do_it_now(&self, server: &Server) {
        let api = server.api();
        let (reset, digits) = &self.reset;
        let (registration, code) = &self.registration;
        let _ = api.login("ann", &self.ann.password).await.expect(200);
        let turned = Tokens::from(&api.refresh(&self.tokens.refresh).await.expect(200));
        let _ = api.logout(&self.ended.access).await.expect(200);
        let _ = api.me(&self.ended.access).await.expect(401);
        let _ = api.confirm(registration, code).await.expect(201);
        let _ = Person::new("carl").join(server).await;
        let _ = api.reset(reset, digits, NEW).await.expect(200);
        let _ = api.me(&turned.access).await.expect(401);
    }

    async fn are_as_they_were_told(&self, server: &Server) {
        let api = server.api();
        let _ = api.login("ann", NEW).await.expect(200);
        let _ = api.login("ann", &self.ann.password).await.expect(401);
        let _ = self.bob.sign_in(server).await;
        let _ = Person::new("carl").sign_in(server).await;
        let _ = api.refresh(&self.tokens.refresh).await.expect(401);
    }
}

#[tokio::test] // R1, R3, R5, S-18, H-17
async fn while_it_is_full_writes_are_refused_and_with_space_again_all_goes_on() {
    let folder = TempDir::new().expect("a folder");
    let disk = Disk::small(&data_of(&folder)).await;
    let mut server = server_on(&disk, folder).await;
    let people = People::arrive(&server).await;
    for round in 0..3 {
        disk.fill(&server).await;
        let joined = join_until_refused(&server, round).await;
        people.are_told_to_come_back(&server).await;
        disk.free(&server).await;
        for person in joined {
            let _ = person.sign_in(&server).await;
        }
    }
    people.do_it_now(&server).await;
    server.kill().await;
    server.start_again().await;
    people.are_as_they_were_told(&server).await;
}

/// The last bytes of a disk still take a write or two. Who was told yes is there to stay.
async fn join_until_refused(server: &Server, round: usize) -> Vec<Person> {
    let mut joined = Vec::new();
    for number in 0.. {
        let person = Person::new(&format!("p{round}-{number}"));
        let asked = server.api().register(&person).await;
        if asked.status == 503 {
            break;
        }
        let id = asked.expect(202).word("registration_id");
        let code = server.postbox().code_for(&person.email).await;
        match server.api().confirm(&id, &code).await {
            Answer { status: 503, .. } => break,
            confirmed => drop(confirmed.expect(201)),
        }
        joined.push(person);
    }
    joined
}

#[tokio::test] // R1, R3, R5, S-18, H-17
async fn when_it_goes_bad_no_write_is_taken_for_done() {
    let folder = TempDir::new().expect("a folder");
    let disk = Disk::frail(&data_of(&folder)).await;
    let mut server = server_on(&disk, folder).await;
    let people = People::arrive(&server).await;
    disk.fail(&server).await;
    for _ in 0..3 {
        people.are_told_to_come_back(&server).await;
    }
    server.kill().await;
    if disk.is_mounted() {
        refuses_to_start(&server.command(&[]).await);
    }
    disk.mount_again().await;
    server.start_again().await;
    people.do_it_now(&server).await;
    server.restart().await;
    people.are_as_they_were_told(&server).await;
}

#[tokio::test]
async fn what_cannot_be_written_to_is_named_at_the_start_with_what_to_do() {
    let mut server = Server::start().await;
    let tokens = Person::new("ann").arrive(&server).await;
    server.stop().await;
    let data = server.folder().join("data");
    let settings = Settings::default().under(without_privileges());
    for read_only in [&[""][..], &["auth.db"], &["", "auth.db"]] {
        let paths: Vec<_> = read_only.iter().map(|name| data.join(name)).collect();
        for path in &paths {
            forbid(path, 0o222);
        }
        refuses_to_start(&settings.run(server.folder(), &[]).await);
        for path in &paths {
            permit(path);
        }
    }
    // An empty folder that is read-only, and one that cannot be made.
    let empty = TempDir::new().expect("a folder");
    forbid(empty.path(), 0o222);
    for folder in ["", "not/there"] {
        let settings = settings.clone().set("DATA_DIR", empty.path().join(folder).to_str().expect("a path"));
        refuses_to_start(&settings.run(server.folder(), &[]).await);
    }
    permit(empty.path());
    server.start_again().await;
    let _ = server.api().me(&tokens.access).await.expect(200);
}

/// Says on one line which variable, and what to do.
fn refuses_to_start(output: &Output) {
    let told = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{told}");
    assert!(told.contains("AUTH_SERVICE_DATA_DIR") && told.contains("that this user may write to"), "{told}");
    assert_eq!(told.lines().count(), 1, "{told}");
}

fn forbid(path: &Path, bits: u32) {
    let mode = fs::metadata(path).expect("it is there").permissions().mode();
    fs::set_permissions(path, fs::Permissions::from_mode(mode & !bits)).expect("it is ours");
}

fn permit(path: &Path) {
    let mode = fs::metadata(path).expect("it is there").permissions().mode();
    fs::set_permissions(path, fs::Permissions::from_mode(mode | 0o200)).expect("it is ours");
}
