//! Every number and name of the provider that a deployment may choose.
use crate::client::Profile;
use auth_core::value::Scope;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// What a deployment decides. The issuer, and how long sessions last, are those of the
/// [accounts](auth_core::policy::Policy).
#[derive(Clone, Debug)]
pub struct Policy {
    /// How long an authorization code is good; 60 seconds, and no more.
    pub code_ttl: Duration,
    /// How long a pushed request waits for the person to come with it; a minute.
    pub pushed_ttl: Duration,
    /// How long an access token is good, and an ID token; 10 minutes.
    pub token_ttl: Duration,
    /// How long a page for consent is good once it was shown; 10 minutes.
    pub page_ttl: Duration,
    /// How long a device waits for its person (RFC 8628); 10 minutes.
    pub device_ttl: Duration,
    /// How long it waits between two questions at the token endpoint; 5 seconds.
    pub device_interval: Duration,
    /// Whether a client may register itself without a token that an operator has given out (RFC 7591, section 3).
    pub open_registration: bool,
    /// By which rules clients are served that register themselves; those that keep no secret always by OAuth 2.1.
    pub registration_profile: Profile,
    /// Whether a client that nobody has registered may be named by where it says who it is, if anybody is asked at all.
    pub client_id_metadata_documents: bool,
    /// The services that access tokens can be for (RFC 8707).
    pub resources: Vec<Resource>,
    /// Clients that are given by configuration.
    pub clients: Vec<crate::client::Client>,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            code_ttl: Duration::from_mins(1),
            pushed_ttl: Duration::from_mins(1),
            token_ttl: Duration::from_mins(10),
            page_ttl: Duration::from_mins(10),
            device_ttl: Duration::from_mins(10),
            device_interval: Duration::from_secs(5),
            open_registration: false,
            registration_profile: Profile::default(),
            client_id_metadata_documents: true,
            resources: Vec::new(),
            clients: Vec::new(),
        }
    }
}

/// A service that takes access tokens: a protected resource.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Resource {
    /// Its identifier, and the `aud` of its tokens: an absolute URI without a fragment (RFC 8707, section 2).
    pub resource: String,
    /// What it is called, for people.
    #[serde(default)]
    pub name: Option<String>,
    /// What can be asked for there.
    #[serde(default)]
    pub scope: Scope,
    /// Whether every client may ask tokens for it, also one that has registered itself.
    #[serde(default)]
    pub any_client: bool,
    /// What its tokens are. One that is for several services, and for one that takes opaque ones, is opaque.
    #[serde(default)]
    pub access_token_format: AccessTokenFormat,
}

/// What an access token is to those who hold it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AccessTokenFormat {
    /// A JWT (RFC 9068): everybody who holds it can read it, and the service checks it by itself.
    #[default]
    Jwt,
    /// A text that only this server reads (RFC 6749, section 1.4): the service asks what it is worth (RFC 7662).
    Opaque,
}

/// What can be asked for here, at the provider itself (OpenID Connect Core, sections 5.4 and 11).
pub(crate) fn own_scope() -> Scope {
    Scope::parse("openid profile email address phone offline_access").expect("words")
}
