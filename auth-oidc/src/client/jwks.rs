//! Public keys of a client (RFC 7517), and what they have signed.
use auth_core::{
    keys::Algorithm,
    ports::Jwk,
    token::{self, TokenRefused},
    value::Invalid,
};
use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine as _};
use serde::{
    Deserialize, Deserializer, Serialize,
    de::{DeserializeOwned, Error},
};
use serde_json::{Map, Value};

/// The keys that a client signs with: 1 to 16.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Keys")]
pub struct JwkSet {
    keys: Vec<PublicKey>,
}

#[derive(Deserialize)]
struct Keys {
    keys: Vec<PublicKey>,
}

/// A public key that somebody else signs with: on P-256, Ed25519, or RSA of 2048 to 4096 bits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Map<String, Value>")]
pub struct PublicKey {
    kty: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    kid: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    alg: Option<Algorithm>,
    #[serde(skip_serializing_if = "Option::is_none")]
    crv: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    x: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    y: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    n: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    e: Option<String>,
}

/// Members that only the owner of a key may know (RFC 7518, section 6; RFC 8037, section 2).
const PRIVATE: [&str; 8] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

/// A client signs with no more.
const MOST: usize = 16;

/// A set of keys, of whatever kinds.
#[derive(Deserialize)]
struct Published {
    keys: Vec<Value>,
}

const NONE_UNDERSTOOD: Invalid =
    Invalid("a set of keys is a JSON object with keys, some of them such as are understood here");
const TOLD_TOO_MUCH: Invalid =
    Invalid("a key that is shown to others is public: it has no d, p, q, dp, dq, qi, oth or k");

impl JwkSet {
    /// What a client publishes. A key of a kind that is not understood, or that is for something else, is passed over
    /// (RFC 7517, section 5).
    pub(crate) fn published(document: &[u8]) -> Result<Self, Invalid> {
        let Published { keys } = serde_json::from_slice(document).map_err(|_| NONE_UNDERSTOOD)?;
        let keys: Vec<_> = keys.into_iter().filter_map(|key| serde_json::from_value(key).ok()).take(MOST).collect();
        if keys.is_empty() { Err(NONE_UNDERSTOOD) } else { Ok(Self { keys }) }
    }

    /// The same of what a client says of itself; but a key that it should have kept to itself is told.
    pub(crate) fn said<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Self>, D::Error> {
        let Some(said) = Option::<Value>::deserialize(from)? else { return Ok(None) };
        let Published { keys } = Published::deserialize(&said).map_err(D::Error::custom)?;
        let is_private = |key: &Value| PRIVATE.iter().any(|member| key.get(member).is_some());
        if keys.iter().any(is_private) {
            return Err(D::Error::custom(TOLD_TOO_MUCH.0));
        }
        Self::published(said.to_string().as_bytes()).map(Some).map_err(|rule| D::Error::custom(rule.0))
    }

    /// The key of this name, or, without one, the key that fits; none, if more than one does.
    pub(crate) fn find(&self, kid: Option<&str>, algorithm: Algorithm) -> Option<&PublicKey> {
        let named = |key: &&PublicKey| kid.is_none_or(|kid| key.kid.as_deref() == Some(kid));
        let mut fit = self.keys.iter().filter(named).filter(|key| key.is_for(algorithm));
        fit.next().filter(|_| fit.next().is_none())
    }
}

impl PublicKey {
    /// Its name among others: the thumbprint (RFC 7638).
    pub fn thumbprint(&self) -> String {
        self.jwk(Algorithm::default()).thumbprint()
    }

    /// The claims of a token that this key signed by this algorithm.
    pub(crate) fn signed<T: DeserializeOwned>(&self, token: &str, by: Algorithm) -> Result<T, TokenRefused> {
        if !self.is_for(by) {
            return Err(TokenRefused::WrongAlgorithm);
        }
        token::signed(token, &self.jwk(by))
    }

    /// Its kind decides, and its own word where the kind leaves two.
    fn is_for(&self, algorithm: Algorithm) -> bool {
        let kind = match algorithm {
            Algorithm::Es256 => "EC",
            Algorithm::EdDsa => "OKP",
            Algorithm::Rs256 | Algorithm::Ps256 => "RSA",
        };
        self.kty == kind && self.alg.is_none_or(|own| own == algorithm)
    }

    fn jwk(&self, algorithm: Algorithm) -> Jwk {
        let Self { kty, crv, x, y, n, e, .. } = self.clone();
        Jwk { kty, usage: "sig".to_owned(), alg: algorithm.to_string(), kid: String::new(), crv, x, y, n, e }
    }
}

impl TryFrom<Keys> for JwkSet {
    type Error = Invalid;
    fn try_from(Keys { keys }: Keys) -> Result<Self, Invalid> {
        if !(1..=MOST).contains(&keys.len()) {
            return Err(Invalid("a client has 1 to 16 keys"));
        }
        Ok(Self { keys })
    }
}

impl TryFrom<Map<String, Value>> for PublicKey {
    type Error = Invalid;
    fn try_from(members: Map<String, Value>) -> Result<Self, Invalid> {
        if PRIVATE.iter().any(|member| members.contains_key(*member)) {
            return Err(TOLD_TOO_MUCH);
        }
        if members.get("use").is_some_and(|usage| usage != "sig") {
            return Err(Invalid("a key that signs is for sig"));
        }
        let text = |name| members.get(name).and_then(Value::as_str).map(str::to_owned);
        let alg = text("alg").map(|alg| Algorithm::parse(&alg)).transpose()?;
        let kty = text("kty").unwrap_or_default();
        let (crv, x, y, n, e) = match kty.as_str() {
            "EC" => (text("crv"), text("x"), text("y"), None, None),
            "OKP" => (text("crv"), text("x"), None, None, None),
            _ => (None, None, None, text("n"), text("e")),
        };
        let bytes = |text: &Option<String>| {
            text.as_ref().map_or(0, |text| BASE64_URL_SAFE_NO_PAD.decode(text).map_or(0, |bytes| bytes.len()))
        };
        let sound = match (kty.as_str(), crv.as_deref()) {
            ("EC", Some("P-256")) => bytes(&x) == 32 && bytes(&y) == 32,
            ("OKP", Some("Ed25519")) => bytes(&x) == 32,
            ("RSA", None) => (256..=512).contains(&bytes(&n)) && (1..=8).contains(&bytes(&e)),
            _ => false,
        };
        let key = Self { kty, kid: text("kid"), alg, crv, x, y, n, e };
        if !sound || !key.alg.is_none_or(|own| key.is_for(own)) {
            return Err(Invalid(
                "a key is EC on P-256, OKP on Ed25519 or RSA of 2048 to 4096 bits, and its alg fits it",
            ));
        }
        Ok(key)
    }
}
