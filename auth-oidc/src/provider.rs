//! The provider: its parts, and what its capabilities share.
use crate::{
    backchannel,
    client::JwkSet,
    client_documents, client_keys,
    fetch::{Cache, Fetcher, NoFetcher},
    logo::{self, Logo},
    policy::Policy,
    register::Metadata,
};
use auth_core::{
    accounts::Accounts, grant::Grant, keys::Algorithm, ports::*, session::Session, user::User, value::SessionId,
};
use aws_lc_rs::digest::{SHA256, digest};
use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine as _};
use serde::Serialize;
use std::{sync::Arc, time::Duration};
use tokio::sync::Semaphore;

/// An OAuth 2.0 authorization server and OpenID Provider, for the people of some [`Accounts`].
#[derive(Clone)]
pub struct Provider {
    pub(crate) accounts: Accounts,
    pub(crate) policy: Arc<Policy>,
    pub(crate) fetcher: Arc<dyn Fetcher>,
    pub(crate) keys: Arc<Cache<JwkSet>>,
    pub(crate) documents: Arc<Cache<Metadata>>,
    pub(crate) logos: Arc<Cache<Logo>>,
    /// For clients that are told of a logout.
    pub(crate) telling: Arc<Semaphore>,
}

/// The paths of the endpoints, below the issuer.
pub mod path {
    /// RFC 6749, section 3.1.
    pub const AUTHORIZE: &str = "/oauth2/authorize";
    /// RFC 6749, section 3.2.
    pub const TOKEN: &str = "/oauth2/token";
    /// RFC 9126, section 2.
    pub const PAR: &str = "/oauth2/par";
    /// RFC 8628, section 3.1: what a device asks.
    pub const DEVICE_AUTHORIZATION: &str = "/oauth2/device_authorization";
    /// RFC 8628, section 3.3: where its person goes.
    pub const DEVICE: &str = "/oauth2/device";
    /// OpenID Connect Core, section 5.3.
    pub const USERINFO: &str = "/oauth2/userinfo";
    /// RFC 7662.
    pub const INTROSPECT: &str = "/oauth2/introspect";
    /// RFC 7009.
    pub const REVOKE: &str = "/oauth2/revoke";
    /// OpenID Connect RP-Initiated Logout.
    pub const LOGOUT: &str = "/oauth2/logout";
    /// RFC 7591.
    pub const REGISTER: &str = "/oauth2/register";
    /// RFC 7517.
    pub const JWKS: &str = "/.well-known/jwks.json";
}

/// A grant that stands: what a token of it is worth at this moment.
#[derive(Clone, Debug)]
pub struct Standing {
    /// Whose it is.
    pub user: User,
    /// Its chain.
    pub session: Session,
    /// What it lets a client do.
    pub grant: Grant,
}

impl Provider {
    /// Puts the parts together. Cloning is cheap.
    pub fn new(accounts: Accounts, policy: Policy) -> Self {
        let (keys, documents) = (Arc::new(client_keys::cache()), Arc::new(client_documents::cache()));
        let (fetcher, logos) = (Arc::new(NoFetcher), Arc::new(logo::cache()));
        let telling = Arc::new(Semaphore::new(backchannel::AT_ONCE));
        Self { accounts, policy: Arc::new(policy), fetcher, keys, documents, logos, telling }
    }

    /// This provider, which asks servers that clients have named: for their keys and requests, and to tell them of a logout.
    #[must_use]
    pub fn with_fetcher(self, fetcher: Arc<dyn Fetcher>) -> Self {
        Self { fetcher, ..self }
    }

    /// This provider for one request, as [`Accounts::within`] says.
    #[must_use]
    pub fn within(&self, in_all: Duration) -> Self {
        Self { accounts: self.accounts.within(in_all), ..self.clone() }
    }

    /// Whose people they are.
    pub const fn accounts(&self) -> &Accounts {
        &self.accounts
    }

    /// What the deployment decided.
    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    /// Who issues tokens: `iss`, letter for letter.
    pub fn issuer(&self) -> &str {
        &self.accounts.policy().issuer
    }

    /// Where an endpoint is.
    pub fn endpoint(&self, path: &str) -> String {
        format!("{}{path}", self.issuer().trim_end_matches('/'))
    }

    pub(crate) const fn ports(&self) -> &Ports {
        self.accounts.ports()
    }

    /// A grant, if it stands: its chain is live, its person is admitted, and the session that it was given in stands too,
    /// unless it outlives that. Every path that a token opens goes through here (S-05).
    pub(crate) async fn standing(&self, id: SessionId) -> Outside<Option<Standing>> {
        let Ports { users, sessions, clock, .. } = self.ports();
        let Some(session) = sessions.by_id(id).await?.filter(|session| session.is_live(clock.now())) else {
            return Ok(None);
        };
        let Some(user) = users.by_id(id.user()).await? else { return Ok(None) };
        self.stands(user.value, session).await
    }

    /// The same, of a session that was turned a moment ago.
    pub(crate) async fn stands(&self, user: User, session: Session) -> Outside<Option<Standing>> {
        let Ports { sessions, clock, .. } = self.ports();
        let Some(grant) = session.grant.as_deref().cloned().filter(|_| user.admits(&session)) else {
            return Ok(None);
        };
        if !grant.offline {
            let given_in = sessions.by_id(grant.given_in).await?;
            if !given_in.is_some_and(|own| own.is_live(clock.now()) && user.admits(&own)) {
                return Ok(None);
            }
        }
        Ok(Some(Standing { user, session, grant }))
    }

    /// Signs claims.
    pub(crate) async fn sign(&self, by: Option<Algorithm>, typ: &str, claims: &impl Serialize) -> Outside<String> {
        let payload = serde_json::to_vec(claims).map_err(|error| Unavailable::failed("keyring", error))?;
        self.ports().keyring.sign(by, typ, &payload).await
    }

    /// The name of a person's session at one client, as the client is told it: it names the session at no other.
    pub(crate) fn sid(&self, session: SessionId, client: &str) -> String {
        hex(self.accounts.secret().index(&["sid", &session.to_string(), client]))
    }
}

/// SHA-256, in base64url.
pub(crate) fn sha256(text: &str) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(digest(&SHA256, text.as_bytes()))
}

pub(crate) fn hex(bytes: [u8; 16]) -> String {
    format!("{:032x}", u128::from_be_bytes(bytes))
}
