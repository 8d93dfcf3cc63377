//! All of it, record by record, in the order of its keys. What asks here has the file to itself, and so asks the writer:
//! its connection is the only one.
use crate::{
    Error, SqliteStore, codes, counters, documents, keys, outbox,
    record::{decode, find},
    sessions, users,
};
use auth_core::{document::Document, ports::*, session::Session, user::User, value::*};
use rusqlite::{Connection, Params, Row};

const RECORDS: &str = "records";

#[async_trait]
impl RecordStore for SqliteStore {
    async fn export(&self, kind: RecordKind, after: Option<Cursor>, limit: usize) -> Outside<Page> {
        self.writer.write(RECORDS, move |connection| export(connection, kind, after, limit)).await
    }

    async fn count(&self, kind: RecordKind) -> Outside<Option<u64>> {
        let count = match kind {
            RecordKind::Users => "SELECT (SELECT count(*) FROM users) + (SELECT count(*) FROM deleted_users)",
            RecordKind::Sessions => "SELECT count(*) FROM sessions",
            RecordKind::Codes => "SELECT count(*) FROM codes",
            RecordKind::Counters => "SELECT count(*) FROM counters",
            RecordKind::Outbox => "SELECT count(*) FROM outbox",
            RecordKind::Keys => "SELECT count(*) FROM signing_keys",
            RecordKind::Documents => "SELECT count(*) FROM documents",
        };
        let count = |connection: &Connection| Ok(connection.query_row(count, [], |row| row.get::<_, i64>(0))?);
        Ok(Some(self.writer.write(RECORDS, count).await?.unsigned_abs()))
    }

    async fn import(&self, record: &Record) -> Outside<Imported> {
        let record = record.clone();
        self.writer.write(RECORDS, move |connection| import(connection, &record)).await
    }
}

fn export(connection: &Connection, kind: RecordKind, after: Option<Cursor>, limit: usize) -> Result<Page, Error> {
    let after = after.map_or_else(String::new, |cursor| cursor.0);
    let (key, limit) = (bytes(&after), i64::try_from(limit).unwrap_or(i64::MAX));
    match kind {
        RecordKind::Users => {
            let select = "SELECT id, record FROM users WHERE id > ?1 \
                          UNION ALL SELECT id, NULL FROM deleted_users WHERE id > ?1 ORDER BY 1 LIMIT ?2";
            page(connection, select, (key, limit), |row| {
                let id: [u8; 16] = row.get(0)?;
                let record = match row.get::<_, Option<String>>(1)? {
                    Some(record) => Record::User(decode(users::USERS, &record)?),
                    None => Record::Deleted(UserId::from_bytes(id)),
                };
                Ok((text(&id), record))
            })
        }
        RecordKind::Sessions => {
            let select = "SELECT id, record FROM sessions WHERE id > ?1 ORDER BY id LIMIT ?2";
            page(connection, select, (key, limit), |row| {
                let record = Record::Session(decode(sessions::SESSIONS, &row.get::<_, String>(1)?)?);
                Ok((text(&row.get::<_, [u8; 32]>(0)?), record))
            })
        }
        RecordKind::Codes => {
            let select = "SELECT subject, kind, record FROM codes WHERE (subject, kind) > (?1, ?2) \
                          ORDER BY subject, kind LIMIT ?3";
            let (subject, kind) = after.split_once(' ').unwrap_or_default();
            page(connection, select, (bytes(subject), kind, limit), |row| {
                let (subject, kind): ([u8; 16], String) = (row.get(0)?, row.get(1)?);
                let record = Record::Code(decode(codes::CODES, &row.get::<_, String>(2)?)?);
                Ok((format!("{} {kind}", text(&subject)), record))
            })
        }
        RecordKind::Counters => {
            let select = "SELECT key, record FROM counters WHERE key > ?1 ORDER BY key LIMIT ?2";
            page(connection, select, (key, limit), |row| {
                let key: [u8; 32] = row.get(0)?;
                let counter = decode(counters::COUNTERS, &row.get::<_, String>(1)?)?;
                Ok((text(&key), Record::Counter(counters::key(key), counter)))
            })
        }
        RecordKind::Outbox => {
            let select = "SELECT * FROM outbox WHERE id > ?1 ORDER BY id LIMIT ?2";
            page(connection, select, (key, limit), |row| {
                let entry = outbox::entry(row)?;
                Ok((text(entry.id.as_bytes()), Record::Mail(entry)))
            })
        }
        RecordKind::Keys => {
            let records = keys::find(connection)?.map(|keys| Record::Keys(keys.value)).into_iter().collect();
            Ok(Page { records, next: None })
        }
        RecordKind::Documents => {
            let select = "SELECT record FROM documents WHERE (kind, owner, name) > (?1, ?2, ?3) \
                          ORDER BY kind, owner, name LIMIT ?4";
            let mut parts = after.split(' ').map(ToOwned::to_owned);
            let mut part = || parts.next().unwrap_or_default();
            page(connection, select, (part(), part(), part(), limit), |row| {
                let document: Document = decode(documents::DOCUMENTS, &row.get::<_, String>(0)?)?;
                let key = &document.key;
                Ok((format!("{} {} {}", key.kind(), key.owner(), key.name()), Record::Document(document)))
            })
        }
    }
}

