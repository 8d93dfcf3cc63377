//! Backup and restore, as an operator does them: the copy while the server runs, the way back while it does not.
use std::{
    path::Path,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
};
use tests::*;
use tokio::task::JoinSet;

const NEW: &str = "eight dry badgers in a boat";

#[tokio::test] // R3, I8, S-19
async fn after_a_restore_everybody_signs_in_again_with_the_password_of_the_backup() {
    let mut server = Server::start().await;
    let (ann, bob, carl) = (Person::new("ann"), Person::new("bob"), Person::new("carl"));
    let open = ann.arrive(&server).await;
    let ended = ann.sign_in(&server).await;
    let (reset, digits) = ann.forget_password(&server).await;
    let (registration, code) = bob.ask_to_register(&server).await;
    let told = server.does(&["backup", "copy.db"]).await;
    assert!(told.contains("copy.db") && told.contains("secret"), "{told}");

    // What the backup cannot know: an end, a code that was used, another password, somebody new.
    let _ = server.api().logout(&ended.access).await.expect(200);
    let _ = server.api().confirm(&registration, &code).await.expect(201);
    let _ = server.api().change(&open.access, &ann.password, NEW).await.expect(200);
    let turned = Tokens::from(&server.api().refresh(&open.refresh).await.expect(200));
    let _ = carl.join(&server).await;
    server.postbox().holds(2, &bob.email).await;
    server.postbox().holds(4, &ann.email).await;
    server.stop().await;

    let told = server.does(&["restore", "--yes", "copy.db"]).await;
    assert!(told.contains("made: 1.") && told.contains("Everybody signs in again"), "{told}");
    let kept = server.folder().join("data/auth.db.replaced-1");
    assert!(told.contains("auth.db.replaced-1") && kept.exists(), "{told}");
    server.start_again().await;
    let api = server.api();
    for tokens in [&open, &turned, &ended] {
        let _ = api.me(&tokens.access).await.expect(401);
        let _ = api.refresh(&tokens.refresh).await.expect(401);
    }
    api.reset(&reset, &digits, NEW).await.refused(400, "invalid_code");
    api.confirm(&registration, &code).await.refused(400, "invalid_code");
    let _ = api.login("ann", NEW).await.expect(401);
    let _ = api.login("bob", &bob.password).await.expect(401);
    let _ = api.login("carl", &carl.password).await.expect(401);
    let again = ann.sign_in(&server).await;
    let _ = api.me(&again.access).await.expect(200);
    let _ = Tokens::from(&api.refresh(&again.refresh).await.expect(200));
    let _ = bob.join(&server).await;
    // R4: nothing that the backup still had to send has gone out once more.
    server.no_mail_for(&ann.email).await;
}

#[tokio::test(flavor = "multi_thread")] // R1
async fn a_backup_under_load_has_all_that_was_answered_before_it_began() {
    const LANES: usize = 4;
    let mut server = Server::start().await;
    let (joined, enough) = (Arc::<Mutex<Vec<Person>>>::default(), Arc::new(AtomicBool::new(false)));
    let mut lanes = JoinSet::new();
    for lane in 0..LANES {
        let (api, postbox) = (server.another_api(), server.postbox().clone());
        let (joined, enough) = (joined.clone(), enough.clone());
        lanes.spawn(async move {
            for number in 0.. {
                if enough.load(Ordering::Relaxed) {
                    break;
                }
                let person = Person::new(&format!("p{lane}-{number}"));
                let id = api.register(&person).await.expect(202).word("registration_id");
                let code = postbox.code_for(&person.email).await;
                let _ = api.confirm(&id, &code).await.expect(201);
                joined.lock().expect("a list").push(person);
            }
        });
    }
    let all = || joined.lock().expect("a list").clone();
    let mut before = Vec::new();
    for name in ["first.db", "second.db", "third.db"] {
        patience("more people", async {
            while all().len() < before.len() + LANES {
                tokio::task::yield_now().await;
            }
        })
        .await;
        before = all();
        server.does(&["backup", name]).await;
    }
    enough.store(true, Ordering::Relaxed);
    lanes.join_all().await;
    server.stop().await;
    server.does(&["restore", "--yes", "third.db"]).await;
    server.start_again().await;
    for person in &before {
        let _ = person.sign_in(&server).await;
    }
}

#[tokio::test]
async fn a_restore_is_refused_while_a_server_runs_and_not_once_it_was_killed() {
    let mut server = Server::start().await;
    let ann = Person::new("ann");
    let tokens = ann.arrive(&server).await;
    server.does(&["backup", "copy.db"]).await;
    let told = server.does_not(&["restore", "--yes", "copy.db"]).await;
    assert!(told.contains("stop the server first"), "{told}");
    let _ = server.api().me(&tokens.access).await.expect(200);
    let _ = Person::new("bob").join(&server).await;
    server.kill().await;
    server.does(&["restore", "--yes", "copy.db"]).await;
    server.start_again().await;
    let _ = ann.sign_in(&server).await;
    let _ = server.api().login("bob", &ann.password).await.expect(401);
}

#[tokio::test]
async fn whoever_did_not_mean_it_and_whatever_is_no_backup_changes_nothing() {
    let mut server = Server::start().await;
    let ann = Person::new("ann");
    let tokens = ann.arrive(&server).await;
    server.does(&["backup", "copy.db"]).await;
    let told = server.does_not(&["backup", "copy.db"]).await;
    assert!(told.contains("there already"), "{told}");
    server.stop().await;
    let told = server.does_not(&["restore", "copy.db"]).await;
    assert!(told.contains("--yes"), "{told}");
    let copy = server.folder().join("copy.db");
    let whole = std::fs::read(&copy).expect("the backup");
    write(&copy, &whole[..whole.len() - 4096]);
    let told = server.does_not(&["restore", "--yes", "copy.db"]).await;
    assert!(told.contains("copy.db cannot be restored"), "{told}");
    let told = server.does_not(&["restore", "--yes", "no.db"]).await;
    assert!(told.contains("no.db"), "{told}");
    server.start_again().await;
    let _ = server.api().me(&tokens.access).await.expect(200);
}

fn write(path: &Path, bytes: &[u8]) {
    std::fs::write(path, bytes).expect("a file");
}
