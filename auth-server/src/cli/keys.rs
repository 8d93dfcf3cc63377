//! `keys`: the server's secret, and the keys that sign access tokens.
use super::Ended;
use crate::{http::JWKS_MAX_AGE, keys::KeyFolder, settings::Settings};
use auth_core::{
    keys::{Algorithm, KeySet, SigningKey},
    ports::{Clock, Outside},
    system::{OsRng, SystemClock},
    token::LEEWAY,
    value::Timestamp,
};
use conf::{Conf, Subcommands};
use std::time::Duration;

/// The server's secret, and the keys that sign access tokens.
#[derive(Conf)]
pub struct Keys {
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
    Rotate,
}

/// Every reader of the published keys has seen a new one by then, and every server has loaded it.
const LEAD: Duration = JWKS_MAX_AGE.saturating_mul(2);

impl Keys {
    /// Does it. A running server takes the change up by itself.
    pub fn run(self, settings: &Settings) -> Ended {
        let (folder, now) = (KeyFolder::of(settings), SystemClock.now());
        let keep = settings.accounts.access_token_lifetime.0 + LEEWAY;
        match self.action {
            Action::Init => {
                let made = folder.init(settings, &SystemClock, &OsRng)?;
                let lines: Vec<_> = made.iter().map(|path| format!("made {}", path.display())).collect();
                Ok(if lines.is_empty() { "All keys are there already.".to_owned() } else { lines.join("\n") })
            }
            Action::List => Ok(list(&folder.signing()?.1, now, keep)),
            Action::Rotate => {
                let (_, mut keys) = folder.signing()?;
                rotate(&mut keys, settings.accounts.token_algorithm, now, keep)?;
                folder.save_signing(&keys)?;
                Ok(list(&keys, now, keep))
            }
        }
    }
}

fn rotate(keys: &mut KeySet, algorithm: Algorithm, now: Timestamp, keep: Duration) -> Outside<()> {
    keys.prune(now, keep);
    keys.rotate(algorithm, now, LEAD).map(|_| ())
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
        keys::KeyRing,
        ports::{Jwk, Keyring},
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

    #[test] // S-21
    fn a_rotated_key_is_published_before_it_signs_and_longer_than_readers_keep_what_they_saw() {
        let data = tempfile::tempdir().unwrap();
        let settings = Settings::for_data_dir(data.path());
        let run = |action| Keys { action }.run(&settings).unwrap();
        run(Action::Init);
        let folder = KeyFolder::of(&settings);
        let first = folder.signing().unwrap().1.keys()[0].kid().to_owned();
        run(Action::Rotate);
        let (_, keys) = folder.signing().unwrap();
        let now = SystemClock.now();
        assert_eq!(keys.current(now).kid(), first);
        assert_eq!(keys.published(now, Duration::ZERO).len(), 2);
        assert_ne!(keys.current(now + LEAD).kid(), first);
        assert!(LEAD > JWKS_MAX_AGE);
    }
}
