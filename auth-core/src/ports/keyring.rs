use super::{Outside, async_trait};
use crate::keys::Algorithm;
use aws_lc_rs::digest::{SHA256, digest};
use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine as _};
use serde::{Deserialize, Serialize};

/// Signs tokens. [`KeyRing`](crate::keys::KeyRing) holds its keys in memory; another may ask a vault.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait Keyring: Send + Sync {
    /// Signs a payload with the current key of an algorithm, or with that of the deployment's own: a compact JWS (RFC 7515,
    /// section 3.1) whose header has `alg`, `kid` and this `typ`. It fails if there is no key of the algorithm.
    async fn sign(&self, by: Option<Algorithm>, typ: &str, payload: &[u8]) -> Outside<String>;
    /// Every key that may sign, has signed what is still in use, or will sign soon. Whichever algorithm one of them is for,
    /// [`sign`](Self::sign) can sign by it.
    fn public_keys(&self) -> Vec<Jwk>;
}

/// A public key (RFC 7517): its public members and nothing else.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Jwk {
    /// `EC`, `OKP` or `RSA`.
    pub kty: String,
    /// `sig`.
    #[serde(rename = "use")]
    pub usage: String,
    /// The one algorithm that this key is for.
    pub alg: String,
    /// The key's name: its thumbprint (RFC 7638).
    pub kid: String,
    /// The curve, of an `EC` or `OKP` key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub crv: Option<String>,
    /// The x coordinate, of an `EC` or `OKP` key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub x: Option<String>,
    /// The y coordinate, of an `EC` key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub y: Option<String>,
    /// The modulus, of an `RSA` key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub n: Option<String>,
    /// The exponent, of an `RSA` key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub e: Option<String>,
}

impl Jwk {
    /// The thumbprint: SHA-256 over the members that RFC 7638, section 3.2 requires, in its order.
    pub fn thumbprint(&self) -> String {
        let Self { kty, crv, x, y, n, e, .. } = self;
        let [crv, x, y, n, e] = [crv, x, y, n, e].map(|member| member.as_deref().unwrap_or_default());
        let required = match kty.as_str() {
            "EC" => format!(r#"{{"crv":"{crv}","kty":"EC","x":"{x}","y":"{y}"}}"#),
            "OKP" => format!(r#"{{"crv":"{crv}","kty":"OKP","x":"{x}"}}"#),
            _ => format!(r#"{{"e":"{e}","kty":"{kty}","n":"{n}"}}"#),
        };
        BASE64_URL_SAFE_NO_PAD.encode(digest(&SHA256, required.as_bytes()))
    }
}
