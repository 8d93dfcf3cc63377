//! A backup in the place of the database, with everybody signed out.
//!
//! What a backup knows of sessions, codes and mails is older than what has happened since: a session that was ended would
//! live again, a code that was used would work again, a mail would go out twice. So a restored database has none of them,
//! and no document that expires: it may have been used since.
//!
//! The database is not swapped as a file: `SQLite` writes the pages of the other into it, in one transaction. Then there
//! is no moment at which a crash leaves something in between, or the log of the one beside the other; and nobody can
//! open it meanwhile, since the transaction's lock is on the file that everybody opens.
use crate::{Error, backup, connection, file, keys, migrate};
use auth_core::keys::SealedKeys;
use rusqlite::{Connection, ErrorCode};
use std::{
    fs::{self, File, OpenOptions},
    io,
    path::{Path, PathBuf},
    time::Duration,
};

const PATIENCE: Duration = Duration::from_secs(2);

/// What a restored database has none of, however many the backup has. All the rest is as the backup has it.
const EMPTY: &str = "DELETE FROM codes; DELETE FROM outbox; DELETE FROM sessions; \
                     DELETE FROM documents WHERE expires_at IS NOT NULL;";

/// What a restore has done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Restored {
    /// How many accounts there are now.
    pub accounts: u64,
    /// A copy of the database as it was before, mode 0600; none if there was nothing in it.
    pub replaced: Option<PathBuf>,
}

/// Puts the contents of the file `from`, which [`backup`](backup::backup) has made, in the place of the database in the
/// file `path`. Accounts, counters and documents that have no end are as they were then; there are no sessions, no codes and
/// no mails, so that everybody signs in again. The database as it was before is kept beside it: `auth.db.replaced-1`, then `-2` and so on.
///
/// The signing keys stay those of the database, if it has any that it `keeps`: whoever can open them under his secret says
/// yes. Of keys that nobody can open those of the backup take the place.
///
/// All or nothing, whatever happens in the middle. A backup of an older version is brought to the newest.
///
/// # Errors
/// [`Error::InUse`] while anybody has the database open; [`Error::NoBackup`] if the file is damaged, something else, or
/// of a newer version; [`Error::BeyondRepair`]; otherwise what the system or `SQLite` says. The database is then as it was.
pub fn restore(from: &Path, path: &Path, keeps: &dyn Fn(&SealedKeys) -> bool) -> Result<Restored, Error> {
    let path = file::prepare(path)?;
    let mut database = connection::alone(&path, PATIENCE).map_err(|error| beyond_repair(error, &path))?;
    let workshop = Workshop::clear(&path)?;
    let prepared = prepare(from, &path, &workshop.0)?;
    let present = signing_keys(&database).map_err(|error| beyond_repair(error, &path))?;
    if let Some(keys) = present.filter(keeps) {
        keys::put(&prepared, &keys)?;
    }
    let replaced = if is_empty(&database)? { None } else { Some(keep(&database, &path)?) };
    backup::copy_pages(&prepared, &mut database)?;
    let accounts = database.query_row("SELECT count(*) FROM users", [], |row| row.get::<_, i64>(0))?.unsigned_abs();
    // Copies the log back, so that the database is one file again.
    database.close().map_err(|(_, error)| error)?;
    Ok(Restored { accounts, replaced })
}

/// Where the backup is made ready: a copy beside the database, gone when all is done. Only who has the database to
/// itself has it, so that whatever is there was left by a restore that was killed.
struct Workshop(PathBuf);

impl Workshop {
    fn clear(database: &Path) -> Result<Self, Error> {
        let workshop = Self(file::with_suffix(database, ".restoring"));
        for path in workshop.files() {
            match fs::remove_file(&path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(file::at(&path)(error)),
                _ => {}
            }
        }
        Ok(workshop)
    }

    fn files(&self) -> [PathBuf; 3] {
        ["", "-wal", "-shm"].map(|suffix| file::with_suffix(&self.0, suffix))
    }
}

impl Drop for Workshop {
    fn drop(&mut self) {
        for path in self.files() {
            let _ = fs::remove_file(path);
        }
    }
}

