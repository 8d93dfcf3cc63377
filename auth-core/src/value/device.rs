//! What a person calls a device.
use super::Invalid;
use serde::{Deserialize, Serialize};
use std::fmt;

/// The name of a signed-in device, as shown in the list of sessions: 1 to 64 characters, none of them a control.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct DeviceName(String);

impl DeviceName {
    /// Reads a name, without the blanks around it.
    ///
    /// # Errors
    /// [`Invalid`] if it is empty, over 64 characters, or holds a control character.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let text = text.trim();
        if !(1..=64).contains(&text.chars().count()) || text.chars().any(char::is_control) {
            return Err(Invalid("a device name has 1 to 64 characters and no control characters"));
        }
        Ok(Self(text.to_owned()))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for DeviceName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
super::text_value!(DeviceName);
