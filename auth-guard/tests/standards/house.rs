//! A service behind its guard, and the issuer of its tokens.
use async_trait::async_trait;
use auth_core::{
    keys::{Algorithm, KeyRing, KeySet},
    ports::{Clock, Keyring, Outside, Unavailable},
    testing::FixedClock,
};
use auth_guard::{Access, Guard, Refused, Source, Why};
use serde_json::{Value, json};
use std::sync::{
    Arc, Mutex,
    atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst},
};
use std::time::Duration;

pub const ISSUER: &str = "https://id.example";
pub const API: &str = "https://api.example/v1";
pub const CONFIGURATION: &str = "https://id.example/.well-known/openid-configuration";
pub const KEYS: &str = "https://id.example/keys";
pub const KEYS_WITHOUT_TLS: &str = "http://id.example/keys";

pub struct House {
    pub clock: Arc<FixedClock>,
    pub issuer: Arc<Issuer>,
    pub guard: Guard,
}

/// It answers as it is told, from a ring of keys.
pub struct Issuer {
    pub ring: KeyRing,
    pub configuration: Mutex<Value>,
    /// Beside those of the ring.
    pub other_keys: Mutex<Vec<Value>>,
    pub is_away: AtomicBool,
    /// How often its keys were asked for.
    pub asked: AtomicUsize,
    /// Whoever has it makes it wait.
    pub gate: tokio::sync::Mutex<()>,
}

impl Issuer {
    pub fn asked(&self) -> usize {
        self.asked.load(SeqCst)
    }
}

#[async_trait]
impl Source for Issuer {
    async fn get(&self, url: &str) -> Outside<Vec<u8>> {
        self.asked.fetch_add(usize::from(url == CONFIGURATION), SeqCst);
        let _open = self.gate.lock().await;
        // As any that is far away.
        tokio::task::yield_now().await;
        let document = match url {
            _ if self.is_away.load(SeqCst) => return Err(Unavailable::failed("issuer", "it is away")),
            CONFIGURATION => self.configuration.lock().unwrap().clone(),
            KEYS | KEYS_WITHOUT_TLS => {
                let own = serde_json::to_value(self.ring.public_keys()).unwrap();
                let others = self.other_keys.lock().unwrap();
                json!({ "keys": own.as_array().unwrap().iter().chain(others.iter()).collect::<Vec<_>>() })
            }
            other => panic!("nobody asks for {other}"),
        };
        Ok(document.to_string().into_bytes())
    }
}

impl House {
    pub fn new() -> Self {
        Self::by(Algorithm::EdDsa)
    }

    pub fn by(algorithm: Algorithm) -> Self {
        let clock = Arc::new(FixedClock::default());
        let keys = KeySet::generate(algorithm, clock.now()).unwrap();
        let issuer = Arc::new(Issuer {
            ring: KeyRing::new(keys, algorithm, clock.clone(), Duration::from_mins(15)),
            configuration: Mutex::new(json!({ "issuer": ISSUER, "jwks_uri": KEYS })),
            other_keys: Mutex::default(),
            is_away: AtomicBool::default(),
            asked: AtomicUsize::default(),
            gate: tokio::sync::Mutex::default(),
        });
        let guard = Guard::new(ISSUER, API, issuer.clone(), clock.clone());
        Self { clock, issuer, guard }
    }

    /// The keys are others from now on.
    pub fn changes_keys(&self) {
        self.issuer.ring.replace(KeySet::generate(Algorithm::EdDsa, self.clock.now()).unwrap());
    }

    /// What the issuer says of a client that is there for itself, but for `changes`; `null` takes a claim away.
    pub fn claims(&self, changes: &Value) -> Value {
        let now = self.clock.now().0;
        let mut claims = json!({
            "iss": ISSUER, "aud": [API], "sub": "robot", "client_id": "robot", "scope": "read write", "jti": "1",
            "iat": now, "exp": now + 600,
        });
        claims.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
        claims.as_object_mut().unwrap().retain(|_, value| !value.is_null());
        claims
    }

    pub async fn token(&self, changes: &Value) -> String {
        self.signed("at+jwt", &self.claims(changes)).await
    }

    pub async fn signed(&self, typ: &str, claims: &Value) -> String {
        self.issuer.ring.sign(None, typ, claims.to_string().as_bytes()).await.unwrap()
    }

    pub async fn shows(&self, token: &str) -> Result<Access, Refused> {
        self.guard.check(Some(&format!("Bearer {token}"))).await
    }

    /// Why a token of these claims is refused, if it is.
    pub async fn refuses(&self, changes: &Value) -> Option<Why> {
        self.shows(&self.token(changes).await).await.err().map(|refused| refused.why().clone())
    }
}
