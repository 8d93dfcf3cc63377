//! What proves a client, and what is kept of it.
use auth_core::{
    ports::Rng,
    value::{Invalid, Secret},
};
use aws_lc_rs::digest::{SHA256, digest};
use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine as _};
use serde::{Deserialize, Serialize};
use std::fmt;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

/// A client's secret: `cs_` and 256 random bits. Nobody chooses one, so a plain digest of it gives nothing away (S-01).
pub struct ClientSecret(Zeroizing<[u8; 32]>);

impl ClientSecret {
    /// A new one.
    pub fn generate(rng: &dyn Rng) -> Self {
        let mut bytes = Zeroizing::new([0; 32]);
        rng.fill(bytes.as_mut());
        Self(bytes)
    }

    #[cfg(test)]
    pub(crate) fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// The text that the client is given, once.
    pub fn reveal(&self) -> Secret {
        Secret::new(format!("cs_{}", BASE64_URL_SAFE_NO_PAD.encode(self.0.as_ref())))
    }
}

impl fmt::Debug for ClientSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[client secret]")
    }
}

/// What is kept of a client's secret: `sha256:` and its SHA-256 in base64url. Compared in constant time.
#[derive(Clone, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct SecretDigest([u8; 32]);

impl SecretDigest {
    /// Of a secret as it is presented.
    pub fn of(secret: &Secret) -> Self {
        let mut bytes = [0; 32];
        bytes.copy_from_slice(digest(&SHA256, secret.expose().as_bytes()).as_ref());
        Self(bytes)
    }

    /// Reads what was written.
    ///
    /// # Errors
    /// [`Invalid`] for any other text.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let rule = Invalid("a digest is sha256: and 43 characters of base64url, as `client add` shows it");
        let bytes = text.strip_prefix("sha256:").and_then(|text| BASE64_URL_SAFE_NO_PAD.decode(text).ok());
        bytes.and_then(|bytes| bytes.try_into().ok()).map(Self).ok_or(rule)
    }
}

impl PartialEq for SecretDigest {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}
impl Eq for SecretDigest {}

impl fmt::Debug for SecretDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[digest]")
    }
}
impl TryFrom<String> for SecretDigest {
    type Error = Invalid;
    fn try_from(text: String) -> Result<Self, Invalid> {
        Self::parse(&text)
    }
}
impl From<SecretDigest> for String {
    fn from(digest: SecretDigest) -> Self {
        format!("sha256:{}", BASE64_URL_SAFE_NO_PAD.encode(digest.0))
    }
}
