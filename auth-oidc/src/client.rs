//! A client: a program that asks for tokens, and what it was registered with.
mod check;
mod jwks;
mod profile;
mod redirect_uri;
mod secret;
mod subject_type;

pub use self::{
    check::BadClient,
    jwks::{JwkSet, PublicKey},
    profile::Profile,
    redirect_uri::RedirectUri,
    secret::{ClientSecret, SecretDigest},
    subject_type::SubjectType,
};
use auth_core::{
    keys::Algorithm,
    session::Session,
    value::{ClientId, Scope, Timestamp},
};
use serde::{Deserialize, Serialize};
use url::Url;

/// A client as it is registered: the members are those of RFC 7591, section 2, with some of our own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Client {
    /// Names it for ever.
    pub client_id: ClientId,
    /// What people are told that it is called.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_name: Option<String>,
    /// By which rules it is served.
    #[serde(default)]
    pub profile: Profile,
    /// How it proves who it is. `none`: it cannot, since it keeps no secret.
    #[serde(default)]
    pub token_endpoint_auth_method: AuthMethod,
    /// The secrets that prove it, as digests. Two, while one takes the place of the other.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub client_secrets: Vec<SecretDigest>,
    /// The keys that prove it, if it signs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jwks: Option<JwkSet>,
    /// Where it publishes them instead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jwks_uri: Option<Url>,
    /// Where its answers may go.
    #[serde(default)]
    pub redirect_uris: Vec<RedirectUri>,
    /// Where people may be sent once they are signed out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub post_logout_redirect_uris: Vec<RedirectUri>,
    /// Where it is told that a person's session has ended (OpenID Connect Back-Channel Logout, section 2.2).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backchannel_logout_uri: Option<Url>,
    /// What it may get tokens for.
    #[serde(default = "code_alone")]
    pub grant_types: Vec<GrantType>,
    /// The most that it may ask for.
    #[serde(default = "crate::policy::own_scope")]
    pub scope: Scope,
    /// The resources that it may ask tokens for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub resources: Vec<String>,
    /// The resources that it is itself: it may ask what their tokens are worth (RFC 7662).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub serves: Vec<String>,
    /// How it calls people.
    #[serde(default)]
    pub subject_type: SubjectType,
    /// Names the sector within which people are called the same, if its redirect URIs do not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sector_identifier_uri: Option<Url>,
    /// By what its ID tokens are signed, if not as this server likes best.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id_token_signed_response_alg: Option<Algorithm>,
    /// By what the answers of the userinfo endpoint are signed; they are not, if there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub userinfo_signed_response_alg: Option<Algorithm>,
    /// Ours: its users are not asked whether they agree.
    #[serde(default)]
    pub first_party: bool,
    /// It pushes each request (RFC 9126, section 6).
    #[serde(default)]
    pub require_pushed_authorization_requests: bool,
    /// It signs each request (RFC 9101, section 10.5).
    #[serde(default)]
    pub require_signed_request_object: bool,
    /// By what it signs its requests, if that is settled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_object_signing_alg: Option<Algorithm>,
    /// Where its signed requests may be.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub request_uris: Vec<Url>,
    /// For how long a sign-in is good enough, unless a request says otherwise; in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default_max_age: Option<u64>,
    /// A page about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_uri: Option<Url>,
    /// A picture that people may recognise it by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub logo_uri: Option<Url>,
    /// How it treats what it learns of people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy_uri: Option<Url>,
    /// On what terms it serves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tos_uri: Option<Url>,
    /// Where it begins a sign-in when somebody else wants one (OpenID Connect Core, section 4).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub initiate_login_uri: Option<Url>,
    /// When it was registered.
    #[serde(default)]
    pub client_id_issued_at: Timestamp,
    /// What it looks after its registration with (RFC 7592), if it has registered itself: nobody vouches for it then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub registration_token: Option<SecretDigest>,
}

