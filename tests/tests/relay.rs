//! The relay: down, refusing, greylisting, slow, half-open, and one whose answer is lost. The worker, SMTP and the store as
//! the server has them, in one process, with a clock that the test moves over the pauses.
use auth_core::{
    outbox::{Outbox, OutboxWorker},
    ports::{Clock, Event, Letter, Mail, Mailer, NoClients, OutboxStore, Transport},
    testing::World,
    value::Locale,
};
use auth_mail::{
    Composer, Mailbox, SmtpTransport, SmtpUrl, Templates, Wording,
    testing::{Reply, SmtpSink},
};
use auth_sqlite::{Options, SqliteStore};
use std::{sync::Arc, time::Duration};
use tempfile::TempDir;
use tests::{ReadMail, patience};
use tokio::{net::TcpSocket, sync::Notify};

const LEASE: Duration = Duration::from_secs(20);

/// The worker's side of a server.
struct House {
    world: World,
    store: Arc<SqliteStore>,
    outbox: Outbox,
    worker: Arc<OutboxWorker>,
    _folder: TempDir,
}

impl House {
    /// One that mails by the relay at this URL.
    fn new(relay: &str) -> Self {
        let (world, folder) = (World::default(), TempDir::new().expect("a folder"));
        // A store that waits longer than any disk is slow.
        let options = Options { patience: Duration::from_mins(1), ..Options::default() };
        let store = Arc::new(SqliteStore::open(folder.path().join("auth.db"), options).expect("a database"));
        let outbox = Outbox::new(store.clone(), world.secret.clone(), world.ports.rng.clone());
        let worker = Arc::new(OutboxWorker {
            store: store.clone(),
            transport: transport(relay),
            clients: Arc::new(NoClients),
            secret: world.secret.clone(),
            lease: LEASE,
            events: world.ledger.clone(),
            clock: world.clock.clone(),
            rng: world.ports.rng.clone(),
        });
        Self { world, store, outbox, worker, _folder: folder }
    }

    /// Promises a mail to somebody of this name, worth sending for ten minutes.
    async fn promise(&self, name: &str) {
        let now = self.world.clock.now();
        let letter = Letter {
            to: format!("{name}@example.org").parse().expect("an address"),
            locale: Locale::default(),
            written_at: now,
            expires_at: now + Duration::from_mins(10),
            mail: Mail::Welcome { login: name.parse().expect("a login") },
        };
        self.outbox.send(&letter).await.expect("a promise");
    }

    /// How many mails the worker has taken up.
    async fn run(&self) -> usize {
        patience("a batch", self.worker.run_once()).await.expect("the store is there")
    }

    /// Takes up the one mail, in vain; why. It is left alone for `pause`, and due again when this returns.
    async fn is_put_off(&self, pause: u64) -> String {
        assert_eq!(self.run().await, 1);
        let events = self.world.ledger.take();
        let [Event::MailDelayed(_, why)] = &events[..] else { panic!("{events:?}") };
        self.world.clock.advance(Duration::from_secs(pause - 1));
        assert_eq!(self.run().await, 0, "not yet");
        self.world.clock.advance(Duration::from_secs(1));
        why.clone()
    }

    /// Takes up the one mail, and it is out: nothing is left to do.
    async fn is_delivered(&self) {
        assert_eq!(self.run().await, 1);
        let events = self.world.ledger.take();
        assert!(matches!(events[..], [Event::MailDelivered(_)]), "{events:?}");
        assert_eq!(self.store.waiting().await.expect("a count"), 0);
        self.world.clock.advance(Duration::from_hours(1));
        assert_eq!(self.run().await, 0, "and never again");
    }
}

fn transport(relay: &str) -> Arc<dyn Transport> {
    let templates = Templates::load(Wording::default()).expect("those that are shipped");
    let composer = Composer::new(templates, Mailbox::parse("no-reply@example.org").expect("an address"), None);
    Arc::new(SmtpTransport::new(composer, SmtpUrl::parse(relay).expect("a URL"), None).expect("no TLS"))
}

/// A relay that gives this reply at the first `times` steps that begin so, and who is told of each.
async fn relay(step: &'static str, times: usize, reply: Reply) -> (SmtpSink, Arc<Notify>) {
    let (mut left, asked) = (times, Arc::new(Notify::new()));
    let told = asked.clone();
    let script = move |heard: &str| {
        if left == 0 || !heard.starts_with(step) {
            return Reply::Usual;
        }
        left -= 1;
        told.notify_one();
        reply.clone()
    };
    (SmtpSink::plain().script(script).start().await.expect("a free port"), asked)
}

fn say(line: &str) -> Reply {
    Reply::Say(line.to_owned())
}

fn message_ids(relay: &SmtpSink) -> Vec<String> {
    let id = |data: &[u8]| ReadMail::parse(data).and_then(|mail| mail.header("Message-ID").map(str::to_owned));
    relay.received().iter().map(|mail| id(&mail.data).expect("each mail has one")).collect()
}