/// After the last page comes an empty one.
fn page(
    connection: &Connection,
    select: &str,
    params: impl Params,
    read: impl Fn(&Row<'_>) -> Result<(String, Record), Error>,
) -> Result<Page, Error> {
    let (mut page, mut last) = (Page::default(), None);
    let mut select = connection.prepare_cached(select)?;
    let mut rows = select.query(params)?;
    while let Some(row) = rows.next()? {
        let (key, record) = read(row)?;
        page.records.push(record);
        last = Some(key);
    }
    page.next = last.map(Cursor);
    Ok(page)
}

fn import(connection: &Connection, record: &Record) -> Result<Imported, Error> {
    if let Some(held) = in_place_of(connection, record)? {
        return Ok(if held == *record { Imported::Done } else { Imported::Conflict });
    }
    match record {
        Record::User(user) => match users::insert(connection, user)? {
            Insert::Done => {}
            Insert::Exists | Insert::LoginTaken | Insert::EmailTaken => return Ok(Imported::Conflict),
        },
        Record::Deleted(id) => users::bury(connection, *id)?,
        Record::Session(session) => sessions::insert(connection, session)?,
        Record::Code(code) => codes::put(connection, code)?,
        Record::Counter(key, counter) => counters::keep(connection, *key, counter)?,
        Record::Mail(entry) => outbox::put(connection, entry)?,
        Record::Keys(keys) => keys::put(connection, keys)?,
        Record::Document(document) => documents::put(connection, document)?,
    }
    Ok(Imported::Done)
}

/// What is there under the same key.
fn in_place_of(connection: &Connection, record: &Record) -> Result<Option<Record>, Error> {
    Ok(match record {
        Record::User(user) => account(connection, user.id)?,
        Record::Deleted(id) => account(connection, *id)?,
        Record::Session(session) => {
            let held = find::<Session>(connection, sessions::SESSIONS, sessions::BY_ID, [session.id.to_bytes()])?;
            held.map(Record::Session)
        }
        Record::Code(code) => codes::of_slot(connection, code.id.subject(), code.purpose.kind())?.map(Record::Code),
        Record::Counter(key, _) => counters::find_key(connection, *key)?.map(|held| Record::Counter(*key, held)),
        Record::Mail(entry) => outbox::by_id(connection, entry.id)?.map(Record::Mail),
        Record::Keys(_) => keys::find(connection)?.map(|keys| Record::Keys(keys.value)),
        Record::Document(document) => {
            documents::find(connection, &document.key)?.map(|held| Record::Document(held.value))
        }
    })
}

fn account(connection: &Connection, id: UserId) -> Result<Option<Record>, Error> {
    let deleted = "SELECT 1 FROM deleted_users WHERE id = ?1";
    if connection.prepare_cached(deleted)?.exists([id.as_bytes()])? {
        return Ok(Some(Record::Deleted(id)));
    }
    let active = "SELECT record FROM users WHERE id = ?1";
    Ok(find::<User>(connection, users::USERS, active, [id.as_bytes()])?.map(|user| Record::User(Box::new(user))))
}

fn text(key: &[u8]) -> String {
    key.iter().fold(String::new(), |text, byte| format!("{text}{byte:02x}"))
}

/// What [`text`] wrote; nothing of any other text, and so the beginning.
fn bytes(text: &str) -> Vec<u8> {
    let digits = |at: usize| text.get(at..at + 2).and_then(|pair| u8::from_str_radix(pair, 16).ok());
    (0..text.len()).step_by(2).map_while(digits).collect()
}
