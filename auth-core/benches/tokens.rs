//! What access tokens cost beside the bare signatures of aws-lc, each in turn: `cargo bench --bench tokens`.
#![expect(clippy::print_stdout, reason = "a program that reports")]
#![expect(clippy::disallowed_methods, reason = "a program that measures")]
use auth_core::{
    keys::{Algorithm, KeyRing, KeySet},
    ports::Keyring,
    system::SystemClock,
    token::{self, AccessClaims, Expected},
    value::{SessionId, Timestamp, UserId},
};
use aws_lc_rs::{
    rand::SystemRandom,
    rsa::KeySize,
    signature::{
        ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, ED25519, EcdsaKeyPair, Ed25519KeyPair, KeyPair,
        RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, RSA_PSS_2048_8192_SHA256, RSA_PSS_SHA256, RsaKeyPair,
        RsaParameters, RsaSignatureEncoding, UnparsedPublicKey, VerificationAlgorithm,
    },
};
use std::{
    hint::black_box,
    sync::Arc,
    time::{Duration, Instant},
};

const ROUNDS: usize = 200;
const NOW: Timestamp = Timestamp(1_800_000_000);

fn main() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    for algorithm in Algorithm::ALL {
        let batch = if let Algorithm::Rs256 | Algorithm::Ps256 = algorithm { 4 } else { 50 };
        let set = KeySet::generate(algorithm, NOW).expect("a key");
        let ring = KeyRing::new(set, algorithm, Arc::new(SystemClock), Duration::ZERO);
        let (claims, expected, keys) = (claims(), expected(), ring.public_keys());
        let sign = || runtime.block_on(token::sign(&ring, &claims)).expect("a token");
        let token = sign();
        let (message, _) = token.expose().rsplit_once('.').expect("a signature");
        let bare = Bare::generate(algorithm);
        let signature = bare.sign(message.as_bytes());

        let payload = serde_json::to_vec(&claims).expect("JSON");
        let mut times = [const { Vec::new() }; 5];
        for _ in 0..ROUNDS {
            times[0].push(micros(batch, || bare.sign(message.as_bytes())));
            times[1]
                .push(micros(batch, || runtime.block_on(ring.sign(None, "at+jwt", &payload)).expect("a signature")));
            times[2].push(micros(batch, sign));
            times[3].push(micros(batch, || bare.verify(message.as_bytes(), &signature)));
            times[4]
                .push(micros(batch, || token::verify(token.expose(), &keys, &expected, NOW).expect("a good token")));
        }
        let [bare_sign, ring_sign, token_sign, bare_verify, token_verify] = times.map(median);
        let show =
            |what, time, bare| println!("{algorithm:5} {what:14} {time:7.1} us, {:.2} of {bare:.1} bare", time / bare);
        show("KeyRing::sign", ring_sign, bare_sign);
        show("token::sign", token_sign, bare_sign);
        show("token::verify", token_verify, bare_verify);
    }
}

enum Bare {
    EdDsa(Ed25519KeyPair),
    Es256(EcdsaKeyPair),
    Rsa(RsaKeyPair, &'static RsaSignatureEncoding, &'static RsaParameters),
}

impl Bare {
    fn generate(algorithm: Algorithm) -> Self {
        match algorithm {
            Algorithm::EdDsa => Self::EdDsa(Ed25519KeyPair::generate().expect("a key")),
            Algorithm::Es256 => Self::Es256(EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).expect("a key")),
            Algorithm::Rs256 => Self::Rsa(rsa_pair(), &RSA_PKCS1_SHA256, &RSA_PKCS1_2048_8192_SHA256),
            Algorithm::Ps256 => Self::Rsa(rsa_pair(), &RSA_PSS_SHA256, &RSA_PSS_2048_8192_SHA256),
        }
    }

    fn sign(&self, message: &[u8]) -> Vec<u8> {
        let dice = SystemRandom::new();
        match self {
            Self::EdDsa(pair) => pair.try_sign(message).expect("a signature").as_ref().to_vec(),
            Self::Es256(pair) => pair.sign(&dice, message).expect("a signature").as_ref().to_vec(),
            Self::Rsa(pair, padding, _) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(*padding, &dice, message, &mut signature).expect("a signature");
                signature
            }
        }
    }

    fn verify(&self, message: &[u8], signature: &[u8]) {
        let (algorithm, key): (&'static dyn VerificationAlgorithm, _) = match self {
            Self::EdDsa(pair) => (&ED25519, pair.public_key().as_ref()),
            Self::Es256(pair) => (&ECDSA_P256_SHA256_FIXED, pair.public_key().as_ref()),
            Self::Rsa(pair, _, checked_by) => (*checked_by, pair.public_key().as_ref()),
        };
        UnparsedPublicKey::new(algorithm, key).verify(message, signature).expect("a good signature");
    }
}

fn rsa_pair() -> RsaKeyPair {
    RsaKeyPair::generate(KeySize::Rsa3072).expect("a key")
}

fn expected() -> Expected {
    Expected { issuer: "https://auth.example.org".to_owned(), audience: "https://api.example.org".to_owned() }
}

fn claims() -> AccessClaims {
    AccessClaims {
        iss: expected().issuer,
        aud: expected().audience,
        sub: UserId::from_bytes([7; 16]),
        client_id: "web".to_owned(),
        sid: SessionId::from_bytes([7; 32]),
        jti: UserId::from_bytes([9; 16]).to_string(),
        iat: NOW,
        exp: NOW + Duration::from_mins(15),
        auth_time: NOW,
        roles: Vec::new(),
    }
}

/// Microseconds for one of `batch` calls.
fn micros<T>(batch: u32, mut call: impl FnMut() -> T) -> f64 {
    let start = Instant::now();
    for _ in 0..batch {
        black_box(call());
    }
    start.elapsed().as_secs_f64() * 1e6 / f64::from(batch)
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}
