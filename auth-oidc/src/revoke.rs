//! Revoke: a client gives a token back (RFC 7009).
use crate::{
    Provider,
    error::{Error, ErrorCode::InvalidRequest, refused},
    path, records,
    token::ClientRequest,
};
use auth_core::{document::*, ports::*, refresh_token::RefreshToken, token::LEEWAY, value::*};
use serde_json::Value;

const KIND: &str = "revoked";

impl Provider {
    /// Ends the grant that the token belongs to: its refresh token and its access tokens die together (RFC 7009,
    /// section 2.1; O-26). A token that is not this client's, or not known, is let be, and the answer is the same.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn revoke(&self, request: &ClientRequest) -> Result<(), Error> {
        let client = self.authenticated(request, path::REVOKE).await?;
        let Some(text) = request.params.get("token") else { return refused(InvalidRequest, "token is missing") };
        let grant = match RefreshToken::parse(&Secret::new(text.to_owned()), self.accounts.secret()) {
            // An older one of the chain, too: it proves that the client had it.
            Ok(token) => self.standing(token.session).await?.filter(|standing| {
                let proof = self.accounts.secret().grant_proof(token.session, token.generation);
                proof.mac(&standing.session.seed.0) == token.mac
            }),
            Err(_) => match self.access_claims_of(text) {
                Some(claims) if claims.client_id == client.client_id => match &claims.sid {
                    Some(sealed) => self.standing_behind(sealed).await?,
                    None => return Ok(self.take_back(&claims.jti, claims.exp).await?),
                },
                _ => None,
            },
        };
        if let Some(standing) = grant.filter(|standing| standing.grant.client == client.client_id) {
            let Ports { sessions, events, .. } = self.ports();
            sessions.revoke(standing.session.id).await?;
            events.record(&Event::SessionEnded(standing.session.id));
        }
        Ok(())
    }

    /// A token that no grant is behind is remembered until it would have ended anyhow.
    async fn take_back(&self, jti: &str, ends_at: Timestamp) -> Outside<()> {
        let expires_at = Some(ends_at + LEEWAY);
        let (Inserted::Done | Inserted::Exists) =
            self.ports().documents.insert(&Document { key: key(jti)?, expires_at, body: Value::Null }).await?;
        Ok(())
    }

    pub(crate) async fn is_taken_back(&self, jti: &str) -> Outside<bool> {
        Ok(self.ports().documents.find(&key(jti)?).await?.is_some())
    }
}

fn key(jti: &str) -> Outside<DocumentKey> {
    records::key(KIND, jti, jti)
}
