//! How long what may take, of the patience of one call: there is time in it for another try, and in a try for another region,
//! so that a region which never says a word is gone around.
use std::time::Duration;

/// One try, with all that the SDK does about it: it asks another region when the first does not answer.
pub fn one_try(patience: Duration) -> Duration {
    request(patience) * 12 / 5
}

/// One request of the SDK for items.
pub fn request(patience: Duration) -> Duration {
    (patience / 4).clamp(LEAST, MOST)
}

/// One connection.
pub fn connect(patience: Duration) -> Duration {
    (patience / 5).clamp(LEAST, MOST)
}

/// One request of the SDK for what an account or a container is.
pub fn metadata(patience: Duration) -> Duration {
    (patience / 2).clamp(LEAST, 2 * MOST)
}

/// The SDK takes nothing shorter.
const LEAST: Duration = Duration::from_millis(100);
/// However much patience there is: nobody answers who has not by then.
const MOST: Duration = Duration::from_secs(2);

/// How long a start may take.
pub const START: Duration = Duration::from_secs(20);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn within_the_patience_there_is_time_for_another_try_and_within_a_try_for_another_region() {
        for seconds in [2, 10, 30, 60] {
            let patience = Duration::from_secs(seconds);
            assert!(one_try(patience) > 2 * request(patience));
            assert!(one_try(patience) < patience);
            assert!(request(patience) >= connect(patience));
        }
        assert_eq!(one_try(Duration::from_secs(2)), Duration::from_millis(1_200), "as docs/cosmos.md says");
    }
}
