//! Chance that falls the same way in each run.
use auth_core::{ports::Rng, testing::SeededRng};

/// Dice loaded with a seed, so that a failure can be run again.
pub struct Dice(SeededRng);

impl Dice {
    /// Dice that this seed loads.
    pub fn new(seed: u64) -> Self {
        Self(SeededRng::new(seed))
    }

    /// A number below `end`, which is not zero.
    pub fn below(&self, end: usize) -> usize {
        let mut bytes = [0; 8];
        self.0.fill(&mut bytes);
        let number = u64::from_be_bytes(bytes) % u64::try_from(end).expect("64 bits at most");
        usize::try_from(number).expect("below a usize")
    }
}
