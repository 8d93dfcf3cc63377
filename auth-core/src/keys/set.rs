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

/// Signing keys in the order in which they sign; at least one. Everything is decided by the set and the time.
#[derive(Debug)]
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
        Ok(Self { keys: vec![generate(algorithm, now, now)?] })
    }

    /// Adds a key that is published from now on and signs once `lead` has passed: as long as it takes for every instance
    /// to load the set, and for every reader of the public keys to fetch them anew. Returns the new key.
    ///
    /// # Errors
    /// [`Unavailable`] if the machine has no randomness to make a key from; the set is as it was.
    pub fn rotate(&mut self, algorithm: Algorithm, now: Timestamp, lead: Duration) -> Outside<&SigningKey> {
        let key = generate(algorithm, now, now + lead)?;
        let place = self.keys.partition_point(|other| order(other) < order(&key));
        self.keys.insert(place, key);
        Ok(&self.keys[place])
    }

    /// Drops the keys that are no longer [published](Self::published).
    pub fn prune(&mut self, now: Timestamp, keep: Duration) {
        let retired = self.retired(now, keep);
        self.keys.drain(..retired);
    }

    /// All keys, in the order in which they sign.
    pub fn keys(&self) -> &[SigningKey] {
        &self.keys
    }

    /// The key that signs now: the last whose time has come. On a clock that is behind the first, the first.
    pub fn current(&self, now: Timestamp) -> &SigningKey {
        let begun = self.keys.partition_point(|key| key.signs_from() <= now);
        &self.keys[begun.saturating_sub(1)]
    }

    /// The keys to check tokens with: those that will sign, the one that does, and each whose successor has signed for
    /// `keep` at most, so that tokens by it may still be alive.
    pub fn published(&self, now: Timestamp, keep: Duration) -> &[SigningKey] {
        &self.keys[self.retired(now, keep)..]
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

    /// How many keys, from the first on, nobody needs any more.
    fn retired(&self, now: Timestamp, keep: Duration) -> usize {
        self.keys[1..].partition_point(|successor| now.since(successor.signs_from()) > keep)
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

fn generate(algorithm: Algorithm, published_at: Timestamp, signs_from: Timestamp) -> Outside<SigningKey> {
    SigningKey::generate(algorithm, published_at, signs_from).map_err(|error| Unavailable::failed("keyring", error))
}

/// Two keys of one second are told apart by name, so that all instances choose the same.
fn order(key: &SigningKey) -> (Timestamp, &str) {
    (key.signs_from(), key.kid())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn parse(text: &str) -> Result<KeySet, BadKeySet> {
        KeySet::from_secret(&Secret::new(text.to_owned()))
    }

    #[test]
    fn what_was_written_is_read() {
        let mut set = KeySet::generate(Algorithm::Es256, Timestamp(7)).unwrap();
        for (algorithm, lead) in [(Algorithm::EdDsa, 60), (Algorithm::Rs256, 30)] {
            set.rotate(algorithm, Timestamp(100), Duration::from_secs(lead)).unwrap();
        }
        let read = KeySet::from_secret(&set.to_secret()).unwrap();
        let shown = |set: &KeySet| format!("{:?}", set.keys());
        assert_eq!(shown(&read), shown(&set));
        let algorithms: Vec<_> = read.keys().iter().map(SigningKey::algorithm).collect();
        assert_eq!(
            algorithms,
            [Algorithm::Es256, Algorithm::Rs256, Algorithm::EdDsa],
            "in the order in which they sign"
        );
    }

    #[test] // S-28
    fn debug_shows_no_private_key() {
        let set = KeySet::generate(Algorithm::EdDsa, Timestamp(0)).unwrap();
        let shown = format!("{set:?}");
        assert!(shown.contains(set.keys()[0].kid()) && !shown.contains("pkcs8") && shown.len() < 300, "{shown}");
    }

    #[test] // S-28
    fn errors_say_where_and_show_no_material() {
        let good = KeySet::generate(Algorithm::EdDsa, Timestamp(0)).unwrap().to_secret();
        let good = good.expose();
        let pkcs8 = good.split('"').find(|part| part.len() > 40).unwrap();
        let key = |number, rule| BadKeySet::Key { number, rule };
        let twice =
            good.replace("\n  ]", &format!(", {}]", good[good.find("    {").unwrap()..].replace("\n  ]\n}", "")));
        for (text, error) in [
            (r#"{"keys":[]}"#.to_owned(), BadKeySet::Empty),
            (good.replace("EdDSA", "ES256"), key(1, "pkcs8 is not a P-256 private key in PKCS#8")),
            (good.replace("EdDSA", "RS256"), key(1, "pkcs8 is not an RSA private key in PKCS#8")),
            (good.replace(pkcs8, &pkcs8[4..]), key(1, "pkcs8 is not an Ed25519 private key in PKCS#8")),
            (good.replace(pkcs8, &pkcs8.replace('=', "-").replace('M', "_")), key(1, "pkcs8 is not base64")),
            (twice, key(2, "it is in the set already")),
            (good.replace("EdDSA", pkcs8), BadKeySet::Malformed { line: 4, column: 85 }),
            (good.replace("\"pkcs8\"", "\"kcs8\""), BadKeySet::Malformed { line: 7, column: 12 }),
            (String::new(), BadKeySet::Malformed { line: 1, column: 0 }),
        ] {
            let found = parse(&text).unwrap_err();
            assert_eq!(found, error);
            assert!(!format!("{found} {found:?}").contains(&pkcs8[..20]));
        }
    }

    #[test] // H-19
    fn a_short_rsa_key_is_refused() {
        use aws_lc_rs::{encoding::AsDer, rsa::KeySize, signature::RsaKeyPair};
        let short = RsaKeyPair::generate(KeySize::Rsa2048).unwrap();
        let pkcs8 = STANDARD.encode(short.as_der().unwrap().as_ref());
        let text = format!(r#"{{"keys":[{{"algorithm":"RS256","published_at":0,"signs_from":0,"pkcs8":"{pkcs8}"}}]}}"#);
        assert_eq!(parse(&text).unwrap_err(), BadKeySet::Key { number: 1, rule: "an RSA key has at least 3072 bits" });
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]
        #[test] // S-21
        fn whoever_signed_within_the_keep_is_published(
            rotations in prop::collection::vec((0..100_i64, 0..50_u64), 0..5), keep in 0..40_u64,
        ) {
            let keep = Duration::from_secs(keep);
            let mut set = KeySet::generate(Algorithm::EdDsa, Timestamp(0)).unwrap();
            for (now, lead) in rotations {
                set.rotate(Algorithm::EdDsa, Timestamp(now), Duration::from_secs(lead)).unwrap();
            }
            for now in 0..200 {
                let published: Vec<_> = set.published(Timestamp(now), keep).iter().map(SigningKey::kid).collect();
                let earliest = now - i64::try_from(keep.as_secs()).unwrap();
                for then in earliest.max(0)..=now {
                    prop_assert!(published.contains(&set.current(Timestamp(then)).kid()));
                }
            }
            let signing = set.current(Timestamp(200)).kid().to_owned();
            set.prune(Timestamp(1_000), keep);
            prop_assert_eq!(set.keys().len(), 1);
            prop_assert_eq!(set.keys()[0].kid(), signing);
        }

        #[test]
        fn no_text_panics(text in "\\PC{0,200}") {
            prop_assert!(parse(&text).is_err());
        }
    }
}
