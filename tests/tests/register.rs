//! Register: an account exists once the digits that were mailed to its address have come back.
use tests::*;

#[tokio::test]
async fn a_person_registers_confirms_and_logs_in() {
    let server = Server::start().await;
    let ann = Person::new("ann");
    let asked = server.api().register(&ann).await.expect(202);
    assert_eq!(asked.body["expires_in"], 600);
    let mail = server.postbox().next_for(&ann.email).await;
    let code = mail.code().expect("six digits"); // K-01
    assert!(mail.html.contains(code));
    assert!(!mail.subject.contains(code), "a locked screen shows subjects");

    let user = server.api().confirm(&asked.word("registration_id"), code).await.expect(201);
    assert_eq!(user.body["user"]["login"], "ann");
    assert_eq!(user.body["user"]["email"], "ann@example.org");
    let tokens = ann.sign_in(&server).await;
    assert_eq!(server.api().me(&tokens.access).await.expect(200).body["id"], user.body["user"]["id"]);
    assert_eq!(server.postbox().next_for(&ann.email).await.code(), None, "the welcome needs no digits");
}

#[tokio::test] // K-20, P-17
async fn whoever_has_not_confirmed_is_nobody() {
    let server = Server::start().await;
    let ann = Person::new("ann");
    let _ = ann.ask_to_register(&server).await;
    for name in [&ann.login, &ann.email] {
        let unconfirmed = server.api().login(name, &ann.password).await;
        let unknown = server.api().login("somebody-else", &ann.password).await;
        assert_eq!((unconfirmed.status, unconfirmed.body), (unknown.status, unknown.body));
    }
}

#[tokio::test] // K-04
async fn five_wrong_guesses_kill_a_code() {
    let server = Server::start().await;
    let (id, code) = Person::new("ann").ask_to_register(&server).await;
    for _ in 0..5 {
        server.api().confirm(&id, &other_than(&code)).await.refused(400, "invalid_code");
    }
    server.api().confirm(&id, &code).await.refused(400, "invalid_code");
}

#[tokio::test] // K-04
async fn four_wrong_guesses_do_not() {
    let server = Server::start().await;
    let (id, code) = Person::new("ann").ask_to_register(&server).await;
    for _ in 0..4 {
        server.api().confirm(&id, &other_than(&code)).await.refused(400, "invalid_code");
    }
    let _ = server.api().confirm(&id, &code).await.expect(201);
}

#[tokio::test] // K-05
async fn a_code_that_is_sent_again_is_another_and_the_first_is_dead() {
    let server = Server::start().await;
    let ann = Person::new("ann");
    let (id, first) = ann.ask_to_register(&server).await;
    let _ = server.api().resend(&id).await.expect(202);
    let second = server.postbox().code_for(&ann.email).await;
    if first != second {
        server.api().confirm(&id, &first).await.refused(400, "invalid_code");
    }
    let _ = server.api().confirm(&id, &second).await.expect(201);
}

#[tokio::test] // K-10
async fn sending_again_what_nobody_asked_for_looks_the_same() {
    let server = Server::start().await;
    let (id, _) = Person::new("ann").ask_to_register(&server).await;
    let known = server.api().resend(&id).await.expect(202);
    let unknown = server.api().resend(&"0".repeat(id.len())).await.expect(202);
    assert_eq!(known.body, unknown.body);
}

#[tokio::test] // K-21
async fn registering_again_replaces_the_password_and_kills_the_older_code() {
    let server = Server::start().await;
    let squatter = Person { password: "the squatter's own words".to_owned(), ..Person::new("ann") };
    let ann = Person::new("ann");
    let (older, older_code) = squatter.ask_to_register(&server).await;
    let (newer, newer_code) = ann.ask_to_register(&server).await;
    server.api().confirm(&older, &older_code).await.refused(400, "invalid_code");
    let _ = server.api().confirm(&newer, &newer_code).await.expect(201);
    let _ = server.api().login("ann", &squatter.password).await.expect(401);
    let _ = ann.sign_in(&server).await;
}

#[tokio::test] // K-03
async fn a_code_makes_one_account() {
    let server = Server::start().await;
    let ann = Person::new("ann");
    let (id, code) = ann.ask_to_register(&server).await;
    let first = server.api().confirm(&id, &code).await.expect(201);
    let again = server.api().confirm(&id, &code).await;
    if again.status == 201 {
        assert_eq!(again.body["user"]["id"], first.body["user"]["id"], "an answer that was lost may be had again");
    } else {
        again.refused(400, "invalid_code");
    }
    let _ = ann.sign_in(&server).await;
}

#[tokio::test]
async fn a_taken_login_is_told_in_every_spelling() {
    let server = Server::start().await;
    let _ = Person::new("ann").join(&server).await;
    for login in ["ann", "ANN", " Ann ", "ａｎｎ"] {
        let other = Person { login: login.to_owned(), email: "other@example.org".to_owned(), ..Person::new("x") };
        server.api().register(&other).await.refused(409, "login_taken");
    }
    server.no_mail_for("other@example.org").await;
}

