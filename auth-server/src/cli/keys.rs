//! `keys`: the server's secret, and the keys that sign tokens.
use super::{Ended, confirm};
use crate::{
    keys::{Keys, RootFile, keep},
    settings::Settings,
    store,
};
use auth_core::{
    keys::{Algorithm, KeySet, SigningKey},
    ports::Clock,
    system::{OsRng, SystemClock},
    value::Timestamp,
};
use conf::{Conf, Subcommands};
use std::{path::Path, sync::Arc, time::Duration};

/// The server's secret, and the keys that sign tokens.
#[derive(Conf)]
pub struct KeyCommand {
    /// What to do.
    #[conf(subcommands)]
    pub action: Action,
}

/// What to do with the keys.
#[derive(Subcommands)]
pub enum Action {
    /// Make what is missing: the secret, and a first signing key of each algorithm. What is there stays.
    Init,
    /// Show the signing keys, and what each is doing.
    List,
    /// Add a signing key of each algorithm. It is published at once, signs after a while, and the old one goes when its last
    /// token has died.
    Rotate {
        /// Of this algorithm alone: ES256, `EdDSA`, RS256 or PS256.
        #[conf(long)]
        algorithm: Option<Algorithm>,
        /// Put new keys in the place of all: when others may know the old ones. The tokens that they signed are refused;
        /// whoever has one refreshes it. Services that check tokens by themselves take old ones for five minutes.
        #[conf(long)]
        at_once: bool,
        /// Do not ask.
        #[conf(long)]
        yes: bool,
    },
}

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
            Action::Rotate { algorithm, at_once: true, yes } => replace(algorithm, yes, &keys, settings).await,
            Action::Rotate { algorithm, .. } => rotate(algorithm, &keys, settings).await,
        };
        store.close().await;
        told
    }
}

async fn init(made: Option<&Path>, keys: &Keys, settings: &Settings) -> Ended {
    let secret = made.map(|path| format!("made {}", path.display()));
    let signing = keys.init(settings, &SystemClock, &OsRng).await?.then(|| "made signing keys".to_owned());
    let _open = keys.current().await?;
    let lines: Vec<_> = secret.into_iter().chain(signing).collect();
    Ok(if lines.is_empty() { "All keys are there already.".to_owned() } else { lines.join("\n") })
}

async fn show(keys: &Keys, settings: &Settings) -> Ended {
    Ok(list(&keys.current().await?.1, SystemClock.now(), keep(settings)))
}

async fn rotate(algorithm: Option<Algorithm>, keys: &Keys, settings: &Settings) -> Ended {
    let now = SystemClock.now();
    let rotated = keys.rotate(settings, algorithm, now, &OsRng).await?;
    Ok(list(&rotated, now, keep(settings)))
}

async fn replace(algorithm: Option<Algorithm>, yes: bool, keys: &Keys, settings: &Settings) -> Ended {
    if !yes {
        let which = algorithm.map_or_else(|| "all".to_owned(), |algorithm| format!("all of {algorithm}"));
        confirm(&format!("This puts a new key in the place of {which}. What they signed is refused from then on."))?;
    }
    let now = SystemClock.now();
    let replaced = keys.replace(settings, algorithm, now, &OsRng).await?;
    Ok(list(&replaced, now, keep(settings)))
}

fn list(keys: &KeySet, now: Timestamp, keep: Duration) -> String {
    let is = |key: &SigningKey, other: &SigningKey| key.kid() == other.kid();
    let line = |key: &SigningKey| {
        let state = match key {
            key if key.signs_from() > now => format!("published, signs in {} s", key.signs_from().since(now).as_secs()),
            key if keys.current(key.algorithm(), now).is_some_and(|current| is(key, current)) => "signs".to_owned(),
            key if keys.published(now, keep).any(|other| is(key, other)) => "published, signed before".to_owned(),
            _ => "retired".to_owned(),
        };
        format!("{}  {}  {state}\n", key.kid(), key.algorithm())
    };
    keys.keys().iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{http::JWKS_MAX_AGE, keys::LEAD, settings::Algorithms};
    use auth_core::{
        keys::KeyRing,
        ports::{Jwk, Keyring, Outside},
        testing::FixedClock,
        token::{self, AccessClaims, Expected, LEEWAY},
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
        let servers = [(); 2].map(|()| KeyRing::new(read(&file), Algorithm::EdDsa, clock.clone(), keep));
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
        let mut settings = Settings::for_data_dir(data.path());
        settings.accounts.signing_algorithms = Algorithms(vec![Algorithm::EdDsa]);
        let run = async |action| KeyCommand { action }.run(&settings).await.unwrap();
        let set = async || {
            let secret = Arc::new(RootFile::of(&settings).server_secret(&settings).unwrap());
            let store = store::open(&settings, &secret, &Arc::default()).await.unwrap();
            let set = Keys { store: store.clone(), secret }.current().await.unwrap().1;
            store.close().await;
            set
        };
        run(Action::Init).await;
        let first = set().await;
        let rotate = |algorithm, at_once| Action::Rotate { algorithm, at_once, yes: at_once };
        run(rotate(None, false)).await;
        let (keys, now) = (set().await, SystemClock.now());
        assert_eq!(keys.published(now, Duration::ZERO).count(), 4);
        for old in first.keys() {
            let signs = |now| keys.current(old.algorithm(), now).unwrap().kid().to_owned();
            assert_eq!(signs(now), old.kid());
            assert_ne!(signs(now + LEAD), old.kid());
        }
        assert!(LEAD > JWKS_MAX_AGE);

        let told = run(rotate(Some(Algorithm::Es256), false)).await;
        let waiting = |name| told.lines().filter(|line| line.contains(name) && line.contains("signs in")).count();
        assert_eq!((waiting("ES256"), waiting("EdDSA")), (2, 1), "{told}");
        let told = run(rotate(None, true)).await;
        assert!(told.lines().count() == 2 && told.lines().all(|line| line.ends_with("  signs")), "{told}");
        assert!(first.keys().iter().all(|old| !told.contains(old.kid())), "{told}");
    }
}
