//! Crash: `kill -9` at fifty moments under load. What was answered holds afterwards, and nothing happens twice.
use futures_util::future::join_all;
use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};
use tests::*;
use tokio::{
    sync::{Notify, watch},
    task::JoinSet,
};

const CRASHES: usize = 50;
const PEOPLE_AT_ONCE: usize = 6;
/// A whole life of each: some rounds are killed in the first steps, some in the last.
const ANSWERS_OF_A_ROUND: usize = PEOPLE_AT_ONCE * 9;
const SEED: u64 = 20_260_101;

const SECOND: &str = "eight dry badgers in a boat";
const THIRD: &str = "nine old wolves on a hill";

#[tokio::test(flavor = "multi_thread")] // R1, R3, R4, I1, I2, I4, I5, I6, I8, S-18, S-19, K-31
async fn what_was_answered_holds_and_nothing_happens_twice() {
    let dice = Dice::new(SEED);
    // The grace is long, so that a slow machine does not make a replay of a repeated refresh.
    let mut server = Settings::default().set("REFRESH_GRACE", "1h").set("MAIL_LEASE", "10s").start().await;
    let mut everybody = Vec::new();
    for round in 0..CRASHES {
        let sent_before = server.postbox().message_ids();
        let line = Line::new(&server, 1 + dice.below(ANSWERS_OF_A_ROUND));
        let mut lives = JoinSet::new();
        for number in 0..PEOPLE_AT_ONCE {
            let (mut somebody, line) = (Life::new(&format!("p{round}-{number}")), line.clone());
            lives.spawn(async move {
                // Whoever gets to the end before the kill has lived a whole life.
                let (Ok(()) | Err(Gone)) = somebody.live(&line).await;
                somebody
            });
        }
        patience("the moment to come", line.moment.notified()).await;
        server.kill().await;
        line.gone.send_replace(true);
        let mut lives = lives.join_all().await;
        assert_none_went_twice(&sent_before, &server.postbox().message_ids());
        server.start_again().await;
        join_all(lives.iter_mut().map(|life| life.is_as_it_was_answered(&server))).await;
        everybody.append(&mut lives);
    }
    assert!(everybody.iter().any(|life| life.lost.is_some()), "requests were under way");
    for neighbours in everybody.chunks(PEOPLE_AT_ONCE) {
        join_all(neighbours.iter().map(|life| life.stays_so(&server))).await;
    }
}

/// A mail may go again after a crash that came between the relay's yes and our note of it. It never goes twice in one life.
fn assert_none_went_twice(before: &[String], after: &[String]) {
    let times = |ids: &[String], id: &String| {
        ids.partition_point(|other| other <= id) - ids.partition_point(|other| other < id)
    };
    for id in after {
        assert!(times(after, id) <= times(before, id) + 1, "{id} went twice");
    }
}

/// The server went away before it answered.
struct Gone;

/// What connects a person to a server that is about to die.
#[derive(Clone)]
struct Line {
    api: Api,
    postbox: Postbox,
    answers: Arc<AtomicUsize>,
    enough: usize,
    moment: Arc<Notify>,
    gone: watch::Sender<bool>,
}

impl Line {
    fn new(server: &Server, enough: usize) -> Self {
        let (api, postbox) = (server.another_api(), server.postbox().clone());
        Self { api, postbox, answers: Arc::default(), enough, moment: Arc::default(), gone: watch::Sender::new(false) }
    }

    /// An answer, which is one step nearer to the kill; or none.
    async fn ask(&self, route: &str, access: Option<&str>, body: Value) -> Result<Answer, Gone> {
        let request = self.api.posting(route, &body);
        let request = match access {
            Some(access) => request.bearer_auth(access),
            None => request,
        };
        let answer = self.api.try_send(request).await.map_err(|_| Gone)?;
        if self.answers.fetch_add(1, Ordering::Relaxed) + 1 == self.enough {
            self.moment.notify_one();
        }
        Ok(answer)
    }

    async fn code_for(&self, address: &str) -> Result<String, Gone> {
        let mut gone = self.gone.subscribe();
        tokio::select! {
            code = self.postbox.code_for(address) => Ok(code),
            _ = gone.wait_for(|gone| *gone) => Err(Gone),
        }
    }
}

/// One person, and all that the server has said yes to.
struct Life {
    person: Person,
    /// The id that a registration was answered with.
    registration: Option<String>,
    /// The digits, once the mail has come.
    code: Option<String>,
    confirmed: bool,
    /// How many mails the answers have promised.
    mails: usize,
    /// Passwords that were, and are no longer.
    past: Vec<String>,
    live: Vec<Tokens>,
    dead: Vec<Tokens>,
    /// The id that a reset was answered with.
    reset: Option<String>,
    /// The request that was not answered.
    lost: Option<Lost>,
}

/// A request without an answer: it was done, or it was not.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Lost {
    Register,
    Confirm,
    Login,
    Refresh,
    Logout,
    Change,
    Forgot,
    Reset,
}

impl Life {
    fn new(name: &str) -> Self {
        Self {
            person: Person::new(name),
            registration: None,
            code: None,
            confirmed: false,
            mails: 0,
            past: Vec::new(),
            live: Vec::new(),
            dead: Vec::new(),
            reset: None,
            lost: None,
        }
    }

