//! Signing keys: rotated while people log in, under the eyes of a service that checks tokens by itself.
use auth_core::{
    ports::Jwk,
    system::SystemClock,
    token::{self, AccessClaims, Expected, TokenRefused},
};
use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};
use tests::*;
use tokio::task::JoinSet;

#[tokio::test(flavor = "multi_thread")] // S-21
async fn what_is_issued_while_keys_are_rotated_is_good_at_a_service_that_keeps_what_it_was_shown() {
    let server = Server::start().await;
    let mut verifier = Verifier::of(&server).await;
    let rotated = Arc::new(AtomicBool::new(false));
    let mut callers = JoinSet::new();
    for name in ["ann", "bob", "cid"] {
        let person = Person::new(name);
        let _ = person.join(&server).await;
        let (api, rotated) = (server.another_api(), rotated.clone());
        callers.spawn(async move {
            let mut issued = Vec::new();
            while !rotated.load(Ordering::Relaxed) {
                let tokens = Tokens::from(&api.login(&person.login, &person.password).await.expect(200));
                let _ = api.me(&tokens.access).await.expect(200);
                issued.push(tokens.access);
            }
            issued
        });
    }
    let published = verifier.keys.len();
    for _ in 0..3 {
        let done = server.command(&["keys", "rotate"]).await;
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    }
    // It may have taken up the first before the last was made.
    let all_shown = async { while Verifier::of(&server).await.keys.len() < published + 3 {} };
    patience("the new keys to be shown", all_shown).await;
    rotated.store(true, Ordering::Relaxed);
    let issued: Vec<String> = callers.join_all().await.into_iter().flatten().collect();

    // What it was shown before is good for as long as it may be kept, for whatever was issued since.
    for token in &issued {
        verifier.check(token).expect("issued by one of the keys that were shown");
    }
    verifier = Verifier::of(&server).await;
    assert_eq!(verifier.keys.len(), published + 3, "the new ones are shown before they sign");
    for token in &issued {
        verifier.check(token).expect("the old key is shown until its last token has died");
    }
    let list = String::from_utf8(server.command(&["keys", "list"]).await.stdout).expect("text");
    let waits = list.lines().filter_map(|line| line.split_once("signs in ")?.1.strip_suffix(" s")?.parse::<u64>().ok());
    let waits: Vec<u64> = waits.collect();
    assert_eq!(waits.len(), 3, "{list}");
    assert!(waits.iter().all(|wait| *wait > verifier.max_age), "{list}");
}

#[tokio::test] // S-21
async fn servers_that_start_at_once_add_one_key_of_each_algorithm_that_is_missing() {
    let mut server = Server::start().await;
    let ann = Person::new("ann");
    let old = ann.arrive(&server).await;
    let before = Verifier::of(&server).await.keys;
    server.set("TOKEN_ALGORITHM", "EdDSA");
    server.set("SIGNING_ALGORITHMS", "RS256");
    let (second, third) = tokio::join!(server.beside(), server.beside());
    let shown = Verifier::of(&second).await;
    assert_eq!(Verifier::of(&third).await.keys, shown.keys, "one of them has made the keys");
    let mut algorithms: Vec<_> = shown.keys.iter().map(|key| key.alg.as_str()).collect();
    algorithms.sort_unstable();
    assert_eq!(algorithms, ["ES256", "EdDSA", "RS256"]);
    assert!(before.iter().all(|key| shown.keys.contains(key)), "what was there stays");

    // The other key has yet to take over, so that whoever does not know it by now can do without.
    let new = ann.sign_in(&second).await;
    for tokens in [old, new] {
        shown.check(&tokens.access).expect("signed by a key that was shown");
        for server in [&server, &second, &third] {
            let _ = server.api().me(&tokens.access).await.expect(200);
        }
    }
}

/// A service that checks tokens by itself.
struct Verifier {
    keys: Vec<Jwk>,
    max_age: u64,
    expected: Expected,
}

impl Verifier {
    async fn of(server: &Server) -> Self {
        let shown = server.api().get("/.well-known/jwks.json").await.expect(200);
        let max_age = shown.header("cache-control").split("max-age=").nth(1).and_then(|age| age.parse().ok());
        let keys = serde_json::from_value(shown.body["keys"].clone()).expect("keys");
        let issuer = "http://127.0.0.1:0".to_owned();
        Self { keys, max_age: max_age.expect("an age"), expected: Expected { audience: issuer.clone(), issuer } }
    }

    fn check(&self, token: &str) -> Result<AccessClaims, TokenRefused> {
        token::verify(token, &self.keys, &self.expected, auth_core::ports::Clock::now(&SystemClock))
    }
}
