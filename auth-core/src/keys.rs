//! The key ring: signs tokens with keys held in memory, and publishes what checks them.
mod sealed;
mod set;
mod signing;

pub use self::{
    sealed::SealedKeys,
    set::{BadKeySet, KeySet},
    signing::{Algorithm, SigningKey},
};
use crate::ports::{Clock, Jwk, Keyring, Outside, Unavailable, async_trait};
use std::{
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

/// A [`Keyring`] over a [`KeySet`]. Which key signs, and which are published, follows from the set and the time alone, so
/// that any number of instances with the same set agree.
///
/// ```
/// # tokio::runtime::Runtime::new().unwrap().block_on(async {
/// use auth_core::{keys::*, ports::{Clock, Keyring}, system::SystemClock};
/// use std::{sync::Arc, time::Duration};
/// let keys = KeySet::generate(Algorithm::default(), SystemClock.now())?;
/// let ring = KeyRing::new(keys, Algorithm::default(), Arc::new(SystemClock), Duration::from_secs(15 * 60 + 30));
/// let token = ring.sign(None, "at+jwt", b"{}").await?;
/// assert_eq!(token.split('.').count(), 3);
/// # Ok::<(), auth_core::ports::Unavailable>(()) }).unwrap();
/// ```
pub struct KeyRing {
    set: RwLock<Arc<KeySet>>,
    own: Algorithm,
    clock: Arc<dyn Clock>,
    keep: Duration,
}

impl KeyRing {
    /// A ring over `set`, whose own tokens are signed by `own`: until a key of it has begun to sign, by whichever has. A key
    /// stays published for `keep` once its successor signs: the longest life of a token and the
    /// [leeway](crate::token::LEEWAY) together.
    pub fn new(set: KeySet, own: Algorithm, clock: Arc<dyn Clock>, keep: Duration) -> Self {
        Self { set: RwLock::new(Arc::new(set)), own, clock, keep }
    }

    /// Goes on with another set, such as one that was rotated. To be done before the new key's time to sign comes.
    pub fn replace(&self, set: KeySet) {
        *self.set.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(set);
    }

    fn set(&self) -> Arc<KeySet> {
        Arc::clone(&self.set.read().unwrap_or_else(PoisonError::into_inner))
    }
}

#[async_trait]
impl Keyring for KeyRing {
    async fn sign(&self, by: Option<Algorithm>, typ: &str, payload: &[u8]) -> Outside<String> {
        let (set, now) = (self.set(), self.clock.now());
        let key = match by {
            Some(algorithm) => set.current(algorithm, now),
            None => set.preferred(self.own, now),
        };
        let key = key.ok_or_else(|| {
            Unavailable::failed("keyring", format!("there is no key that signs by {}", by.unwrap_or(self.own)))
        })?;
        key.sign_compact(typ, payload).map_err(|error| Unavailable::failed("keyring", error))
    }

    fn public_keys(&self) -> Vec<Jwk> {
        self.set().published(self.clock.now(), self.keep).map(|key| key.jwk().clone()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::Timestamp;
    use std::sync::atomic::{AtomicI64, Ordering};

    #[derive(Default)]
    struct SetClock(AtomicI64);

    impl Clock for SetClock {
        fn now(&self) -> Timestamp {
            Timestamp(self.0.load(Ordering::SeqCst))
        }
    }

    const KEEP: Duration = Duration::from_secs(10);

    fn kids(ring: &KeyRing) -> Vec<String> {
        ring.public_keys().into_iter().map(|key| key.kid).collect()
    }

    async fn signer(ring: &KeyRing, by: Option<Algorithm>) -> String {
        let token = ring.sign(by, "at+jwt", b"{}").await.unwrap();
        jsonwebtoken::decode_header(token).unwrap().kid.unwrap()
    }

    fn again(set: &KeySet) -> KeySet {
        KeySet::from_secret(&set.to_secret()).unwrap()
    }

    #[tokio::test] // S-21
    async fn a_key_is_published_before_it_signs_and_until_its_last_token_is_dead() {
        for (algorithm, other) in [(Algorithm::Es256, Algorithm::EdDsa), (Algorithm::EdDsa, Algorithm::Es256)] {
            let mut set = KeySet::generate(algorithm, Timestamp(0)).unwrap();
            let stays = set.rotate(other, Timestamp(0), Duration::ZERO).unwrap().kid().to_owned();
            let clock = Arc::new(SetClock::default());
            let ring = KeyRing::new(again(&set), algorithm, clock.clone(), KEEP);
            let old = signer(&ring, None).await;

            let new = set.rotate(algorithm, Timestamp(100), Duration::from_secs(50)).unwrap().kid().to_owned();
            ring.replace(set);
            for (now, signs, published) in [
                (100, &old, vec![&old, &new]),
                (149, &old, vec![&old, &new]),
                (150, &new, vec![&old, &new]),
                (160, &new, vec![&old, &new]),
                (161, &new, vec![&new]),
            ] {
                clock.0.store(now, Ordering::SeqCst);
                for by in [None, Some(algorithm)] {
                    assert_eq!(signer(&ring, by).await, *signs, "by {by:?} at {now}");
                }
                assert_eq!(signer(&ring, Some(other)).await, stays, "the other line is as it was, at {now}");
                let mut kids = kids(&ring);
                kids.retain(|kid| *kid != stays);
                assert_eq!(kids.iter().collect::<Vec<_>>(), published, "at {now}");
            }
        }
    }

    #[tokio::test] // S-21
    async fn a_changed_algorithm_takes_over_when_its_keys_time_has_come() {
        let mut set = KeySet::generate(Algorithm::EdDsa, Timestamp(0)).unwrap();
        let old = set.keys()[0].kid().to_owned();
        let new = set.rotate(Algorithm::Es256, Timestamp(100), Duration::from_secs(50)).unwrap().kid().to_owned();
        let clock = Arc::new(SetClock::default());
        let ring = KeyRing::new(set, Algorithm::Es256, clock.clone(), KEEP);
        for (now, signs) in [(100, &old), (149, &old), (150, &new), (1_000, &new)] {
            clock.0.store(now, Ordering::SeqCst);
            assert_eq!(signer(&ring, None).await, *signs, "at {now}");
            assert_eq!(signer(&ring, Some(Algorithm::EdDsa)).await, old, "at {now}");
            assert_eq!(signer(&ring, Some(Algorithm::Es256)).await, new, "before its time too: there is no other");
            assert_eq!(kids(&ring), [old.clone(), new.clone()], "at {now}");
        }
    }

    #[tokio::test]
    async fn without_a_key_of_that_algorithm_nothing_is_signed() {
        let set = KeySet::generate(Algorithm::EdDsa, Timestamp(0)).unwrap();
        let ring = KeyRing::new(set, Algorithm::Es256, Arc::new(SetClock::default()), KEEP);
        let refused = ring.sign(Some(Algorithm::Rs256), "JWT", b"{}").await.unwrap_err();
        let reason = std::error::Error::source(&refused).unwrap().to_string();
        assert_eq!((refused.service(), &*reason), ("keyring", "there is no key that signs by RS256"));
        ring.replace(KeySet::default());
        assert!(ring.sign(None, "JWT", b"{}").await.is_err());
    }

    #[test] // S-21
    fn what_is_published_has_public_members_only() {
        for algorithm in Algorithm::ALL {
            let set = KeySet::generate(algorithm, Timestamp(0)).unwrap();
            let ring = KeyRing::new(set, algorithm, Arc::new(SetClock::default()), KEEP);
            let published = serde_json::to_value(ring.public_keys()).unwrap();
            let members: Vec<_> = published[0].as_object().unwrap().keys().map(String::as_str).collect();
            let expected: &[_] = match algorithm {
                Algorithm::Es256 => &["alg", "crv", "kid", "kty", "use", "x", "y"],
                Algorithm::EdDsa => &["alg", "crv", "kid", "kty", "use", "x"],
                Algorithm::Rs256 | Algorithm::Ps256 => &["alg", "e", "kid", "kty", "n", "use"],
            };
            assert_eq!(members, expected);
        }
    }
}
