//! For tests: a mail server on loopback that does as it is told, and a reader of what it received.
//!
//! ```
//! use auth_mail::testing::{SmtpSink, refuse};
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> std::io::Result<()> {
//! let sink = SmtpSink::plain().script(refuse("gone@example.org")).start().await?;
//! assert!(sink.url().starts_with("smtp+plain://localhost:"));
//! # Ok(())
//! # }
//! ```

mod conversation;
mod read;

pub use self::read::ReadMail;

use self::conversation::Conversation;
use crate::Composer;
use auth_core::{
    ports::{Letter, Outside},
    value::MailId,
};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::{ServerConfig, crypto::aws_lc_rs, pki_types::PrivatePkcs8KeyDer};
use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::{
    net::TcpListener,
    sync::Notify,
    task::{AbortHandle, JoinSet},
};
use tokio_rustls::TlsAcceptor;

/// The mail that a letter becomes, as it would be sent; `None` if there is nothing to send, or nobody to send it to.
///
/// # Errors
/// [`Unavailable`](auth_core::ports::Unavailable) if the words cannot be put together.
pub fn formatted(composer: &Composer, id: MailId, letter: &Letter) -> Outside<Option<Vec<u8>>> {
    Ok(composer.compose(id, letter)?.ok().map(|message| message.formatted()))
}

/// A mail server on `localhost`, at a port of its own, until it is dropped. It delivers nothing: it remembers.
pub struct SmtpSink {
    address: SocketAddr,
    url: String,
    authority: Option<String>,
    shared: Arc<Shared>,
    accepting: AbortHandle,
}

/// How a sink is to behave.
pub struct SinkBuilder {
    security: Security,
    certificate_for: String,
    credentials: Option<(String, String)>,
    script: Script,
}

/// One mail as it came in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Received {
    /// The sender of the envelope.
    pub from: String,
    /// The recipients of the envelope.
    pub to: Vec<String>,
    /// The mail itself, without the dots of the protocol.
    pub data: Vec<u8>,
    /// Whether it came by TLS.
    pub encrypted: bool,
    /// Who had logged in to send it.
    pub user: Option<String>,
}

/// What to answer to one step of a conversation.
#[derive(Clone, Debug)]
pub enum Reply {
    /// What a mail server answers that has nothing against it.
    Usual,
    /// The same, once this has been notified.
    UsualAfter(Arc<Notify>),
    /// The same is done, and the connection is closed before it is said. At the end of a mail: the mail is taken.
    UsualUnheard,
    /// This line, `451 later` for instance. Nothing is done.
    Say(String),
    /// None: the connection is closed.
    HangUp,
    /// None, ever.
    Silence,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Security {
    Plain,
    StartTls,
    Tls,
}

type Script = Box<dyn FnMut(&str) -> Reply + Send>;

struct Shared {
    received: Mutex<Vec<Received>>,
    lines: Mutex<Vec<(bool, String)>>,
    arrived: Notify,
    script: Mutex<Script>,
    security: Security,
    acceptor: Option<TlsAcceptor>,
    credentials: Option<(String, String)>,
}

/// A script that refuses the first `times` recipients with `451`, as greylisting does, and takes the rest.
pub fn greylist(times: usize) -> impl FnMut(&str) -> Reply + Send {
    let mut left = times;
    move |step| {
        if left == 0 || !step.starts_with("RCPT") {
            return Reply::Usual;
        }
        left -= 1;
        Reply::Say("451 4.7.1 Greylisted, try again later".to_owned())
    }
}

/// A script that refuses `address` with `550`, and says its name in doing so.
pub fn refuse(address: &str) -> impl FnMut(&str) -> Reply + Send {
    let address = address.to_owned();
    move |step| {
        if step.starts_with("RCPT") && step.contains(&format!("<{address}>")) {
            return Reply::Say(format!("550 5.1.1 <{address}>: Recipient address rejected: User unknown"));
        }
        Reply::Usual
    }
}

impl SmtpSink {
    /// One without TLS, which does not offer STARTTLS either.
    pub fn plain() -> SinkBuilder {
        SinkBuilder::new(Security::Plain)
    }

    /// One that offers STARTTLS, and takes no mail without it.
    pub fn starttls() -> SinkBuilder {
        SinkBuilder::new(Security::StartTls)
    }

    /// One that speaks TLS from the first byte.
    pub fn tls() -> SinkBuilder {
        SinkBuilder::new(Security::Tls)
    }

