//! `user`: accounts by the operator's word: the first administrator, as a rule. There is no default account (P-27).
use super::{Ended, confirm, read_json};
use crate::{compose::House, log, settings::Settings};
use auth_core::{
    accounts::{Accounts, NewUser},
    user::User,
    value::{Email, Identifier, Invalid, Login, Password, Role, Secret, Timestamp},
};
use auth_oidc::{Provider, claims::StandardClaims};
use conf::{Conf, Subcommands};
use std::{
    io::{self, IsTerminal},
    path::PathBuf,
};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

/// Accounts, by the operator's word.
#[derive(Conf)]
pub struct Users {
    /// What to do.
    #[conf(subcommands)]
    pub action: Action,
}

/// What to do with an account.
#[derive(Subcommands)]
pub enum Action {
    /// Make an account without a mailed code. The password is asked for, or read from standard input: one line.
    Create {
        /// The login.
        #[conf(pos)]
        login: Login,
        /// The e-mail address, which you vouch for.
        #[conf(pos)]
        email: Email,
        /// What the account is trusted with, such as admin; more than once for more.
        #[conf(repeat, long = "role")]
        roles: Vec<Role>,
        /// A JSON file with what else is known of the person: name, birthdate, `phone_number`, address and the like.
        #[conf(long)]
        claims: Option<PathBuf>,
    },
    /// Show an account.
    Show {
        /// Its login or e-mail.
        #[conf(pos)]
        name: String,
    },
    /// Give an account another login, another e-mail, or both. Another e-mail ends its sessions, tokens and codes at once.
    Rename {
        /// Its login or e-mail as they are.
        #[conf(pos)]
        name: String,
        /// The login that it is to have.
        #[conf(long)]
        login: Option<Login>,
        /// The e-mail address that it is to have, which you vouch for.
        #[conf(long)]
        email: Option<Email>,
    },
    /// Show what else is known of a person, as clients are told it; or keep what a file says, in the place of all of it.
    Claims {
        /// The account's login or e-mail.
        #[conf(pos)]
        name: String,
        /// A JSON file with claims (OpenID Connect Core, section 5.1), but those that are the account's own.
        #[conf(long)]
        file: Option<PathBuf>,
    },
    /// Shut an account: its sessions, tokens and codes end at once.
    Disable {
        /// Its login or e-mail.
        #[conf(pos)]
        name: String,
    },
    /// Open an account again.
    Enable {
        /// Its login or e-mail.
        #[conf(pos)]
        name: String,
    },
    /// Delete an account for good: its sessions, tokens and codes end at once, and others may take its names.
    Delete {
        /// Its login or e-mail.
        #[conf(pos)]
        name: String,
        /// Do not ask.
        #[conf(long)]
        yes: bool,
    },
}

impl Users {
    /// Does it, on the data folder of the settings; a server may be running on it.
    pub async fn run(self, settings: Settings) -> Ended {
        log::start(&settings.log);
        let house = House::open(&settings).await?;
        let ended = act(self.action, &house.provider, &settings).await;
        house.store.close().await;
        ended
    }
}

async fn act(action: Action, provider: &Provider, settings: &Settings) -> Ended {
    let accounts = provider.accounts();
    let user = match action {
        Action::Create { login, email, roles, claims } => {
            let claims: Option<StandardClaims> = claims.map(|path| read_json(&path)).transpose()?;
            claims.as_ref().map_or(Ok(()), StandardClaims::check)?;
            let password = Password::parse(ask_password()?)?;
            let locale = settings.mail.default_language.clone();
            let user = accounts.create_user(NewUser { login, email, password, locale, roles }).await?;
            if let Some(claims) = claims {
                provider.set_claims(user.id, &claims).await?;
            }
            user
        }
        Action::Claims { name, file } => {
            let id = find(accounts, &name).await?.id;
            if let Some(path) = file {
                provider.set_claims(id, &read_json(&path)?).await?;
            }
            return Ok(serde_json::to_string_pretty(&provider.standard_claims(id).await?)?);
        }
        Action::Show { name } => find(accounts, &name).await?,
        Action::Rename { login: None, email: None, .. } => return Err(NOTHING_NEW.into()),
        Action::Rename { name, login, email } => {
            let id = find(accounts, &name).await?.id;
            accounts.rename_user(id, login, email).await?
        }
        Action::Disable { name } => {
            let id = find(accounts, &name).await?.id;
            accounts.disable_user(id).await?.ok_or(NOBODY)?
        }
        Action::Enable { name } => {
            let id = find(accounts, &name).await?.id;
            accounts.enable_user(id).await?.ok_or(NOBODY)?
        }
        Action::Delete { name, yes } => {
            let found = find(accounts, &name).await?;
            if !yes {
                let User { login, email, .. } = &found;
                confirm(&format!("This deletes the account of {login} ({email}) for good."))?;
            }
            let gone = accounts.delete_user(found.id).await?.ok_or(NOBODY)?;
            return Ok(format!("deleted: {} ({}), {}", gone.login, gone.email, gone.id));
        }
    };
    Ok(show(&user))
}

const NOTHING_NEW: Invalid = Invalid("nothing was done: say the new name with --login, --email or both");
const NOBODY: Invalid = Invalid("no account has this login or e-mail");

async fn find(accounts: &Accounts, name: &str) -> Ended<User> {
    Ok(accounts.find_user(&Identifier::parse(name)).await?.ok_or(NOBODY)?)
}

/// Never from a flag: command lines are seen by others, and kept in histories.
fn ask_password() -> Ended<Secret> {
    if !io::stdin().is_terminal() {
        let mut line = String::new();
        io::stdin().read_line(&mut line)?;
        return Ok(Secret::new(line.trim_end_matches(['\r', '\n']).to_owned()));
    }
    let first = Secret::new(rpassword::prompt_password("Password: ")?);
    let again = Secret::new(rpassword::prompt_password("Once more: ")?);
    if first == again { Ok(first) } else { Err("the two are not the same".into()) }
}

/// As a person and a program both read it (RFC 3339).
pub fn time_of(at: Timestamp) -> String {
    OffsetDateTime::from_unix_timestamp(at.0).ok().and_then(|at| at.format(&Rfc3339).ok()).unwrap_or_default()
}

fn show(user: &User) -> String {
    let roles: Vec<_> = user.roles.iter().map(Role::as_str).collect();
    format!(
        "id: {}\nlogin: {}\nemail: {}\ncreated: {}\nroles: {}\nstate: {}",
        user.id,
        user.login,
        user.email,
        time_of(user.created_at),
        if roles.is_empty() { "none".to_owned() } else { roles.join(", ") },
        if user.disabled { "disabled" } else { "enabled" },
    )
}
