//! Where the relay is, and how it is spoken to, in one URL.
use auth_core::value::{Invalid, Secret};
use percent_encoding::percent_decode_str;
use std::{fmt, net::IpAddr, str::FromStr};
use url::{Host, Url};

/// Where the relay is, and how it is spoken to.
///
/// | URL | |
/// | --- | --- |
/// | `smtps://user:password@host:465` | TLS from the first byte (RFC 8314, section 3.3) |
/// | `smtp://user:password@host:587` | STARTTLS, required: where it is not offered nothing is sent (RFC 3207) |
/// | `smtp+plain://host:25` | no TLS; a user and password are refused unless the host is this machine |
///
/// The port may be left out. User and password are optional and percent-encoded. `Debug` and `Display` show neither.
///
/// ```
/// let url = auth_mail::SmtpUrl::parse("smtps://mailer:pass%2Fword@mail.example.org")?;
/// assert_eq!(url.to_string(), "smtps://mail.example.org:465");
/// # Ok::<(), auth_core::value::Invalid>(())
/// ```
#[derive(Clone)]
pub struct SmtpUrl {
    pub(crate) security: Security,
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) credentials: Option<(String, Secret)>,
}

/// How a conversation is kept private.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Security {
    Tls,
    StartTls,
    Plain,
}

impl SmtpUrl {
    /// Reads a URL.
    ///
    /// # Errors
    /// [`Invalid`], which names the part that is wrong and never shows what was given.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let url = Url::parse(text.trim()).map_err(|_| {
            Invalid("an SMTP URL is like smtps://user:password@host:465; in user and password, / : @ ? # % are percent-encoded")
        })?;
        let (security, default_port) = match url.scheme() {
            "smtps" => (Security::Tls, 465),
            "smtp" => (Security::StartTls, 587),
            "smtp+plain" => (Security::Plain, 25),
            _ => {
                return Err(Invalid(
                    "the scheme of an SMTP URL is smtps (TLS), smtp (STARTTLS) or smtp+plain (no TLS)",
                ));
            }
        };
        if !matches!(url.path(), "" | "/") || url.query().is_some() || url.fragment().is_some() {
            return Err(Invalid("an SMTP URL ends with its port; in user and password, / ? # are percent-encoded"));
        }
        let port = url.port().unwrap_or(default_port);
        if port == 0 {
            return Err(Invalid("the port of an SMTP URL is 1 to 65535"));
        }
        let host = host(&url)?;
        let credentials = credentials(&url)?;
        if security == Security::Plain && credentials.is_some() && !is_this_machine(&host) {
            return Err(Invalid(
                "a password is not sent without TLS: the scheme is smtps or smtp, or the host localhost",
            ));
        }
        Ok(Self { security, host, port, credentials })
    }
}

fn host(url: &Url) -> Result<String, Invalid> {
    const RULE: Invalid = Invalid(
        "the host of an SMTP URL is a name in ASCII (xn--... for others), or an address like 192.0.2.1 or [2001:db8::1]",
    );
    match url.host().ok_or(RULE)? {
        Host::Domain(name) => {
            let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-');
            let named = !name.is_empty() && name.chars().all(plain);
            named.then(|| name.to_ascii_lowercase()).ok_or(RULE)
        }
        Host::Ipv4(address) => Ok(address.to_string()),
        Host::Ipv6(address) => Ok(address.to_string()),
    }
}

fn credentials(url: &Url) -> Result<Option<(String, Secret)>, Invalid> {
    let user = decode(url.username())?;
    let password = url.password().map(decode).transpose()?;
    match (user.is_empty(), password.filter(|password| !password.is_empty())) {
        (true, None) => Ok(None),
        (false, Some(password)) => Ok(Some((user, Secret::new(password)))),
        _ => Err(Invalid("an SMTP URL has both a user and a password, or neither")),
    }
}

fn decode(text: &str) -> Result<String, Invalid> {
    let text = percent_decode_str(text).decode_utf8().map_err(|_| RULE_FOR_CREDENTIALS)?;
    if text.chars().any(char::is_control) {
        return Err(RULE_FOR_CREDENTIALS);
    }
    Ok(text.into_owned())
}

const RULE_FOR_CREDENTIALS: Invalid =
    Invalid("user and password of an SMTP URL are percent-encoded UTF-8 without control characters");

