//! Keys: the server's secret, in a file beside the database and never in it; and the keys that sign access tokens, in the
//! database, sealed under the secret, so that all servers over one database have the same.
use crate::{
    file,
    settings::{Settings, secret::RootSecret, value::Store},
    store::Backing,
};
use auth_core::{
    keys::{BadKeySet, KeySet, SealedKeys},
    ports::{Clock, KeyStoreExt, Rng, Unavailable},
    secrets::ServerSecret,
    value::Timestamp,
};
use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};
use zeroize::Zeroizing;

/// The file of the server's secret: random bytes in base64.
pub const SECRET: &str = "secret";

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

/// The keys that sign access tokens.
#[derive(Clone)]
pub struct Keys {
    /// Where they are.
    pub store: Arc<dyn Backing>,
    /// What they are sealed under.
    pub secret: Arc<ServerSecret>,
}

impl Keys {
    /// Makes the first one, if the database has none. Whether it was this call: of many servers that start at once, one does.
    ///
    /// # Errors
    /// [`KeyError`].
    pub async fn init(&self, settings: &Settings, clock: &dyn Clock, rng: &dyn Rng) -> Result<bool, KeyError> {
        if self.store.load().await?.is_some() {
            return Ok(false);
        }
        let first = KeySet::generate(settings.accounts.token_algorithm, clock.now())?;
        let sealed = SealedKeys::seal(&first, &self.secret, rng);
        let there = self.change(|held| Ok(held.is_none().then(|| sealed.clone()))).await?;
        Ok(there == sealed)
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

    /// Adds a key that signs once `lead` has passed, and drops those whose last token died before `now`.
    ///
    /// # Errors
    /// [`KeyError`]. After a failure of the database the keys may have been rotated all the same.
    pub async fn rotate(
        &self,
        settings: &Settings,
        now: Timestamp,
        [lead, keep]: [Duration; 2],
        rng: &dyn Rng,
    ) -> Result<KeySet, KeyError> {
        let rotated = self.change(|held| {
            let mut keys = self.open(held.ok_or(KeyError::NoSigningKeys)?)?;
            keys.prune(now, keep);
            let _ = keys.rotate(settings.accounts.token_algorithm, now, lead)?;
            Ok(Some(SealedKeys::seal(&keys, &self.secret, rng)))
        });
        self.open(&rotated.await?)
    }

    /// Puts one new key in the place of all. What they have signed is good no more. On the embedded store that is done to keys
    /// of a lost secret, too. On Cosmos DB it is refused: there all names are kept under the secret, and servers that start
    /// under another find nobody.
    ///
    /// # Errors
    /// [`KeyError`].
    pub async fn replace(&self, settings: &Settings, now: Timestamp, rng: &dyn Rng) -> Result<KeySet, KeyError> {
        let new = KeySet::generate(settings.accounts.token_algorithm, now)?;
        let sealed = SealedKeys::seal(&new, &self.secret, rng);
        let there = self.change(|held| {
            if let (Store::Cosmos, Some(held)) = (settings.store, held) {
                let _ours = self.open(held)?;
            }
            Ok((held != Some(&sealed)).then(|| sealed.clone()))
        });
        self.open(&there.await?)
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

fn read(path: &Path) -> Result<Option<Zeroizing<String>>, KeyError> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(Some(Zeroizing::new(text))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(KeyError::File { path: path.to_owned(), source }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use auth_core::system::{OsRng, SystemClock};
    use auth_sqlite::SqliteStore;

    fn folder() -> (tempfile::TempDir, Settings, RootFile) {
        let data = tempfile::tempdir().unwrap();
        let settings = Settings::for_data_dir(data.path());
        let root = RootFile::of(&settings);
        (data, settings, root)
    }

    fn keys(settings: &Settings, secret: ServerSecret) -> Keys {
        let store = SqliteStore::open(settings.data_dir.join("auth.db"), <_>::default()).unwrap();
        Keys { store: Arc::new(store), secret: Arc::new(secret) }
    }

    fn secret(byte: u8) -> ServerSecret {
        ServerSecret::new(&[byte; 32]).unwrap()
    }

    #[test] // P-27
    fn a_secret_is_made_once_and_read_again() {
        let (_data, settings, root) = folder();
        assert!(matches!(root.server_secret(&settings), Err(KeyError::Missing(_))));
        assert!(root.init(&settings, &OsRng).unwrap().is_some());
        let id = root.server_secret(&settings).unwrap().id();
        assert!(root.init(&settings, &OsRng).unwrap().is_none());
        assert_eq!(root.server_secret(&settings).unwrap().id(), id);
    }

    #[test]
    fn a_given_secret_is_taken_and_none_is_made() {
        let (data, mut settings, root) = folder();
        settings.secret = Some(RootSecret::new(Zeroizing::new(vec![7; 32])));
        assert!(root.init(&settings, &OsRng).unwrap().is_none());
        assert!(!data.path().join("keys").join(SECRET).exists());
        assert_eq!(root.server_secret(&settings).unwrap().id(), secret(7).id());
    }

    #[cfg(unix)]
    #[test]
    fn only_the_owner_can_read_it() {
        use std::os::unix::fs::PermissionsExt;
        let (data, settings, root) = folder();
        root.init(&settings, &OsRng).unwrap();
        let mode = |path: PathBuf| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(data.path().join("keys")), 0o700);
        assert_eq!(mode(data.path().join("keys").join(SECRET)), 0o600);
    }

    #[tokio::test] // P-27
    async fn signing_keys_are_made_once_and_under_another_secret_they_are_not_read() {
        let (_data, settings, _) = folder();
        let ours = keys(&settings, secret(7));
        assert!(matches!(ours.current().await, Err(KeyError::NoSigningKeys)));
        assert!(ours.init(&settings, &SystemClock, &OsRng).await.unwrap());
        assert!(!ours.init(&settings, &SystemClock, &OsRng).await.unwrap());
        let (sealed, set) = ours.current().await.unwrap();
        assert!(ours.changed(&sealed).await.unwrap().is_none());
        let theirs = Keys { secret: Arc::new(secret(8)), ..ours.clone() };
        assert!(matches!(theirs.current().await, Err(KeyError::OtherSecret)));
        let rotate = theirs.rotate(&settings, SystemClock.now(), [Duration::ZERO; 2], &OsRng).await;
        assert!(matches!(rotate, Err(KeyError::OtherSecret)));
        let shared = Settings { store: Store::Cosmos, ..settings.clone() };
        let replaced = theirs.replace(&shared, SystemClock.now(), &OsRng).await;
        assert!(matches!(replaced, Err(KeyError::OtherSecret)));
        assert_eq!(ours.current().await.unwrap().0, sealed, "nothing is lost by it");

        let new = theirs.replace(&settings, SystemClock.now(), &OsRng).await.unwrap();
        assert_eq!(new.keys().len(), 1);
        assert_ne!(new.keys()[0].kid(), set.keys()[0].kid());
        assert_eq!(theirs.current().await.unwrap().1.keys()[0].kid(), new.keys()[0].kid());
        assert!(theirs.changed(&sealed).await.unwrap().is_some());
    }
}
