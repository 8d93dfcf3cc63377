//! The server: bound, then run until it is told to stop.
use crate::{
    compose::{self, ComposeError, House},
    connection::Door,
    http::{self, Context},
    metrics,
    pages::Pages,
    serve::serve,
    settings::{Settings, SettingsError},
    store::Backing,
    tls::{Tls, TlsError},
    worker,
};
use auth_core::outbox::OutboxWorker;
use std::{io, net::SocketAddr, sync::Arc, time::Duration};
use tokio::{
    net::TcpListener,
    sync::{oneshot, watch},
    task::JoinHandle,
    time::timeout,
};

/// A server that listens, and does not answer yet.
pub struct Server {
    settings: Settings,
    listener: TcpListener,
    house: House,
    mails: OutboxWorker,
    pages: Pages,
    tls: Option<Tls>,
    address: SocketAddr,
    /// Where operators see figures.
    figures: Option<TcpListener>,
}

/// Why a server does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The settings are incomplete.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// A part is missing, or does not fit.
    #[error(transparent)]
    Compose(#[from] ComposeError),
    /// The certificate or its key.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The address is taken, or not ours.
    #[error("cannot listen on {address}: choose another AUTH_SERVICE_HOST, AUTH_SERVICE_PORT or AUTH_SERVICE_METRICS")]
    Listen {
        /// Where.
        address: SocketAddr,
        /// Why.
        source: io::Error,
    },
}

/// The requests have had seven seconds and a little by then; the store has what is left of ten (R7).
const WORKERS: Duration = Duration::from_secs(2);
/// More do not look at figures at one time.
const FIGURE_READERS: usize = 16;

impl Server {
    /// Checks the settings, opens the store and listens. Outside production it makes the keys that are missing.
    ///
    /// # Errors
    /// [`StartError`].
    pub async fn bind(settings: Settings) -> Result<Self, StartError> {
        settings.check()?;
        let house = House::open(&settings).await?;
        Self::over(settings, house).await
    }

    /// As [`bind`](Self::bind), on this store instead of the one that the settings name.
    ///
    /// # Errors
    /// [`StartError`].
    pub async fn bind_on(settings: Settings, store: Arc<dyn Backing>) -> Result<Self, StartError> {
        settings.check()?;
        let house = House::open_on(&settings, store).await?;
        Self::over(settings, house).await
    }

    async fn over(settings: Settings, house: House) -> Result<Self, StartError> {
        let address = settings.listen();
        let mails = house.outbox_worker(&settings)?;
        let pages = compose::pages(&settings)?;
        let tls = settings.tls.files().map(|(certificates, key)| Tls::load(certificates, key)).transpose()?;
        let listener = listen(address).await?;
        let address = listener.local_addr().map_err(|source| StartError::Listen { address, source })?;
        let figures = match settings.metrics {
            Some(address) => Some(listen(address).await?),
            None => None,
        };
        if let Some(Ok(address)) = figures.as_ref().map(TcpListener::local_addr) {
            tracing::info!(url = %format!("http://{address}/metrics"), "figures are shown");
        }
        Ok(Self { settings, listener, house, mails, pages, tls, address, figures })
    }

    /// Where it listens.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Answers until `stop`, and then to the end what was accepted; ten seconds at most.
    ///
    /// # Errors
    /// What the system says of the network.
    pub async fn run(self, stop: impl Future<Output = ()>) -> Result<(), StartError> {
        let Self { settings, listener, house, mails, pages, tls, figures, .. } = self;
        let (stopping, stopped) = watch::channel(false);
        let mut workers = worker::start(&house, mails, tls.clone(), &stopped);
        let door = Door::new(listener, settings.max_connections, settings.idle_timeout.0);
        if let Some(listener) = figures {
            let door = Door::new(listener, Some(FIGURE_READERS), settings.idle_timeout.0);
            let (metrics, mut stopped) = (house.metrics.clone(), stopped.clone());
            let stopped = async move { drop(stopped.wait_for(|stop| *stop).await) };
            workers.spawn(serve(door, None, metrics::endpoint(metrics), stopped));
        }
        let store = house.store.clone();
        let endpoint = http::endpoint(context(&settings, &house, pages));
        serve(door, tls, endpoint, stop).await;
        let _ = stopping.send(true);
        let finished = timeout(WORKERS, async { while workers.join_next().await.is_some() {} }).await;
        if finished.is_err() {
            tracing::warn!("a mail was still on its way: it will be tried again");
            workers.shutdown().await;
        }
        store.close().await;
        Ok(())
    }

    /// Binds and runs in the background: for tests, and for programs with a server inside.
    ///
    /// ```
    /// # tokio::runtime::Runtime::new().unwrap().block_on(async {
    /// use auth_server::{Server, settings::Settings};
    /// let data = tempfile::tempdir()?;
    /// let mut settings = Settings::for_data_dir(data.path());
    /// settings.accounts.password_min_length = 8;
    /// let running = Server::start(settings).await?;
    /// println!("http://{}/api/docs", running.address());
    /// running.stop().await?;
    /// # Ok::<(), Box<dyn std::error::Error>>(()) }).unwrap();
    /// ```
    ///
    /// # Errors
    /// [`StartError`].
    pub async fn start(settings: Settings) -> Result<Running, StartError> {
        let server = Self::bind(settings).await?;
        let address = server.address();
        let (stop, stopped) = oneshot::channel::<()>();
        // Whoever drops the handle stops the server too.
        let task = tokio::spawn(server.run(async { drop(stopped.await) }));
        Ok(Running { address, stop, task })
    }
}

/// A server that runs in the background, until it is stopped or dropped.
pub struct Running {
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    task: JoinHandle<Result<(), StartError>>,
}

impl Running {
    /// Where it listens.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Stops it in good order.
    ///
    /// # Errors
    /// As [`Server::run`].
    pub async fn stop(self) -> Result<(), StartError> {
        let _ = self.stop.send(());
        self.task.await.unwrap_or(Ok(()))
    }
}

async fn listen(address: SocketAddr) -> Result<TcpListener, StartError> {
    TcpListener::bind(address).await.map_err(|source| StartError::Listen { address, source })
}

fn context(settings: &Settings, house: &House, pages: Pages) -> Context {
    Context {
        provider: house.provider.clone(),
        keyring: house.ports.keyring.clone(),
        room: Box::new({
            let hasher = house.hasher.clone();
            move || hasher.room()
        }),
        probe: house.store.clone(),
        rng: house.ports.rng.clone(),
        default_language: settings.mail.default_language.clone(),
        public_url: settings.public_url.clone(),
        allowed_origins: settings.allowed_origins.0.clone(),
        proxies: settings.proxies.proxies(),
        deadline: settings.request_timeout.0,
        store_deadline: settings.store_deadline.0,
        docs: settings.docs,
        pages,
    }
}