fn is_this_machine(host: &str) -> bool {
    host == "localhost" || host.parse().is_ok_and(|address: IpAddr| address.is_loopback())
}

impl FromStr for SmtpUrl {
    type Err = Invalid;
    fn from_str(text: &str) -> Result<Self, Invalid> {
        Self::parse(text)
    }
}

impl fmt::Display for SmtpUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = match self.security {
            Security::Tls => "smtps",
            Security::StartTls => "smtp",
            Security::Plain => "smtp+plain",
        };
        let (open, close) = if self.host.contains(':') { ("[", "]") } else { ("", "") };
        write!(f, "{scheme}://{open}{}{close}:{}", self.host, self.port)
    }
}

impl fmt::Debug for SmtpUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SmtpUrl({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn credentials_of(text: &str) -> Option<(String, String)> {
        let (user, password) = SmtpUrl::parse(text).unwrap().credentials?;
        Some((user, password.expose().to_owned()))
    }

    #[test]
    fn each_scheme_has_its_port() {
        let shown = |text| SmtpUrl::parse(text).unwrap().to_string();
        assert_eq!(shown("smtps://mail.example.org"), "smtps://mail.example.org:465");
        assert_eq!(shown("smtp://Mail.Example.org"), "smtp://mail.example.org:587");
        assert_eq!(shown("smtp+plain://mail"), "smtp+plain://mail:25");
        assert_eq!(shown("smtp+plain://u:p@127.0.0.1:1025/"), "smtp+plain://127.0.0.1:1025");
        assert_eq!(shown("smtps://[2001:db8::1]:2465"), "smtps://[2001:db8::1]:2465");
    }

    #[test]
    fn user_and_password_are_decoded_and_never_shown() {
        let text = "smtps://ann%40example.org:p%2Fs%3As%20%25%C3%A4@mail.example.org";
        assert_eq!(credentials_of(text), Some(("ann@example.org".to_owned(), "p/s:s %ä".to_owned())));
        let url = SmtpUrl::parse(text).unwrap();
        assert!(!format!("{url} {url:?}").contains("ann"));
        assert_eq!(credentials_of("smtps://mail.example.org"), None);
    }

    #[test] // K-32
    fn a_password_goes_out_in_plain_to_this_machine_only() {
        for host in ["localhost", "127.0.0.1", "[::1]"] {
            assert!(SmtpUrl::parse(&format!("smtp+plain://u:p@{host}")).is_ok(), "{host}");
        }
        for host in ["mail.example.org", "10.0.0.1", "localhost.example.org", "127.0.0.1.example.org", "[2001:db8::1]"]
        {
            assert!(SmtpUrl::parse(&format!("smtp+plain://u:p@{host}")).is_err(), "{host}");
        }
    }

    #[test]
    fn an_error_names_the_part_and_never_shows_what_was_given() {
        for (text, part) in [
            ("", "like smtps://"),
            ("mail.example.org:25", "scheme"),
            ("http://hunter2@mail.example.org", "scheme"),
            ("smtps://u:hunter2/x@mail.example.org", "percent-encoded"),
            ("smtps://u:hun#ter2@mail.example.org", "encoded"),
            ("smtps://u:hunter2@mail.example.org?tls=none", "ends with its port"),
            ("smtps://u:hunter2@", "host"),
            ("smtps://u:hunter2@mail.example.org/path", "ends with its port"),
            ("smtps://u:hunter2@mail:0", "port"),
            ("smtps://u:hunter2@mail:99999", "like smtps://"),
            ("smtps://hunter2@mail.example.org", "both"),
            ("smtps://:hunter2@mail.example.org", "both"),
            ("smtps://u:hunter2%00@mail.example.org", "control"),
            ("smtps://u:hunter2%ff@mail.example.org", "UTF-8"),
            ("smtps://u:hunter2@möil.example.org", "host"),
            ("smtp+plain://u:hunter2@mail.example.org", "without TLS"),
            ("smtps:u:hunter2@mail", "ends with its port"),
        ] {
            let error = SmtpUrl::parse(text).expect_err(text).to_string();
            assert!(error.contains(part) && !error.contains("hunter2"), "{text}: {error}");
        }
    }
}
