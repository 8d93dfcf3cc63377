//! Errors: every code that the documentation names is met here or said to be out of reach; and whatever is sent, the
//! answer is a small problem document.
use std::collections::BTreeSet;
use tests::*;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

/// Codes that no caller can bring about from outside, and why.
const OUT_OF_REACH: [(&str, &str); 1] = [("internal", "it is a defect")];

#[tokio::test]
async fn every_documented_code_is_met_with_its_status() {
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/errors.md");
    let page = std::fs::read_to_string(page).expect("the page of errors");
    let documented: BTreeSet<(u16, String)> = documented(&page);
    assert!(documented.len() > 10, "the page has another form now");
    let unreachable = OUT_OF_REACH.map(|(code, _)| code);
    let wanted: BTreeSet<_> =
        documented.into_iter().filter(|(_, code)| !unreachable.contains(&code.as_str())).collect();
    assert_eq!(met().await, wanted);
}

/// `## code`, then `status — title.`
fn documented(page: &str) -> BTreeSet<(u16, String)> {
    let sections = page.split("\n## ").skip(1);
    sections
        .map(|section| {
            let mut lines = section.lines().filter(|line| !line.is_empty());
            let code = lines.next().expect("a code").trim().to_owned();
            let status = lines.next().and_then(|line| line.split_whitespace().next()).expect("a status");
            (status.parse().expect("a number"), code)
        })
        .collect()
}

/// One request for each code.
async fn met() -> BTreeSet<(u16, String)> {
    let settings =
        Settings::default().set("LIMIT_CODE_PER_ADDRESS", "1/1d").set("ARGON2_QUEUE", "1").set("ARGON2_ARENAS", "1");
    let server = settings.start().await;
    let (api, ann) = (server.api(), Person::new("ann"));
    ann.is_taken_in(&server).await;
    let tokens = ann.sign_in(&server).await;
    let nobody = "0".repeat(64);
    let (reset, code) = ann.forget_password(&server).await;
    let wrong = &other_than(&code);
    let login = |body: &'static str, kind: &str| {
        api.request(Method::POST, "/api/v1/auth/login").header("content-type", kind).body(body)
    };
    let from_elsewhere =
        api.posting("login", &json!({ "login": "ann", "password": "x" })).header("origin", "https://evil.example");
    let answers = [
        api.send(login("{", "application/json")).await,
        api.reset(&reset, wrong, "eight dry badgers in a boat").await,
        api.reset(&reset, wrong, "eight dry badgers in a boat").await,
        api.login("ann", "another good password").await,
        api.get("/api/v1/auth/me").await,
        api.refresh("nothing").await,
        api.send(from_elsewhere).await,
        api.end_session(&tokens.access, &nobody).await,
        api.get("/api/v1/auth/login").await,
        api.register(&Person { email: "other@example.org".to_owned(), ..ann.clone() }).await,
        api.login("ann", &"p".repeat(1_000_000)).await,
        api.send(login("login=ann", "application/x-www-form-urlencoded")).await,
        api.register(&Person { email: "nowhere".to_owned(), ..ann.clone() }).await,
        api.register(&Person { password: "short".to_owned(), ..Person::new("bob") }).await,
        overloaded().await,
    ];
    let met = answers.iter().map(|answer| (answer.status, answer.word("code")));
    met.chain([(408, too_slow().await)]).collect()
}

/// The code that answers a body of which only a part comes.
async fn too_slow() -> String {
    let server = Settings::default().set("REQUEST_TIMEOUT", "1s").start().await;
    let request = "POST /api/v1/auth/login HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: 100\r\n\r\n{";
    let answer = said_to(&server, request).await;
    assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
    let (_, body) = answer.split_once("\r\n\r\n").expect("a body");
    serde_json::from_str::<Value>(body).expect("a problem document")["code"].as_str().expect("a code").to_owned()
}

