use crate::{accounts::Alarm, ports::PasswordChange, value::*};

/// What happened, for whoever audits: each once, and none with a secret in it.
#[cfg_attr(feature = "mocks", mockall::automock)]
pub trait EventSink: Send + Sync {
    /// Takes note. It neither fails nor waits: a flow does not depend on being watched.
    fn record(&self, event: &Event);
}

/// Something that happened to an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// A code was asked for, to register.
    RegistrationAsked(Subject),
    /// An account came to be.
    Registered(UserId),
    /// A password was right.
    LoggedIn(UserId, SessionId),
    /// A login was refused; the account if there was one.
    LoginRefused(Option<UserId>),
    /// A code was refused.
    CodeRefused(Subject),
    /// Somebody was asked to come back later: on which action.
    Slowed(&'static str),
    /// More, or fewer, are guessing at codes than before.
    Alarm(Alarm),
    /// A session turned.
    Refreshed(SessionId),
    /// An old refresh token was shown, and the session is over.
    SessionReplayed(SessionId),
    /// A session was ended by its user.
    SessionEnded(SessionId),
    /// Every session was ended by their user.
    AllSessionsEnded(UserId),
    /// A code was asked for, to reset a password.
    ResetAsked(Subject),
    /// A password changed.
    PasswordChanged(UserId, PasswordChange),
    /// A person let a client do something: the session that it hangs on.
    Granted(UserId, SessionId, ClientId),
    /// A person agreed to what a client asked for.
    ConsentGiven(UserId, ClientId),
    /// A client was registered.
    ClientAdded(ClientId),
    /// A client got a new secret.
    ClientSecretChanged(ClientId),
    /// A client was removed.
    ClientRemoved(ClientId),
    /// An operator made an account.
    AccountCreated(UserId),
    /// An operator shut an account, and ended its sessions.
    AccountDisabled(UserId),
    /// An operator opened an account again.
    AccountEnabled(UserId),
    /// An operator gave an account another login or e-mail.
    AccountRenamed(UserId),
    /// An operator said what else is known of a person.
    ClaimsSet(UserId),
    /// An operator deleted an account.
    AccountDeleted(UserId),
    /// A mail went out.
    MailDelivered(MailId),
    /// A mail did not go out yet: why.
    MailDelayed(MailId, String),
    /// A mail was given up: why.
    MailDead(MailId, String),
    /// A client was told that a person's session has ended.
    ClientTold(ClientId, SessionId),
    /// A client was not, or not yet: why.
    ClientNotTold(ClientId, SessionId, String),
    /// The answer was yes, and this was left undone behind it.
    LeftUndone(&'static str),
}