#[tokio::test] // R4, K-31
async fn a_relay_that_is_down_is_asked_again_until_it_is_there() {
    // A port that is taken, and where nobody listens.
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.bind(([127, 0, 0, 1], 0).into()).expect("a free port");
    let address = socket.local_addr().expect("bound");
    let house = House::new(&format!("smtp+plain://{address}"));
    house.promise("ann").await;
    for pause in [5, 15, 45] {
        assert!(house.is_put_off(pause).await.contains("refused"));
    }
    // It comes up, and hangs up on whoever comes: to us, another way of not being there.
    let listener = socket.listen(8).expect("the same port");
    let answering = tokio::spawn(async move { listener.accept().await.map(drop) });
    let why = house.is_put_off(135).await;
    assert!(why.starts_with("connecting: "), "{why}");
    answering.await.expect("no panic").expect("somebody came");

    let relay = SmtpSink::plain().start().await.expect("a free port");
    let elsewhere = OutboxWorker {
        store: house.store.clone(),
        transport: transport(relay.url()),
        clients: Arc::new(NoClients),
        secret: house.world.secret.clone(),
        lease: LEASE,
        events: house.world.ledger.clone(),
        clock: house.world.clock.clone(),
        rng: house.world.ports.rng.clone(),
    };
    House { worker: Arc::new(elsewhere), ..house }.is_delivered().await;
    assert_eq!(relay.received().len(), 1);
}

#[tokio::test] // R4, K-31
async fn what_refuses_for_now_is_asked_again_and_the_mail_arrives_once() {
    for (step, reply) in [
        ("CONNECT", say("554 5.7.1 No service for you today")),
        ("CONNECT", say("421 4.3.2 Shutting down")),
        ("EHLO", Reply::HangUp),
        ("RCPT", say("450 4.2.0 Greylisted, come back later")),
        ("DATA", say("451 4.3.0 Local error")),
        (".", say("452 4.3.1 Insufficient storage")),
        (".", Reply::HangUp),
    ] {
        let told = format!("{reply:?} at {step}");
        let (relay, _) = relay(step, 2, reply).await;
        let house = House::new(relay.url());
        house.promise("ann").await;
        for pause in [5, 15] {
            let why = house.is_put_off(pause).await;
            assert!(!why.contains("example.org"), "{told}: {why}");
        }
        assert!(relay.received().is_empty(), "{told}");
        house.is_delivered().await;
        assert_eq!(relay.received().len(), 1, "{told}");
    }
}

#[tokio::test] // R4, K-31
async fn when_the_relays_answer_is_lost_the_same_mail_goes_once_more() {
    let (relay, _) = relay(".", 1, Reply::UsualUnheard).await;
    let house = House::new(relay.url());
    house.promise("ann").await;
    house.is_put_off(5).await;
    assert_eq!(relay.received().len(), 1, "it has taken it, and we do not know");
    house.is_delivered().await;
    let ids = message_ids(&relay);
    assert!(ids.len() == 2 && ids[0] == ids[1], "the reader's program sees one mail: {ids:?}");
}

#[tokio::test(flavor = "multi_thread")] // R4
async fn a_slow_relay_keeps_one_mail_and_holds_up_no_other() {
    let answer = Arc::new(Notify::new());
    let (relay, asked) = relay(".", 1, Reply::UsualAfter(answer.clone())).await;
    let house = House::new(relay.url());
    house.promise("ann").await;
    let slow = tokio::spawn({
        let worker = house.worker.clone();
        async move { worker.run_once().await }
    });
    patience("the whole mail to be with the relay", asked.notified()).await;
    for name in ["bob", "carl", "dora"] {
        house.promise(name).await;
    }
    assert_eq!(house.run().await, 3, "and not the one that is under way");
    assert_eq!(relay.received().len(), 3);
    answer.notify_one();
    assert_eq!(slow.await.expect("no panic").expect("the store is there"), 1);
    assert_eq!(house.store.waiting().await.expect("a count"), 0);
    let mut ids = message_ids(&relay);
    ids.sort_unstable();
    ids.dedup();
    assert_eq!((relay.received().len(), ids.len()), (4, 4), "each once");
}

#[tokio::test] // R4
async fn what_a_worker_took_to_a_silent_relay_and_died_over_goes_out_by_another() {
    for step in ["CONNECT", "EHLO", "."] {
        let (relay, asked) = relay(step, 1, Reply::Silence).await;
        let house = House::new(relay.url());
        house.promise("ann").await;
        let stuck = tokio::spawn({
            let worker = house.worker.clone();
            async move { worker.run_once().await }
        });
        patience("the mail to be under way", asked.notified()).await;
        stuck.abort();
        assert!(stuck.await.is_err_and(|end| end.is_cancelled()));
        assert_eq!(house.run().await, 0, "the lease still runs");
        house.world.clock.advance(LEASE);
        house.is_delivered().await;
        assert_eq!(relay.received().len(), 1, "{step}");
    }
}

#[tokio::test] // R4, K-31
async fn a_mail_that_expired_while_the_relay_was_down_is_not_sent_and_is_shown() {
    let (relay, _) = relay("CONNECT", 1, Reply::HangUp).await;
    let house = House::new(relay.url());
    house.promise("ann").await;
    house.is_put_off(5).await;
    house.world.clock.advance(Duration::from_mins(10));
    assert_eq!(house.run().await, 1);
    assert!(matches!(house.world.ledger.take()[..], [Event::MailDead(_, _)]));
    let dead = house.store.dead(9).await.expect("a list");
    let [entry] = &dead[..] else { panic!("{dead:?}") };
    assert!(entry.dead.as_ref().is_some_and(|why| why.contains("expired")), "{entry:?}");
    assert!(relay.received().is_empty());
    assert_eq!(house.run().await, 0);
}
