use super::{Outside, async_trait};
use crate::{user::PasswordHash, value::Password};

/// Passwords into hashes. [`Argon2Hasher`](crate::password::Argon2Hasher) is the one to use.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait PasswordHasher: Send + Sync {
    /// Hashes a password, with a salt of its own.
    async fn hash(&self, password: &Password) -> Outside<PasswordHash>;
    /// Compares. Takes as long for `None`, so that an unknown login costs what a known one does.
    #[cfg_attr(feature = "mocks", mockall::concretize)]
    async fn verify(&self, password: &Password, hash: Option<&PasswordHash>) -> Outside<Verdict>;
}

/// The end of one comparison.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The right password.
    Match,
    /// The right password, by a hash of yesterday's parameters: hash it again.
    Outdated,
    /// Another password, or no hash to compare with.
    Mismatch,
}
