//! The folder of the keys: the server's secret, and the keys that sign access tokens. Beside the database, never in it.
use crate::settings::{Settings, secret::RootSecret};
use auth_core::{
    keys::{BadKeySet, KeySet},
    ports::{Clock, Rng},
    secrets::ServerSecret,
    value::Secret,
};
use std::{
    fs, io,
    io::Write,
    path::{Path, PathBuf},
};
use zeroize::Zeroizing;

/// The file of the server's secret: random bytes in base64.
pub const SECRET: &str = "secret";
/// The file of the signing keys.
pub const SIGNING: &str = "signing.json";

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
    /// There is none, and none is made by itself in production.
    #[error("{} is missing: make it with `auth-server keys init`", .0.display())]
    Missing(PathBuf),
    /// New keys could not be made.
    #[error(transparent)]
    Unavailable(#[from] auth_core::ports::Unavailable),
}

/// The folder of the keys.
#[derive(Clone, Debug)]
pub struct KeyFolder(PathBuf);

impl KeyFolder {
    /// The folder that these settings name.
    pub fn of(settings: &Settings) -> Self {
        Self(settings.key_dir())
    }

    /// The server's secret: the one that was given, or the one in the folder.
    ///
    /// # Errors
    /// [`KeyError::Missing`] if there is neither.
    pub fn secret(&self, settings: &Settings) -> Result<RootSecret, KeyError> {
        if let Some(given) = settings.given_secret() {
            return Ok(given.clone());
        }
        let path = self.0.join(SECRET);
        let text = read(&path)?.ok_or_else(|| KeyError::Missing(path.clone()))?;
        text.parse().map_err(|reason| KeyError::Content { path, reason })
    }

    /// What is derived from that secret.
    ///
    /// # Errors
    /// As [`secret`](Self::secret).
    pub fn server_secret(&self, settings: &Settings) -> Result<ServerSecret, KeyError> {
        Ok(ServerSecret::new(self.secret(settings)?.expose()).expect("a root secret is long enough"))
    }

    /// The signing keys as they are written, and read.
    ///
    /// # Errors
    /// [`KeyError::Missing`] if there are none.
    pub fn signing(&self) -> Result<(Secret, KeySet), KeyError> {
        let text = self.signing_text()?;
        let keys = self.parse(&text)?;
        Ok((text, keys))
    }

    /// The signing keys if they are written otherwise than in `last`.
    ///
    /// # Errors
    /// As [`signing`](Self::signing).
    pub fn changed_signing(&self, last: &Secret) -> Result<Option<(Secret, KeySet)>, KeyError> {
        let text = self.signing_text()?;
        if text == *last {
            return Ok(None);
        }
        let keys = self.parse(&text)?;
        Ok(Some((text, keys)))
    }

    fn signing_text(&self) -> Result<Secret, KeyError> {
        let path = self.0.join(SIGNING);
        let text = read(&path)?.ok_or(KeyError::Missing(path))?;
        Ok(Secret::new(text.to_string()))
    }

    fn parse(&self, text: &Secret) -> Result<KeySet, KeyError> {
        KeySet::from_secret(text)
            .map_err(|bad: BadKeySet| KeyError::Content { path: self.0.join(SIGNING), reason: bad.to_string() })
    }

    /// Makes what is missing; what is there stays. Answers the paths of what was made.
    ///
    /// # Errors
    /// [`KeyError`].
    pub fn init(&self, settings: &Settings, clock: &dyn Clock, rng: &dyn Rng) -> Result<Vec<PathBuf>, KeyError> {
        let mut made = Vec::new();
        let (secret, signing) = (self.0.join(SECRET), self.0.join(SIGNING));
        if settings.given_secret().is_none() && !secret.exists() {
            let mut bytes = Zeroizing::new(vec![0; RootSecret::MIN_BYTES]);
            rng.fill(&mut bytes);
            made.extend(self.write_new(&secret, RootSecret::new(bytes).to_text().as_bytes())?.then_some(secret));
        }
        if !signing.exists() {
            let keys = KeySet::generate(settings.accounts.token_algorithm, clock.now())?;
            made.extend(self.write_new(&signing, keys.to_secret().expose().as_bytes())?.then_some(signing));
        }
        Ok(made)
    }

