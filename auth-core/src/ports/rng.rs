/// Dice, fit for secrets. [`OsRng`](crate::system::OsRng) is the only one that asks the system.
#[cfg_attr(feature = "mocks", mockall::automock)]
pub trait Rng: Send + Sync {
    /// Fills all of `bytes`.
    fn fill(&self, bytes: &mut [u8]);
}
