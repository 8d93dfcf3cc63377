//! `keys`: the server's secret, and the keys that sign access tokens.
use super::{Ended, confirm};
use crate::{
    http::JWKS_MAX_AGE,
    keys::{Keys, RootFile},
    settings::Settings,
    store,
};
use auth_core::{
    keys::{KeySet, SigningKey},
    ports::Clock,
    system::{OsRng, SystemClock},
    token::LEEWAY,
    value::Timestamp,
};
use conf::{Conf, Subcommands};
use std::{path::Path, sync::Arc, time::Duration};

/// The server's secret, and the keys that sign access tokens.
#[derive(Conf)]
pub struct KeyCommand {
    /// What to do.
    #[conf(subcommands)]
    pub action: Action,
}

/// What to do with the keys.
#[derive(Subcommands)]
pub enum Action {
    /// Make what is missing: the secret, and a first signing key. What is there stays.
    Init,
    /// Show the signing keys, and what each is doing.
    List,
    /// Add a signing key. It is published at once, signs after a while, and the old one goes when its last token has died.
    Rotate {
        /// Put one new key in the place of all: when others may know the old ones. The access tokens that are out are
        /// refused; whoever has one refreshes it. Services that check tokens by themselves take old ones for five minutes.
        #[conf(long)]
        at_once: bool,
        /// Do not ask.
        #[conf(long)]
        yes: bool,
    },
}

/// Every reader of the published keys has seen a new one by then, and every server has loaded it.
const LEAD: Duration = JWKS_MAX_AGE.saturating_mul(2);

impl KeyCommand {
    /// Does it. Running servers take the change up by themselves.
    pub async fn run(self, settings: &Settings) -> Ended {
        let root = RootFile::of(settings);
        let made = if let Action::Init = self.action { root.init(settings, &OsRng)? } else { None };
        let secret = Arc::new(root.server_secret(settings)?);
        let store = store::open(settings, &secret, &Arc::default()).await?;
        let keys = Keys { store: store.clone(), secret };
        let told = match self.action {
            Action::Init => init(made, &keys, settings).await,
            Action::List => show(&keys, settings).await,
            Action::Rotate { at_once: true, yes } => replace(yes, &keys, settings).await,
            Action::Rotate { .. } => rotate(&keys, settings).await,
        };
        store.close().await;
        told
    }
}

async fn init(made: Option<&Path>, keys: &Keys, settings: &Settings) -> Ended {
    let secret = made.map(|path| format!("made {}", path.display()));
    let signing = keys.init(settings, &SystemClock, &OsRng).await?.then(|| "made a signing key".to_owned());
    let _open = keys.current().await?;
    let lines: Vec<_> = secret.into_iter().chain(signing).collect();
    Ok(if lines.is_empty() { "All keys are there already.".to_owned() } else { lines.join("\n") })
}

async fn show(keys: &Keys, settings: &Settings) -> Ended {
    Ok(list(&keys.current().await?.1, SystemClock.now(), keep(settings)))
}

async fn rotate(keys: &Keys, settings: &Settings) -> Ended {
    let now = SystemClock.now();
    let rotated = keys.rotate(settings, now, [LEAD, keep(settings)], &OsRng).await?;
    Ok(list(&rotated, now, keep(settings)))
}

async fn replace(yes: bool, keys: &Keys, settings: &Settings) -> Ended {
    if !yes {
        confirm("This puts a new key in the place of all. The access tokens that are out are refused from then on.")?;
    }
    let now = SystemClock.now();
    let replaced = keys.replace(settings, now, &OsRng).await?;
    Ok(list(&replaced, now, keep(settings)))
}

/// So long is a key needed once its successor signs.
fn keep(settings: &Settings) -> Duration {
    settings.accounts.access_token_lifetime.0 + LEEWAY
}

