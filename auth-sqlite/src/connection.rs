//! The settings of a connection.
use crate::Error;
use rusqlite::{Connection, ErrorCode, MAIN_DB, OpenFlags};
use std::{path::Path, time::Duration};

/// A connection whose commit is on the disk when it returns.
///
/// # Errors
/// [`Error::ReadOnly`] if the file or its folder is; otherwise what `SQLite` says.
pub(crate) fn writing(path: &Path, patience: Duration) -> Result<Connection, Error> {
    let read_only = || Error::ReadOnly(path.to_owned());
    let connection = open(path, OpenFlags::SQLITE_OPEN_READ_WRITE, patience)?;
    // SQLite opens what it may not write to for reading, and says so at the first write.
    if connection.is_readonly(MAIN_DB)? {
        return Err(read_only());
    }
    set_up(&connection).map_err(|error| if error.is(ErrorCode::ReadOnly) { read_only() } else { error })?;
    Ok(connection)
}

fn set_up(connection: &Connection) -> Result<(), Error> {
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
    Ok(())
}

/// A connection that has the database to itself until it is closed. The system lets go of its lock if the process dies.
///
/// # Errors
/// [`Error::InUse`] if any other connection is open, in whatever process: each holds a shared lock for as long as it lives.
pub(crate) fn alone(path: &Path, patience: Duration) -> Result<Connection, Error> {
    let connection = writing(path, patience)?;
    connection.pragma_update(None, "locking_mode", "exclusive")?;
    // The first write takes the lock, and it is kept.
    let locked = connection.execute_batch("BEGIN IMMEDIATE; COMMIT;").map_err(Error::from);
    locked.map_err(|error| if error.is(ErrorCode::DatabaseBusy) { Error::InUse } else { error })?;
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
