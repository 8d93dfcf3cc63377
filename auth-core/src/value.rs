//! The words of the domain. Each is parsed once, at the edge, and valid ever after.

mod client;
mod device;
mod email;
mod id;
mod locale;
mod login;
mod one_time_code;
mod password;
mod role;
mod scope;
mod secret;
mod timestamp;
pub(crate) mod wide;

pub use self::{
    client::ClientId,
    device::DeviceName,
    email::Email,
    id::{CodeId, MailId, SessionId, Subject, UserId},
    locale::Locale,
    login::{Identifier, Login},
    one_time_code::{CodeLength, OneTimeCode},
    password::Password,
    role::Role,
    scope::Scope,
    secret::Secret,
    timestamp::Timestamp,
};

/// Why a text is not the value that it was parsed for. Its message names the rule, never the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Invalid(pub &'static str);

/// `FromStr` from a `parse`, and serde through the text: what a store holds is parsed again when it is read.
macro_rules! text_value {
    ($name:ident) => {
        impl std::str::FromStr for $name {
            type Err = crate::value::Invalid;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Self::parse(text)
            }
        }
        impl TryFrom<String> for $name {
            type Error = crate::value::Invalid;
            fn try_from(text: String) -> Result<Self, Self::Error> {
                Self::parse(&text)
            }
        }
        impl From<$name> for String {
            fn from(value: $name) -> Self {
                value.to_string()
            }
        }
    };
}
pub(crate) use text_value;
