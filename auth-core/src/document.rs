//! Small records of a protocol: a store keeps them, and who wrote them knows what they mean.
use crate::value::{Invalid, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Names one document: its kind, whose it is, and which one. It is no place for a secret or a person's name: a store may show
/// it in a URL or a trace.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "Parts")]
pub struct DocumentKey {
    kind: String,
    owner: String,
    name: String,
}

/// A small record of a protocol.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Document {
    /// Its name, which never changes.
    pub key: DocumentKey,
    /// From then on it is good for nothing, and a store may forget it; `None`: it stays until it is deleted.
    pub expires_at: Option<Timestamp>,
    /// What it says: little, and no number of more than 53 bits, which not every store keeps.
    pub body: Value,
}

impl DocumentKey {
    /// Reads the parts.
    ///
    /// # Errors
    /// [`Invalid`] unless the kind is 1 to 32 lower-case letters or `_`, and the owner and the name are 1 to 128 letters,
    /// digits, `.`, `_`, `~` or `-`, and neither `.` nor `..`, which no path of a URL can hold.
    pub fn new(kind: &str, owner: &str, name: &str) -> Result<Self, Invalid> {
        let of_kind = |byte: u8| byte.is_ascii_lowercase() || byte == b'_';
        if !(1..=32).contains(&kind.len()) || !kind.bytes().all(of_kind) {
            return Err(Invalid("a document's kind is 1 to 32 lower-case letters or '_'"));
        }
        if !is_segment(owner) || !is_segment(name) {
            return Err(Invalid("a document's owner and name are 1 to 128 letters, digits, '.', '_', '~' or '-'"));
        }
        Ok(Self { kind: kind.to_owned(), owner: owner.to_owned(), name: name.to_owned() })
    }

    /// What it is.
    pub fn kind(&self) -> &str {
        &self.kind
    }

    /// Whose it is.
    pub fn owner(&self) -> &str {
        &self.owner
    }

    /// Which one.
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl Document {
    /// Whether it is good for nothing any more: a store may have forgotten it, or not.
    pub fn is_over(&self, now: Timestamp) -> bool {
        self.expires_at.is_some_and(|at| at <= now)
    }
}

/// A key as it is written, not yet looked at.
#[derive(Deserialize)]
struct Parts {
    kind: String,
    owner: String,
    name: String,
}

impl TryFrom<Parts> for DocumentKey {
    type Error = Invalid;
    fn try_from(Parts { kind, owner, name }: Parts) -> Result<Self, Invalid> {
        Self::new(&kind, &owner, &name)
    }
}

fn is_segment(text: &str) -> bool {
    let unreserved = |byte: u8| byte.is_ascii_alphanumeric() || b"._~-".contains(&byte);
    (1..=128).contains(&text.len()) && text.bytes().all(unreserved) && !matches!(text, "." | "..")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_made_of_what_every_store_can_hold() {
        let (longest, longest_kind) = ("x".repeat(128), "k".repeat(32));
        for (kind, owner, name) in
            [("client", "a", "..."), ("device_code", "A-9", "._~-"), (&longest_kind, &longest, &longest)]
        {
            let key = DocumentKey::new(kind, owner, name).unwrap();
            assert_eq!((key.kind(), key.owner(), key.name()), (kind, owner, name));
        }
        let (too_long, kind_too_long) = ("x".repeat(129), "k".repeat(33));
        for kind in ["", "Client", "a.b", "a1", "é", &kind_too_long] {
            assert!(DocumentKey::new(kind, "owner", "name").is_err(), "{kind}");
        }
        for text in ["", ".", "..", "a b", "a/b", "a?b", "a#b", "a\\b", "a%b", "é", "\n", &too_long] {
            assert!(DocumentKey::new("kind", text, "name").is_err(), "{text}");
            assert!(DocumentKey::new("kind", "owner", text).is_err(), "{text}");
        }
    }

    #[test]
    fn what_is_read_is_a_key_again_or_nothing() {
        let key = DocumentKey::new("client", "ann", "app").unwrap();
        let written = serde_json::to_value(&key).unwrap();
        assert_eq!(written, serde_json::json!({ "kind": "client", "owner": "ann", "name": "app" }));
        assert_eq!(serde_json::from_value::<DocumentKey>(written).unwrap(), key);
        let other = serde_json::json!({ "kind": "client", "owner": "a/b", "name": "app" });
        assert!(serde_json::from_value::<DocumentKey>(other).is_err());
    }

    #[test]
    fn it_is_over_at_the_very_second_and_without_one_never() {
        let key = DocumentKey::new("client", "ann", "app").unwrap();
        let until = |expires_at| Document { key: key.clone(), expires_at, body: Value::Null };
        assert!(!until(Some(Timestamp(10))).is_over(Timestamp(9)));
        assert!(until(Some(Timestamp(10))).is_over(Timestamp(10)));
        assert!(!until(None).is_over(Timestamp(i64::MAX)));
    }
}
