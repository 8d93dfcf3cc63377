//! Mail: who carries it, from whom, in what words, and where its links lead.
use super::{
    secret::FromFile,
    value::{PublicUrl, Span, language, text_of},
};
use auth_core::{
    ports::Entry,
    value::{Invalid, Locale},
};
use auth_mail::{Link, Mailbox, Product, SmtpUrl, Wording};
use conf::Conf;
use serde::Serialize;
use std::path::PathBuf;

/// Mail: who carries it, from whom, in what words, and where its links lead.
#[derive(Clone, Debug, Conf, Serialize)]
#[conf(serde, at_most_one_of_fields(smtp_url, smtp_url_file))]
pub struct MailSettings {
    /// The server that takes outgoing mail: `smtps://user:password@host` (TLS), `smtp://user:password@host` (STARTTLS),
    /// or `smtp+plain://host` (no TLS). Without one, outside production, each mail is written as a file under the data folder.
    #[conf(env, secret, serde(use_value_parser))]
    #[serde(skip)]
    pub smtp_url: Option<SmtpUrl>,
    /// A file that holds the SMTP URL.
    #[conf(long, env, serde(use_value_parser))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub smtp_url_file: Option<FromFile<SmtpUrl>>,
    /// A PEM file of certificate authorities to trust besides the system's, for the SMTP server.
    #[conf(long, env, serde(use_value_parser))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub smtp_ca_file: Option<PathBuf>,
    /// Whom mails are from: Example <no-reply@example.org>.
    #[conf(long, env, value_parser = text_of::<Mailbox>, serde(use_value_parser))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mail_from: Option<String>,
    /// Where answers to mails go.
    #[conf(long, env, value_parser = text_of::<Mailbox>, serde(use_value_parser))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mail_reply_to: Option<String>,
    /// When a server that died was at a mail, another goes on with it after this: 1s to 10m.
    #[conf(long, env, default_value = "20s", value_parser = lease, serde(use_value_parser))]
    pub mail_lease: Span,
    /// A folder of mail templates that replace, or add to, those that are shipped.
    #[conf(long, env, serde(use_value_parser))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mail_templates: Option<PathBuf>,
    /// What mails call the service.
    #[conf(long, env, default_value = "Accounts", value_parser = text_of::<Product>, serde(use_value_parser))]
    pub product_name: String,
    /// The language of a mail when the request named none.
    #[conf(long, env, default_value = "en", value_parser = language, serde(use_value_parser))]
    pub default_language: Locale,
    /// The page where a new password is chosen, linked from its mail; {id} becomes the reset's id. That of this server, at the
    /// public URL, unless set.
    #[conf(long, env, value_parser = text_of::<Link>, serde(use_value_parser))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reset_link: Option<String>,
}

impl MailSettings {
    /// The SMTP URL, wherever it was given.
    pub fn smtp(&self) -> Option<&SmtpUrl> {
        self.smtp_url.as_ref().or(self.smtp_url_file.as_ref().map(|file| &file.value))
    }

    /// Whom mails are from.
    ///
    /// # Errors
    /// [`Invalid`] if the setting was changed to what is no address.
    pub fn from(&self) -> Result<Mailbox, Invalid> {
        self.mail_from.as_deref().unwrap_or("Accounts <no-reply@localhost.localdomain>").parse()
    }

    /// In the words of the mail crate, for a server that people reach at this address.
    ///
    /// # Errors
    /// [`Invalid`] if a setting was changed to what is no product name, or no link.
    pub fn wording(&self, public_url: Option<&PublicUrl>) -> Result<Wording, Invalid> {
        // No mail leads to a page over plain HTTP, but on the same machine.
        let own = || Link::parse(&format!("{}/oauth2/reset?id={{id}}", public_url?)).ok();
        Ok(Wording {
            product: Product::parse(&self.product_name)?,
            default_language: self.default_language.clone(),
            reset_link: self.reset_link.as_deref().map(Link::parse).transpose()?.or_else(own),
            folder: self.mail_templates.clone(),
        })
    }
}

fn lease(text: &str) -> Result<Span, String> {
    let lease = text.parse().ok().filter(|lease: &Span| lease.0 <= Entry::LONGEST_LEASE);
    lease.ok_or_else(|| "expected a length of time from 1s to 10m, for example 20s".to_owned())
}
