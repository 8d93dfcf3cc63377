//! The embedded store: every store port of [`auth_core`] on one `SQLite` file, durable at every answer.
//!
//! | file | what lives there |
//! | --- | --- |
//! | `lib.rs` | [`SqliteStore`]: open, ping, sweep, close |
//! | `users.rs` `codes.rs` `sessions.rs` `counters.rs` `outbox.rs` `keys.rs` `documents.rs` | one port each: its rows and its statements |
//! | `records.rs` | all of it, record by record, on its way to or from another store |
//! | `writer.rs` | the one connection that writes, and the group commit |
//! | `readers.rs` | the few connections that read |
//! | `migrate.rs`, `migrations/` | the schema, forward and back |
//! | `backup.rs` `restore.rs` `place.rs` | a copy of the running database, and its way back; a place for one that was filled elsewhere |
//! | `connection.rs` `file.rs` `record.rs` `error.rs` | the settings of a connection, the file and its mode, records as JSON, what can go wrong |
//!
//! ```
//! use auth_core::ports::{SessionStore, UserStore};
//! use auth_sqlite::{Options, SqliteStore};
//! use std::sync::Arc;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let folder = tempfile::tempdir()?;
//! let store = Arc::new(SqliteStore::open(folder.path().join("auth.db"), Options::default())?);
//! let users: Arc<dyn UserStore> = store.clone();
//! let sessions: Arc<dyn SessionStore> = store.clone();
//! # let _ = (users, sessions);
//! store.ping().await?;
//! store.close().await;
//! # Ok(())
//! # }
//! ```

mod backup;
mod codes;
mod connection;
mod counters;
mod documents;
mod error;
mod file;
mod keys;
pub mod migrate;
mod outbox;
mod place;
mod readers;
mod record;
mod records;
mod restore;
mod sessions;
mod users;
mod writer;

pub use backup::backup;
pub use error::Error;
pub use place::{must_be_free, put_in_place};
pub use restore::{Restored, restore};

use auth_core::{ports::Outside, value::Timestamp};
use readers::Readers;
use rusqlite::{Connection, ErrorCode};
use std::{
    path::{Path, PathBuf},
    time::Duration,
};
use writer::Writer;

/// Every store port on one `SQLite` file.
pub struct SqliteStore {
    path: PathBuf,
    writer: Writer,
    readers: Readers,
}

/// How a store runs. The defaults are for one server with the file to itself.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// How many reads run at once, at least one.
    pub readers: u32,
    /// How many writes may wait, at least one; what comes on top is refused as `Overloaded`, at once.
    pub queue: usize,
    /// How long a caller waits for an answer before it is `Failed`. A lock held by another process is waited for within it.
    pub patience: Duration,
}

impl Default for Options {
    /// 4 readers, 1,024 waiting writes, 2 seconds.
    fn default() -> Self {
        Self { readers: 4, queue: 1024, patience: Duration::from_secs(2) }
    }
}

/// So long a lock of somebody else is waited for.
const ALONE_WITHIN: Duration = Duration::from_secs(2);

impl SqliteStore {
    /// Opens the file, which is made if it is not there (mode 0600, its folder 0700), and brings it to the newest version.
    ///
    /// # Errors
    /// [`Error::Newer`] if a newer program has written it, [`Error::ReadOnly`], [`Error::Locked`]; otherwise what the
    /// system or `SQLite` says.
    pub fn open(path: impl AsRef<Path>, options: Options) -> Result<Self, Error> {
        Self::open_by(connection::writing, path.as_ref(), options)
    }

    /// Opens the file as [`open`](Self::open) does, with nobody beside it: for the records in it, to be carried from one
    /// store into another ([`RecordStore`](auth_core::ports::RecordStore)). The other ports cannot read meanwhile.
    ///
    /// # Errors
    /// [`Error::InUse`] if anybody else has it open; otherwise as [`open`](Self::open).
    pub fn open_alone(path: impl AsRef<Path>, options: Options) -> Result<Self, Error> {
        // Whoever has it now does not go away in a moment.
        let alone = |path: &Path, patience: Duration| connection::alone(path, patience.min(ALONE_WITHIN));
        let opened = Self::open_by(alone, path.as_ref(), options);
        opened.map_err(|error| if let Error::Locked = error { Error::InUse } else { error })
    }

    fn open_by(
        connect: impl FnOnce(&Path, Duration) -> Result<Connection, Error>,
        path: &Path,
        options: Options,
    ) -> Result<Self, Error> {
        let path = file::prepare(path)?;
        let opened = connect(&path, options.patience).and_then(|mut connection| {
            migrate::to_newest(&mut connection)?;
            Ok(connection)
        });
        let connection = opened.map_err(|e| if e.is(ErrorCode::DatabaseBusy) { Error::Locked } else { e })?;
        file::sync_folder(&path)?;
        let readers = Readers::new(path.clone(), options);
        let writer = Writer::start(path.clone(), connection, options)?;
        Ok(Self { path, writer, readers })
    }

    /// Whether the store can be read: for a readiness probe. It writes nothing.
    ///
    /// # Errors
    /// `Failed` if it cannot, or not in time.
    pub async fn ping(&self) -> Outside<()> {
        let read = |connection: &Connection| {
            Ok(connection.prepare_cached("SELECT EXISTS (SELECT 1 FROM users)")?.query_row([], |_| Ok(()))?)
        };
        self.readers.read("store", read).await
    }

    /// Finishes what was accepted, copies the log into the database and lets go of the file. Later calls are `Failed`.
    pub async fn close(&self) {
        self.readers.close().await;
        self.writer.close().await;
    }

    /// Deletes by `statement` (`?1`: the time, `?2`: how many at most) until nothing is left. Each batch is a write of its
    /// own, so that no request waits behind a large one.
    async fn sweep_batches(&self, service: &'static str, statement: &'static str, time: Timestamp) -> Outside<()> {
        const BATCH: u32 = 500;
        loop {
            let delete =
                move |connection: &Connection| Ok(connection.prepare_cached(statement)?.execute((time.0, BATCH))?);
            if self.writer.write(service, delete).await? < BATCH as usize {
                return Ok(());
            }
        }
    }
}
