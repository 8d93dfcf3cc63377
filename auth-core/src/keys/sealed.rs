//! A key set as a store may see it.
use super::{BadKeySet, KeySet};
use crate::{ports::Rng, secrets::ServerSecret, value::Secret};
use base64::{Engine, engine::general_purpose::STANDARD};
use serde::{Deserialize, Serialize};
use std::fmt;
use zeroize::Zeroizing;

/// A [`KeySet`], encrypted under the server's secret (AES-256-GCM), in base64. Sealing one set twice gives two texts.
///
/// ```
/// use auth_core::{keys::*, ports::Clock, secrets::ServerSecret, system::*};
/// let secret = ServerSecret::new(&[7; 32])?;
/// let keys = KeySet::generate(Algorithm::EdDsa, SystemClock.now())?;
/// let opened = SealedKeys::seal(&keys, &secret, &OsRng).open(&secret)?;
/// assert_eq!(opened.keys()[0].kid(), keys.keys()[0].kid());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SealedKeys(pub String);

impl SealedKeys {
    /// Seals a set.
    pub fn seal(keys: &KeySet, secret: &ServerSecret, rng: &dyn Rng) -> Self {
        let mut nonce = [0; 12];
        rng.fill(&mut nonce);
        let text = Zeroizing::new(keys.to_secret().expose().as_bytes().to_vec());
        Self(STANDARD.encode(secret.seal_keys(nonce, text)))
    }

    /// Opens what [`seal`](Self::seal) made.
    ///
    /// # Errors
    /// [`BadKeySet::Sealed`] under another secret; otherwise what is wrong with the set.
    pub fn open(&self, secret: &ServerSecret) -> Result<KeySet, BadKeySet> {
        let sealed = STANDARD.decode(&self.0).map_err(|_| BadKeySet::Sealed)?;
        let text = secret.open_keys(&sealed).ok_or(BadKeySet::Sealed)?;
        let text = std::str::from_utf8(&text).map_err(|_| BadKeySet::Sealed)?;
        KeySet::from_secret(&Secret::new(text.to_owned()))
    }
}

impl fmt::Debug for SealedKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[sealed keys]")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{keys::Algorithm, testing::SeededRng, value::Timestamp};

    #[test] // S-28
    fn only_the_secret_that_sealed_them_opens_them() {
        let (secret, other) = (ServerSecret::new(&[7; 32]).unwrap(), ServerSecret::new(&[8; 32]).unwrap());
        let (keys, rng) = (KeySet::generate(Algorithm::EdDsa, Timestamp(7)).unwrap(), SeededRng::default());
        let sealed = SealedKeys::seal(&keys, &secret, &rng);
        assert_eq!(sealed.open(&secret).unwrap().to_secret(), keys.to_secret());
        assert_ne!(SealedKeys::seal(&keys, &secret, &rng), sealed);
        assert_eq!(sealed.open(&other).unwrap_err(), BadKeySet::Sealed);
        let another = if &sealed.0[20..21] == "A" { "B" } else { "A" };
        let altered = format!("{}{another}{}", &sealed.0[..20], &sealed.0[21..]);
        for spoilt in [String::new(), "?".to_owned(), altered, sealed.0[4..].to_owned()] {
            assert_eq!(SealedKeys(spoilt).open(&secret).unwrap_err(), BadKeySet::Sealed);
        }
        assert!(!format!("{sealed:?}").contains(&sealed.0[..8]));
    }
}
