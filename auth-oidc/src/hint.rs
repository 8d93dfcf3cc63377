//! `id_token_hint`: an ID token of ours, however old, says whose session is meant (OpenID Connect Core, section 3.1.2.1;
//! RP-Initiated Logout, section 2).
use crate::Provider;
use auth_core::{
    ports::*,
    token::{self, TokenRefused},
    value::ClientId,
};
use serde::Deserialize;

/// What of an ID token says whose session is meant.
#[derive(Deserialize)]
pub(crate) struct Hint {
    iss: String,
    pub aud: ClientId,
    pub sub: String,
    pub sid: String,
}

/// It is no ID token of this server.
pub(crate) struct NoHint;

impl Provider {
    /// What a hint says; nothing, if it is by a key that is published no more: then nobody can tell.
    pub(crate) fn hint(&self, text: &str) -> Result<Option<Hint>, NoHint> {
        let Ports { keyring, .. } = self.ports();
        match token::open::<Hint>(text, &keyring.public_keys(), "JWT") {
            Ok(hint) if hint.iss == self.issuer() => Ok(Some(hint)),
            Err(TokenRefused::UnknownKey) => Ok(None),
            _ => Err(NoHint),
        }
    }
}
