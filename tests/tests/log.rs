//! Log: a whole life at the chattiest level, and no secret in a line.
use tests::*;

const NEW: &str = "eight dry badgers in a boat";
const WRONG: &str = "nine old wolves on a hill";

#[tokio::test] // H-11
async fn no_secret_is_ever_said() {
    let mut server = Settings::default().set("LOG_LEVEL", "trace").start().await;
    let ann = Person::new("ann");
    let mut secrets = vec![ann.password.clone(), NEW.to_owned(), WRONG.to_owned()];
    let mut digits = Vec::new();

    let (id, code) = ann.ask_to_register(&server).await;
    digits.push(code.clone());
    let again = server.api().resend(&id).await.expect(202);
    assert_eq!(again.status, 202);
    let code = server.postbox().code_for(&ann.email).await;
    let _ = server.api().confirm(&id, &code).await.expect(201);
    digits.push(code);
    let _ = server.postbox().next_for(&ann.email).await;
    let _ = server.api().login(&ann.login, WRONG).await.expect(401);
    // Somebody types the password where the login goes.
    let _ = server.api().login(WRONG, &ann.login).await.expect(401);
    let first = ann.sign_in(&server).await;
    let second = Tokens::from(&server.api().refresh(&first.refresh).await.expect(200));
    let third = Tokens::from(&server.api().refresh(&second.refresh).await.expect(200));
    let _ = server.api().refresh(&first.refresh).await.expect(401);
    let here = ann.sign_in(&server).await;
    let _ = server.api().change(&here.access, &ann.password, NEW).await.expect(200);
    let _ = server.api().logout_all(&here.access).await.expect(200);
    let _ = server.postbox().next_for(&ann.email).await;
    let (reset, code) = ann.forget_password(&server).await;
    let _ = server.api().reset(&reset, &code, WRONG).await.expect(200);
    digits.push(code);
    let malformed = format!("{{\"login\":\"ann\",\"password\":\"{NEW}\",");
    let request = server.api().request(Method::POST, "/api/v1/auth/login").header("content-type", "application/json");
    let _ = server.api().send(request.body(malformed)).await.expect(400);
    let in_the_address = format!("/api/v1/auth/me?access_token={}", first.access);
    let _ = server.api().get(&in_the_address).await.expect(401);
    server.stop().await;

    for Tokens { access, refresh } in [first, second, third, here] {
        // The name of a token's session may be said: its signature or its secret part may not.
        secrets.push(access.rsplit('.').next().expect("a signature").to_owned());
        secrets.push(refresh);
    }
    let log = server.log();
    assert!(log.lines().count() > 20, "it says much at this level:\n{log}");
    for secret in &secrets {
        let line = log.lines().find(|line| line.contains(secret.as_str()));
        assert_eq!(line, None, "{secret:?} was said");
    }
    for code in &digits {
        assert_eq!(log.lines().find(|line| says(line, code)), None, "{code} was said");
    }
}

#[tokio::test] // H-12
async fn each_event_of_a_life_is_said_once_with_its_request_and_its_source() {
    let mut server = Settings::default().set("LOG_FORMAT", "json").start().await;
    let ann = Person::new("ann");
    let tokens = ann.arrive(&server).await;
    let _ = server.api().login(&ann.login, WRONG).await.expect(401);
    let _ = server.api().refresh(&tokens.refresh).await.expect(200);
    let (reset, code) = ann.forget_password(&server).await;
    let _ = server.api().reset(&reset, "x", NEW).await;
    let _ = server.api().reset(&reset, &code, NEW).await.expect(200);
    server.stop().await;

    let log = server.log();
    let lines = log.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let audited: Vec<_> = lines.filter(|line| line["target"] == "auth_server::audit").collect();
    for event in [
        "registration_asked",
        "registered",
        "logged_in",
        "login_refused",
        "refreshed",
        "reset_asked",
        "password_changed",
    ] {
        let said: Vec<_> = audited.iter().filter(|line| line["event"] == event).collect();
        let [line] = said[..] else { panic!("{event}: {said:?}") };
        assert_eq!(line["span"]["source"], "127.0.0.1", "{line}");
        assert_eq!(line["span"]["id"].as_str().map(str::len), Some(16), "{line}");
        assert!(line["timestamp"].as_str().is_some_and(|time| time.ends_with('Z')), "{line}");
        assert!(["user", "subject", "session"].iter().any(|whom| line[whom].is_string()), "{line}");
    }
}

/// Whether a line holds six digits as a word, and not as a part of a time, an id or a longer number.
fn says(line: &str, digits: &str) -> bool {
    line.match_indices(digits).any(|(at, _)| {
        let part = |c: char| c.is_ascii_alphanumeric() || c == '.';
        !line[..at].ends_with(part) && !line[at + digits.len()..].starts_with(|c: char| c.is_ascii_alphanumeric())
    })
}

#[test]
fn the_search_for_digits_finds_them() {
    assert!(says("code=123456", "123456") && says(r#"{"code":"123456"}"#, "123456"));
    assert!(!says("2026-01-01T00:00:00.123456Z", "123456") && !says("id=a123456", "123456"));
}
