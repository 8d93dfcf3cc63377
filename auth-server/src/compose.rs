//! Puts the parts together: settings in, the core with its outside out.
use crate::{
    keys::{self, KeyError, Keys, RootFile},
    log::Audit,
    metrics::Metrics,
    pages::Pages,
    settings::{ClientsFile, Settings, SettingsError},
    store::{self, Backing},
};
use auth_core::{
    accounts::Accounts,
    keys::{KeyRing, SealedKeys},
    outbox::{Outbox, OutboxWorker},
    password::{Argon2Hasher, BadParams, PasswordRules},
    policy::Policy,
    ports::*,
    secrets::ServerSecret,
    system::{OsRng, SystemClock},
    value::{ClientId, Invalid},
};
use auth_fetch::GuardedFetcher;
use auth_mail::{Composer, FileTransport, Mailbox, SmtpTransport, Templates};
use auth_oidc::{
    Provider,
    client::{BadClient, Profile},
    fetch::{Fetcher, NoFetcher},
};
use std::sync::Arc;
use tokio::sync::Notify;

/// The core and everything that it stands on.
pub struct House {
    /// The core.
    pub accounts: Accounts,
    /// Authorization for clients, over the same accounts.
    pub provider: Provider,
    /// Its outside.
    pub ports: Ports,
    /// What hashes passwords.
    pub hasher: Arc<Argon2Hasher>,
    /// The mails on their way out.
    pub outbox: Arc<dyn OutboxStore>,
    /// Told of each new mail.
    pub mail_put: Arc<Notify>,
    /// What mails are sealed with.
    pub secret: Arc<ServerSecret>,
    /// The signing keys, and the sealed set that they were read from.
    pub ring: (Arc<KeyRing>, SealedKeys),
    /// Where they are.
    pub keys: Keys,
    /// What is counted for operators.
    pub metrics: Arc<Metrics>,
    /// The store itself: to be asked, and closed.
    pub store: Arc<dyn Backing>,
}