/// Every member that may be left out is; its name, and what it needs, are to be said.
impl Default for Client {
    fn default() -> Self {
        let minimal = serde_json::json!({ "client_id": "client" });
        serde_json::from_value(minimal).expect("a test shows that a name is enough")
    }
}

/// How the name of a client begins that nobody has registered. No registered client is called so.
pub(crate) const PUBLISHED: &str = "https://";

fn code_alone() -> Vec<GrantType> {
    vec![GrantType::AuthorizationCode]
}

/// How a client proves who it is (RFC 7591, section 2).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AuthMethod {
    /// By its secret, in the Authorization header.
    #[default]
    ClientSecretBasic,
    /// By its secret, in the body.
    ClientSecretPost,
    /// By what it signs (OpenID Connect Core, section 9).
    PrivateKeyJwt,
    /// Not at all: a public client.
    None,
}

impl AuthMethod {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::ClientSecretBasic, Self::ClientSecretPost, Self::PrivateKeyJwt, Self::None];

    /// Its registered name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ClientSecretBasic => "client_secret_basic",
            Self::ClientSecretPost => "client_secret_post",
            Self::PrivateKeyJwt => "private_key_jwt",
            Self::None => "none",
        }
    }
}

/// What tokens are got for (RFC 6749, section 1.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GrantType {
    /// A code that a person's browser has brought.
    AuthorizationCode,
    /// The refresh token of a grant.
    RefreshToken,
    /// The client itself, for itself.
    ClientCredentials,
    /// The code of a device, which a person has let in elsewhere (RFC 8628).
    #[serde(rename = "urn:ietf:params:oauth:grant-type:device_code")]
    DeviceCode,
}

impl GrantType {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::AuthorizationCode, Self::RefreshToken, Self::ClientCredentials, Self::DeviceCode];

    /// Its registered name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AuthorizationCode => "authorization_code",
            Self::RefreshToken => "refresh_token",
            Self::ClientCredentials => "client_credentials",
            Self::DeviceCode => "urn:ietf:params:oauth:grant-type:device_code",
        }
    }

    /// The one that has this name.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|grant| grant.as_str() == text)
    }
}

impl Client {
    /// Whether it cannot prove who it is.
    pub fn is_public(&self) -> bool {
        self.token_endpoint_auth_method == AuthMethod::None
    }

    /// Whether it proves who it is by a secret.
    pub fn keeps_secret(&self) -> bool {
        matches!(self.token_endpoint_auth_method, AuthMethod::ClientSecretBasic | AuthMethod::ClientSecretPost)
    }

    /// Where it says who it is, if nobody has registered it.
    pub fn document(&self) -> Option<Url> {
        let id = self.client_id.as_str();
        id.starts_with(PUBLISHED).then(|| Url::parse(id).ok()).flatten()
    }

    /// Whether it may get tokens so.
    pub fn may(&self, grant: GrantType) -> bool {
        self.grant_types.contains(&grant)
    }

    /// Whether it may ask only by what it has pushed.
    pub fn must_push(&self) -> bool {
        self.require_pushed_authorization_requests || self.profile.pushes()
    }

    /// Whether a grant is this client's: of this name, and since it has it.
    pub(crate) fn holds(&self, session: &Session) -> bool {
        let own = session.grant.as_ref().is_some_and(|grant| grant.client == self.client_id);
        own && session.started_at >= self.client_id_issued_at
    }

    /// What people are told that it is called.
    pub fn name(&self) -> &str {
        self.client_name.as_deref().unwrap_or(self.client_id.as_str())
    }

    /// Whether a person who agreed once need not be asked again. Whoever listens on a port of the person's machine, or has
    /// registered its scheme there, may be another than last time (RFC 8252, section 8.6).
    pub fn is_recognised_at(&self, redirect_uri: &str) -> bool {
        !self.is_public() || self.redirect_uris.iter().any(|own| !own.is_local() && own.admits(redirect_uri))
    }
}

#[cfg(test)]
pub(crate) mod tests;
