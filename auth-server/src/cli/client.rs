//! `client`: programs that may ask for tokens, by the operator's word.
use super::{Ended, confirm, read_json};
use crate::{
    compose::House,
    log,
    settings::{Settings, value::Span},
};
use auth_core::value::{ClientId, Invalid};
use auth_oidc::{Provider, client::Client};
use conf::{Conf, Subcommands};
use serde_json::{Map, Value, json};
use std::path::PathBuf;

/// Programs that may ask for tokens.
#[derive(Conf)]
pub struct Clients {
    /// What to do.
    #[conf(subcommands)]
    pub action: Action,
}

/// What to do with a client.
#[derive(Subcommands)]
#[expect(clippy::large_enum_variant, reason = "one is read, once, from the command line")]
pub enum Action {
    /// Register a client. Its secret, if it is to have one, is shown this once.
    Add {
        /// What it is called by programs: its `client_id`.
        #[conf(pos)]
        id: ClientId,
        /// A JSON file with further members (RFC 7591), such as scope, resources, profile or `token_endpoint_auth_method`.
        #[conf(long)]
        file: Option<PathBuf>,
        /// What people are told that it is called.
        #[conf(long)]
        name: Option<String>,
        /// Where its answers may go; more than once for more.
        #[conf(repeat, long = "redirect-uri")]
        redirect_uris: Vec<String>,
        /// Where it begins a sign-in when somebody else wants one.
        #[conf(long)]
        initiate_login_uri: Option<String>,
        /// `authorization_code`, `refresh_token`, `client_credentials` or `urn:ietf:params:oauth:grant-type:device_code`; more
        /// than once for more.
        #[conf(repeat, long = "grant-type")]
        grant_types: Vec<String>,
        /// The most that it may ask for, in one argument.
        #[conf(long)]
        scope: Option<String>,
        /// A service that it may ask tokens for; more than once for more.
        #[conf(repeat, long = "resource")]
        resources: Vec<String>,
        /// A service that it is itself: it may ask what that service's tokens are worth.
        #[conf(repeat, long = "serves")]
        serves: Vec<String>,
        /// It keeps no secret, such as a program in a browser or on a telephone.
        #[conf(long)]
        public: bool,
        /// Where it publishes the keys that it proves who it is by (`private_key_jwt`).
        #[conf(long)]
        jwks_uri: Option<String>,
        /// It is ours: its users are not asked whether they agree.
        #[conf(long)]
        first_party: bool,
    },
    /// Make a token by which clients register themselves (RFC 7591). It is shown this once.
    Invite {
        /// For how many clients it is good.
        #[conf(long, default_value = "1")]
        clients: u32,
        /// And for how long.
        #[conf(long, default_value = "1d")]
        within: Span,
    },
    /// Show the clients, those of the file too.
    List,
    /// Give a client a new secret, which is shown this once. The one before is good until the next time.
    RotateSecret {
        /// Its `client_id`.
        #[conf(pos)]
        id: ClientId,
        /// The one before is good no more: when others may know it.
        #[conf(long)]
        at_once: bool,
    },
    /// Remove a client: what it has opens nothing here any more.
    Remove {
        /// Its `client_id`.
        #[conf(pos)]
        id: ClientId,
        /// Do not ask.
        #[conf(long)]
        yes: bool,
    },
}

impl Clients {
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
    match action {
        Action::Add {
            id,
            file,
            name,
            redirect_uris,
            initiate_login_uri,
            grant_types,
            scope,
            resources,
            serves,
            public,
            jwks_uri,
            first_party,
        } => {
            let mut members = file.map_or_else(|| Ok(Map::new()), |path| read_json(&path))?;
            let mut set = |member: &str, value: Value| drop(members.insert(member.to_owned(), value));
            set("client_id", json!(id));
            for (member, values) in [
                ("redirect_uris", redirect_uris),
                ("grant_types", grant_types),
                ("resources", resources),
                ("serves", serves),
            ] {
                if !values.is_empty() {
                    set(member, json!(values));
                }
            }
            for (member, value) in [("client_name", name), ("initiate_login_uri", initiate_login_uri), ("scope", scope)]
            {
                if let Some(value) = value {
                    set(member, json!(value));
                }
            }
            if let Some(uri) = jwks_uri {
                set("jwks_uri", json!(uri));
                set("token_endpoint_auth_method", json!("private_key_jwt"));
            }
            if public {
                set("token_endpoint_auth_method", json!("none"));
            }
            if first_party {
                set("first_party", json!(true));
            }
            add(members, provider, settings).await
        }
        Action::Invite { clients, within } => {
            Ok(format!("initial_access_token: {}", provider.invite(clients, within.0).await?.expose()))
        }
        Action::List => list(provider, settings).await,
        Action::RotateSecret { id, at_once } => {
            configured(&id, settings)?;
            let secret = provider.rotate_client_secret(&id, at_once).await?;
            Ok(format!("client_secret: {}", secret.expose()))
        }
        Action::Remove { id, yes } => {
            configured(&id, settings)?;
            if !yes {
                confirm(&format!("This removes the client {id}: what it has opens nothing here any more."))?;
            }
            if provider.remove_client(&id).await? { Ok(format!("removed: {id}")) } else { Err(NOBODY.into()) }
        }
    }
}

const NOBODY: Invalid = Invalid("no client with that client_id is registered");

/// What the file says is changed in the file.
fn configured(id: &ClientId, settings: &Settings) -> Ended<()> {
    if settings.oauth.file().clients.iter().any(|client| client.client_id == *id) {
        Err(format!("{id} is in the file that AUTH_SERVICE_CLIENTS_FILE names: change it there").into())
    } else {
        Ok(())
    }
}

async fn add(members: Map<String, Value>, provider: &Provider, settings: &Settings) -> Ended {
    let client: Client = serde_json::from_value(members.into())?;
    let known = settings.oauth.file().resources;
    let unknown = |name: &&String| !known.iter().any(|resource| resource.resource == **name);
    if let Some(unknown) = client.resources.iter().chain(&client.serves).find(unknown) {
        return Err(
            format!("{unknown} is none of the [[resources]] in the file that AUTH_SERVICE_CLIENTS_FILE names").into()
        );
    }
    let (client, secret) = provider.add_client(client).await?;
    let secret = secret.map_or_else(String::new, |secret| format!("\nclient_secret: {}", secret.expose()));
    Ok(format!("client_id: {}{secret}", client.client_id))
}

async fn list(provider: &Provider, settings: &Settings) -> Ended {
    let mut all: Vec<_> = settings.oauth.file().clients.into_iter().map(|client| (client, "file")).collect();
    let mut after = None;
    loop {
        let (clients, next) = provider.clients(after, 100).await?;
        all.extend(clients.into_iter().map(|client| (client, "registered")));
        after = next;
        if after.is_none() {
            break;
        }
    }
    all.sort_by(|(one, _), (other, _)| one.client_id.cmp(&other.client_id));
    let line = |(client, whence): &(Client, &str)| {
        let grants: Vec<_> = client.grant_types.iter().map(|grant| grant.as_str()).collect();
        let (id, method) = (&client.client_id, client.token_endpoint_auth_method.as_str());
        format!("{id}  {whence}  {method}  {}  {}\n", grants.join(","), client.name())
    };
    Ok(if all.is_empty() { "There are no clients.".to_owned() } else { all.iter().map(line).collect() })
}
