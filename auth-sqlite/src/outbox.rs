//! Mails on their way out.
use crate::{Error, SqliteStore};
use auth_core::{
    ports::*,
    value::{MailId, Timestamp},
};
use rusqlite::{Connection, OptionalExtension, Row};

const OUTBOX: &str = "outbox";

#[async_trait]
impl OutboxStore for SqliteStore {
    async fn put(&self, entry: &Entry) -> Outside<()> {
        let entry = entry.clone();
        self.writer.write(OUTBOX, move |connection| put(connection, &entry)).await
    }

    async fn lease(&self, lease: Lease, now: Timestamp, limit: usize) -> Outside<Vec<Entry>> {
        // A poll that finds nothing must cost no write.
        let first = self.readers.read(OUTBOX, move |connection| due(connection, now, 1)).await?;
        if first.is_empty() {
            return Ok(first);
        }
        let take = move |connection: &Connection| {
            let mut entries = due(connection, now, limit)?;
            for entry in &mut entries {
                entry.take(lease);
                update(connection, entry)?;
            }
            Ok(entries)
        };
        self.writer.write(OUTBOX, take).await
    }

    async fn settle(&self, id: MailId, lease: Lease, verdict: &MailVerdict) -> Outside<Settled> {
        let verdict = verdict.clone();
        self.writer.write(OUTBOX, move |connection| settle(connection, id, lease, &verdict)).await
    }

    async fn dead(&self, limit: usize) -> Outside<Vec<Entry>> {
        let dead = move |connection: &Connection| {
            let select = "SELECT * FROM outbox WHERE dead IS NOT NULL ORDER BY expires_at, id LIMIT ?1";
            let limit = i64::try_from(limit).unwrap_or(i64::MAX);
            Ok(connection.prepare_cached(select)?.query_map([limit], entry)?.collect::<Result<_, _>>()?)
        };
        self.readers.read(OUTBOX, dead).await
    }

    async fn waiting(&self) -> Outside<u64> {
        let count = |connection: &Connection| {
            let count = "SELECT count(*) FROM outbox WHERE dead IS NULL";
            Ok(connection.prepare_cached(count)?.query_row([], |row| row.get::<_, i64>(0))?.unsigned_abs())
        };
        self.readers.read(OUTBOX, count).await
    }

    async fn sweep(&self, before: Timestamp) -> Outside<()> {
        let delete = "DELETE FROM outbox WHERE rowid IN \
                      (SELECT rowid FROM outbox WHERE dead IS NOT NULL AND expires_at < ?1 LIMIT ?2)";
        self.sweep_batches(OUTBOX, delete, before).await
    }
}

pub(crate) fn put(connection: &Connection, entry: &Entry) -> Result<(), Error> {
    let insert = "INSERT INTO outbox (id, sealed, due_at, expires_at, attempts, lease_holder, lease_until, dead) \
                  VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT DO NOTHING";
    let Entry { id, sealed, due_at, expires_at, attempts, lease, dead } = entry;
    let (holder, until) = lease_columns(*lease);
    let params = (id.as_bytes(), sealed, due_at.0, expires_at.0, attempts, holder, until, dead);
    connection.prepare_cached(insert)?.execute(params)?;
    Ok(())
}

/// The entries that a worker may take, the most overdue first. The statement only narrows; the entry decides.
fn due(connection: &Connection, now: Timestamp, limit: usize) -> Result<Vec<Entry>, Error> {
    let select = "SELECT * FROM outbox WHERE dead IS NULL AND (due_at <= ?1 OR due_at > ?2) ORDER BY due_at, id";
    let mut select = connection.prepare_cached(select)?;
    let entries = select.query_map([now.0, (now + Entry::LONGEST_PAUSE).0], entry)?;
    let due = entries.filter(|entry| entry.as_ref().map_or(true, |entry| entry.is_due(now)));
    Ok(due.take(limit).collect::<Result<_, _>>()?)
}

pub(crate) fn by_id(connection: &Connection, id: MailId) -> Result<Option<Entry>, Error> {
    let mut select = connection.prepare_cached("SELECT * FROM outbox WHERE id = ?1")?;
    Ok(select.query_row([id.as_bytes()], entry).optional()?)
}

fn settle(connection: &Connection, id: MailId, lease: Lease, verdict: &MailVerdict) -> Result<Settled, Error> {
    let Some(mut entry) = by_id(connection, id)? else { return Ok(Settled::Lost) };
    let settled = entry.settle(lease, verdict);
    match (settled, verdict) {
        (Settled::Lost, _) => {}
        (Settled::Done, MailVerdict::Done) => {
            connection.prepare_cached("DELETE FROM outbox WHERE id = ?1")?.execute([id.as_bytes()])?;
        }
        (Settled::Done, _) => update(connection, &entry)?,
    }
    Ok(settled)
}

/// Writes back what taking and settling change.
fn update(connection: &Connection, entry: &Entry) -> Result<(), Error> {
    let update = "UPDATE outbox SET due_at = ?2, attempts = ?3, lease_holder = ?4, lease_until = ?5, dead = ?6 \
                  WHERE id = ?1";
    let (holder, until) = lease_columns(entry.lease);
    let params = (entry.id.as_bytes(), entry.due_at.0, entry.attempts, holder, until, &entry.dead);
    connection.prepare_cached(update)?.execute(params)?;
    Ok(())
}

fn lease_columns(lease: Option<Lease>) -> (Option<i64>, Option<i64>) {
    lease.map(|lease| (lease.holder.cast_signed(), lease.until.0)).unzip()
}

pub(crate) fn entry(row: &Row<'_>) -> rusqlite::Result<Entry> {
    let holder: Option<i64> = row.get("lease_holder")?;
    let until: Option<i64> = row.get("lease_until")?;
    let lease = holder.zip(until);
    Ok(Entry {
        id: MailId::from_bytes(row.get("id")?),
        sealed: row.get("sealed")?,
        due_at: Timestamp(row.get("due_at")?),
        expires_at: Timestamp(row.get("expires_at")?),
        attempts: row.get("attempts")?,
        lease: lease.map(|(holder, until)| Lease { holder: holder.cast_unsigned(), until: Timestamp(until) }),
        dead: row.get("dead")?,
    })
}
