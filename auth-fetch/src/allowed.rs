//! Hosts that may have an address that is not global.
use std::{fmt, str::FromStr};
use url::{Host, Url};

/// A host that an operator lets have any address: `rp.internal`, at every port, or `127.0.0.1:8443`, at that one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AllowedHost {
    host: Host,
    port: Option<u16>,
}

/// The text is no host.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected a host, or host:port, for example rp.internal or 127.0.0.1:8443")]
pub struct BadHost;

impl AllowedHost {
    /// Whether a URL leads there.
    pub(crate) fn is_of(&self, url: &Url) -> bool {
        let same = url.host().is_some_and(|host| host.to_owned() == self.host);
        same && self.port.is_none_or(|port| url.port_or_known_default() == Some(port))
    }
}

impl FromStr for AllowedHost {
    type Err = BadHost;
    fn from_str(text: &str) -> Result<Self, BadHost> {
        let url = Url::parse(&format!("https://{text}/")).map_err(|_| BadHost)?;
        // A URL forgets the port that its scheme has anyhow.
        let port = url.port().or_else(|| text.ends_with(":443").then_some(443));
        let host = url.host().ok_or(BadHost)?.to_owned();
        let bare = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-_:[]".contains(&byte));
        let whole = !text.ends_with(':') && url.path() == "/";
        if bare && whole { Ok(Self { host, port }) } else { Err(BadHost) }
    }
}

impl fmt::Display for AllowedHost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.host)?;
        self.port.map_or(Ok(()), |port| write!(f, ":{port}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_meant_with_its_port_or_with_every_port() {
        for (allowed, url, meant) in [
            ("rp.internal", "https://rp.internal/", true),
            ("RP.internal", "https://rp.internal:8443/x", true),
            ("rp.internal:443", "https://rp.internal/", true),
            ("rp.internal:443", "https://rp.internal:8443/", false),
            ("rp.internal:8443", "https://rp.internal:8443/", true),
            ("rp.internal:8443", "https://rp.internal/", false),
            ("rp.internal", "https://other.rp.internal/", false),
            ("rp.internal", "https://rp.internal.evil.example/", false),
            ("127.0.0.1:8443", "https://127.0.0.1:8443/", true),
            ("127.0.0.1", "https://2130706433/", true),
            ("[::1]:8443", "https://[::1]:8443/", true),
            ("[::1]", "https://127.0.0.1/", false),
        ] {
            let host: AllowedHost = allowed.parse().unwrap();
            assert_eq!(host.is_of(&url.parse().unwrap()), meant, "{allowed} {url}");
            assert_eq!(host.to_string().parse(), Ok(host));
        }
        for bad in
            ["", "https://rp.internal", "rp.internal/", "rp.internal:", "rp.internal:x", "a b", "user@a", "a?b", "*.a"]
        {
            assert_eq!(bad.parse::<AllowedHost>(), Err(BadHost), "{bad}");
        }
    }
}
