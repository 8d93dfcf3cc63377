//! Settings that nobody may see: given as text, or as a file that holds the text.
use auth_core::value::Secret;
use base64::{Engine, engine::general_purpose::STANDARD};
use serde::{Serialize, Serializer};
use std::{fmt, fs, path::PathBuf, str::FromStr};
use zeroize::Zeroizing;

/// What everything kept secret in the store is derived from.
#[derive(Clone)]
pub struct RootSecret(Zeroizing<Vec<u8>>);

impl RootSecret {
    /// So many random bytes, at least.
    pub const MIN_BYTES: usize = 32;

    /// Takes over random bytes.
    pub const fn new(bytes: Zeroizing<Vec<u8>>) -> Self {
        Self(bytes)
    }

    /// The bytes: for the one place that derives keys from them.
    pub fn expose(&self) -> &[u8] {
        &self.0
    }

    /// As it is written into a file or a variable.
    pub fn to_text(&self) -> Zeroizing<String> {
        Zeroizing::new(STANDARD.encode(&*self.0))
    }
}

impl FromStr for RootSecret {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let bytes = STANDARD.decode(text.trim()).map(Zeroizing::new).ok();
        bytes.filter(|bytes| bytes.len() >= Self::MIN_BYTES && !is_pattern(bytes)).map(Self).ok_or_else(|| {
            "expected at least 32 random bytes in base64: make them with `openssl rand -base64 32`".to_owned()
        })
    }
}

/// Nobody's dice fall on so few faces: somebody has typed it, or copied an example (P-27).
fn is_pattern(bytes: &[u8]) -> bool {
    let mut faces = bytes.to_vec();
    faces.sort_unstable();
    faces.dedup();
    faces.len() < 16
}

impl fmt::Debug for RootSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[secret]")
    }
}

/// The key of a Cosmos DB account.
#[derive(Clone)]
pub struct AccountKey(pub Secret);

impl FromStr for AccountKey {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let whole = STANDARD.decode(text.trim()).map(Zeroizing::new).is_ok_and(|bytes| !bytes.is_empty());
        let key = whole.then(|| Self(Secret::new(text.trim().to_owned())));
        key.ok_or_else(|| "expected the key of an account as Azure shows it, in base64".to_owned())
    }
}

impl fmt::Debug for AccountKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[secret]")
    }
}

/// A setting that was read from a file, as containers hand secrets over.
#[derive(Clone)]
pub struct FromFile<V> {
    /// Where it was read.
    pub path: PathBuf,
    /// What it held.
    pub value: V,
}

impl<V: FromStr<Err: fmt::Display>> FromStr for FromFile<V> {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let content = fs::read_to_string(text).map(Zeroizing::new);
        let content = content.map_err(|error| format!("expected a file that can be read: {error}"))?;
        let value = content.trim_end().parse().map_err(|rule| format!("in the file: {rule}"))?;
        Ok(Self { path: text.into(), value })
    }
}

impl<V> fmt::Debug for FromFile<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.path.fmt(f)
    }
}

impl<V> Serialize for FromFile<V> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        self.path.serialize(to)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test] // P-27
    fn a_secret_is_random_and_long_enough() {
        let random: Vec<u8> = (0..32_u8).map(|n| n.wrapping_mul(97)).collect();
        let text = STANDARD.encode(&random);
        assert_eq!(text.parse::<RootSecret>().unwrap().expose(), random);
        assert!(format!("{text}\n").parse::<RootSecret>().is_ok(), "as files end");
        for text in ["", "changeme", &STANDARD.encode([7; 32]), &STANDARD.encode(&random[..31]), &"A".repeat(64)] {
            assert!(text.parse::<RootSecret>().is_err(), "{text}");
        }
    }

    #[test] // H-15
    fn it_is_not_printed() {
        let secret = RootSecret::new(Zeroizing::new(vec![65; 32]));
        assert_eq!(format!("{secret:?}"), "[secret]");
    }
}
