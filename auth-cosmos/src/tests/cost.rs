//! What each flow asks of the database, counted: `docs/cosmos.md` says so, and this test holds it to that. With
//! `UPDATE_DOCS=1` the table is written anew.
use super::emulator::{Emulator, parts};
use crate::{CosmosStore, Gauge, Operation, Parts};
use auth_core::{
    accounts::*,
    device_token::DeviceToken,
    outbox::{Outbox, OutboxWorker},
    policy::Policy,
    ports::*,
    testing::World,
    value::*,
};
use std::{
    collections::BTreeMap,
    fmt::Write,
    sync::{Arc, Mutex},
    time::Duration,
};

/// So many requests of each kind were made on each container.
type Bill = BTreeMap<(&'static str, &'static str), usize>;

#[derive(Default)]
struct Till(Mutex<Bill>);

impl Gauge for Till {
    fn record(&self, operation: &Operation<'_>) {
        let part = match operation.container {
            "counters" => "limits",
            "outbox" => "mail",
            _ => "own",
        };
        // What Microsoft's documentation says of a document of 1 KB: a plain read 1, one of what was last committed twice
        // that; a write 5 to 6, and a replaced document twice that; a query within a partition that finds little, some 3.
        let (kind, price) = match operation.name {
            "read_item" => ("reads", 2),
            "query_items" => ("queries", 6),
            "create_item" | "delete_item" => ("writes", 5),
            "replace_item" => ("writes", 10),
            _ => return, // a start asks for more
        };
        let bill = &mut *self.0.lock().unwrap();
        *bill.entry((part, kind)).or_default() += operation.requests;
        *bill.entry(("all", "units")).or_default() += price * operation.requests;
    }
}

struct House {
    accounts: Accounts,
    worker: Arc<OutboxWorker>,
    store: Arc<CosmosStore>,
    till: Arc<Till>,
    world: World,
    rows: String,
}

impl House {
    async fn open() -> Self {
        let (world, till) = (World::default(), Arc::new(Till::default()));
        let (emulator, secret) = (Emulator::start().await, parts().secret);
        let on = Parts { clock: world.clock.clone(), ..parts() };
        let store = Arc::new(CosmosStore::over(&emulator.billed(till.clone()).await, on).await.unwrap());
        let rng = world.ports.rng.clone();
        let ports = Ports {
            users: store.clone(),
            codes: store.clone(),
            sessions: store.clone(),
            counters: store.clone(),
            documents: store.clone(),
            mailer: Arc::new(Twice(
                Outbox::new(store.clone(), secret.clone(), rng.clone()),
                world.ports.mailer.clone(),
            )),
            ..world.ports.clone()
        };
        let worker = OutboxWorker {
            store: store.clone(),
            transport: Arc::new(Delivered),
            clients: Arc::new(NoClients),
            secret: secret.clone(),
            lease: Duration::from_secs(20),
            events: world.ports.events.clone(),
            clock: world.clock.clone(),
            rng,
        };
        let accounts = Accounts::new(ports, secret, Policy::default());
        Self { accounts, worker: Arc::new(worker), store, till, world, rows: String::new() }
    }

    /// Adds what was asked since the last time as a row of the table.
    fn row(&mut self, flow: &str) {
        let bill = std::mem::take(&mut *self.till.0.lock().unwrap());
        let part = |part| {
            let kinds = ["reads", "queries", "writes"];
            let asked = kinds.iter().filter_map(|kind| Some((bill.get(&(part, *kind))?, kind)));
            let asked = asked.map(|(many, kind)| match (many, *kind) {
                (1, "queries") => "1 query".to_owned(),
                (1, kind) => format!("1 {}", kind.trim_end_matches('s')),
                (many, kind) => format!("{many} {kind}"),
            });
            let asked: Vec<String> = asked.collect();
            if asked.is_empty() { "-".to_owned() } else { asked.join(", ") }
        };
        let units = bill.get(&("all", "units")).copied().unwrap_or_default();
        let [own, limits, mail] = ["own", "limits", "mail"].map(part);
        writeln!(self.rows, "| {flow} | {own} | {limits} | {mail} | {units} |").unwrap();
    }

    fn mailed(&self) -> OneTimeCode {
        self.world.mailed_code()
    }
}

