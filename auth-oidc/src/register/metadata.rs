//! What a client says of itself, and what it is registered with (RFC 7591, sections 2 and 3.2.1).
use crate::{
    client::{AuthMethod, Client, GrantType, RedirectUri},
    error::{
        ErrorCode::{InvalidClientMetadata, InvalidRedirectUri},
        Refusal, refused,
    },
    policy::{Policy, own_scope},
    resource,
};
use auth_core::{
    keys::Algorithm,
    value::{ClientId, Scope, Secret, Timestamp},
};
use serde::{Deserialize, Serialize};
use url::Url;

/// What a client says of itself. What is not understood is passed over (RFC 7591, section 2).
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Metadata {
    /// Its name, once it has one (RFC 7592, section 2.2).
    pub client_id: Option<String>,
    /// Where its answers may go.
    #[serde(default)]
    pub redirect_uris: Vec<String>,
    /// Where people may be sent once they are signed out.
    #[serde(default)]
    pub post_logout_redirect_uris: Vec<String>,
    /// How it proves who it is.
    pub token_endpoint_auth_method: Option<String>,
    /// What it may get tokens for.
    pub grant_types: Option<Vec<String>>,
    /// `code`.
    pub response_types: Option<Vec<String>>,
    /// What people are told that it is called.
    pub client_name: Option<String>,
    /// A page about it.
    pub client_uri: Option<Url>,
    /// How it treats what it learns of people.
    pub policy_uri: Option<Url>,
    /// On what terms it serves.
    pub tos_uri: Option<Url>,
    /// Where it begins a sign-in when somebody else wants one.
    pub initiate_login_uri: Option<Url>,
    /// The most that it may ask for.
    pub scope: Option<String>,
    /// By what its ID tokens are signed.
    pub id_token_signed_response_alg: Option<String>,
    /// For how long a sign-in is good enough, in seconds.
    pub default_max_age: Option<u64>,
}

impl Metadata {
    /// The client that it is, under this name.
    pub(super) fn client(&self, client_id: ClientId, policy: &Policy) -> Result<Client, Refusal> {
        let (redirect_uris, post_logout_redirect_uris) =
            (parsed(&self.redirect_uris)?, parsed(&self.post_logout_redirect_uris)?);
        let method = self.token_endpoint_auth_method.as_deref().unwrap_or("client_secret_basic");
        let Some(method) = AuthMethod::ALL.into_iter().find(|own| own.as_str() == method) else {
            return refused(InvalidClientMetadata, "token_endpoint_auth_method is none that there is here");
        };
        let grants = self.grant_types.as_deref().map(|names| names.iter().map(|name| GrantType::parse(name)).collect());
        let Some(mut grant_types) = grants.unwrap_or_else(|| Some(vec![GrantType::AuthorizationCode])) else {
            return refused(InvalidClientMetadata, "grant_types has one that there is not here");
        };
        // Without a person who agrees, nobody has vouched for it at all.
        if grant_types.contains(&GrantType::ClientCredentials) {
            return refused(InvalidClientMetadata, "an operator registers clients for client_credentials");
        }
        grant_types.sort_unstable();
        grant_types.dedup();
        if self.response_types.as_ref().is_some_and(|types| types.iter().any(|one| one != "code")) {
            return refused(InvalidClientMetadata, "response_types is [\"code\"]");
        }
        let algorithm = self.id_token_signed_response_alg.as_deref().map(Algorithm::parse).transpose();
        let algorithm = algorithm.map_err(|rule| Refusal::new(InvalidClientMetadata, rule.0))?;
        // Nobody has vouched for it: it reaches what every client may.
        let resources: Vec<_> = resource::of_every_client(policy).map(str::to_owned).collect();
        let most = own_scope().and(&resource::scope(policy, &resources));
        let asked = self.scope.as_deref().map(Scope::parse).transpose();
        let asked = asked.map_err(|rule| Refusal::new(InvalidClientMetadata, rule.0))?;
        Ok(Client {
            client_id,
            client_name: self.client_name.clone(),
            token_endpoint_auth_method: method,
            redirect_uris,
            post_logout_redirect_uris,
            grant_types,
            scope: asked.map_or_else(|| most.clone(), |asked| asked.common(&most)),
            resources,
            id_token_signed_response_alg: algorithm,
            default_max_age: self.default_max_age,
            client_uri: self.client_uri.clone(),
            policy_uri: self.policy_uri.clone(),
            tos_uri: self.tos_uri.clone(),
            initiate_login_uri: self.initiate_login_uri.clone(),
            ..Client::default()
        })
    }
}

