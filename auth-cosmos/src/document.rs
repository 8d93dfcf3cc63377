//! A record as a container holds it: where it lies, when it may go, and who wrote it lately.
use auth_core::{
    ports::{Clock, Revision, Rng},
    value::Timestamp,
};
use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine as _};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

/// What is kept in a container.
pub trait Kept: Clone + PartialEq + Serialize + DeserializeOwned + Send + Sync + 'static {
    /// From then on nobody asks for it; `None`: it stays. A record decides by itself whether it is over: this is only when
    /// the broom may come.
    fn kept_until(&self) -> Option<Timestamp>;
}

/// Where a document lies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Its name within its partition.
    pub id: String,
    /// Its partition; none where each document is one of its own.
    pub partition: Option<String>,
}

impl Place {
    /// In a partition of its own.
    pub fn alone(id: impl Into<String>) -> Self {
        Self { id: id.into(), partition: None }
    }

    /// Among others.
    pub fn among(partition: impl Into<String>, id: impl Into<String>) -> Self {
        Self { id: id.into(), partition: Some(partition.into()) }
    }

    /// The value of the partition key.
    pub fn key(&self) -> &str {
        self.partition.as_deref().unwrap_or(&self.id)
    }
}

/// Names one write, drawn anew for each. The SDK asks again for a write whose answer it has lost, and is then told that
/// somebody was faster: whoever finds his own name in the document was that somebody.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Op(String);

impl Op {
    /// A new name.
    pub fn draw(rng: &dyn Rng) -> Self {
        let mut bytes = [0; 8];
        rng.fill(&mut bytes);
        Self(BASE64_URL_SAFE_NO_PAD.encode(bytes))
    }
}

/// So many may write after one whose answer was lost, before he looks.
const REMEMBERED: usize = 16;

/// The last writes over a document, the newest last.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Ops(Vec<Op>);

impl Ops {
    /// Whether this write is among them.
    pub fn has(&self, op: &Op) -> bool {
        self.0.contains(op)
    }

    /// Whether nobody has written since.
    pub fn ends_with(&self, op: &Op) -> bool {
        self.0.last() == Some(op)
    }

    fn and(&self, op: &Op) -> Self {
        let ops: Vec<Op> = self.0.iter().filter(|other| *other != op).chain([op]).cloned().collect();
        Self(ops[ops.len().saturating_sub(REMEMBERED)..].to_vec())
    }
}

/// Names the state of a document; every write gives it another.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Etag(pub String);

/// A record with what the database needs to know of it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Document<R> {
    id: String,
    #[serde(rename = "pk", default, skip_serializing_if = "Option::is_none")]
    partition: Option<String>,
    /// Seconds from this write on. Each write begins them anew, so each must say how many are left.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ttl: Option<u32>,
    /// The last writes.
    pub ops: Ops,
    /// The record.
    pub record: R,
    /// The state that it was read in.
    #[serde(rename = "_etag", default, skip_serializing)]
    pub etag: Etag,
}

/// What has ended is kept a little longer: clocks differ, and a write that was on its way when it ended finds it ended.
const MARGIN: i64 = 3_600;

impl<R: Kept> Document<R> {
    /// A record in its place, as nobody has written it yet.
    pub fn at(place: &Place, record: R) -> Self {
        let Place { id, partition } = place.clone();
        Self { id, partition, ttl: None, ops: Ops::default(), record, etag: Etag::default() }
    }

    /// A record in the place and the state in which another was read; `None`: that is no state of a document.
    pub fn as_read(place: &Place, record: R, revision: &Revision) -> Option<Self> {
        let (etag, ops) = serde_json::from_str(&revision.0).ok()?;
        Some(Self { ops, etag, ..Self::at(place, record) })
    }

    /// The state that it was read in, with what a write over it must know.
    pub fn revision(&self) -> Revision {
        let state = serde_json::to_string(&(&self.etag, &self.ops));
        Revision(state.expect("texts are JSON"))
    }

    /// A record that is written by `op` where there is nothing.
    pub fn new(place: &Place, record: R, op: &Op, clock: &dyn Clock) -> Self {
        let nothing = Self::at(place, record.clone());
        nothing.next(record, op, clock)
    }

    /// A record that is written by `op` over this one.
    pub fn next(&self, record: R, op: &Op, clock: &dyn Clock) -> Self {
        let ttl = record.kept_until().map(|until| seconds_left(until, clock.now()));
        Self { ttl, ops: self.ops.and(op), record, ..self.clone() }
    }

    /// Where it lies.
    pub fn place(&self) -> Place {
        Place { id: self.id.clone(), partition: self.partition.clone() }
    }
}

fn seconds_left(until: Timestamp, now: Timestamp) -> u32 {
    let left = until.0.saturating_sub(now.0).max(0).saturating_add(MARGIN);
    u32::try_from(left).unwrap_or(u32::MAX).min(i32::MAX.unsigned_abs())
}

#[cfg(test)]
mod tests {
    use super::*;
    use auth_core::testing::{FixedClock, SeededRng};

    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    struct Until(Option<i64>);

    impl Kept for Until {
        fn kept_until(&self) -> Option<Timestamp> {
            self.0.map(Timestamp)
        }
    }

    #[test]
    fn the_broom_comes_after_the_end_and_never_at_once() {
        let (clock, rng) = (FixedClock::default(), SeededRng::default());
        let ttl = |record| Document::new(&Place::alone("x"), record, &Op::draw(&rng), &clock).ttl;
        let now = clock.now().0;
        assert_eq!(ttl(Until(None)), None);
        assert_eq!(ttl(Until(Some(now + 60))), Some(3_660));
        assert_eq!(ttl(Until(Some(now - 60))), Some(3_600), "what is over was on its way a moment ago");
        assert_eq!(ttl(Until(Some(i64::MAX))), Some(2_147_483_647), "the most that the database takes");
    }

    #[test]
    fn as_many_writes_are_remembered_as_may_come_between() {
        let (clock, rng) = (FixedClock::default(), SeededRng::default());
        let first = Op::draw(&rng);
        let mut document = Document::new(&Place::alone("x"), Until(None), &first, &clock);
        for _ in 1..REMEMBERED {
            document = document.next(Until(None), &Op::draw(&rng), &clock);
            assert!(document.ops.has(&first) && !document.ops.ends_with(&first));
        }
        let last = Op::draw(&rng);
        document = document.next(Until(None), &last, &clock);
        assert!(document.ops.ends_with(&last));
        assert!(!document.ops.has(&first));
        assert_eq!(document.ops.0.len(), REMEMBERED);
    }

    #[test]
    fn what_is_written_carries_no_state_and_no_empty_fields() {
        let document =
            Document::new(&Place::alone("x"), Until(None), &Op::draw(&SeededRng::default()), &FixedClock::default());
        let written = serde_json::to_value(&document).unwrap();
        let fields: Vec<&str> = written.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(fields, ["id", "ops", "record"]);
    }
}
