//! What a service says of itself (RFC 9728).
use auth_core::value::Invalid;
use serde::Serialize;
use url::Url;

const WELL_KNOWN: &str = "/.well-known/oauth-protected-resource";

/// The document that a service publishes at its [`well_known_path`](Self::well_known_path), as JSON (section 2).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ProtectedResource {
    resource: String,
    authorization_servers: [String; 1],
    /// What can be asked for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub scopes_supported: Vec<String>,
    bearer_methods_supported: [&'static str; 1],
    /// What it is called, for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource_name: Option<String>,
    /// Where it is explained to those who write for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource_documentation: Option<String>,
    #[serde(skip)]
    url: Url,
}

impl ProtectedResource {
    /// For a service by the name that the issuer knows it by: its URL, with https, or with http at loopback. It takes tokens
    /// of this issuer, in the header.
    ///
    /// # Errors
    /// [`Invalid`] for another name.
    pub fn new(resource: &str, issuer: &str) -> Result<Self, Invalid> {
        let rule = Invalid("a service that is described is called by an https URL without a user or a fragment");
        let url = Url::parse(resource).map_err(|_| rule)?;
        let is_local = matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
        let is_safe = url.scheme() == "https" || url.scheme() == "http" && is_local;
        if !is_safe || !url.username().is_empty() || url.password().is_some() || url.fragment().is_some() {
            return Err(rule);
        }
        Ok(Self {
            resource: resource.to_owned(),
            authorization_servers: [issuer.to_owned()],
            scopes_supported: Vec::new(),
            bearer_methods_supported: ["header"],
            resource_name: None,
            resource_documentation: None,
            url,
        })
    }

    /// The service, letter for letter.
    pub fn resource(&self) -> &str {
        &self.resource
    }

    /// Whose tokens it takes.
    pub fn issuer(&self) -> &str {
        &self.authorization_servers[0]
    }

    /// The path at which the document is: inserted before that of the service (section 3.1).
    pub fn well_known_path(&self) -> String {
        // A slash that ends the host is no path.
        format!("{WELL_KNOWN}{}", Some(self.url.path()).filter(|path| *path != "/").unwrap_or_default())
    }

    /// The URL at which the document is.
    pub fn well_known_url(&self) -> String {
        let mut url = self.url.clone();
        url.set_path(&self.well_known_path());
        url.into()
    }
}
