//! A database that was filled under a name of its own, put where it belongs.
use crate::{Error, file};
use std::{fs, path::Path};

/// Says that nothing is there: no database, and no log of one. A log that another database has left behind would be taken
/// for the new one's.
///
/// # Errors
/// [`Error::Taken`] with the file that is.
pub fn must_be_free(path: &Path) -> Result<(), Error> {
    let files = ["", "-wal", "-shm"].map(|suffix| file::with_suffix(path, suffix));
    match files.into_iter().find(|path| path.exists()) {
        Some(there) => Err(Error::Taken(there)),
        None => Ok(()),
    }
}

/// Gives a database that was closed the name `path`, which must be free. When this returns it has that name for good.
///
/// # Errors
/// [`Error::Taken`]; [`Error::InTheLog`] if closing it could not bring all of it into its file; what the system says.
pub fn put_in_place(filled: &Path, path: &Path) -> Result<(), Error> {
    let log = file::with_suffix(filled, "-wal");
    if fs::metadata(&log).is_ok_and(|log| log.len() > 0) {
        return Err(Error::InTheLog(log));
    }
    must_be_free(path)?;
    fs::rename(filled, path).map_err(file::at(filled))?;
    file::sync_folder(path)
}
