//! Shutdown: whoever was let in is served, and the program ends well.
use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};
use tests::*;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    sync::Notify,
    task::JoinSet,
};

#[tokio::test(flavor = "multi_thread")] // R7
async fn accepted_requests_are_answered_and_the_end_is_a_good_one() {
    const CALLERS: usize = 16;
    // The hash is made slow, so that many requests are in the house when the signal comes.
    let mut server = Settings::default().set("ARGON2_MEMORY_KIB", "19456").set("ARGON2_PASSES", "2").start().await;
    let ann = Person::new("ann");
    let tokens = ann.arrive(&server).await;
    let login = json!({ "login": ann.login, "password": ann.password }).to_string();
    let mut guests = Vec::new();
    for _ in 0..CALLERS {
        guests.push(Guest::let_in(&server, login.clone()).await);
    }
    let mut logins: JoinSet<_> = guests.into_iter().map(Guest::answered).collect();
    // One answer: the others were let in before it was ready.
    let first = logins.join_next().await.expect("a login").expect("no panic");
    assert_eq!(first.status, 200, "{first}");
    server.terminate().await;
    let mut answered = vec![Tokens::from(&first)];
    while let Some(login) = logins.join_next().await {
        let answer = login.expect("no panic");
        assert!(answer.status == 200 || answer.status == 503 && answer.headers.contains_key("retry-after"), "{answer}");
        answered.extend((answer.status == 200).then(|| Tokens::from(&answer)));
    }
    let end = server.ended().await;
    assert_eq!(end.code(), Some(0), "{}", server.log());
    server.start_again().await;
    for answered in answered.iter().chain([&tokens]) {
        let _ = server.api().me(&answered.access).await.expect(200);
    }
}

/// Somebody whose login the server has begun to read: it said so, and waits for the body.
struct Guest {
    connection: TcpStream,
    body: String,
}

impl Guest {
    async fn let_in(server: &Server, body: String) -> Self {
        let mut connection = server.connect().await;
        let head = format!(
            "POST /api/v1/auth/login HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\
             expect: 100-continue\r\nconnection: close\r\n\r\n",
            body.len()
        );
        connection.write_all(head.as_bytes()).await.expect("it listens");
        let mut go_on = [0; b"HTTP/1.1 100 Continue\r\n\r\n".len()];
        let _ = patience("to be asked for the body", connection.read_exact(&mut go_on)).await.expect("it goes on");
        assert_eq!(String::from_utf8_lossy(&go_on), "HTTP/1.1 100 Continue\r\n\r\n");
        Self { connection, body }
    }

    async fn answered(mut self) -> Answer {
        self.connection.write_all(self.body.as_bytes()).await.expect("it reads");
        let mut answer = String::new();
        let read = patience("whoever was let in is answered", self.connection.read_to_string(&mut answer)).await;
        assert!(read.is_ok(), "let in, and not answered: {read:?}");
        let (head, text) = answer.split_once("\r\n\r\n").expect("a head");
        let mut head = head.lines();
        let status = head.next().and_then(|line| line.split(' ').nth(1)?.parse().ok()).expect("a status");
        let headers = head.filter_map(|line| line.split_once(": ")).map(|(name, value)| {
            (name.parse().expect("the name of a header"), value.parse().expect("the value of a header"))
        });
        let body = serde_json::from_str(text).expect("a whole answer");
        Answer { status, headers: headers.collect(), text: text.to_owned(), body }
    }
}

#[tokio::test(flavor = "multi_thread")] // R1, R7
async fn under_load_each_caller_gets_whole_answers_or_none_and_what_was_answered_is_there() {
    const CALLERS: usize = 12;
    let mut server = Server::start().await;
    let load = Load { answers: Arc::default(), enough: CALLERS * 10, moment: Arc::default() };
    let mut callers = JoinSet::new();
    for number in 0..CALLERS {
        let person = Person::new(&format!("caller{number}"));
        let tokens = person.arrive(&server).await; // before the load begins, and with it the end
        callers.spawn(load.clone().until_refused(server.another_api(), person, tokens));
    }
    patience("everybody at work", load.moment.notified()).await;
    server.terminate().await;
    let callers = patience("everybody turned away", callers.join_all()).await;
    let end = server.ended().await;
    assert_eq!(end.code(), Some(0), "{}", server.log());
    assert!(!server.log().contains("cut off"), "{}", server.log());

    server.start_again().await;
    for (person, tokens, ended) in callers {
        let _ = server.api().me(&tokens.access).await.expect(200);
        let _ = server.api().refresh(&tokens.refresh).await.expect(200);
        for access in ended {
            let _ = server.api().me(&access).await.expect(401);
        }
        let _ = person.sign_in(&server).await;
    }
}

/// Callers that go on until nobody lets them in.
#[derive(Clone)]
struct Load {
    answers: Arc<AtomicUsize>,
    enough: usize,
    moment: Arc<Notify>,
}

impl Load {
    /// Logs in, asks, turns, logs out, on one connection that is kept. Gives the tokens of the last session that was not
    /// ended, and the access tokens of those that were.
    async fn until_refused(self, api: Api, person: Person, tokens: Tokens) -> (Person, Tokens, Vec<String>) {
        let login = json!({ "login": person.login, "password": person.password });
        let (mut tokens, mut ended) = (tokens, Vec::new());
        loop {
            let refresh = json!({ "refresh_token": tokens.refresh });
            let Some(answer) = self.ask(&api, api.posting("refresh", &refresh)).await else { break };
            tokens = Tokens::from(&answer.expect(200));
            let me = api.request(Method::GET, "/api/v1/auth/me").bearer_auth(&tokens.access);
            let Some(answer) = self.ask(&api, me).await else { break };
            let _ = answer.expect(200);
            let Some(answer) = self.ask(&api, api.posting("login", &login)).await else { break };
            let other = Tokens::from(&answer.expect(200)).access;
            let logout = api.request(Method::POST, "/api/v1/auth/logout").bearer_auth(&other);
            let Some(answer) = self.ask(&api, logout).await else { break };
            let _ = answer.expect(200);
            ended.push(other);
        }
        (person, tokens, ended)
    }

    /// A whole answer, or nothing from somebody who could not even connect.
    async fn ask(&self, api: &Api, request: reqwest::RequestBuilder) -> Option<Answer> {
        if self.answers.fetch_add(1, Ordering::Relaxed) == self.enough {
            self.moment.notify_one();
        }
        match api.try_send(request).await {
            Ok(answer) => Some(answer),
            Err(refused) if refused.is_connect() => None,
            Err(lost) => panic!("accepted, and not answered: {lost:?}"),
        }
    }
}

#[tokio::test]
async fn an_idle_connection_does_not_hold_it_up() {
    let mut server = Server::start().await;
    let idle = server.connect().await;
    let _ = server.api().get("/health/live").await.expect(200);
    server.stop().await;
    drop(idle);
}
