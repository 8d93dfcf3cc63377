//! Clients that nobody has registered: such a client's name is the address of a document, in which it says who it is
//! (draft-ietf-oauth-client-id-metadata-document).
use crate::{
    Provider,
    client::{AuthMethod, Client},
    fetch::{Cache, FetchError, Fetched},
    register::Metadata,
};
use auth_core::value::ClientId;
use serde::{Deserialize, de::IgnoredAny};
use std::time::Duration;
use url::Url;

/// How many bytes a document has at most.
const LARGEST: usize = 10 * 1024;

#[derive(Deserialize)]
struct Document {
    #[serde(flatten)]
    metadata: Metadata,
    client_secret: Option<IgnoredAny>,
    client_secret_expires_at: Option<IgnoredAny>,
}

/// Documents, as they were read.
pub(crate) fn cache() -> Cache<Metadata> {
    Cache::new(1000, Duration::from_mins(1)..=Duration::from_hours(24), |url, fetched| {
        read(url, fetched).map_err(|rule| FetchError::Failed(rule.to_owned()))
    })
}

impl Provider {
    /// Whether a client may be named by where it says who it is.
    pub(crate) fn reads_client_documents(&self) -> bool {
        self.policy.client_id_metadata_documents && self.fetcher.asks_anybody()
    }

    /// The client that its document makes, if it goes with this server.
    ///
    /// # Errors
    /// [`FetchError`], if there is no such document, or it cannot be had.
    pub(crate) async fn published_client(&self, id: &ClientId) -> Result<Option<Client>, FetchError> {
        let Some(url) = address(id).filter(|_| self.reads_client_documents()) else { return Ok(None) };
        let metadata = self.documents.get(self, &url).await?;
        let client = self.said_by(&metadata, id.clone()).ok();
        Ok(client.filter(|client| self.check_published(client).is_ok()))
    }
}

/// Where a client with this name says who it is: https, with a path, and written in the one way in which it is asked for, so
/// that no two names are of one document.
fn address(id: &ClientId) -> Option<Url> {
    let url = Url::parse(id.as_str()).ok().filter(|url| url.as_str() == id.as_str())?;
    let plain =
        url.username().is_empty() && url.password().is_none() && url.query().is_none() && url.fragment().is_none();
    (url.scheme() == "https" && plain && url.path() != "/").then_some(url)
}

fn read(url: &Url, fetched: &Fetched) -> Result<Metadata, &'static str> {
    let content_type = fetched.content_type.as_deref().unwrap_or_default();
    let essence = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let json = essence == "application/json" || (essence.starts_with("application/") && essence.ends_with("+json"));
    if !json || fetched.body.len() > LARGEST {
        return Err("a client's document is application/json of at most 10 KiB");
    }
    let document: Document = serde_json::from_slice(&fetched.body)
        .map_err(|_| "a client's document has the members of RFC 7591, section 2")?;
    let Document { mut metadata, client_secret, client_secret_expires_at } = document;
    if metadata.client_id.as_deref() != Some(url.as_str()) {
        return Err("the client_id of a client's document is its address");
    }
    // What everybody can read is no secret, and so it is not what a client that says nothing means.
    let method = metadata.token_endpoint_auth_method.get_or_insert_with(|| AuthMethod::None.as_str().to_owned());
    let open = [AuthMethod::None, AuthMethod::PrivateKeyJwt].iter().any(|open| open.as_str() == method);
    if !open || client_secret.is_some() || client_secret_expires_at.is_some() {
        return Err("a client with a document proves who it is by private_key_jwt, or not at all");
    }
    // It would be called for each sign-in to see whether the sector has it.
    if metadata.sector_identifier_uri.is_some() {
        return Err("a client with a document is of the sector of its redirect URIs");
    }
    metadata.keep_known_grants();
    Ok(metadata)
}
