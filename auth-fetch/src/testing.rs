//! For tests: a site on loopback that answers as it is told.
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::{ServerConfig, crypto::aws_lc_rs, pki_types::PrivatePkcs8KeyDer};
use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
    path::Path,
    sync::{Arc, Mutex, PoisonError},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::{AbortHandle, JoinSet},
};
use tokio_rustls::{TlsAcceptor, server::TlsStream};

/// A site at `https://localhost:<port>` until it is dropped. An authority of its own has signed its certificate.
pub struct Site {
    address: SocketAddr,
    authority: String,
    shared: Arc<Shared>,
    accepting: AbortHandle,
}

/// What is answered to a request: all of it, from the status line on; or nothing, ever.
pub type Script = Box<dyn FnMut(&str) -> Option<Vec<u8>> + Send>;

struct Shared {
    acceptor: TlsAcceptor,
    connections: Mutex<u32>,
    requests: Mutex<Vec<String>>,
    script: Mutex<Script>,
}

/// An answer with this status, these header lines, and this body.
pub fn answer(status: u16, headers: &[&str], body: &[u8]) -> Vec<u8> {
    let (first, length) = (format!("HTTP/1.1 {status} x"), format!("Content-Length: {}", body.len()));
    let head = [&[first.as_str(), length.as_str(), "Connection: close"], headers].concat();
    [head.join("\r\n").as_bytes(), b"\r\n\r\n", body].concat()
}

impl Site {
    /// Listens. The script is asked with each request, head and body.
    ///
    /// # Errors
    /// If there is no port left, or no certificate can be made.
    pub async fn start(script: impl FnMut(&str) -> Option<Vec<u8>> + Send + 'static) -> io::Result<Self> {
        Self::start_as("localhost", script).await
    }

    /// The same, with a certificate for this host.
    ///
    /// # Errors
    /// As there.
    pub async fn start_as(
        host: &str,
        script: impl FnMut(&str) -> Option<Vec<u8>> + Send + 'static,
    ) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let (acceptor, authority) = certified(host).map_err(io::Error::other)?;
        let script: Mutex<Script> = Mutex::new(Box::new(script));
        let shared = Arc::new(Shared { acceptor, connections: Mutex::default(), requests: Mutex::default(), script });
        let accepting = tokio::spawn(accept(listener, shared.clone())).abort_handle();
        Ok(Self { address, authority, shared, accepting })
    }

    /// The port that it listens at.
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// Where a path is, at `localhost`.
    pub fn url(&self, path: &str) -> String {
        format!("https://localhost:{}{path}", self.port())
    }

    /// Writes the certificate of the authority that signed the site's own, in PEM form.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn write_authority(&self, path: &Path) -> io::Result<()> {
        std::fs::write(path, &self.authority)
    }

    /// How often somebody has connected.
    pub fn connections(&self) -> u32 {
        *lock(&self.shared.connections)
    }

    /// All requests so far, head and body.
    pub fn requests(&self) -> Vec<String> {
        lock(&self.shared.requests).clone()
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    // Dropped with this task, and with it each conversation.
    let mut conversations = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        *lock(&shared.connections) += 1;
        let shared = shared.clone();
        conversations.spawn(async move {
            // A client that goes away in the middle is nothing that a site complains of.
            let _ = converse(stream, &shared).await;
        });
    }
}

async fn converse(stream: TcpStream, shared: &Shared) -> io::Result<()> {
    let mut stream = shared.acceptor.accept(stream).await?;
    let request = request(&mut stream).await?;
    lock(&shared.requests).push(request.clone());
    let answer = (lock(&shared.script))(&request);
    let Some(answer) = answer else { return std::future::pending().await };
    stream.write_all(&answer).await?;
    stream.shutdown().await
}

async fn request(stream: &mut TlsStream<TcpStream>) -> io::Result<String> {
    let mut read = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&read);
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let head = head.to_ascii_lowercase();
            let length = head.lines().find_map(|line| line.strip_prefix("content-length:"));
            if body.len() >= length.map_or(0, |length| length.trim().parse().unwrap_or(0)) {
                return Ok(text.into_owned());
            }
        }
        if stream.read_buf(&mut read).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
}

/// A certificate for `host` from an authority of its own, and that authority in PEM form.
fn certified(host: &str) -> Result<(TlsAcceptor, String), Box<dyn std::error::Error + Send + Sync>> {
    let mut authority = CertificateParams::new([])?;
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority_key = KeyPair::generate()?;
    let authority_pem = authority.self_signed(&authority_key)?.pem();
    let key = KeyPair::generate()?;
    let certificate =
        CertificateParams::new([host.to_owned()])?.signed_by(&key, &Issuer::new(authority, authority_key))?;
    let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], PrivatePkcs8KeyDer::from(key.serialize_der()).into())?;
    Ok((TlsAcceptor::from(Arc::new(config)), authority_pem))
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
