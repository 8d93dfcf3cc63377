//! Back-channel logout: a client is told that a person's session has ended (OpenID Connect Back-Channel Logout 1.0).
use crate::{Provider, client::Client, clients, fetch::FetchError};
use auth_core::{ports::*, value::Timestamp};
use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine as _};
use serde::Serialize;
use serde_json::{Value, json};
use std::time::Duration;
use tokio::time::timeout;

/// Section 2.4: what makes a token a logout token.
const EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";
/// Section 2.4: a short time, and it is made for one request.
const TTL: Duration = Duration::from_mins(2);

/// How many clients are told at once: fewer than there are workers for the outbox.
pub(crate) const AT_ONCE: usize = 2;
/// Whoever is told later is told soon enough.
const PATIENCE: Duration = Duration::from_millis(500);

/// Section 2.4. Without a nonce: nobody can take it for an ID token.
#[derive(Serialize)]
struct LogoutClaims<'a> {
    iss: &'a str,
    sub: String,
    aud: &'a str,
    iat: Timestamp,
    exp: Timestamp,
    jti: String,
    events: Value,
    sid: String,
}

#[async_trait]
impl LogoutTransport for Provider {
    /// Tells a client at its `backchannel_logout_uri`, if it still is a client and has one (section 2.5).
    async fn tell(&self, notice: &LogoutNotice) -> Outside<Option<Delivery>> {
        // Clients that do not answer may not hold up those that do, nor the mail.
        let Ok(Ok(_room)) = timeout(PATIENCE, self.telling.acquire()).await else {
            return Err(Unavailable::Overloaded { service: "clients", retry_after: PATIENCE });
        };
        let client = match &notice.client {
            id if clients::is_published(id) => self.published_client(id).await.or_else(|error| match error {
                FetchError::Forbidden(_) => Ok(None),
                failed => Err(Unavailable::failed("client", failed)),
            })?,
            id => self.client(id).await?,
        };
        let Some(client) = client else { return Ok(None) };
        let Some(uri) = &client.backchannel_logout_uri else { return Ok(None) };
        let token = self.logout_token(&client, notice).await?;
        match self.fetcher.post(uri, &[("logout_token", &token)]).await {
            Ok(200 | 204) => Ok(Some(Delivery::Accepted)),
            // Section 2.8: it has understood, and it was no good.
            Ok(status @ 400) => Ok(Some(Delivery::Rejected(format!("it answered {status}")))),
            Ok(status) => Err(Unavailable::failed("client", format!("it answered {status}"))),
            Err(forbidden @ FetchError::Forbidden(_)) => Ok(Some(Delivery::Rejected(forbidden.to_string()))),
            Err(failed) => Err(Unavailable::failed("client", failed)),
        }
    }
}

impl Provider {
    async fn logout_token(&self, client: &Client, notice: &LogoutNotice) -> Outside<String> {
        let Ports { clock, rng, .. } = self.ports();
        let mut jti = [0; 16];
        rng.fill(&mut jti);
        let now = clock.now();
        let claims = LogoutClaims {
            iss: self.issuer(),
            sub: self.subject(notice.session.user(), client),
            aud: client.client_id.as_str(),
            iat: now,
            exp: now + TTL,
            jti: BASE64_URL_SAFE_NO_PAD.encode(jti),
            events: json!({ EVENT: {} }),
            sid: self.sid(notice.session, client.client_id.as_str()),
        };
        // Section 2.6: by the algorithm of its ID tokens.
        self.sign(client.id_token_signed_response_alg, "logout+jwt", &claims).await
    }
}