/// The answer to one of many logins when one may wait. The hash is made slow, so that they do meet.
async fn overloaded() -> Answer {
    let settings = Settings::default().set("ARGON2_QUEUE", "1").set("ARGON2_ARENAS", "1");
    let server = settings.set("ARGON2_MEMORY_KIB", "65536").set("ARGON2_PASSES", "4").start().await;
    let answers = together(32, |_| {
        let api = server.another_api();
        async move { api.login("nobody", "another good password").await }
    });
    let busy = answers.await.into_iter().find(|answer| answer.status == 503).expect("one that could not wait");
    assert!(busy.header("retry-after").parse::<u64>().is_ok_and(|seconds| seconds > 0)); // P-26
    busy
}

#[tokio::test] // H-01, H-02, H-03, K-17, K-23, K-29
async fn whatever_is_no_request_is_refused_by_a_small_document() {
    let server = Server::start().await;
    let person = r#""login":"ann","email":"ann@example.org","password":"seven wet otters on a raft""#;
    let bodies = [
        String::new(),
        "null".to_owned(),
        "[]".to_owned(),
        "\"ann\"".to_owned(),
        "{".to_owned(),
        "{}".to_owned(),
        format!("{{{person}"),
        format!("{{{person}}}{{}}"),
        format!("{{{person},\"login\":\"bob\"}}"), // a key twice
        format!("{{{person},\"admin\":true}}"),    // K-23, K-29
        format!("{{{person},\"roles\":[\"admin\"]}}"),
        r#"{"login":"ann","email":["ann@example.org"],"password":"seven wet otters on a raft"}"#.to_owned(), // K-17
        r#"{"login":"ann","email":"ann@example.org","password":{"$ne":""}}"#.to_owned(),
        r#"{"login":"ann\ud800","email":"ann@example.org","password":"seven wet otters on a raft"}"#.to_owned(),
        r#"["ann","ann@example.org","seven wet otters on a raft"]"#.to_owned(),
        "[".repeat(60_000), // H-03
        format!("{{\"login\":{}1{}", "[".repeat(5_000), "]".repeat(5_000)),
        "\u{feff}{}".to_owned(),
    ];
    for body in bodies {
        let request = server.api().request(Method::POST, "/api/v1/auth/register");
        let answer = server.api().send(request.header("content-type", "application/json").body(body.clone())).await;
        is_a_small_refusal(&answer, &body);
    }
    let not_text = server.api().request(Method::POST, "/api/v1/auth/register");
    let not_text = not_text.header("content-type", "application/json").body(&b"{\"login\":\"\xff\xfe\"}"[..]);
    is_a_small_refusal(&server.api().send(not_text).await, "not UTF-8");
    server.no_mail_for("ann@example.org").await;
}

#[tokio::test] // P-28, H-04
async fn only_json_is_json() {
    let server = Server::start().await;
    let ann = Person::new("ann");
    let _ = ann.join(&server).await;
    let body = json!({ "login": "ann", "password": ann.password }).to_string();
    let refused = [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/xml",
        "",
        "json",
    ];
    for kind in refused {
        let request = server.api().request(Method::POST, "/api/v1/auth/login").body(body.clone());
        let answer = server.api().send(request.header("content-type", kind)).await;
        answer.refused(415, "unsupported_media_type");
    }
    let bare = server.api().request(Method::POST, "/api/v1/auth/login").body(body.clone());
    server.api().send(bare).await.refused(415, "unsupported_media_type");
    let in_the_address = format!("/api/v1/auth/login?login=ann&password={}", ann.password.replace(' ', "%20"));
    let empty = server.api().request(Method::POST, &in_the_address).json(&json!({}));
    let _ = server.api().send(empty).await.expect(400);
    for kind in ["application/json", "Application/JSON; charset=utf-8"] {
        let request = server.api().request(Method::POST, "/api/v1/auth/login").body(body.clone());
        let _ = server.api().send(request.header("content-type", kind)).await.expect(200);
    }
}

