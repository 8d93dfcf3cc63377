//! A copy of the database, running or not.
use crate::{Error, SqliteStore, connection, file};
use rusqlite::{Connection, OpenFlags, backup::Backup};
use std::{
    fs::{self, File},
    path::Path,
    time::Duration,
};

/// How many pages are copied in a step.
const PAGES: i32 = 256;

impl SqliteStore {
    /// Writes a copy of the database as it is now: [`backup`](backup()), without holding up the caller's thread.
    ///
    /// # Errors
    /// As there.
    pub async fn backup(&self, to: &Path) -> Result<(), Error> {
        let (from, to) = (self.path.clone(), to.to_owned());
        tokio::task::spawn_blocking(move || backup(&from, &to)).await.unwrap_or(Err(Error::Panicked))
    }
}

/// Writes a copy of the database in the file `from` as it is now to `to`: complete, durable, for its owner's eyes only
/// (mode 0600). In whatever process a store has the database open, its reads and writes go on meanwhile; the copy shows
/// none of the writes that come after its beginning. Nothing of the database is changed, its version included.
///
/// It grows as `to` with `.partial` added, and gets its name when it is whole.
///
/// # Errors
/// [`Error::Exists`] if either file is there; otherwise what the system or `SQLite` says. Nothing is left behind then.
pub fn backup(from: &Path, to: &Path) -> Result<(), Error> {
    let source = connection::reading(from, Duration::from_secs(2))?;
    // One read transaction around all steps: without it, each write in between would start the copy over.
    source.execute_batch("BEGIN; SELECT count(*) FROM sqlite_schema;")?;
    write_copy(&source, to)
}

pub(crate) fn write_copy(source: &Connection, to: &Path) -> Result<(), Error> {
    let to = std::path::absolute(to).map_err(file::at(to))?;
    let partial = file::with_suffix(&to, ".partial");
    if to.try_exists().map_err(file::at(&to))? {
        return Err(Error::Exists(to));
    }
    if partial.try_exists().map_err(file::at(&partial))? {
        return Err(Error::Exists(partial));
    }
    file::create(&partial)?;
    let copied = write_pages(source, &partial).and_then(|()| fs::rename(&partial, &to).map_err(file::at(&to)));
    if copied.is_err() {
        let _ = fs::remove_file(&partial);
    }
    copied.and_then(|()| file::sync_folder(&to))
}

fn write_pages(source: &Connection, to: &Path) -> Result<(), Error> {
    let mut target =
        Connection::open_with_flags(to, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    copy_pages(source, &mut target)?;
    target.close().map_err(|(_, error)| error)?;
    File::open(to).and_then(|file| file.sync_all()).map_err(file::at(to))
}

/// Puts one database in the place of the other, in one transaction of the other.
pub(crate) fn copy_pages(source: &Connection, target: &mut Connection) -> Result<(), Error> {
    Ok(Backup::new(source, target)?.run_to_completion(PAGES, Duration::ZERO, None)?)
}
