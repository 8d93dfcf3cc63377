//! Clients and resources: programs that ask for tokens, and services that tokens are for.
use super::{
    secret::FromFile,
    value::{Hosts, Span, truth},
};
use auth_oidc::{Resource, client::Client};
use conf::Conf;
use serde::{Deserialize, Serialize};
use std::{collections::HashSet, path::PathBuf, str::FromStr};
use url::Url;

/// Clients and resources.
#[derive(Clone, Debug, Conf, Serialize)]
#[conf(serde)]
#[expect(clippy::struct_excessive_bools, reason = "each is a setting")]
pub struct OAuthSettings {
    /// A TOML file: an entry of `clients` for each program that may ask for tokens, one of `resources` for each service that
    /// tokens are for. Further clients are registered by `auth-server client add`.
    #[conf(long, env, serde(use_value_parser))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub clients_file: Option<FromFile<ClientsFile>>,
    /// Whether a client may register itself without a token that `auth-server client invite` has given out.
    #[conf(parameter, long, env, default_value = "false", value_parser = truth, serde(use_value_parser))]
    pub open_registration: bool,
    /// Whether a client that registers itself, and proves who it is, may come without PKCE: OpenID clients of before know none.
    #[conf(parameter, long, env, default_value = "false", value_parser = truth, serde(use_value_parser))]
    pub registration_without_pkce: bool,
    /// How long an authorization code is good; a minute at most.
    #[conf(long, env, default_value = "1m", value_parser = code, serde(use_value_parser))]
    pub authorization_code_lifetime: Span,
    /// Whether servers that clients name are asked: for their keys, their requests and who they are. By https alone, at addresses that everybody
    /// can reach.
    #[conf(parameter, long, env, default_value = "true", value_parser = truth, serde(use_value_parser))]
    pub fetch: bool,
    /// Hosts that are asked whatever their address is, with or without a port, separated by commas: `rp.internal,127.0.0.1:8443`.
    #[conf(long, env, default_value = "", serde(use_value_parser))]
    pub fetch_allow: Hosts,
    /// A PEM file of certificate authorities to trust besides the system's, for servers that clients name.
    #[conf(long, env, serde(use_value_parser))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fetch_ca_file: Option<PathBuf>,
    /// Whether a client that nobody has registered may be named by the https address of a document in which it says who it is.
    #[conf(parameter, long, env, default_value = "true", value_parser = truth, serde(use_value_parser))]
    pub client_id_metadata_documents: bool,
    /// A folder of page templates, words and a style sheet that replace, or add to, those that are shipped.
    #[conf(long, env, serde(use_value_parser))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pages_dir: Option<PathBuf>,
}

impl OAuthSettings {
    /// What the file holds.
    pub fn file(&self) -> ClientsFile {
        self.clients_file.as_ref().map(|file| file.value.clone()).unwrap_or_default()
    }
}

/// O-06
fn code(text: &str) -> Result<Span, String> {
    super::accounts::at_most(text, "1m")
}

/// What is in the file.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClientsFile {
    /// Programs that ask for tokens.
    #[serde(default)]
    pub clients: Vec<Client>,
    /// Services that tokens are for.
    #[serde(default)]
    pub resources: Vec<Resource>,
}

impl FromStr for ClientsFile {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        // The whole of toml's message shows the line, and a secret may stand there where its digest should.
        let file: Self = toml::from_str(text).map_err(|error| {
            let before = error.span().map_or(0, |span| text[..span.start.min(text.len())].matches('\n').count());
            format!("line {}: {}", before + 1, error.message())
        })?;
        let (mut clients, mut resources) = (HashSet::new(), HashSet::new());
        for resource in &file.resources {
            let name = &resource.resource;
            let uri = Url::parse(name).ok().filter(|uri| uri.fragment().is_none() && uri.scheme() != "javascript");
            if uri.is_none() {
                return Err(format!("resource {name}: expected an absolute URI without a fragment"));
            }
            if !resources.insert(name) {
                return Err(format!("resource {name}: it is there twice"));
            }
        }
        for client in &file.clients {
            let id = &client.client_id;
            client.check().map_err(|bad| format!("client {id}: {bad}"))?;
            if !clients.insert(id) {
                return Err(format!("client {id}: it is there twice"));
            }
            if let Some(unknown) = client.resources.iter().chain(&client.serves).find(|name| !resources.contains(name))
            {
                return Err(format!("client {id}: {unknown} is none of the [[resources]]"));
            }
        }
        Ok(file)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use auth_oidc::AccessTokenFormat;

    const API: &str = "[[resources]]\nresource = \"https://api.example\"\nscope = \"read\"\n";

    #[test]
    fn a_file_of_clients_and_resources_is_read() {
        let client = "[[clients]]\nclient_id = \"app\"\ntoken_endpoint_auth_method = \"none\"\n\
                      redirect_uris = [\"https://app.example/cb\"]\nresources = [\"https://api.example\"]\n";
        let file: ClientsFile = format!("{client}{API}").parse().unwrap();
        assert_eq!((file.clients.len(), file.resources.len()), (1, 1));
        assert!("".parse::<ClientsFile>().unwrap().clients.is_empty());
    }

    #[test]
    fn a_service_takes_jwts_unless_it_says_otherwise() {
        for (more, format) in [
            ("", AccessTokenFormat::Jwt),
            ("access_token_format = \"jwt\"", AccessTokenFormat::Jwt),
            ("access_token_format = \"opaque\"", AccessTokenFormat::Opaque),
        ] {
            let file: ClientsFile = format!("{API}{more}").parse().unwrap();
            assert_eq!(file.resources[0].access_token_format, format, "{more}");
        }
    }

    #[test]
    fn what_is_wrong_is_named() {
        let client = |more: &str| format!("[[clients]]\nclient_id = \"app\"\n{more}\n");
        let public = "token_endpoint_auth_method = \"none\"\nredirect_uris = [\"https://app.example/cb\"]\n";
        for (text, named) in [
            ("x", "line 1: "),
            (&client("client_secrets = [\"a-secret-in-clear\"]"), "line 3: a digest is sha256:"),
            (&client("nonsense = 1"), "nonsense"),
            (&client("redirect_uris = [\"javascript:alert(1)\"]"), "a redirect URI is"),
            (&client(""), "client app: redirect_uris"),
            (&format!("{}{}", client(public), client(public)), "client app: it is there twice"),
            (&client(&format!("{public}resources = [\"https://other.example\"]")), "https://other.example is none"),
            (&format!("{API}{API}"), "resource https://api.example: it is there twice"),
            (&format!("{API}access_token_format = \"x\""), "expected `jwt` or `opaque`"),
            ("[[resources]]\nresource = \"api\"", "resource api: expected an absolute URI"),
        ] {
            let error = text.parse::<ClientsFile>().unwrap_err();
            assert!(error.contains(named) && !error.contains("in-clear"), "{named} in {error}");
        }
    }
}
