//! How often the SDK is asked for one thing, and what its failures mean.
use crate::times;
use azure_data_cosmos::CosmosError;
use std::time::Duration;
use tokio::time::{sleep, timeout};

/// What the database says that is no failure.
pub enum Refused {
    /// There is no such item.
    Missing,
    /// There is one already, or it is not as it was read.
    Conflict,
}

/// Before each further try. The SDK has tried other replicas and regions by then.
const PAUSES: [Duration; 5] = [
    Duration::from_millis(20),
    Duration::from_millis(60),
    Duration::from_millis(150),
    Duration::from_millis(250),
    Duration::from_millis(350),
];
/// So many requests for one thing are enough, the SDK's own repetitions among them.
const ENOUGH: usize = 12;
/// Whoever is told to come back later than this is told so by us.
const LONGEST_WAIT: Duration = Duration::from_millis(500);
/// A start is tried so often.
const STARTS: u32 = 8;

/// Asks, and asks again where that may help: everything here may be done twice. `None`: there was no answer in time.
pub async fn repeat<T, F>(patience: Duration, verb: impl Fn() -> F) -> Result<Result<T, Refused>, Option<CosmosError>>
where
    F: Future<Output = azure_data_cosmos::Result<T>>,
{
    let (mut pauses, mut asked) = (PAUSES.into_iter(), 0);
    loop {
        let failure = match timeout(times::one_try(patience), verb()).await {
            Ok(Ok(answer)) => return Ok(Ok(answer)),
            Ok(Err(error)) if error.status().is_not_found() => return Ok(Err(Refused::Missing)),
            Ok(Err(error)) if error.status().is_conflict() || error.status().is_precondition_failed() => {
                return Ok(Err(Refused::Conflict));
            }
            Ok(Err(error)) => Some(error),
            Err(_too_slow) => None,
        };
        let wait = failure.as_ref().map_or(Some(Duration::ZERO), again_after);
        asked += failure.as_ref().map_or(1, requests);
        match (pauses.next().filter(|_| asked < ENOUGH), wait) {
            (Some(pause), Some(wait)) if wait <= LONGEST_WAIT => sleep(pause.max(wait)).await,
            _ => return Err(failure),
        }
    }
}

/// Asks again where that may help: for a start.
pub async fn insist<T, F>(ask: impl Fn() -> F) -> azure_data_cosmos::Result<T>
where
    F: Future<Output = azure_data_cosmos::Result<T>>,
{
    for _ in 1..STARTS {
        match ask().await {
            Err(error) if again_after(&error).is_some() || is_being_made(&error) => {
                sleep(again_after(&error).unwrap_or_default().max(LONGEST_WAIT)).await;
            }
            answer => return answer,
        }
    }
    ask().await
}

/// How long to wait before it is worth asking again; `None` where it never is.
fn again_after(error: &CosmosError) -> Option<Duration> {
    let status = error.status();
    let passing = matches!(u16::from(status.status_code()), 408 | 410 | 429 | 449 | 500..)
        || status.is_read_session_not_available()
        || status.is_write_forbidden()
        || status.is_database_account_not_found();
    passing.then(|| retry_after(error).unwrap_or_default())
}

/// How many the SDK has made before it gave up.
fn requests(error: &CosmosError) -> usize {
    error.diagnostics().map_or(1, |diagnostics| diagnostics.request_count())
}

/// A container, or the leave to use it, that is not everywhere yet; or a credential that has not been given out.
fn is_being_made(error: &CosmosError) -> bool {
    let status = error.status();
    let sub = status.sub_status().map(|sub| sub.value());
    matches!(
        (u16::from(status.status_code()), sub),
        (404, Some(1_013)) | (403, Some(5_301 | 5_302)) | (401, Some(20_402))
    )
}

pub fn retry_after(error: &CosmosError) -> Option<Duration> {
    error.response()?.headers().retry_after_ms.map(Duration::from_millis)
}

/// Status and sub-status, and nothing of what was sent or found: a log line can be shown to anyone.
pub fn plain(error: &CosmosError) -> String {
    format!("the database answered {}", error.status())
}
