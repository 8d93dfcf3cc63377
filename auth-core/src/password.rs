//! Passwords into hashes, within a memory budget; and which passwords are good enough to be hashed.
mod arenas;
mod params;
mod rules;
mod stored;

use self::{
    arenas::{Arenas, NoMemory},
    stored::Stored,
};
pub use self::{
    params::{Argon2Params, BadParams},
    rules::{PasswordRules, Weak},
};
use crate::{
    ports::{Outside, PasswordHasher, Rng, Unavailable, Verdict, async_trait},
    user::PasswordHash,
    value::Password,
};
use std::{num::NonZero, sync::Arc, thread, time::Duration};
use subtle::ConstantTimeEq;
use tokio::task;

/// How much a hash costs, and how many may run and wait.
#[derive(Clone, Copy, Debug)]
pub struct HasherSettings {
    /// What one hash costs.
    pub params: Argon2Params,
    /// How many hashes run at once. Each has memory of its own, so that this and
    /// [`memory_kib`](Argon2Params::memory_kib) are the budget.
    pub arenas: NonZero<usize>,
    /// How many more may wait for their turn. Whoever waits is to be served within `wait`, so that nobody is sent away
    /// late: [`QUEUE_EACH`](Self::QUEUE_EACH) for each arena serve hashes of up to an eighth of a second.
    pub queue: usize,
    /// How long each of them waits at most.
    pub wait: Duration,
}

impl HasherSettings {
    /// How many may wait for each arena, as a rule.
    pub const QUEUE_EACH: usize = 16;
}

impl Default for HasherSettings {
    /// As many arenas as the machine has processors; 16 may wait for each, two seconds at most.
    fn default() -> Self {
        let arenas = thread::available_parallelism().unwrap_or(NonZero::<usize>::MIN);
        let queue = Self::QUEUE_EACH.saturating_mul(arenas.get());
        Self { params: Argon2Params::default(), arenas, queue, wait: Duration::from_secs(2) }
    }
}

/// Argon2id (RFC 9106), in a fixed number of memory arenas that are handed from hash to hash and wiped in between.
///
/// Past the arenas callers wait in a bounded queue; past that they are told at once that it is too much, and memory
/// stays what it was. Needs a Tokio runtime with its timer on.
///
/// ```
/// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
/// use auth_core::{password::*, ports::{PasswordHasher, Verdict}, system::OsRng, value::{Password, Secret}};
/// use std::sync::Arc;
/// let hasher = Argon2Hasher::new(HasherSettings::default(), Arc::new(OsRng))?;
/// let password = Password::parse(Secret::new("correct horse battery staple".to_owned()))?;
/// let hash = hasher.hash(&password).await?;
/// assert_eq!(hasher.verify(&password, Some(&hash)).await?, Verdict::Match);
/// # Ok::<(), Box<dyn std::error::Error>>(()) }).unwrap();
/// ```
pub struct Argon2Hasher {
    params: Argon2Params,
    arenas: Arenas,
    nobodys: Stored,
    rng: Arc<dyn Rng>,
}

impl Argon2Hasher {
    /// Reserves the memory of all arenas. The system backs it with pages at each arena's first use, and they stay.
    ///
    /// # Errors
    /// [`BadParams`] if the memory is not to be had.
    pub fn new(settings: HasherSettings, rng: Arc<dyn Rng>) -> Result<Self, BadParams> {
        let HasherSettings { params, arenas, queue, wait } = settings;
        let arenas = Arenas::new(arenas, params.blocks(), queue, wait).map_err(|NoMemory| BadParams::NoMemory)?;
        let nobodys = Stored::new(params, salt(&*rng), [0; Stored::OUTPUT_BYTES]);
        Ok(Self { params, arenas, nobodys, rng })
    }

    /// Whether there is room for one more, in the queue at least: for whoever would spare a request its other costs.
    ///
    /// # Errors
    /// [`Unavailable::Overloaded`] if there is none just now.
    pub fn room(&self) -> Outside<()> {
        self.arenas.room()
    }

    /// The hash of `password` as `like` was made.
    async fn compute(&self, password: &Password, like: &Stored) -> Outside<Vec<u8>> {
        let (password, like) = (password.clone(), like.clone());
        let mut arena = self.arenas.lend().await?;
        // The arena goes along: a caller who gives up must not free it, or its place, while the hash still runs.
        let hash = task::spawn_blocking(move || like.compute(password.expose().as_bytes(), &mut arena));
        let hash = hash.await.map_err(|_| Unavailable::failed(SERVICE, "the hash was not finished"))?;
        hash.map_err(|error| Unavailable::failed(SERVICE, error.to_string()))
    }
}

#[async_trait]
impl PasswordHasher for Argon2Hasher {
    async fn hash(&self, password: &Password) -> Outside<PasswordHash> {
        let mut new = Stored::new(self.params, salt(&*self.rng), [0; Stored::OUTPUT_BYTES]);
        new.output = self.compute(password, &new).await?;
        Ok(PasswordHash(new.to_string()))
    }

    async fn verify(&self, password: &Password, hash: Option<&PasswordHash>) -> Outside<Verdict> {
        let stored = hash.map(|hash| Stored::parse(&hash.0)).transpose();
        let stored = stored.map_err(|error| Unavailable::failed(SERVICE, error))?;
        let computed = self.compute(password, stored.as_ref().unwrap_or(&self.nobodys)).await?;
        Ok(match stored {
            Some(stored) if bool::from(stored.output.ct_eq(&computed)) => {
                if stored.is_current(self.params) {
                    Verdict::Match
                } else {
                    Verdict::Outdated
                }
            }
            _ => Verdict::Mismatch,
        })
    }
}

