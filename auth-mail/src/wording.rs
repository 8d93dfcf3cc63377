//! What a deployment chooses about the words of its mails.
use auth_core::value::{CodeId, Invalid, Locale};
use std::{fmt, path::PathBuf, str::FromStr};

/// What a deployment chooses about the words of its mails.
#[derive(Clone, Debug, Default)]
pub struct Wording {
    /// What the service calls itself.
    pub product: Product,
    /// The language of those whose own there are no templates for.
    pub default_language: Locale,
    /// The form that takes a code and a new password; without it a mail says nothing of a form. The mail of a
    /// registration never has a link: a stranger's registration is not to be completed by following one.
    pub reset_link: Option<Link>,
    /// A folder of templates that replace, or add to, those that are shipped.
    pub folder: Option<PathBuf>,
}

/// What the service calls itself, in subjects and texts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Product(String);

impl Product {
    /// Reads a name.
    ///
    /// # Errors
    /// [`Invalid`] unless it is 1 to 64 characters, none of them a control character: it goes into headers.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let text = text.trim();
        if !(1..=64).contains(&text.chars().count()) || text.chars().any(char::is_control) {
            return Err(Invalid("a product name is 1 to 64 characters on one line, without control characters"));
        }
        Ok(Self(text.to_owned()))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for Product {
    /// `Accounts`.
    fn default() -> Self {
        Self("Accounts".to_owned())
    }
}

/// The address of a form, with `{id}` where the code's id goes. The code itself is never part of it.
///
/// ```
/// use auth_mail::Link;
/// assert!(Link::parse("https://app.example/reset?id={id}").is_ok());
/// assert!(Link::parse("http://app.example/reset?id={id}").is_err());
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link(String);

impl Link {
    /// Reads a link template.
    ///
    /// # Errors
    /// [`Invalid`] unless it is an `https` URL (`http` only to `localhost`, `127.0.0.1` or `[::1]`) of ASCII characters
    /// that need no quoting, without user or password, with `{id}` in it once, behind the host.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        const RULE: Invalid =
            Invalid("a link is an https URL (http only to localhost) with {id} once in its path, query or fragment");
        let (before, after) = text.split_once("{id}").ok_or(RULE)?;
        let plain = |c: char| c.is_ascii_graphic() && !"\"'<>\\^`{|}".contains(c);
        let url = url::Url::parse(before).map_err(|_| RULE)?;
        let local = matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
        let secure = url.scheme() == "https" || (url.scheme() == "http" && local);
        let authority = before.split_once("://").ok_or(RULE)?.1;
        let behind_the_host = authority.contains(['/', '?', '#']);
        let anonymous = url.username().is_empty() && url.password().is_none();
        if !format!("{before}{after}").chars().all(plain) || !secure || !behind_the_host || !anonymous {
            return Err(RULE);
        }
        Ok(Self(text.to_owned()))
    }

    /// The address of the form for one code. An id is hex: there is nothing to encode.
    pub(crate) fn to(&self, id: CodeId) -> String {
        self.0.replace("{id}", &id.to_string())
    }
}

impl FromStr for Product {
    type Err = Invalid;
    fn from_str(text: &str) -> Result<Self, Invalid> {
        Self::parse(text)
    }
}

impl FromStr for Link {
    type Err = Invalid;
    fn from_str(text: &str) -> Result<Self, Invalid> {
        Self::parse(text)
    }
}

impl fmt::Display for Product {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test] // K-18
    fn a_product_name_stays_on_its_line() {
        for text in ["", " ", "a\r\nBcc: eve@example.org", "a\nb", "a\0", "a\u{85}b", &"x".repeat(65)] {
            assert!(Product::parse(text).is_err(), "{text:?}");
        }
        assert_eq!(Product::parse(" Søren & Co ").unwrap().as_str(), "Søren & Co");
    }

    #[test] // K-19
    fn a_link_is_https_and_has_one_place_for_the_id() {
        for text in [
            "https://app.example/reset/{id}",
            "https://app.example?id={id}&lang=en",
            "https://app.example/#/c/{id}",
            "http://localhost:3000/c?id={id}",
            "http://127.0.0.1/c?id={id}",
            "http://[::1]:80/{id}",
        ] {
            assert!(Link::parse(text).is_ok(), "{text}");
        }
        for text in [
            "",
            "{id}",
            "/reset?id={id}",
            "https://app.example/reset",
            "http://app.example/{id}",
            "https://{id}",
            "https://app.example{id}",
            "https://{id}.example/",
            "javascript:alert({id})",
            "https://app.example/{id}/{id}",
            "https://app.example/{id}\r\nBcc: eve@example.org",
            "https://app.example/\"{id}",
            "https://app.example/ {id}",
            "https://user:password@app.example/{id}",
            "https://app.example/{id}{code}",
            "http://localhost.evil.example/{id}",
        ] {
            assert!(Link::parse(text).is_err(), "{text}");
        }
    }
}
