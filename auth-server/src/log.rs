//! Logs: text for a terminal, JSON for machines; audit events among them; a secret never.
use crate::settings::{LogSettings, value::LogFormat};
use auth_core::{
    accounts::Alarm,
    ports::{Event, EventSink, PasswordChange},
};
use std::{
    fmt::{Display, Formatter, Result},
    io,
    io::IsTerminal,
    panic,
};
use tracing::{Level, Metadata};
use tracing_subscriber::{EnvFilter, Layer, filter::filter_fn, fmt, layer::SubscriberExt, util::SubscriberInitExt};

/// Sends this process's logs to standard error. The first call counts.
pub fn start(settings: &LogSettings) {
    let lines = fmt::layer().with_writer(io::stderr);
    let lines = match settings.log_format {
        LogFormat::Text => lines.with_ansi(io::stderr().is_terminal()).boxed(),
        LogFormat::Auto if io::stderr().is_terminal() => lines.boxed(),
        LogFormat::Auto | LogFormat::Json => lines.json().flatten_event(true).with_span_list(false).boxed(),
    };
    let chosen = EnvFilter::try_new(&settings.log_level).unwrap_or_else(|_| EnvFilter::new("info"));
    let started =
        tracing_subscriber::registry().with(lines.with_filter(filter_fn(fit_to_be_seen))).with(chosen).try_init();
    if started.is_ok() {
        panic::set_hook(Box::new(log_panic));
    }
}

/// What others log at length, they log as it passes by: mails with their codes, requests with their tokens (H-11).
fn fit_to_be_seen(metadata: &Metadata<'_>) -> bool {
    metadata.target().starts_with("auth_") || *metadata.level() <= Level::WARN
}

/// A text that was made at run time may hold what a user typed.
fn log_panic(info: &panic::PanicHookInfo<'_>) {
    let message = info.payload().downcast_ref::<&'static str>().copied().unwrap_or("(not shown)");
    let location = info.location().map(ToString::to_string).unwrap_or_default();
    tracing::error!(target: "auth_server::panic", location, message, "a defect: something panicked");
}

/// Audit events as log lines of the target `audit` (H-12). The request's id is in the span around them.
pub struct Audit;

impl EventSink for Audit {
    fn record(&self, event: &Event) {
        macro_rules! audit {
            ($level:ident, $name:literal $(, $field:ident = $value:expr)*) => {
                tracing::$level!(target: "auth_server::audit", event = $name, $($field = %$value,)* "audit")
            };
        }
        match event {
            Event::RegistrationAsked(subject) => audit!(info, "registration_asked", subject = subject),
            Event::Registered(user) => audit!(info, "registered", user = user),
            Event::LoggedIn(user, session) => audit!(info, "logged_in", user = user, session = session),
            Event::LoginRefused(Some(user)) => audit!(warn, "login_refused", user = user),
            Event::LoginRefused(None) => audit!(warn, "login_refused"),
            Event::CodeRefused(subject) => audit!(warn, "code_refused", subject = subject),
            Event::Alarm(alarm) => audit!(error, "alarm", alarm = Shown(alarm)),
            Event::Slowed(action) => audit!(warn, "slowed", action = action),
            Event::Refreshed(session) => audit!(info, "refreshed", session = session),
            Event::SessionReplayed(session) => audit!(warn, "session_replayed", session = session),
            Event::SessionEnded(session) => audit!(info, "session_ended", session = session),
            Event::AllSessionsEnded(user) => audit!(info, "all_sessions_ended", user = user),
            Event::ResetAsked(subject) => audit!(info, "reset_asked", subject = subject),
            Event::PasswordChanged(user, how) => audit!(info, "password_changed", user = user, how = Shown(how)),
            Event::Granted(user, grant, client) => {
                audit!(info, "granted", user = user, session = grant, client = client);
            }
            Event::ConsentGiven(user, client) => audit!(info, "consent_given", user = user, client = client),
            Event::ClientAdded(client) => audit!(warn, "client_added", client = client),
            Event::ClientSecretChanged(client) => audit!(warn, "client_secret_changed", client = client),
            Event::ClientRemoved(client) => audit!(warn, "client_removed", client = client),
            Event::AccountCreated(user) => audit!(info, "account_created", user = user),
            Event::AccountDisabled(user) => audit!(info, "account_disabled", user = user),
            Event::AccountEnabled(user) => audit!(info, "account_enabled", user = user),
            Event::AccountRenamed(user) => audit!(info, "account_renamed", user = user),
            Event::ClaimsSet(user) => audit!(info, "claims_set", user = user),
            Event::AccountDeleted(user) => audit!(info, "account_deleted", user = user),
            Event::MailDelivered(mail) => audit!(info, "mail_delivered", mail = mail),
            Event::MailDelayed(mail, why) => audit!(warn, "mail_delayed", mail = mail, why = why),
            Event::MailDead(mail, why) => audit!(error, "mail_dead", mail = mail, why = why),
            Event::ClientTold(client, session) => audit!(info, "client_told", client = client, session = session),
            Event::ClientNotTold(client, session, why) => {
                audit!(warn, "client_not_told", client = client, session = session, why = why);
            }
            Event::LeftUndone(what) => audit!(error, "left_undone", what = what),
        }
    }
}

struct Shown<'a, T>(&'a T);

impl Display for Shown<'_, PasswordChange> {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        f.write_str(match self.0 {
            PasswordChange::Changed => "changed",
            PasswordChange::Reset => "reset",
        })
    }
}

impl Display for Shown<'_, Alarm> {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        f.write_str(match self.0 {
            Alarm::Calm => "calm",
            Alarm::Watch => "watch",
            Alarm::Attack => "attack",
        })
    }
}
