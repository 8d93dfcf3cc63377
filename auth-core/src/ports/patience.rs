//! Patience: how long one request waits for the outside, all its calls together.
use super::*;
use std::sync::{Mutex, PoisonError};
use tokio::time::{Instant, timeout};

/// The [`Layer`] behind [`Accounts::within`](crate::accounts::Accounts::within). Clones share what is left.
#[derive(Clone)]
pub(crate) struct Patience {
    left: Arc<Mutex<Duration>>,
}

impl Patience {
    /// So long, from the first call on.
    pub(crate) fn new(in_all: Duration) -> Self {
        Self { left: Arc::new(Mutex::new(in_all)) }
    }
}

impl Layer for Patience {
    async fn around<T: Send>(&self, call: Call, work: impl Future<Output = Outside<T>> + Send) -> Outside<T> {
        if call.port == "hasher" {
            return work.await; // it has its own queue, and says at once when that is full
        }
        let too_slow = || Unavailable::failed(call.port, format!("no patience was left for {call}"));
        let left = *self.left.lock().unwrap_or_else(PoisonError::into_inner);
        if left.is_zero() {
            return Err(too_slow()); // and it is not begun: nobody would hear how it ended
        }
        let began = now();
        let answer = timeout(left, work).await;
        let left = if answer.is_ok() { left.saturating_sub(now() - began) } else { Duration::ZERO };
        *self.left.lock().unwrap_or_else(PoisonError::into_inner) = left;
        answer.unwrap_or_else(|_| Err(too_slow()))
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "how long somebody waits is no time of the domain, and a test stops this clock too"
)]
fn now() -> Instant {
    Instant::now()
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::time::sleep;

    const STORE: Call = Call { port: "users", method: "by_id" };
    const HASH: Call = Call { port: "hasher", method: "hash" };

    #[tokio::test(start_paused = true)] // R5
    async fn all_calls_share_it_but_hashes_and_none_is_begun_without_it() {
        let (patience, began) = (Patience::new(Duration::from_secs(2)), now());
        let takes = async |call, millis| {
            let work = async {
                sleep(Duration::from_millis(millis)).await;
                Ok(())
            };
            patience.clone().around(call, work).await
        };
        takes(STORE, 900).await.unwrap();
        takes(HASH, 5_000).await.unwrap();
        takes(STORE, 900).await.unwrap();
        assert_eq!(takes(STORE, 900).await.unwrap_err().service(), "users");
        let waited = now() - began;
        assert_eq!(waited.as_secs(), 7, "five for the hash, and two for the stores");
        let late = patience.around(STORE, async { panic!("begun, and nobody would hear how it ended") });
        assert!(matches!(late.await, Outside::<()>::Err(_)));
        takes(HASH, 5_000).await.unwrap();
    }
}
