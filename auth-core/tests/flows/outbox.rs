//! Mail on its way out: sealed, delivered, tried again, given up.
use auth_core::{
    outbox::{Outbox, OutboxWorker},
    ports::*,
    secrets::ServerSecret,
    testing::{Memory, World},
    value::*,
};
use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

const LEASE: Duration = Duration::from_secs(20);

/// What the next server says, in order; then it accepts everything.
#[derive(Default)]
struct Relay {
    says: Mutex<Vec<Outside<Delivery>>>,
    took: Mutex<Vec<(MailId, Letter)>>,
    told: Mutex<Vec<LogoutNotice>>,
}

#[async_trait]
impl Transport for Relay {
    async fn deliver(&self, id: MailId, letter: &Letter) -> Outside<Delivery> {
        let mut says = self.says.lock().unwrap();
        let said = if says.is_empty() { Ok(Delivery::Accepted) } else { says.remove(0) };
        if matches!(said, Ok(Delivery::Accepted)) {
            self.took.lock().unwrap().push((id, letter.clone()));
        }
        said
    }
}

#[async_trait]
impl LogoutTransport for Relay {
    async fn tell(&self, notice: &LogoutNotice) -> Outside<Option<Delivery>> {
        let said = self.says.lock().unwrap().pop().unwrap_or(Ok(Delivery::Accepted));
        self.told.lock().unwrap().push(notice.clone());
        said.map(Some)
    }
}

struct House {
    world: World,
    relay: Arc<Relay>,
    outbox: Outbox,
    worker: Arc<OutboxWorker>,
}

impl House {
    fn new(says: Vec<Outside<Delivery>>) -> Self {
        let world = World::default();
        let relay = Arc::new(Relay { says: Mutex::new(says), ..Relay::default() });
        let outbox = Outbox::new(world.memory.clone(), world.secret.clone(), world.ports.rng.clone());
        let worker = OutboxWorker {
            store: world.memory.clone(),
            transport: relay.clone(),
            clients: relay.clone(),
            secret: world.secret.clone(),
            lease: LEASE,
            events: world.ledger.clone(),
            clock: world.clock.clone(),
            rng: world.ports.rng.clone(),
        };
        Self { world, relay, outbox, worker: Arc::new(worker) }
    }

    fn letter(&self, mail: Mail) -> Letter {
        let now = self.world.ports.clock.now();
        let to = "ann@example.org".parse().unwrap();
        let expires_at = now + Duration::from_mins(10);
        Letter { to, locale: Locale::default(), written_at: now, expires_at, mail }
    }

    fn reset(&self) -> Letter {
        self.letter(Mail::ResetPassword {
            login: "ann".parse().unwrap(),
            id: CodeId::from_bytes([3; 32]),
            code: crate::person::code("012345"),
            expires_at: Timestamp(1),
        })
    }

    fn logout(&self) -> LogoutNotice {
        let (client, session) = ("app".parse().unwrap(), SessionId::from_bytes([4; 32]));
        LogoutNotice { client, session, ended_at: self.world.ports.clock.now() }
    }

    fn taken(&self) -> Vec<(MailId, Letter)> {
        std::mem::take(&mut self.relay.took.lock().unwrap())
    }
}

fn down() -> Outside<Delivery> {
    Err(Unavailable::failed("mail", "connection refused"))
}

#[tokio::test]
async fn a_letter_comes_out_as_it_went_in() {
    let house = House::new(vec![]);
    house.outbox.send(&house.reset()).await.unwrap();
    assert_eq!(house.worker.run_once().await.unwrap(), 1);
    let taken = house.taken();
    let [(id, letter)] = &taken[..] else { panic!() };
    let Mail::ResetPassword { login, id: code_id, code, expires_at } = &letter.mail else { panic!() };
    assert_eq!((login.as_str(), code.expose(), *expires_at), ("ann", "012345", Timestamp(1)));
    assert_eq!(*code_id, CodeId::from_bytes([3; 32]));
    assert_eq!((letter.to.as_str(), letter.locale.as_str()), ("ann@example.org", "en"));
    assert_eq!(house.world.ledger.take(), [Event::MailDelivered(*id)]);
    assert_eq!(house.worker.run_once().await.unwrap(), 0);
    assert_eq!(house.world.memory.waiting().await.unwrap(), 0);
}

#[tokio::test] // K-08 in spirit: what a backup leaks is worthless
async fn a_store_sees_neither_the_address_nor_the_code_nor_the_kind() {
    let house = House::new(vec![]);
    for mail in [house.reset(), house.letter(Mail::Nothing)] {
        house.outbox.send(&mail).await.unwrap();
    }
    house.outbox.announce(&house.logout()).await.unwrap();
    let lease = Lease { holder: 1, until: house.world.ports.clock.now() + Duration::from_mins(1) };
    let entries = house.world.memory.lease(lease, house.world.ports.clock.now(), 9).await.unwrap();
    assert_eq!(entries.len(), 3);
    for entry in &entries {
        assert_eq!(entry.sealed.len(), entries[0].sealed.len());
        let text = String::from_utf8_lossy(&entry.sealed);
        assert!(!text.contains("ann") && !text.contains("012345") && !text.contains("reset"));
    }
}

