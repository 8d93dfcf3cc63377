//! What was answered, and what must follow from it: each invariant in one place.
//!
//! A fact counts from the moment of its answer, and a request from the moment it is made: of two that overlap, either may
//! have come first, and what got no answer may have been done or not.

mod accounts;
mod codes;
mod letters;
mod records;
mod sessions;

pub use self::{
    accounts::Accounts,
    codes::Codes,
    letters::Letters,
    records::Records,
    sessions::{Ending, Sessions, Turning},
};
use super::hub::Habits;

/// What is known of a world by its answers.
pub struct Facts {
    /// Which password opens which account (I5).
    pub accounts: Accounts,
    /// Which session stands (I3, I4).
    pub sessions: Sessions,
    /// Which code was guessed how often (I2).
    pub codes: Codes,
    /// Which letters were promised and went out (I6).
    pub letters: Letters,
    /// What the stores held when they were last looked at (I1, I8).
    pub records: Records,
}

impl Facts {
    /// Nothing is known.
    pub fn new(habits: Habits) -> Self {
        Self {
            accounts: Accounts::default(),
            sessions: Sessions::new(habits.steady),
            codes: Codes::new(habits.steady, habits.limited),
            letters: Letters::new(habits.steady),
            records: Records::default(),
        }
    }
}

/// How a request ended, as far as whoever made it can tell.
pub enum End<T> {
    /// Yes.
    Done(T),
    /// No, and which no.
    No(String),
    /// No answer, or none that says anything.
    Unknown,
}

impl<T> End<T> {
    /// The same end, with something else in it.
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> End<U> {
        match self {
            Self::Done(value) => End::Done(change(value)),
            Self::No(which) => End::No(which),
            Self::Unknown => End::Unknown,
        }
    }

    /// It was yes.
    pub fn is_done(&self) -> bool {
        matches!(self, Self::Done(_))
    }

    /// It was no, for the one reason that is not told.
    pub fn is_refused(&self) -> bool {
        matches!(self, Self::No(which) if which == "Refused")
    }

    /// Nobody knows.
    pub fn is_unknown(&self) -> bool {
        matches!(self, Self::Unknown)
    }

    /// What was given, if it was yes.
    pub fn done(self) -> Option<T> {
        match self {
            Self::Done(value) => Some(value),
            Self::No(_) | Self::Unknown => None,
        }
    }
}
