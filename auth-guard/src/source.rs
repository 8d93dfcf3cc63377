//! How the issuer is asked.
use auth_core::ports::Outside;

/// Asks the issuer for the documents that it publishes.
#[async_trait::async_trait]
pub trait Source: Send + Sync {
    /// What is at a URL, if it answers 200. Nothing is followed from there.
    async fn get(&self, url: &str) -> Outside<Vec<u8>>;
}

#[cfg(feature = "reqwest")]
pub use self::http::HttpSource;

#[cfg(feature = "reqwest")]
mod http {
    use super::{Outside, Source};
    use auth_core::ports::Unavailable;
    use reqwest::{Client, StatusCode, redirect};
    use std::{error::Error, time::Duration};

    const CONNECT: Duration = Duration::from_secs(3);
    const IN_ALL: Duration = Duration::from_secs(10);
    const LARGEST: usize = 64 * 1024;

    /// Asks over HTTP: no redirects, 3 seconds to connect, 10 in all, 64 KiB.
    #[derive(Clone, Debug)]
    pub struct HttpSource(Client);

    impl HttpSource {
        /// Trusts the certificate authorities of the system.
        ///
        /// # Errors
        /// [`Unavailable`] if TLS cannot be set up.
        pub fn new() -> Outside<Self> {
            let client = Client::builder().redirect(redirect::Policy::none()).connect_timeout(CONNECT).timeout(IN_ALL);
            client.build().map(Self).map_err(failed)
        }
    }

    #[async_trait::async_trait]
    impl Source for HttpSource {
        async fn get(&self, url: &str) -> Outside<Vec<u8>> {
            let mut response = self.0.get(url).send().await.map_err(failed)?;
            if response.status() != StatusCode::OK {
                return Err(failed(format!("{url} answered {}", response.status().as_u16())));
            }
            let mut body = Vec::new();
            while let Some(chunk) = response.chunk().await.map_err(failed)? {
                if body.len() + chunk.len() > LARGEST {
                    return Err(failed(format!("{url} has more than {LARGEST} bytes")));
                }
                body.extend_from_slice(&chunk);
            }
            Ok(body)
        }
    }

    fn failed(why: impl Into<Box<dyn Error + Send + Sync>>) -> Unavailable {
        Unavailable::failed("issuer", why)
    }
}