    /// The URL that a sender is configured with, credentials included.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The port that it listens at.
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// Writes the certificate of the authority that signed the sink's own, in PEM form.
    ///
    /// # Errors
    /// If the file cannot be written, or the sink has no certificate.
    pub fn write_authority(&self, path: &Path) -> io::Result<()> {
        let authority = self.authority.as_ref().ok_or_else(|| io::Error::other("a sink without TLS"))?;
        std::fs::write(path, authority)
    }

    /// All mails so far that nobody has taken.
    pub fn received(&self) -> Vec<Received> {
        lock(&self.shared.received).clone()
    }

    /// All commands so far, over all connections, with whether they came by TLS.
    pub fn commands(&self) -> Vec<(bool, String)> {
        lock(&self.shared.lines).clone()
    }

    /// Takes the oldest mail to `address`, and waits for it if need be.
    ///
    /// # Errors
    /// If none comes within 30 seconds, or it cannot be read.
    pub async fn take(&self, address: &str) -> io::Result<ReadMail> {
        let waiting = async {
            loop {
                let arrival = self.shared.arrived.notified();
                if let Some(mail) = self.take_now(address) {
                    return mail;
                }
                arrival.await;
            }
        };
        let mail = tokio::time::timeout(Duration::from_secs(30), waiting).await?;
        ReadMail::parse(&mail.data).ok_or_else(|| io::Error::other("this is not a mail"))
    }

    fn take_now(&self, address: &str) -> Option<Received> {
        let mut received = lock(&self.shared.received);
        let index = received.iter().position(|mail| mail.to.iter().any(|to| to == address))?;
        Some(received.remove(index))
    }
}

impl Drop for SmtpSink {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

impl SinkBuilder {
    fn new(security: Security) -> Self {
        let script = Box::new(|_: &str| Reply::Usual);
        Self { security, certificate_for: "localhost".to_owned(), credentials: None, script }
    }

    /// Has a certificate for another host than `localhost`.
    #[must_use]
    pub fn certificate_for(mut self, host: &str) -> Self {
        host.clone_into(&mut self.certificate_for);
        self
    }

    /// Takes mails only from who logs in so (`AUTH PLAIN`).
    #[must_use]
    pub fn credentials(mut self, user: &str, password: &str) -> Self {
        self.credentials = Some((user.to_owned(), password.to_owned()));
        self
    }

    /// Asks `script` what to answer, with each command line as it comes in; with `CONNECT` for the greeting, and with
    /// `.` for the end of a mail.
    #[must_use]
    pub fn script(mut self, script: impl FnMut(&str) -> Reply + Send + 'static) -> Self {
        self.script = Box::new(script);
        self
    }

    /// Listens.
    ///
    /// # Errors
    /// If there is no port left, or no certificate can be made.
    pub async fn start(self) -> io::Result<SmtpSink> {
        let Self { security, certificate_for, credentials, script } = self;
        let (acceptor, authority) = match security {
            Security::Plain => (None, None),
            Security::StartTls | Security::Tls => {
                let (acceptor, authority) = certified(&certificate_for).map_err(io::Error::other)?;
                (Some(acceptor), Some(authority))
            }
        };
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let url = url(security, credentials.as_ref(), address.port());
        let shared = Arc::new(Shared {
            received: Mutex::default(),
            lines: Mutex::default(),
            arrived: Notify::new(),
            script: Mutex::new(script),
            security,
            acceptor,
            credentials,
        });
        let accepting = tokio::spawn(accept(listener, Arc::clone(&shared))).abort_handle();
        Ok(SmtpSink { address, url, authority, shared, accepting })
    }
}

fn url(security: Security, credentials: Option<&(String, String)>, port: u16) -> String {
    let scheme = match security {
        Security::Plain => "smtp+plain",
        Security::StartTls => "smtp",
        Security::Tls => "smtps",
    };
    let encode = |text| percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC);
    let login = credentials.map(|(user, password)| format!("{}:{}@", encode(user), encode(password)));
    format!("{scheme}://{}localhost:{port}", login.unwrap_or_default())
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    // Dropped with this task, and with it each conversation.
    let mut conversations = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        let shared = Arc::clone(&shared);
        conversations.spawn(async move {
            // A client that goes away in the middle is nothing that a server complains of.
            let _ = Conversation::run(stream, shared).await;
        });
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

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
