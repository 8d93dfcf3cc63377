//! Mails as files, where there is no relay yet.
use crate::{Composer, utc};
use auth_core::{
    ports::{Delivery, Letter, Outside, Transport, Unavailable, async_trait},
    value::MailId,
};
use std::{
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
    sync::Arc,
};
use time::macros::format_description;

/// Writes each mail into a folder, as a `.eml` file that any mail program opens.
///
/// A file is there whole or not at all, and can be read by its owner alone. It is named after the time that the letter
/// was written at and the mail's id: they sort, and one that is delivered twice is there once.
pub struct FileTransport {
    composer: Composer,
    folder: PathBuf,
    on_written: Arc<dyn Fn(&Path) + Send + Sync>,
}

impl FileTransport {
    /// Writes into `folder`, which it makes if need be, and tells `on_written` each time where to look.
    pub fn new(
        composer: Composer,
        folder: impl Into<PathBuf>,
        on_written: impl Fn(&Path) + Send + Sync + 'static,
    ) -> Self {
        Self { composer, folder: folder.into(), on_written: Arc::new(on_written) }
    }
}

#[async_trait]
impl Transport for FileTransport {
    async fn deliver(&self, id: MailId, letter: &Letter) -> Outside<Delivery> {
        let message = match self.composer.compose(id, letter)? {
            Ok(message) => message.formatted(),
            Err(end) => return Ok(end),
        };
        let format = format_description!("[year][month][day]T[hour][minute][second]Z");
        let written_at = utc(letter.written_at).format(format).map_err(|error| Unavailable::failed("mail", error))?;
        let folder = self.folder.clone();
        let path = folder.join(format!("{written_at}-{id}.eml"));
        let written = tokio::task::spawn_blocking(move || write(&folder, &path, &message).map(|()| path)).await;
        let path = written.map_err(io::Error::other).flatten().map_err(|error| Unavailable::failed("mail", error))?;
        (self.on_written)(&path);
        Ok(Delivery::Accepted)
    }
}

/// Under another name first, then, safe on the disk, under its own.
fn write(folder: &Path, path: &Path, message: &[u8]) -> io::Result<()> {
    make_private(folder)?;
    let mut file = tempfile::Builder::new().prefix(".").suffix(".part").tempfile_in(folder)?;
    file.write_all(message)?;
    file.as_file().sync_all()?;
    file.persist(path)?;
    if cfg!(unix) {
        File::open(folder)?.sync_all()?;
    }
    Ok(())
}

fn make_private(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}
