//! What a stranger can send, made up by a fuzzer, against what must hold for all of it.
//!
//! A target is a test: `cargo test` runs each over its kept corpus and for a moment over chance, `scripts/fuzz` for as
//! long as one likes with a fuzzer that looks at what code an input has reached. The README says how.
//!
//! | what comes in | where |
//! | --- | --- |
//! | e-mails, logins, passwords, names, codes, ids, languages | `values.rs` |
//! | access tokens, refresh tokens, device tokens | `tokens.rs` |
//! | Authorization, whole requests, what is said of them in answers and logs | `http.rs` |
//! | Forwarded, X-Forwarded-For | `proxy.rs` |
//! | what ends up in mails | `mail.rs` |
//! | what a store holds, what an operator sets | `trusted.rs` |
#![cfg(test)]

mod http;
mod mail;
mod proxy;
mod tokens;
mod trusted;
mod values;

use std::borrow::Cow;

/// Bytes as whoever speaks JSON can send them.
fn text(bytes: &[u8]) -> Cow<'_, str> {
    String::from_utf8_lossy(bytes)
}

/// Bytes as several things, one a line.
fn lines<const N: usize>(bytes: &[u8]) -> [&[u8]; N] {
    let mut lines = bytes.splitn(N, |byte| *byte == b'\n');
    std::array::from_fn(|_| lines.next().unwrap_or_default())
}
