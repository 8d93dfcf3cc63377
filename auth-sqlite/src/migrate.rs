//! The schema's versions, forward and back: plain SQL under `migrations/`, the version in `PRAGMA user_version`.
//!
//! [`SqliteStore::open`](crate::SqliteStore::open) goes forward by itself; these functions are for an operator's command.
use crate::{Error, connection, file};
use rusqlite::{Connection, TransactionBehavior};
use std::{path::Path, time::Duration};

const PATIENCE: Duration = Duration::from_secs(2);

/// One version of the schema, and whether a database has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// Counted from 1.
    pub version: u32,
    /// What it brings.
    pub name: &'static str,
    /// Whether the database has it.
    pub applied: bool,
}

/// Every version that this program knows, for a database that is there; nothing is changed.
///
/// # Errors
/// [`Error::Newer`] if the database has a version that this program does not know; otherwise what `SQLite` says.
pub fn status(path: &Path) -> Result<Vec<Step>, Error> {
    steps(&connection::reading(path, PATIENCE)?)
}

/// Goes forward to a version, or to the newest; the database is made if it is not there. Each version is a transaction.
///
/// # Errors
/// [`Error::Newer`], [`Error::NoSuchWay`] if `to` is behind the database or unknown; otherwise what `SQLite` says. The
/// versions before the one that failed stay.
pub fn up(path: &Path, to: Option<u32>) -> Result<Vec<Step>, Error> {
    let path = file::prepare(path)?;
    let mut connection = connection::writing(&path, PATIENCE)?;
    let (from, to) = (version(&connection)?, to.unwrap_or(NEWEST));
    if to < from || to > NEWEST {
        return Err(Error::NoSuchWay { direction: "up", from, to, known: NEWEST });
    }
    forward(&mut connection, to)?;
    file::sync_folder(&path)?;
    steps(&connection)
}

/// Goes back to a version, or one step. What only the newer schema holds is lost, so make a backup first.
///
/// # Errors
/// [`Error::InUse`] while a server has the database open; [`Error::Newer`], [`Error::NoSuchWay`] if `to` is ahead of the
/// database; otherwise what `SQLite` says.
pub fn down(path: &Path, to: Option<u32>) -> Result<Vec<Step>, Error> {
    // A running server would find its tables gone.
    let mut connection = connection::alone(path, PATIENCE)?;
    back(&mut connection, to)?;
    steps(&connection)
}

/// Goes forward to the newest version.
pub(crate) fn to_newest(connection: &mut Connection) -> Result<(), Error> {
    forward(connection, NEWEST)
}

struct Migration {
    name: &'static str,
    up: &'static str,
    down: &'static str,
}

macro_rules! migration {
    ($name:literal) => {
        Migration {
            name: $name,
            up: include_str!(concat!("../migrations/", $name, ".up.sql")),
            down: include_str!(concat!("../migrations/", $name, ".down.sql")),
        }
    };
}

/// The version that this program knows and writes.
pub const NEWEST: u32 = 9;
const MIGRATIONS: [Migration; NEWEST as usize] = [
    migration!("0001_users"),
    migration!("0002_codes"),
    migration!("0003_sessions"),
    migration!("0004_counters"),
    migration!("0005_outbox"),
    migration!("0006_sliding_counters"),
    migration!("0007_deleted_users"),
    migration!("0008_signing_keys"),
    migration!("0009_documents"),
];

fn forward(connection: &mut Connection, to: u32) -> Result<(), Error> {
    let from = version(connection)?;
    for (applied, migration) in (from..to).zip(&MIGRATIONS[from as usize..]) {
        apply(connection, migration.up, applied, applied + 1)?;
    }
    Ok(())
}

fn back(connection: &mut Connection, to: Option<u32>) -> Result<(), Error> {
    let from = version(connection)?;
    let to = to.unwrap_or(from.saturating_sub(1));
    if to > from {
        return Err(Error::NoSuchWay { direction: "down", from, to, known: NEWEST });
    }
    for (applied, migration) in (to..from).zip(&MIGRATIONS[to as usize..]).rev() {
        apply(connection, migration.down, applied + 1, applied)?;
    }
    Ok(())
}

/// Takes one step, unless another process has taken it in the meantime.
fn apply(connection: &mut Connection, statements: &str, from: u32, to: u32) -> Result<(), Error> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    if version(&transaction)? == from {
        transaction.execute_batch(statements)?;
        transaction.pragma_update(None, "user_version", to)?;
    }
    Ok(transaction.commit()?)
}

fn steps(connection: &Connection) -> Result<Vec<Step>, Error> {
    let current = version(connection)?;
    let steps = MIGRATIONS.iter().zip(1..);
    Ok(steps.map(|(migration, version)| Step { version, name: migration.name, applied: version <= current }).collect())
}

/// The database's version, if this program knows it.
pub(crate) fn version(connection: &Connection) -> Result<u32, Error> {
    let found = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    if found > NEWEST {
        return Err(Error::Newer { found, known: NEWEST });
    }
    Ok(found)
}
