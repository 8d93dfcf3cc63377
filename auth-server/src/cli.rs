//! The program's commands. Without one it serves.

mod backup;
mod client;
mod config;
mod copy;
mod keys;
mod mail;
mod migrate;
mod restore;
mod serve;
mod user;

use crate::{
    Backing,
    settings::{Settings, SettingsError, Sources},
};
use conf::{Conf, Subcommands};
use serde::de::DeserializeOwned;
use std::{
    error::Error,
    fs,
    io::{self, IsTerminal, Write},
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
};

/// The auth service: register, confirm, log in, refresh, log out, reset, over HTTP.
///
/// Without a command it serves. Every setting can be given as a flag (before the command), as a variable, or in a TOML
/// file; a flag goes before a variable, a variable before the file. With no setting at all it listens on
/// `http://127.0.0.1:8000` and keeps its data in ./data.
#[derive(Conf)]
#[conf(serde, name = "auth-server", version)]
pub struct Cli {
    /// A TOML file of settings, such as `auth-server config` prints.
    #[conf(long, env = "AUTH_SERVICE_CONFIG", serde(skip))]
    pub config: Option<PathBuf>,
    /// Everything that can be set.
    #[conf(flatten, serde(flatten))]
    pub settings: Settings,
    /// What to do.
    #[conf(subcommands, serde(skip))]
    pub command: Option<Command>,
}

/// What to do.
#[derive(Subcommands)]
pub enum Command {
    /// Serve; what happens without a command as well.
    Serve,
    /// Print the settings in effect, without secrets, as a TOML file.
    Config,
    /// The version of the database's schema: status, up, down.
    Migrate(migrate::Migrate),
    /// The keys: init, list, rotate.
    Keys(keys::KeyCommand),
    /// What mail waits, and what was given up and why.
    Mail,
    /// Write a copy of the database; a server may be running on it.
    Backup {
        /// The file to write, which must not be there.
        #[conf(pos)]
        file: PathBuf,
    },
    /// Put a backup in the place of the database; the server must be stopped. Everybody signs in again.
    Restore(restore::Restore),
    /// Move everything into another store, with the servers stopped.
    Copy(copy::Copy),
    /// Accounts, by the operator's word: create, show, rename, claims, disable, enable, delete.
    User(user::Users),
    /// Programs that may ask for tokens: add, list, rotate-secret, remove.
    Client(client::Clients),
}

/// How a command ends: with what it has to say, as a rule, or with an error that a person can act on.
type Ended<T = String> = Result<T, Box<dyn Error + Send + Sync>>;

/// Reads the command line and the environment, does what they say, and tells how it ended: 0, or 1 if it failed, or 2 if
/// the settings are wrong.
pub fn main() -> ExitCode {
    main_over(None)
}

/// As [`main`], for a server on this store instead of the one that the settings name. The other commands are about the
/// one that the settings name.
pub fn main_on(store: Arc<dyn Backing>) -> ExitCode {
    main_over(Some(store))
}

fn main_over(store: Option<Arc<dyn Backing>>) -> ExitCode {
    let sources = Sources::of_process();
    let cli = match sources.and_then(|sources| sources.load::<Cli>()) {
        Ok(cli) => cli,
        Err(SettingsError::Asked(answer)) => {
            // Whoever closes the pipe early has seen enough.
            let _ = say(&answer);
            return ExitCode::SUCCESS;
        }
        Err(SettingsError::Wrong(report)) => return failed(&report, 2),
    };
    match run(cli, store) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) if error.downcast_ref::<crate::StartError>().is_some_and(is_about_settings) => {
            failed(&error.to_string(), 2)
        }
        Err(error) => failed(&crate::http::reasons(error.as_ref()), 1),
    }
}

fn run(Cli { settings, command, .. }: Cli, store: Option<Arc<dyn Backing>>) -> Ended<()> {
    match command {
        None | Some(Command::Serve) => in_runtime(serve::serve(settings, store)),
        Some(Command::Config) => say(&config::effective(&settings)),
        Some(Command::Migrate(migrate)) => say(&in_runtime(migrate.run(&settings))?),
        Some(Command::Keys(keys)) => say(&in_runtime(keys.run(&settings))?),
        Some(Command::Mail) => say(&in_runtime(mail::show(settings))?),
        Some(Command::Backup { file }) => say(&backup::backup(&settings, &file)?),
        Some(Command::Restore(restore)) => say(&restore.run(&settings)?),
        Some(Command::Copy(copy)) => say(&in_runtime(copy.run(&settings))?),
        Some(Command::User(users)) => say(&in_runtime(users.run(settings))?),
        Some(Command::Client(clients)) => say(&in_runtime(clients.run(settings))?),
    }
}

fn in_runtime<T>(command: impl Future<Output = Ended<T>>) -> Ended<T> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(command)
}

/// What a command has to say goes to standard output, whole lines at once.
fn say(text: &str) -> Ended<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{}", text.trim_end())?;
    Ok(out.flush()?)
}

/// What is in a JSON file.
fn read_json<T: DeserializeOwned>(path: &Path) -> Ended<T> {
    let text = fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
    serde_json::from_str(&text).map_err(|error| format!("{}: expected a JSON object: {error}", path.display()).into())
}

/// Asks before what cannot be taken back. A script says beforehand that it means it.
fn confirm(what_happens: &str) -> Ended<()> {
    if !io::stdin().is_terminal() {
        return Err("nothing was done: to go on without being asked, add --yes".into());
    }
    write!(io::stderr(), "{what_happens} Type yes to go on: ")?;
    let mut answer = String::new();
    io::stdin().read_line(&mut answer)?;
    if answer.trim() == "yes" { Ok(()) } else { Err("nothing was done".into()) }
}

fn failed(report: &str, code: u8) -> ExitCode {
    let _ = writeln!(io::stderr(), "{report}");
    code.into()
}

fn is_about_settings(error: &crate::StartError) -> bool {
    matches!(error, crate::StartError::Settings(_))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_person_can_work_from_the_help() {
        let sources = Sources { args: ["auth-server", "--help"].map(Into::into).into(), env: <_>::default() };
        let Err(SettingsError::Asked(help)) = sources.load::<Cli>() else { panic!("help is an answer") };
        for word in [
            "migrate",
            "keys",
            "user",
            "client",
            "backup",
            "restore",
            "copy",
            "config",
            "--smtp-url",
            "AUTH_SERVICE_SMTP_URL",
            "./data",
            "127.0.0.1",
        ] {
            assert!(help.contains(word), "{word} in:\n{help}");
        }
        assert!(help.contains("<smtp_url_file>") && !help.contains("<settings."), "{help}");
    }

    #[test]
    fn settings_and_commands_are_well_formed() {
        <Cli as Conf>::debug_asserts();
    }
}
