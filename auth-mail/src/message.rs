//! Words as a message: who it is from, who it is to, headers, MIME.
use crate::{Templates, utc};
use auth_core::{
    ports::{Delivery, Letter, Outside, Unavailable},
    value::{Invalid, MailId},
};
use lettre::{
    Address, Message,
    message::{
        MultiPart,
        header::{HeaderName, HeaderValue},
    },
};
use std::str::FromStr;

/// Makes messages of letters.
pub struct Composer {
    templates: Templates,
    from: Mailbox,
    reply_to: Option<Mailbox>,
}

/// Who a mail is from, or where answers go: `no-reply@example.org`, or `Example <no-reply@example.org>`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mailbox(lettre::message::Mailbox);

impl Mailbox {
    /// Reads one address, with or without a name.
    ///
    /// # Errors
    /// [`Invalid`] unless it is one ASCII address; the name may be any text without control characters.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        const RULE: Invalid =
            Invalid("a mailbox is one address like no-reply@example.org or Example <no-reply@example.org>");
        if text.chars().any(char::is_control) {
            return Err(RULE);
        }
        let mailbox: lettre::message::Mailbox = text.trim().parse().map_err(|_| RULE)?;
        let plain = |part: &str| part.is_ascii() && !part.contains(['"', '[', ' ']);
        if !plain(mailbox.email.user()) || !plain(mailbox.email.domain()) {
            return Err(RULE);
        }
        Ok(Self(mailbox))
    }
}

impl FromStr for Mailbox {
    type Err = Invalid;
    fn from_str(text: &str) -> Result<Self, Invalid> {
        Self::parse(text)
    }
}

impl Composer {
    /// Mails come from `from`; answers go to `reply_to`, if there is one.
    pub fn new(templates: Templates, from: Mailbox, reply_to: Option<Mailbox>) -> Self {
        Self { templates, from, reply_to }
    }

    /// The message, the same at each attempt; or the end of the delivery, where there is nothing to send.
    pub(crate) fn compose(&self, id: MailId, letter: &Letter) -> Outside<Result<Message, Delivery>> {
        let words = self.templates.render(letter).map_err(|error| Unavailable::failed("mail", error))?;
        let Some(words) = words else { return Ok(Err(Delivery::Accepted)) };
        let Ok(to) = letter.to.as_str().parse::<Address>() else {
            return Ok(Err(Delivery::Rejected("no mail can be sent to an address of this form".to_owned())));
        };
        let from = self.from.0.clone();
        let mut builder = Message::builder()
            .message_id(Some(format!("<{id}@{}>", from.email.domain())))
            .date(utc(letter.written_at).into())
            .from(from)
            .to(to.into())
            .subject(words.subject)
            .raw_header(header("Auto-Submitted", "auto-generated"))
            .raw_header(header("Content-Language", &words.language));
        if let Some(reply_to) = &self.reply_to {
            builder = builder.reply_to(reply_to.0.clone());
        }
        let body = MultiPart::alternative()
            .boundary(id.to_string())
            .singlepart(lettre::message::SinglePart::plain(words.text))
            .singlepart(lettre::message::SinglePart::html(words.html));
        builder.multipart(body).map(Ok).map_err(|error| Unavailable::failed("mail", error))
    }
}

fn header(name: &'static str, value: &str) -> HeaderValue {
    HeaderValue::new(HeaderName::new_from_ascii_str(name), value.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test] // K-18
    fn a_mailbox_is_one_address_on_one_line() {
        for text in [
            "",
            "Example",
            "no-reply",
            "a@example.org, b@example.org",
            "Example <a@example.org>\r\nBcc: eve@example.org",
            "Exam\rple <a@example.org>",
            "\"a\0\" <a@example.org>",
            "ä@example.org",
            "a@exämple.org",
            "a@[127.0.0.1]",
        ] {
            assert!(Mailbox::parse(text).is_err(), "{text:?}");
        }
        for text in ["a@example.org", "Example <a@example.org>", "Пример <a@example.org>", "\"A, B\" <a@example.org>"]
        {
            assert!(Mailbox::parse(text).is_ok(), "{text:?}");
        }
    }
}
