//! The name that a person chooses.
use super::{Email, Invalid};
use precis_profiles::{UsernameCaseMapped, precis_core::profile::PrecisFastInvocation};
use serde::{Deserialize, Serialize};
use std::{fmt, hash};
use unicode_security::{MixedScript, skeleton};

const RULE: Invalid =
    Invalid("a login has 3 to 32 letters and digits of one script, with '.', '_' or '-' only between them");

/// A login in its canonical form.
///
/// The form is decided here, once: blanks around it are dropped, width and case are mapped and it is composed (PRECIS
/// `UsernameCaseMapped`, RFC 8265, section 3.3), it is written in one script (UTS 39, section 5.1), and two logins are
/// one if they *look* alike: equality, hash and [`key`](Self::key) go by the skeleton (UTS 39, section 4), so that
/// nobody registers a Cyrillic twin of a Latin name.
///
/// ```
/// use auth_core::value::Login;
/// let login: Login = " Ann ".parse()?;
/// assert_eq!(login.as_str(), "ann");
/// assert!("аnn".parse::<Login>().is_err(), "a Cyrillic а among Latin letters");
/// # Ok::<(), auth_core::value::Invalid>(())
/// ```
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Login {
    text: String,
    key: String,
}

impl Login {
    /// Reads a login. Records are read by the same rule: it may be loosened, but not tightened, without a migration.
    ///
    /// # Errors
    /// [`Invalid`] if it breaks the rule that the message names.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let text = text.trim();
        // Four bytes a character at most: what is longer is not worth normalising.
        if text.len() > 4 * 32 {
            return Err(RULE);
        }
        let text = UsernameCaseMapped::enforce(text).map_err(|_| RULE)?.into_owned();
        let joint = |c: char| matches!(c, '.' | '_' | '-');
        let inner = |c: char| c.is_alphanumeric() || joint(c) || is_mark(c);
        if !(3..=32).contains(&text.chars().count())
            || !text.chars().all(inner)
            || text.starts_with(|c| joint(c) || is_mark(c))
            || text.ends_with(joint)
            || !text.as_str().is_single_script()
        {
            return Err(RULE);
        }
        Ok(Self { key: skeleton(&text).collect(), text })
    }

    /// The login as it is shown.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// What is unique: a store keeps its index on this.
    pub fn key(&self) -> &str {
        &self.key
    }
}

/// Combining marks that PRECIS lets through: without them some scripts cannot be written.
fn is_mark(c: char) -> bool {
    unicode_normalization::char::is_combining_mark(c)
}

impl PartialEq for Login {
    fn eq(&self, other: &Self) -> bool {
        self.key == other.key
    }
}
impl Eq for Login {}
impl hash::Hash for Login {
    fn hash<H: hash::Hasher>(&self, state: &mut H) {
        self.key.hash(state);
    }
}

impl fmt::Display for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}
super::text_value!(Login);

/// What a person types where a login or an e-mail is asked for.
///
/// Reading it never fails: what can be neither names nobody, and is refused where a wrong password is, by the same
/// answer after the same work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Identifier {
    /// A login.
    Login(Login),
    /// An e-mail address: it holds an `@`, which no login does.
    Email(Email),
    /// Neither.
    Nobody,
}

impl Identifier {
    /// Reads what was typed.
    pub fn parse(text: &str) -> Self {
        if text.contains('@') {
            Email::parse(text).map_or(Self::Nobody, Self::Email)
        } else {
            Login::parse(text).map_or(Self::Nobody, Self::Login)
        }
    }

    /// The canonical form that limits are counted on.
    pub fn key(&self) -> &str {
        match self {
            Self::Login(login) => login.key(),
            Self::Email(email) => email.key(),
            Self::Nobody => "",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn login(text: &str) -> Login {
        Login::parse(text).unwrap_or_else(|rule| panic!("{text:?}: {rule}"))
    }

    #[test]
    fn case_width_blanks_and_composition_make_no_difference() {
        for text in ["ann", "Ann", "  ANN ", "ａｎｎ"] {
            assert_eq!(login(text).as_str(), "ann");
        }
        assert_eq!(login("Jose\u{301}").as_str(), login("jos\u{e9}").as_str());
        assert_eq!(login("Анна"), login("АННА"));
    }

    #[test]
    fn homographs_are_one_login_or_none() {
        assert_eq!(login("сор"), login("cop"), "all Cyrillic, all Latin, alike to the eye");
        assert!(Login::parse("аdmin").is_err(), "mixed scripts");
        assert_ne!(login("anna"), login("annie"));
    }

    #[test]
    fn other_texts_are_refused() {
        for text in [
            "",
            "an",
            "a b c",
            "ann@x.org",
            "-ann",
            "ann-",
            ".ann",
            "an\u{200d}n",
            "an\u{0}n",
            "ann\r\n.x",
            "\u{301}ann",
        ] {
            assert!(Login::parse(text).is_err(), "{text:?}");
        }
        assert!(Login::parse(&"a".repeat(33)).is_err());
        assert!(Login::parse(&"a".repeat(1_000_000)).is_err());
        for text in ["a.b", "a_b-c", "bob.2", "Анна-2", "田中太郎", "אברהם"] {
            let _ = login(text);
        }
    }

    /// Stores keep the key in an index. If an update of the Unicode tables moves one of these, the logins that stand have
    /// to be indexed anew by a migration before anybody is looked up by the new keys.
    #[test]
    fn the_keys_that_stores_hold_stay_what_they_are() {
        for (text, key) in [
            ("ann", "ann"),
            ("modern", "rnodern"),
            ("user10", "userlO"),
            ("анна", "aʜʜa"),
            ("мария", "ʍapᴎᴙ"),
            ("jos\u{e9}", "jose\u{301}"),
        ] {
            assert_eq!(login(text).key(), key);
        }
    }

    proptest! {
        #[test]
        fn the_canonical_form_stands(text in "\\PC{0,40}") {
            if let Ok(login) = Login::parse(&text) {
                let again = Login::parse(login.as_str()).unwrap();
                prop_assert_eq!(again.as_str(), login.as_str());
                prop_assert!(!login.as_str().contains('@'));
            }
        }
    }
}
