//! Which passwords are good enough (NIST SP 800-63B-4, section 3.1.1.2; OWASP ASVS 5, V6.2).
use crate::value::{Invalid, Password};
use std::iter;
use zeroize::Zeroizing;

/// The rules for a *new* password: long enough, not among the first to be guessed, not about its owner. There are none
/// on what characters it is made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PasswordRules {
    min_chars: usize,
    words: Vec<String>,
}

/// Why a password is not good enough, in words for the person who chose it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Weak {
    /// Too few characters.
    #[error("a password has at least {min} characters: four or five words in a row are easy to keep in mind")]
    TooShort {
        /// How many it takes.
        min: usize,
    },
    /// Among the first that anyone would try.
    #[error("this password is among the first that anyone would try: choose words that do not belong together")]
    Common,
    /// Little more than a word that everybody knows to belong here.
    #[error("this password is little more than your login, your e-mail address or the name of this service")]
    Context,
}

impl PasswordRules {
    /// No setting goes below.
    pub const LOWEST_MIN_CHARS: usize = 8;

    /// Passwords of at least `min_chars` characters that are not built on one of `words`: the names of the product and
    /// of whoever runs it.
    ///
    /// # Errors
    /// [`Invalid`] unless `min_chars` is 8 to 64.
    pub fn new(min_chars: usize, words: Vec<String>) -> Result<Self, Invalid> {
        if !(Self::LOWEST_MIN_CHARS..=64).contains(&min_chars) {
            return Err(Invalid("the shortest password that is taken has 8 to 64 characters"));
        }
        Ok(Self { min_chars, words })
    }

    /// How many characters it takes at least.
    pub const fn min_chars(&self) -> usize {
        self.min_chars
    }

    /// Judges a new password for an account whose own words are these: its login, the local part of its e-mail.
    ///
    /// # Errors
    /// [`Weak`] says what is wrong with it.
    pub fn check(&self, password: &Password, own: &[&str]) -> Result<(), Weak> {
        let chars = password.expose().chars().count();
        if chars < self.min_chars {
            return Err(Weak::TooShort { min: self.min_chars });
        }
        let words = self.words.iter().map(String::as_str).chain(own.iter().copied());
        if is_about(password.expose(), words) {
            return Err(Weak::Context);
        }
        if is_common(password.expose()) { Err(Weak::Common) } else { Ok(()) }
    }
}

impl Default for PasswordRules {
    /// 15 characters, as long as the password is the only factor.
    fn default() -> Self {
        Self { min_chars: 15, words: Vec::new() }
    }
}

/// Whether fewer than eight characters are left without these words. A word of three letters is in many a good
/// passphrase by chance, and does not count.
fn is_about<'a>(password: &str, words: impl Iterator<Item = &'a str>) -> bool {
    let mut rest = Zeroizing::new(password.to_lowercase());
    let mut words: Vec<String> = words.map(str::to_lowercase).filter(|word| word.chars().count() >= 4).collect();
    words.sort_by_key(|word| usize::MAX - word.len());
    for word in &words {
        rest = Zeroizing::new(rest.replace(word.as_str(), ""));
    }
    rest.chars().count() < 8
}

/// As many characters as are estimated at once. The estimate takes time by the square of them.
const STRETCH: usize = 32;

/// Whether every stretch of it would soon be guessed, by zxcvbn's estimate: it knows 30,000 common passwords and as many
/// names and words, forwards, backwards and with look-alike digits, and repeats, sequences, dates and keyboard walks.
fn is_common(password: &str) -> bool {
    let chars: Zeroizing<Vec<char>> = Zeroizing::new(password.chars().collect());
    // A repeat is worth what some of it is, however long.
    let period = (1..=chars.len() / 2).find(|period| chars[*period..] == chars[..chars.len() - period]);
    let judged = period.map_or(chars.len(), |period| period * (STRETCH / period).max(2));
    let chars = &chars[..judged.min(chars.len())];
    let stretches = chars.len().div_ceil(STRETCH).max(1);
    chars.chunks(chars.len().div_ceil(stretches).max(1)).all(|stretch| {
        let text = Zeroizing::new(readable(stretch));
        // One character's worth less than random ones, up to nine of those: what is short and random passes.
        let enough = iter::repeat_n(10, stretch.len().saturating_sub(1).min(9)).product();
        zxcvbn::zxcvbn(&text, &[]).guesses() < enough
    })
}

