//! Tokens for what a client shows (RFC 6749, section 3.2).
use super::{Tag, form::Form, refusal::OAuthRefusal};
use crate::http::answer::Answer;
use auth_oidc::{Provider, token::Tokens};
use poem::web::Data;
use poem_openapi::{Object, OpenApi};

pub struct Token;

/// What a client shows.
#[derive(Object)]
#[oai(rename = "TokenRequest")]
struct Body {
    /// `authorization_code`, `refresh_token`, `client_credentials` or `urn:ietf:params:oauth:grant-type:device_code`.
    grant_type: String,
    /// The code (RFC 6749, section 4.1.3).
    code: Option<String>,
    /// Where the code was sent.
    redirect_uri: Option<String>,
    /// What the `code_challenge` was made of (RFC 7636).
    code_verifier: Option<String>,
    /// The code of a device (RFC 8628, section 3.4).
    device_code: Option<String>,
    /// The refresh token (RFC 6749, section 6).
    refresh_token: Option<String>,
    /// Less than was granted.
    scope: Option<String>,
    /// The service that the token is for; may be repeated (RFC 8707).
    resource: Option<String>,
    /// The client, unless the Authorization header names it.
    client_id: Option<String>,
    /// Its secret, if it is registered for `client_secret_post`.
    client_secret: Option<String>,
    /// What it signs, if it is registered for `private_key_jwt` (RFC 7523).
    client_assertion: Option<String>,
    /// `urn:ietf:params:oauth:client-assertion-type:jwt-bearer`.
    client_assertion_type: Option<String>,
}

/// What a client is given (RFC 6749, section 5.1).
#[derive(Object)]
#[oai(rename = "TokenResponse", skip_serializing_if_is_none)]
struct View {
    /// Opens what its audience serves.
    access_token: String,
    /// `Bearer`, or `DPoP` if it is bound to the key of a proof (RFC 9449).
    token_type: String,
    /// For how many seconds the access token is good.
    expires_in: u64,
    /// What it reaches to.
    scope: String,
    /// Gets the next tokens, once.
    refresh_token: Option<String>,
    /// Who the person is, for the client alone: a JWT (OpenID Connect Core, section 2).
    id_token: Option<String>,
}

#[OpenApi(tag = "Tag::OAuth")]
impl Token {
    /// Tokens for a code, a refresh token, a device, or a client itself
    ///
    /// A client proves who it is in the way that it is registered for: by `Authorization: Basic` (both parts
    /// form-urlencoded), by `client_id` and `client_secret` in the body, by a `client_assertion`, or, if it keeps no secret, by `client_id` alone.
    #[oai(path = "/oauth2/token", method = "post", operation_id = "oauth2_token")]
    async fn token(
        &self,
        Data(provider): Data<&Provider>,
        form: Form<Body>,
    ) -> Result<Answer<200, View>, OAuthRefusal> {
        Ok(Answer(provider.token(&form.request).await?.into()))
    }
}

impl From<Tokens> for View {
    fn from(tokens: Tokens) -> Self {
        Self {
            access_token: tokens.access_token.expose().to_owned(),
            token_type: tokens.token_type.to_owned(),
            expires_in: tokens.expires_in.as_secs(),
            scope: tokens.scope.to_string(),
            refresh_token: tokens.refresh_token.map(|token| token.expose().to_owned()),
            id_token: tokens.id_token.map(|token| token.expose().to_owned()),
        }
    }
}
