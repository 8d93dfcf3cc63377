//! Token: what a client shows for tokens (RFC 6749, section 3.2).
//!
//! The steps that every grant type shares are taken here, once: read, find out which client it is, and whether it may ask
//! so. Then each grant type, in a file of its own, is given a client that has proved who it is.
mod assertion;
mod authenticate;
mod authorization_code;
mod client_credentials;
mod device_code;
mod issue;
mod refresh_token;

pub use self::issue::Tokens;

use crate::{
    Params, Provider,
    client::GrantType,
    dpop::Use,
    error::{
        Error,
        ErrorCode::{InvalidDpopProof, InvalidRequest, InvalidTarget, UnauthorizedClient, UnsupportedGrantType},
        Refusal, refused,
    },
    path, resource,
};
use auth_core::{accounts::Caller, value::Secret};

/// A request of a client to an endpoint that it proves itself to.
#[derive(Clone, Debug, Default)]
pub struct ClientRequest {
    /// The parameters of the body.
    pub params: Params,
    /// The Authorization header, if there was one.
    pub authorization: Option<Secret>,
    /// The `DPoP` headers, as many as there were (RFC 9449).
    pub dpop: Vec<Secret>,
    /// Where it comes from.
    pub caller: Caller,
}

impl Provider {
    /// Gives tokens.
    ///
    /// # Errors
    /// [`Error`], with the codes of RFC 6749, section 5.2.
    pub async fn token(&self, request: &ClientRequest) -> Result<Tokens, Error> {
        let client = self.authenticated(request, path::TOKEN).await?;
        let Some(grant) = request.params.get("grant_type") else {
            return refused(InvalidRequest, "grant_type is missing");
        };
        let Some(grant) = GrantType::parse(grant) else {
            return refused(UnsupportedGrantType, "grant_type is none that there is here");
        };
        if !client.may(grant) {
            return refused(UnauthorizedClient, "this client is not registered for that grant_type");
        }
        let key = self.proved(&request.dpop, &Use::posted(path::TOKEN), client.profile).await?;
        if key.is_none() && client.profile.binds_tokens() {
            return refused(InvalidDpopProof, "the tokens of this client are bound to a key: a DPoP header is missing");
        }
        match grant {
            GrantType::AuthorizationCode => self.exchange_code(&client, &request.params, key).await,
            GrantType::RefreshToken => self.refresh(&client, &request.params, key).await,
            GrantType::DeviceCode => self.exchange_device_code(&client, &request.params, key).await,
            GrantType::ClientCredentials => self.client_credentials(&client, &request.params, key).await,
        }
    }
}

/// A parameter that must be there.
fn required<'a>(params: &'a Params, name: &str, missing: &'static str) -> Result<&'a str, Refusal> {
    params.get(name).ok_or_else(|| Refusal::new(InvalidRequest, missing))
}

/// What a client narrows its request to: the resources that it names, or all that the grant has.
fn narrowed(params: &Params, granted: &[String]) -> Result<Vec<String>, Refusal> {
    let named = resource::named(params);
    if named.iter().any(|named| !granted.contains(named)) {
        return refused(InvalidTarget, "that resource is not among those of the grant");
    }
    Ok(if named.is_empty() { granted.to_vec() } else { named })
}
