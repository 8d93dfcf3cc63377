//! How far a copy has come, in a file of the data folder, so that the next process goes on from there.
use super::super::Ended;
use crate::{
    file,
    settings::{Settings, value::Store},
    store,
};
use auth_core::copy::Position;
use serde::{Deserialize, Serialize};
use std::{
    fs, io,
    path::{Path, PathBuf},
};

/// The file, and what was in it when the copy began.
pub struct Journal {
    path: PathBuf,
    is_new: bool,
    begun: Written,
}

#[derive(Clone, Serialize, Deserialize)]
struct Written {
    from: String,
    to: String,
    carried: u64,
    /// `None`: all is carried.
    position: Option<Position>,
    /// It is as it is to be, and has its place or is about to.
    compared: bool,
}

impl Journal {
    /// The copy that was interrupted, if there is one between these two; else a new one.
    pub fn open(settings: &Settings, from: Store, to: Store) -> Ended<Self> {
        let path = settings.data_dir.join("copy.json");
        let [from, to] = [from, to].map(|store| store::place(store, settings));
        let (is_new, begun) = match fs::read(&path) {
            Ok(text) => (false, read(&path, &text)?),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let position = Some(Position::start());
                (true, Written { from: from.clone(), to: to.clone(), carried: 0, position, compared: false })
            }
            Err(error) => return Err(format!("{} cannot be read: {error}", path.display()).into()),
        };
        if (&begun.from, &begun.to) != (&from, &to) {
            let path = path.display();
            return Err(format!(
                "a copy of {} to {} was interrupted: go on with that one, or remove {path}",
                begun.from, begun.to
            )
            .into());
        }
        Ok(Self { path, is_new, begun })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether nothing was carried before.
    pub const fn is_new(&self) -> bool {
        self.is_new
    }

    /// How many records were carried before.
    pub const fn carried(&self) -> u64 {
        self.begun.carried
    }

    /// Where to go on; `None`: all is carried.
    pub fn position(&self) -> Option<Position> {
        self.begun.position.clone()
    }

    /// Whether all is carried, and was found to be what it is copied from.
    pub const fn is_compared(&self) -> bool {
        self.begun.compared
    }

    /// Keeps how far it has come.
    pub fn keep(&self, carried: u64, position: Option<&Position>) -> io::Result<()> {
        self.write(&Written { carried, position: position.cloned(), compared: false, ..self.begun.clone() })
    }

    /// Keeps that it is what it is copied from.
    pub fn compared(&self) -> io::Result<()> {
        self.write(&Written { position: None, compared: true, ..self.begun.clone() })
    }

    fn write(&self, written: &Written) -> io::Result<()> {
        file::write(&self.path, &serde_json::to_vec_pretty(written)?)
    }

    /// The copy is whole.
    pub fn close(self) -> Ended<()> {
        fs::remove_file(&self.path)
            .map_err(|error| format!("{} cannot be removed: {error}", self.path.display()).into())
    }
}

fn read(path: &Path, text: &[u8]) -> Ended<Written> {
    let unreadable = |_| format!("{} is not what a copy has written: remove it, and begin anew", path.display());
    Ok(serde_json::from_slice(text).map_err(unreadable)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use auth_core::ports::{Cursor, RecordKind};

    #[test]
    fn the_next_process_goes_on_where_the_last_one_was() {
        let data = tempfile::tempdir().unwrap();
        let settings = Settings::for_data_dir(data.path());
        let open = || Journal::open(&settings, Store::Sqlite, Store::Cosmos);
        let journal = open().unwrap();
        assert!(journal.is_new() && journal.position() == Some(Position::start()));
        let position = Position { kind: RecordKind::Sessions, after: Some(Cursor("there".to_owned())) };
        journal.keep(512, Some(&position)).unwrap();
        let journal = open().unwrap();
        assert!(!journal.is_new());
        assert_eq!((journal.carried(), journal.position()), (512, Some(position)));
        journal.keep(600, None).unwrap();
        assert_eq!(open().unwrap().position(), None);

        let another = Journal::open(&settings, Store::Cosmos, Store::Sqlite).err().unwrap().to_string();
        assert!(another.contains("was interrupted") && another.contains("copy.json"), "{another}");
        fs::write(data.path().join("copy.json"), "{}").unwrap();
        let damaged = open().err().unwrap().to_string();
        assert!(damaged.contains("copy.json") && damaged.contains("remove it"), "{damaged}");
        fs::remove_file(data.path().join("copy.json")).unwrap();
        open().unwrap().keep(0, None).unwrap();
        open().unwrap().close().unwrap();
        assert!(open().unwrap().is_new());
    }
}
