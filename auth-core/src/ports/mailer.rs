use super::{Outside, async_trait};
use crate::value::*;

/// What a flow sees of the mail: it takes a letter for delivery and returns at once, so that the answer neither waits for
/// a mail server nor tells by its timing who was written to.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait Mailer: Send + Sync {
    /// Takes a letter. `Ok` is a promise that survives a crash.
    async fn send(&self, letter: &Letter) -> Outside<()>;
}

/// What carries a letter out of the house: SMTP, as a rule. Behind the outbox, never in a flow.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait Transport: Send + Sync {
    /// Delivers a letter. `id` is the same at each attempt: it makes the `Message-ID`. `Err`: try again later.
    async fn deliver(&self, id: MailId, letter: &Letter) -> Outside<Delivery>;
}

/// The end of one delivery.
#[must_use]
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// The next server has taken it.
    Accepted,
    /// It will never be taken: the reason, for the operator.
    Rejected(String),
}

/// A mail, to whom, in which language.
#[derive(Clone, Debug)]
pub struct Letter {
    /// The address as the account has it.
    pub to: Email,
    /// The language to write in.
    pub locale: Locale,
    /// When it was written.
    pub written_at: Timestamp,
    /// From then on it is worth nothing, and is not sent.
    pub expires_at: Timestamp,
    /// What to say.
    pub mail: Mail,
}

/// What to say. How to say it is the transport's.
#[derive(Clone, Debug)]
pub enum Mail {
    /// Here is the code that proves this address. The registration's id is not with it: whoever asked has the id, and a
    /// stranger who registers with somebody's address must not have that person complete it by following a link.
    ConfirmRegistration {
        /// The login asked for.
        login: Login,
        /// The digits.
        code: OneTimeCode,
        /// Until when they are good.
        expires_at: Timestamp,
    },
    /// Somebody tried to register with this address, which has an account.
    AlreadyRegistered {
        /// The account's login.
        login: Login,
    },
    /// The account is there.
    Welcome {
        /// Its login.
        login: Login,
    },
    /// Here is the code that lets you choose a new password.
    ResetPassword {
        /// The account's login.
        login: Login,
        /// Addresses the code: for a link to the form, which never carries the code itself.
        id: CodeId,
        /// The digits.
        code: OneTimeCode,
        /// Until when they are good.
        expires_at: Timestamp,
    },
    /// The password is another now.
    PasswordChanged {
        /// The account's login.
        login: Login,
        /// How.
        how: PasswordChange,
    },
    /// Nothing, to nobody: it costs what a mail costs, is stored like one, and is dropped by whoever would deliver it.
    /// So the time and the writes of an answer do not tell whether there was anybody to write to.
    Nothing,
}

/// How a password came to change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PasswordChange {
    /// By its owner, who knew the old one.
    Changed,
    /// By a mailed code.
    Reset,
}
