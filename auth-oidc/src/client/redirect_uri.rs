//! Where a client may have its answers sent.
use auth_core::value::Invalid;
use serde::{Deserialize, Serialize};
use url::Url;

/// A redirection endpoint as it is registered (RFC 6749, section 3.1.2; RFC 9700, section 4.1.3): `https`, `http` on the
/// machine of the person alone, or an application's own scheme (RFC 8252, section 7.1).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RedirectUri(String);

/// Hosts that are the machine of the person, as they are written in a URI.
const LOOPBACK: [&str; 3] = ["127.0.0.1", "[::1]", "localhost"];

impl RedirectUri {
    /// Reads a URI, which is kept letter for letter.
    ///
    /// # Errors
    /// [`Invalid`] names the rule that it breaks (O-02).
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        if text.len() > 2048 || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(Invalid("a redirect URI is at most 2048 visible ASCII characters"));
        }
        if text.contains(['*', '\\', '<', '>', '"', '\'']) {
            return Err(Invalid("a redirect URI has no wildcard, quote, bracket or backslash"));
        }
        let url = Url::parse(text).map_err(|_| Invalid("a redirect URI is an absolute URI"))?;
        if text.contains('#') {
            return Err(Invalid("a redirect URI has no fragment"));
        }
        if !url.username().is_empty() || url.password().is_some() || text.contains('@') {
            return Err(Invalid("a redirect URI has no user in it"));
        }
        match url.scheme() {
            "https" if text.starts_with("https://") => {}
            "http" if loopback(text).is_some() => {}
            "http" => return Err(Invalid("a redirect URI with http leads to 127.0.0.1, [::1] or localhost alone")),
            // An application's own scheme is a domain name of its maker, so javascript, data and the like are none.
            own if own.contains('.') && text.starts_with(own) => {}
            _ => return Err(Invalid("a redirect URI is https, http on the same machine, or com.example.app:/path")),
        }
        Ok(Self(text.to_owned()))
    }

    /// As it was registered.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether an answer may go to what a request names: letter for letter, but for the port on the same machine
    /// (RFC 8252, section 7.3).
    pub fn admits(&self, named: &str) -> bool {
        self.0 == named || loopback(&self.0).is_some_and(|own| loopback(named) == Some(own))
    }

    /// The host that answers are sent to; none, if they stay on the person's machine.
    pub fn host(&self) -> Option<String> {
        let url = Url::parse(&self.0).ok().filter(|_| !self.is_local())?;
        url.host_str().map(str::to_owned)
    }

    /// Whether it is `https`, or `http` on the person's machine: no scheme that any application there may claim.
    pub fn is_web(&self) -> bool {
        self.0.starts_with("https://") || loopback(&self.0).is_some()
    }

    /// Whether anybody on the person's machine may be listening there: who the client is cannot be told by it.
    pub fn is_local(&self) -> bool {
        !self.0.starts_with("https://")
    }
}

/// The host, and all that follows the port, of a URI that leads to the same machine by http.
fn loopback(text: &str) -> Option<(&str, &str)> {
    let rest = text.strip_prefix("http://")?;
    let host = LOOPBACK.into_iter().find(|host| rest.starts_with(host))?;
    let rest = &rest[host.len()..];
    let after = match rest.strip_prefix(':') {
        Some(port) => {
            let digits = port.bytes().take_while(u8::is_ascii_digit).count();
            port[..digits].parse::<u16>().ok()?;
            &port[digits..]
        }
        None => rest,
    };
    (after.is_empty() || after.starts_with(['/', '?'])).then_some((host, after))
}

impl std::fmt::Display for RedirectUri {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}
impl TryFrom<String> for RedirectUri {
    type Error = Invalid;
    fn try_from(text: String) -> Result<Self, Invalid> {
        Self::parse(&text)
    }
}
impl From<RedirectUri> for String {
    fn from(uri: RedirectUri) -> Self {
        uri.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test] // O-02
    fn what_is_no_place_for_an_answer_is_refused() {
        for good in [
            "https://client.example/callback",
            "https://client.example/callback?tenant=1",
            "http://127.0.0.1/callback",
            "http://127.0.0.1:4711/callback",
            "http://[::1]:4711",
            "http://localhost:4711/callback",
            "com.example.app:/callback",
            "com.example.app://callback",
        ] {
            assert_eq!(RedirectUri::parse(good).map(|uri| uri.0).as_deref(), Ok(good));
        }
        for bad in [
            "",
            "/callback",
            "//client.example/callback",
            "client.example/callback",
            "https:client.example",
            "https://",
            "http://client.example/callback",
            "http://localhost.client.example/callback",
            "http://127.0.0.1.client.example/",
            "http://127.0.0.1@client.example/",
            "http://127.0.0.1:99999/",
            "https://client.example/#fragment",
            "https://client.example/#",
            "https://user:password@client.example/",
            "https://*.client.example/",
            "https://client.example\\@evil.example/",
            "https://client.example/ x",
            "https://client.example/\n",
            "https://clïent.example/",
            "javascript:alert(1)",
            "JavaScript:alert(1)",
            "data:text/html,x",
            "vbscript:x",
            "file:///etc/passwd",
            "app:/callback",
            "ftp://client.example/",
        ] {
            assert!(RedirectUri::parse(bad).is_err(), "{bad}");
        }
    }

    #[test] // O-01
    fn the_port_alone_may_vary_and_only_on_the_same_machine() {
        let registered = |text| RedirectUri::parse(text).unwrap();
        for (own, named, admitted) in [
            ("http://127.0.0.1/cb", "http://127.0.0.1:5000/cb", true),
            ("http://127.0.0.1:1/cb", "http://127.0.0.1:5000/cb", true),
            ("http://localhost/cb", "http://localhost:5000/cb", true),
            ("http://[::1]/cb", "http://[::1]:5000/cb", true),
            ("http://127.0.0.1/cb", "http://localhost:5000/cb", false),
            ("http://127.0.0.1/cb", "http://127.0.0.1:5000/cb/", false),
            ("http://127.0.0.1/cb", "http://127.0.0.1:5000/cb?x=1", false),
            ("http://127.0.0.1/cb", "http://127.0.0.1:5000@evil.example/cb", false),
            ("http://127.0.0.1/cb", "http://127.0.0.1:66000/cb", false),
            ("https://client.example/cb", "https://client.example:443/cb", false),
            ("https://client.example/cb", "https://client.example/cb/../x", false),
            ("https://client.example/cb", "HTTPS://client.example/cb", false),
        ] {
            assert_eq!(registered(own).admits(named), admitted, "{own} {named}");
        }
    }

    proptest! {
        #[test] // O-01
        fn nothing_that_differs_in_a_byte_is_admitted(at in 0..40_usize, byte in 0x21..0x7f_u8) {
            let registered = RedirectUri::parse("https://client.example/callback?tenant=7").unwrap();
            let mut named = registered.as_str().as_bytes().to_vec();
            named[at] = byte;
            let named = String::from_utf8(named).unwrap();
            prop_assert_eq!(registered.admits(&named), named == registered.as_str());
        }

        #[test] // O-01
        fn nothing_else_than_the_registered_is_admitted(named in "https://client\\.example[ -~]{0,12}|\\PC{0,40}") {
            let registered = RedirectUri::parse("https://client.example/cb").unwrap();
            prop_assert_eq!(registered.admits(&named), named == registered.as_str());
        }
    }
}
