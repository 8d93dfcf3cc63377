//! The keys that instances share, when each of them signs, and how they are written down.
use super::signing::{Algorithm, SigningKey};
use crate::{
    ports::{Outside, Unavailable},
    value::{Secret, Timestamp},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use serde::{Deserialize, Serialize};
use std::time::Duration;
use zeroize::Zeroizing;

/// Signing keys, by several algorithms side by side. Those of one algorithm are a line: each signs until its successor
/// does. Everything is decided by the set and the time.
#[derive(Debug, Default)]
pub struct KeySet {
    keys: Vec<SigningKey>,
}

/// Why a text is no key set. Shows none of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadKeySet {
    /// Not the JSON that [`KeySet::to_secret`] writes.
    #[error("the key set is malformed at line {line}, column {column}")]
    Malformed {
        /// Counted from 1.
        line: usize,
        /// Counted from 1.
        column: usize,
    },
    /// It was sealed under another secret, or is damaged.
    #[error("the key set was sealed under another secret, or is damaged")]
    Sealed,
    /// It has no key.
    #[error("the key set has no key")]
    Empty,
    /// One of its keys is none.
    #[error("key {number} of the key set: {rule}")]
    Key {
        /// Which one, counted from 1.
        number: usize,
        /// The rule that it breaks.
        rule: &'static str,
    },
}

impl KeySet {
    /// A set of one new key, which signs from now on.
    ///
    /// # Errors
    /// [`Unavailable`] if the machine has no randomness to make a key from.
    pub fn generate(algorithm: Algorithm, now: Timestamp) -> Outside<Self> {
        let mut set = Self::default();
        set.rotate(algorithm, now, Duration::ZERO)?;
        Ok(set)
    }

    /// Adds a key to the line of an algorithm, or begins one. It is published from now on and signs once `lead` has passed:
    /// as long as it takes for every instance to load the set, and for every reader of the public keys to fetch them anew.
    /// Returns the new key.
    ///
    /// # Errors
    /// [`Unavailable`] if the machine has no randomness to make a key from; the set is as it was.
    pub fn rotate(&mut self, algorithm: Algorithm, now: Timestamp, lead: Duration) -> Outside<&SigningKey> {
        let key =
            SigningKey::generate(algorithm, now, now + lead).map_err(|error| Unavailable::failed("keyring", error))?;
        let place = self.keys.partition_point(|other| order(other) < order(&key));
        self.keys.insert(place, key);
        Ok(&self.keys[place])
    }

    /// Drops the keys that are no longer [published](Self::published).
    pub fn prune(&mut self, now: Timestamp, keep: Duration) {
        let kept: Vec<_> = self.published(now, keep).map(|key| key.kid().to_owned()).collect();
        self.keys.retain(|key| kept.iter().any(|kid| kid == key.kid()));
    }

    /// Drops the whole line of an algorithm. What it has signed is good no more.
    pub fn remove(&mut self, algorithm: Algorithm) {
        self.keys.retain(|key| key.algorithm() != algorithm);
    }

    /// All keys, in the order in which they sign.
    pub fn keys(&self) -> &[SigningKey] {
        &self.keys
    }

    /// The key of an algorithm that signs now: the last whose time has come; before the first one's time, the first. `None`
    /// if there is no key of this algorithm.
    pub fn current(&self, algorithm: Algorithm, now: Timestamp) -> Option<&SigningKey> {
        let mut line = self.keys.iter().filter(|key| key.algorithm() == algorithm);
        let begun = line.clone().rfind(|key| key.signs_from() <= now);
        begun.or_else(|| line.next())
    }

    /// The key that signs now what may be signed by any algorithm: the current one of this algorithm, once it has begun to
    /// sign. Until then the last of all that have begun, so that another preference takes over when its first key's time
    /// has come. `None` if the set is empty.
    pub fn preferred(&self, algorithm: Algorithm, now: Timestamp) -> Option<&SigningKey> {
        let begun = &self.keys[..self.keys.partition_point(|key| key.signs_from() <= now)];
        let ours = begun.iter().rfind(|key| key.algorithm() == algorithm);
        ours.or(begun.last()).or_else(|| self.current(algorithm, now)).or(self.keys.first())
    }

    /// The keys to check tokens with: those that will sign, those that do, and each whose successor has signed for `keep`
    /// at most, so that tokens by it may still be alive.
    pub fn published(&self, now: Timestamp, keep: Duration) -> impl Iterator<Item = &SigningKey> {
        let retired = move |next: &SigningKey| now.since(next.signs_from()) > keep;
        self.keys.iter().filter(move |key| !self.successor(key).is_some_and(retired))
    }

    fn successor(&self, key: &SigningKey) -> Option<&SigningKey> {
        self.keys.iter().find(|other| other.algorithm() == key.algorithm() && order(other) > order(key))
    }

    /// The text, to be sealed or for a file that only its owner may read: JSON with each key as PKCS#8 (RFC 5958) in base64.
    pub fn to_secret(&self) -> Secret {
        let texts: Vec<_> = self.keys.iter().map(|key| Zeroizing::new(STANDARD.encode(key.pkcs8()))).collect();
        let keys = self.keys.iter().zip(&texts).map(|(key, pkcs8)| WrittenKey {
            algorithm: key.algorithm(),
            published_at: key.published_at(),
            signs_from: key.signs_from(),
            pkcs8,
        });
        let written = Written { keys: keys.collect() };
        // Room for all of it at once: a text that grows leaves copies behind.
        let mut text = Vec::with_capacity(texts.iter().map(|text| text.len() + 256).sum());
        serde_json::to_writer_pretty(&mut text, &written).expect("texts and numbers are JSON");
        Secret::new(String::from_utf8(text).expect("JSON is UTF-8"))
    }

    /// Reads what [`to_secret`](Self::to_secret) wrote.
    ///
    /// # Errors
    /// [`BadKeySet`] says where and by which rule, and shows no key.
    pub fn from_secret(text: &Secret) -> Result<Self, BadKeySet> {
        // serde_json's own message may quote the text.
        let written: Written<'_> = serde_json::from_str(text.expose())
            .map_err(|error| BadKeySet::Malformed { line: error.line(), column: error.column() })?;
        let mut keys: Vec<SigningKey> = Vec::with_capacity(written.keys.len());
        for (key, number) in written.keys.into_iter().zip(1..) {
            let bad = |rule| BadKeySet::Key { number, rule };
            let pkcs8 = STANDARD.decode(key.pkcs8).map_err(|_| bad("pkcs8 is not base64"))?;
            let key = SigningKey::from_pkcs8(key.algorithm, pkcs8.into(), key.published_at, key.signs_from)
                .map_err(|invalid| bad(invalid.0))?;
            if keys.iter().any(|other| other.kid() == key.kid()) {
                return Err(bad("it is in the set already"));
            }
            keys.push(key);
        }
        if keys.is_empty() {
            return Err(BadKeySet::Empty);
        }
        keys.sort_by(|one, other| order(one).cmp(&order(other)));
        Ok(Self { keys })
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written<'a> {
    #[serde(borrow)]
    keys: Vec<WrittenKey<'a>>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenKey<'a> {
    algorithm: Algorithm,
    published_at: Timestamp,
    signs_from: Timestamp,
    pkcs8: &'a str,
}

/// Two keys of one second are told apart by name, so that all instances choose the same.
fn order(key: &SigningKey) -> (Timestamp, &str) {
    (key.signs_from(), key.kid())
}

#[cfg(test)]
mod tests;
