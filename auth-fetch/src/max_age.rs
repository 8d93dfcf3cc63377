//! For how long an answer is good (RFC 9111, section 5.2.2).
use reqwest::header::{CACHE_CONTROL, HeaderMap};
use std::time::Duration;

/// As the server says, if it does. What may not be kept is good for no time at all.
pub(crate) fn of(headers: &HeaderMap) -> Option<Duration> {
    let lines = headers.get_all(CACHE_CONTROL).iter().filter_map(|line| line.to_str().ok());
    let mut words = lines.flat_map(|line| line.split(',')).map(|word| word.trim().to_ascii_lowercase());
    let mut max_age = None;
    words
        .try_for_each(|word| match word.split_once('=') {
            None if word == "no-store" || word == "no-cache" => Err(Duration::ZERO),
            Some(("max-age", seconds)) => {
                max_age = max_age.or_else(|| seconds.trim_matches('"').parse().ok().map(Duration::from_secs));
                Ok(())
            }
            _ => Ok(()),
        })
        .map_or_else(Some, |()| max_age)
}

#[cfg(test)]
mod tests {
    use super::*;
    use reqwest::header::HeaderValue;

    #[test]
    fn what_the_server_says_is_read() {
        for (lines, read) in [
            (&[][..], None),
            (&["max-age=60"], Some(60)),
            (&["public, Max-Age=\"60\""], Some(60)),
            (&["public", "max-age=60, must-revalidate"], Some(60)),
            (&["max-age=60, max-age=90"], Some(60)),
            (&["max-age=60, no-store"], Some(0)),
            (&["no-cache"], Some(0)),
            (&["max-age=-1"], None),
            (&["s-maxage=60"], None),
            (&["max-age"], None),
        ] {
            let mut headers = HeaderMap::new();
            for line in lines {
                headers.append(CACHE_CONTROL, HeaderValue::from_static(line));
            }
            assert_eq!(of(&headers), read.map(Duration::from_secs), "{lines:?}");
        }
    }
}
