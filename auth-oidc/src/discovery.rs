//! Discovery: what this provider does, exactly (OpenID Connect Discovery, section 3; RFC 8414, section 2; O-32).
use crate::{
    Provider,
    authorize::Mode,
    claims,
    client::{AuthMethod, GrantType, SubjectType},
    path,
    policy::own_scope,
    resource,
};
use auth_core::keys::Algorithm;
use serde::Serialize;
use std::collections::BTreeSet;

/// The document at `/.well-known/openid-configuration` and `/.well-known/oauth-authorization-server`: one for both.
#[derive(Clone, Debug, Serialize)]
#[expect(clippy::struct_excessive_bools, reason = "each is a member of the document")]
pub struct Metadata {
    /// Letter for letter the `iss` of every token.
    pub issuer: String,
    /// Where people are sent.
    pub authorization_endpoint: String,
    /// Where tokens are given.
    pub token_endpoint: String,
    /// Where a device asks for its person (RFC 8628, section 4).
    pub device_authorization_endpoint: String,
    /// Where a client brings a request beforehand.
    pub pushed_authorization_request_endpoint: String,
    /// Whether every client must.
    pub require_pushed_authorization_requests: bool,
    /// Who a person is.
    pub userinfo_endpoint: String,
    /// The public keys.
    pub jwks_uri: String,
    /// Where a client registers itself.
    pub registration_endpoint: String,
    /// What a token is worth.
    pub introspection_endpoint: String,
    /// Where tokens are given back.
    pub revocation_endpoint: String,
    /// Where people are sent to sign out.
    pub end_session_endpoint: String,
    /// Whether clients are told that a session has ended (OpenID Connect Back-Channel Logout, section 2.1).
    pub backchannel_logout_supported: bool,
    /// Whether they are told which.
    pub backchannel_logout_session_supported: bool,
    /// What can be asked for.
    pub scopes_supported: Vec<String>,
    /// `code` alone.
    pub response_types_supported: [&'static str; 1],
    /// How an answer goes.
    pub response_modes_supported: Vec<&'static str>,
    /// What tokens are got for.
    pub grant_types_supported: Vec<&'static str>,
    /// One name for a person at every client, or another in each sector.
    pub subject_types_supported: Vec<&'static str>,
    /// By what ID tokens are signed.
    pub id_token_signing_alg_values_supported: Vec<String>,
    /// By what the answers of the userinfo endpoint are, if a client wants them signed.
    pub userinfo_signing_alg_values_supported: Vec<String>,
    /// How a client proves who it is.
    pub token_endpoint_auth_methods_supported: Vec<&'static str>,
    /// By what it signs, if it proves who it is so.
    pub token_endpoint_auth_signing_alg_values_supported: Vec<&'static str>,
    /// The same, where tokens are given back.
    pub revocation_endpoint_auth_signing_alg_values_supported: Vec<&'static str>,
    /// The same, where it asks about them.
    pub introspection_endpoint_auth_signing_alg_values_supported: Vec<&'static str>,
    /// How it proves who it is, where tokens are given back.
    pub revocation_endpoint_auth_methods_supported: Vec<&'static str>,
    /// The same, where it asks about them: a client that keeps no secret may not.
    pub introspection_endpoint_auth_methods_supported: Vec<&'static str>,
    /// By what a client proves that a key is its own (RFC 9449, section 5.1).
    pub dpop_signing_alg_values_supported: Vec<&'static str>,
    /// S256 alone.
    pub code_challenge_methods_supported: [&'static str; 1],
    /// How people sign in.
    pub acr_values_supported: [&'static str; 1],
    /// What may be told of a person.
    pub claims_supported: Vec<&'static str>,
    /// Whether claims can be asked for one by one.
    pub claims_parameter_supported: bool,
    /// Whether a request may be a signed object.
    pub request_parameter_supported: bool,
    /// Whether it may be fetched. True unless it is said.
    pub request_uri_parameter_supported: bool,
    /// Whether where it may be is registered.
    pub require_request_uri_registration: bool,
    /// By what it is signed.
    pub request_object_signing_alg_values_supported: Vec<&'static str>,
    /// Whether a client may be named by where it says who it is.
    pub client_id_metadata_document_supported: bool,
    /// RFC 9207.
    pub authorization_response_iss_parameter_supported: bool,
    /// Which pages can be asked for (Initiating User Registration via OpenID Connect, section 4.2).
    pub prompt_values_supported: [&'static str; 5],
    /// The languages of the pages.
    pub ui_locales_supported: Vec<String>,
}

impl Provider {
    /// What this provider does. The pages are whoever embeds it's own, and so are their languages.
    pub fn metadata(&self, ui_locales: &[&str]) -> Metadata {
        let every: Vec<_> = self.policy.resources.iter().map(|resource| resource.resource.clone()).collect();
        let scope = own_scope().and(&resource::scope(&self.policy, &every));
        let algorithms: BTreeSet<_> = self.ports().keyring.public_keys().into_iter().map(|key| key.alg).collect();
        let algorithms: Vec<_> = algorithms.into_iter().collect();
        let methods: Vec<_> = AuthMethod::ALL.iter().map(|method| method.as_str()).collect();
        let signing: Vec<_> = Algorithm::ALL.iter().map(|algorithm| algorithm.as_str()).collect();
        let proving = AuthMethod::ALL.iter().filter(|method| **method != AuthMethod::None);
        Metadata {
            issuer: self.issuer().to_owned(),
            authorization_endpoint: self.endpoint(path::AUTHORIZE),
            token_endpoint: self.endpoint(path::TOKEN),
            device_authorization_endpoint: self.endpoint(path::DEVICE_AUTHORIZATION),
            pushed_authorization_request_endpoint: self.endpoint(path::PAR),
            require_pushed_authorization_requests: false,
            userinfo_endpoint: self.endpoint(path::USERINFO),
            jwks_uri: self.endpoint(path::JWKS),
            registration_endpoint: self.endpoint(path::REGISTER),
            introspection_endpoint: self.endpoint(path::INTROSPECT),
            revocation_endpoint: self.endpoint(path::REVOKE),
            end_session_endpoint: self.endpoint(path::LOGOUT),
            backchannel_logout_supported: true,
            backchannel_logout_session_supported: true,
            scopes_supported: scope.words().map(str::to_owned).collect(),
            response_types_supported: ["code"],
            response_modes_supported: Mode::ALL.iter().map(|mode| mode.as_str()).collect(),
            grant_types_supported: GrantType::ALL.iter().map(|grant| grant.as_str()).collect(),
            subject_types_supported: SubjectType::ALL.iter().map(|own| own.as_str()).collect(),
            userinfo_signing_alg_values_supported: algorithms.clone(),
            id_token_signing_alg_values_supported: algorithms,
            introspection_endpoint_auth_methods_supported: proving.map(|method| method.as_str()).collect(),
            revocation_endpoint_auth_methods_supported: methods.clone(),
            token_endpoint_auth_methods_supported: methods,
            dpop_signing_alg_values_supported: signing.clone(),
            request_object_signing_alg_values_supported: signing.clone(),
            revocation_endpoint_auth_signing_alg_values_supported: signing.clone(),
            introspection_endpoint_auth_signing_alg_values_supported: signing.clone(),
            token_endpoint_auth_signing_alg_values_supported: signing,
            code_challenge_methods_supported: ["S256"],
            acr_values_supported: [claims::ACR],
            claims_supported: claims::OF_SIGN_IN
                .into_iter()
                .chain(claims::KNOWN.iter().map(|(name, _)| *name))
                .collect(),
            claims_parameter_supported: true,
            request_parameter_supported: true,
            request_uri_parameter_supported: self.fetcher.asks_anybody(),
            require_request_uri_registration: true,
            client_id_metadata_document_supported: self.reads_client_documents(),
            authorization_response_iss_parameter_supported: true,
            prompt_values_supported: ["none", "login", "consent", "select_account", "create"],
            ui_locales_supported: ui_locales.iter().map(|locale| (*locale).to_owned()).collect(),
        }
    }
}
