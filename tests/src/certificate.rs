//! A certificate for this machine, that nobody else trusts.
use rcgen::{CertifiedKey, generate_simple_self_signed};
use std::{
    fs,
    path::{Path, PathBuf},
};
use tempfile::TempDir;

/// The files that a server, and whoever trusts it, are given.
pub struct Certificate(TempDir);

impl Certificate {
    /// A new one, for `localhost` and `127.0.0.1`.
    pub fn new() -> Self {
        let folder = TempDir::new().expect("a folder");
        let names = ["localhost", "127.0.0.1"].map(str::to_owned);
        let CertifiedKey { cert, signing_key } = generate_simple_self_signed(names).expect("a certificate");
        let made = Self(folder);
        fs::write(made.certificate(), cert.pem()).expect("the folder can be written to");
        fs::write(made.key(), signing_key.serialize_pem()).expect("the folder can be written to");
        made
    }

    /// The certificate.
    pub fn certificate(&self) -> PathBuf {
        self.folder().join("certificate.pem")
    }

    /// Its private key.
    pub fn key(&self) -> PathBuf {
        self.folder().join("key.pem")
    }

    fn folder(&self) -> &Path {
        self.0.path()
    }
}

impl Default for Certificate {
    fn default() -> Self {
        Self::new()
    }
}
