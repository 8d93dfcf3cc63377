//! How long what may take. Within the usual patience of a call, two seconds, there is time for another try, and within a try
//! for another region, so that a region which never says a word is gone around.
use std::time::Duration;

/// One try, with all that the SDK does about it: it asks another region when the first does not answer, and waits a second
/// between those that all say that they do not write.
pub const TRY: Duration = Duration::from_millis(1_200);
/// A page of a copy is large, and nobody waits for it.
pub const PAGE_TRY: Duration = Duration::from_secs(10);

/// One request of the SDK for items.
pub fn request(patience: Duration) -> Duration {
    (patience / 4).clamp(LEAST, Duration::from_secs(6))
}

/// One connection.
pub fn connect(patience: Duration) -> Duration {
    (patience / 5).clamp(LEAST, Duration::from_secs(5))
}

/// One request for what an account or a container is.
pub fn metadata(patience: Duration) -> Duration {
    (patience / 2).clamp(LEAST, Duration::from_secs(6))
}

/// The SDK takes nothing shorter.
const LEAST: Duration = Duration::from_millis(100);

/// How long a start may take.
pub const START: Duration = Duration::from_secs(20);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn within_the_patience_there_is_time_for_another_try_and_within_a_try_for_another_region() {
        let patience = Duration::from_secs(2);
        assert!(TRY > 2 * request(patience));
        assert!(TRY < patience);
        assert!(request(patience) > connect(patience));
    }
}