fn parsed(uris: &[String]) -> Result<Vec<RedirectUri>, Refusal> {
    let uris = uris.iter().map(|uri| RedirectUri::parse(uri)).collect::<Result<_, _>>();
    uris.map_err(|rule| Refusal::new(InvalidRedirectUri, rule.0))
}

/// What a client is registered with (RFC 7591, section 3.2.1; RFC 7592, section 3).
#[derive(Clone, Debug)]
pub struct Registered {
    /// All of it but the secrets.
    pub metadata: RegisteredMetadata,
    /// The client's secret, if it has just been made.
    pub client_secret: Option<Secret>,
    /// What the client looks after its registration with, if it has just been made.
    pub registration_access_token: Option<Secret>,
}

/// What a client is registered with, but the secrets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RegisteredMetadata {
    /// Its name.
    pub client_id: ClientId,
    /// When it was registered.
    pub client_id_issued_at: Timestamp,
    /// When its secret ends: 0 is never. Of a client that has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_secret_expires_at: Option<u64>,
    /// Where it looks after its registration.
    pub registration_client_uri: String,
    /// Where its answers may go.
    pub redirect_uris: Vec<RedirectUri>,
    /// Where people may be sent once they are signed out.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub post_logout_redirect_uris: Vec<RedirectUri>,
    /// How it proves who it is.
    pub token_endpoint_auth_method: AuthMethod,
    /// What it may get tokens for.
    pub grant_types: Vec<GrantType>,
    /// `code`, if it may use codes.
    pub response_types: Vec<&'static str>,
    /// The most that it may ask for.
    pub scope: Scope,
    /// What people are told that it is called.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_name: Option<String>,
    /// A page about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_uri: Option<Url>,
    /// How it treats what it learns of people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy_uri: Option<Url>,
    /// On what terms it serves.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tos_uri: Option<Url>,
    /// Where it begins a sign-in when somebody else wants one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub initiate_login_uri: Option<Url>,
    /// By what its ID tokens are signed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id_token_signed_response_alg: Option<Algorithm>,
    /// For how long a sign-in is good enough, in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default_max_age: Option<u64>,
}

impl Registered {
    pub(super) fn new(
        client: &Client,
        client_secret: Option<Secret>,
        registration_access_token: Option<Secret>,
        registration_client_uri: String,
    ) -> Self {
        let client = client.clone();
        let metadata = RegisteredMetadata {
            client_secret_expires_at: (!client.client_secrets.is_empty()).then_some(0),
            response_types: if client.may(GrantType::AuthorizationCode) { vec!["code"] } else { Vec::new() },
            registration_client_uri,
            client_id: client.client_id,
            client_id_issued_at: client.client_id_issued_at,
            redirect_uris: client.redirect_uris,
            post_logout_redirect_uris: client.post_logout_redirect_uris,
            token_endpoint_auth_method: client.token_endpoint_auth_method,
            grant_types: client.grant_types,
            scope: client.scope,
            client_name: client.client_name,
            client_uri: client.client_uri,
            policy_uri: client.policy_uri,
            tos_uri: client.tos_uri,
            initiate_login_uri: client.initiate_login_uri,
            id_token_signed_response_alg: client.id_token_signed_response_alg,
            default_max_age: client.default_max_age,
        };
        Self { metadata, client_secret, registration_access_token }
    }
}
