//! TLS: a certificate and its key from files, taken up anew when they are renewed (RFC 9325).
use rustls::{
    ServerConfig,
    crypto::{
        CryptoProvider,
        aws_lc_rs::{self, cipher_suite::*},
    },
    pki_types::{CertificateDer, PrivateKeyDer, pem, pem::PemObject},
    server::{ClientHello, ResolvesServerCert},
    sign::CertifiedKey,
};
use std::{
    path::{Path, PathBuf},
    sync::{Arc, PoisonError, RwLock},
};
use tokio_rustls::TlsAcceptor;

/// What the server is known by.
#[derive(Clone)]
pub struct Tls {
    certificates: PathBuf,
    key: PathBuf,
    current: Arc<Current>,
    acceptor: TlsAcceptor,
}

/// Why the server cannot speak TLS.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// The certificates.
    #[error("AUTH_SERVICE_TLS_CERTIFICATE_FILE: {0} does not hold certificates in PEM")]
    Certificates(PathBuf, #[source] pem::Error),
    /// Their key.
    #[error("AUTH_SERVICE_TLS_KEY_FILE: {0} does not hold a private key in PEM")]
    Key(PathBuf, #[source] pem::Error),
    /// They do not go together, or are of a kind that there is not.
    #[error("AUTH_SERVICE_TLS_CERTIFICATE_FILE and AUTH_SERVICE_TLS_KEY_FILE do not go together")]
    Pair(#[from] rustls::Error),
}

impl Tls {
    /// Reads both files.
    ///
    /// # Errors
    /// [`TlsError`].
    pub fn load(certificates: &Path, key: &Path) -> Result<Self, TlsError> {
        let provider = Arc::new(provider());
        let current = Arc::new(Current(RwLock::new(Arc::new(read(certificates, key, &provider)?))));
        let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
        let mut config = config.with_no_client_auth().with_cert_resolver(current.clone());
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        let acceptor = TlsAcceptor::from(Arc::new(config));
        Ok(Self { certificates: certificates.to_owned(), key: key.to_owned(), current, acceptor })
    }

    /// Takes up what the files hold by now, for connections to come. Answers whether it is new.
    ///
    /// # Errors
    /// [`TlsError`]: what was there before goes on.
    pub fn reload(&self) -> Result<bool, TlsError> {
        let read = read(&self.certificates, &self.key, &provider())?;
        let mut current = self.current.0.write().unwrap_or_else(PoisonError::into_inner);
        let is_new = current.cert != read.cert;
        if is_new {
            *current = Arc::new(read);
        }
        Ok(is_new)
    }

    /// Does the handshakes.
    pub const fn acceptor(&self) -> &TlsAcceptor {
        &self.acceptor
    }
}

/// Of TLS 1.2, what RFC 9325, section 4.2 recommends and no more.
fn provider() -> CryptoProvider {
    let cipher_suites = vec![
        TLS13_AES_256_GCM_SHA384,
        TLS13_AES_128_GCM_SHA256,
        TLS13_CHACHA20_POLY1305_SHA256,
        TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
        TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
        TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
        TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
    ];
    CryptoProvider { cipher_suites, ..aws_lc_rs::default_provider() }
}

fn read(certificates: &Path, key: &Path, provider: &CryptoProvider) -> Result<CertifiedKey, TlsError> {
    let chain = CertificateDer::pem_file_iter(certificates).and_then(Iterator::collect);
    let chain: Vec<_> = chain.map_err(|error| TlsError::Certificates(certificates.to_owned(), error))?;
    if chain.is_empty() {
        return Err(TlsError::Certificates(certificates.to_owned(), pem::Error::NoItemsFound));
    }
    let key = PrivateKeyDer::from_pem_file(key).map_err(|error| TlsError::Key(key.to_owned(), error))?;
    Ok(CertifiedKey::from_der(chain, key, provider)?)
}

/// The pair that is good now.
#[derive(Debug)]
struct Current(RwLock<Arc<CertifiedKey>>);

impl ResolvesServerCert for Current {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.0.read().unwrap_or_else(PoisonError::into_inner).clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Server, settings::Settings};
    use rcgen::{CertifiedKey as Made, generate_simple_self_signed};
    use rustls::{ClientConfig, ProtocolVersion, RootCertStore, SupportedProtocolVersion, version};
    use std::fs;
    use tempfile::TempDir;
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::TcpStream,
    };
    use tokio_rustls::TlsConnector;

    struct Files {
        folder: TempDir,
        made: Made<rcgen::KeyPair>,
    }

    impl Files {
        fn new() -> Self {
            let files = Self { folder: tempfile::tempdir().unwrap(), made: made() };
            files.write(&files.made.cert.pem(), &files.made.signing_key.serialize_pem());
            files
        }

        fn paths(&self) -> [PathBuf; 2] {
            ["certificate.pem", "key.pem"].map(|name| self.folder.path().join(name))
        }

        fn write(&self, certificate: &str, key: &str) {
            let [certificates, keys] = self.paths();
            fs::write(certificates, certificate).unwrap();
            fs::write(keys, key).unwrap();
        }

        fn load(&self) -> Result<Tls, TlsError> {
            let [certificates, key] = self.paths();
            Tls::load(&certificates, &key)
        }
    }

    fn made() -> Made<rcgen::KeyPair> {
        generate_simple_self_signed(["localhost".to_owned()]).unwrap()
    }

    fn client(trusts: &CertificateDer<'static>, by: &'static SupportedProtocolVersion) -> TlsConnector {
        let mut roots = RootCertStore::empty();
        roots.add(trusts.clone()).unwrap();
        let config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()));
        let config = config.with_protocol_versions(&[by]).unwrap().with_root_certificates(roots);
        TlsConnector::from(Arc::new(config.with_no_client_auth()))
    }

    #[tokio::test]
    async fn the_server_speaks_tls_1_2_and_1_3_and_nothing_else() {
        let files = Files::new();
        let mut settings = Settings::for_data_dir(files.folder.path());
        let [certificates, key] = files.paths();
        (settings.tls.tls_certificate_file, settings.tls.tls_key_file) = (Some(certificates), Some(key));
        let server = Server::start(settings).await.unwrap();
        for (by, spoken) in [(&version::TLS12, ProtocolVersion::TLSv1_2), (&version::TLS13, ProtocolVersion::TLSv1_3)] {
            let stream = TcpStream::connect(server.address()).await.unwrap();
            let client = client(files.made.cert.der(), by);
            let mut stream = client.connect("localhost".try_into().unwrap(), stream).await.unwrap();
            assert_eq!(stream.get_ref().1.protocol_version(), Some(spoken));
            let ask = "GET /.well-known/openid-configuration HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n";
            stream.write_all(ask.as_bytes()).await.unwrap();
            let mut answer = String::new();
            stream.read_to_string(&mut answer).await.unwrap();
            assert!(
                answer.starts_with("HTTP/1.1 200") && answer.contains("\"issuer\":\"https://127.0.0.1"),
                "{answer}"
            );
        }
        let mut plain = TcpStream::connect(server.address()).await.unwrap();
        plain.write_all(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
        let mut answer = Vec::new();
        let _ = plain.read_to_end(&mut answer).await;
        assert!(!answer.starts_with(b"HTTP"), "{}", String::from_utf8_lossy(&answer));
        server.stop().await.unwrap();
    }

    #[test]
    fn of_tls_1_2_there_is_what_is_recommended() {
        for suite in provider().cipher_suites {
            let name = format!("{:?}", suite.suite());
            assert!(suite.tls13().is_some() || name.contains("ECDHE") && name.contains("GCM"), "{name}");
        }
    }

    fn shown(tls: &Tls) -> Vec<CertificateDer<'static>> {
        tls.current.0.read().unwrap().cert.clone()
    }

    #[test]
    fn what_is_renewed_is_taken_up_once_both_files_are() {
        let files = Files::new();
        let tls = files.load().unwrap();
        assert!(!tls.reload().unwrap());
        let (before, next) = (shown(&tls), made());
        files.write(&next.cert.pem(), &files.made.signing_key.serialize_pem());
        assert!(matches!(tls.reload(), Err(TlsError::Pair(_))), "the key is still that of the one before");
        assert_eq!(shown(&tls), before);
        files.write(&next.cert.pem(), &next.signing_key.serialize_pem());
        assert!(tls.reload().unwrap());
        assert_eq!(shown(&tls), [next.cert.der().clone()]);
    }

    #[test]
    fn what_is_wrong_with_the_files_is_told_by_the_name_of_their_settings() {
        let files = Files::new();
        let key = files.made.signing_key.serialize_pem();
        for (certificate, key, named) in [
            ("", &key[..], "AUTH_SERVICE_TLS_CERTIFICATE_FILE: "),
            (&files.made.cert.pem(), "", "AUTH_SERVICE_TLS_KEY_FILE: "),
            (&made().cert.pem(), &key, "AUTH_SERVICE_TLS_CERTIFICATE_FILE and AUTH_SERVICE_TLS_KEY_FILE"),
        ] {
            files.write(certificate, key);
            let error = files.load().err().expect("they are wrong").to_string();
            assert!(error.starts_with(named), "{error}");
        }
    }
}
