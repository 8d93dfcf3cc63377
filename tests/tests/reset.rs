//! Reset: the digits that were mailed, for a new password.
use tests::*;

const NEW: &str = "eight dry badgers in a boat";

#[tokio::test] // K-24, K-25, P-30
async fn a_new_password_ends_every_session_and_its_owner_is_told() {
    let server = Server::start().await;
    let ann = Person::new("ann");
    let (phone, laptop) = (ann.arrive(&server).await, ann.sign_in(&server).await);
    let asked = server.api().forgot(&ann.email).await.expect(202);
    assert_eq!(asked.body["expires_in"], 600);
    let code = server.postbox().code_for(&ann.email).await;
    let _ = server.api().me(&phone.access).await.expect(200); // K-13

    let done = server.api().reset(&asked.word("reset_id"), &code, NEW).await.expect(200);
    assert!(done.body.get("access_token").is_none(), "a reset logs nobody in: {done}");
    for tokens in [&phone, &laptop] {
        let _ = server.api().me(&tokens.access).await.expect(401);
        let _ = server.api().refresh(&tokens.refresh).await.expect(401);
    }
    let notice = server.postbox().next_for(&ann.email).await;
    assert_eq!(notice.code(), None);
    let _ = server.api().login(&ann.login, &ann.password).await.expect(401);
    let _ = server.api().login(&ann.login, NEW).await.expect(200);
}

#[tokio::test] // K-10, K-12, K-13
async fn a_stranger_gets_the_same_answer_and_no_mail() {
    let server = Server::start().await;
    let ann = Person::new("ann");
    let _ = ann.join(&server).await;
    let known = server.api().forgot(&ann.email).await.expect(202);
    let unknown = server.api().forgot("nobody@example.org").await.expect(202);
    assert_eq!(known.body["expires_in"], unknown.body["expires_in"]);
    assert_eq!(known.word("reset_id").len(), unknown.word("reset_id").len());
    let _ = server.postbox().code_for(&ann.email).await;
    server.no_mail_for("nobody@example.org").await;
    server.api().reset(&unknown.word("reset_id"), "000000", NEW).await.refused(400, "invalid_code");
}

#[tokio::test] // K-03, K-27
async fn the_digits_work_once() {
    let server = Server::start().await;
    let ann = Person::new("ann");
    let _ = ann.join(&server).await;
    let (id, code) = ann.forget_password(&server).await;
    let _ = server.api().reset(&id, &code, NEW).await.expect(200);
    server.api().reset(&id, &code, "nine old wolves on a hill").await.refused(400, "invalid_code");
    let _ = server.api().login(&ann.login, NEW).await.expect(200);
}

#[tokio::test] // K-04
async fn five_wrong_guesses_kill_them() {
    let server = Server::start().await;
    let ann = Person::new("ann");
    let _ = ann.join(&server).await;
    let (id, code) = ann.forget_password(&server).await;
    let wrong = &other_than(&code);
    for _ in 0..5 {
        server.api().reset(&id, wrong, NEW).await.refused(400, "invalid_code");
    }
    server.api().reset(&id, &code, NEW).await.refused(400, "invalid_code");
    let _ = ann.sign_in(&server).await; // K-33
}

#[tokio::test] // K-26
async fn a_weak_password_is_refused_before_the_digits_are_looked_at() {
    let server = Server::start().await;
    let ann = Person::new("ann");
    let _ = ann.join(&server).await;
    let (id, code) = ann.forget_password(&server).await;
    for _ in 0..6 {
        server.api().reset(&id, &code, "short").await.refused(422, "password_weak");
        server.api().reset(&id, "000000", "short").await.refused(422, "password_weak");
    }
    let _ = server.api().reset(&id, &code, NEW).await.expect(200);
}

#[tokio::test] // K-05
async fn the_newer_digits_kill_the_older() {
    let server = Server::start().await;
    let ann = Person::new("ann");
    let _ = ann.join(&server).await;
    let (older, older_code) = ann.forget_password(&server).await;
    let (newer, newer_code) = ann.forget_password(&server).await;
    server.api().reset(&older, &older_code, NEW).await.refused(400, "invalid_code");
    let _ = server.api().reset(&newer, &newer_code, NEW).await.expect(200);
}

#[tokio::test] // K-24
async fn a_change_of_password_kills_the_open_digits() {
    let server = Server::start().await;
    let ann = Person::new("ann");
    let tokens = ann.arrive(&server).await;
    let (id, code) = ann.forget_password(&server).await;
    let _ = server.api().change(&tokens.access, &ann.password, NEW).await.expect(200);
    server.api().reset(&id, &code, "nine old wolves on a hill").await.refused(400, "invalid_code");
    let _ = server.api().login(&ann.login, NEW).await.expect(200);
}

#[tokio::test] // K-07
async fn digits_of_one_purpose_are_none_of_another() {
    let server = Server::start().await;
    let ann = Person::new("ann");
    let _ = ann.join(&server).await;
    let (reset, code) = ann.forget_password(&server).await;
    server.api().confirm(&reset, &code).await.refused(400, "invalid_code");
    let (registration, digits) = Person::new("bob").ask_to_register(&server).await;
    server.api().reset(&registration, &digits, NEW).await.refused(400, "invalid_code");
    let _ = server.api().reset(&reset, &code, NEW).await.expect(200);
}

#[tokio::test] // K-06
async fn wrong_guesses_count_for_the_address_over_all_its_codes() {
    let server = Settings::default().set("LIMIT_CODE_PER_ADDRESS", "6/1d").start().await;
    let ann = Person::new("ann");
    ann.is_taken_in(&server).await; // whoever has just shown a right code has one guess less, for a minute
    let mut refused = Vec::new();
    for _ in 0..3 {
        let (id, code) = ann.forget_password(&server).await;
        let wrong = &other_than(&code);
        for _ in 0..2 {
            refused.push(server.api().reset(&id, wrong, NEW).await.status);
        }
    }
    assert_eq!(refused, [400, 400, 400, 400, 400, 400]);
    // K-33: the account is not shut, and neither is its reset.
    let _ = ann.sign_in(&server).await;
    let (id, code) = ann.forget_password(&server).await;
    assert_eq!(code.len(), 11, "too long to be guessed: {code}");
    server.api().reset(&id, "000000", NEW).await.refused(429, "too_many_requests");
    for wrong in ["AAAAA-AAAAA", "22222-22222", "bbbbb-bbbbb", "ccccc-ccccc", "ddddd-ddddd", "eeeee-eeeee"] {
        server.api().reset(&id, wrong, NEW).await.refused(400, "invalid_code");
    }
    let _ = server.api().reset(&id, &code.to_lowercase().replace('-', ""), NEW).await.expect(200);
}