#[tokio::test] // R4
async fn a_relay_that_is_down_is_asked_again_with_growing_pauses() {
    let house = House::new(vec![down(), down(), down()]);
    house.outbox.send(&house.reset()).await.unwrap();
    for pause in [5, 15, 45] {
        assert_eq!(house.worker.run_once().await.unwrap(), 1);
        let events = house.world.ledger.take();
        assert!(matches!(&events[..], [Event::MailDelayed(_, why)] if why == "connection refused"), "{events:?}");
        house.world.clock.advance(Duration::from_secs(pause - 1));
        assert_eq!(house.worker.run_once().await.unwrap(), 0);
        house.world.clock.advance(Duration::from_secs(1));
    }
    assert_eq!(house.worker.run_once().await.unwrap(), 1);
    assert_eq!(house.taken().len(), 1);
}

#[tokio::test] // R4: none after its code expired
async fn a_letter_is_given_up_once_it_is_worth_nothing() {
    let house = House::new(vec![down()]);
    house.outbox.send(&house.reset()).await.unwrap();
    assert_eq!(house.worker.run_once().await.unwrap(), 1);
    house.world.clock.advance(Duration::from_mins(10));
    assert_eq!(house.worker.run_once().await.unwrap(), 1);
    assert!(house.taken().is_empty());
    let dead = house.world.memory.dead(9).await.unwrap();
    assert!(dead[0].dead.as_ref().unwrap().contains("expired"), "K-31: visible");
}

#[tokio::test]
async fn a_letter_that_is_refused_is_not_tried_again() {
    let house = House::new(vec![Ok(Delivery::Rejected("550 no such user".into()))]);
    house.outbox.send(&house.reset()).await.unwrap();
    assert_eq!(house.worker.run_once().await.unwrap(), 1);
    house.world.clock.advance(Duration::from_secs(599));
    assert_eq!(house.worker.run_once().await.unwrap(), 0);
    assert!(matches!(&house.world.ledger.take()[..], [Event::MailDead(_, why)] if why.contains("550")));
}

#[tokio::test]
async fn one_poisoned_letter_among_a_hundred_harms_no_other() {
    let house = House::new(vec![down()]);
    for _ in 0..100 {
        house.outbox.send(&house.reset()).await.unwrap();
    }
    while house.worker.run_once().await.unwrap() > 0 {}
    assert_eq!(house.taken().len(), 99);
}

#[tokio::test] // R4
async fn a_store_that_fails_at_one_letter_has_none_of_the_others_sent_twice() {
    let house = House::new(vec![]);
    for _ in 0..8 {
        house.outbox.send(&house.reset()).await.unwrap();
    }
    let failing = Arc::new(FailsToSettle { store: house.world.memory.clone(), left: Mutex::new(4) });
    let worker = OutboxWorker {
        store: failing,
        transport: house.relay.clone(),
        clients: Arc::new(NoClients),
        secret: house.world.secret.clone(),
        lease: LEASE,
        events: house.world.ledger.clone(),
        clock: house.world.clock.clone(),
        rng: house.world.ports.rng.clone(),
    };
    assert!(Arc::new(worker).run_once().await.is_err(), "three times for one letter");
    assert_eq!(house.taken().len(), 8);
    house.world.clock.advance(LEASE);
    assert_eq!(house.worker.run_once().await.unwrap(), 1, "the one whose end could not be written");
    assert_eq!(house.worker.run_once().await.unwrap(), 0);
}

/// Loses the first few verdicts.
struct FailsToSettle {
    store: Arc<Memory>,
    left: Mutex<u32>,
}

#[async_trait]
impl OutboxStore for FailsToSettle {
    async fn put(&self, entry: &Entry) -> Outside<()> {
        self.store.put(entry).await
    }

    async fn lease(&self, lease: Lease, now: Timestamp, limit: usize) -> Outside<Vec<Entry>> {
        self.store.lease(lease, now, limit).await
    }

    async fn settle(&self, id: MailId, lease: Lease, verdict: &MailVerdict) -> Outside<Settled> {
        {
            let mut left = self.left.lock().unwrap();
            if *left > 0 {
                *left -= 1;
                return Err(Unavailable::failed("outbox", "disk I/O error"));
            }
        }
        self.store.settle(id, lease, verdict).await
    }

    async fn dead(&self, limit: usize) -> Outside<Vec<Entry>> {
        self.store.dead(limit).await
    }

    async fn waiting(&self) -> Outside<u64> {
        self.store.waiting().await
    }

    async fn sweep(&self, before: Timestamp) -> Outside<()> {
        OutboxStore::sweep(self.store.as_ref(), before).await
    }
}