/// The backup as it is to be, in a file of its own: what is looked at is what is put in place.
fn prepare(from: &Path, database: &Path, to: &Path) -> Result<Connection, Error> {
    let mut source = File::open(from).map_err(file::at(from))?;
    if fs::canonicalize(from).map_err(file::at(from))? == fs::canonicalize(database).map_err(file::at(database))? {
        return Err(no_backup(from, "it is the database itself"));
    }
    if fs::metadata(file::with_suffix(from, "-wal")).is_ok_and(|log| log.len() > 0) {
        return Err(no_backup(from, "a part of it is in the log beside it: only a copy made by a backup is whole"));
    }
    file::create(to)?;
    let copied = OpenOptions::new().write(true).open(to).and_then(|mut copy| io::copy(&mut source, &mut copy));
    copied.map_err(file::at(to))?;
    make_ready(from, to).map_err(|error| match &error {
        Error::Newer { .. } => no_backup(from, &error.to_string()),
        Error::Sqlite(_) if !is_of_the_disk(&error) => no_backup(from, &error.to_string()),
        _ => error,
    })
}

fn make_ready(from: &Path, to: &Path) -> Result<Connection, Error> {
    let mut connection = connection::writing(to, PATIENCE)?;
    let health: String = connection.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))?;
    if health != "ok" {
        return Err(no_backup(from, "it is damaged"));
    }
    let foreign = || no_backup(from, "it is no database of this service");
    if migrate::version(&connection)? == 0 {
        return Err(foreign());
    }
    migrate::to_newest(&mut connection)?;
    if schema(&connection)? != schema(&fresh()?)? {
        return Err(foreign());
    }
    connection.execute_batch(EMPTY)?;
    Ok(connection)
}

fn no_backup(path: &Path, reason: &str) -> Error {
    Error::NoBackup { path: path.to_owned(), reason: reason.to_owned() }
}

/// Whether it is our disk that failed, and not the backup.
fn is_of_the_disk(error: &Error) -> bool {
    [ErrorCode::DiskFull, ErrorCode::SystemIoFailure, ErrorCode::CannotOpen].into_iter().any(|code| error.is(code))
}

/// A database of the newest version with nothing in it.
fn fresh() -> Result<Connection, Error> {
    let mut fresh = Connection::open_in_memory()?;
    migrate::to_newest(&mut fresh)?;
    Ok(fresh)
}

/// Every table and index with the words that made it.
fn schema(connection: &Connection) -> Result<Vec<(String, Option<String>)>, Error> {
    // Not those that `SQLite` makes for itself.
    let select = "SELECT name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite!_%' ESCAPE '!' ORDER BY name";
    Ok(connection.prepare(select)?.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect::<Result<_, _>>()?)
}

/// Those that sign now: one that was rotated away, since others may know it, does not come back. None in a database that
/// has none, or that is of a version without them.
fn signing_keys(database: &Connection) -> Result<Option<SealedKeys>, Error> {
    let there = "SELECT 1 FROM sqlite_schema WHERE name = 'signing_keys'";
    let keys = if database.prepare(there)?.exists([])? { keys::find(database)? } else { None };
    Ok(keys.map(|keys| keys.value))
}

fn is_empty(connection: &Connection) -> Result<bool, Error> {
    Ok(connection.query_row("SELECT NOT EXISTS (SELECT 1 FROM sqlite_schema)", [], |row| row.get(0))?)
}

/// A copy of the database under the first name that is free.
fn keep(database: &Connection, path: &Path) -> Result<PathBuf, Error> {
    for number in 1_u32.. {
        let name = file::with_suffix(path, &format!(".replaced-{number}"));
        match backup::write_copy(database, &name) {
            Err(Error::Exists(_)) => {}
            written => return written.map(|()| name),
        }
    }
    Err(Error::Exists(path.to_owned()))
}

fn beyond_repair(error: Error, path: &Path) -> Error {
    let damaged = error.is(ErrorCode::NotADatabase) || error.is(ErrorCode::DatabaseCorrupt);
    if damaged { Error::BeyondRepair(path.to_owned(), Box::new(error)) } else { error }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is newer in the world than in a backup must not come back. Whoever adds a table decides here.
    #[test] // R3
    fn it_is_decided_of_each_table_whether_it_comes_back() {
        let (mut emptied, mut kept) = (Vec::new(), Vec::new());
        for table in tables(&fresh().unwrap()) {
            let side = if EMPTY.contains(&format!("DELETE FROM {table};")) { &mut emptied } else { &mut kept };
            side.push(table);
        }
        assert_eq!(emptied, ["codes", "outbox", "sessions"]);
        assert_eq!(kept, ["counters", "deleted_users", "document_revisions", "documents", "signing_keys", "users"]);
    }

    fn tables(connection: &Connection) -> Vec<String> {
        let select = "SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name";
        connection.prepare(select).unwrap().query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
    }
}
