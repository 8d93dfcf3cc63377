//! Names of things: random, never reused, written in lower-case hex.
use crate::{ports::Rng, value::Invalid};
use serde::{Deserialize, Serialize};
use std::fmt;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $rule:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name([u8; 16]);

        impl $name {
            /// A new one, from 128 random bits.
            pub fn generate(rng: &dyn Rng) -> Self {
                let mut bytes = [0; 16];
                rng.fill(&mut bytes);
                Self(bytes)
            }

            /// One that was derived elsewhere, from a keyed hash for instance.
            pub const fn from_bytes(bytes: [u8; 16]) -> Self {
                Self(bytes)
            }

            /// Its 16 bytes.
            pub const fn as_bytes(&self) -> &[u8; 16] {
                &self.0
            }

            /// Reads 32 lower-case hex digits.
            ///
            /// # Errors
            /// [`Invalid`] for any other text.
            pub fn parse(text: &str) -> Result<Self, Invalid> {
                unhex(text).map(Self).ok_or(Invalid($rule))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
            }
        }
        crate::value::text_value!($name);
    };
}

id!(/// Names an account for ever; never reused.
    UserId, "a user id is 32 lower-case hex digits");
id!(/// A keyed hash of a canonical e-mail address: groups what concerns one address, known or not, without holding it.
    Subject, "a subject is 32 lower-case hex digits");
id!(/// Names one mail in the outbox.
    MailId, "a mail id is 32 lower-case hex digits");

/// A name in two halves: whom it belongs to, so that a distributed store finds the partition, and which one.
macro_rules! pair_id {
    ($(#[$doc:meta])* $name:ident, $of:ident: $owner:ident, $rule:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name {
            $of: $owner,
            nonce: [u8; 16],
        }

        impl $name {
            /// A new one, with 128 random bits of its own.
            pub fn generate($of: $owner, rng: &dyn Rng) -> Self {
                let mut nonce = [0; 16];
                rng.fill(&mut nonce);
                Self { $of, nonce }
            }

            /// Whom it belongs to.
            pub const fn $of(&self) -> $owner {
                self.$of
            }

            /// Its 32 bytes, the owner's first.
            pub fn to_bytes(&self) -> [u8; 32] {
                let mut bytes = [0; 32];
                bytes[..16].copy_from_slice(self.$of.as_bytes());
                bytes[16..].copy_from_slice(&self.nonce);
                bytes
            }

            /// What [`to_bytes`](Self::to_bytes) gave.
            pub fn from_bytes(bytes: [u8; 32]) -> Self {
                let (mut owner, mut nonce) = ([0; 16], [0; 16]);
                owner.copy_from_slice(&bytes[..16]);
                nonce.copy_from_slice(&bytes[16..]);
                Self { $of: $owner(owner), nonce }
            }

            /// Reads 64 lower-case hex digits.
            ///
            /// # Errors
            /// [`Invalid`] for any other text.
            pub fn parse(text: &str) -> Result<Self, Invalid> {
                let halves = text.is_ascii().then_some(text).and_then(|text| text.split_at_checked(32));
                let (owner, nonce) = halves.ok_or(Invalid($rule))?;
                let nonce = unhex(nonce).ok_or(Invalid($rule))?;
                Ok(Self { $of: $owner(unhex(owner).ok_or(Invalid($rule))?), nonce })
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.$of.fmt(f)?;
                self.nonce.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
            }
        }
        crate::value::text_value!($name);
    };
}

pair_id!(/// Names one issued code. A store finds its slot by the subject; guesses without the nonce reach no code.
    CodeId, subject: Subject, "a code id is 64 lower-case hex digits");
pair_id!(/// Names one signed-in device. Public, as `sid`: knowing it lets nobody act on the session.
    SessionId, user: UserId, "a session id is 64 lower-case hex digits");

fn unhex(text: &str) -> Option<[u8; 16]> {
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    };
    let digits: &[u8; 32] = text.as_bytes().try_into().ok()?;
    let mut out = [0; 16];
    for (byte, pair) in out.iter_mut().zip(digits.chunks_exact(2)) {
        *byte = (digit(pair[0])? << 4) | digit(pair[1])?;
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn parse_undoes_display(owner: [u8; 16], nonce: [u8; 16]) {
            let user = UserId::from_bytes(owner);
            prop_assert_eq!(UserId::parse(&user.to_string()), Ok(user));
            let session = SessionId { user, nonce };
            prop_assert_eq!(SessionId::parse(&session.to_string()), Ok(session));
            prop_assert_eq!(SessionId::from_bytes(session.to_bytes()), session);
        }

        #[test]
        fn one_spelling_each(text in ".{0,80}") {
            if let Ok(id) = CodeId::parse(&text) {
                prop_assert_eq!(id.to_string(), text);
            }
        }
    }

    #[test]
    fn other_texts_are_refused() {
        for text in ["", "0", "ABCDEFabcdefabcdefabcdefabcdefab", "+1234567890123456789012345678901"] {
            assert!(UserId::parse(text).is_err(), "{text}");
        }
        assert!(SessionId::parse(&"é".repeat(32)).is_err());
    }
}
