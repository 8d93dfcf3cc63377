//! One signing key: made, read, and put to use.
use crate::{
    ports::Jwk,
    value::{Invalid, Timestamp},
};
use aws_lc_rs::{
    encoding::AsDer,
    error::{KeyRejected, Unspecified},
    rand::SystemRandom,
    rsa::KeySize,
    signature::{
        ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256, RSA_PSS_SHA256,
        RsaKeyPair, RsaPublicKeyComponents, RsaSignatureEncoding,
    },
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};
use std::fmt;
use zeroize::Zeroizing;

/// What tokens are signed with (RFC 7518, section 3.1; RFC 8037, section 3.1). Each gives 128 bits of security.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Algorithm {
    /// ECDSA over P-256: understood everywhere.
    #[default]
    Es256,
    /// Ed25519: the fastest to sign and to check.
    EdDsa,
    /// RSA of 3072 bits, padded by PKCS #1: for readers that know nothing newer. Slow to sign.
    Rs256,
    /// RSA of 3072 bits, padded by PSS. Slow to sign.
    Ps256,
}

impl Algorithm {
    /// Each of them.
    pub const ALL: [Self; 4] = [Self::Es256, Self::EdDsa, Self::Rs256, Self::Ps256];

    /// Reads a registered name.
    ///
    /// # Errors
    /// [`Invalid`] for any other.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let found = Self::ALL.into_iter().find(|algorithm| algorithm.as_str() == text);
        found.ok_or(Invalid("a signing algorithm is ES256, EdDSA, RS256 or PS256"))
    }

    /// Its registered name, as in `alg`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Es256 => "ES256",
            Self::EdDsa => "EdDSA",
            Self::Rs256 => "RS256",
            Self::Ps256 => "PS256",
        }
    }
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
crate::value::text_value!(Algorithm);

/// A private key, parsed once, with its place in the schedule.
pub struct SigningKey {
    algorithm: Algorithm,
    published_at: Timestamp,
    signs_from: Timestamp,
    pkcs8: Zeroizing<Vec<u8>>,
    pair: Pair,
    jwk: Jwk,
}

enum Pair {
    Es256(EcdsaKeyPair),
    EdDsa(Ed25519KeyPair),
    Rsa(RsaKeyPair, &'static RsaSignatureEncoding),
}

impl SigningKey {
    /// A new key, by aws-lc's own dice: it takes no others.
    pub(super) fn generate(
        algorithm: Algorithm,
        published_at: Timestamp,
        signs_from: Timestamp,
    ) -> Result<Self, Unspecified> {
        let pkcs8 = Zeroizing::new(match algorithm {
            Algorithm::Es256 => {
                EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING)?.to_pkcs8v1()?.as_ref().to_vec()
            }
            // Version 1, since readers exist that refuse the longer version 2.
            Algorithm::EdDsa => Ed25519KeyPair::generate()?.to_pkcs8v1()?.as_ref().to_vec(),
            Algorithm::Rs256 | Algorithm::Ps256 => RsaKeyPair::generate(KeySize::Rsa3072)?.as_der()?.as_ref().to_vec(),
        });
        Self::from_pkcs8(algorithm, pkcs8, published_at, signs_from).map_err(|_| Unspecified)
    }

    pub(super) fn from_pkcs8(
        algorithm: Algorithm,
        pkcs8: Zeroizing<Vec<u8>>,
        published_at: Timestamp,
        signs_from: Timestamp,
    ) -> Result<Self, Invalid> {
        let pair = Pair::parse(algorithm, &pkcs8)?;
        let jwk = pair.jwk(algorithm);
        Ok(Self { algorithm, published_at, signs_from, pkcs8, pair, jwk })
    }

    /// Its name: the thumbprint of the public key (RFC 7638).
    pub fn kid(&self) -> &str {
        &self.jwk.kid
    }

    /// The one algorithm that it signs by.
    pub const fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// When it was made, and first published.
    pub const fn published_at(&self) -> Timestamp {
        self.published_at
    }