/// The text, with look-alike signs read as letters if there are many kinds of them: zxcvbn tries every combination of
/// what they may stand for, and that can be made to take a second.
fn readable(stretch: &[char]) -> String {
    const DIGITS: &str = "0123456789";
    const SIGNS: &str = "@({[<!|$+%";
    const LETTERS: &str = "acccciistx";
    if DIGITS.chars().chain(SIGNS.chars()).filter(|kind| stretch.contains(kind)).count() <= 10 {
        return stretch.iter().collect();
    }
    let letter =
        |c: &char| SIGNS.chars().zip(LETTERS.chars()).find(|(sign, _)| sign == c).map_or(*c, |(_, letter)| letter);
    stretch.iter().map(letter).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::Secret;
    use proptest::prelude::*;

    fn judge(min_chars: usize, text: &str) -> Result<(), Weak> {
        let rules = PasswordRules::new(min_chars, vec!["Weather Station".to_owned(), "Nimbus".to_owned()]).unwrap();
        let password = Password::parse(Secret::new(text.to_owned())).unwrap();
        rules.check(&password, &["johnsmith", "Jo.Archer"])
    }

    #[test] // P-01
    fn it_takes_fifteen_characters_unless_set_and_never_fewer_than_eight() {
        assert_eq!(PasswordRules::default().min_chars(), 15);
        assert_eq!(judge(15, "xk7 dq2 mv9 lo"), Err(Weak::TooShort { min: 15 }));
        assert_eq!(judge(15, "xk7 dq2 mv9 lop"), Ok(()));
        assert_eq!(judge(8, "xk7dq2mv"), Ok(()));
        for refused in [0, 7, 65, usize::MAX] {
            assert!(PasswordRules::new(refused, Vec::new()).is_err());
        }
    }

    #[test] // P-02, P-04
    fn characters_are_counted_whatever_they_are_made_of() {
        assert_eq!(judge(8, "ёжикспит"), Ok(()), "8 characters, 16 bytes");
        assert_eq!(judge(8, "ёжик"), Err(Weak::TooShort { min: 8 }), "8 bytes");
        for text in [
            "кот ест рыбу на крыше",
            "correct horse battery staple",
            "猫は屋根の上で魚を食べています",
            "🦊 🌧 🚲 🧲 🪵 🥝 🎻 🧭",
        ] {
            assert_eq!(judge(15, text), Ok(()), "{text}");
        }
        assert_eq!(judge(15, "onlylowercaselettersherethen"), Ok(()));
        assert_eq!(judge(15, &"Vq8 mump grile tas. ".repeat(20)[..256]), Ok(()));
    }

    #[test] // P-06: a sample over all ranks of the 3,000 most common of 8 characters or more, and those of 15 or more
    fn common_passwords_are_refused() {
        let mut count = 0;
        for text in include_str!("common_sample.txt").split_whitespace() {
            assert_eq!(judge(8, text), Err(Weak::Common), "{text}");
            assert_eq!(judge(8, &text.to_uppercase()), Err(Weak::Common), "{text}");
            if text.chars().count() >= 15 {
                assert_eq!(judge(15, text), Err(Weak::Common), "{text}");
            }
            count += 1;
        }
        assert!(count > 300);
    }

    #[test] // P-06
    fn padding_a_common_password_does_not_help() {
        for text in [
            "aaaaaaaaaaaaaaa",
            "ааааааааааааааа",
            "abababababababab",
            "123456789012345",
            "abcdefghijklmno",
            "111111222222333",
            "qwertyuiopasdfg",
            "passwordpassword",
            "password1234567",
            "Password1234567!",
            "passwordpassword1",
            "p@ssw0rdp@ssw0rd",
            "password2024!!!!",
            "iloveyouiloveyou",
            "drowssapdrowssap",
            "letmein12345678",
            "monkeymonkeymonkey",
            "пароль123456789",
            "dragonmonkey1234",
            "summer2024summer",
        ] {
            assert_eq!(judge(15, text), Err(Weak::Common), "{text}");
        }
        for repeated in ["a", "password", "1234567890", "qwerty 123 "] {
            let text = repeated.repeat(200 / repeated.len());
            assert_eq!(judge(15, &text), Err(Weak::Common), "{text}");
        }
        assert_eq!(judge(15, &("password".repeat(10) + "Vq8 mump grile tas, jolt")), Ok(()), "the end is good enough");
    }

    #[test] // P-08
    fn what_is_about_the_owner_or_the_service_is_refused() {
        for text in [
            "johnsmith123456",
            "JohnSmithJohnSmith",
            "xxjohnsmith2024",
            "jo.archer#12345",
            "nimbus nimbus nimbus",
            "weather station 1",
            "nimbus-johnsmith-1",
        ] {
            assert_eq!(judge(15, text), Err(Weak::Context), "{text}");
        }
        assert_eq!(judge(15, "johnsmith eats purple bicycles"), Ok(()), "enough is left");
        let rules = PasswordRules::default();
        let text = Password::parse(Secret::new("banners annex scanner".to_owned())).unwrap();
        assert_eq!(rules.check(&text, &["ann", "a"]), Ok(()), "a short word by chance");
    }

    #[test]
    fn many_lookalikes_are_read_in_one_way() {
        let hostile: Vec<char> = "4@8({[<3691!|70$5+%2".chars().collect();
        assert_eq!(readable(&hostile), "4a8cccc3691ii70s5tx2");
        let usual: Vec<char> = "p@$$w0rd!".chars().collect();
        assert_eq!(readable(&usual), "p@$$w0rd!");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn no_password_panics(text in "\\PC{8,256}|[a-b1@!(]{8,256}|.{8,64}") {
            if let Ok(password) = Password::parse(Secret::new(text)) {
                let rules = PasswordRules::default();
                let _ = rules.check(&password, &["ann"]);
            }
        }
    }
}