/// How a stored hash is understood, if it is taken at all.
#[cfg(feature = "testing")]
pub(crate) fn understood(stored: &str) -> Option<String> {
    Stored::parse(stored).ok().map(|stored| stored.to_string())
}

const SERVICE: &str = "password hasher";

fn salt(rng: &dyn Rng) -> [u8; Stored::SALT_BYTES] {
    let mut salt = [0; Stored::SALT_BYTES];
    rng.fill(&mut salt);
    salt
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{system::OsRng, value::Secret};
    use std::{
        future::{Future, poll_fn},
        pin::{Pin, pin},
        sync::mpsc,
        task::Poll,
    };
    use tokio::runtime;

    const ONE: NonZero<usize> = NonZero::<usize>::MIN;

    fn hasher(params: Argon2Params, queue: usize) -> Argon2Hasher {
        let settings = HasherSettings { params, arenas: ONE, queue, wait: Duration::from_mins(1) };
        Argon2Hasher::new(settings, Arc::new(OsRng)).unwrap()
    }

    fn password(text: &str) -> Password {
        Password::parse(Secret::new(text.to_owned())).unwrap()
    }

    async fn waits(mut future: Pin<&mut impl Future>) -> bool {
        poll_fn(|context| Poll::Ready(future.as_mut().poll(context).is_pending())).await
    }

    #[tokio::test] // P-11
    async fn the_right_password_matches_and_each_hash_has_its_salt() {
        let (hasher, right) = (hasher(Argon2Params::default(), 0), password("correct horse battery staple"));
        let (one, other) = (hasher.hash(&right).await.unwrap(), hasher.hash(&right).await.unwrap());
        assert_ne!(one, other);
        assert!(one.0.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{}", one.0);
        for hash in [&one, &other] {
            assert_eq!(hasher.verify(&right, Some(hash)).await.unwrap(), Verdict::Match);
            let wrong = password("correct horse battery stapler");
            assert_eq!(hasher.verify(&wrong, Some(hash)).await.unwrap(), Verdict::Mismatch);
        }
    }

    #[tokio::test] // P-03
    async fn every_letter_counts_past_72_bytes_too() {
        let hasher = hasher(Argon2Params::TESTING, 0);
        let hash = hasher.hash(&password(&"x".repeat(200))).await.unwrap();
        for wrong in ["x".repeat(199), "x".repeat(201), "x".repeat(199) + "X", "x".repeat(199) + " ", "x".repeat(72)] {
            assert_eq!(hasher.verify(&password(&wrong), Some(&hash)).await.unwrap(), Verdict::Mismatch);
        }
    }

    #[tokio::test] // P-13
    async fn a_hash_of_other_parameters_still_matches_and_is_outdated() {
        let now = hasher(Argon2Params::TESTING, 0);
        let right = password("correct horse battery staple");
        for (memory_kib, passes, lanes) in [(128, 1, 1), (32, 1, 1), (64, 2, 1), (64, 1, 2)] {
            let before = hasher(Argon2Params::bounded(memory_kib, passes, lanes).unwrap(), 0);
            let hash = before.hash(&right).await.unwrap();
            assert_eq!(now.verify(&right, Some(&hash)).await.unwrap(), Verdict::Outdated);
            assert_eq!(now.verify(&password("another"), Some(&hash)).await.unwrap(), Verdict::Mismatch);
        }
    }

    #[tokio::test] // P-14
    async fn a_stored_text_that_is_no_hash_is_a_fault_of_the_data() {
        let hasher = hasher(Argon2Params::TESTING, 0);
        for text in ["", "secret", "$argon2id$v=19$m=4294967295,t=1,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu"] {
            let ended = hasher.verify(&password("x"), Some(&PasswordHash(text.to_owned()))).await;
            assert!(matches!(ended, Err(Unavailable::Failed { .. })));
        }
    }

    #[tokio::test] // P-18
    async fn an_unknown_login_costs_a_hash_by_the_current_parameters_and_never_matches() {
        let mut hasher = hasher(Argon2Params::TESTING, 0);
        assert!(hasher.nobodys.is_current(Argon2Params::TESTING));
        assert_eq!(hasher.verify(&password("x"), None).await.unwrap(), Verdict::Mismatch);

        let known = hasher.hash(&password("x")).await.unwrap();
        hasher.nobodys = Stored::parse(&known.0).unwrap();
        assert_eq!(hasher.verify(&password("x"), None).await.unwrap(), Verdict::Mismatch, "even if it is guessed");

        // What cannot be hashed tells that hashing was tried.
        hasher.nobodys = Stored::unhashable();
        assert!(hasher.verify(&password("x"), None).await.is_err());
        assert_eq!(hasher.verify(&password("x"), Some(&known)).await.unwrap(), Verdict::Match, "the arena is back");
    }

    #[test] // P-16
    fn an_abandoned_hash_keeps_its_arena_until_it_is_done() {
        let runtime = runtime::Builder::new_current_thread().enable_time().max_blocking_threads(1).build().unwrap();
        runtime.block_on(async {
            let (hasher, some) = (hasher(Argon2Params::TESTING, 1), password("x"));
            // The one thread that hashes is held up, so that nothing below is a matter of time.
            let (gate, opens) = mpsc::channel::<()>();
            let _held = task::spawn_blocking(move || opens.recv());
            {
                let mut abandoned = pin!(hasher.hash(&some));
                assert!(waits(abandoned.as_mut()).await);
            }
            let mut waiting = pin!(hasher.hash(&some));
            assert!(waits(waiting.as_mut()).await);
            assert!(matches!(hasher.hash(&some).await, Err(Unavailable::Overloaded { .. })));
            drop(gate);
            assert!(waiting.await.is_ok());
        });
    }
}
