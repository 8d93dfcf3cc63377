//! Hands mails to a relay.
use crate::{
    Composer,
    smtp_url::{Security, SmtpUrl},
};
use auth_core::{
    ports::{Delivery, Letter, Outside, Transport, Unavailable, async_trait},
    value::MailId,
};
use lettre::transport::smtp::{
    Error,
    authentication::{Credentials, DEFAULT_MECHANISMS},
    client::{AsyncSmtpConnection, Certificate, TlsParameters},
    extension::ClientId,
};
use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
    time::Duration,
};

/// For each step of opening a conversation: connecting, STARTTLS, authentication, asking whether it still stands.
const STEP: Duration = Duration::from_secs(10);
/// For each address of a host: a dead one leaves time for the others.
const ADDRESS: Duration = Duration::from_secs(3);
/// For a whole letter. A relay may look through it before it answers, and who hangs up too early sends it twice
/// (RFC 5321, section 4.5.3.2.6).
const LETTER: Duration = Duration::from_mins(1);
/// Conversations that are kept for the next letter.
const IDLE: usize = 4;

/// Hands mails to a relay by SMTP (RFC 5321), over TLS unless the URL insists otherwise.
///
/// The certificate must be for the host of the URL, and signed by an authority that the system trusts or that was
/// added. A letter that the relay refuses for good is `Rejected`; whatever else goes wrong is `Err`: try again later.
/// That includes a relay that refuses *us*: then it is the settings that are wrong, not the letter.
pub struct SmtpTransport {
    composer: Composer,
    url: SmtpUrl,
    tls: Option<TlsParameters>,
    hello: ClientId,
    idle: Mutex<Vec<AsyncSmtpConnection>>,
}

/// Why there can be no conversation with the relay at all.
#[derive(Debug, thiserror::Error)]
pub enum SmtpError {
    /// The file of certificates cannot be read.
    #[error("certificates from {}: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The file holds something else.
    #[error("certificates from {}: there is no certificate in PEM form (-----BEGIN CERTIFICATE-----)", path.display())]
    NoCertificate {
        /// The file.
        path: PathBuf,
    },
    /// TLS cannot be set up with these certificates, or the system has none.
    #[error("TLS cannot be set up: {0}")]
    Tls(String),
}

impl SmtpTransport {
    /// Speaks to the relay at `url`. Trusts the certificate authorities of the system, and those in the PEM file
    /// `authorities` if there is one. Connects at the first letter.
    ///
    /// # Errors
    /// [`SmtpError`] if TLS cannot be set up.
    pub fn new(composer: Composer, url: SmtpUrl, authorities: Option<&Path>) -> Result<Self, SmtpError> {
        let tls = match url.security {
            Security::Plain => None,
            Security::Tls | Security::StartTls => Some(tls(&url.host, authorities)?),
        };
        Ok(Self { composer, url, tls, hello: ClientId::default(), idle: Mutex::default() })
    }

    async fn connection(&self) -> Result<AsyncSmtpConnection, Failure> {
        while let Some(mut connection) = self.take_idle() {
            if tokio::time::timeout(STEP, connection.test_connected()).await == Ok(true) {
                return Ok(connection);
            }
        }
        self.connect().await
    }

    async fn connect(&self) -> Result<AsyncSmtpConnection, Failure> {
        let SmtpUrl { security, host, port, credentials } = &self.url;
        let tls_at_once = self.tls.clone().filter(|_| *security == Security::Tls);
        let server = (host.as_str(), *port);
        let connecting = AsyncSmtpConnection::connect_tokio1(server, Some(ADDRESS), &self.hello, tls_at_once, None);
        let mut connection = within(STEP, "connecting", connecting).await?;
        if let Some(tls) = self.tls.clone().filter(|_| *security == Security::StartTls) {
            within(STEP, "STARTTLS", connection.starttls(tls, &self.hello)).await?;
        }
        if let Some((user, password)) = credentials {
            let credentials = Credentials::new(user.clone(), password.expose().to_owned());
            within(STEP, "authentication", connection.auth(DEFAULT_MECHANISMS, &credentials)).await?;
        }
        Ok(connection)
    }

    fn take_idle(&self) -> Option<AsyncSmtpConnection> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop()
    }

    fn keep_idle(&self, connection: AsyncSmtpConnection) {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.len() < IDLE {
            idle.push(connection);
        }
    }
}

#[async_trait]
impl Transport for SmtpTransport {
    async fn deliver(&self, id: MailId, letter: &Letter) -> Outside<Delivery> {
        let message = match self.composer.compose(id, letter)? {
            Ok(message) => message,
            Err(end) => return Ok(end),
        };
        let mut connection = self.connection().await.map_err(Failure::unavailable)?;
        let content = message.formatted();
        match within(LETTER, "sending", connection.send(message.envelope(), &content)).await {
            Ok(_) => {
                self.keep_idle(connection);
                Ok(Delivery::Accepted)
            }
            Err(failure) if failure.is_of_the_letter => Ok(Delivery::Rejected(failure.reason)),
            Err(failure) => Err(failure.unavailable()),
        }
    }
}

fn tls(host: &str, authorities: Option<&Path>) -> Result<TlsParameters, SmtpError> {
    let explain = |error: Error| SmtpError::Tls(error.to_string());
    let mut builder = TlsParameters::builder(host.to_owned());
    if let Some(path) = authorities {
        let pem = fs::read(path).map_err(|source| SmtpError::Unreadable { path: path.to_owned(), source })?;
        if !pem.windows(27).any(|text| text == b"-----BEGIN CERTIFICATE-----") {
            return Err(SmtpError::NoCertificate { path: path.to_owned() });
        }
        builder = builder.add_root_certificate(Certificate::from_pem(&pem).map_err(explain)?);
    }
    builder.build().map_err(explain)
}

/// What went wrong in a conversation, in words that can be logged.
struct Failure {
    reason: String,
    is_of_the_letter: bool,
}

impl Failure {
    fn unavailable(self) -> Unavailable {
        Unavailable::failed("mail", self.reason)
    }
}

async fn within<T>(limit: Duration, step: &str, work: impl Future<Output = Result<T, Error>>) -> Result<T, Failure> {
    let Ok(done) = tokio::time::timeout(limit, work).await else {
        let reason = format!("{step}: no answer within {} seconds", limit.as_secs());
        return Err(Failure { reason, is_of_the_letter: false });
    };
    done.map_err(|error| Failure {
        reason: presentable(&format!("{step}: {error}")),
        is_of_the_letter: error.status().is_some_and(|code| refuses_the_letter(code.into())),
    })
}

/// A permanent answer, except those that ask for authentication (RFC 4954, section 6): they refuse us.
fn refuses_the_letter(code: u16) -> bool {
    (500..600).contains(&code) && !matches!(code, 530 | 534 | 535 | 538)
}

/// One line, not too long, without addresses: a relay may say anything.
fn presentable(text: &str) -> String {
    let word =
        |word: &str| if word.contains('@') { "[address]".to_owned() } else { word.replace(char::is_control, "") };
    let words: Vec<String> = text.split_whitespace().map(word).collect();
    words.join(" ").chars().take(200).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_relay_says_fits_on_a_line_without_addresses() {
        let said = "5.1.1 <ann@example.org>:\r\n  unknown\u{7} user, see https://x.example/?a=ann@example.org";
        assert_eq!(presentable(said), "5.1.1 [address] unknown user, see [address]");
        assert_eq!(presentable(&"x".repeat(10_000)).len(), 200);
    }
}
