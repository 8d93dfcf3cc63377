//! A code as it is mailed, and as it is typed.
use super::{Invalid, Secret};
use crate::ports::Rng;

/// A code as it is mailed, and as it is typed: six digits, or ten characters once many are guessing.
///
/// Six digits are easily read off one screen and typed on another, and are safe for as long as few wrong ones are looked
/// at. Ten characters are 50 bits: nobody guesses them in ten minutes, nor in the day that some of them last, so they need
/// no count of wrong ones, and nobody can use up that count for their owner.
#[derive(Clone, Debug)]
pub struct OneTimeCode(Secret);

/// Which of the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CodeLength {
    /// Six decimal digits (K-01): one in a million is right.
    Digits,
    /// Ten characters of base 32 in two groups, such as `7GQ2M-X4TWK`.
    Long,
}

/// Crockford's base 32: no I, L, O or U, which are read as something else.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const GROUP: usize = 5;

impl OneTimeCode {
    /// A new one, each as likely as any other.
    pub fn draw(length: CodeLength, rng: &dyn Rng) -> Self {
        Self(Secret::new(match length {
            CodeLength::Digits => format!("{:06}", below_a_million(rng)),
            CodeLength::Long => long(rng),
        }))
    }

    /// Reads six digits and nothing else (K-09); or ten characters, in upper or lower case, with or without the hyphen, the
    /// letters that are mistaken for digits taken for them.
    ///
    /// # Errors
    /// [`Invalid`] for any other text.
    pub fn parse(text: &Secret) -> Result<Self, Invalid> {
        let typed = text.expose().as_bytes();
        if typed.len() == 6 && typed.iter().all(u8::is_ascii_digit) {
            return Ok(Self(text.clone()));
        }
        let rule = Invalid("a code is six digits, or ten letters and digits");
        let (first, second) = match typed.len() {
            10 => typed.split_at(GROUP),
            11 if typed[GROUP] == b'-' => (&typed[..GROUP], &typed[GROUP + 1..]),
            _ => return Err(rule),
        };
        let mut canonical = Secret::new(String::with_capacity(11)).0;
        for (index, byte) in first.iter().chain(second).enumerate() {
            if index == GROUP {
                canonical.push('-');
            }
            let character = match byte.to_ascii_uppercase() {
                b'O' => b'0',
                b'I' | b'L' => b'1',
                other => other,
            };
            if !ALPHABET.contains(&character) {
                return Err(rule);
            }
            canonical.push(char::from(character));
        }
        Ok(Self(Secret(canonical)))
    }

    /// Which of the two it is.
    pub fn length(&self) -> CodeLength {
        if self.0.expose().len() == 6 { CodeLength::Digits } else { CodeLength::Long }
    }

    /// The text: for the mail, and for the keyed hash.
    pub fn expose(&self) -> &str {
        self.0.expose()
    }
}

fn below_a_million(rng: &dyn Rng) -> u32 {
    const CODES: u32 = 1_000_000;
    loop {
        let mut bytes = [0; 4];
        rng.fill(&mut bytes);
        let drawn = u32::from_be_bytes(bytes);
        // The last, incomplete million of what four bytes hold would favour its codes.
        if drawn < u32::MAX / CODES * CODES {
            return drawn % CODES;
        }
    }
}

fn long(rng: &dyn Rng) -> String {
    let mut bytes = [0; 2 * GROUP];
    rng.fill(&mut bytes);
    let character = |byte: &u8| char::from(ALPHABET[usize::from(byte % 32)]);
    let (first, second) = bytes.split_at(GROUP);
    first.iter().map(character).chain(['-']).chain(second.iter().map(character)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::SeededRng;
    use proptest::prelude::*;

    fn parse(text: &str) -> Result<String, Invalid> {
        OneTimeCode::parse(&Secret::new(text.to_owned())).map(|code| code.expose().to_owned())
    }

    #[test] // K-09
    fn other_texts_are_refused() {
        for text in [
            "",
            "12345",
            "1234567",
            " 12345",
            "12345 ",
            "+12345",
            "1234５6",
            "١٢٣٤٥٦",
            "ABCDE",
            "ABCDE-FGHJ",
            "ABCDE FGHJK",
            "ABCDEF-GHJK",
            "ABCDE-FGHJU",
            "ABCDE--FGHJ",
            "ABCDE-FGHJKM",
        ] {
            assert!(parse(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn a_long_code_is_read_as_people_type_it() {
        for text in ["7GQ2M-X4T10", "7gq2m-x4t10", "7GQ2MX4T10", "7gq2mx4tlo", "7GQ2M-X4TIO"] {
            assert_eq!(parse(text).as_deref(), Ok("7GQ2M-X4T10"), "{text}");
        }
    }

    proptest! {
        #[test] // K-01
        fn what_is_drawn_is_read_as_it_is(seed: u64) {
            let rng = SeededRng::new(seed);
            for length in [CodeLength::Digits, CodeLength::Long] {
                let code = OneTimeCode::draw(length, &rng);
                prop_assert_eq!(code.length(), length);
                let read = parse(code.expose());
                prop_assert_eq!(read.as_deref(), Ok(code.expose()));
            }
        }

        #[test]
        fn what_is_read_stands(text in "\\PC{0,14}|[0-9]{6}|[0-9a-zA-Z]{5}-?[0-9a-zA-Z]{5}") {
            if let Ok(code) = parse(&text) {
                prop_assert_eq!(parse(&code), Ok(code));
            }
        }
    }

    #[test] // K-01
    fn each_digit_is_drawn_at_each_place_about_as_often() {
        let (rng, mut drawn) = (SeededRng::new(1), [[0_u32; 10]; 6]);
        for _ in 0..10_000 {
            for (place, digit) in OneTimeCode::draw(CodeLength::Digits, &rng).expose().bytes().enumerate() {
                drawn[place][usize::from(digit - b'0')] += 1;
            }
        }
        assert!(drawn.iter().flatten().all(|count| (850..1_150).contains(count)), "{drawn:?}");
    }
}
