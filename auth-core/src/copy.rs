//! All that one store holds, carried into another: page by page, so that it can go on after an interruption, and looked at
//! again in both when it is done.
use crate::{ports::*, value::Timestamp};
use aws_lc_rs::digest;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use tokio::task::JoinSet;

/// Carries records from one store into an empty one. Meanwhile nobody else uses either.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), auth_core::copy::CopyError> {
/// use auth_core::{copy::*, ports::*, testing::{Memory, World}};
/// use std::sync::Arc;
///
/// let world = World::default();
/// let copier = Copier { from: world.memory.clone(), to: Arc::new(Memory::default()) };
/// let now = || world.ports.clock.now();
/// let mut at = Some(Position::start());
/// while let Some(position) = at {
///     // Whoever keeps the position goes on from there in another process; a page may be carried twice.
///     at = copier.carry(&position, now()).await?.next;
/// }
/// for kind in RecordKind::ALL {
///     let (mut was, mut is, now) = (Tally::default(), Tally::default(), now());
///     let mut at = Some(Position::start_of(kind));
///     while let Some(position) = at {
///         at = copier.look(Side::From, &position, now, &mut was).await?;
///     }
///     let mut at = Some(Position::start_of(kind));
///     while let Some(position) = at {
///         at = copier.look(Side::To, &position, now, &mut is).await?;
///     }
///     was.must_be(&is, kind)?;
/// }
/// # Ok(())
/// # }
/// ```
pub struct Copier {
    /// What is carried.
    pub from: Arc<dyn RecordStore>,
    /// Where to.
    pub to: Arc<dyn RecordStore>,
}

/// Where to go on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Position {
    /// With which records.
    pub kind: RecordKind,
    /// After which of them.
    pub after: Option<Cursor>,
}

/// A page that is there now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Carried {
    /// How many records.
    pub records: u64,
    /// Where to go on; `None` when all is done.
    pub next: Option<Position>,
}

/// Which of the two stores.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The one that is copied.
    From,
    /// The copy.
    To,
}

/// What a store holds of one kind, in whatever order it was seen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    records: u64,
    /// The sum of their hashes, so that one record that is missing, changed or there twice makes another.
    sum: [u64; 4],
}

/// Why a copy is none.
#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    /// One of the stores failed: the same again may help.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
    /// There is something in the target already, and it is none of an earlier try's.
    #[error("the target is not empty")]
    NotEmpty,
    /// The target was not empty, or the source has changed since the copy began.
    #[error("there is something else in the target's {0} already")]
    Conflict(RecordKind),
    /// The target was not empty, or somebody has used one of the two meanwhile.
    #[error("the {kind} differ: the source has {from} records, the target has {to}")]
    Different {
        /// Which records.
        kind: RecordKind,
        /// How many the source has.
        from: u64,
        /// How many the target has; if it is as many, they are others.
        to: u64,
    },
}

/// So many records are read at once,
const PAGE: usize = 256;
/// and so many of them are on their way at once.
const ON_THE_WAY: usize = 32;

impl Copier {
    /// Carries the page at this position, but for what is over. A page that was carried before may be carried again.
    ///
    /// # Errors
    /// [`CopyError::Unavailable`]: some of the page may be there; [`CopyError::Conflict`].
    pub async fn carry(&self, at: &Position, now: Timestamp) -> Result<Carried, CopyError> {
        let Page { records, next } = self.from.export(at.kind, at.after.clone(), PAGE).await?;
        let (mut carried, mut arrived, mut on_the_way) = (0, Ok(()), JoinSet::new());
        for record in records.into_iter().filter(|record| !record.is_over(now)) {
            if on_the_way.len() >= ON_THE_WAY {
                arrived = arrived.and(arrive(&mut on_the_way, at.kind).await);
            }
            if arrived.is_err() {
                break;
            }
            let to = self.to.clone();
            on_the_way.spawn(async move { to.import(&record).await });
            carried += 1;
        }
        // What is on its way need not be asked for again, whatever has become of the others.
        while !on_the_way.is_empty() {
            arrived = arrived.and(arrive(&mut on_the_way, at.kind).await);
        }
        arrived?;
        Ok(Carried { records: carried, next: at.go_on(next).or_else(|| at.next_kind()) })
    }

    /// Adds the page at this position to what was seen of its kind in one of the stores, but for what is over. Answers where
    /// to go on with this kind. Both stores are looked at by the same `now`, and within an hour: then a store may forget
    /// what has ended since.
    ///
    /// # Errors
    /// [`Unavailable`]: nothing was added.
    pub async fn look(&self, side: Side, at: &Position, now: Timestamp, seen: &mut Tally) -> Outside<Option<Position>> {
        let store = match side {
            Side::From => &self.from,
            Side::To => &self.to,
        };
        let Page { records, next } = store.export(at.kind, at.after.clone(), PAGE).await?;
        records.iter().filter(|record| !record.is_over(now)).for_each(|record| seen.add(record));
        Ok(at.go_on(next))
    }
}

async fn arrive(on_the_way: &mut JoinSet<Outside<Imported>>, kind: RecordKind) -> Result<(), CopyError> {
    match on_the_way.join_next().await {
        Some(Ok(imported)) => match imported? {
            Imported::Done => Ok(()),
            Imported::Conflict => Err(CopyError::Conflict(kind)),
        },
        Some(Err(panicked)) => Err(Unavailable::failed("copy", panicked).into()),
        None => Ok(()),
    }
}

impl Position {
    /// Where a copy begins.
    pub const fn start() -> Self {
        Self::start_of(RecordKind::ALL[0])
    }

    /// Before the first record of a kind.
    pub const fn start_of(kind: RecordKind) -> Self {
        Self { kind, after: None }
    }

    fn go_on(&self, next: Option<Cursor>) -> Option<Self> {
        next.map(|next| Self { kind: self.kind, after: Some(next) })
    }

    fn next_kind(&self) -> Option<Self> {
        RecordKind::ALL.into_iter().find(|kind| *kind > self.kind).map(Self::start_of)
    }
}

impl Tally {
    /// How many records there are.
    pub const fn records(&self) -> u64 {
        self.records
    }

    /// Says that what was seen in the copy is what was seen in the source.
    ///
    /// # Errors
    /// [`CopyError::Different`].
    pub fn must_be(&self, copy: &Self, kind: RecordKind) -> Result<(), CopyError> {
        let different = CopyError::Different { kind, from: self.records, to: copy.records };
        if self == copy { Ok(()) } else { Err(different) }
    }

    fn add(&mut self, record: &Record) {
        self.records += 1;
        let hash = digest::digest(&digest::SHA256, &record.written());
        for (sum, bytes) in self.sum.iter_mut().zip(hash.as_ref().chunks_exact(8)) {
            *sum = sum.wrapping_add(u64::from_be_bytes(bytes.try_into().expect("eight bytes")));
        }
    }
}