    /// When it takes over from the one before.
    pub const fn signs_from(&self) -> Timestamp {
        self.signs_from
    }

    /// Its public half.
    pub const fn jwk(&self) -> &Jwk {
        &self.jwk
    }

    pub(super) fn pkcs8(&self) -> &[u8] {
        &self.pkcs8
    }

    /// A compact JWS (RFC 7515, section 7.1) over `payload`.
    pub(super) fn sign_compact(&self, typ: &str, payload: &[u8]) -> Result<String, Unspecified> {
        #[derive(Serialize)]
        struct Header<'a> {
            alg: &'a str,
            kid: &'a str,
            typ: &'a str,
        }
        let header = Header { alg: self.algorithm.as_str(), kid: self.kid(), typ };
        let header = serde_json::to_vec(&header).map_err(|_| Unspecified)?;
        let mut token = String::with_capacity((header.len() + payload.len()) / 3 * 4 + 100);
        URL_SAFE_NO_PAD.encode_string(header, &mut token);
        token.push('.');
        URL_SAFE_NO_PAD.encode_string(payload, &mut token);
        let signature = self.pair.sign(token.as_bytes())?;
        token.push('.');
        URL_SAFE_NO_PAD.encode_string(signature, &mut token);
        Ok(token)
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { algorithm, published_at, signs_from, jwk, .. } = self;
        let mut shown = f.debug_struct("SigningKey");
        shown.field("kid", &jwk.kid).field("algorithm", algorithm);
        shown.field("published_at", published_at).field("signs_from", signs_from).finish_non_exhaustive()
    }
}

impl Pair {
    fn parse(algorithm: Algorithm, pkcs8: &[u8]) -> Result<Self, Invalid> {
        Ok(match algorithm {
            Algorithm::Es256 => Self::Es256(
                EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8)
                    .map_err(not_a_key("pkcs8 is not a P-256 private key in PKCS#8"))?,
            ),
            Algorithm::EdDsa => Self::EdDsa(
                Ed25519KeyPair::from_pkcs8(pkcs8)
                    .map_err(not_a_key("pkcs8 is not an Ed25519 private key in PKCS#8"))?,
            ),
            Algorithm::Rs256 => Self::Rsa(rsa_pair(pkcs8)?, &RSA_PKCS1_SHA256),
            Algorithm::Ps256 => Self::Rsa(rsa_pair(pkcs8)?, &RSA_PSS_SHA256),
        })
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Unspecified> {
        match self {
            Self::Es256(pair) => Ok(pair.sign(&SystemRandom::new(), message)?.as_ref().to_vec()),
            Self::EdDsa(pair) => Ok(pair.try_sign(message)?.as_ref().to_vec()),
            Self::Rsa(pair, padding) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(*padding, &SystemRandom::new(), message, &mut signature)?;
                Ok(signature)
            }
        }
    }

    /// The public members, by the name of their thumbprint.
    fn jwk(&self, algorithm: Algorithm) -> Jwk {
        let text = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        let mut jwk = Jwk {
            kty: String::new(),
            usage: "sig".to_owned(),
            alg: algorithm.to_string(),
            kid: String::new(),
            crv: None,
            x: None,
            y: None,
            n: None,
            e: None,
        };
        match self {
            Self::Es256(pair) => {
                // An uncompressed point: 4, x, y.
                let (x, y) = pair.public_key().as_ref()[1..].split_at(32);
                (jwk.kty, jwk.crv) = ("EC".to_owned(), Some("P-256".to_owned()));
                (jwk.x, jwk.y) = (Some(text(x)), Some(text(y)));
            }
            Self::EdDsa(pair) => {
                let x = text(pair.public_key().as_ref());
                (jwk.kty, jwk.crv, jwk.x) = ("OKP".to_owned(), Some("Ed25519".to_owned()), Some(x));
            }
            Self::Rsa(pair, _) => {
                let public = RsaPublicKeyComponents::<Vec<u8>>::from(pair.public_key());
                (jwk.kty, jwk.n, jwk.e) = ("RSA".to_owned(), Some(text(&public.n)), Some(text(&public.e)));
            }
        }
        jwk.kid = jwk.thumbprint();
        jwk
    }
}

