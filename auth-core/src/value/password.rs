//! A password as it was typed, in one form.
use super::{Invalid, Secret};
use std::fmt;
use unicode_normalization::UnicodeNormalization;

/// A password in the one form that is hashed: NFKC, otherwise letter for letter as it was typed. Whether a *new* one is
/// good enough is for [`PasswordRules`](crate::password::PasswordRules) to say.
#[derive(Clone)]
pub struct Password(Secret);

impl Password {
    /// The longest that is taken, in characters. Never cut: a longer one is refused.
    pub const MAX_CHARS: usize = 256;

    /// Normalises a password, so that both spellings of "é" log in.
    ///
    /// # Errors
    /// [`Invalid`] if it is empty or longer than [`MAX_CHARS`](Self::MAX_CHARS) before or after.
    pub fn parse(text: Secret) -> Result<Self, Invalid> {
        // Counted before as well: one character can become eighteen, and none of that work is owed to a stranger.
        let fits = |text: &str| text.chars().take(Self::MAX_CHARS + 1).count() <= Self::MAX_CHARS;
        let rule = Invalid("a password has 1 to 256 characters");
        if text.expose().is_empty() || !fits(text.expose()) {
            return Err(rule);
        }
        // Room for all of it at once: a text that grows leaves pieces of itself behind.
        let mut normal = String::with_capacity(4 * 18 * Self::MAX_CHARS);
        normal.extend(text.expose().nfkc().take(Self::MAX_CHARS + 1));
        let normal = Secret::new(normal);
        drop(text); // and with it what was typed
        if fits(normal.expose()) { Ok(Self(normal)) } else { Err(rule) }
    }

    /// The text that is hashed.
    pub fn expose(&self) -> &str {
        self.0.expose()
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[secret]")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Password, Invalid> {
        Password::parse(Secret::new(text.to_owned()))
    }

    #[test] // P-05
    fn both_spellings_of_an_accent_are_one_password() {
        assert_eq!(parse("caf\u{e9}").unwrap().expose(), parse("cafe\u{301}").unwrap().expose());
    }

    #[test] // P-03
    fn nothing_else_is_changed() {
        for text in [" Blanks around ", "CASE", &"7".repeat(73)] {
            assert_eq!(parse(text).unwrap().expose(), text);
        }
    }

    #[test] // P-02
    fn the_longest_is_taken_whole_and_a_longer_one_refused() {
        assert!(parse(&"я".repeat(256)).is_ok());
        assert!(parse(&"я".repeat(257)).is_err());
        assert!(parse("").is_err());
        assert!(parse(&"\u{fdfa}".repeat(200)).is_err(), "longer once normalised");
    }
}
