//! The two codes of a device: the one that it keeps, and the one that it shows to its person.
use crate::provider::sha256;
use auth_core::{ports::Rng, value::*};
use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine as _};
use std::fmt;

/// What a device shows, and a person types elsewhere: eight letters, such as `WDJB-MJHT` (RFC 8628, section 6.1). They are
/// 34 bits: enough while few wrong ones are looked at.
#[derive(Clone, PartialEq, Eq)]
pub struct UserCode(String);

/// No vowels, so that no word comes of it.
const ALPHABET: &[u8; 20] = b"BCDFGHJKLMNPQRSTVWXZ";
const LENGTH: usize = 8;

impl UserCode {
    /// A new one, each as likely as any other.
    pub fn draw(rng: &dyn Rng) -> Self {
        Self((0..LENGTH).map(|_| letter(rng)).collect())
    }

    /// Reads what a person has typed: in upper or lower case, with whatever between the letters.
    ///
    /// # Errors
    /// [`Invalid`] unless there are eight of the letters, and no other letter or digit.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let typed = text.chars().filter(|c| c.is_alphanumeric()).map(|c| c.to_ascii_uppercase());
        let code: String = typed.take(LENGTH + 1).collect();
        if code.len() != LENGTH || !code.bytes().all(|byte| ALPHABET.contains(&byte)) {
            return Err(Invalid("a user code is eight letters of BCDFGHJKLMNPQRSTVWXZ"));
        }
        Ok(Self(code))
    }

    /// The letters alone: for the keyed hash.
    pub(super) fn expose(&self) -> &str {
        &self.0
    }
}

/// As it is shown.
impl fmt::Display for UserCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (first, second) = self.0.split_at(LENGTH / 2);
        write!(f, "{first}-{second}")
    }
}

impl fmt::Debug for UserCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[user code]")
    }
}

fn letter(rng: &dyn Rng) -> char {
    loop {
        let mut byte = [0];
        rng.fill(&mut byte);
        // The last, incomplete score of what a byte holds would favour its letters.
        if byte[0] < 240 {
            return char::from(ALPHABET[usize::from(byte[0] % 20)]);
        }
    }
}

/// What a device shows at the token endpoint: `dc_` and 48 bytes in base64url, which are the name of its request and 256
/// random bits.
pub(crate) struct DeviceCode {
    pub(super) name: [u8; 16],
    text: Secret,
}

const PREFIX: &str = "dc_";

impl DeviceCode {
    pub(super) fn draw(name: [u8; 16], rng: &dyn Rng) -> Self {
        let mut random = [0; 32];
        rng.fill(&mut random);
        let bytes = [&name[..], &random].concat();
        Self { name, text: Secret::new(format!("{PREFIX}{}", BASE64_URL_SAFE_NO_PAD.encode(bytes))) }
    }

    /// Reads a text. It proves nothing yet: the request must have the same digest.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let encoded = text.strip_prefix(PREFIX).filter(|encoded| encoded.len() == 64)?;
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(encoded).ok()?;
        let name = *bytes.first_chunk()?;
        Some(Self { name, text: Secret::new(text.to_owned()) })
    }

    pub(super) fn reveal(&self) -> Secret {
        self.text.clone()
    }

    /// What is kept of it.
    pub(super) fn digest(&self) -> String {
        sha256(self.text.expose())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use auth_core::testing::SeededRng;
    use proptest::prelude::*;

    proptest! {
        #[test] // RFC 8628, section 6.1
        fn a_user_code_is_read_however_it_is_typed(seed: u64, between in "[ \t._\u{2013}-]{0,3}", lower: bool) {
            let code = UserCode::draw(&SeededRng::new(seed));
            let shown = code.to_string();
            prop_assert_eq!(shown.len(), 9);
            prop_assert_eq!(UserCode::parse(&shown), Ok(code.clone()));
            let typed: String = shown.chars().map(|c| if c == '-' { between.clone() } else { c.to_string() }).collect();
            let typed = format!("{between}{}{between}", if lower { typed.to_lowercase() } else { typed });
            prop_assert_eq!(UserCode::parse(&typed), Ok(code));
        }

        #[test]
        fn what_is_read_stands(text in "\\PC{0,12}|[a-zA-Z-]{7,10}") {
            if let Ok(code) = UserCode::parse(&text) {
                prop_assert_eq!(UserCode::parse(&code.to_string()), Ok(code));
            }
        }

        #[test] // S-14
        fn a_device_code_names_its_request_and_has_one_spelling(seed: u64, name: [u8; 16], text in "dc_[A-Za-z0-9_=-]{63,65}") {
            let code = DeviceCode::draw(name, &SeededRng::new(seed));
            let read = DeviceCode::parse(code.reveal().expose()).unwrap();
            prop_assert_eq!((read.name, read.digest()), (name, code.digest()));
            if let Some(read) = DeviceCode::parse(&text) {
                prop_assert_eq!(read.digest(), sha256(&text));
            }
        }
    }

    #[test]
    fn other_texts_are_no_user_codes() {
        for text in ["", "WDJB-MJH", "WDJB-MJHTT", "WDJB-MJHA", "WDJB-MJH7", "ＷDJB-MJHT", "WDJBéMJHT", "1234-5678"] {
            assert!(UserCode::parse(text).is_err(), "{text}");
        }
    }

    #[test] // O-30
    fn each_letter_is_drawn_about_as_often() {
        let (rng, mut drawn) = (SeededRng::new(1), [0_u32; 20]);
        for byte in (0..5_000).flat_map(|_| UserCode::draw(&rng).0.into_bytes()) {
            drawn[ALPHABET.iter().position(|letter| *letter == byte).unwrap()] += 1;
        }
        assert!(drawn.iter().all(|count| (1_800..2_200).contains(count)), "{drawn:?}");
    }
}
