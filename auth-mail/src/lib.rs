//! Mail: a [`Letter`](auth_core::ports::Letter) into words, and out of the house.
//!
//! - [`Wording`]: what a deployment chooses: the product's name, the link to its form, its own texts
//! - [`Templates`]: subject, plain text and HTML of each mail, in the reader's language; English and Russian are shipped
//! - [`Composer`]: the words as a message: who from, who to, headers, MIME
//! - [`SmtpTransport`]: hands it to a relay, over TLS unless one insists otherwise
//! - [`FileTransport`]: writes it into a folder instead, where there is no relay yet
//! - [`testing`] (feature `testing`): a mail server on loopback that does as it is told
//!
//! ```
//! use auth_core::ports::{Delivery, Letter, Mail, Transport};
//! use auth_core::value::{Locale, MailId, Timestamp};
//! use auth_mail::{Composer, FileTransport, Mailbox, Templates, Wording};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let templates = Templates::load(Wording::default())?;
//! let composer = Composer::new(templates, Mailbox::parse("Example <no-reply@example.org>")?, None);
//! let folder = tempfile::tempdir()?;
//! let transport = FileTransport::new(composer, folder.path(), |path| assert!(path.exists()));
//!
//! let now = Timestamp(1_700_000_000);
//! let letter = Letter {
//!     to: "ann@example.org".parse()?,
//!     locale: Locale::parse("ru-RU")?,
//!     written_at: now,
//!     expires_at: now + std::time::Duration::from_secs(600),
//!     mail: Mail::Welcome { login: "ann".parse()? },
//! };
//! assert_eq!(transport.deliver(MailId::from_bytes([7; 16]), &letter).await?, Delivery::Accepted);
//! # Ok(())
//! # }
//! ```

mod files;
mod message;
mod smtp;
mod smtp_url;
mod template_files;
mod templates;
#[cfg(feature = "testing")]
pub mod testing;
mod wording;

pub use self::{
    files::FileTransport,
    message::{Composer, Mailbox},
    smtp::{SmtpError, SmtpTransport},
    smtp_url::SmtpUrl,
    templates::{TemplateError, Templates, Words},
    wording::{Link, Product, Wording},
};

use auth_core::value::Timestamp;
use time::OffsetDateTime;

/// As a date, within the years that a mail can be dated with.
fn utc(at: Timestamp) -> OffsetDateTime {
    const END_OF_9999: i64 = 253_402_300_799;
    OffsetDateTime::from_unix_timestamp(at.0.clamp(0, END_OF_9999)).unwrap_or(OffsetDateTime::UNIX_EPOCH)
}
