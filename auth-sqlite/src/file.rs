//! The file on disk: nobody else may read it, and its name survives a power loss.
use crate::Error;
use std::{
    fs::{DirBuilder, File, OpenOptions},
    io,
    path::{Path, PathBuf},
};

/// Makes the folder (0700) and the empty file (0600) if they are missing, takes an existing file away from everybody but
/// its owner, and gives its absolute path.
pub(crate) fn prepare(path: &Path) -> Result<PathBuf, Error> {
    let path = std::path::absolute(path).map_err(at(path))?;
    make_folder(folder_of(&path))?;
    match create(&path) {
        Err(Error::File { source, .. }) if source.kind() == io::ErrorKind::AlreadyExists => close_to_others(&path)?,
        created => created?,
    }
    Ok(path)
}

/// Makes an empty file that only its owner may read, and only if there is none.
pub(crate) fn create(path: &Path) -> Result<(), Error> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map(drop).map_err(at(path))
}

/// The path of a file that lies beside this one and is called like it, with this added.
pub(crate) fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

/// Makes the name of the file durable.
pub(crate) fn sync_folder(path: &Path) -> Result<(), Error> {
    let folder = folder_of(path);
    // Windows opens no folder as a file, and writes its names by itself.
    if cfg!(unix) { File::open(folder).and_then(|folder| folder.sync_all()).map_err(at(folder)) } else { Ok(()) }
}

/// Puts the path into an error of the system.
pub(crate) fn at(path: &Path) -> impl FnOnce(io::Error) -> Error + use<> {
    let path = path.to_owned();
    |source| Error::File { path, source }
}

fn folder_of(path: &Path) -> &Path {
    path.parent().unwrap_or(path)
}

fn make_folder(folder: &Path) -> Result<(), Error> {
    if folder.is_dir() {
        return Ok(());
    }
    make_folder(folder_of(folder))?;
    let mut builder = DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder).map_err(at(folder))?;
    sync_folder(folder)
}

/// Opening the file here and closing it again would drop `SQLite`'s locks on it: only its mode is touched.
fn close_to_others(path: &Path) -> Result<(), Error> {
    #[cfg(unix)]
    {
        use std::{fs, os::unix::fs::PermissionsExt};
        let metadata = fs::metadata(path).map_err(at(path))?;
        let mut permissions = metadata.permissions();
        if metadata.is_file() && permissions.mode() & 0o077 != 0 {
            permissions.set_mode(permissions.mode() & 0o700);
            fs::set_permissions(path, permissions).map_err(at(path))?;
        }
    }
    Ok(())
}
