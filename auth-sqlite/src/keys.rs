//! The keys that sign access tokens.
use crate::{Error, SqliteStore};
use auth_core::{keys::SealedKeys, ports::*};
use rusqlite::{Connection, OptionalExtension};

const KEYS: &str = "keys";

#[async_trait]
impl KeyStore for SqliteStore {
    async fn load(&self) -> Outside<Option<Stored<SealedKeys>>> {
        self.readers.read(KEYS, find).await
    }

    async fn save(&self, keys: &SealedKeys, over: Option<Revision>) -> Outside<Replace> {
        let keys = keys.clone();
        self.writer.write(KEYS, move |connection| save(connection, &keys, over.as_ref())).await
    }
}

pub(crate) fn find(connection: &Connection) -> Result<Option<Stored<SealedKeys>>, Error> {
    let mut select = connection.prepare_cached("SELECT sealed, revision FROM signing_keys")?;
    let stored = |row: &rusqlite::Row<'_>| {
        let revision = Revision(row.get::<_, i64>(1)?.to_string());
        Ok(Stored { value: SealedKeys(row.get(0)?), revision })
    };
    Ok(select.query_row([], stored).optional()?)
}

fn save(connection: &Connection, keys: &SealedKeys, over: Option<&Revision>) -> Result<Replace, Error> {
    let held = find(connection)?;
    if held.as_ref().is_some_and(|held| held.value == *keys) {
        return Ok(Replace::Done);
    }
    if held.as_ref().map(|held| &held.revision) != over {
        return Ok(Replace::Stale);
    }
    put(connection, keys)?;
    Ok(Replace::Done)
}

/// Over whatever is there.
pub(crate) fn put(connection: &Connection, keys: &SealedKeys) -> Result<(), Error> {
    let put = "INSERT INTO signing_keys (id, revision, sealed) VALUES (1, 0, ?1) \
               ON CONFLICT (id) DO UPDATE SET revision = revision + 1, sealed = excluded.sealed";
    connection.prepare_cached(put)?.execute([&keys.0])?;
    Ok(())
}
