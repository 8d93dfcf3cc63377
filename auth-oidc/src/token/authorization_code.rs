//! A code for tokens (RFC 6749, section 4.1.3).
use super::{Tokens, issue::Issue, narrowed, required};
use crate::{
    Params, Provider,
    client::Client,
    dpop::Thumbprint,
    error::{Error, ErrorCode::InvalidGrant, refused},
    provider::{Standing, sha256},
};
use auth_core::{
    grant::{CodeBinding, Grant},
    ports::*,
    session::{Session, Turn, Turned},
    session_token::{Purpose, SessionToken},
    user::User,
    value::Secret,
};
use std::time::Duration;
use subtle::ConstantTimeEq;

/// One answer for every code that is good for nothing.
const BAD_CODE: &str = "the code is not, or no longer, good, or was given to another request than this one continues";

impl Provider {
    /// Turns the chain first and looks second: whatever is wrong, the code is spent. Shown again it ends the chain, and so
    /// all that it has bought (RFC 9700, section 4.2.4; O-07).
    pub(super) async fn exchange_code(
        &self,
        client: &Client,
        params: &Params,
        key: Option<Thumbprint>,
    ) -> Result<Tokens, Error> {
        let code = Secret::new(required(params, "code", "code is missing")?.to_owned());
        let Ok(code) = SessionToken::parse(&code, Purpose::Code, self.accounts.secret()) else {
            return refused(InvalidGrant, BAD_CODE);
        };
        self.redeem(client, params, key, &code).await
    }

    /// The same for a code in whatever form it was shown.
    pub(super) async fn redeem(
        &self,
        client: &Client,
        params: &Params,
        key: Option<Thumbprint>,
        code: &SessionToken,
    ) -> Result<Tokens, Error> {
        let Ports { users, sessions, events, clock, .. } = self.ports();
        let id = code.session;
        // Before the turn: after it little is left that the outside could fail at.
        let user = users.by_id(id.user()).await?;
        let turn = Turn {
            generation: 0,
            mac: code.mac,
            proof: self.accounts.secret().grant_proof(id, 0),
            now: clock.now(),
            idle: self.accounts.policy().session_idle,
            grace: Duration::ZERO, // two who show one code are not two tabs of one client
        };
        let session = match sessions.turn(id, &turn).await? {
            Turned::Done(session) => session,
            Turned::Replayed(session) => {
                events.record(&Event::SessionReplayed(session.id));
                return refused(InvalidGrant, BAD_CODE);
            }
            Turned::Raced(_) | Turned::Refused => return refused(InvalidGrant, BAD_CODE),
        };
        match self.bought(client, params, key.as_ref(), user.map(|stored| stored.value), session).await {
            Ok((standing, resources)) => {
                self.bind(client, &standing.session, key.as_ref()).await?;
                let scope = standing.grant.scope.clone();
                self.issue(client, Issue { standing: &standing, resources, scope, key, first: true }).await
            }
            Err(Error::Refused(refusal)) => {
                sessions.revoke(id).await?;
                events.record(&Event::SessionEnded(id));
                Err(refusal.into())
            }
            Err(unavailable) => Err(unavailable),
        }
    }

    /// What the code has bought, if it was this client's, and this request continues the one that it was given to.
    async fn bought(
        &self,
        client: &Client,
        params: &Params,
        key: Option<&Thumbprint>,
        user: Option<User>,
        session: Session,
    ) -> Result<(Standing, Vec<String>), Error> {
        let continued = |grant: &Grant| is_continued(grant.code.as_ref(), params, key);
        let bound = client.holds(&session) && session.grant.as_deref().is_some_and(continued);
        let standing = match user {
            Some(user) if bound => self.stands(user, session).await?,
            _ => None,
        };
        let Some(standing) = standing else { return refused(InvalidGrant, BAD_CODE) };
        if !self.still_agreed(standing.user.id, client, &standing.grant).await? {
            return refused(InvalidGrant, BAD_CODE);
        }
        let resources = narrowed(params, &standing.grant.resources)?;
        Ok((standing, resources))
    }
}

/// Whether the request to the token endpoint comes from whoever made the one to the authorization endpoint (O-08).
fn is_continued(code: Option<&CodeBinding>, params: &Params, key: Option<&Thumbprint>) -> bool {
    let Some(code) = code else { return true }; // only its device has shown it
    let verified = match (&code.challenge, params.get("code_verifier")) {
        (Some(challenge), Some(verifier)) => is_verified(challenge, verifier),
        (None, None) => true,
        // RFC 9700, section 2.1.1: whoever shows a verifier had sent a challenge, and somebody has taken it away (O-05).
        (None, Some(_)) | (Some(_), None) => false,
    };
    // Who is bound by PKCE need not say it again (OAuth 2.1, section 10.2), and may.
    let same = params.get("redirect_uri").map_or(code.challenge.is_some(), |named| named == code.redirect_uri);
    let proved = code.dpop_jkt.is_none() || code.dpop_jkt.as_deref() == key.map(Thumbprint::as_str);
    verified && same && proved
}

/// RFC 7636, sections 4.1 and 4.6.
fn is_verified(challenge: &str, verifier: &str) -> bool {
    let unreserved = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    let well_formed = (43..=128).contains(&verifier.len()) && verifier.bytes().all(unreserved);
    let same: bool = sha256(verifier).as_bytes().ct_eq(challenge.as_bytes()).into();
    well_formed && same
}
