//! The values that settings are made of: each reads one text, says what it expects when it cannot, and prints itself again.
use auth_core::{counter::Rule, value::Locale};
use auth_fetch::AllowedHost;
use poem::http::Uri;
use serde::{Serialize, Serializer};
use std::{
    fmt::{self, Display},
    str::FromStr,
    time::Duration,
};

/// A setting is written to a configuration file as the text that it is read from.
macro_rules! written_as_text {
    ($($name:ident),*) => {$(
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                to.collect_str(self)
            }
        }
    )*};
}
written_as_text!(Span, Pace, PublicUrl, Origins, Hosts);

/// One word of a few.
macro_rules! choice {
    ($(#[$doc:meta])* $name:ident { $($(#[$word_doc:meta])* $variant:ident = $word:literal),* $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $name { $($(#[$word_doc])* $variant),* }

        impl FromStr for $name {
            type Err = String;
            fn from_str(text: &str) -> Result<Self, String> {
                match text {
                    $($word => Ok(Self::$variant),)*
                    _ => Err(format!("expected one of: {}", [$($word),*].join(", "))),
                }
            }
        }
        impl Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(match self { $(Self::$variant => $word),* })
            }
        }
        written_as_text!($name);
    };
}

choice!(
    /// Where the server runs.
    Environment {
        /// On somebody's desk: what is missing is made up.
        Development = "development",
        /// For people: what is missing stops the start.
        Production = "production",
    }
);
choice!(
    /// Where accounts are kept.
    Store {
        /// In one file in the data folder.
        Sqlite = "sqlite",
        /// In Azure Cosmos DB.
        Cosmos = "cosmos",
    }
);
choice!(
    /// How the server is let in to a Cosmos DB account.
    Access {
        /// By the account's key.
        Key = "key",
        /// As the managed identity of the machine.
        ManagedIdentity = "managed-identity",
        /// As a workload identity of Kubernetes.
        WorkloadIdentity = "workload-identity",
        /// As whoever is logged in to Azure's command line.
        DeveloperTools = "developer-tools",
    }
);
choice!(
    /// The header in which proxies say whom they pass a request on for.
    ForwardedHeader {
        /// `Forwarded` (RFC 7239).
        Forwarded = "forwarded",
        /// `X-Forwarded-For`.
        XForwardedFor = "x-forwarded-for",
    }
);
choice!(
    /// How log lines look.
    LogFormat {
        /// Text on a terminal, JSON otherwise.
        Auto = "auto",
        /// For people.
        Text = "text",
        /// For machines: one object a line.
        Json = "json",
    }
);

/// A length of time, in one unit: `30s`, `15m`, `12h`, `30d`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span(pub Duration);

const UNITS: [(char, u64); 4] = [('d', 86_400), ('h', 3_600), ('m', 60), ('s', 1)];

impl FromStr for Span {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let read = || {
            let unit = text.chars().last()?;
            let (_, seconds) = UNITS.into_iter().find(|(name, _)| *name == unit)?;
            let number: u64 = digits(text.strip_suffix(unit)?)?;
            number.checked_mul(seconds).filter(|seconds| (1..=100 * 365 * 86_400).contains(seconds))
        };
        read()
            .map(|seconds| Self(Duration::from_secs(seconds)))
            .ok_or_else(|| "expected a length of time with its unit, for example 30s, 15m, 12h or 30d".to_owned())
    }
}

impl Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0.as_secs();
        let (unit, size) = UNITS.into_iter().find(|(_, size)| seconds.is_multiple_of(*size)).unwrap_or(('s', 1));
        write!(f, "{}{unit}", seconds / size)
    }
}

/// How often in how long: `10/15m`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace(pub Rule);

impl FromStr for Pace {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let read = || {
            let (limit, window) = text.split_once('/')?;
            let Span(window) = window.parse().ok()?;
            Some(Rule { limit: digits(limit).filter(|limit| *limit > 0)?, window })
        };
        read().map(Self).ok_or_else(|| "expected how often in how long, for example 10/15m or 5/1d".to_owned())
    }
}

impl Display for Pace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.0.limit, Span(self.0.window))
    }
}

/// Where people reach the server: `https://auth.example.org`, with a path if a proxy puts one in front.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicUrl(String);

impl PublicUrl {
    /// The address, without a slash at the end.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether people reach it over TLS.
    pub fn is_https(&self) -> bool {
        self.0.starts_with("https://")
    }

    /// What a browser on its pages sends as `Origin`.
    pub fn origin(&self) -> &str {
        let host = self.0.find("://").map_or(0, |colon| colon + 3);
        self.0[host..].find('/').map_or(&self.0, |slash| &self.0[..host + slash])
    }
}

impl FromStr for PublicUrl {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let trimmed = text.trim_end_matches('/');
        let fits = trimmed.is_ascii()
            && trimmed.parse::<Uri>().is_ok_and(|uri| {
                matches!(uri.scheme_str(), Some("http" | "https"))
                    && uri.authority().is_some_and(|to| !to.as_str().contains('@') && !to.as_str().ends_with(':'))
                    && uri.query().is_none()
            });
        // A browser writes host and scheme in lower case, and an origin is compared letter for letter.
        let url = Self(trimmed.to_owned());
        if fits && !trimmed.contains('#') && url.origin() == url.origin().to_ascii_lowercase() {
            Ok(url)
        } else {
            Err("expected an address in lower case like https://auth.example.org".to_owned())
        }
    }
}