    /// Every capability once, noting each answer before the next request goes out.
    async fn live(&mut self, line: &Line) -> Result<(), Gone> {
        let Person { login, email, password } = self.person.clone();
        self.lost = Some(Lost::Register);
        let body = json!({ "login": login, "email": email, "password": password });
        let asked = line.ask("register", None, body).await?.expect(202).word("registration_id");
        self.registration = Some(asked.clone());
        self.mails += 1;
        self.lost = None;
        let code = line.code_for(&email).await?;
        self.code = Some(code.clone());

        self.lost = Some(Lost::Confirm);
        let _ =
            line.ask("register/confirm", None, json!({ "registration_id": asked, "code": code })).await?.expect(201);
        self.confirmed = true;
        self.mails += 1;

        for _ in 0..2 {
            self.lost = Some(Lost::Login);
            let body = json!({ "login": login, "password": password });
            let tokens = Tokens::from(&line.ask("login", None, body).await?.expect(200));
            self.live.push(tokens);
        }

        self.lost = Some(Lost::Refresh);
        let body = json!({ "refresh_token": self.live[0].refresh });
        self.live[0] = Tokens::from(&line.ask("refresh", None, body).await?.expect(200));

        self.lost = Some(Lost::Logout);
        let access = self.live[1].access.clone();
        let _ = line.ask("logout", Some(&access), Value::Null).await?.expect(200);
        self.dead.extend(self.live.pop());

        self.lost = Some(Lost::Change);
        let access = self.live[0].access.clone();
        let body = json!({ "current_password": password, "new_password": SECOND });
        let _ = line.ask("password/change", Some(&access), body).await?.expect(200);
        self.takes(SECOND);

        self.lost = Some(Lost::Forgot);
        let asked = line.ask("password/forgot", None, json!({ "email": email })).await?.expect(202).word("reset_id");
        self.reset = Some(asked.clone());
        self.mails += 1;
        self.lost = None;
        // The mails of the notices may come in between: they have no digits.
        let code = line.code_for(&email).await?;
        self.code = Some(code.clone());

        self.lost = Some(Lost::Reset);
        let body = json!({ "reset_id": asked, "code": code, "new_password": THIRD });
        let _ = line.ask("password/reset", None, body).await?.expect(200);
        self.takes(THIRD);
        self.dead.append(&mut self.live);
        self.lost = None;
        Ok(())
    }

    fn takes(&mut self, password: &str) {
        self.past.push(std::mem::replace(&mut self.person.password, password.to_owned()));
        self.mails += 1;
    }

    /// Right after the crash: what was answered holds, and what was lost was done or was not, and can be done again.
    async fn is_as_it_was_answered(&mut self, server: &Server) {
        if let (Some(id), Some(code), false) = (&self.registration, &self.code, self.confirmed) {
            let again = server.api().confirm(id, code).await;
            // I2: if the lost request made the account, this one makes no other.
            let expected: &[u16] = if self.lost == Some(Lost::Confirm) { &[201, 400] } else { &[201] };
            assert!(expected.contains(&again.status), "{}: {again}", self.person.login);
            self.mails += usize::from(again.status == 201);
            self.confirmed = true;
        }
        if self.confirmed {
            self.settle_password(server).await;
            self.settle_sessions(server).await;
        }
    }

    /// Finds out which of two passwords works, if a change of it was lost. It is one of them.
    async fn settle_password(&mut self, server: &Server) {
        let next = match self.lost {
            Some(Lost::Change) => SECOND,
            Some(Lost::Reset) => THIRD,
            _ => "",
        };
        let old = server.api().login(&self.person.login, &self.person.password).await;
        if old.status == 401 && !next.is_empty() {
            let _ = server.api().login(&self.person.login, next).await.expect(200);
            self.takes(next);
            self.mails -= 1; // it was not answered, so no notice was promised
            if self.lost == Some(Lost::Reset) {
                self.dead.append(&mut self.live);
            }
            return;
        }
        let _ = old.expect(200);
        if self.lost == Some(Lost::Reset)
            && let (Some(id), Some(code)) = (&self.reset, &self.code)
        {
            // The digits were shown at most: the same request goes on where the lost one stopped.
            let _ = server.api().reset(id, code, THIRD).await.expect(200);
            self.takes(THIRD);
            self.dead.append(&mut self.live);
        }
    }

    async fn settle_sessions(&mut self, server: &Server) {
        if self.lost == Some(Lost::Logout)
            && let Some(tokens) = self.live.pop()
        {
            // Asked for again, it is done; asked for twice, it is done once.
            let _ = server.api().logout(&tokens.access).await.expect(200);
            self.dead.push(tokens);
        }
        for tokens in &mut self.live {
            let _ = server.api().me(&tokens.access).await.expect(200);
            // S-18: the token of a lost refresh gets its successor.
            *tokens = Tokens::from(&server.api().refresh(&tokens.refresh).await.expect(200));
        }
    }

    /// After more crashes: nothing that was used, revoked or replaced has come back.
    async fn stays_so(&self, server: &Server) {
        let (api, login) = (server.api(), &self.person.login);
        if let (Some(id), false) = (&self.registration, self.confirmed) {
            let code = server.postbox().code_for(&self.person.email).await;
            let _ = api.confirm(id, &code).await.expect(201);
        } else if !self.confirmed {
            let _ = api.login(login, &self.person.password).await.expect(401);
            return;
        }
        let _ = api.login(login, &self.person.password).await.expect(200);
        for password in &self.past {
            let _ = api.login(login, password).await.expect(401);
        }
        for tokens in &self.dead {
            let _ = api.me(&tokens.access).await.expect(401);
            let _ = api.refresh(&tokens.refresh).await.expect(401);
        }
        for tokens in &self.live {
            let _ = api.me(&tokens.access).await.expect(200);
        }
        if let (Some(id), Some(code), 2) = (&self.reset, &self.code, self.past.len()) {
            api.reset(id, code, "ten young hares in the hay").await.refused(400, "invalid_code"); // I2, I8
        }
        server.postbox().holds(self.mails, &self.person.email).await; // I6
        let other = Person { email: format!("other-{login}@example.org"), ..self.person.clone() };
        api.register(&other).await.refused(409, "login_taken"); // I1
    }
}
