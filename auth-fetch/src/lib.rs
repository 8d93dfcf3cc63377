//! Fetch: servers that somebody else has named are asked, and nothing behind the wall is (O-23).
//!
//! - https alone, with a certificate that the system trusts, or an authority that was added;
//! - no user and no fragment in the URL;
//! - no address but a [global](address::is_global) one, seen when it is connected to: a name that changes its address gains
//!   nothing. [Hosts that an operator allows](AllowedHost) are excepted from this rule, and from no other;
//! - no redirects, proxies, cookies or compressed bodies;
//! - [`CONNECT`] to connect, [`IN_ALL`] in all, [`LARGEST`] of an answer, and [`AT_ONCE`] at a time,
//!   [`AT_ONE_HOST`] of one host.
//!
//! ```
//! use auth_fetch::GuardedFetcher;
//! use auth_oidc::fetch::{FetchError, Fetcher};
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let fetcher = GuardedFetcher::new(Vec::new(), None)?;
//! let refused = fetcher.get(&"https://127.0.0.1/keys".parse()?).await;
//! assert!(matches!(refused, Err(FetchError::Forbidden(_))));
//! # Ok(())
//! # }
//! ```

pub mod address;
mod allowed;
mod max_age;
mod resolver;
#[cfg(feature = "testing")]
pub mod testing;

pub use self::allowed::{AllowedHost, BadHost};

use self::resolver::{GlobalAddresses, NotGlobal};
use auth_oidc::fetch::{FetchError, Fetched, Fetcher};
use reqwest::{Certificate, Client, ClientBuilder, RequestBuilder, Response, StatusCode, header, redirect};
use std::{
    collections::HashMap,
    error::Error,
    fs, io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::sync::{Semaphore, SemaphorePermit};
use url::{Host, Url, form_urlencoded};

/// How long it takes at most to connect.
pub const CONNECT: Duration = Duration::from_secs(3);
/// How long it takes at most in all.
pub const IN_ALL: Duration = Duration::from_secs(5);
/// How many are asked at a time: whoever names many servers ties up no more.
pub const AT_ONCE: usize = 64;
/// And of one host.
pub const AT_ONE_HOST: usize = 8;
/// How many bytes an answer has at most.
pub const LARGEST: usize = 64 * 1024;

/// Asks servers that somebody else has named, by the rules above.
#[derive(Clone, Debug)]
pub struct GuardedFetcher {
    allowed: Vec<AllowedHost>,
    /// For every host: it connects to global addresses alone.
    outside: Client,
    /// For hosts that are allowed.
    inside: Client,
    room: Arc<Semaphore>,
    /// How many requests are under way, by host.
    hosts: Arc<Mutex<HashMap<String, usize>>>,
}

/// Why nobody can be asked at all.
#[derive(Debug, thiserror::Error)]
pub enum BadFetcher {
    /// The file of certificates cannot be read.
    #[error("certificates from {}: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The file holds something else.
    #[error("certificates from {}: there is no certificate in PEM form (-----BEGIN CERTIFICATE-----)", path.display())]
    NoCertificate {
        /// The file.
        path: PathBuf,
    },
    /// TLS cannot be set up with these certificates, or the system has none.
    #[error("TLS cannot be set up: {0}")]
    Tls(#[from] reqwest::Error),
}

impl GuardedFetcher {
    /// Asks hosts with global addresses, and those that are allowed. Trusts the certificate authorities of the system, and
    /// those in the PEM file `authorities` if there is one.
    ///
    /// # Errors
    /// [`BadFetcher`] if TLS cannot be set up.
    pub fn new(allowed: Vec<AllowedHost>, authorities: Option<&Path>) -> Result<Self, BadFetcher> {
        let authorities = authorities.map_or_else(|| Ok(Vec::new()), read)?;
        let outside = client(authorities.clone()).dns_resolver(GlobalAddresses::default()).build()?;
        let (inside, room) = (client(authorities).build()?, Arc::new(Semaphore::new(AT_ONCE)));
        Ok(Self { allowed, outside, inside, room, hosts: Arc::default() })
    }

    fn room(&self, url: &Url) -> Result<Room<'_>, FetchError> {
        let place = self.room.try_acquire().map_err(|_| FetchError::Busy)?;
        let host = url.host_str().unwrap_or_default().to_owned();
        let mut hosts = self.hosts();
        let asked = hosts.entry(host.clone()).or_default();
        if *asked >= AT_ONE_HOST {
            return Err(FetchError::Busy);
        }
        *asked += 1;
        drop(hosts);
        Ok(Room { fetcher: self, host, _place: place })
    }

    fn hosts(&self) -> MutexGuard<'_, HashMap<String, usize>> {
        self.hosts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The client that asks this URL, if any may.
    fn client_for(&self, url: &Url) -> Result<&Client, FetchError> {
        if url.scheme() != "https" || !url.username().is_empty() || url.password().is_some() || url.fragment().is_some()
        {
            return Err(forbidden("a URL that is asked is https, without a user or a fragment"));
        }
        if self.allowed.iter().any(|host| host.is_of(url)) {
            return Ok(&self.inside);
        }
        // A host that is an address is not resolved.
        let global = match url.host() {
            Some(Host::Ipv4(address)) => address::is_global(address.into()),
            Some(Host::Ipv6(address)) => address::is_global(address.into()),
            Some(Host::Domain(_)) => true,
            None => false,
        };
        if global { Ok(&self.outside) } else { Err(forbidden(NOT_GLOBAL)) }
    }
}

/// A place to ask one host from.
struct Room<'a> {
    fetcher: &'a GuardedFetcher,
    host: String,
    _place: SemaphorePermit<'a>,
}

