//! Who asks, and where the answer goes. Until both are known nobody is sent anywhere (RFC 6749, section 4.1.2.1; O-03).
use super::{Addressee, Mode};
use crate::{Params, Provider, client::GrantType};
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
}

impl Provider {
    pub(super) async fn addressee(&self, params: &Params) -> Outside<Result<Addressee, NotSent>> {
        let once = |name| params.get(name).filter(|_| !params.repeats(name));
        let client = match once("client_id").and_then(|id| ClientId::parse(id).ok()) {
            Some(id) => self.client(&id).await?,
            None => None,
        };
        let Some(client) = client.filter(|client| client.may(GrantType::AuthorizationCode)) else {
            return Ok(Err(NotSent::UnknownClient));
        };
        let named = once("redirect_uri").filter(|named| client.redirect_uris.iter().any(|own| own.admits(named)));
        let Some(redirect_uri) = named.map(str::to_owned) else { return Ok(Err(NotSent::BadRedirectUri)) };
        let state = once("state").map(str::to_owned);
        // An answer goes by the mode that was asked for, also one that says what else is wrong.
        let mode = once("response_mode").and_then(Mode::parse).unwrap_or_default();
        Ok(Ok(Addressee { client, redirect_uri, state, mode }))
    }
}
