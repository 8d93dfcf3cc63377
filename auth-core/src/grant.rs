//! A grant: what a person lets a client do (RFC 6749, section 1.3).
use crate::value::*;
use serde::{Deserialize, Serialize};

/// What a person has let a client do. It hangs on the [`Session`](crate::session::Session) that it makes of the client:
/// that session's id says whose it is, and the authorization code is the first credential of its chain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant {
    /// The client.
    pub client: ClientId,
    /// What it may do.
    pub scope: Scope,
    /// At which services (RFC 8707); at none but this one, if there is none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub resources: Vec<String>,
    /// The person's own session, that it was given in.
    pub given_in: SessionId,
    /// Whether it outlives that session: `offline_access` (OpenID Connect Core, section 11).
    #[serde(default)]
    pub offline: bool,
    /// When the password was shown: `auth_time`.
    pub auth_time: Timestamp,
    /// What binds the code to the request that it answers; none of a device, which is given no code (RFC 8628).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<CodeBinding>,
    /// Handed back in the ID token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nonce: Option<String>,
    /// Claims that were asked for one by one, for the ID token.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub id_token_claims: Vec<String>,
    /// Claims that were asked for one by one, at the userinfo endpoint.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub userinfo_claims: Vec<String>,
}

/// What must be shown together with an authorization code.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CodeBinding {
    /// Where the code was sent. To be repeated if it was named in the request.
    pub redirect_uri: String,
    /// The S256 challenge (RFC 7636); none of a client that may come without.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub challenge: Option<String>,
    /// The thumbprint of the key that is to be proved with it (RFC 9449, section 10).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dpop_jkt: Option<String>,
}