impl Display for PublicUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Origins, separated by commas: `https://app.example.org,https://example.org`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origins(pub Vec<String>);

impl FromStr for Origins {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let rule = "expected origins separated by commas, for example https://app.example.org,https://example.org";
        let read = |item: &str| match item.parse::<PublicUrl>() {
            Ok(url) if url.origin() == item => Ok(item.to_owned()),
            _ => Err(rule.to_owned()),
        };
        text.split(',').map(str::trim).filter(|item| !item.is_empty()).map(read).collect::<Result<_, _>>().map(Self)
    }
}

impl Display for Origins {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join(","))
    }
}

/// Hosts, with or without a port, separated by commas: `rp.internal,127.0.0.1:8443`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hosts(pub Vec<AllowedHost>);

impl FromStr for Hosts {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let rule = "expected hosts separated by commas, for example rp.internal,127.0.0.1:8443";
        let read = |item: &str| item.parse().map_err(|_| rule.to_owned());
        text.split(',').map(str::trim).filter(|item| !item.is_empty()).map(read).collect::<Result<_, _>>().map(Self)
    }
}

impl Display for Hosts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let texts: Vec<String> = self.0.iter().map(ToString::to_string).collect();
        f.write_str(&texts.join(","))
    }
}

/// Reads a whole number within bounds.
///
/// # Errors
/// What is expected.
#[expect(clippy::needless_pass_by_value, reason = "bounds are numbers")]
pub fn whole<N: FromStr + PartialOrd + Display>(text: &str, least: N, most: N) -> Result<N, String> {
    digits(text)
        .filter(|number| (&least..=&most).contains(&number))
        .ok_or_else(|| format!("expected a whole number from {least} to {most}"))
}

/// Reads `true` or `false`.
///
/// # Errors
/// What is expected.
pub fn truth(text: &str) -> Result<bool, String> {
    text.parse().map_err(|_| "expected true or false".to_owned())
}

/// Reads a language tag.
///
/// # Errors
/// What is expected.
pub fn language(text: &str) -> Result<Locale, String> {
    Locale::parse(text).map_err(|_| "expected a language such as en or ru".to_owned())
}

/// Reads a text that is not empty and holds no control character.
///
/// # Errors
/// What is expected.
pub fn line(text: &str) -> Result<String, String> {
    if text.trim().is_empty() || text.chars().any(char::is_control) {
        return Err("expected one line of text".to_owned());
    }
    Ok(text.trim().to_owned())
}

/// Reads what a `V` is read from, so that a mistake is told at the start, and keeps the text.
///
/// # Errors
/// The rule that it breaks.
pub fn text_of<V: FromStr<Err: Display>>(text: &str) -> Result<String, String> {
    text.parse::<V>().map(|_| text.trim().to_owned()).map_err(|rule| format!("expected otherwise: {rule}"))
}

/// A number in plain digits.
pub(super) fn digits<N: FromStr>(text: &str) -> Option<N> {
    let plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_read_prints_itself_again() {
        for text in ["30s", "15m", "90s", "12h", "30d"] {
            assert_eq!(text.parse::<Span>().unwrap().to_string(), text);
        }
        assert_eq!("60s".parse::<Span>().unwrap().to_string(), "1m");
        assert_eq!("10/15m".parse::<Pace>().unwrap().to_string(), "10/15m");
        assert_eq!("https://a.example/".parse::<PublicUrl>().unwrap().to_string(), "https://a.example");
    }

    #[test]
    fn other_texts_are_refused() {
        for text in ["", "s", "15", "-1s", "+1s", "1.5h", "0s", "1w", "99999999999999999999d", "1 m"] {
            assert!(text.parse::<Span>().is_err(), "{text}");
        }
        for text in ["", "10", "/15m", "0/15m", "10/", "-1/1d"] {
            assert!(text.parse::<Pace>().is_err(), "{text}");
        }
        for text in [
            "",
            "auth.example",
            "ftp://a.example",
            "https://",
            "https://u:p@a.example",
            "https://a?b",
            "https://A.example",
            "https://a.example:",
            "https://a.example/\u{84}",
            "https://a.example/ä",
        ] {
            assert!(text.parse::<PublicUrl>().is_err(), "{text}");
        }
        assert!("https://a.example,null".parse::<Origins>().is_err());
        assert!("https://a.example/path".parse::<Origins>().is_err());
    }

    #[test]
    fn hosts_are_a_list() {
        let hosts: Hosts = "rp.internal, 127.0.0.1:8443,".parse().unwrap();
        assert_eq!((hosts.0.len(), hosts.to_string().as_str()), (2, "rp.internal,127.0.0.1:8443"));
        assert!("rp.internal,https://rp.internal".parse::<Hosts>().is_err());
    }

    #[test]
    fn an_origin_has_no_path() {
        let url: PublicUrl = "https://a.example:8443/auth".parse().unwrap();
        assert_eq!(url.origin(), "https://a.example:8443");
    }
}
