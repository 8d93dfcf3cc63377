//! A refresh token for the next tokens (RFC 6749, section 6).
use super::{Tokens, issue::Issue, narrowed, required};
use crate::{
    Params, Provider,
    client::Client,
    dpop::Thumbprint,
    error::{
        Error,
        ErrorCode::{InvalidGrant, InvalidScope},
        Refusal, refused,
    },
};
use auth_core::{
    grant::Grant,
    ports::*,
    refresh_token::RefreshToken,
    session::{Turn, Turned},
    value::{Scope, Secret},
};

/// One answer for every refresh token that is good for nothing.
const BAD_TOKEN: &str = "the refresh token is not, or no longer, good for this client";

impl Provider {
    /// Turns the chain. Two who show one token at once get one successor, the same; an older one ends the chain (RFC 9700,
    /// section 4.14.2). Whether the person is still admitted, and still agrees, is asked each time (O-09).
    pub(super) async fn refresh(
        &self,
        client: &Client,
        params: &Params,
        key: Option<Thumbprint>,
    ) -> Result<Tokens, Error> {
        let Ports { users, sessions, events, clock, .. } = self.ports();
        let token = Secret::new(required(params, "refresh_token", "refresh_token is missing")?.to_owned());
        let asked = params.get("scope").map(Scope::parse).transpose();
        let asked = asked.map_err(|invalid| Refusal::new(InvalidScope, invalid.0))?;
        let Ok(token) = RefreshToken::parse(&token, self.accounts.secret()) else {
            return refused(InvalidGrant, BAD_TOKEN);
        };
        // Its number is 0 while a code is good: that is no refresh token.
        if token.generation == 0 {
            return refused(InvalidGrant, BAD_TOKEN);
        }
        let id = token.session;
        // Before the turn: whoever has stolen the token and not the key does the client no harm.
        if !self.is_bound_to(client, id, key.as_ref()).await? {
            return refused(InvalidGrant, BAD_TOKEN);
        }
        // And a request that cannot be granted costs nothing: its token is as good as before.
        if asked.is_some() || params.get("resource").is_some() {
            let known = sessions.by_id(id).await?;
            if let Some(grant) = known.filter(|known| client.holds(known)).and_then(|known| known.grant) {
                let _ = reached(params, asked.as_ref(), &grant)?;
            }
        }
        let user = users.by_id(id.user()).await?;
        let turn = Turn {
            generation: token.generation,
            mac: token.mac,
            proof: self.accounts.secret().grant_proof(id, token.generation),
            now: clock.now(),
            idle: self.accounts.policy().session_idle,
            grace: self.accounts.policy().refresh_grace,
        };
        let session = match sessions.turn(id, &turn).await? {
            Turned::Done(session) | Turned::Raced(session) => session,
            Turned::Replayed(session) => {
                events.record(&Event::SessionReplayed(session.id));
                return refused(InvalidGrant, BAD_TOKEN);
            }
            Turned::Refused => return refused(InvalidGrant, BAD_TOKEN),
        };
        let own = client.holds(&session);
        let standing = match user {
            Some(user) if own => self.stands(user.value, session).await?,
            _ => None,
        };
        let agreed = match &standing {
            Some(standing) => self.still_agreed(standing.user.id, client, &standing.grant).await?,
            None => false,
        };
        let Some(standing) = standing.filter(|_| agreed) else {
            // Another client that has it is a thief, or has been robbed.
            sessions.revoke(id).await?;
            events.record(&Event::SessionEnded(id));
            return refused(InvalidGrant, BAD_TOKEN);
        };
        events.record(&Event::Refreshed(id));
        let (resources, scope) = reached(params, asked.as_ref(), &standing.grant)?;
        self.issue(client, Issue { standing: &standing, resources, scope, key, first: false }).await
    }
}

/// What of a grant the next tokens reach to: all of it, or what the client narrows it to (RFC 6749, section 6).
fn reached(params: &Params, asked: Option<&Scope>, grant: &Grant) -> Result<(Vec<String>, Scope), Refusal> {
    let resources = narrowed(params, &grant.resources)?;
    match asked {
        Some(asked) if !asked.is_within(&grant.scope) => refused(InvalidScope, "scope is more than was granted"),
        asked => Ok((resources, asked.unwrap_or(&grant.scope).clone())),
    }
}