    /// Writes other signing keys over those that are there.
    ///
    /// # Errors
    /// [`KeyError`]; the file is as it was.
    pub fn save_signing(&self, keys: &KeySet) -> Result<(), KeyError> {
        let path = self.0.join(SIGNING);
        let written = self.part(keys.to_secret().expose().as_bytes());
        let renamed = written.and_then(|part| part.persist(&path).map_err(|error| error.error));
        renamed.and_then(|_| self.sync()).map_err(|source| KeyError::File { path, source })
    }

    /// Whether it was this call that made the file: of two processes that start at once, one does.
    fn write_new(&self, path: &Path, content: &[u8]) -> Result<bool, KeyError> {
        let error = |source| KeyError::File { path: path.to_owned(), source };
        make_private(&self.0).map_err(error)?;
        match self.part(content).map_err(error)?.persist_noclobber(path) {
            Ok(_) => self.sync().map(|()| true).map_err(error),
            Err(taken) if taken.error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
            Err(other) => Err(error(other.error)),
        }
    }

    /// The content, safe on the disk under a name of its own; only its owner can read it.
    fn part(&self, content: &[u8]) -> io::Result<tempfile::NamedTempFile> {
        let mut part = tempfile::Builder::new().prefix(".").suffix(".part").tempfile_in(&self.0)?;
        part.write_all(content)?;
        part.as_file().sync_all()?;
        Ok(part)
    }

    fn sync(&self) -> io::Result<()> {
        if cfg!(unix) { fs::File::open(&self.0)?.sync_all() } else { Ok(()) }
    }
}

fn read(path: &Path) -> Result<Option<Zeroizing<String>>, KeyError> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(Some(Zeroizing::new(text))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(KeyError::File { path: path.to_owned(), source }),
    }
}

/// Makes a folder that only its owner can look into.
pub(crate) fn make_private(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

#[cfg(test)]
mod tests {
    use super::*;
    use auth_core::system::{OsRng, SystemClock};

    fn folder() -> (tempfile::TempDir, Settings, KeyFolder) {
        let data = tempfile::tempdir().unwrap();
        let settings = Settings::for_data_dir(data.path());
        let keys = KeyFolder::of(&settings);
        (data, settings, keys)
    }

    #[test] // P-27
    fn keys_are_made_once_and_read_again() {
        let (_data, settings, keys) = folder();
        assert!(matches!(keys.secret(&settings), Err(KeyError::Missing(_))));
        assert!(matches!(keys.signing(), Err(KeyError::Missing(_))));
        assert_eq!(keys.init(&settings, &SystemClock, &OsRng).unwrap().len(), 2);
        let (secret, signing) = (keys.secret(&settings).unwrap(), keys.signing().unwrap().0);
        assert!(keys.init(&settings, &SystemClock, &OsRng).unwrap().is_empty());
        assert_eq!(keys.secret(&settings).unwrap().expose(), secret.expose());
        assert_eq!(keys.signing().unwrap().0.expose(), signing.expose());
    }

    #[test]
    fn a_given_secret_is_taken_and_none_is_made() {
        let (data, mut settings, keys) = folder();
        settings.secret = Some(RootSecret::new(Zeroizing::new((0..32).collect())));
        keys.init(&settings, &SystemClock, &OsRng).unwrap();
        assert!(!data.path().join("keys").join(SECRET).exists());
        assert_eq!(keys.secret(&settings).unwrap().expose(), (0..32).collect::<Vec<u8>>());
    }

    #[cfg(unix)]
    #[test]
    fn only_the_owner_can_read_them() {
        use std::os::unix::fs::PermissionsExt;
        let (data, settings, keys) = folder();
        keys.init(&settings, &SystemClock, &OsRng).unwrap();
        keys.save_signing(&keys.signing().unwrap().1).unwrap();
        let mode = |path: PathBuf| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(data.path().join("keys")), 0o700);
        assert_eq!(mode(data.path().join("keys").join(SECRET)), 0o600);
        assert_eq!(mode(data.path().join("keys").join(SIGNING)), 0o600);
    }

    #[test]
    fn a_damaged_file_is_named_and_not_shown() {
        let (data, settings, keys) = folder();
        keys.init(&settings, &SystemClock, &OsRng).unwrap();
        fs::write(data.path().join("keys").join(SIGNING), r#"{"keys":["hunter2"]}"#).unwrap();
        let error = keys.signing().unwrap_err().to_string();
        assert!(error.contains(SIGNING) && !error.contains("hunter2"), "{error}");
    }
}
