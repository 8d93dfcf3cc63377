//! A whole world out of one seed: nodes over the same stores, each with a clock of its own.
use super::{
    hub::{Habits, Hub},
    mail::{Post, Van},
    planted::Planted,
    trace::Trace,
    wire::Wire,
};
use crate::Dice;
use auth_core::{
    accounts::Accounts,
    counter::Rule,
    keys::{Algorithm, KeyRing, KeySet},
    outbox::{Outbox, OutboxWorker},
    password::PasswordRules,
    policy::{Limits, Policy},
    ports::*,
    secrets::ServerSecret,
    testing::{self, FixedClock, Memory, PlainHasher, SeededRng},
    user::PasswordHash,
    value::*,
};
use std::{
    cell::RefCell,
    rc::Rc,
    sync::{Arc, LazyLock},
    time::Duration,
};

/// The nodes of a world, and what they share.
pub struct World {
    /// What everything shares.
    pub hub: Arc<Hub>,
    rngs: Vec<Arc<SeededRng>>,
    lives: RefCell<Vec<Option<Life>>>,
    policy: Policy,
}

/// One life of a node, from its start to its crash.
#[derive(Clone)]
pub struct Life {
    /// Which one.
    pub boot: u32,
    /// What it serves.
    pub accounts: Accounts,
    /// What delivers its mail.
    pub worker: Arc<OutboxWorker>,
}

/// One for all worlds: making keys takes longer than a whole world does.
static KEYS: LazyLock<Arc<KeyRing>> = LazyLock::new(|| {
    let keys = KeySet::generate(Algorithm::EdDsa, Timestamp(0)).expect("the system makes a key");
    Arc::new(KeyRing::new(keys, Algorithm::EdDsa, Arc::new(FixedClock::default()), Duration::from_hours(1)))
});
/// The secret of every server.
pub static SECRET: LazyLock<Arc<ServerSecret>> =
    LazyLock::new(|| Arc::new(ServerSecret::new(&[7; 32]).expect("32 bytes are enough")));

impl World {
    /// The world of this seed.
    pub fn new(seed: u64, planted: Planted, trace: Trace) -> Rc<Self> {
        let dice = Dice::new(seed);
        let habits = Habits {
            fault_in: [0, 12, 40, 150][dice.below(4)],
            stall_in: [0, 8, 30][dice.below(3)],
            steady: dice.below(4) > 0,
            limited: dice.below(4) == 0,
            alarmed: dice.below(6) == 0,
        };
        let nodes = 1 + dice.below(3);
        let rngs = (0..nodes as u64).map(|node| Arc::new(SeededRng::new(seed ^ (node + 1).rotate_right(8)))).collect();
        let mut policy = if habits.limited { Policy::default() } else { testing::World::policy() };
        policy.password = PasswordRules::new(8, Vec::new()).expect("8 is the least");
        if habits.alarmed {
            let a_day = |limit| Rule::new(limit, Duration::from_hours(24));
            let (code_watch, code_attack, code_daily) = (a_day(3), a_day(6), a_day(12));
            policy.limits = Limits { code_watch, code_attack, code_daily, ..policy.limits };
        }
        let hub = Arc::new(Hub::new(dice, habits, nodes, planted, trace));
        hub.note(format_args!("{nodes} nodes, {habits:?}"));
        Rc::new(Self { hub, rngs, lives: RefCell::new(vec![None; nodes]), policy })
    }

    /// How many nodes there are.
    pub fn nodes(&self) -> usize {
        self.rngs.len()
    }

    /// The life that a node lives now. After a crash it is another.
    pub fn life(&self, node: usize) -> Life {
        let boot = self.hub.boot(node);
        let mut lives = self.lives.borrow_mut();
        match &lives[node] {
            Some(life) if life.boot == boot => life.clone(),
            _ => lives[node].insert(self.start(node, boot)).clone(),
        }
    }

    fn start(&self, node: usize, boot: u32) -> Life {
        let (hub, rng) = (&self.hub, &self.rngs[node]);
        let (stores, clock) = (&hub.stores, &hub.clocks[node]);
        let wire = Wire { hub: hub.clone(), node, boot };
        let outbox = Around::new(stores.outbox.clone(), &wire);
        let counters: Arc<dyn CounterStore> = match hub.planted {
            Planted::LimiterInTheProcess => Arc::new(Memory::default()),
            _ => stores.counters.clone(),
        };
        let ports = Ports {
            users: stores.users.clone(),
            codes: stores.codes.clone(),
            sessions: stores.sessions.clone(),
            counters,
            documents: stores.documents.clone(),
            mailer: Arc::new(Post {
                hub: hub.clone(),
                outbox: Outbox::new(outbox.clone(), SECRET.clone(), rng.clone()),
            }),
            logouts: Arc::new(NoClients),
            hasher: Arc::new(AgeingHasher { hub: hub.clone() }),
            keyring: KEYS.clone(),
            events: hub.clone(),
            clock: clock.clone(),
            rng: rng.clone(),
        };
        let worker = OutboxWorker {
            store: outbox,
            transport: Arc::new(Van { hub: hub.clone(), node }),
            clients: Arc::new(NoClients),
            secret: SECRET.clone(),
            lease: Duration::from_secs(20),
            events: hub.clone(),
            clock: clock.clone(),
            rng: rng.clone(),
        };
        Life {
            boot,
            accounts: Accounts::new(ports.around(&wire), SECRET.clone(), self.policy.clone()),
            worker: Arc::new(worker),
        }
    }
}

/// Hashes nothing; and one hash in a few is of yesterday's parameters, to be made again at the next login.
struct AgeingHasher {
    hub: Arc<Hub>,
}

#[async_trait]
impl PasswordHasher for AgeingHasher {
    async fn hash(&self, password: &Password) -> Outside<PasswordHash> {
        let PasswordHash(hash) = PlainHasher.hash(password).await?;
        let old = self.hub.chance(4);
        Ok(PasswordHash(if old { hash.replacen("plain:", "yesterday:", 1) } else { hash }))
    }

    async fn verify(&self, password: &Password, hash: Option<&PasswordHash>) -> Outside<Verdict> {
        PlainHasher.verify(password, hash).await
    }
}
