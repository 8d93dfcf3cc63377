//! What a token is worth (RFC 7662).
use super::{Members, Tag, form::Form, refusal::OAuthRefusal};
use crate::http::answer::Answer;
use auth_oidc::{Provider, introspect::Introspection};
use poem::web::Data;
use poem_openapi::{Object, OpenApi};

pub struct Introspect;

/// Which token.
#[derive(Object)]
#[oai(rename = "IntrospectionRequest")]
struct Body {
    /// The token.
    token: String,
    /// What it is taken for. Not needed.
    token_type_hint: Option<String>,
    /// The client, unless the Authorization header names it.
    client_id: Option<String>,
    /// Its secret, if it is registered for `client_secret_post`.
    client_secret: Option<String>,
    /// What it signs, if it is registered for `private_key_jwt` (RFC 7523).
    client_assertion: Option<String>,
    /// `urn:ietf:params:oauth:client-assertion-type:jwt-bearer`.
    client_assertion_type: Option<String>,
}

#[OpenApi(tag = "Tag::OAuth")]
impl Introspect {
    /// What a token is worth at this moment
    ///
    /// For a client of its own tokens, and for a service of those that are meant for it. Of all others it is said that they
    /// are not active, and no more.
    #[oai(path = "/oauth2/introspect", method = "post", operation_id = "oauth2_introspect")]
    async fn introspect(
        &self,
        Data(provider): Data<&Provider>,
        form: Form<Body>,
    ) -> Result<Answer<200, Members<Introspection>>, OAuthRefusal> {
        Ok(Answer(Members(provider.introspect(&form.request).await?)))
    }
}