fn list(keys: &KeySet, now: Timestamp, keep: Duration) -> String {
    let (current, published) = (keys.current(now).kid(), keys.published(now, keep));
    let line = |key: &SigningKey| {
        let state = match key {
            key if key.kid() == current => "signs".to_owned(),
            key if key.signs_from() > now => format!("published, signs in {} s", key.signs_from().since(now).as_secs()),
            key if published.iter().any(|other| other.kid() == key.kid()) => "published, signed before".to_owned(),
            _ => "retired".to_owned(),
        };
        format!("{}  {}  {state}\n", key.kid(), key.algorithm())
    };
    keys.keys().iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use auth_core::{
        keys::{Algorithm, KeyRing},
        ports::{Jwk, Keyring, Outside},
        testing::FixedClock,
        token::{self, AccessClaims, Expected},
        value::{Secret, SessionId, UserId},
    };
    use std::sync::Arc;

    /// A service that checks tokens by itself, with the keys that it was shown at most so long ago.
    struct Verifier {
        keys: Vec<Jwk>,
        stale_at: Timestamp,
    }

    impl Verifier {
        fn check(&mut self, token: &Secret, now: Timestamp, shown: &KeyRing) {
            if now >= self.stale_at {
                *self = Self { keys: shown.public_keys(), stale_at: now + JWKS_MAX_AGE };
            }
            let expected = Expected { issuer: "us".to_owned(), audience: "them".to_owned() };
            token::verify(token.expose(), &self.keys, &expected, now).unwrap();
        }
    }

    #[tokio::test] // S-21
    async fn every_token_is_good_at_every_reader_for_all_its_life_however_often_keys_are_rotated() {
        const STEP: u64 = 10; // how often a server looks at its keys
        const LIFE: Duration = Duration::from_mins(10);
        let (clock, keep) = (Arc::new(FixedClock::default()), LIFE + LEEWAY);
        let mut file = KeySet::generate(Algorithm::EdDsa, clock.now()).unwrap();
        let read = |file: &KeySet| KeySet::from_secret(&file.to_secret()).unwrap();
        let servers = [(); 2].map(|()| KeyRing::new(read(&file), clock.clone(), keep));
        let mut readers =
            [0, 100, 250].map(|lag| Verifier { keys: servers[0].public_keys(), stale_at: clock.now() + secs(lag) });
        let mut alive = Vec::new();
        for second in (0..7_000).step_by(10) {
            clock.advance(secs(STEP));
            let now = clock.now();
            // Twice in a row too, and again before the last one signs.
            if [900, 910, 1_400, 4_000].contains(&second) {
                rotate(&mut file, Algorithm::EdDsa, now, keep).unwrap();
            }
            // The other one is always a look behind.
            for server in &servers {
                let claims = AccessClaims { iat: now, exp: now + LIFE, ..claims() };
                alive.push((token::sign(server, &claims).await.unwrap(), now + keep));
            }
            servers[usize::try_from(second / 10 % 2).unwrap()].replace(read(&file));
            let (dying, rest) = alive.into_iter().partition::<Vec<_>, _>(|(_, dead_at)| *dead_at <= now + secs(STEP));
            alive = rest;
            for (token, _) in dying.iter().chain(alive.iter().rev().take(2)) {
                for (reader, server) in readers.iter_mut().zip([&servers[0], &servers[1], &servers[0]]) {
                    reader.check(token, now, server);
                }
            }
        }
        assert_eq!(file.keys().len(), 2, "the others were dropped when their last tokens had died");
        assert_eq!(servers[0].public_keys().len(), 1);
    }

    fn rotate(keys: &mut KeySet, algorithm: Algorithm, now: Timestamp, keep: Duration) -> Outside<()> {
        keys.prune(now, keep);
        keys.rotate(algorithm, now, LEAD).map(|_| ())
    }

    fn secs(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn claims() -> AccessClaims {
        AccessClaims {
            iss: "us".to_owned(),
            aud: "them".to_owned(),
            sub: UserId::from_bytes([1; 16]),
            client_id: "account".to_owned(),
            sid: SessionId::from_bytes([1; 32]),
            jti: "1".to_owned(),
            iat: Timestamp(0),
            exp: Timestamp(0),
            auth_time: Timestamp(0),
            roles: Vec::new(),
        }
    }

    #[tokio::test] // S-21
    async fn a_rotated_key_is_published_before_it_signs_and_longer_than_readers_keep_what_they_saw() {
        let data = tempfile::tempdir().unwrap();
        let settings = Settings::for_data_dir(data.path());
        let run = async |action| KeyCommand { action }.run(&settings).await.unwrap();
        let set = async || {
            let secret = Arc::new(RootFile::of(&settings).server_secret(&settings).unwrap());
            let store = store::open(&settings, &secret, &Arc::default()).await.unwrap();
            let set = Keys { store: store.clone(), secret }.current().await.unwrap().1;
            store.close().await;
            set
        };
        run(Action::Init).await;
        let first = set().await.keys()[0].kid().to_owned();
        run(Action::Rotate { at_once: false, yes: false }).await;
        let (keys, now) = (set().await, SystemClock.now());
        assert_eq!(keys.current(now).kid(), first);
        assert_eq!(keys.published(now, Duration::ZERO).len(), 2);
        assert_ne!(keys.current(now + LEAD).kid(), first);
        assert!(LEAD > JWKS_MAX_AGE);

        let told = run(Action::Rotate { at_once: true, yes: true }).await;
        assert!(told.contains("signs") && told.lines().count() == 1 && !told.contains(&first), "{told}");
        assert_eq!(set().await.keys().len(), 1);
    }
}
