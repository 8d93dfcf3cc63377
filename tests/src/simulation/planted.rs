//! What can be wrong on purpose: each fault is one that somebody has shipped somewhere, and the simulator must find it.
use super::{facts::Records, hub::Hub};
use auth_core::{
    ports::Call,
    session::Session,
    testing::{Broken, Fault, Memory, Tables},
    user::User,
    value::*,
};
use std::{
    collections::{BTreeMap, BTreeSet},
    mem::take,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// One thing that is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Planted {
    /// Nothing is.
    Nothing,
    /// The store behind a port is broken.
    Store(&'static str, Fault),
    /// Each process counts for itself.
    LimiterInTheProcess,
    /// A new password, and the end of all sessions, rely on the tidying that comes after, which is at times left undone.
    EpochStays,
    /// A new password is acknowledged, and the old one stays.
    PasswordStays,
    /// A session is ended a while after the answer that says so.
    EndsLater,
    /// A letter is lost after it was taken.
    LosesLetters,
    /// What was acknowledged is lost with the process, unless it was flushed.
    ForgetsInACrash,
    /// The sweep takes a session that lives.
    SweepsTheLiving,
    /// Each process remembers the sessions that it has seen.
    RemembersSessions,
    /// What is away is read all the same, from somewhere.
    ReadsWhileAway,
}

/// The stores that all nodes share, one for each port.
pub struct Stores {
    /// Accounts.
    pub users: Arc<Broken>,
    /// Codes.
    pub codes: Arc<Broken>,
    /// Signed-in devices.
    pub sessions: Arc<Broken>,
    /// Counters.
    pub counters: Arc<Broken>,
    /// Mails.
    pub outbox: Arc<Broken>,
    /// Documents: nobody here writes any.
    pub documents: Arc<Memory>,
    planted: Mutex<PlantedState>,
}

#[derive(Default)]
struct PlantedState {
    flushed: [Tables; 5],
    to_end: Vec<SessionId>,
    remembered: BTreeMap<usize, BTreeMap<SessionId, Session>>,
}

impl Stores {
    /// Empty stores, one of them broken perhaps.
    pub fn new(planted: Planted) -> Self {
        let store = |of: &str| match planted {
            Planted::Store(port, fault) if port == of => Broken::new(fault).into(),
            _ => Broken::new(Fault::None).into(),
        };
        Self {
            users: store("users"),
            codes: store("codes"),
            sessions: store("sessions"),
            counters: store("counters"),
            outbox: store("outbox"),
            documents: Arc::<Memory>::default(),
            planted: Mutex::default(),
        }
    }

    /// Whether what a call left in the store may be (I1, I8).
    pub fn look(&self, call: Call, records: &mut Records) -> Result<(), String> {
        match (call.port, call.method) {
            ("users", "insert" | "replace" | "rename" | "delete") => {
                records.look_at_users(&self.users.memory().tables())
            }
            ("codes", "create" | "redeem" | "renew") => records.look_at_codes(&self.codes.memory().tables()),
            ("sessions", "create" | "turn" | "revoke" | "revoke_all" | "sweep") => {
                records.look_at_sessions(&self.sessions.memory().tables())
            }
            _ => Ok(()),
        }
    }

    /// A process is gone.
    pub fn crashed(&self, planted: Planted) {
        if planted == Planted::ForgetsInACrash {
            let flushed = self.planted().flushed.clone();
            for (store, flushed) in self.all().into_iter().zip(flushed) {
                *store.memory().tables() = flushed;
            }
        }
    }

    fn all(&self) -> [&Broken; 5] {
        [&self.users, &self.codes, &self.sessions, &self.counters, &self.outbox]
    }

    fn planted(&self) -> MutexGuard<'_, PlantedState> {
        self.planted.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Planted {
    /// Whether a call is answered though its store is away.
    pub fn reads_while_away(self, call: Call) -> bool {
        self == Self::ReadsWhileAway && call.method.starts_with("by_")
    }
}

/// What a planted fault does around one call.
pub enum Meddling {
    /// Nothing.
    Nothing,
    /// Takes a part of a write over accounts back.
    Accounts(Vec<User>),
    /// Puts the sessions back that the call removed.
    Ended(BTreeMap<SessionId, Session>),
    /// Forgets what was put.
    Letters(BTreeSet<MailId>),
    /// Takes away what lives.
    Sweeps,
    /// Takes out what was only remembered.
    Remembered(Vec<SessionId>),
}

impl Meddling {
    /// Just before a call.
    pub fn before(hub: &Hub, node: usize, call: Call) -> Self {
        let stores = &hub.stores;
        match (hub.planted, call.port, call.method) {
            (Planted::EpochStays | Planted::PasswordStays, "users", "replace") => {
                let tables = stores.users.memory().tables();
                Self::Accounts(tables.users.values().map(|(user, _)| user.clone()).collect())
            }
            (Planted::EpochStays, "sessions", "revoke_all") if !hub.chance(3) => Self::Nothing,
            (Planted::EndsLater, "sessions", "revoke") | (Planted::EpochStays, "sessions", "revoke_all") => {
                Self::Ended(stores.sessions.memory().tables().sessions.clone().into_iter().collect())
            }
            (Planted::EndsLater, ..) if hub.chance(10) => {
                for id in take(&mut stores.planted().to_end) {
                    stores.sessions.memory().tables().sessions.remove(&id);
                }
                Self::Nothing
            }
            (Planted::LosesLetters, "outbox", "put") if hub.chance(5) => {
                Self::Letters(stores.outbox.memory().tables().outbox.keys().copied().collect())
            }
            (Planted::ForgetsInACrash, ..) if hub.chance(20) => {
                stores.planted().flushed = stores.all().map(|store| store.memory().tables().clone());
                Self::Nothing
            }
            (Planted::SweepsTheLiving, "sessions", "sweep") => Self::Sweeps,
            (Planted::RemembersSessions, "sessions", "by_id") => {
                let mut planted = stores.planted();
                let mut tables = stores.sessions.memory().tables();
                let remembered = planted.remembered.entry(node).or_default();
                let forgotten = remembered.iter().filter(|(id, _)| !tables.sessions.contains_key(id));
                let forgotten: BTreeMap<_, _> = forgotten.map(|(id, session)| (*id, session.clone())).collect();
                remembered.extend(tables.sessions.clone());
                let ids = forgotten.keys().copied().collect();
                tables.sessions.extend(forgotten);
                Self::Remembered(ids)
            }
            _ => Self::Nothing,
        }
    }

    /// Just after it.
    pub fn after(self, hub: &Hub) {
        let stores = &hub.stores;
        match self {
            Self::Nothing => {}
            Self::Accounts(before) => {
                let mut tables = stores.users.memory().tables();
                for before in before {
                    let Some((user, _)) = tables.users.get_mut(&before.id) else { continue };
                    if hub.planted == Planted::PasswordStays {
                        user.password = before.password;
                    } else {
                        (user.epoch, user.spared) = (before.epoch, before.spared);
                    }
                }
            }
            Self::Ended(sessions) => {
                let mut tables = stores.sessions.memory().tables();
                for (id, session) in sessions {
                    if tables.sessions.insert(id, session).is_none() {
                        stores.planted().to_end.push(id);
                    }
                }
            }
            Self::Letters(before) => stores.outbox.memory().tables().outbox.retain(|id, _| before.contains(id)),
            Self::Sweeps => {
                let mut tables = stores.sessions.memory().tables();
                if let Some(first) = tables.sessions.keys().min().copied() {
                    tables.sessions.remove(&first);
                }
            }
            Self::Remembered(ids) => {
                let mut tables = stores.sessions.memory().tables();
                tables.sessions.retain(|id, _| !ids.contains(id));
            }
        }
    }
}
