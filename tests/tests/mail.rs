//! Mail: promised by the answer, delivered whatever the mail server does meanwhile.
use tests::*;

#[tokio::test] // K-31, R4
async fn while_the_mail_server_is_away_the_mail_waits() {
    let server = Server::start().await;
    server.postbox().close();
    let ann = Person::new("ann");
    let id = server.api().register(&ann).await.expect(202).word("registration_id");
    server.postbox().turned_somebody_away().await;
    server.postbox().open_again();
    let code = server.postbox().code_for(&ann.email).await;
    let _ = server.api().confirm(&id, &code).await.expect(201);
}

#[tokio::test] // K-31, R4
async fn it_waits_through_a_restart_too() {
    let mut server = Server::start().await;
    server.postbox().close();
    let ann = Person::new("ann");
    let id = server.api().register(&ann).await.expect(202).word("registration_id");
    server.postbox().turned_somebody_away().await;
    server.restart().await;
    server.postbox().open_again();
    let code = server.postbox().code_for(&ann.email).await;
    let _ = server.api().confirm(&id, &code).await.expect(201);
}

#[tokio::test] // R4, R7
async fn a_relay_that_never_says_a_word_holds_up_neither_the_answers_nor_the_end() {
    let mut server = Settings::default().set("MAIL_LEASE", "1s").start().await;
    let bob = Person::new("bob");
    let _ = bob.join(&server).await;
    server.postbox().fall_silent();
    let ann = Person::new("ann");
    let id = server.api().register(&ann).await.expect(202).word("registration_id");
    server.postbox().turned_somebody_away().await;
    let _ = bob.sign_in(&server).await;
    server.stop().await;
    server.postbox().open_again();
    server.start_again().await;
    let code = server.postbox().code_for(&ann.email).await;
    let _ = server.api().confirm(&id, &code).await.expect(201);
}

#[tokio::test] // R4
async fn one_poisoned_mail_among_a_hundred_is_given_up_and_holds_up_no_other() {
    let server = Server::start().await;
    server.postbox().refuse("poison@example.org");
    let poison = Person { email: "poison@example.org".to_owned(), ..Person::new("poison") };
    let everybody: Vec<_> = (0..99).map(|number| Person::new(&format!("person{number}"))).collect();
    for (number, person) in everybody.iter().enumerate() {
        if number == 50 {
            let _ = server.api().register(&poison).await.expect(202);
        }
        let _ = server.api().register(person).await.expect(202);
    }
    for person in &everybody {
        server.postbox().holds(1, &person.email).await;
    }
    server.no_mail_for("poison@example.org").await;
    assert_eq!(server.postbox().attempts_for("poison@example.org"), 1, "a 550 is an answer");
    // K-31: the operator sees it, and neither the address nor the code.
    let shown = server.command(&["mail"]).await;
    let shown = String::from_utf8(shown.stdout).expect("text");
    assert!(shown.contains("given up  1\n") && shown.contains("550"), "{shown}");
    assert!(!shown.contains("poison"), "{shown}");
}

#[tokio::test] // K-15
async fn it_goes_to_the_address_that_the_account_has() {
    let server = Server::start().await;
    let ann = Person { email: "Ann.Smith@Example.ORG".to_owned(), ..Person::new("ann") };
    let _ = server.api().register(&ann).await.expect(202);
    let mail = server.postbox().next_for("Ann.Smith@example.org").await;
    assert_eq!(mail.to, ["Ann.Smith@example.org"]);
}

#[tokio::test]
async fn it_speaks_the_language_that_was_asked_in() {
    let server = Server::start().await;
    let ann = Person::new("ann");
    let body = json!({ "login": ann.login, "email": ann.email, "password": ann.password });
    let request = server.api().posting("register", &body).header("accept-language", "ru-RU, en;q=0.5");
    let id = server.api().send(request).await.expect(202).word("registration_id");
    let mail = server.postbox().next_for(&ann.email).await;
    assert!(is_russian(&mail.subject) && is_russian(&mail.text) && is_russian(&mail.html), "{mail:?}");
    let _ = server.api().confirm(&id, mail.code().expect("digits")).await.expect(201);
    assert!(is_russian(&server.postbox().next_for(&ann.email).await.text), "and goes on in it");
    let _ = server.api().forgot(&ann.email).await.expect(202);
    assert!(is_russian(&server.postbox().next_for(&ann.email).await.text), "whoever asks in what language");
}

#[tokio::test]
async fn without_a_mail_server_it_is_a_file_and_the_terminal_says_where() {
    let server = Settings::default().start_with(Postbox::open().await).await;
    let ann = Person::new("ann");
    let id = server.api().register(&ann).await.expect(202).word("registration_id");
    let line = server.said(|line| line.contains(".eml")).await;
    let word = |word: &&str| word.contains(".eml");
    let path = line.split(|c: char| c.is_whitespace() || "\"'=,".contains(c)).find(word).expect("a path");
    let file = std::fs::read(server.folder().join(path)).expect("the file that it named");
    let mail = ReadMail::parse(&file).expect("a mail");
    assert_eq!(mail.to, [ann.email.as_str()]);
    let _ = server.api().confirm(&id, mail.code().expect("digits")).await.expect(201);
}

#[tokio::test] // K-18, K-19
async fn nothing_that_was_typed_reaches_a_header() {
    let server = Settings::default().set("PUBLIC_URL", "https://auth.example.org").start().await;
    let ann = Person::new("ann");
    let body = json!({ "login": ann.login, "email": ann.email, "password": ann.password });
    let request = server.api().posting("register", &body);
    let request = request.header("host", "evil.example").header("x-forwarded-host", "evil.example");
    let _ = server.api().send(request.header("accept-language", "en, x-\"evil\"")).await.expect(202);
    let mail = server.postbox().next_for(&ann.email).await;
    assert!(!format!("{mail:?}").contains("evil"), "{mail:?}");
}

fn is_russian(text: &str) -> bool {
    text.chars().any(|c| ('а'..='я').contains(&c))
}
