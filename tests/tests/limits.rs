//! The limits as a caller meets them: over two servers on one file, over a restart, with and without a known device.
use serde_json::json;
use tests::{Answer, Person, Server, Settings, together};

const WRONG: &str = "nine old wolves on a hill";
const NEW: &str = "eleven slow trains to nowhere";

/// The limits on one account that a server starts with.
fn limited() -> Settings {
    let limits = ["LOGIN_PER_ACCOUNT_AND_SOURCE", "LOGIN_PER_ACCOUNT", "LOGIN_IN_A_ROW", "CODE_PER_ADDRESS"];
    limits.iter().fold(Settings::default(), |settings, limit| settings.unset(&format!("LIMIT_{limit}")))
}

fn status(answers: &[Answer], status: u16) -> usize {
    answers.iter().filter(|answer| answer.status == status).count()
}

#[tokio::test] // P-21, K-06, R2
async fn two_servers_on_one_file_and_a_restart_evaluate_no_more_guesses_than_one() {
    let mut server = limited().start().await;
    let ann = Person::new("ann");
    ann.is_taken_in(&server).await;
    let beside = server.beside().await;
    let (id, _) = ann.forget_password(&server).await;
    let apis = [server.api().clone(), beside.api().clone()];
    let guesses = together(32, |n| {
        let (api, id) = (apis[n % 2].clone(), id.clone());
        async move { api.reset(&id, "000000", NEW).await }
    });
    let guesses = guesses.await;
    assert_eq!(status(&guesses, 400), 10, "no more than ten at one address, and five of them at one code");
    assert_eq!(status(&guesses, 429), 22);
    // Wrong passwords, too.
    let logins = together(32, |n| {
        let api = apis[n % 2].clone();
        async move { api.login("ann", WRONG).await }
    });
    assert_eq!(status(&logins.await, 401), 10);
    for api in &apis {
        api.login("ann", &ann.password).await.refused(429, "too_many_requests");
    }
    server.restart().await;
    let (again, code) = ann.forget_password(&server).await;
    server.api().reset(&again, "000000", NEW).await.refused(429, "too_many_requests");
    // K-33: who reads the owner's mail gets in all the same.
    let _ = server.api().reset(&again, &code, NEW).await.expect(200);
    let _ = server.api().login("ann", NEW).await;
}

#[tokio::test] // P-26
async fn whoever_is_slowed_is_told_for_how_long() {
    let server = limited().start().await;
    for _ in 0..10 {
        server.api().login("nobody", WRONG).await.refused(401, "invalid_credentials");
    }
    let slowed = server.api().login("nobody", WRONG).await;
    slowed.refused(429, "too_many_requests");
    assert!((1..=900).contains(&slowed.header("retry-after").parse().unwrap()), "{slowed}");
}

#[tokio::test] // P-25
async fn a_device_that_the_owner_has_logged_in_on_is_not_slowed_by_others() {
    let server = limited().start().await;
    let (ann, bob) = (Person::new("ann"), Person::new("bob"));
    let _ = ann.join(&server).await;
    let _ = bob.join(&server).await;
    let at_home = server.api_from(9); // a right one counts there, for a minute
    let device = at_home.login("ann", &ann.password).await.expect(200).word("device_token");
    let bobs = server.api().login("bob", &bob.password).await.expect(200).word("device_token");
    for _ in 0..10 {
        server.api().login("ann", WRONG).await.refused(401, "invalid_credentials");
    }
    let shown = |token: &str| json!({ "login": "ann", "password": ann.password, "device_token": token });
    // Another's, one that was changed, and what is none: as if there were none.
    let changed = device.replacen(&device[3..4], if &device[3..4] == "A" { "B" } else { "A" }, 1);
    for token in ["", "dt_", &bobs, &changed, "a b\u{0}c"] {
        server.api().post("login", &shown(token)).await.refused(429, "too_many_requests");
    }
    let again = server.api().post("login", &shown(&device)).await.expect(200).word("device_token");
    assert!(again.starts_with("dt_"));
    let refreshed = server.api().refresh(&server.api().post("login", &shown(&again)).await.word("refresh_token")).await;
    assert!(refreshed.body.get("device_token").is_none(), "{refreshed}");
}

#[tokio::test] // K-33, K-14
async fn the_owner_of_a_known_device_gets_a_code_however_many_others_have_asked_for() {
    let settings = Settings::default().set("LIMIT_MAIL_PER_ADDRESS_DAILY", "3/1d");
    let server = settings.start().await;
    let ann = Person::new("ann");
    let _ = ann.join(&server).await;
    let device = server.api().login("ann", &ann.password).await.expect(200).word("device_token");
    for _ in 0..5 {
        let _ = server.api_from(9).forgot(&ann.email).await.expect(202);
    }
    for _ in 0..3 {
        let _ = server.postbox().code_for(&ann.email).await;
    }
    server.no_mail_for(&ann.email).await;
    let asked = server.api().post("password/forgot", &json!({ "email": ann.email, "device_token": device })).await;
    let id = asked.expect(202).word("reset_id");
    let code = server.postbox().code_for(&ann.email).await;
    let _ = server.api().reset(&id, &code, NEW).await.expect(200);
}

#[tokio::test] // K-06, R2
async fn an_attack_on_all_accounts_makes_codes_long_and_resets_go_on() {
    let settings = Settings::default().set("LIMIT_CODE_ATTACK", "8/1h").set("LIMIT_CODE_DAILY", "12/1d");
    let server: Server = settings.start().await;
    let ann = Person::new("ann");
    let _ = ann.join(&server).await;
    let (id, code) = ann.forget_password(&server).await;
    for n in 0..20 {
        let other = server.api().forgot(&format!("nobody{n}@example.org")).await.expect(202).word("reset_id");
        server.api().reset(&other, "000000", NEW).await.refused(400, "invalid_code");
    }
    let is_alarm = |line: &str| line.contains("\"alarm\"") || line.contains("event=\"alarm\"");
    let _ = server.said(|line| is_alarm(line) && line.contains("attack")).await;
    server.api().reset(&id, &code, NEW).await.refused(400, "invalid_code");
    let (again, long) = ann.forget_password(&server).await;
    assert_eq!(long.len(), 11);
    let _ = server.api().reset(&again, &long, NEW).await.expect(200);
}
