//! What can go wrong between this crate and its file. No message holds what a row held.
use rusqlite::ErrorCode;
use std::{io, path::PathBuf, sync::Arc, time::Duration};

/// Why the file could not be opened, read, written, migrated or copied.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The system refused a file or a folder.
    #[error("{path}: {source}", path = path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// `SQLite` refused.
    #[error("SQLite: {0}")]
    Sqlite(#[from] rusqlite::Error),
    /// The file, its folder or the whole file system.
    #[error("{} is read-only", .0.display())]
    ReadOnly(PathBuf),
    /// Another process keeps a lock on the database while it migrates or restores it.
    #[error("another program is at work on the database: wait until it has ended")]
    Locked,
    /// The file system offers no shared memory, so that `SQLite` cannot keep its write-ahead log.
    #[error("the file system cannot hold a write-ahead log: put the database on a local disk")]
    NoLog,
    /// A newer program has written the database.
    #[error(
        "the database has version {found}, and this program knows versions up to {known}: \
         start the newer program again, or run its `migrate down {known}` first"
    )]
    Newer {
        /// The database's version.
        found: u32,
        /// The newest that this program knows.
        known: u32,
    },
    /// A migration was asked to go where there is nothing, or the other way.
    #[error("cannot migrate {direction} from version {from} to {to}: versions are 0 to {known}")]
    NoSuchWay {
        /// `up` or `down`.
        direction: &'static str,
        /// The database's version.
        from: u32,
        /// The version asked for.
        to: u32,
        /// The newest that this program knows.
        known: u32,
    },
    /// What takes tables away, or puts others in their place, must have the database to itself.
    #[error("the database is in use: stop the server first")]
    InUse,
    /// A backup does not write over a file.
    #[error("{} is there already: choose another name, or remove it first", .0.display())]
    Exists(PathBuf),
    /// A database takes a place that is free, of logs too.
    #[error(
        "{} is there already: move `auth.db` away, together with the files beside it whose names add `-wal` and `-shm`",
        .0.display()
    )]
    Taken(PathBuf),
    /// What was written is not all in the file that it belongs to: the disk may be full.
    #[error("a part of the database is still in {}, and could not be moved out of it: is the disk full?", .0.display())]
    InTheLog(PathBuf),
    /// What was to be restored is not a whole backup of such a database, or not one that this program knows.
    #[error("{} cannot be restored: {reason}", path.display())]
    NoBackup {
        /// The file.
        path: PathBuf,
        /// Why not.
        reason: String,
    },
    /// The present database is so damaged that nothing can be put in its place by way of itself.
    #[error(
        "{} is there, and cannot be opened as a database: move it away, with the files beside it whose names add \
         `-wal` and `-shm`, and restore again", .0.display()
    )]
    BeyondRepair(PathBuf, #[source] Box<Error>),
    /// A row does not hold what this version reads.
    #[error("a row of {0} cannot be read: it is damaged, or of another version")]
    Damaged(&'static str),
    /// The write was run, and the transaction that it shared with others was not committed.
    #[error("not committed: {0}")]
    NotCommitted(Arc<Error>),
    /// A neighbour's failure took the whole transaction with it.
    #[error("a write beside it failed, and SQLite undid all of them")]
    Undone,
    /// No answer in time. Whether the write was done is not known.
    #[error("no answer within {0:?}")]
    Slow(Duration),
    /// The store was closed.
    #[error("the store is closed")]
    Closed,
    /// A defect of this crate; the write was undone.
    #[error("a query panicked")]
    Panicked,
}

impl Error {
    /// Whether `SQLite` refused for this reason.
    pub(crate) fn is(&self, reason: ErrorCode) -> bool {
        matches!(self, Self::Sqlite(error) if error.sqlite_error_code() == Some(reason))
    }
}