#[tokio::test]
async fn of_two_who_ask_for_one_login_the_first_to_confirm_gets_it() {
    let server = Server::start().await;
    let ann = Person::new("ann");
    let other = Person { email: "other@example.org".to_owned(), ..ann.clone() };
    let (first, first_code) = ann.ask_to_register(&server).await;
    let (second, second_code) = other.ask_to_register(&server).await;
    let _ = server.api().confirm(&second, &second_code).await.expect(201);
    server.api().confirm(&first, &first_code).await.refused(409, "login_taken");
    let tokens = other.sign_in(&server).await;
    assert_eq!(server.api().me(&tokens.access).await.body["email"], "other@example.org");
}

#[tokio::test] // K-10, K-12, K-15
async fn a_taken_address_is_told_to_its_owner_alone() {
    let server = Server::start().await;
    let ann = Person::new("ann");
    let _ = ann.join(&server).await;
    let stranger = Person { email: " ANN@Example.ORG ".to_owned(), ..Person::new("stranger") };
    let known = server.api().register(&stranger).await.expect(202);
    let unknown = server.api().register(&Person::new("somebody")).await.expect(202);
    assert_eq!(known.body["expires_in"], unknown.body["expires_in"]);
    assert_eq!(known.word("registration_id").len(), unknown.word("registration_id").len());

    let mail = server.postbox().next_for(&ann.email).await;
    assert_eq!(mail.code(), None, "no digits to be talked out of: {}", mail.text);
    assert!(mail.text.contains("ann"), "it names the login that the address has");
    server.api().confirm(&known.word("registration_id"), "000000").await.refused(400, "invalid_code");
}

#[tokio::test] // P-01, P-06, P-08
async fn a_weak_password_is_refused_with_a_reason_and_no_mail_goes() {
    let server = Server::start().await;
    for weak in ["short", "fourteen chars", "passwordpassword", "annalisa@example.org", "aaaaaaaaaaaaaaaaaaaa"] {
        let person = Person { password: weak.to_owned(), ..Person::new("annalisa") };
        let answer = server.api().register(&person).await;
        answer.refused(422, "password_weak");
        assert!(!answer.text.contains(weak), "{weak:?} came back in {answer}");
    }
    server.no_mail_for("annalisa@example.org").await;
}

#[tokio::test] // P-02, P-03, P-04, P-05
async fn long_and_foreign_passwords_are_taken_whole() {
    let server = Server::start().await;
    let passwords = [
        "я люблю котов, всех и каждого ".repeat(8),
        "cafe\u{301} au lait, s'il vous plai\u{302}t".to_owned(),
        "  blanks are mine  ".to_owned(),
    ];
    for (number, password) in passwords.into_iter().enumerate() {
        let person = Person { password, ..Person::new(&format!("person{number}")) };
        let _ = person.arrive(&server).await;
        let cut: String = person.password.chars().take(person.password.chars().count() - 1).collect();
        let _ = server.api().login(&person.login, &cut).await.expect(401);
    }
    let _ = server.api().login("person1", "caf\u{e9} au lait, s'il vous pla\u{ee}t").await.expect(200);
    let endless = Person { password: "0123456789abcdef".repeat(17), ..Person::new("endless") };
    assert!((400..500).contains(&server.api().register(&endless).await.status));
}

#[tokio::test] // K-16, K-17, K-18
async fn what_is_not_one_login_and_one_address_is_refused_by_name() {
    let server = Server::start().await;
    for login in ["", "an", "a b", "ann@example.org", "аnn", "-ann", &"a".repeat(33)] {
        let answer = server.api().register(&Person { login: login.to_owned(), ..Person::new("ann") }).await;
        answer.refused(422, "invalid_field");
    }
    for email in ["", "ann", "ann@localhost", "a@x.org,b@x.org", "Ann <ann@x.org>", "ann@x.org\r\nBcc: b@x.org"] {
        let answer = server.api().register(&Person { email: email.to_owned(), ..Person::new("ann") }).await;
        answer.refused(422, "invalid_field");
    }
}

#[tokio::test] // K-09
async fn a_code_is_six_ascii_digits_in_a_string() {
    let server = Server::start().await;
    let (id, code) = Person::new("ann").ask_to_register(&server).await;
    let number: u64 = code.parse().expect("digits");
    let fullwidth: String = code.chars().filter_map(|c| char::from_u32(u32::from(c) - 0x30 + 0xFF10)).collect();
    for value in [
        json!(number),
        json!([code]),
        json!({ "code": code }),
        json!(fullwidth),
        json!(format!("{code}\u{0}")),
        json!(null),
    ] {
        let answer = server.api().post("register/confirm", &json!({ "registration_id": id, "code": value })).await;
        assert!((400..500).contains(&answer.status), "{value}: {answer}");
    }
    let _ = server.api().confirm(&id, &code).await.expect(201);
}

#[tokio::test] // K-14
async fn mails_to_one_address_are_limited_and_the_answer_does_not_tell() {
    let server = Settings::default().set("LIMIT_MAIL_PER_ADDRESS", "1/1m").start().await;
    let ann = Person::new("ann");
    let (id, code) = ann.ask_to_register(&server).await;
    let again = server.api().resend(&id).await.expect(202);
    let new = server.api().resend(&"0".repeat(id.len())).await.expect(202);
    assert_eq!(again.body, new.body);
    // The mail that does not go leaves the one that went good.
    let _ = server.api().confirm(&id, &code).await.expect(201);
}
