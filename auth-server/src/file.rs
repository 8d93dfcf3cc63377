//! Files that are whole under their names, safe on the disk, and for their owner alone.
use std::{
    fs::{self, File},
    io::{self, Write},
    path::Path,
};
use tempfile::NamedTempFile;

/// Writes a file, over the one that is there.
pub fn write(path: &Path, content: &[u8]) -> io::Result<()> {
    part(path, content)?.persist(path).map_err(|failed| failed.error)?;
    sync_name(path)
}

/// Writes a file where none is. Whether it was this call that made it: of two processes that start at once, one does.
pub fn write_new(path: &Path, content: &[u8]) -> io::Result<bool> {
    match part(path, content)?.persist_noclobber(path) {
        Ok(_) => sync_name(path).map(|()| true),
        Err(taken) if taken.error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
        Err(other) => Err(other.error),
    }
}

/// The content, safe on the disk under a name of its own.
fn part(path: &Path, content: &[u8]) -> io::Result<NamedTempFile> {
    let mut part = tempfile::Builder::new().prefix(".").suffix(".part").tempfile_in(folder(path))?;
    part.write_all(content)?;
    part.as_file().sync_all()?;
    Ok(part)
}

fn sync_name(path: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(folder(path))?.sync_all() } else { Ok(()) }
}

/// Makes the folder of a file, into which only its owner can look.
pub fn make_private_folder(path: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder(path))
}

fn folder(path: &Path) -> &Path {
    path.parent().unwrap_or(path)
}
