//! A mail as its reader sees it.
use auth_core::value::{OneTimeCode, Secret};
use mail_parser::{Address, MessageParser};

/// A mail, decoded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadMail {
    /// The address that it says it is from.
    pub from: String,
    /// The addresses that it says it is to.
    pub to: Vec<String>,
    /// The subject, without encoded words.
    pub subject: String,
    /// The plain text.
    pub text: String,
    /// The HTML.
    pub html: String,
    headers: Vec<(String, String)>,
}

impl ReadMail {
    /// Reads a mail: one that was received, or a `.eml` file. `None` if it is not one with a text and an HTML part.
    pub fn parse(raw: &[u8]) -> Option<Self> {
        let mail = MessageParser::default().parse(raw)?;
        let part = |body: &[u32], html: bool| {
            let part = mail.parts.get(*body.first()? as usize)?;
            // Each is made of the other where it is missing: only what was sent counts.
            (part.is_text_html() == html).then(|| part.text_contents().map(str::to_owned)).flatten()
        };
        Some(Self {
            from: addresses(mail.from()).pop()?,
            to: addresses(mail.to()),
            subject: mail.subject()?.to_owned(),
            text: part(&mail.text_body, false)?.replace("\r\n", "\n"),
            html: part(&mail.html_body, true)?.replace("\r\n", "\n"),
            headers: mail.headers_raw().map(|(name, value)| (name.to_owned(), value.trim().to_owned())).collect(),
        })
    }

    /// A header as it was sent.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(other, _)| other.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// The names of all headers, in order.
    pub fn header_names(&self) -> Vec<&str> {
        self.headers.iter().map(|(name, _)| name.as_str()).collect()
    }

    /// The code that it tells: the first that stands by itself on a line of the text.
    pub fn code(&self) -> Option<&str> {
        let is_code = |line: &&str| OneTimeCode::parse(&Secret::new((*line).to_owned())).is_ok();
        self.text.lines().map(str::trim).find(is_code)
    }
}

fn addresses(address: Option<&Address<'_>>) -> Vec<String> {
    address.into_iter().flat_map(Address::iter).filter_map(|one| one.address()).map(str::to_owned).collect()
}
