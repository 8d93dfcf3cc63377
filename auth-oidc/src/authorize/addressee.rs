//! Who asks, and where the answer goes. Until both are known nobody is sent anywhere (RFC 6749, section 4.1.2.1; O-03).
use super::{Addressee, Mode};
use crate::{
    Params, Provider,
    client::{Client, GrantType},
};
use auth_core::{ports::*, value::ClientId};

/// Why there is nobody to send an answer to. A page says so to the person, who can but tell the client's makers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotSent {
    /// `client_id` is missing, repeated, or of nobody.
    #[error("client_id names no client")]
    UnknownClient,
    /// `redirect_uri` is missing, repeated, or not one that the client has registered, letter for letter.
    #[error("redirect_uri is not one that the client has registered, letter for letter")]
    BadRedirectUri,
    /// `request_uri` is of no request that this client has pushed, or of one that is over or was answered.
    #[error("request_uri is of no request that this client has pushed, or of one that is over or was answered")]
    UnknownRequestUri,
    /// `request` or `request_uri` leads to no request that this client has signed for this server.
    #[error("request or request_uri leads to no request that this client has signed for this server")]
    BadRequestObject,
}

impl Provider {
    /// The client that a request names.
    pub(super) async fn asking(&self, params: &Params) -> Outside<Result<Client, NotSent>> {
        let client = match params.once("client_id").and_then(|id| ClientId::parse(id).ok()) {
            Some(id) => self.client(&id).await?,
            None => None,
        };
        Ok(client.ok_or(NotSent::UnknownClient))
    }
}

impl Addressee {
    /// Where the answer to a request of this client goes.
    pub(super) fn of(client: Client, params: &Params) -> Result<Self, NotSent> {
        if !client.may(GrantType::AuthorizationCode) {
            return Err(NotSent::UnknownClient);
        }
        let named = params.once("redirect_uri");
        let named = named.filter(|named| client.redirect_uris.iter().any(|own| own.admits(named)));
        let redirect_uri = named.ok_or(NotSent::BadRedirectUri)?.to_owned();
        let state = params.once("state").map(str::to_owned);
        // An answer goes by the mode that was asked for, also one that says what else is wrong.
        let mode = params.once("response_mode").and_then(Mode::parse).filter(|_| redirect_uri.starts_with("http"));
        Ok(Self { client, redirect_uri, state, mode: mode.unwrap_or_default() })
    }
}
