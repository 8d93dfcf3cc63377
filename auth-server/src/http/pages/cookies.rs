//! Cookies (RFC 6265): what a browser keeps for the pages.
use poem::http::{HeaderMap, HeaderValue, header};
use std::time::Duration;

/// Which one.
#[derive(Clone, Copy)]
pub enum Cookie {
    /// The person's session.
    Session,
    /// Tells this browser's forms from those of others (O-17).
    Csrf,
    /// Tells this device from others at a login, beyond the session.
    Device,
}

/// Those of one browser.
pub struct Cookies {
    /// People reach the server over TLS. Over plain HTTP browsers keep no cookie that says it is for TLS.
    secure: bool,
    pairs: Vec<(String, String)>,
}

impl Cookies {
    /// Reads the headers of a request.
    pub fn of(headers: &HeaderMap, secure: bool) -> Self {
        let lines = headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
        let pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
        let pairs = pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        Self { secure, pairs }
    }

    /// Its value. One that is malformed, or there twice, is none.
    pub fn get(&self, cookie: Cookie) -> Option<&str> {
        let mut own = self.pairs.iter().filter(|(name, _)| name == self.name(cookie));
        let (Some((_, value)), None) = (own.next(), own.next()) else { return None };
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
        (!value.is_empty() && value.bytes().all(plain)).then_some(value)
    }

    /// A header that sets it: for so long, or until the browser is closed.
    pub fn set(&self, cookie: Cookie, value: &str, max_age: Option<Duration>) -> HeaderValue {
        let (name, secure) = (self.name(cookie), if self.secure { "; Secure" } else { "" });
        let max_age = max_age.map(|age| format!("; Max-Age={}", age.as_secs())).unwrap_or_default();
        let text = format!("{name}={value}; Path=/; HttpOnly; SameSite=Lax{secure}{max_age}");
        text.parse().expect("tokens and digits make a header")
    }

    /// A header that takes it away.
    pub fn clear(&self, cookie: Cookie) -> HeaderValue {
        self.set(cookie, "", Some(Duration::ZERO))
    }

    /// S-23: the prefix makes browsers see to it that no other host has set it.
    const fn name(&self, cookie: Cookie) -> &'static str {
        match (cookie, self.secure) {
            (Cookie::Session, true) => "__Host-session",
            (Cookie::Session, false) => "session",
            (Cookie::Csrf, true) => "__Host-csrf",
            (Cookie::Csrf, false) => "csrf",
            (Cookie::Device, true) => "__Host-device",
            (Cookie::Device, false) => "device",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn session(lines: &[&str], secure: bool) -> Option<String> {
        let headers = lines.iter().map(|line| (header::COOKIE, HeaderValue::from_bytes(line.as_bytes()).unwrap()));
        Cookies::of(&headers.collect(), secure).get(Cookie::Session).map(str::to_owned)
    }

    #[test] // S-23
    fn a_cookie_that_is_malformed_is_none() {
        for (lines, secure, found) in [
            (&["a=b; __Host-session=st_1-_; c"][..], true, Some("st_1-_")),
            (&["a=b", "session=x"], false, Some("x")),
            (&["session=x"], true, None),
            (&["__Host-session=x"], false, None),
            (&["__Host-session=x; __Host-session=y"], true, None),
            (&["__host-session=x"], true, None),
            (&["session="], false, None),
            (&["session=\"x\""], false, None),
            (&["session=a b"], false, None),
            (&["session=é"], false, None),
            (&["session"], false, None),
            (&[";;=;"], false, None),
            (&[], false, None),
        ] {
            assert_eq!(session(lines, secure).as_deref(), found, "{lines:?}");
        }
    }

    #[test] // S-23
    fn a_cookie_is_kept_from_scripts_other_sites_and_plain_http() {
        let cookies = |secure| Cookies { secure, pairs: Vec::new() };
        let hour = Some(Duration::from_hours(1));
        assert_eq!(
            cookies(true).set(Cookie::Session, "x", hour),
            "__Host-session=x; Path=/; HttpOnly; SameSite=Lax; Secure; Max-Age=3600"
        );
        assert_eq!(cookies(false).set(Cookie::Csrf, "x", None), "csrf=x; Path=/; HttpOnly; SameSite=Lax");
        assert_eq!(
            cookies(true).clear(Cookie::Device),
            "__Host-device=; Path=/; HttpOnly; SameSite=Lax; Secure; Max-Age=0"
        );
    }
}
