//! The settings of a connection.
use crate::Error;
use rusqlite::{Connection, OpenFlags};
use std::{path::Path, time::Duration};

/// A connection whose commit is on the disk when it returns.
pub(crate) fn writing(path: &Path, patience: Duration) -> Result<Connection, Error> {
    let connection = open(path, OpenFlags::SQLITE_OPEN_READ_WRITE, patience)?;
    let mode: String = connection.pragma_update_and_check(None, "journal_mode", "wal", |row| row.get(0))?;
    if mode != "wal" {
        return Err(Error::NoLog);
    }
    // FULL: each commit is synced. 1,000 pages: the log is copied back often, a few milliseconds at a time. Memory: what a
    // savepoint may have to undo is not worth a file. The full syncs matter on macOS alone.
    connection.execute_batch(
        "PRAGMA synchronous = FULL;
         PRAGMA fullfsync = ON;
         PRAGMA checkpoint_fullfsync = ON;
         PRAGMA wal_autocheckpoint = 1000;
         PRAGMA journal_size_limit = 67108864;
         PRAGMA temp_store = MEMORY;",
    )?;
    Ok(connection)
}

/// A connection that cannot write.
pub(crate) fn reading(path: &Path, patience: Duration) -> Result<Connection, Error> {
    open(path, OpenFlags::SQLITE_OPEN_READ_ONLY, patience)
}

fn open(path: &Path, flags: OpenFlags, patience: Duration) -> Result<Connection, Error> {
    let connection = Connection::open_with_flags(path, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    // A lock must be given up before the caller gives up.
    connection.busy_timeout(patience * 3 / 4)?;
    connection.execute_batch("PRAGMA foreign_keys = ON; PRAGMA trusted_schema = OFF;")?;
    connection.set_prepared_statement_cache_capacity(64);
    Ok(connection)
}
