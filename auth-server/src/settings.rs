//! What can be set, and how it is read: defaults, then a TOML file, then the environment, then flags.

mod accounts;
mod cosmos;
mod describe;
mod limits;
mod load;
mod log;
mod mail;
mod oauth;
mod production;
mod proxies;
pub mod secret;
mod tls;
pub mod value;

pub use self::{
    accounts::{AccountSettings, Algorithms},
    cosmos::CosmosSettings,
    describe::{Description, describe},
    limits::LimitSettings,
    load::{SettingsError, Sources},
    log::LogSettings,
    mail::MailSettings,
    oauth::{ClientsFile, OAuthSettings},
    proxies::{Networks, ProxySettings},
    tls::TlsSettings,
};

use self::{
    secret::{FromFile, RootSecret},
    value::*,
};
use conf::Conf;
use serde::Serialize;
use std::{
    net::{IpAddr, SocketAddr},
    path::{Path, PathBuf},
};

/// What every variable's name begins with.
pub const PREFIX: &str = "AUTH_SERVICE_";

/// Everything that can be set. A setting has one name: `smtp_url` in the file is `AUTH_SERVICE_SMTP_URL` in the
/// environment and `--smtp-url` among the flags.
#[derive(Clone, Debug, Conf, Serialize)]
#[conf(serde, env_prefix = "AUTH_SERVICE_", at_most_one_of_fields(secret, secret_file))]
pub struct Settings {
    /// development makes up what is missing; production refuses to start without it.
    #[conf(long, env, default_value = "development", serde(use_value_parser))]
    pub environment: Environment,
    /// The address to listen on.
    #[conf(long, env, default_value = "127.0.0.1", value_parser = address, serde(use_value_parser))]
    pub host: IpAddr,
    /// The port to listen on; 0 takes any that is free.
    #[conf(long, env, default_value = "8000", value_parser = |text: &str| whole(text, 0_u16, 65_535), serde(use_value_parser))]
    pub port: u16,
    /// Where people reach the server, such as `https://auth.example.org`. It is the issuer of access tokens.
    #[conf(long, env, serde(use_value_parser))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub public_url: Option<PublicUrl>,
    /// Further origins under which people reach this server, separated by commas. It sends no CORS headers: pages
    /// elsewhere do not call it from a browser.
    #[conf(long, env, default_value = "", serde(use_value_parser))]
    pub allowed_origins: Origins,
    /// Where the database, the keys and, without SMTP, the mails are.
    #[conf(long, env, default_value = "./data", value_parser = folder, serde(use_value_parser))]
    pub data_dir: PathBuf,
    /// Where accounts are kept: sqlite (one file in the data folder) or cosmos (Azure Cosmos DB).
    #[conf(long, env, default_value = "sqlite", serde(use_value_parser))]
    pub store: Store,
    /// Azure Cosmos DB.
    #[conf(flatten, serde(flatten))]
    #[serde(flatten)]
    pub cosmos: CosmosSettings,
    /// What everything kept secret in the store is derived from: at least 32 random bytes in base64. Without one, it is
    /// the file keys/secret in the data folder.
    #[conf(env, secret, serde(use_value_parser))]
    #[serde(skip)]
    pub secret: Option<RootSecret>,
    /// A file that holds the secret.
    #[conf(long, env, serde(use_value_parser))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret_file: Option<FromFile<RootSecret>>,
    /// Whether /api/docs shows the API to be tried out.
    #[conf(parameter, long, env, default_value = "true", value_parser = truth, serde(use_value_parser))]
    pub docs: bool,
    /// Where figures for Prometheus are shown, as /metrics: an address and a port that operators alone can reach, such as
    /// 127.0.0.1:9100. Nowhere unless set.
    #[conf(long, env, value_parser = socket, serde(use_value_parser))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metrics: Option<SocketAddr>,
    /// How many connections are open at once; more wait. Unless set, and at most, as many as the system's limit of open
    /// files leaves room for; 10000 unless set.
    #[conf(long, env, value_parser = |text: &str| whole(text, 1_usize, 1_000_000), serde(use_value_parser))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_connections: Option<usize>,
    /// How long a connection may go without a whole request or a part of an answer: idle and slow clients are cut off.
    #[conf(long, env, default_value = "30s", serde(use_value_parser))]
    pub idle_timeout: Span,
    /// How long a request may take.
    #[conf(long, env, default_value = "15s", serde(use_value_parser))]
    pub request_timeout: Span,
    /// How long its calls to the database may take, all together; a request that waits longer is answered 503.
    #[conf(long, env, default_value = "2s", serde(use_value_parser))]
    pub store_deadline: Span,
    /// TLS.
    #[conf(flatten, serde(flatten))]
    #[serde(flatten)]
    pub tls: TlsSettings,
    /// Proxies in front.
    #[conf(flatten, serde(flatten))]
    #[serde(flatten)]
    pub proxies: ProxySettings,
    /// Passwords, sessions, tokens and codes.
    #[conf(flatten, serde(flatten))]
    #[serde(flatten)]
    pub accounts: AccountSettings,
    /// Clients and resources.
    #[conf(flatten, serde(flatten))]
    #[serde(flatten)]
    pub oauth: OAuthSettings,
    /// How often what may be tried.
    #[conf(flatten, serde(flatten))]
    #[serde(flatten)]
    pub limits: LimitSettings,
    /// Mail.
    #[conf(flatten, serde(flatten))]
    #[serde(flatten)]
    pub mail: MailSettings,
    /// Logs.
    #[conf(flatten, serde(flatten))]
    #[serde(flatten)]
    pub log: LogSettings,
}

