//! Keys: the server's secret, in a file beside the database and never in it; and the keys that sign tokens, in the database,
//! sealed under the secret, so that all servers over one database have the same.
use crate::{
    file,
    http::JWKS_MAX_AGE,
    settings::{Settings, secret::RootSecret, value::Store},
    store::Backing,
};
use auth_core::{
    keys::{Algorithm, BadKeySet, KeySet, SealedKeys},
    ports::{Clock, KeyStoreExt, Outside, Rng, Unavailable},
    secrets::ServerSecret,
    token::LEEWAY,
    value::Timestamp,
};
use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::Duration,
};
use zeroize::Zeroizing;

/// The file of the server's secret: random bytes in base64.
pub const SECRET: &str = "secret";

/// Every reader of the published keys has seen a new one by then, and every server has loaded it.
pub const LEAD: Duration = JWKS_MAX_AGE.saturating_mul(2);

/// So long is a key needed once its successor signs.
pub fn keep(settings: &Settings) -> Duration {
    settings.accounts.access_token_lifetime.0 + LEEWAY
}

/// Why keys cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The system refused a file.
    #[error("{} cannot be used: give an AUTH_SERVICE_DATA_DIR that this user may write to", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file holds something else.
    #[error("{}: {reason}", path.display())]
    Content {
        /// Which.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// There is no secret, and none is made by itself in production.
    #[error("{} is missing: make it with `auth-server keys init`", .0.display())]
    Missing(PathBuf),
    /// There are no signing keys.
    #[error("there are no signing keys yet: `auth-server keys init` makes them, and so does a start")]
    NoSigningKeys,
    /// There are to be no keys of an algorithm.
    #[error("there are to be no keys of {0}: name it in AUTH_SERVICE_SIGNING_ALGORITHMS")]
    NotConfigured(Algorithm),
    /// The signing keys were sealed under another secret.
    #[error(
        "the signing keys in the database were sealed under another secret: give the server the one that it had \
         (AUTH_SERVICE_SECRET_FILE, AUTH_SERVICE_SECRET, or keys/secret in the data folder)"
    )]
    OtherSecret,
    /// The signing keys cannot be read, such as those of a newer program.
    #[error("the signing keys in the database cannot be read")]
    Signing(#[source] BadKeySet),
    /// The database failed, or the machine has no randomness.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

impl KeyError {
    /// Why sealed keys did not open.
    pub const fn of(bad: BadKeySet) -> Self {
        match bad {
            BadKeySet::Sealed => Self::OtherSecret,
            bad => Self::Signing(bad),
        }
    }
}

/// The file of the server's secret.
#[derive(Clone, Debug)]
pub struct RootFile(PathBuf);

impl RootFile {
    /// The one that these settings name.
    pub fn of(settings: &Settings) -> Self {
        Self(settings.key_dir().join(SECRET))
    }

    /// What is derived from the server's secret: the one that was given, or the one in the file.
    ///
    /// # Errors
    /// [`KeyError::Missing`] if there is neither.
    pub fn server_secret(&self, settings: &Settings) -> Result<ServerSecret, KeyError> {
        let root = match settings.given_secret() {
            Some(given) => given.clone(),
            None => self.read()?,
        };
        Ok(ServerSecret::new(root.expose()).expect("a root secret is long enough"))
    }

    fn read(&self) -> Result<RootSecret, KeyError> {
        let text = read(&self.0)?.ok_or_else(|| KeyError::Missing(self.0.clone()))?;
        text.parse().map_err(|reason| KeyError::Content { path: self.0.clone(), reason })
    }

    /// Makes a secret, if none was given and none is there. Answers the path if it was made.
    ///
    /// # Errors
    /// [`KeyError::File`].
    pub fn init(&self, settings: &Settings, rng: &dyn Rng) -> Result<Option<&Path>, KeyError> {
        if settings.given_secret().is_some() || self.0.exists() {
            return Ok(None);
        }
        let mut bytes = Zeroizing::new(vec![0; RootSecret::MIN_BYTES]);
        rng.fill(&mut bytes);
        let text = RootSecret::new(bytes).to_text();
        let made = file::make_private_folder(&self.0).and_then(|()| file::write_new(&self.0, text.as_bytes()));
        Ok(made.map_err(|source| KeyError::File { path: self.0.clone(), source })?.then_some(&self.0))
    }
}

/// The keys that sign tokens.
#[derive(Clone)]
pub struct Keys {
    /// Where they are.
    pub store: Arc<dyn Backing>,
    /// What they are sealed under.
    pub secret: Arc<ServerSecret>,
}

impl Keys {
    /// Makes what is missing of the algorithms that there are to be keys of. The first ones of all sign at once; what is added
    /// to others is published ahead. Whether it was this call: of many servers that start at once, one does.
    ///
    /// # Errors
    /// [`KeyError`].
    pub async fn init(&self, settings: &Settings, clock: &dyn Clock, rng: &dyn Rng) -> Result<bool, KeyError> {
        let (now, made) = (clock.now(), AtomicBool::new(false));
        let init = self.change(|held| {
            let (mut keys, lead) = match held {
                Some(held) => (self.open(held)?, LEAD),
                None => (KeySet::default(), Duration::ZERO),
            };
            let completed = complete(&mut keys, settings, now, lead)?;
            made.store(completed, Relaxed);
            Ok(completed.then(|| SealedKeys::seal(&keys, &self.secret, rng)))
        });
        init.await?;
        Ok(made.into_inner())
    }

    /// The set as it is, and sealed.
    ///
    /// # Errors
    /// [`KeyError`].
    pub async fn current(&self) -> Result<(SealedKeys, KeySet), KeyError> {
        let sealed = self.sealed().await?;
        let set = self.open(&sealed)?;
        Ok((sealed, set))
    }

    /// The set, if it is another than `last`.
    ///
    /// # Errors
    /// [`KeyError`].
    pub async fn changed(&self, last: &SealedKeys) -> Result<Option<(SealedKeys, KeySet)>, KeyError> {
        let sealed = self.sealed().await?;
        if sealed == *last {
            return Ok(None);
        }
        let set = self.open(&sealed)?;
        Ok(Some((sealed, set)))
    }

    /// Adds a key to the line of one algorithm, or to each that there are to be keys of, and drops those whose last token died
    /// before `now`. The other lines stay as they are.
    ///
    /// # Errors
    /// [`KeyError`]. After a failure of the database the keys may have been rotated all the same.
    pub async fn rotate(
        &self,
        settings: &Settings,
        one: Option<Algorithm>,
        now: Timestamp,
        rng: &dyn Rng,
    ) -> Result<KeySet, KeyError> {
        let mut lines = settings.accounts.algorithms();
        if let Some(one) = one {
            lines.retain(|algorithm| *algorithm == one);
            if lines.is_empty() {
                return Err(KeyError::NotConfigured(one));
            }
        }
        let rotated = self.change(|held| {
            let mut keys = self.open(held.ok_or(KeyError::NoSigningKeys)?)?;
            keys.prune(now, keep(settings));
            for algorithm in &lines {
                keys.rotate(*algorithm, now, LEAD)?;
            }
            Ok(Some(SealedKeys::seal(&keys, &self.secret, rng)))
        });
        self.open(&rotated.await?)
    }

    /// Puts new keys in the place of all, or of the line of one algorithm, which only ends if there are to be no keys of it.
    /// What the old ones have signed is good no more. On the embedded store all are replaced even if their secret is lost. On
    /// Cosmos DB that is refused: there all names are kept under the secret, and servers that start under another find nobody.
    ///
    /// # Errors
    /// [`KeyError`].
    pub async fn replace(
        &self,
        settings: &Settings,
        one: Option<Algorithm>,
        now: Timestamp,
        rng: &dyn Rng,
    ) -> Result<KeySet, KeyError> {
        let replaced = self.change(|held| {
            let mut keys = match (held, one) {
                (Some(held), Some(_)) => self.open(held)?,
                (Some(held), None) if settings.store == Store::Cosmos => self.open(held).map(|_| KeySet::default())?,
                _ => KeySet::default(),
            };
            if let Some(one) = one {
                keys.remove(one);
            }
            complete(&mut keys, settings, now, Duration::ZERO)?;
            Ok(Some(SealedKeys::seal(&keys, &self.secret, rng)))
        });
        self.open(&replaced.await?)
    }

    async fn sealed(&self) -> Result<SealedKeys, KeyError> {
        Ok(self.store.load().await?.ok_or(KeyError::NoSigningKeys)?.value)
    }

    async fn change(
        &self,
        change: impl Fn(Option<&SealedKeys>) -> Result<Option<SealedKeys>, KeyError> + Send + Sync,
    ) -> Result<SealedKeys, KeyError> {
        self.store.change_keys(change).await?.ok_or(KeyError::NoSigningKeys)
    }

    fn open(&self, sealed: &SealedKeys) -> Result<KeySet, KeyError> {
        sealed.open(&self.secret).map_err(KeyError::of)
    }
}

/// Begins the lines that are missing. Whether any was.
fn complete(keys: &mut KeySet, settings: &Settings, now: Timestamp, lead: Duration) -> Outside<bool> {
    let mut missing = settings.accounts.algorithms();
    missing.retain(|algorithm| keys.current(*algorithm, now).is_none());
    for algorithm in &missing {
        keys.rotate(*algorithm, now, lead)?;
    }
    Ok(!missing.is_empty())
}

fn read(path: &Path) -> Result<Option<Zeroizing<String>>, KeyError> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(Some(Zeroizing::new(text))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(KeyError::File { path: path.to_owned(), source }),
    }
}

#[cfg(test)]
mod tests;
