//! Introspect: what a token is worth at this moment (RFC 7662).
use crate::{
    Provider,
    access_token::AccessClaims,
    client::Client,
    dpop::Confirmation,
    error::{
        Error,
        ErrorCode::{InvalidClient, InvalidRequest},
        refused,
    },
    path,
    provider::Standing,
    token::ClientRequest,
};
use auth_core::{ports::*, refresh_token::RefreshToken, user::User, value::*};
use serde::Serialize;

/// What is told of a token (RFC 7662, section 2.2). Of one that the client may not know of, as of one that is good for
/// nothing: that it is not active, and no more.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Introspection {
    /// Whether it is worth anything.
    pub active: bool,
    /// All the rest, if it is.
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    pub token: Option<Introspected>,
}

/// A token that is worth something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Introspected {
    /// Who issued it.
    pub iss: String,
    /// Whose it is.
    pub sub: String,
    /// The client that has it.
    pub client_id: ClientId,
    /// What it reaches to.
    pub scope: Scope,
    /// When it ends.
    pub exp: Timestamp,
    /// `Bearer` or `DPoP`; none, if it is a refresh token.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token_type: Option<&'static str>,
    /// The key that it is bound to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cnf: Option<Confirmation>,
    /// What the person is called.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
    /// The services that it is for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub aud: Vec<String>,
    /// When it was issued.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub iat: Option<Timestamp>,
    /// Its own name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jti: Option<String>,
    /// When the password was shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auth_time: Option<Timestamp>,
    /// What the account is trusted with.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub roles: Vec<Role>,
}

impl Provider {
    /// Tells a client of a token that is its own, or meant for it (O-25).
    ///
    /// # Errors
    /// [`Error`]: a client that keeps no secret may not ask.
    pub async fn introspect(&self, request: &ClientRequest) -> Result<Introspection, Error> {
        let client = self.authenticated(request, path::INTROSPECT).await?;
        if client.is_public() {
            return refused(InvalidClient, "only a client that proves who it is may ask about tokens");
        }
        let Some(text) = request.params.get("token") else { return refused(InvalidRequest, "token is missing") };
        let token = match RefreshToken::parse(&Secret::new(text.to_owned()), self.accounts.secret()) {
            Ok(token) => self.introspect_refresh(&client, &token).await?,
            Err(_) => self.introspect_access(&client, text).await?,
        };
        Ok(Introspection { active: token.is_some(), token })
    }

    async fn introspect_access(&self, client: &Client, text: &str) -> Outside<Option<Introspected>> {
        let Some(live) = self.live(text).await? else { return Ok(None) };
        let token_type = Some(live.claims.token_type());
        let AccessClaims { iss, aud, sub, client_id, scope, jti, iat, exp, auth_time, cnf, roles, sid: _ } =
            live.claims;
        let may = client_id == client.client_id || aud.iter().any(|aud| client.serves.contains(aud));
        let username = live.standing.and_then(|standing| called(&standing.user, &scope));
        Ok(may.then_some(Introspected {
            iss,
            sub,
            client_id,
            scope,
            exp,
            token_type,
            cnf,
            username,
            aud,
            iat: Some(iat),
            jti: Some(jti),
            auth_time,
            roles,
        }))
    }

    async fn introspect_refresh(&self, client: &Client, token: &RefreshToken) -> Outside<Option<Introspected>> {
        let Some(Standing { user, session, grant }) = self.standing(token.session).await? else { return Ok(None) };
        let good = RefreshToken::current(&session, self.accounts.secret()) == *token && token.generation > 0;
        Ok((good && client.holds(&session)).then(|| Introspected {
            username: called(&user, &grant.scope),
            iss: self.issuer().to_owned(),
            sub: self.subject(user.id, client),
            client_id: grant.client,
            scope: grant.scope,
            exp: session.expires_at,
            token_type: None,
            cnf: None,
            aud: Vec::new(),
            iat: None,
            jti: None,
            auth_time: None,
            roles: Vec::new(),
        }))
    }
}

/// What the person is called, if they let that be told.
fn called(user: &User, scope: &Scope) -> Option<String> {
    scope.has("profile").then(|| user.login.to_string())
}