/// Into the outbox, and to the test.
struct Twice(Outbox, Arc<dyn Mailer>);

#[async_trait]
impl Mailer for Twice {
    async fn send(&self, letter: &Letter) -> Outside<()> {
        self.0.send(letter).await?;
        self.1.send(letter).await
    }
}

struct Delivered;

#[async_trait]
impl Transport for Delivered {
    async fn deliver(&self, _: MailId, _: &Letter) -> Outside<Delivery> {
        Ok(Delivery::Accepted)
    }
}

#[tokio::test]
async fn each_flow_asks_what_the_documentation_says() {
    const FIRST: &str = "a quiet green harbour";
    let mut house = House::open().await;
    let (accounts, caller) = (house.accounts.clone(), World::caller());
    let password = |text: &str| Password::parse(Secret::new(text.to_owned())).unwrap();
    let attempt = |text| LoginAttempt { identifier: Identifier::parse("ann"), password: password(text), device: None };

    let (login, email) = ("ann".parse().unwrap(), "ann@example.org".parse::<Email>().unwrap());
    let ask = Registration { login, email: email.clone(), password: password(FIRST) };
    let issued = accounts.register(&caller, ask).await.unwrap();
    house.row("register");
    let code = house.mailed();
    accounts.confirm(&caller, issued.id, code).await.unwrap();
    house.row("confirm");
    house.world.post.take();

    house.world.clock.advance(Duration::from_hours(2));
    let tokens = accounts.login(&caller, attempt(FIRST)).await.unwrap();
    house.row("log in");
    let device = DeviceToken::parse(tokens.device_token.as_ref().unwrap()).unwrap();
    let known = Caller { device: Some(device), ..caller.clone() };
    accounts.login(&known, attempt(FIRST)).await.unwrap();
    house.row("log in, on a known device");
    assert!(accounts.login(&caller, attempt("seven slow river barges")).await.is_err());
    house.row("log in, with a wrong password");
    let who = accounts.authenticate(tokens.access_token.expose()).await.unwrap();
    house.row("check an access token here");
    let tokens = accounts.refresh(&tokens.refresh_token).await.unwrap();
    house.row("refresh");
    accounts.sessions(&who).await.unwrap();
    house.row("list one's devices");
    accounts.logout(tokens.access_token.expose()).await.unwrap();
    house.row("log out");

    house.world.clock.advance(Duration::from_hours(2));
    let issued = accounts.forgot(&caller, email).await.unwrap();
    house.row("forget a password");
    let code = house.mailed();
    let wrong = if code.expose() == "000000" { "111111" } else { "000000" };
    let wrong = OneTimeCode::parse(&Secret::new(wrong.to_owned())).unwrap();
    assert!(accounts.reset(&caller, issued.id, wrong, password("nine brass window latches")).await.is_err());
    house.row("reset, with a wrong code");
    house.world.clock.advance(Duration::from_mins(2));
    accounts.reset(&caller, issued.id, code, password("nine brass window latches")).await.unwrap();
    house.row("reset");

    let waiting = house.store.waiting().await.unwrap();
    house.till.0.lock().unwrap().clear();
    assert_eq!(waiting, 4, "two for a registration, two for a reset");
    assert_eq!(house.worker.run_once().await.unwrap(), 4);
    house.row("deliver four mails, with a look at whether there are any");

    let head = "| flow | own | limits | mail | RU |\n| --- | --- | --- | --- | --- |\n";
    held_to("docs/cosmos.md", &format!("{head}{}", house.rows));
}

/// The part of a page between its marks is this text.
fn held_to(page: &str, text: &str) {
    const MARKS: [&str; 2] = ["<!-- from auth-cosmos/src/tests/cost.rs -->\n", "<!-- to here -->"];
    let path = format!("{}/../{page}", env!("CARGO_MANIFEST_DIR"));
    let written = std::fs::read_to_string(&path).unwrap();
    let (before, rest) = written.split_once(MARKS[0]).unwrap();
    let (_, after) = rest.split_once(MARKS[1]).unwrap();
    let expected = format!("{before}{}\n{text}\n{}{after}", MARKS[0], MARKS[1]);
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, &expected).unwrap();
    }
    assert!(written == expected, "run UPDATE_DOCS=1 cargo test -p auth-cosmos cost; it is now\n{text}");
}
