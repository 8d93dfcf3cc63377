//! Restart: whatever was answered is there when the server comes back.
use tests::*;

const NEW: &str = "eight dry badgers in a boat";

#[tokio::test] // R1, S-19
async fn accounts_sessions_and_signing_keys_stay() {
    let mut server = Server::start().await;
    let tokens = Person::new("ann").arrive(&server).await;
    let keys = server.api().get("/.well-known/jwks.json").await.expect(200).body;
    server.restart().await;
    assert_eq!(server.api().get("/.well-known/jwks.json").await.expect(200).body, keys);
    let _ = server.api().me(&tokens.access).await.expect(200);
    let turned = Tokens::from(&server.api().refresh(&tokens.refresh).await.expect(200));
    server.restart().await;
    let _ = server.api().refresh(&turned.refresh).await.expect(200);
    let _ = Person::new("ann").sign_in(&server).await;
}

#[tokio::test] // R3, S-16, S-19
async fn what_was_revoked_stays_revoked() {
    let mut server = Server::start().await;
    let ann = Person::new("ann");
    let (out, replayed) = (ann.arrive(&server).await, ann.sign_in(&server).await);
    let _ = server.api().logout(&out.access).await.expect(200);
    let second = Tokens::from(&server.api().refresh(&replayed.refresh).await.expect(200));
    let third = Tokens::from(&server.api().refresh(&second.refresh).await.expect(200));
    let _ = server.api().refresh(&replayed.refresh).await.expect(401);
    server.restart().await;
    for tokens in [out, replayed, second, third] {
        let _ = server.api().me(&tokens.access).await.expect(401);
        let _ = server.api().refresh(&tokens.refresh).await.expect(401);
    }
}

#[tokio::test] // R1, I2
async fn a_pending_registration_and_a_pending_reset_can_be_finished() {
    let mut server = Server::start().await;
    let (ann, bob) = (Person::new("ann"), Person::new("bob"));
    let _ = bob.join(&server).await;
    let (registration, code) = ann.ask_to_register(&server).await;
    let (reset, digits) = bob.forget_password(&server).await;
    server.restart().await;
    let _ = server.api().confirm(&registration, &code).await.expect(201);
    let _ = server.api().reset(&reset, &digits, NEW).await.expect(200);
    server.restart().await;
    server.api().confirm(&registration, &code).await.refused(400, "invalid_code");
    server.api().reset(&reset, &digits, NEW).await.refused(400, "invalid_code");
    let _ = ann.sign_in(&server).await;
    let _ = server.api().login("bob", NEW).await.expect(200);
}

#[tokio::test] // K-04, P-19
async fn wrong_guesses_are_not_forgotten() {
    let mut server = Settings::default().set("LIMIT_LOGIN_PER_ACCOUNT_AND_SOURCE", "3/15m").start().await;
    let (id, code) = Person::new("ann").ask_to_register(&server).await;
    let wrong = &other_than(&code);
    for _ in 0..3 {
        server.api().confirm(&id, wrong).await.refused(400, "invalid_code");
        let _ = server.api().login("nobody", "another good password").await.expect(401);
    }
    server.restart().await;
    for _ in 0..2 {
        server.api().confirm(&id, wrong).await.refused(400, "invalid_code");
    }
    server.api().confirm(&id, &code).await.refused(400, "invalid_code");
    let _ = server.api().login("nobody", "another good password").await.expect(429);
}

#[tokio::test] // S-28
async fn what_it_keeps_is_for_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let mut server = Server::start().await;
    let _ = Person::new("ann").join(&server).await;
    server.stop().await;
    let mut folders = vec![server.folder().join("data")];
    let mut files = 0;
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry")) {
            let (path, meta) = (entry.path(), entry.metadata().expect("what it is"));
            if meta.is_dir() {
                folders.push(path);
            } else {
                files += 1;
                assert_eq!(meta.permissions().mode() & 0o077, 0, "{}", path.display());
                let bytes = std::fs::read(&path).expect("a file");
                let password = Person::new("ann").password;
                let found = bytes.windows(password.len()).any(|window| window == password.as_bytes());
                assert!(!found, "a password in {}", path.display());
            }
        }
    }
    assert!(files >= 1, "the secret at least, wherever the database is");
}
