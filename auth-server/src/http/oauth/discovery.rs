//! What the provider is, told to programs (OpenID Connect Discovery, section 4; RFC 8414, section 3).
#![expect(clippy::unused_async, reason = "the framework calls every operation so")]

use super::{Members, Tag, refusal::OAuthRefusal};
use crate::http::{Context, answer::Answer, jwks::cacheable};
use auth_oidc::discovery::Metadata;
use poem::{Endpoint, IntoResponse, Response, endpoint::make_sync, web::Data};
use poem_openapi::{
    ApiResponse, OpenApi,
    registry::{MetaResponses, Registry},
};
use std::sync::Arc;
use url::Url;

pub struct Discovery;

/// The paths of the document, below the root.
pub const PATHS: [&str; 2] = ["/.well-known/openid-configuration", "/.well-known/oauth-authorization-server"];

/// The document, that may be kept for a while.
struct Document(Metadata);

#[OpenApi(tag = "Tag::OAuth")]
impl Discovery {
    /// What this provider does (OpenID Connect Discovery)
    #[oai(path = "/.well-known/openid-configuration", method = "get", operation_id = "openid_configuration")]
    async fn openid(&self, Data(context): Data<&Arc<Context>>) -> Result<Document, OAuthRefusal> {
        Ok(Document(metadata(context)))
    }

    /// What this authorization server does (RFC 8414)
    ///
    /// The same document.
    #[oai(
        path = "/.well-known/oauth-authorization-server",
        method = "get",
        operation_id = "oauth_authorization_server"
    )]
    async fn oauth(&self, Data(context): Data<&Arc<Context>>) -> Result<Document, OAuthRefusal> {
        Ok(Document(metadata(context)))
    }
}

/// Where the document is too, if the issuer has a path: behind the well-known part (RFC 8414, section 3.1). A proxy that
/// hands on what is below the issuer hands on the other form.
pub fn paths_of(issuer: &str) -> Vec<String> {
    let path = Url::parse(issuer).map(|url| url.path().trim_end_matches('/').to_owned()).unwrap_or_default();
    if path.is_empty() { Vec::new() } else { PATHS.iter().map(|known| format!("{known}{path}")).collect() }
}

/// The document, at such a path.
pub fn document() -> impl Endpoint + 'static {
    make_sync(|request| Document(metadata(Context::of(&request))).into_response())
}

fn metadata(context: &Context) -> Metadata {
    context.provider.metadata(&context.pages.languages())
}

impl IntoResponse for Document {
    fn into_response(self) -> Response {
        cacheable(Answer::<200, _>(Members(self.0)))
    }
}

impl ApiResponse for Document {
    fn meta() -> MetaResponses {
        Answer::<200, Members<Metadata>>::meta()
    }
    fn register(registry: &mut Registry) {
        Answer::<200, Members<Metadata>>::register(registry);
    }
}
