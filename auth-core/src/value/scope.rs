//! What a client may do, in words.
use super::Invalid;
use serde::{Deserialize, Serialize};
use std::{collections::BTreeSet, fmt};

/// A `scope` (RFC 6749, section 3.3): words without an order, each once; none is a scope too. At most 64 words of 128
/// characters.
///
/// ```
/// use auth_core::value::Scope;
/// let asked = Scope::parse("openid email email")?;
/// assert_eq!(asked.to_string(), "email openid");
/// assert!(asked.has("email") && Scope::parse("email")?.is_within(&asked));
/// # Ok::<(), auth_core::value::Invalid>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Scope(BTreeSet<String>);

const MOST: usize = 64;
const RULE: Invalid = Invalid("a scope is at most 64 words of at most 128 characters, with one space between");

impl Scope {
    /// Reads words with one space between each two.
    ///
    /// # Errors
    /// [`Invalid`] for any other text.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let scope = Self::of_any_length(text)?;
        if scope.0.len() > MOST { Err(RULE) } else { Ok(scope) }
    }

    /// What is kept may have grown beyond what one request may ask for.
    fn of_any_length(text: &str) -> Result<Self, Invalid> {
        let word = |word: &str| (1..=128).contains(&word.len()) && word.bytes().all(of_a_word);
        let words: BTreeSet<_> = text.split(' ').filter(|_| !text.is_empty()).map(str::to_owned).collect();
        if words.iter().all(|text| word(text)) { Ok(Self(words)) } else { Err(RULE) }
    }

    /// Whether it has this word.
    pub fn has(&self, word: &str) -> bool {
        self.0.contains(word)
    }

    /// Whether it has no word.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether the other has all its words.
    pub fn is_within(&self, other: &Self) -> bool {
        self.0.is_subset(&other.0)
    }

    /// The words of both.
    #[must_use]
    pub fn and(&self, other: &Self) -> Self {
        Self(self.0.union(&other.0).cloned().collect())
    }

    /// The words that both have.
    #[must_use]
    pub fn common(&self, other: &Self) -> Self {
        Self(self.0.intersection(&other.0).cloned().collect())
    }

    /// All but one word.
    #[must_use]
    pub fn without(&self, word: &str) -> Self {
        Self(self.0.iter().filter(|own| *own != word).cloned().collect())
    }

    /// Its words, in order.
    pub fn words(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }
}

fn of_a_word(byte: u8) -> bool {
    byte.is_ascii_graphic() && byte != b'"' && byte != b'\\'
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, word) in self.words().enumerate() {
            f.write_str(if at == 0 { "" } else { " " })?;
            f.write_str(word)?;
        }
        Ok(())
    }
}
impl std::str::FromStr for Scope {
    type Err = Invalid;
    fn from_str(text: &str) -> Result<Self, Invalid> {
        Self::parse(text)
    }
}
impl TryFrom<String> for Scope {
    type Error = Invalid;
    fn try_from(text: String) -> Result<Self, Invalid> {
        Self::of_any_length(&text)
    }
}
impl From<Scope> for String {
    fn from(scope: Scope) -> Self {
        scope.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test] // O-34
    fn a_scope_is_bounded_and_of_plain_words() {
        assert!(Scope::parse("").unwrap().is_empty());
        let words: Vec<_> = (0..64).map(|n| format!("w{n}")).collect();
        assert!(Scope::parse(&words.join(" ")).is_ok());
        for bad in [" ", "a  b", "a ", "a\tb", "a\"", "a\\b", "é", &format!("{} x", words.join(" ")), &"x".repeat(129)]
        {
            assert!(Scope::parse(bad).is_err(), "{bad:?}");
        }
    }
}
