//! The stores, in memory: the reference that the contract was written against. Each decision is made under one lock.
mod documents;
mod records;

use crate::{code::*, counter::*, document::*, keys::SealedKeys, ports::*, session::*, user::*, value::*};
use async_trait::async_trait;
use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::{Mutex, MutexGuard, PoisonError},
};

/// Every store port, in memory. What it holds ends with it.
#[derive(Default)]
pub struct Memory(Mutex<Tables>);

/// What it holds: for a test to look into, or to spoil.
#[derive(Clone, Default)]
pub struct Tables {
    /// Accounts, each with the number of writes over it.
    pub users: HashMap<UserId, (User, u64)>,
    /// Whose accounts were deleted.
    pub deleted: HashSet<UserId>,
    /// Codes, by their slots.
    pub codes: HashMap<(Subject, Kind), Code>,
    /// Signed-in devices.
    pub sessions: HashMap<SessionId, Session>,
    /// Counters.
    pub counters: HashMap<CounterKey, Counter>,
    /// Documents, each with what [`writes`](Self::writes) was when it was written.
    pub documents: BTreeMap<DocumentKey, (Document, u64)>,
    /// How often a document was written: what is written anew is not taken for what it was before.
    pub writes: u64,
    /// Mails on their way out.
    pub outbox: BTreeMap<MailId, Entry>,
    /// The signing keys, with the number of writes over them.
    pub keys: Option<(SealedKeys, u64)>,
}

impl From<Tables> for Memory {
    fn from(tables: Tables) -> Self {
        Self(Mutex::new(tables))
    }
}

impl Memory {
    /// All of it, for as long as the guard is held. A lock that a panicking test has poisoned is still a lock.
    pub fn tables(&self) -> MutexGuard<'_, Tables> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many counters it holds.
    pub fn counters(&self) -> usize {
        self.tables().counters.len()
    }

    /// How many wrong guesses the codes that it holds have looked at.
    pub fn wrong_guesses(&self) -> usize {
        self.tables().codes.values().map(|code| usize::from(code.wrong)).sum()
    }

    pub(super) fn find_user(&self, matches: impl Fn(&User) -> bool) -> Option<Stored<User>> {
        let tables = self.tables();
        let (user, revision) = tables.users.values().find(|(user, _)| matches(user))?;
        Some(Stored { value: user.clone(), revision: Revision(revision.to_string()) })
    }
}

#[async_trait]
impl UserStore for Memory {
    async fn insert(&self, user: &User) -> Outside<Insert> {
        let Tables { users, deleted, .. } = &mut *self.tables();
        if users.contains_key(&user.id) || deleted.contains(&user.id) {
            return Ok(Insert::Exists);
        }
        if users.values().any(|(other, _)| other.login == user.login) {
            return Ok(Insert::LoginTaken);
        }
        if users.values().any(|(other, _)| other.email == user.email) {
            return Ok(Insert::EmailTaken);
        }
        users.insert(user.id, (user.clone(), 0));
        Ok(Insert::Done)
    }

    async fn by_id(&self, id: UserId) -> Outside<Option<Stored<User>>> {
        Ok(self.find_user(|user| user.id == id))
    }

    async fn by_login(&self, login: &Login) -> Outside<Option<Stored<User>>> {
        Ok(self.find_user(|user| user.login == *login))
    }

    async fn by_email(&self, email: &Email) -> Outside<Option<Stored<User>>> {
        Ok(self.find_user(|user| user.email == *email))
    }

    async fn replace(&self, user: &Stored<User>) -> Outside<Replace> {
        let users = &mut self.tables().users;
        if !is_as_read(users, user) {
            return Ok(Replace::Stale);
        }
        write_over(users, &user.value);
        Ok(Replace::Done)
    }

    async fn rename(&self, user: &Stored<User>) -> Outside<Rename> {
        let users = &mut self.tables().users;
        if !is_as_read(users, user) {
            return Ok(Rename::Stale);
        }
        let user = &user.value;
        let mut others = users.values().map(|(other, _)| other).filter(|other| other.id != user.id);
        if others.clone().any(|other| other.login == user.login) {
            return Ok(Rename::LoginTaken);
        }
        if others.any(|other| other.email == user.email) {
            return Ok(Rename::EmailTaken);
        }
        write_over(users, user);
        Ok(Rename::Done)
    }

    async fn delete(&self, user: &Stored<User>) -> Outside<Replace> {
        let Tables { users, deleted, .. } = &mut *self.tables();
        if !is_as_read(users, user) {
            return Ok(Replace::Stale);
        }
        users.remove(&user.value.id);
        deleted.insert(user.value.id);
        Ok(Replace::Done)
    }
}

