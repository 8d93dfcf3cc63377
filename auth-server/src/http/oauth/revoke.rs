//! A token is given back (RFC 7009).
use super::{Members, Tag, form::Form, refusal::OAuthRefusal};
use crate::http::answer::Answer;
use auth_oidc::Provider;
use poem::web::Data;
use poem_openapi::{Object, OpenApi};
use serde_json::{Map, Value};

pub struct Revoke;

/// Which token.
#[derive(Object)]
#[oai(rename = "RevocationRequest")]
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
impl Revoke {
    /// A client gives a token back
    ///
    /// The grant that it belongs to ends, with its refresh token and all its access tokens. A token that is not known is
    /// answered alike.
    #[oai(path = "/oauth2/revoke", method = "post", operation_id = "oauth2_revoke")]
    async fn revoke(
        &self,
        Data(provider): Data<&Provider>,
        form: Form<Body>,
    ) -> Result<Answer<200, Members<Map<String, Value>>>, OAuthRefusal> {
        provider.revoke(&form.request).await?;
        Ok(Answer(Members(Map::new())))
    }
}
