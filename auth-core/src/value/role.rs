//! What an account is trusted with, in the words of the services that read its tokens.
use super::Invalid;
use serde::{Deserialize, Serialize};
use std::fmt;

/// A role such as `admin`, given by an operator and carried in the access token's `roles` claim (RFC 9068,
/// section 2.2.3.1).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Role(String);

impl Role {
    /// Reads a role.
    ///
    /// # Errors
    /// [`Invalid`] unless it is 1 to 32 lower-case letters, digits, `-`, `_`, `.` or `:`.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let valid = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-_.:".contains(&b);
        if !(1..=32).contains(&text.len()) || !text.bytes().all(valid) {
            return Err(Invalid("a role is 1 to 32 lower-case letters, digits, '-', '_', '.' or ':'"));
        }
        Ok(Self(text.to_owned()))
    }

    /// The role's name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
super::text_value!(Role);
