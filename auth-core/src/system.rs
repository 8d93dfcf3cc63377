//! The system's clock and dice. Nothing else in the workspace asks for them; clippy.toml holds it to that.
use crate::{
    ports::{Clock, Rng},
    value::Timestamp,
};
use rand::TryRng;
#[expect(clippy::disallowed_types, reason = "this is the one place")]
use rand::rngs::SysRng;
use std::time::{Duration, SystemTime};

/// The time of the system. A clock that stands before 1970 is read as 1970.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        #[expect(clippy::disallowed_methods, reason = "this is the one place")]
        let since_epoch = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        Timestamp::default() + since_epoch.unwrap_or(Duration::ZERO)
    }
}

/// The dice of the operating system.
#[derive(Clone, Copy, Debug, Default)]
pub struct OsRng;

impl Rng for OsRng {
    /// # Panics
    /// If the system has no dice to give: there is no safe way to go on.
    fn fill(&self, bytes: &mut [u8]) {
        SysRng.try_fill_bytes(bytes).expect("the operating system gives random bytes");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clock_is_past_the_day_this_was_written_and_does_not_stand_at_nothing() {
        assert!(SystemClock.now() > Timestamp(1_700_000_000));
    }

    #[test]
    fn the_dice_fill_everything_and_differ() {
        let (mut one, mut other) = ([0; 64], [0; 64]);
        OsRng.fill(&mut one);
        OsRng.fill(&mut other);
        assert_ne!(one, other);
        assert!(one[..32] != [0; 32] && one[32..] != [0; 32]);
    }
}