fn is_as_read(users: &HashMap<UserId, (User, u64)>, user: &Stored<User>) -> bool {
    users.get(&user.value.id).is_some_and(|(_, revision)| revision.to_string() == user.revision.0)
}

fn write_over(users: &mut HashMap<UserId, (User, u64)>, user: &User) {
    users.entry(user.id).and_modify(|(held, revision)| (*held, *revision) = (user.clone(), *revision + 1));
}

#[async_trait]
impl CodeStore for Memory {
    async fn create(&self, code: &Code) -> Outside<()> {
        self.tables().codes.insert((code.id.subject(), code.purpose.kind()), code.clone());
        Ok(())
    }

    async fn redeem(&self, attempt: &Attempt) -> Outside<Redeem> {
        let codes = &mut self.tables().codes;
        let code = codes.get_mut(&(attempt.id.subject(), attempt.kind));
        Ok(code.map_or(Redeem::Refused, |code| code.redeem(attempt)))
    }

    async fn renew(&self, renewal: &Renewal) -> Outside<Renewed> {
        let codes = &mut self.tables().codes;
        let code = codes.get_mut(&(renewal.id.subject(), renewal.kind));
        Ok(code.map_or(Renewed::Refused, |code| code.renew(renewal)))
    }

    async fn sweep(&self, now: Timestamp) -> Outside<()> {
        self.tables().codes.retain(|_, code| now < code.kept_until);
        Ok(())
    }
}

#[async_trait]
impl SessionStore for Memory {
    async fn create(&self, session: &Session) -> Outside<()> {
        self.tables().sessions.insert(session.id, session.clone());
        Ok(())
    }

    async fn by_id(&self, id: SessionId) -> Outside<Option<Session>> {
        Ok(self.tables().sessions.get(&id).cloned())
    }

    async fn turn(&self, id: SessionId, turn: &Turn) -> Outside<Turned> {
        Ok(self.tables().sessions.get_mut(&id).map_or(Turned::Refused, |session| session.turn(turn)))
    }

    async fn revoke(&self, id: SessionId) -> Outside<()> {
        self.tables().sessions.remove(&id);
        Ok(())
    }

    async fn revoke_all(&self, user: UserId, but: Option<SessionId>) -> Outside<()> {
        self.tables().sessions.retain(|id, _| id.user() != user || Some(*id) == but);
        Ok(())
    }

    async fn of_user(&self, user: UserId) -> Outside<Vec<Session>> {
        let mut sessions: Vec<_> =
            self.tables().sessions.values().filter(|held| held.id.user() == user).cloned().collect();
        sessions.sort_by_key(|session| (session.started_at, session.id));
        Ok(sessions)
    }

    async fn sweep(&self, now: Timestamp) -> Outside<()> {
        self.tables().sessions.retain(|_, session| session.is_live(now));
        Ok(())
    }
}

#[async_trait]
impl CounterStore for Memory {
    async fn hit(&self, standing: Standing, counts: &[Count], now: Timestamp) -> Outside<Counted> {
        let counters = &mut self.tables().counters;
        let keys = counts.iter().map(|count| count.key);
        let mut found: Vec<Counter> = keys.clone().map(|key| counters.get(&key).cloned().unwrap_or_default()).collect();
        let counted = Counter::hit(&mut found, counts, standing, now);
        counters.extend(keys.zip(found).filter(|(_, counter)| *counter != Counter::default()));
        Ok(counted)
    }

    async fn peek(&self, counts: &[Count], now: Timestamp) -> Outside<Vec<Hit>> {
        let counters = &self.tables().counters;
        let none = Counter::default();
        Ok(counts.iter().map(|count| counters.get(&count.key).unwrap_or(&none).judge(count, now)).collect())
    }

    async fn confirm(&self, attempt: AttemptId, counts: &[Count], now: Timestamp) -> Outside<()> {
        let counters = &mut self.tables().counters;
        for count in counts {
            counters.entry(count.key).or_default().confirm(count, attempt, now);
        }
        Ok(())
    }

    async fn forgive(&self, attempt: AttemptId, forget: &[CounterKey], undo: &[CounterKey]) -> Outside<()> {
        let counters = &mut self.tables().counters;
        for key in forget {
            counters.remove(key);
        }
        for key in undo {
            if let Some(counter) = counters.get_mut(key) {
                counter.undo(attempt);
            }
        }
        Ok(())
    }

    async fn sweep(&self, now: Timestamp) -> Outside<()> {
        self.tables().counters.retain(|_, counter| now < counter.over_at);
        Ok(())
    }
}

#[async_trait]
impl OutboxStore for Memory {
    async fn put(&self, entry: &Entry) -> Outside<()> {
        self.tables().outbox.entry(entry.id).or_insert_with(|| entry.clone());
        Ok(())
    }