impl Drop for Room<'_> {
    fn drop(&mut self) {
        let mut hosts = self.fetcher.hosts();
        if let Some(asked) = hosts.get_mut(&self.host) {
            *asked -= 1;
            if *asked == 0 {
                hosts.remove(&self.host);
            }
        }
    }
}

#[async_trait::async_trait]
impl Fetcher for GuardedFetcher {
    async fn get(&self, url: &Url) -> Result<Fetched, FetchError> {
        let (client, _room) = (self.client_for(url)?, self.room(url)?);
        let mut response = sent(client.get(url.clone())).await?;
        if response.status() != StatusCode::OK {
            return Err(FetchError::Failed(format!("it answered {}", response.status().as_u16())));
        }
        let (content_type, max_age) = (text(&response, header::CONTENT_TYPE), max_age::of(response.headers()));
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| failure(&error))? {
            if body.len() + chunk.len() > LARGEST {
                return Err(FetchError::Failed(format!("its answer has more than {LARGEST} bytes")));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Fetched { body, content_type, max_age })
    }

    async fn post(&self, url: &Url, form: &[(&str, &str)]) -> Result<u16, FetchError> {
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        let (client, _room) = (self.client_for(url)?, self.room(url)?);
        let request = client.post(url.clone()).body(body);
        let request = request.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        Ok(sent(request).await?.status().as_u16())
    }
}

/// Connections are not kept: who names a server once need not name it again.
fn client(authorities: Vec<Certificate>) -> ClientBuilder {
    let client = Client::builder().tls_certs_merge(authorities).https_only(true).redirect(redirect::Policy::none());
    let client = client.no_proxy().referer(false).no_gzip().no_brotli().no_zstd().no_deflate();
    let client = client.connect_timeout(CONNECT).timeout(IN_ALL).pool_max_idle_per_host(0);
    client.user_agent(concat!("auth-service/", env!("CARGO_PKG_VERSION")))
}

fn read(path: &Path) -> Result<Vec<Certificate>, BadFetcher> {
    let pem = fs::read(path).map_err(|source| BadFetcher::Unreadable { path: path.to_owned(), source })?;
    let certificates = Certificate::from_pem_bundle(&pem)?;
    if certificates.is_empty() {
        return Err(BadFetcher::NoCertificate { path: path.to_owned() });
    }
    Ok(certificates)
}

fn text(response: &Response, name: header::HeaderName) -> Option<String> {
    response.headers().get(name)?.to_str().ok().map(str::to_owned)
}

async fn sent(request: RequestBuilder) -> Result<Response, FetchError> {
    request.send().await.map_err(|error| failure(&error))
}

const NOT_GLOBAL: &str = "its host has no address that everybody can reach";

fn forbidden(rule: &str) -> FetchError {
    FetchError::Forbidden(rule.to_owned())
}

/// The client hears which step failed, and the log why: that may tell of the net that this server is in.
fn failure(error: &reqwest::Error) -> FetchError {
    let causes = || std::iter::successors(error.source(), |&cause| cause.source());
    let why: Vec<_> = causes().map(ToString::to_string).collect();
    tracing::debug!(
        url = error.url().map(Url::as_str),
        reason = why.join(": "),
        "a server that a client has named fails"
    );
    if causes().any(<dyn Error>::is::<NotGlobal>) {
        return forbidden(NOT_GLOBAL);
    }
    let step = if error.is_timeout() {
        "it did not answer in time"
    } else if error.is_connect() {
        "there is no connection to it, or its certificate is not trusted"
    } else {
        "its answer is broken off"
    };
    FetchError::Failed(step.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test] // O-23
    async fn whoever_names_many_servers_ties_up_no_more_than_some() {
        let fetcher = GuardedFetcher::new(Vec::new(), None).unwrap();
        let url = |host: usize| Url::parse(&format!("https://host-{host}.example/")).unwrap();
        let mut rooms: Vec<_> = (0..AT_ONCE).map(|host| fetcher.room(&url(host)).ok().unwrap()).collect();
        assert!(matches!(fetcher.room(&url(AT_ONCE)), Err(FetchError::Busy)));
        rooms.pop();
        assert!(fetcher.room(&url(AT_ONCE)).is_ok());
        rooms.clear();
        assert!(fetcher.hosts().is_empty(), "what is over is forgotten");
    }
}
