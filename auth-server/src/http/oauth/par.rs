//! A client brings a request, before the person comes with it (RFC 9126).
use super::{Tag, form::Form, refusal::OAuthRefusal};
use crate::http::answer::Answer;
use auth_oidc::Provider;
use poem::web::Data;
use poem_openapi::{Object, OpenApi};

pub struct Par;

/// What a client would ask at the authorization endpoint. What is not listed here is taken as it is there.
#[derive(Object)]
#[oai(rename = "PushedRequest")]
struct Body {
    /// `code`.
    response_type: Option<String>,
    /// Where the answer goes.
    redirect_uri: Option<String>,
    /// All of it, signed by the client (RFC 9101).
    request: Option<String>,
    /// What is asked for.
    scope: Option<String>,
    /// Given back as it came.
    state: Option<String>,
    /// For the ID token.
    nonce: Option<String>,
    /// The SHA-256 of a `code_verifier` (RFC 7636).
    code_challenge: Option<String>,
    /// `S256`.
    code_challenge_method: Option<String>,
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

/// What stands for the request (RFC 9126, section 2.2).
#[derive(Object)]
#[oai(rename = "PushedResponse")]
struct View {
    /// What the person is sent with to the authorization endpoint, beside `client_id`.
    request_uri: String,
    /// For how many seconds.
    expires_in: u64,
}

#[OpenApi(tag = "Tag::OAuth")]
impl Par {
    /// A client brings a request, before the person comes with it
    ///
    /// The client proves who it is as at the token endpoint. What is wrong with the request is told here. What stands for it
    /// is good for one answer.
    #[oai(path = "/oauth2/par", method = "post", operation_id = "oauth2_par")]
    async fn par(&self, Data(provider): Data<&Provider>, form: Form<Body>) -> Result<Answer<201, View>, OAuthRefusal> {
        let pushed = provider.push(&form.request).await?;
        let request_uri = pushed.request_uri.expose().to_owned();
        Ok(Answer(View { request_uri, expires_in: pushed.expires_in.as_secs() }))
    }
}