impl Settings {
    /// The defaults, over this data folder and on a port that is free: what a program wants that starts a server inside
    /// itself. Change the fields that should be otherwise.
    pub fn for_data_dir(data_dir: impl Into<PathBuf>) -> Self {
        let none: [(&str, &str); 0] = [];
        let defaults = Self::conf_builder().args(["auth-server"]).env(none).try_parse();
        Self { data_dir: data_dir.into(), port: 0, ..defaults.expect("a test shows that the defaults are valid") }
    }

    /// Where to listen.
    pub fn listen(&self) -> SocketAddr {
        (self.host, self.port).into()
    }

    /// The server's secret, if it was given rather than kept in the data folder.
    pub fn given_secret(&self) -> Option<&RootSecret> {
        self.secret.as_ref().or(self.secret_file.as_ref().map(|file| &file.value))
    }

    /// Whether it must be complete.
    pub fn is_production(&self) -> bool {
        self.environment == Environment::Production
    }

    /// Who issues access tokens: their `iss`. It stays the same over a restart, on whatever port.
    pub fn issuer(&self) -> String {
        match &self.public_url {
            Some(url) => url.to_string(),
            None if self.tls.files().is_some() => format!("https://{}", self.listen()),
            None => format!("http://{}", self.listen()),
        }
    }

    /// The folder of the keys.
    pub fn key_dir(&self) -> PathBuf {
        self.data_dir.join("keys")
    }
}

fn address(text: &str) -> Result<IpAddr, String> {
    text.parse().map_err(|_| "expected an IP address, for example 127.0.0.1, 0.0.0.0 or ::".to_owned())
}

fn socket(text: &str) -> Result<SocketAddr, String> {
    text.parse().map_err(|_| "expected an IP address and a port, for example 127.0.0.1:9100".to_owned())
}

