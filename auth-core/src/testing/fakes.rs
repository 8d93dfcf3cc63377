//! A clock that stands still, dice that are loaded, a post office that keeps everything.
use crate::{ports::*, user::*, value::*};
use async_trait::async_trait;
use std::{
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicI64, AtomicU64, Ordering},
    },
    time::Duration,
};

/// An account of this login, with an address to match and nothing special.
pub fn user(id: UserId, login: &str) -> User {
    User {
        id,
        login: login.parse().expect("a login"),
        email: format!("{login}@example.org").parse().expect("an address"),
        password: PasswordHash("hash".to_owned()),
        created_at: Timestamp(0),
        epoch: 0,
        spared: None,
        disabled: false,
        locale: Locale::default(),
        roles: Vec::new(),
    }
}

/// A clock that moves when it is told to.
pub struct FixedClock(AtomicI64);

impl FixedClock {
    /// Moves it on, by whole seconds.
    pub fn advance(&self, by: Duration) {
        self.0.fetch_add(i64::try_from(by.as_secs()).expect("a test's time"), Ordering::Relaxed);
    }

    /// Sets it to any time, earlier ones too.
    pub fn set(&self, to: Timestamp) {
        self.0.store(to.0, Ordering::Relaxed);
    }
}

impl Default for FixedClock {
    fn default() -> Self {
        Self(AtomicI64::new(1_800_000_000))
    }
}

impl Clock for FixedClock {
    fn now(&self) -> Timestamp {
        Timestamp(self.0.load(Ordering::Relaxed))
    }
}

/// `SplitMix64` from a seed: every run draws the same. Not fit for secrets.
pub struct SeededRng(AtomicU64);

impl SeededRng {
    /// Dice that this seed loads.
    pub fn new(seed: u64) -> Self {
        Self(AtomicU64::new(seed))
    }
}

impl Default for SeededRng {
    fn default() -> Self {
        Self::new(42)
    }
}

impl Rng for SeededRng {
    fn fill(&self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(8) {
            let mut z = self.0.fetch_add(0x9E37_79B9_7F4A_7C15, Ordering::Relaxed);
            z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
            chunk.copy_from_slice(&(z ^ (z >> 31)).to_be_bytes()[..chunk.len()]);
        }
    }
}

/// A post office that keeps every letter, and every word for a client, until it is asked for them. `Mail::Nothing` is not a letter to it.
#[derive(Default)]
pub struct PostOffice {
    letters: Mutex<Vec<Letter>>,
    notices: Mutex<Vec<LogoutNotice>>,
}

impl PostOffice {
    /// The letters since the last time.
    pub fn take(&self) -> Vec<Letter> {
        std::mem::take(&mut self.letters.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The word that was left for clients since the last time.
    pub fn take_notices(&self) -> Vec<LogoutNotice> {
        std::mem::take(&mut self.notices.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn keep(&self, letter: &Letter) {
        if !matches!(letter.mail, Mail::Nothing) {
            self.letters.lock().unwrap_or_else(PoisonError::into_inner).push(letter.clone());
        }
    }
}

#[async_trait]
impl Mailer for PostOffice {
    async fn send(&self, letter: &Letter) -> Outside<()> {
        self.keep(letter);
        Ok(())
    }
}

#[async_trait]
impl LogoutNotifier for PostOffice {
    async fn announce(&self, notice: &LogoutNotice) -> Outside<()> {
        self.notices.lock().unwrap_or_else(PoisonError::into_inner).push(notice.clone());
        Ok(())
    }
}

#[async_trait]
impl Transport for PostOffice {
    async fn deliver(&self, _: MailId, letter: &Letter) -> Outside<Delivery> {
        self.keep(letter);
        Ok(Delivery::Accepted)
    }
}

/// A hasher that hashes nothing: for tests that are about something else.
#[derive(Default)]
pub struct PlainHasher;

#[async_trait]
impl PasswordHasher for PlainHasher {
    async fn hash(&self, password: &Password) -> Outside<PasswordHash> {
        Ok(PasswordHash(format!("plain:{}", password.expose())))
    }

    async fn verify(&self, password: &Password, hash: Option<&PasswordHash>) -> Outside<Verdict> {
        Ok(match hash.and_then(|hash| hash.0.split_once(':')) {
            Some(("plain", text)) if text == password.expose() => Verdict::Match,
            Some(("yesterday", text)) if text == password.expose() => Verdict::Outdated,
            _ => Verdict::Mismatch,
        })
    }
}

/// Keeps every event, until it is asked for them.
#[derive(Default)]
pub struct Ledger(Mutex<Vec<Event>>);

impl Ledger {
    /// The events since the last time.
    pub fn take(&self) -> Vec<Event> {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl EventSink for Ledger {
    fn record(&self, event: &Event) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(event.clone());
    }
}