#[tokio::test(start_paused = true)]
async fn a_relay_that_never_answers_is_given_up_for_this_time() {
    struct Silent;
    #[async_trait]
    impl Transport for Silent {
        async fn deliver(&self, _: MailId, _: &Letter) -> Outside<Delivery> {
            std::future::pending().await
        }
    }
    let house = House::new(vec![]);
    house.outbox.send(&house.reset()).await.unwrap();
    let worker = OutboxWorker {
        store: house.world.memory.clone(),
        transport: Arc::new(Silent),
        clients: Arc::new(NoClients),
        secret: house.world.secret.clone(),
        lease: LEASE,
        events: house.world.ledger.clone(),
        clock: house.world.clock.clone(),
        rng: house.world.ports.rng.clone(),
    };
    let worker = Arc::new(worker);
    let running = tokio::spawn({
        let worker = worker.clone();
        async move { worker.run_once().await.unwrap() }
    });
    for _ in 0..10 {
        // The lease would have run out: whoever is at it has said so in time.
        tokio::time::sleep(Duration::from_secs(6)).await;
        house.world.clock.advance(Duration::from_secs(6));
        assert_eq!(house.worker.run_once().await.unwrap(), 0);
    }
    assert_eq!(running.await.unwrap(), 1);
    assert!(matches!(&house.world.ledger.take()[..], [Event::MailDelayed(_, why)] if why.contains("too long")));
}

#[tokio::test] // R4
async fn a_client_is_told_of_a_logout_until_it_listens_or_an_hour_is_over() {
    let house = House::new(vec![down()]);
    let notice = house.logout();
    house.outbox.announce(&notice).await.unwrap();
    assert_eq!(house.worker.run_once().await.unwrap(), 1);
    let not_yet = Event::ClientNotTold(notice.client.clone(), notice.session, "connection refused".to_owned());
    assert_eq!(house.world.ledger.take(), [not_yet]);
    house.world.clock.advance(Duration::from_secs(5));
    assert_eq!(house.worker.run_once().await.unwrap(), 1);
    assert_eq!(*house.relay.told.lock().unwrap(), [notice.clone(), notice.clone()]);
    assert_eq!(house.world.ledger.take(), [Event::ClientTold(notice.client.clone(), notice.session)]);
    assert_eq!(house.world.memory.waiting().await.unwrap(), 0);

    house.outbox.announce(&house.logout()).await.unwrap();
    house.world.clock.advance(Duration::from_hours(1));
    assert_eq!(house.worker.run_once().await.unwrap(), 1);
    assert_eq!(house.relay.told.lock().unwrap().len(), 2, "it finds out by its tokens");
    assert!(matches!(&house.world.ledger.take()[..], [Event::ClientNotTold(_, _, why)] if why.contains("expired")));
}

/// Whoever registers a client has no hold on the mail.
#[tokio::test(start_paused = true)]
async fn a_client_that_never_answers_keeps_a_worker_for_five_seconds() {
    struct Silent;
    #[async_trait]
    impl LogoutTransport for Silent {
        async fn tell(&self, _: &LogoutNotice) -> Outside<Option<Delivery>> {
            std::future::pending().await
        }
    }
    let house = House::new(vec![]);
    house.outbox.announce(&house.logout()).await.unwrap();
    let worker = OutboxWorker {
        store: house.world.memory.clone(),
        transport: house.relay.clone(),
        clients: Arc::new(Silent),
        secret: house.world.secret.clone(),
        lease: LEASE,
        events: house.world.ledger.clone(),
        clock: house.world.clock.clone(),
        rng: house.world.ports.rng.clone(),
    };
    let once = Arc::new(worker);
    assert_eq!(tokio::time::timeout(Duration::from_secs(6), once.run_once()).await.expect("in time").unwrap(), 1);
    assert!(matches!(&house.world.ledger.take()[..], [Event::ClientNotTold(_, _, why)] if why.contains("too long")));
}

#[tokio::test]
async fn what_a_dead_worker_held_comes_back() {
    let house = House::new(vec![]);
    house.outbox.send(&house.reset()).await.unwrap();
    let now = house.world.ports.clock.now();
    let lease = Lease { holder: 1, until: now + LEASE };
    assert_eq!(house.world.memory.lease(lease, now, 9).await.unwrap().len(), 1);
    assert_eq!(house.worker.run_once().await.unwrap(), 0);
    house.world.clock.advance(LEASE);
    assert_eq!(house.worker.run_once().await.unwrap(), 1);
    assert_eq!(house.taken().len(), 1);
}

#[tokio::test]
async fn a_letter_of_another_secret_is_given_up_and_said() {
    let house = House::new(vec![]);
    let other = Arc::new(ServerSecret::new(&[8; 32]).unwrap());
    let outbox = Outbox::new(house.world.memory.clone(), other, house.world.ports.rng.clone());
    outbox.send(&house.reset()).await.unwrap();
    assert_eq!(house.worker.run_once().await.unwrap(), 1);
    assert!(matches!(&house.world.ledger.take()[..], [Event::MailDead(_, why)] if why.contains("secret")));
}

#[tokio::test]
async fn a_worker_need_not_wait_for_its_next_look() {
    let house = House::new(vec![]);
    house.outbox.send(&house.letter(Mail::Nothing)).await.unwrap();
    house.outbox.notify().notified().await;
    assert_eq!(house.worker.run_once().await.unwrap(), 1);
    assert!(house.taken().is_empty());
    assert_eq!(house.world.memory.waiting().await.unwrap(), 0);
}
