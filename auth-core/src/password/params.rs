//! What one hash costs: not too little to be safe, not too much to be read back.
use argon2::Params;

/// The parameters of Argon2id (RFC 9106, section 3.1), within bounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Argon2Params {
    memory_kib: u32,
    passes: u32,
    lanes: u32,
}

/// Why parameters are refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadParams {
    /// Cheap to guess against.
    #[error("a hash takes at least 19456 KiB in 2 passes, or 47104 KiB in 1")]
    TooWeak,
    /// What a stored hash may ask for, ours may not exceed.
    #[error("a hash takes at most 262144 KiB, 10 passes and 4 lanes, and at least 1 lane")]
    OutOfBounds,
    /// The memory of the arenas could not be reserved.
    #[error("there is not enough memory for the arenas: lower their number, or the memory of each")]
    NoMemory,
}

impl Argon2Params {
    /// Cheap enough for a test to hash a hundred times, and for anybody to guess: never for a password that matters.
    #[cfg(any(test, feature = "testing"))]
    pub const TESTING: Self = Self { memory_kib: 64, passes: 1, lanes: 1 };

    /// Parameters to hash new passwords with.
    ///
    /// # Errors
    /// [`BadParams`] below what OWASP's Password Storage Cheat Sheet recommends, or above what is read back.
    pub const fn new(memory_kib: u32, passes: u32, lanes: u32) -> Result<Self, BadParams> {
        let enough = (memory_kib >= 19_456 && passes >= 2) || (memory_kib >= 47_104 && passes >= 1);
        match Self::bounded(memory_kib, passes, lanes) {
            None => Err(BadParams::OutOfBounds),
            Some(_) if !enough => Err(BadParams::TooWeak),
            Some(params) => Ok(params),
        }
    }

    /// Parameters that a hash in a store may ask for, however weak.
    pub(super) const fn bounded(memory_kib: u32, passes: u32, lanes: u32) -> Option<Self> {
        if memory_kib > 256 * 1024 || passes > 10 || lanes > 4 || Params::new(memory_kib, passes, lanes, None).is_err()
        {
            return None;
        }
        Some(Self { memory_kib, passes, lanes })
    }

    /// Memory, in KiB.
    pub const fn memory_kib(self) -> u32 {
        self.memory_kib
    }

    /// How often all of it is filled.
    pub const fn passes(self) -> u32 {
        self.passes
    }

    /// Into how many lanes it is divided. They are filled one after the other.
    pub const fn lanes(self) -> u32 {
        self.lanes
    }

    /// Memory, in blocks of 1 KiB.
    pub(super) fn blocks(self) -> usize {
        self.argon2(None).block_count()
    }

    /// As the `argon2` crate takes them.
    pub(super) fn argon2(self, output_bytes: Option<usize>) -> Params {
        Params::new(self.memory_kib, self.passes, self.lanes, output_bytes).expect("checked when they were made")
    }
}

impl Default for Argon2Params {
    /// 19 MiB, 2 passes, 1 lane: OWASP's recommendation.
    fn default() -> Self {
        Self { memory_kib: 19_456, passes: 2, lanes: 1 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test] // P-11
    fn weak_parameters_are_refused_and_the_default_is_not() {
        for (memory_kib, passes) in [(19_455, 2), (19_456, 1), (47_103, 1), (64, 10)] {
            assert_eq!(Argon2Params::new(memory_kib, passes, 1), Err(BadParams::TooWeak), "{memory_kib} {passes}");
        }
        assert_eq!(Argon2Params::new(19_456, 2, 1), Ok(Argon2Params::default()));
        assert!(Argon2Params::new(47_104, 1, 1).is_ok());
    }

    #[test]
    fn nothing_is_written_that_would_not_be_read() {
        for (memory_kib, passes, lanes) in [(262_145, 2, 1), (19_456, 11, 1), (19_456, 2, 5), (19_456, 2, 0), (0, 0, 0)]
        {
            assert_eq!(Argon2Params::new(memory_kib, passes, lanes), Err(BadParams::OutOfBounds));
        }
        assert!(Argon2Params::new(262_144, 10, 4).is_ok());
    }
}
