//! What signs as clients do: by another implementation than the one that checks.
use auth_core::{
    keys::{Algorithm, KeySet},
    ports::Jwk,
    value::Timestamp,
};
use base64::prelude::*;
use jsonwebtoken::EncodingKey;
use serde_json::{Value, json};

/// A key of a client.
pub struct Signer {
    algorithm: Algorithm,
    jwk: Jwk,
    pkcs8: Vec<u8>,
}

impl Signer {
    /// A new one.
    pub fn new(algorithm: Algorithm) -> Self {
        let set = KeySet::generate(algorithm, Timestamp(0)).unwrap();
        let written: Value = serde_json::from_str(set.to_secret().expose()).unwrap();
        let pkcs8 = BASE64_STANDARD.decode(written["keys"][0]["pkcs8"].as_str().unwrap()).unwrap();
        Self { algorithm, jwk: set.keys()[0].jwk().clone(), pkcs8 }
    }

    /// Its public half.
    pub fn jwk(&self) -> Value {
        serde_json::to_value(&self.jwk).unwrap()
    }

    /// Its thumbprint.
    pub fn thumbprint(&self) -> &str {
        &self.jwk.kid
    }

    /// What `alg` is.
    pub fn alg(&self) -> &'static str {
        self.algorithm.as_str()
    }

    /// Truly signs this header and these claims, whatever they say.
    pub fn sign(&self, header: &Value, claims: &Value) -> String {
        let part = |value: &Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
        let message = format!("{}.{}", part(header), part(claims));
        let key = match self.algorithm {
            Algorithm::Es256 => EncodingKey::from_ec_der(&self.pkcs8),
            Algorithm::EdDsa => EncodingKey::from_ed_der(&self.pkcs8),
            Algorithm::Rs256 | Algorithm::Ps256 => EncodingKey::from_rsa_der(&self.pkcs8[26..]), // the PKCS #1 within
        };
        let algorithm = self.alg().parse().unwrap();
        format!("{message}.{}", jsonwebtoken::crypto::sign(message.as_bytes(), &key, algorithm).unwrap())
    }

    /// Signs by the name of the key.
    pub fn assertion(&self, claims: &Value) -> String {
        self.sign(&json!({ "alg": self.alg(), "kid": self.thumbprint() }), claims)
    }
}
