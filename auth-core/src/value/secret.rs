//! What must not be seen.
use std::fmt;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

/// A text that is never printed, never serialized, compared in constant time, and wiped when dropped.
///
/// ```
/// use auth_core::value::Secret;
/// let secret = Secret::new("hunter2".to_owned());
/// assert_eq!(format!("{secret:?}"), "[secret]");
/// ```
/// ```compile_fail
/// # use auth_core::value::Secret;
/// println!("{}", Secret::new(String::new())); // no Display
/// ```
/// ```compile_fail
/// # use auth_core::value::Secret;
/// serde_json::to_string(&Secret::new(String::new())); // no Serialize
/// ```
#[derive(Clone)]
pub struct Secret(pub(super) Zeroizing<String>);

impl Secret {
    /// Takes the text over; the caller keeps no copy.
    pub fn new(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    /// The text itself: for the one place that hands it to its reader.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

/// In constant time, as far as both are of one length.
impl PartialEq for Secret {
    fn eq(&self, other: &Self) -> bool {
        self.0.as_bytes().ct_eq(other.0.as_bytes()).into()
    }
}
impl Eq for Secret {}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[secret]")
    }
}