fn folder(text: &str) -> Result<PathBuf, String> {
    if text.is_empty() { Err("expected a folder, for example ./data".to_owned()) } else { Ok(Path::new(text).into()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(env: &[(&str, &str)]) -> Result<Settings, String> {
        let env = env.iter().map(|(name, value)| (format!("{PREFIX}{name}"), (*value).to_owned())).collect();
        let sources = Sources { args: vec!["auth-server".to_owned()], env };
        let settings = sources.load::<Settings>().and_then(|settings| settings.check().map(|()| settings));
        settings.map_err(|error| error.to_string())
    }

    #[test]
    fn the_defaults_are_those_of_the_core() {
        let settings = Settings::for_data_dir("data");
        let (ours, core) = (settings.limits.limits(), auth_core::policy::Policy::default());
        assert_eq!(format!("{ours:?}"), format!("{:?}", core.limits));
        assert_eq!(settings.accounts.access_token_lifetime.0, core.access_ttl);
        assert_eq!(settings.accounts.session_idle_lifetime.0, core.session_idle);
        assert_eq!(settings.accounts.session_lifetime.0, core.session_ttl);
        assert_eq!(settings.accounts.refresh_grace.0, core.refresh_grace);
        assert_eq!(settings.accounts.code_lifetime.0, core.code_ttl);
        assert_eq!(settings.accounts.code_tries, core.code_tries);
        assert_eq!(settings.accounts.registration_lifetime.0, core.registration_ttl);
        assert_eq!(settings.accounts.password_min_length, core.password.min_chars());
        assert_eq!(settings.accounts.client_id, core.client_id);
    }

    #[test] // R6
    fn as_many_wait_for_a_hash_as_are_served_in_time() {
        for (set, queue) in [(&[("ARGON2_ARENAS", "3")][..], 48), (&[("ARGON2_QUEUE", "7")], 7)] {
            assert_eq!(load(set).unwrap().accounts.hasher().unwrap().queue, queue);
        }
    }

    #[test]
    fn everything_that_is_wrong_is_told_at_once_with_what_is_expected() {
        let report = load(&[("PORT", "x"), ("STORE", "postgres"), ("CODE_LIFETIME", "1h"), ("PROT", "1")]).unwrap_err();
        for text in [
            "AUTH_SERVICE_PORT",
            "a whole number from 0 to 65535",
            "AUTH_SERVICE_STORE",
            "expected one of: sqlite, cosmos",
            "AUTH_SERVICE_CODE_LIFETIME",
            "at most 10m",
            "AUTH_SERVICE_PROT",
            "Is AUTH_SERVICE_PORT meant?",
        ] {
            assert!(report.contains(text), "{text} in:\n{report}");
        }
    }

    #[test] // H-11
    fn a_secret_that_is_wrong_is_not_shown() {
        let report = load(&[("SECRET", "hunter2"), ("SMTP_URL", "smtps://ann:hunter2@"), ("PORT", "x")]).unwrap_err();
        assert!(report.contains("AUTH_SERVICE_SECRET") && report.contains("AUTH_SERVICE_SMTP_URL"), "{report}");
        assert!(!report.contains("hunter2"), "{report}");
    }

    #[test]
    fn a_secret_is_given_once() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "smtps://smtp.example.org\n").unwrap();
        let path = file.path().to_str().unwrap();
        assert!(load(&[("SMTP_URL_FILE", path)]).unwrap().mail.smtp().is_some());
        assert!(load(&[("SMTP_URL_FILE", path), ("SMTP_URL", "smtps://smtp.example.org")]).is_err());
        assert!(load(&[("SMTP_URL_FILE", "/nowhere/at/all")]).unwrap_err().contains("AUTH_SERVICE_SMTP_URL_FILE"));
    }

    #[test] // P-27
    fn production_misses_all_that_is_missing_at_once() {
        let data = tempfile::tempdir().unwrap();
        let folder = data.path().to_str().unwrap();
        let bare = [("ENVIRONMENT", "production"), ("DATA_DIR", folder)];
        let report = load(&bare).unwrap_err();
        for text in ["SMTP_URL", "MAIL_FROM", "PUBLIC_URL", "AUTH_SERVICE_SECRET", "keys init"] {
            assert!(report.contains(text), "{text} in:\n{report}");
        }
        let given = [
            ("SMTP_URL", "smtps://smtp.example.org"),
            ("MAIL_FROM", "a@example.org"),
            ("PUBLIC_URL", "https://a.example"),
        ];
        let settings = Settings::for_data_dir(data.path());
        crate::keys::RootFile::of(&settings).init(&settings, &auth_core::system::OsRng).unwrap();
        let complete = [&bare[..], &given].concat();
        assert!(load(&complete).is_ok());
        for (name, value) in [("STORE", "memory"), ("PUBLIC_URL", "http://a.example"), ("ARGON2_MEMORY_KIB", "64")] {
            let mut changed = complete.clone();
            changed.retain(|(other, _)| *other != name);
            changed.extend([(name, value), ("ARGON2_PASSES", if name == "ARGON2_MEMORY_KIB" { "1" } else { "2" })]);
            assert!(load(&changed).unwrap_err().contains(name), "{name}");
        }
    }

    #[test]
    fn a_file_lies_beneath_the_environment() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "port = 9000\ndocs = false\nhost = \"::1\"\n").unwrap();
        let config = [("CONFIG", file.path().to_str().unwrap()), ("PORT", "9001")];
        let env = config.map(|(name, value)| (format!("{PREFIX}{name}"), value.to_owned())).into();
        let args = ["auth-server", "--host", "0.0.0.0"].map(Into::into).into();
        let settings = Sources { args, env }.load::<crate::cli::Cli>().unwrap().settings;
        assert_eq!((settings.port, settings.docs, settings.host.to_string().as_str()), (9001, false, "0.0.0.0"));
        std::fs::write(file.path(), "prot = 9000\n").unwrap();
        let env = [(format!("{PREFIX}CONFIG"), file.path().to_str().unwrap().to_owned())].into();
        let report =
            Sources { args: vec!["auth-server".to_owned()], env }.load::<crate::cli::Cli>().err().unwrap().to_string();
        assert!(report.contains("prot"), "{report}");
    }
}
