//! What a client says of itself, and what it is registered with (RFC 7591, sections 2 and 3.2.1).
use crate::{
    client::{AuthMethod, Client, GrantType, JwkSet, RedirectUri, SubjectType},
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
    /// Where it is told that a person's session has ended.
    pub backchannel_logout_uri: Option<Url>,
    /// How it proves who it is.
    pub token_endpoint_auth_method: Option<String>,
    /// The keys that it signs with.
    #[serde(default, deserialize_with = "JwkSet::said")]
    pub jwks: Option<JwkSet>,
    /// Where it publishes them instead.
    pub jwks_uri: Option<Url>,
    /// What it may get tokens for.
    pub grant_types: Option<Vec<String>>,
    /// `code`.
    pub response_types: Option<Vec<String>>,
    /// What people are told that it is called.
    pub client_name: Option<String>,
    /// A page about it.
    pub client_uri: Option<Url>,
    /// A picture that people may recognise it by.
    pub logo_uri: Option<Url>,
    /// How it treats what it learns of people.
    pub policy_uri: Option<Url>,
    /// On what terms it serves.
    pub tos_uri: Option<Url>,
    /// Where it begins a sign-in when somebody else wants one.
    pub initiate_login_uri: Option<Url>,
    /// The most that it may ask for.
    pub scope: Option<String>,
    /// `public` or `pairwise`.
    pub subject_type: Option<String>,
    /// Names its sector, and lists its redirect URIs.
    pub sector_identifier_uri: Option<Url>,
    /// By what its ID tokens are signed.
    pub id_token_signed_response_alg: Option<String>,
    /// Whether it signs each request.
    #[serde(default)]
    pub require_signed_request_object: bool,
    /// By what it signs its requests.
    pub request_object_signing_alg: Option<String>,
    /// Where its signed requests may be.
    #[serde(default)]
    pub request_uris: Vec<Url>,
    /// By what the answers of the userinfo endpoint are signed, if they are to be.
    pub userinfo_signed_response_alg: Option<String>,
    /// For how long a sign-in is good enough, in seconds.
    pub default_max_age: Option<u64>,
}

impl Metadata {
    /// What is written for every server speaks of more than there is here, and of more than may be asked for so.
    pub(crate) fn keep_known_grants(&mut self) {
        let own = |name: &String| GrantType::parse(name).is_some_and(|grant| grant != GrantType::ClientCredentials);
        self.grant_types.iter_mut().for_each(|names| names.retain(own));
    }

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
        let Some(subject_type) = SubjectType::parse(self.subject_type.as_deref().unwrap_or("public")) else {
            return refused(InvalidClientMetadata, "subject_type is public or pairwise");
        };
        // Its sector would be one that no code ever goes to (OpenID Connect Core, section 8.1).
        if subject_type == SubjectType::Pairwise && grant_types.contains(&GrantType::DeviceCode) {
            return refused(InvalidClientMetadata, "subject_type is public for a client on a device");
        }
        // Nobody has vouched for it: it reaches what every client may.
        let resources: Vec<_> = resource::of_every_client(policy).map(str::to_owned).collect();
        let most = own_scope().and(&resource::scope(policy, &resources));
        let asked = self.scope.as_deref().map(Scope::parse).transpose();
        let asked = asked.map_err(|rule| Refusal::new(InvalidClientMetadata, rule.0))?;
        Ok(Client {
            client_id,
            client_name: self.client_name.clone(),
            token_endpoint_auth_method: method,
            jwks: self.jwks.clone(),
            jwks_uri: self.jwks_uri.clone(),
            redirect_uris,
            post_logout_redirect_uris,
            backchannel_logout_uri: self.backchannel_logout_uri.clone(),
            grant_types,
            scope: asked.map_or_else(|| most.clone(), |asked| asked.common(&most)),
            resources,
            subject_type,
            sector_identifier_uri: self.sector_identifier_uri.clone(),
            id_token_signed_response_alg: algorithm(self.id_token_signed_response_alg.as_deref())?,
            userinfo_signed_response_alg: algorithm(self.userinfo_signed_response_alg.as_deref())?,
            require_signed_request_object: self.require_signed_request_object,
            request_object_signing_alg: algorithm(self.request_object_signing_alg.as_deref())?,
            request_uris: self.request_uris.clone(),
            default_max_age: self.default_max_age,
            client_uri: self.client_uri.clone(),
            logo_uri: self.logo_uri.clone(),
            policy_uri: self.policy_uri.clone(),
            tos_uri: self.tos_uri.clone(),
            initiate_login_uri: self.initiate_login_uri.clone(),
            ..Client::default()
        })
    }
}

fn algorithm(name: Option<&str>) -> Result<Option<Algorithm>, Refusal> {
    name.map(Algorithm::parse).transpose().map_err(|rule| Refusal::new(InvalidClientMetadata, rule.0))
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
    /// Where it is told that a person's session has ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub backchannel_logout_uri: Option<Url>,
    /// How it proves who it is.
    pub token_endpoint_auth_method: AuthMethod,
    /// The keys that it signs with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jwks: Option<JwkSet>,
    /// Where it publishes them instead.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jwks_uri: Option<Url>,
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
    /// A picture that people may recognise it by.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub logo_uri: Option<Url>,
    /// How it treats what it learns of people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy_uri: Option<Url>,
    /// On what terms it serves.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tos_uri: Option<Url>,
    /// How it calls people.
    pub subject_type: SubjectType,
    /// Names its sector.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sector_identifier_uri: Option<Url>,
    /// Where it begins a sign-in when somebody else wants one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub initiate_login_uri: Option<Url>,
    /// By what its ID tokens are signed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id_token_signed_response_alg: Option<Algorithm>,
    /// Whether it signs each request.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub require_signed_request_object: bool,
    /// By what it signs its requests.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_object_signing_alg: Option<Algorithm>,
    /// Where its signed requests may be.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub request_uris: Vec<Url>,
    /// By what the answers of the userinfo endpoint are signed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub userinfo_signed_response_alg: Option<Algorithm>,
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
            backchannel_logout_uri: client.backchannel_logout_uri,
            token_endpoint_auth_method: client.token_endpoint_auth_method,
            jwks: client.jwks,
            jwks_uri: client.jwks_uri,
            grant_types: client.grant_types,
            scope: client.scope,
            client_name: client.client_name,
            client_uri: client.client_uri,
            logo_uri: client.logo_uri,
            policy_uri: client.policy_uri,
            tos_uri: client.tos_uri,
            subject_type: client.subject_type,
            sector_identifier_uri: client.sector_identifier_uri,
            initiate_login_uri: client.initiate_login_uri,
            id_token_signed_response_alg: client.id_token_signed_response_alg,
            require_signed_request_object: client.require_signed_request_object,
            request_object_signing_alg: client.request_object_signing_alg,
            request_uris: client.request_uris,
            userinfo_signed_response_alg: client.userinfo_signed_response_alg,
            default_max_age: client.default_max_age,
        };
        Self { metadata, client_secret, registration_access_token }
    }
}