fn rsa_pair(pkcs8: &[u8]) -> Result<RsaKeyPair, Invalid> {
    let pair = RsaKeyPair::from_pkcs8(pkcs8).map_err(not_a_key("pkcs8 is not an RSA private key in PKCS#8"))?;
    if pair.public_modulus_len() < KeySize::Rsa3072.len() {
        return Err(Invalid("an RSA key has at least 3072 bits"));
    }
    Ok(pair)
}

fn not_a_key(rule: &'static str) -> impl Fn(KeyRejected) -> Invalid {
    move |_| Invalid(rule)
}

#[cfg(test)]
mod tests {
    use super::*;
    use jsonwebtoken::{DecodingKey, Validation, jwk};

    #[test]
    fn another_implementation_checks_the_signature_by_the_published_key() {
        for algorithm in Algorithm::ALL {
            let key = SigningKey::generate(algorithm, Timestamp(0), Timestamp(0)).unwrap();
            let token = key.sign_compact("at+jwt", br#"{"sub":"ann"}"#).unwrap();
            let published: jwk::Jwk = serde_json::from_value(serde_json::to_value(key.jwk()).unwrap()).unwrap();
            assert_eq!(published.thumbprint(jwk::ThumbprintHash::SHA256).unwrap(), key.kid());

            let mut validation = Validation::new(algorithm.as_str().parse().unwrap());
            validation.required_spec_claims.clear();
            let decoding = DecodingKey::from_jwk(&published).unwrap();
            let read = jsonwebtoken::decode::<serde_json::Value>(&token, &decoding, &validation).unwrap();
            assert_eq!(read.claims["sub"], "ann");
            assert_eq!(read.header.typ.as_deref(), Some("at+jwt"));
            assert_eq!(read.header.kid.as_deref(), Some(key.kid()));
        }
    }

    #[test]
    fn the_thumbprint_is_that_of_rfc_8037() {
        let mut pkcs8 = b"\x30\x2e\x02\x01\x00\x30\x05\x06\x03\x2b\x65\x70\x04\x22\x04\x20".to_vec();
        pkcs8.extend(URL_SAFE_NO_PAD.decode("nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A").unwrap());
        let key = SigningKey::from_pkcs8(Algorithm::EdDsa, pkcs8.into(), Timestamp(0), Timestamp(0)).unwrap();
        assert_eq!(key.jwk().x.as_deref(), Some("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"));
        assert_eq!(key.kid(), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
    }

    #[test]
    fn both_versions_of_pkcs8_are_read_and_the_first_is_written() {
        let pair = Ed25519KeyPair::generate().unwrap();
        let documents = [pair.to_pkcs8v1().unwrap(), pair.to_pkcs8().unwrap()];
        let read = documents.map(|document| {
            let pkcs8 = document.as_ref().to_vec().into();
            SigningKey::from_pkcs8(Algorithm::EdDsa, pkcs8, Timestamp(0), Timestamp(0)).unwrap()
        });
        assert_eq!(read[0].kid(), read[1].kid());
        let made = SigningKey::generate(Algorithm::EdDsa, Timestamp(0), Timestamp(0)).unwrap();
        assert_eq!(made.pkcs8().len(), 48, "what readers of version 1 alone take");
    }

    #[test]
    fn an_rsa_key_has_3072_bits_and_a_modulus_without_leading_zeros() {
        for algorithm in [Algorithm::Rs256, Algorithm::Ps256] {
            let key = SigningKey::generate(algorithm, Timestamp(0), Timestamp(0)).unwrap();
            let modulus = URL_SAFE_NO_PAD.decode(key.jwk().n.as_deref().unwrap()).unwrap();
            assert_eq!((modulus.len(), modulus[0] >> 7), (384, 1));
            assert_eq!(key.jwk().e.as_deref(), Some("AQAB"));
        }
    }
}
