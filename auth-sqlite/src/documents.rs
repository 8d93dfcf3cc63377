//! Small records of a protocol.
use crate::{
    Error, SqliteStore,
    record::{decode, encode},
};
use auth_core::{document::*, ports::*, value::Timestamp};
use rusqlite::{Connection, OptionalExtension};

pub(crate) const DOCUMENTS: &str = "documents";

#[async_trait]
impl DocumentStore for SqliteStore {
    async fn insert(&self, document: &Document) -> Outside<Inserted> {
        let document = document.clone();
        let insert = move |connection: &Connection| {
            if find(connection, &document.key)?.is_some() {
                return Ok(Inserted::Exists);
            }
            put(connection, &document)?;
            Ok(Inserted::Done)
        };
        self.writer.write(DOCUMENTS, insert).await
    }

    async fn find(&self, key: &DocumentKey) -> Outside<Option<Stored<Document>>> {
        let key = key.clone();
        self.readers.read(DOCUMENTS, move |connection| find(connection, &key)).await
    }

    async fn replace(&self, document: &Stored<Document>) -> Outside<Replace> {
        let Stored { value: document, revision } = document.clone();
        let replace = move |connection: &Connection| {
            if find(connection, &document.key)?.is_none_or(|held| held.revision != revision) {
                return Ok(Replace::Stale);
            }
            put(connection, &document)?;
            Ok(Replace::Done)
        };
        self.writer.write(DOCUMENTS, replace).await
    }

    async fn delete(&self, document: &Stored<Document>) -> Outside<Replace> {
        let (key, Ok(revision)) = (document.value.key.clone(), document.revision.0.parse::<i64>()) else {
            return Ok(Replace::Stale);
        };
        let delete = move |connection: &Connection| {
            let delete = "DELETE FROM documents WHERE kind = ?1 AND owner = ?2 AND name = ?3 AND revision = ?4";
            let params = (key.kind(), key.owner(), key.name(), revision);
            let deleted = connection.prepare_cached(delete)?.execute(params)?;
            Ok(if deleted == 1 { Replace::Done } else { Replace::Stale })
        };
        self.writer.write(DOCUMENTS, delete).await
    }

    async fn list(
        &self,
        kind: &str,
        owner: Option<&str>,
        after: Option<Cursor>,
        limit: usize,
    ) -> Outside<DocumentPage> {
        let (kind, owner) = (kind.to_owned(), owner.map(ToOwned::to_owned));
        let list = move |connection: &Connection| list(connection, &kind, owner.as_deref(), after, limit);
        self.readers.read(DOCUMENTS, list).await
    }

    async fn forget(&self, owner: &str) -> Outside<()> {
        let owner = owner.to_owned();
        let forget = move |connection: &Connection| {
            connection.prepare_cached("DELETE FROM documents WHERE owner = ?1")?.execute([owner])?;
            Ok(())
        };
        self.writer.write(DOCUMENTS, forget).await
    }

    async fn sweep(&self, now: Timestamp) -> Outside<()> {
        let delete =
            "DELETE FROM documents WHERE rowid IN (SELECT rowid FROM documents WHERE expires_at <= ?1 LIMIT ?2)";
        self.sweep_batches(DOCUMENTS, delete, now).await
    }
}

pub(crate) fn find(connection: &Connection, key: &DocumentKey) -> Result<Option<Stored<Document>>, Error> {
    let select = "SELECT record, revision FROM documents WHERE kind = ?1 AND owner = ?2 AND name = ?3";
    let row = |row: &rusqlite::Row<'_>| Ok((row.get::<_, String>(0)?, row.get::<_, i64>(1)?));
    let found = connection.prepare_cached(select)?.query_row((key.kind(), key.owner(), key.name()), row).optional()?;
    let Some((record, revision)) = found else { return Ok(None) };
    Ok(Some(Stored { value: decode(DOCUMENTS, &record)?, revision: Revision(revision.to_string()) }))
}

/// Over whatever is there, under a revision that none has had.
pub(crate) fn put(connection: &Connection, document: &Document) -> Result<(), Error> {
    let next = "UPDATE document_revisions SET last = last + 1 RETURNING last";
    let revision: i64 = connection.prepare_cached(next)?.query_row([], |row| row.get(0))?;
    let put = "INSERT INTO documents (kind, owner, name, revision, expires_at, record) VALUES (?1, ?2, ?3, ?4, ?5, ?6) \
               ON CONFLICT (kind, owner, name) DO UPDATE SET \
               revision = excluded.revision, expires_at = excluded.expires_at, record = excluded.record";
    let Document { key, expires_at, .. } = document;
    let record = encode(DOCUMENTS, document)?;
    let params = (key.kind(), key.owner(), key.name(), revision, expires_at.map(|at| at.0), record);
    connection.prepare_cached(put)?.execute(params)?;
    Ok(())
}

fn list(
    connection: &Connection,
    kind: &str,
    owner: Option<&str>,
    after: Option<Cursor>,
    limit: usize,
) -> Result<DocumentPage, Error> {
    let after = after.map_or_else(String::new, |cursor| cursor.0);
    let (after, limit) = (after.split_once(' ').unwrap_or_default(), i64::try_from(limit).unwrap_or(i64::MAX));
    let select = match owner {
        None => {
            "SELECT record FROM documents WHERE kind = ?1 AND (owner, name) > (?3, ?4) AND ?2 IS NULL \
             ORDER BY owner, name LIMIT ?5"
        }
        Some(_) => {
            "SELECT record FROM documents WHERE kind = ?1 AND owner = ?2 AND (owner, name) > (?3, ?4) \
             ORDER BY owner, name LIMIT ?5"
        }
    };
    let mut select = connection.prepare_cached(select)?;
    let records = select.query_map((kind, owner, after.0, after.1, limit), |row| row.get::<_, String>(0))?;
    let documents = records.map(|record| decode::<Document>(DOCUMENTS, &record?)).collect::<Result<Vec<_>, Error>>()?;
    // After the last page comes an empty one.
    let next = documents.last().map(|last| Cursor(format!("{} {}", last.key.owner(), last.key.name())));
    Ok(DocumentPage { documents, next })
}
