//! `keys`: the server's secret, and the keys that sign access tokens.
use super::Ended;
use crate::{http::JWKS_MAX_AGE, keys::KeyFolder, settings::Settings};
use auth_core::{
    keys::{KeySet, SigningKey},
    ports::Clock,
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
                keys.prune(now, keep);
                keys.rotate(settings.accounts.token_algorithm, now, LEAD)?;
                folder.save_signing(&keys)?;
                Ok(list(&keys, now, keep))
            }
        }
    }
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