/// Why the parts do not fit together.
#[derive(Debug, thiserror::Error)]
pub enum ComposeError {
    /// Keys.
    #[error(transparent)]
    Keys(#[from] KeyError),
    /// The store.
    #[error("the database in AUTH_SERVICE_DATA_DIR cannot be used{}", advice(.0))]
    Store(#[from] auth_sqlite::Error),
    /// The store, where it is Cosmos DB.
    #[cfg(feature = "cosmos")]
    #[error("Cosmos DB, as AUTH_SERVICE_COSMOS_* give it, cannot be used")]
    Cosmos(#[from] auth_cosmos::Error),
    /// What the store is told is incomplete.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// What a hash costs.
    #[error("AUTH_SERVICE_ARGON2_MEMORY_KIB, _PASSES, _LANES or _ARENAS does not fit")]
    Hasher(#[from] BadParams),
    /// A setting that was changed to what it cannot be.
    #[error(transparent)]
    Setting(#[from] Invalid),
    /// The texts of the mails.
    #[error(
        "AUTH_SERVICE_MAIL_TEMPLATES or AUTH_SERVICE_DEFAULT_LANGUAGE does not fit: give a folder of templates that \
             replace those that are shipped, and a language that there are templates for"
    )]
    Templates(#[from] auth_mail::TemplateError),
    /// A client that does not go with this server.
    #[error("client {0} in the file that AUTH_SERVICE_CLIENTS_FILE names")]
    Client(ClientId, #[source] BadClient),
    /// The pages.
    #[error(
        "AUTH_SERVICE_PAGES_DIR does not fit: give a folder of templates, words and a style sheet that replace those that \
             are shipped"
    )]
    Pages(#[from] crate::pages::PageError),
    /// The relay.
    #[error(
        "AUTH_SERVICE_SMTP_URL or AUTH_SERVICE_SMTP_CA_FILE does not fit: give a URL such as smtps://user:password@host, \
             and a file of certificates in PEM"
    )]
    Smtp(#[from] auth_mail::SmtpError),
    /// What asks servers that clients name.
    #[error("AUTH_SERVICE_FETCH_CA_FILE does not fit: give a file of certificates in PEM")]
    Fetch(#[from] auth_fetch::BadFetcher),
}

/// What to do, where the reason does not say it.
const fn advice(error: &auth_sqlite::Error) -> &'static str {
    match error {
        auth_sqlite::Error::File { .. } | auth_sqlite::Error::ReadOnly(_) => {
            ": give a folder that this user may write to"
        }
        _ => "",
    }
}

impl House {
    /// Opens what is there, and makes the signing keys that are missing; outside production the secret, too.
    ///
    /// # Errors
    /// [`ComposeError`].
    pub async fn open(settings: &Settings) -> Result<Self, ComposeError> {
        let (secret, metrics) = (secret(settings)?, Arc::<Metrics>::default());
        let store = store::open(settings, &secret, &metrics).await?;
        Self::over(settings, store, secret, metrics).await
    }

    /// As [`open`](Self::open), on this store instead of the one that the settings name.
    ///
    /// # Errors
    /// [`ComposeError`].
    pub async fn open_on(settings: &Settings, store: Arc<dyn Backing>) -> Result<Self, ComposeError> {
        Self::over(settings, store, secret(settings)?, Arc::default()).await
    }

    async fn over(
        settings: &Settings,
        store: Arc<dyn Backing>,
        secret: Arc<ServerSecret>,
        metrics: Arc<Metrics>,
    ) -> Result<Self, ComposeError> {
        let (clock, rng): (Arc<dyn Clock>, Arc<dyn Rng>) = (Arc::new(SystemClock), Arc::new(OsRng));
        let keys = Keys { store: store.clone(), secret: secret.clone() };
        keys.init(settings, clock.as_ref(), rng.as_ref()).await?;
        let (sealed, set) = keys.current().await?;
        let own = settings.accounts.token_algorithm;
        let keyring = Arc::new(KeyRing::new(set, own, clock.clone(), keys::keep(settings)));
        let hasher = Arc::new(Argon2Hasher::new(settings.accounts.hasher()?, rng.clone())?);
        let outbox = Arc::new(Outbox::new(store.clone() as Arc<dyn OutboxStore>, secret.clone(), rng.clone()));
        let mail_put = outbox.notify();
        let ports = Ports {
            users: store.clone(),
            codes: store.clone(),
            sessions: store.clone(),
            counters: store.clone(),
            documents: store.clone(),
            mailer: outbox.clone(),
            logouts: outbox,
            hasher: hasher.clone(),
            keyring: keyring.clone(),
            events: Arc::new(Audit),
            clock,
            rng,
        };
        let accounts = Accounts::new(ports.clone(), secret.clone(), policy(settings)?);
        let provider = Provider::new(accounts.clone(), oidc_policy(settings)).with_fetcher(fetcher(settings)?);
        provider.check_clients().map_err(|(client, bad)| ComposeError::Client(client, bad))?;
        Ok(Self {
            accounts,
            provider,
            ports,
            hasher,
            outbox: store.clone(),
            mail_put,
            secret,
            ring: (keyring, sealed),
            keys,
            metrics,
            store,
        })
    }

    /// What takes mails out, by SMTP or into files where there is none, and what tells clients of a logout.
    ///
    /// # Errors
    /// [`ComposeError`].
    pub fn outbox_worker(&self, settings: &Settings) -> Result<OutboxWorker, ComposeError> {
        let Ports { events, clock, rng, .. } = self.ports.clone();
        let transport = transport(settings)?;
        let (store, secret, lease) = (self.outbox.clone(), self.secret.clone(), settings.mail.mail_lease.0);
        let clients = Arc::new(self.provider.clone());
        Ok(OutboxWorker { store, transport, clients, secret, lease, events, clock, rng })
    }
}

/// What mails, keys and codes are sealed with, which is made if there is none; not in production.
fn secret(settings: &Settings) -> Result<Arc<ServerSecret>, KeyError> {
    let root = RootFile::of(settings);
    if !settings.is_production() {
        root.init(settings, &OsRng)?;
    }
    Ok(Arc::new(root.server_secret(settings)?))
}

fn transport(settings: &Settings) -> Result<Arc<dyn Transport>, ComposeError> {
    let mail = &settings.mail;
    let reply_to = mail.mail_reply_to.as_deref().map(Mailbox::parse).transpose()?;
    let composer = Composer::new(Templates::load(mail.wording(settings.public_url.as_ref())?)?, mail.from()?, reply_to);
    Ok(match mail.smtp() {
        Some(url) => Arc::new(SmtpTransport::new(composer, url.clone(), mail.smtp_ca_file.as_deref())?),
        None => Arc::new(FileTransport::new(composer, settings.data_dir.join("mail"), |path| {
            tracing::info!(path = %path.display(), "there is no SMTP server: the mail was written to a file");
        })),
    })
}

/// The pages that people see.
///
/// # Errors
/// [`ComposeError`].
pub fn pages(settings: &Settings) -> Result<Pages, ComposeError> {
    Ok(Pages::load(settings.oauth.pages_dir.as_deref(), &settings.mail.product_name)?)
}

fn fetcher(settings: &Settings) -> Result<Arc<dyn Fetcher>, ComposeError> {
    let oauth = &settings.oauth;
    Ok(if oauth.fetch {
        Arc::new(GuardedFetcher::new(oauth.fetch_allow.0.clone(), oauth.fetch_ca_file.as_deref())?)
    } else {
        Arc::new(NoFetcher)
    })
}

fn oidc_policy(settings: &Settings) -> auth_oidc::Policy {
    let ClientsFile { clients, resources } = settings.oauth.file();
    auth_oidc::Policy {
        code_ttl: settings.oauth.authorization_code_lifetime.0,
        token_ttl: settings.accounts.access_token_lifetime.0,
        open_registration: settings.oauth.open_registration,
        registration_profile: if settings.oauth.registration_without_pkce {
            Profile::OidcCompat
        } else {
            Profile::Oauth21
        },
        client_id_metadata_documents: settings.oauth.client_id_metadata_documents,
        resources,
        clients,
        ..auth_oidc::Policy::default()
    }
}

fn policy(settings: &Settings) -> Result<Policy, Invalid> {
    let accounts = &settings.accounts;
    let issuer = settings.issuer();
    Ok(Policy {
        audience: accounts.token_audience.clone().unwrap_or_else(|| issuer.clone()),
        issuer,
        client_id: accounts.client_id.clone(),
        password: PasswordRules::new(accounts.password_min_length, vec![settings.mail.product_name.clone()])?,
        access_ttl: accounts.access_token_lifetime.0,
        session_idle: accounts.session_idle_lifetime.0,
        session_ttl: accounts.session_lifetime.0,
        refresh_grace: accounts.refresh_grace.0,
        code_ttl: accounts.code_lifetime.0,
        code_tries: accounts.code_tries,
        device_ttl: accounts.device_token_lifetime.0,
        registration_ttl: accounts.registration_lifetime.0,
        limits: settings.limits.limits(),
        ..Policy::default()
    })
}
