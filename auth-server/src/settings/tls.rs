//! TLS, where the server speaks it itself.
use conf::Conf;
use serde::Serialize;
use std::path::{Path, PathBuf};

/// TLS, where the server speaks it itself and no proxy in front does.
#[derive(Clone, Debug, Conf, Serialize)]
#[conf(serde)]
pub struct TlsSettings {
    /// The certificate of this server and those between it and its authority, in that order, in PEM: the server speaks TLS 1.2
    /// and 1.3, and nothing else. A file that is renewed is taken up within a minute.
    #[conf(long, env, serde(use_value_parser))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls_certificate_file: Option<PathBuf>,
    /// The private key of that certificate, in PEM.
    #[conf(long, env, serde(use_value_parser))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls_key_file: Option<PathBuf>,
}

impl TlsSettings {
    /// The certificates and their key, if there are to be any.
    pub fn files(&self) -> Option<(&Path, &Path)> {
        self.tls_certificate_file.as_deref().zip(self.tls_key_file.as_deref())
    }

    /// What is missing: they go together.
    pub(super) fn incomplete(&self) -> Option<String> {
        (self.tls_certificate_file.is_some() != self.tls_key_file.is_some()).then(|| {
            "AUTH_SERVICE_TLS_CERTIFICATE_FILE and AUTH_SERVICE_TLS_KEY_FILE go together: give both, or leave both out"
                .to_owned()
        })
    }
}
