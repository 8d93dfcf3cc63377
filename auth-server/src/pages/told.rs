//! What a page tells of what was just tried.
use serde::Serialize;
use std::time::Duration;

/// What there is to tell of what was just tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Told {
    /// Unknown, disabled, or the wrong password: one text for all.
    Wrong,
    /// What was filled in does not do.
    Fields(Wrong),
    /// Right, but not whom the client expects.
    OtherAccount,
    /// No device waits under that code.
    NoDevice,
    /// What proves that the page was shown is missing, or too old.
    Stale,
    /// Too many attempts.
    Slow(Duration),
    /// No room for this one.
    Busy(Duration),
    /// A new code is on its way.
    SentAgain,
    /// The account is there.
    Registered,
    /// The new password is good.
    PasswordChanged,
    /// The client has no access any more.
    Withdrawn,
}

/// What is wrong with what was filled in, field by field.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Wrong {
    pub username: Option<Rule>,
    pub email: Option<Rule>,
    pub password: Option<Rule>,
    pub code: Option<Rule>,
}

/// The rule that a field breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// What a login is made of.
    Login,
    /// Another person has that login.
    LoginTaken,
    /// One plain address.
    Email,
    /// So many characters at least.
    PasswordShort(usize),
    /// So many at most.
    PasswordLong(usize),
    /// Among the first that anyone would try.
    PasswordCommon,
    /// Little more than what everybody knows to belong here.
    PasswordContext,
    /// Wrong, expired, used or unknown.
    Code,
}

/// As the templates see it: the name of its words, and a number for them.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct Text {
    word: &'static str,
    count: u64,
    /// Nothing went wrong.
    good: bool,
}

/// The same, of each field.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub(super) struct Texts {
    username: Option<Text>,
    email: Option<Text>,
    password: Option<Text>,
    code: Option<Text>,
}

impl Told {
    /// One of each kind.
    pub(super) fn samples() -> impl Iterator<Item = Self> {
        let (short, long) = (Duration::from_secs(2), Duration::from_mins(5));
        let all = |username, email, password, code| {
            Self::Fields(Wrong {
                username: Some(username),
                email: Some(email),
                password: Some(password),
                code: Some(code),
            })
        };
        [
            Self::Wrong,
            all(Rule::Login, Rule::Email, Rule::PasswordShort(15), Rule::Code),
            all(Rule::LoginTaken, Rule::Email, Rule::PasswordLong(256), Rule::Code),
            all(Rule::LoginTaken, Rule::Email, Rule::PasswordCommon, Rule::Code),
            all(Rule::LoginTaken, Rule::Email, Rule::PasswordContext, Rule::Code),
            Self::OtherAccount,
            Self::NoDevice,
            Self::Stale,
            Self::Slow(short),
            Self::Slow(long),
            Self::Busy(short),
            Self::SentAgain,
            Self::Registered,
            Self::PasswordChanged,
            Self::Withdrawn,
        ]
        .into_iter()
    }

    /// For all of the page.
    pub(super) fn word(self) -> Text {
        let (word, count) = match self {
            Self::Wrong => ("wrong", 0),
            Self::Fields(_) => ("fields", 0),
            Self::OtherAccount => ("other_account", 0),
            Self::NoDevice => ("no_device", 0),
            Self::Stale => ("stale", 0),
            Self::Slow(wait) if wait > Duration::from_mins(2) => ("slow_minutes", wait.as_secs().div_ceil(60)),
            Self::Slow(wait) => ("slow_seconds", wait.as_secs().max(1)),
            Self::Busy(_) => ("busy", 0),
            Self::SentAgain => ("sent_again", 0),
            Self::Registered => ("registered", 0),
            Self::PasswordChanged => ("password_changed", 0),
            Self::Withdrawn => ("withdrawn", 0),
        };
        Text {
            word,
            count,
            good: matches!(self, Self::SentAgain | Self::Registered | Self::PasswordChanged | Self::Withdrawn),
        }
    }

    /// For each field.
    pub(super) fn words(self) -> Texts {
        let Self::Fields(Wrong { username, email, password, code }) = self else { return Texts::default() };
        let word = |rule: Option<Rule>| rule.map(Rule::word);
        Texts { username: word(username), email: word(email), password: word(password), code: word(code) }
    }
}

impl Rule {
    fn word(self) -> Text {
        let (word, count) = match self {
            Self::Login => ("login", 0),
            Self::LoginTaken => ("login_taken", 0),
            Self::Email => ("email", 0),
            Self::PasswordShort(least) => ("password_short", least),
            Self::PasswordLong(most) => ("password_long", most),
            Self::PasswordCommon => ("password_common", 0),
            Self::PasswordContext => ("password_context", 0),
            Self::Code => ("code", 0),
        };
        Text { word, count: count as u64, good: false }
    }
}
