//! The tokens that a client is given: access token, refresh token, ID token (OpenID Connect Core, section 2).
use crate::{
    Provider,
    access_token::AccessClaims,
    claims,
    client::Client,
    client::GrantType,
    dpop::Thumbprint,
    error::{Error, ErrorCode, Refusal, refused},
    policy::own_scope,
    provider::Standing,
    resource,
};
use auth_core::{
    ports::*,
    refresh_token::RefreshToken,
    value::{Scope, Secret, Timestamp},
};
use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine as _};
use serde::Serialize;
use serde_json::{Map, Value};
use std::time::Duration;

/// What a client is given (RFC 6749, section 5.1).
#[derive(Clone, Debug)]
pub struct Tokens {
    /// Opens what its audience serves.
    pub access_token: Secret,
    /// How it is shown: `Bearer`, or `DPoP` with the proof of its key.
    pub token_type: &'static str,
    /// How long it does.
    pub expires_in: Duration,
    /// What it reaches to.
    pub scope: Scope,
    /// Gets the next tokens, once.
    pub refresh_token: Option<Secret>,
    /// Who the person is, for the client alone.
    pub id_token: Option<Secret>,
}

/// What is to be issued under a grant.
pub(super) struct Issue<'a> {
    pub standing: &'a Standing,
    pub resources: Vec<String>,
    pub scope: Scope,
    /// Of whose owner alone the access token is to be taken.
    pub key: Option<Thumbprint>,
    /// Whether it is for the code: what was asked of this one sign-in is said once.
    pub first: bool,
}

/// What an ID token says.
#[derive(Serialize)]
struct IdClaims<'a> {
    iss: &'a str,
    sub: String,
    aud: &'a str,
    iat: Timestamp,
    exp: Timestamp,
    auth_time: Timestamp,
    sid: String,
    acr: &'static str,
    amr: [&'static str; 1],
    #[serde(skip_serializing_if = "Option::is_none")]
    nonce: Option<&'a str>,
    #[serde(flatten)]
    claims: Map<String, Value>,
}

impl Provider {
    pub(super) async fn issue(&self, client: &Client, issue: Issue<'_>) -> Result<Tokens, Error> {
        let Issue { standing, resources, scope, key, first } = issue;
        let (session, grant) = (&standing.session, &standing.grant);
        let (resources, scope) = self.still_allowed(client, resources, &scope)?;
        let now = self.ports().clock.now();
        let expires_in = self.policy.token_ttl.min(session.ends_at.since(now));
        let claims = AccessClaims {
            sub: self.subject(standing.user.id, client),
            sid: Some(self.sealed(session.id)),
            auth_time: Some(grant.auth_time),
            // A third party is told what a person lets it do, and not what the person may.
            roles: if client.first_party { standing.user.roles.clone() } else { Vec::new() },
            ..self.access_claims(client, resources, scope.clone(), now, expires_in)
        }
        .bound_to(key);
        let access_token = self.access_token(&claims).await?;
        let id_token =
            if scope.has("openid") { Some(self.id_token(client, standing, now, first).await?) } else { None };
        let (refresh_token, secret) = (client.may(GrantType::RefreshToken), self.accounts.secret());
        let refresh_token = refresh_token.then(|| RefreshToken::current(session, secret).reveal(secret));
        Ok(Tokens { access_token, token_type: claims.token_type(), expires_in, scope, refresh_token, id_token })
    }

    /// What of a grant its client may have today: an operator may have taken a resource from it, or a word. And what a token
    /// is not for, it says nothing of.
    fn still_allowed(
        &self,
        client: &Client,
        resources: Vec<String>,
        scope: &Scope,
    ) -> Result<(Vec<String>, Scope), Refusal> {
        let named = !resources.is_empty();
        let may = |named: &String| resource::may(&self.policy, named, &client.resources);
        let resources: Vec<_> = resources.into_iter().filter(may).collect();
        if named && resources.is_empty() {
            return refused(ErrorCode::InvalidTarget, "this client may no longer ask for any resource of the grant");
        }
        let known = own_scope().and(&resource::scope(&self.policy, &resources));
        Ok((resources, scope.common(&known).common(&client.scope)))
    }

    pub(super) async fn issue_to_itself(
        &self,
        client: &Client,
        resources: Vec<String>,
        scope: Scope,
        key: Option<Thumbprint>,
    ) -> Result<Tokens, Error> {
        let (now, expires_in) = (self.ports().clock.now(), self.policy.token_ttl);
        let claims = self.access_claims(client, resources, scope.clone(), now, expires_in).bound_to(key);
        let access_token = self.access_token(&claims).await?;
        let token_type = claims.token_type();
        Ok(Tokens { access_token, token_type, expires_in, scope, refresh_token: None, id_token: None })
    }

    /// What every access token says. Without a person, the client is its own subject (RFC 9068, section 2.2).
    fn access_claims(
        &self,
        client: &Client,
        resources: Vec<String>,
        scope: Scope,
        now: Timestamp,
        expires_in: Duration,
    ) -> AccessClaims {
        let mut jti = [0; 16];
        self.ports().rng.fill(&mut jti);
        AccessClaims {
            iss: self.issuer().to_owned(),
            // For no service in particular, it is for this one (RFC 9068, section 3).
            aud: if resources.is_empty() { vec![self.userinfo_audience()] } else { resources },
            sub: client.client_id.to_string(),
            client_id: client.client_id.clone(),
            scope,
            sid: None,
            jti: BASE64_URL_SAFE_NO_PAD.encode(jti),
            iat: now,
            exp: now + expires_in,
            auth_time: None,
            cnf: None,
            roles: Vec::new(),
        }
    }

    async fn id_token(&self, client: &Client, standing: &Standing, now: Timestamp, first: bool) -> Outside<Secret> {
        let Standing { user, grant, .. } = standing;
        let asked = claims::within(&client.scope, &grant.id_token_claims);
        let claims = IdClaims {
            iss: self.issuer(),
            sub: self.subject(user.id, client),
            aud: client.client_id.as_str(),
            iat: now,
            exp: now + self.policy.token_ttl,
            auth_time: grant.auth_time,
            sid: self.sid(grant.given_in, client.client_id.as_str()),
            acr: claims::ACR, // whatever `acr_values` wished for: there is no other
            amr: ["pwd"],     // RFC 8176
            nonce: grant.nonce.as_deref().filter(|_| first),
            // In the code flow what the scopes tell is told at the userinfo endpoint (OpenID Connect Core, section 5.4).
            claims: self.claims_of(user, &Scope::default(), &asked).await?,
        };
        self.sign(client.id_token_signed_response_alg, "JWT", &claims).await.map(Secret::new)
    }
}