#[tokio::test] // P-15
async fn a_megabyte_of_password_and_eight_of_body_cost_nothing() {
    // A hash at this size takes many seconds: were one made for each, the guard against hanging would end the test.
    let server = Settings::default().set("ARGON2_MEMORY_KIB", "262144").set("ARGON2_PASSES", "10").start().await;
    for size in [1_000_000, 8_000_000] {
        let long = "p".repeat(size);
        for route in ["login", "register", "password/reset", "refresh", "register/confirm"] {
            let body = json!({ "login": "ann", "password": long, "refresh_token": long, "code": long }).to_string();
            let answer = pushed(&server, route, &body).await;
            assert!(answer.starts_with("HTTP/1.1 413 ") && answer.contains("\"body_too_large\""), "{route}: {answer}");
        }
    }
    let _ = server.api().login("ann", &"p".repeat(60_000)).await.expect(422);
}

/// What a caller reads who pushes a body on whatever the server says meanwhile: it may have hung up by the end.
async fn pushed(server: &Server, route: &str, body: &str) -> String {
    let address = server.base().strip_prefix("http://").expect("plain HTTP");
    let mut stream = TcpStream::connect(address).await.expect("a connection");
    let head = format!(
        "POST /api/v1/auth/{route} HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/json\r\nContent-Length: \
         {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).await.expect("the head is taken");
    let _ = stream.write_all(body.as_bytes()).await;
    let mut answer = Vec::new();
    let _ = patience("the answer", stream.read_to_end(&mut answer)).await;
    String::from_utf8(answer).expect("an answer in UTF-8")
}

#[tokio::test] // S-24, S-25
async fn no_authorization_value_breaks_anything() {
    let server = Server::start().await;
    let tokens = Person::new("ann").arrive(&server).await;
    let access = &tokens.access;
    let values = [
        String::new(),
        " ".to_owned(),
        "Bearer".to_owned(),
        "Bearer ".to_owned(),
        "Bearer  ".to_owned(),
        "Basic YTpi".to_owned(),
        "Digest x".to_owned(),
        format!("Basic {access}"),
        access.clone(),
        format!("Bearer {access} {access}"),
        format!("Bearer {access},Bearer {access}"),
        format!("Bearer\t{access}\t."),
        "Bearer ...".to_owned(),
        "Bearer =".to_owned(),
        "Bearer eyJhbGciOiJub25lIn0.e30.".to_owned(),
        format!("Bearer {}", "a.".repeat(3_000)),
    ];
    for value in values {
        let request = server.api().request(Method::GET, "/api/v1/auth/me").header("authorization", &value);
        let answer = server.api().send(request).await;
        answer.refused(401, "invalid_token");
        assert!(answer.header("www-authenticate").starts_with("Bearer"), "{value:?}");
    }
    let bytes = header::HeaderValue::from_bytes(b"Bearer \xff\xfe\x80").expect("a header");
    let request = server.api().request(Method::GET, "/api/v1/auth/me").header("authorization", bytes);
    server.api().send(request).await.refused(401, "invalid_token");
    let twice = server.api().request(Method::GET, "/api/v1/auth/me").bearer_auth(access).bearer_auth("other");
    let _ = server.api().send(twice).await.expect(401);
    // RFC 7235, section 2.1: the scheme's case does not matter.
    let request =
        server.api().request(Method::GET, "/api/v1/auth/me").header("authorization", format!("bearer {access}"));
    let _ = server.api().send(request).await.expect(200);
}

#[tokio::test] // P-31, H-02, H-04, H-05, H-13
async fn every_answer_has_its_headers_and_tells_nothing_more() {
    let server = Server::start().await;
    let ann = Person::new("ann");
    let tokens = ann.arrive(&server).await;
    let answers = [
        server.api().me(&tokens.access).await,
        server.api().login("ann", "another good password").await,
        server.api().forgot(&ann.email).await,
        server.api().get("/nowhere").await,
        server.api().get("/api/v1/auth/login").await,
    ];
    for answer in answers {
        assert_eq!(answer.header("cache-control"), "no-store", "{answer}");
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{answer}");
        assert!(answer.header("content-security-policy").contains("frame-ancestors 'none'"), "{answer}");
        assert!(!answer.header("x-request-id").is_empty());
        for name in ["server", "x-powered-by", "access-control-allow-origin", "set-cookie", "strict-transport-security"]
        {
            assert!(!answer.headers.contains_key(name), "{name} in {answer}");
        }
        let kind = if answer.status < 400 { "application/json" } else { "application/problem+json" };
        assert!(answer.header("content-type").starts_with(kind), "{answer}");
    }
}

#[tokio::test] // H-08
async fn a_request_of_two_lengths_is_none() {
    let server = Server::start().await;
    let route = "POST /api/v1/auth/login HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n";
    for lengths in [
        "content-length: 2\r\ncontent-length: 30\r\n",
        "content-length: +2\r\n",
        "content-length: 2, 30\r\n",
        "transfer-encoding: chunked, identity\r\n",
        "transfer-encoding: gzip\r\n",
    ] {
        let answer = said_to(&server, &format!("{route}{lengths}\r\n{{}}GET /health/live HTTP/1.1\r\n\r\n")).await;
        assert!(answer.starts_with("HTTP/1.1 400 "), "{lengths}: {answer}");
        assert_eq!(
            answer.matches("HTTP/1.1").count(),
            1,
            "{lengths}: nothing after it is taken for a request: {answer}"
        );
    }
}

/// What the server answers to these bytes, until it hangs up.
async fn said_to(server: &Server, bytes: &str) -> String {
    let address = server.base().strip_prefix("http://").expect("plain HTTP");
    let mut stream = tokio::net::TcpStream::connect(address).await.expect("the server listens");
    stream.write_all(bytes.as_bytes()).await.expect("the server takes bytes");
    let mut answer = Vec::new();
    let _ = patience("the end of the answer", stream.read_to_end(&mut answer)).await;
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test] // H-06, H-07
async fn routes_have_one_spelling_and_few_methods() {
    let server = Server::start().await;
    for path in [
        "/api/v1/auth/login/",
        "/api/v1/auth//login",
        "/api/v1/auth/LOGIN",
        "/api/v1/auth/%6Cogin",
        "/api/v1/auth/login%00",
        "/api/v1/auth/./login/..;/login",
        "/debug",
        "/metrics",
        "/admin",
    ] {
        let request = server.api().request(Method::POST, path).json(&json!({ "login": "ann", "password": "x" }));
        let answer = server.api().send(request).await;
        assert!([404, 405].contains(&answer.status), "{path}: {answer}");
    }
    for method in ["TRACE", "PUT", "PATCH", "CONNECT", "OTTER"] {
        let method = Method::from_bytes(method.as_bytes()).expect("a method");
        let answer = server.api().send(server.api().request(method.clone(), "/api/v1/auth/login")).await;
        assert!((400..500).contains(&answer.status), "{method}: {answer}");
    }
    let answer = server.api().get("/api/v1/auth/login").await;
    answer.refused(405, "method_not_allowed");
    assert!(answer.header("allow").contains("POST"));
}

#[tokio::test] // H-02
async fn a_session_id_of_any_shape_is_not_found() {
    let server = Server::start().await;
    let tokens = Person::new("ann").arrive(&server).await;
    for id in ["x", "%00", "..%2f..%2fetc%2fpasswd", "'%20or%201=1--", &"f".repeat(64), &"9".repeat(5_000)] {
        let answer = server.api().end_session(&tokens.access, id).await;
        assert!((400..500).contains(&answer.status), "{id}: {answer}");
    }
    let _ = server.api().me(&tokens.access).await.expect(200);
}

#[track_caller]
fn is_a_small_refusal(answer: &Answer, sent: &str) {
    let sent: String = sent.chars().take(80).collect();
    assert!((400..500).contains(&answer.status), "{sent}: {answer}");
    assert_eq!(answer.header("content-type"), "application/problem+json", "{sent}: {answer}");
    assert!(answer.text.len() < 1_000 && answer.body["code"].is_string(), "{sent}: {answer}");
    for inside in ["seven wet otters", "panicked", "src/", ".rs", "serde"] {
        assert!(!answer.text.contains(inside), "{inside:?} after {sent}: {answer}");
    }
}
