//! Which language a person reads.
use super::Invalid;
use serde::{Deserialize, Serialize};
use std::fmt;

/// A language tag such as `en` or `ru-RU` (RFC 5646, bounded to 35 characters). Whoever renders a text takes the
/// nearest that it has.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Locale(String);

impl Locale {
    /// Reads one tag, lower-casing it.
    ///
    /// # Errors
    /// [`Invalid`] unless it is letters and digits in groups of one to eight, joined by hyphens.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let group = |group: &str| (1..=8).contains(&group.len()) && group.bytes().all(|b| b.is_ascii_alphanumeric());
        if text.len() > 35 || !text.split('-').all(group) || !text.starts_with(|c: char| c.is_ascii_alphabetic()) {
            return Err(Invalid("a language tag is letters and digits joined by hyphens, like en or ru-RU"));
        }
        Ok(Self(text.to_ascii_lowercase()))
    }

    /// The first tag of an `Accept-Language` header (RFC 9110, section 12.5.4) by its weights, if there is one.
    pub fn from_accept_language(header: &str) -> Option<Self> {
        let mut best: Option<(Self, f32)> = None;
        for part in header.split(',').take(16) {
            let (tag, weight) = part.split_once(';').unwrap_or((part, "q=1"));
            let weight = weight.trim().strip_prefix("q=").and_then(|q| q.parse::<f32>().ok()).unwrap_or(0.0);
            let Ok(locale) = Self::parse(tag.trim()) else { continue };
            if weight > 0.0 && best.as_ref().is_none_or(|(_, best)| weight > *best) {
                best = Some((locale, weight));
            }
        }
        best.map(|(locale, _)| locale)
    }

    /// The tag, in lower case.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The language alone: `ru` of `ru-ru`.
    pub fn language(&self) -> &str {
        self.0.split('-').next().unwrap_or(&self.0)
    }
}

impl Default for Locale {
    /// `en`.
    fn default() -> Self {
        Self("en".to_owned())
    }
}

impl fmt::Display for Locale {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
super::text_value!(Locale);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_heaviest_tag_wins_and_nonsense_is_passed_over() {
        let pick = |header| Locale::from_accept_language(header).map(|locale| locale.to_string());
        assert_eq!(pick("ru-RU, en;q=0.8").as_deref(), Some("ru-ru"));
        assert_eq!(pick("en;q=0.3, ru;q=0.9").as_deref(), Some("ru"));
        assert_eq!(pick("*, ;;;, en;q=0, \u{7f}"), None);
        assert_eq!(pick(&"x".repeat(9_000)), None);
    }
}