    async fn lease(&self, lease: Lease, now: Timestamp, limit: usize) -> Outside<Vec<Entry>> {
        let outbox = &mut self.tables().outbox;
        let mut due: Vec<_> = outbox.values_mut().filter(|entry| entry.is_due(now)).collect();
        due.sort_by_key(|entry| entry.due_at);
        let taken = due.into_iter().take(limit).map(|entry| {
            entry.take(lease);
            entry.clone()
        });
        Ok(taken.collect())
    }

    async fn settle(&self, id: MailId, lease: Lease, verdict: &MailVerdict) -> Outside<Settled> {
        let outbox = &mut self.tables().outbox;
        let settled = outbox.get_mut(&id).map_or(Settled::Lost, |entry| entry.settle(lease, verdict));
        if settled == Settled::Done && *verdict == MailVerdict::Done {
            outbox.remove(&id);
        }
        Ok(settled)
    }

    async fn dead(&self, limit: usize) -> Outside<Vec<Entry>> {
        let outbox = &self.tables().outbox;
        let mut dead: Vec<_> = outbox.values().filter(|entry| entry.dead.is_some()).cloned().collect();
        dead.sort_by_key(|entry| (entry.expires_at, entry.id));
        dead.truncate(limit);
        Ok(dead)
    }

    async fn waiting(&self) -> Outside<u64> {
        Ok(self.tables().outbox.values().filter(|entry| entry.dead.is_none()).count() as u64)
    }

    async fn sweep(&self, before: Timestamp) -> Outside<()> {
        self.tables().outbox.retain(|_, entry| entry.dead.is_none() || entry.expires_at >= before);
        Ok(())
    }
}

#[async_trait]
impl KeyStore for Memory {
    async fn load(&self) -> Outside<Option<Stored<SealedKeys>>> {
        let held = self.tables().keys.clone();
        Ok(held.map(|(value, revision)| Stored { value, revision: Revision(revision.to_string()) }))
    }

    async fn save(&self, keys: &SealedKeys, over: Option<Revision>) -> Outside<Replace> {
        let held = &mut self.tables().keys;
        let revision = match (&*held, over) {
            (Some((held, _)), _) if held == keys => return Ok(Replace::Done),
            (None, None) => 0,
            (Some((_, revision)), Some(over)) if revision.to_string() == over.0 => revision + 1,
            _ => return Ok(Replace::Stale),
        };
        *held = Some((keys.clone(), revision));
        Ok(Replace::Done)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        code::Purpose,
        secrets::{Seed, ServerSecret},
    };
    use std::time::Duration;

    /// The contract cannot ask for it: a store may forget by itself, by the system's clock.
    #[tokio::test]
    async fn a_sweep_forgets_what_is_over_at_the_very_second() {
        let (store, secret, now) = (Memory::default(), ServerSecret::new(&[7; 32]).unwrap(), Timestamp(1_000));
        let user = UserId::from_bytes([1; 16]);
        let purpose = Purpose::ResetPassword { user, epoch: 0, email: "ann@example.org".parse().unwrap() };
        let id = CodeId::from_bytes([2; 32]);
        let proof = secret.code_proof(
            id,
            purpose.kind().as_str(),
            &OneTimeCode::parse(&Secret::new("000042".to_owned())).unwrap(),
        );
        CodeStore::create(&store, &Code::new(id, purpose, &proof, now, now)).await.unwrap();
        let session = Session {
            id: SessionId::from_bytes([3; 32]),
            epoch: 0,
            key: secret.id(),
            seed: Seed([0; 32]),
            generation: 0,
            turned_at: now,
            started_at: now,
            expires_at: now,
            ends_at: now + Duration::from_mins(1),
            ended: false,
            device: None,
            grant: None,
        };
        SessionStore::create(&store, &session).await.unwrap();
        let (second, before) = (Duration::from_secs(1), Timestamp(now.0 - 1));
        let key = CounterKey { group: [4; 16], name: [5; 16] };
        let count = Count { key, rule: Rule::new(1, second), pause: None, crowd: Crowd::One };
        assert_eq!(store.hit(Standing::ForGood(AttemptId(1)), &[count], before).await.unwrap().hit, Hit::Allowed);
        CodeStore::sweep(&store, now).await.unwrap();
        SessionStore::sweep(&store, now).await.unwrap();
        CounterStore::sweep(&store, now).await.unwrap();
        let key = DocumentKey::new("kind", "owner", "name").unwrap();
        let document = Document { key, expires_at: Some(now), body: serde_json::Value::Null };
        assert_eq!(DocumentStore::insert(&store, &document).await.unwrap(), Inserted::Done);
        DocumentStore::sweep(&store, now).await.unwrap();
        let tables = store.tables();
        assert!(tables.codes.is_empty() && tables.sessions.is_empty() && tables.counters.is_empty());
        assert!(tables.documents.is_empty());
    }
}
