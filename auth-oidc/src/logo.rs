//! Logo: the picture that a client shows where a person decides (RFC 7591, section 2).
use crate::{
    Provider,
    client::Client,
    fetch::{Cache, FetchError},
};
use std::{sync::Arc, time::Duration};

/// How many pictures are kept: each has at most what a fetcher takes.
const MOST: usize = 100;

/// A picture, of a kind that holds no script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Logo {
    /// Its media type, by what it is and not by what its server calls it.
    pub content_type: &'static str,
    /// All of it.
    pub bytes: Vec<u8>,
}

/// Pictures, as they were found.
pub(crate) fn cache() -> Cache<Logo> {
    Cache::new(MOST, Duration::from_mins(10)..=Duration::from_hours(24), |_, fetched| {
        let content_type = kind(&fetched.body);
        let content_type = content_type.ok_or_else(|| FetchError::Failed("it is no picture".to_owned()))?;
        Ok(Logo { content_type, bytes: fetched.body.clone() })
    })
}

/// PNG, JPEG, GIF or WebP, by how it begins. Not SVG, which is a program.
fn kind(bytes: &[u8]) -> Option<&'static str> {
    match bytes {
        [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n', ..] => Some("image/png"),
        [0xff, 0xd8, 0xff, ..] => Some("image/jpeg"),
        [b'G', b'I', b'F', b'8', ..] => Some("image/gif"),
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Some("image/webp"),
        _ => None,
    }
}

impl Provider {
    /// Whether a client has a logo that can be shown. It is this server that fetches it: the browser of whoever decides
    /// would tell the client's server that it has.
    pub fn has_logo(&self, client: &Client) -> bool {
        client.logo_uri.is_some() && self.fetcher.asks_anybody()
    }

    /// The logo of a client, if it has one and it can be had.
    pub async fn logo(&self, client: &Client) -> Option<Arc<Logo>> {
        self.logos.get(self, client.logo_uri.as_ref()?).await.ok()
    }
}

#[cfg(test)]
mod tests {
    use super::kind;

    #[test] // O-16
    fn a_picture_is_known_by_how_it_begins() {
        for (bytes, expected) in [
            (&b"\x89PNG\r\n\x1a\n..."[..], Some("image/png")),
            (b"\xff\xd8\xff\xe0...", Some("image/jpeg")),
            (b"GIF89a...", Some("image/gif")),
            (b"RIFF\x10\0\0\0WEBPVP8 ", Some("image/webp")),
            (b"RIFF\x10\0\0\0WAVEfmt ", None),
            (b"<svg xmlns=\"http://www.w3.org/2000/svg\"><script>", None),
            (b"<!doctype html>", None),
            (b"", None),
        ] {
            assert_eq!(kind(bytes), expected, "{}", String::from_utf8_lossy(bytes));
        }
    }
}
