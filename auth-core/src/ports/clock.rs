use crate::value::Timestamp;

/// Time. [`SystemClock`](crate::system::SystemClock) is the only one that asks the system.
#[cfg_attr(feature = "mocks", mockall::automock)]
pub trait Clock: Send + Sync {
    /// The time now.
    fn now(&self) -> Timestamp;
}
