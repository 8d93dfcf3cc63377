//! One-time codes that are mailed: what is kept of one, and how it is redeemed.
use crate::{
    secrets::{KeyId, Mac, Proof},
    user::PasswordHash,
    value::*,
};
use serde::{Deserialize, Serialize};

/// A code that was mailed. Its digits are not in it: only a keyed hash over them and all that they are good for.
///
/// One slot for each subject and [`Kind`]: a newer code takes the place of the older.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Code {
    /// How the code is addressed: whoever asked for it was given this.
    pub id: CodeId,
    /// The secret that the hash was made under.
    pub key: KeyId,
    /// The keyed hash.
    pub mac: Mac,
    /// What it is good for, decided when it was issued.
    pub purpose: Purpose,
    /// How many wrong guesses at six digits it has had.
    pub wrong: u8,
    /// From then on the digits are worth nothing.
    pub expires_at: Timestamp,
    /// From then on it cannot be sent again either, and may be swept.
    pub kept_until: Timestamp,
    /// Whether the right digits have been shown.
    pub spent: bool,
}

/// What a code is good for, and what was decided when it was issued.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Purpose {
    /// To become this user.
    Register {
        /// The id that the user will have: confirming twice makes one.
        user: UserId,
        /// The login asked for; not reserved.
        login: Login,
        /// The address to prove.
        email: Email,
        /// The password's hash.
        password: PasswordHash,
        /// The language of its mails.
        locale: Locale,
    },
    /// To choose a new password.
    ResetPassword {
        /// The account; nobody's id if the address has none.
        user: UserId,
        /// The account's epoch: once it has moved on, the code is dead.
        epoch: u32,
        /// Where the code went.
        email: Email,
    },
}

/// The kinds of [`Purpose`]: a code of one kind is never taken for another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// See [`Purpose::Register`].
    Register,
    /// See [`Purpose::ResetPassword`].
    ResetPassword,
}

impl Kind {
    /// The word that the hash and the store's slot are made with.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Register => "register",
            Self::ResetPassword => "reset_password",
        }
    }
}

/// One attempt to redeem a code.
#[derive(Clone, Debug)]
pub struct Attempt {
    /// Which code.
    pub id: CodeId,
    /// Of which kind.
    pub kind: Kind,
    /// From [`ServerSecret::code_proof`](crate::secrets::ServerSecret::code_proof) over the code as typed.
    pub proof: Proof,
    /// How many wrong guesses may have come before it. `None`: it is too long to be a guess; it is looked at however many
    /// there were, and is not counted if it is wrong.
    pub tries: Option<u8>,
    /// When.
    pub now: Timestamp,
}

/// The end of one attempt.
#[must_use]
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Redeem {
    /// The right digits, and the first to show them.
    Accepted(Purpose),
    /// The right digits, and they had been shown before: by another, or by the same caller whose next step failed. What
    /// the code is good for happens once all the same, since the write that it leads to can be won once.
    Replayed(Purpose),
    /// No such code, or out of time, or of tries, or the wrong digits.
    Refused,
}

/// New digits for a code that is sent again.
#[derive(Clone, Debug)]
pub struct Renewal {
    /// Which code.
    pub id: CodeId,
    /// Of which kind.
    pub kind: Kind,
    /// From [`ServerSecret::code_proof`](crate::secrets::ServerSecret::code_proof) over the new digits.
    pub proof: Proof,
    /// When the new digits expire.
    pub expires_at: Timestamp,
    /// When.
    pub now: Timestamp,
}

/// The end of one attempt to send a code again.
#[must_use]
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Renewed {
    /// The new digits are good, and the old ones are not.
    Done(Purpose),
    /// No such code, or not any more.
    Refused,
}

impl Code {
    /// A code whose digits are those that `proof` was made over.
    pub fn new(id: CodeId, purpose: Purpose, proof: &Proof, expires_at: Timestamp, kept_until: Timestamp) -> Self {
        let mac = proof.mac(&purpose.bound());
        Self { id, key: proof.key, mac, purpose, wrong: 0, expires_at, kept_until, spent: false }
    }

    /// Decides an attempt and moves the code on. A store runs this atomically: it pays before it reveals.
    pub fn redeem(&mut self, attempt: &Attempt) -> Redeem {
        let addressed = self.id == attempt.id && self.purpose.kind() == attempt.kind && self.key == attempt.proof.key;
        if !addressed || attempt.now >= self.expires_at || attempt.tries.is_some_and(|tries| self.wrong >= tries) {
            return Redeem::Refused;
        }
        if attempt.proof.mac(&self.purpose.bound()) != self.mac {
            self.wrong = self.wrong.saturating_add(u8::from(attempt.tries.is_some()));
            return Redeem::Refused;
        }
        if self.spent {
            return Redeem::Replayed(self.purpose.clone());
        }
        self.spent = true;
        Redeem::Accepted(self.purpose.clone())
    }

    /// Gives the code new digits, unless the old ones have been shown. A store runs this atomically. Running it twice
    /// changes nothing more.
    pub fn renew(&mut self, renewal: &Renewal) -> Renewed {
        let addressed = self.id == renewal.id && self.purpose.kind() == renewal.kind;
        if !addressed || self.spent || renewal.now >= self.kept_until {
            return Renewed::Refused;
        }
        self.key = renewal.proof.key;
        self.mac = renewal.proof.mac(&self.purpose.bound());
        self.wrong = 0;
        self.expires_at = renewal.expires_at.min(self.kept_until);
        Renewed::Done(self.purpose.clone())
    }
}

impl Purpose {
    /// Its kind.
    pub const fn kind(&self) -> Kind {
        match self {
            Self::Register { .. } => Kind::Register,
            Self::ResetPassword { .. } => Kind::ResetPassword,
        }
    }

    /// Purpose, account, address and pending change as bytes, each part bounded by its length: what the hash covers.
    fn bound(&self) -> Vec<u8> {
        let epoch_text;
        let (user, parts) = match self {
            Self::Register { user, login, email, password, locale } => {
                (user, [login.as_str(), email.as_str(), &password.0, locale.as_str()])
            }
            Self::ResetPassword { user, epoch, email } => {
                epoch_text = epoch.to_string();
                (user, [&epoch_text, email.as_str(), "", ""])
            }
        };
        let mut bytes = self.kind().as_str().as_bytes().to_vec();
        bytes.push(0);
        bytes.extend_from_slice(user.as_bytes());
        for part in parts {
            bytes.extend_from_slice(&(part.len() as u64).to_be_bytes());
            bytes.extend_from_slice(part.as_bytes());
        }
        bytes
    }
}

#[cfg(test)]
mod tests;
