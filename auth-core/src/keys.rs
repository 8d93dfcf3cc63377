//! The key ring: signs access tokens with keys held in memory, and publishes what checks them.
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
/// let ring = KeyRing::new(keys, Arc::new(SystemClock), Duration::from_secs(15 * 60 + 30));
/// let token = ring.sign("at+jwt", b"{}").await?;
/// assert_eq!(token.split('.').count(), 3);
/// # Ok::<(), auth_core::ports::Unavailable>(()) }).unwrap();
/// ```
pub struct KeyRing {
    set: RwLock<Arc<KeySet>>,
    clock: Arc<dyn Clock>,
    keep: Duration,
}

impl KeyRing {
    /// A ring over `set`. A key stays published for `keep` once its successor signs: the longest life of a token and the
    /// [leeway](crate::token::LEEWAY) together.
    pub fn new(set: KeySet, clock: Arc<dyn Clock>, keep: Duration) -> Self {
        Self { set: RwLock::new(Arc::new(set)), clock, keep }
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
    async fn sign(&self, typ: &str, payload: &[u8]) -> Outside<String> {
        let set = self.set();
        let signed = set.current(self.clock.now()).sign_compact(typ, payload);
        signed.map_err(|error| Unavailable::failed("keyring", error))
    }

    fn public_keys(&self) -> Vec<Jwk> {
        self.set().published(self.clock.now(), self.keep).iter().map(|key| key.jwk().clone()).collect()
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

    async fn signer(ring: &KeyRing) -> String {
        let token = ring.sign("at+jwt", b"{}").await.unwrap();
        jsonwebtoken::decode_header(token).unwrap().kid.unwrap()
    }

    #[tokio::test] // S-21
    async fn a_key_is_published_before_it_signs_and_until_its_last_token_is_dead() {
        let mut set = KeySet::generate(Algorithm::EdDsa, Timestamp(0)).unwrap();
        let written = set.to_secret();
        let clock = Arc::new(SetClock::default());
        let ring = KeyRing::new(KeySet::from_secret(&written).unwrap(), clock.clone(), KEEP);
        let old = signer(&ring).await;

        let new = set.rotate(Algorithm::Es256, Timestamp(100), Duration::from_secs(50)).unwrap().kid().to_owned();
        ring.replace(set);
        let both = [old.clone(), new.clone()];
        for (now, signs, published) in [
            (100, &old, &both[..]),
            (149, &old, &both),
            (150, &new, &both),
            (160, &new, &both),
            (161, &new, &both[1..]),
        ] {
            clock.0.store(now, Ordering::SeqCst);
            assert_eq!(signer(&ring).await, *signs, "at {now}");
            assert_eq!(kids(&ring), published, "at {now}");
        }
    }

    #[test] // S-21
    fn what_is_published_has_public_members_only() {
        for algorithm in [Algorithm::Es256, Algorithm::EdDsa, Algorithm::Rs256] {
            let set = KeySet::generate(algorithm, Timestamp(0)).unwrap();
            let ring = KeyRing::new(set, Arc::new(SetClock::default()), KEEP);
            let published = serde_json::to_value(ring.public_keys()).unwrap();
            let members: Vec<_> = published[0].as_object().unwrap().keys().map(String::as_str).collect();
            let expected: &[_] = match algorithm {
                Algorithm::Es256 => &["alg", "crv", "kid", "kty", "use", "x", "y"],
                Algorithm::EdDsa => &["alg", "crv", "kid", "kty", "use", "x"],
                Algorithm::Rs256 => &["alg", "e", "kid", "kty", "n", "use"],
            };
            assert_eq!(members, expected);
        }
    }
}
