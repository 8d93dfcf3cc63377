//! Where a person gets mail.
use super::Invalid;
use email_address::{EmailAddress, Options};
use serde::{Deserialize, Serialize};
use std::{fmt, hash};

const RULE: Invalid = Invalid("an e-mail address is one address like ann@example.org, in at most 254 characters");

/// One e-mail address.
///
/// The form is decided here, once: blanks around it are dropped, the domain is written in ASCII and lower case (IDNA,
/// UTS 46), the local part is a dot-atom of ASCII (RFC 5321, section 4.1.2; not quoted) and kept as typed, because the
/// receiving server may care. Two addresses are one if they differ in case alone: equality, hash and
/// [`key`](Self::key) go by the lower-cased whole. Dots and `+` tags are left alone: they mean what the provider says.
///
/// ```
/// use auth_core::value::Email;
/// let email: Email = " Ann@BÜCHER.example ".parse()?;
/// assert_eq!(email.as_str(), "Ann@xn--bcher-kva.example");
/// assert_eq!(email, "ann@bücher.example".parse()?);
/// # Ok::<(), auth_core::value::Invalid>(())
/// ```
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Email {
    address: String,
    key: String,
}

impl Email {
    /// Reads exactly one address.
    ///
    /// # Errors
    /// [`Invalid`] for lists, display names, comments, quoted or non-ASCII local parts, address literals, domains
    /// without a dot, control characters, and whatever else is not one plain address.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let text = text.trim();
        let (local, domain) = text.rsplit_once('@').filter(|_| text.len() <= 4 * 254).ok_or(RULE)?;
        if !local.is_ascii() || local.contains(|c: char| c == '"' || c == '(' || c.is_ascii_control()) {
            return Err(RULE);
        }
        let domain = idna::domain_to_ascii_strict(domain).map_err(|_| RULE)?;
        let address = format!("{local}@{domain}");
        let options = Options::default().without_display_text().without_domain_literal().with_required_tld();
        if address.len() > 254 || !domain.contains('.') {
            return Err(RULE);
        }
        EmailAddress::parse_with_options(&address, options).map_err(|_| RULE)?;
        Ok(Self { key: address.to_ascii_lowercase(), address })
    }

    /// The address to send to.
    pub fn as_str(&self) -> &str {
        &self.address
    }

    /// What is unique: a store keeps its index on this.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// The part before the `@`.
    pub fn local_part(&self) -> &str {
        self.address.rsplit_once('@').map_or("", |(local, _)| local)
    }
}

impl PartialEq for Email {
    fn eq(&self, other: &Self) -> bool {
        self.key == other.key
    }
}
impl Eq for Email {}
impl hash::Hash for Email {
    fn hash<H: hash::Hasher>(&self, state: &mut H) {
        self.key.hash(state);
    }
}

impl fmt::Display for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.address)
    }
}
super::text_value!(Email);

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test] // K-16
    fn case_blanks_and_idn_make_no_difference_to_the_key() {
        let key = |text: &str| Email::parse(text).unwrap().key().to_owned();
        assert_eq!(key(" ANN@Example.ORG "), "ann@example.org");
        assert_eq!(key("ann@BÜCHER.example"), "ann@xn--bcher-kva.example");
        assert_ne!(key("ann@xn--bcher-kva.example"), key("ann@bucher.example"));
        assert_ne!(key("a.nn@gmail.com"), key("ann@gmail.com"));
    }

    #[test] // K-15: the server of the address may care for case
    fn the_local_part_is_kept_for_sending() {
        assert_eq!(Email::parse("Ann@Example.ORG").unwrap().as_str(), "Ann@example.org");
    }

    #[test] // K-17, K-18
    fn whatever_is_not_one_plain_address_is_refused() {
        for text in [
            "",
            "ann",
            "@x.org",
            "ann@",
            "ann@localhost",
            "ann@[127.0.0.1]",
            "a@b@x.org",
            "Ann <ann@x.org>",
            "ann@x.org,bob@x.org",
            "ann@x.org bob@x.org",
            "(c)ann@x.org",
            "ann(c)@x.org",
            "\"a b\"@x.org",
            "ann@x.org\r\nBcc: bob@x.org",
            "an\r\nn@x.org",
            "ann@x.org\0",
            "än@x.org",
            "аnn@x.org",
            "ann@x..org",
            ".ann@x.org",
            "ann@-x.org",
            "ann@x.org.",
            "ann@x_y.org",
            "ann@x.o%72g",
            "ann@x.org;",
            "ann@x.org>",
            "[\"ann@x.org\"]",
            "ann@x\u{3002}\u{3002}org",
        ] {
            assert!(Email::parse(text).is_err(), "{text:?}");
        }
        assert!(Email::parse(&format!("{}@x.org", "a".repeat(65))).is_err());
        assert!(Email::parse(&format!("a@{}org", "abcdefghi.".repeat(26))).is_err());
        assert!(Email::parse(&"a".repeat(1_000_000)).is_err());
    }

    proptest! {
        #[test]
        fn what_passes_is_plain_and_stands(text in "\\PC{0,12}@\\PC{0,12}|[a-zA-Z0-9.+-]{1,8}@[a-z0-9-]{1,8}[.][a-z]{2,4}") {
            if let Ok(email) = Email::parse(&text) {
                prop_assert!(email.as_str().bytes().all(|b| b.is_ascii_graphic() && !b",;<>()[]\"\\:".contains(&b)));
                prop_assert_eq!(email.as_str().matches('@').count(), 1);
                let again = Email::parse(email.as_str()).unwrap();
                prop_assert_eq!(again.as_str(), email.as_str());
            }
        }
    }
}
