//! Azure Cosmos DB: which account, and how the server is let in.
use super::{
    SettingsError,
    secret::{AccountKey, FromFile},
    value::{Access, digits},
};
use conf::Conf;
use serde::Serialize;

/// Azure Cosmos DB: which account, and how the server is let in.
#[derive(Clone, Debug, Conf, Serialize)]
#[conf(serde, at_most_one_of_fields(cosmos_key, cosmos_key_file))]
pub struct CosmosSettings {
    /// With the store cosmos: the account's endpoint, such as `https://example.documents.azure.com/`.
    #[conf(long, env, value_parser = endpoint, serde(use_value_parser))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cosmos_endpoint: Option<String>,
    /// How the server is let in: key, managed-identity (of the machine), workload-identity (of Kubernetes) or
    /// developer-tools (whoever is logged in to Azure's command line). Unless set, a key where one is given, and
    /// managed-identity otherwise.
    #[conf(long, env, serde(use_value_parser))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cosmos_credential: Option<Access>,
    /// The account's key. An identity is better: a key opens all of the account.
    #[conf(env, secret, serde(use_value_parser))]
    #[serde(skip)]
    pub cosmos_key: Option<AccountKey>,
    /// A file that holds the account's key.
    #[conf(long, env, serde(use_value_parser))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cosmos_key_file: Option<FromFile<AccountKey>>,
    /// Which managed identity, by its client id, where the machine has several.
    #[conf(long, env, serde(use_value_parser))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cosmos_client_id: Option<String>,
    /// The name of the database.
    #[conf(long, env, default_value = "auth", serde(use_value_parser))]
    pub cosmos_database: String,
    /// The Azure region that the server runs in, or the nearest, such as `West Europe`: it is asked first.
    #[conf(long, env, serde(use_value_parser))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cosmos_region: Option<String>,
    /// For `migrate up`: up to so many request units a second for each container it makes, in thousands; 0 for a serverless
    /// account.
    #[conf(long, env, default_value = "1000", value_parser = throughput, serde(use_value_parser))]
    pub cosmos_throughput: u64,
}

impl CosmosSettings {
    /// The account's key, wherever it was given.
    pub fn key(&self) -> Option<&AccountKey> {
        self.cosmos_key.as_ref().or(self.cosmos_key_file.as_ref().map(|file| &file.value))
    }

    /// How the server is let in.
    pub fn access(&self) -> Access {
        let unset = if self.key().is_some() { Access::Key } else { Access::ManagedIdentity };
        self.cosmos_credential.unwrap_or(unset)
    }

    /// Whether the store can be opened with these.
    ///
    /// # Errors
    /// [`SettingsError`] with everything that is missing.
    pub(crate) fn check(&self) -> Result<(), SettingsError> {
        let missing = self.incomplete();
        if missing.is_empty() { Ok(()) } else { Err(SettingsError::Wrong(missing.join("\n"))) }
    }

    /// What the store cosmos misses.
    pub(super) fn incomplete(&self) -> Vec<String> {
        let mut missing = Vec::new();
        if cfg!(not(feature = "cosmos")) {
            missing.push("this program was built without the store cosmos: build it with `--features cosmos`");
        }
        if self.cosmos_endpoint.is_none() {
            missing.push(
                "AUTH_SERVICE_COSMOS_ENDPOINT is missing: give the account's endpoint, for example \
                 https://example.documents.azure.com/",
            );
        }
        match (self.access(), self.key().is_some()) {
            (Access::Key, false) => missing.push(
                "AUTH_SERVICE_COSMOS_KEY (or AUTH_SERVICE_COSMOS_KEY_FILE) is missing: give the account's key, or another \
                 AUTH_SERVICE_COSMOS_CREDENTIAL",
            ),
            (Access::Key, true) | (_, false) => {}
            (_, true) => missing.push(
                "AUTH_SERVICE_COSMOS_KEY is given, and AUTH_SERVICE_COSMOS_CREDENTIAL says that it is not used: leave one out",
            ),
        }
        missing.into_iter().map(str::to_owned).collect()
    }
}

fn endpoint(text: &str) -> Result<String, String> {
    let plain = text.starts_with("http://127.0.0.1") || text.starts_with("http://localhost"); // an emulator
    if (text.starts_with("https://") || plain) && !text.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return Ok(text.to_owned());
    }
    Err("expected the endpoint of an account, for example https://example.documents.azure.com/".to_owned())
}

fn throughput(text: &str) -> Result<u64, String> {
    let whole = digits(text).filter(|units: &u64| units.is_multiple_of(1_000) && *units <= 1_000_000);
    whole.ok_or_else(|| "expected a number of request units in thousands, for example 1000 or 20000, or 0".to_owned())
}
