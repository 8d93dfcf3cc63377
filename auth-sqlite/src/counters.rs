//! How often what was tried.
use crate::{Error, SqliteStore};
use auth_core::{counter::*, ports::*, value::Timestamp};
use rusqlite::{Connection, OptionalExtension};

const COUNTERS: &str = "counters";

#[async_trait]
impl CounterStore for SqliteStore {
    async fn hit(&self, counts: &[Count], now: Timestamp) -> Outside<Hit> {
        let counts = counts.to_vec();
        let hit = move |connection: &Connection| {
            for count in &counts {
                if let limited @ Hit::Limited { .. } = hit(connection, count, now)? {
                    return Ok(limited);
                }
            }
            Ok(Hit::Allowed)
        };
        self.writer.write(COUNTERS, hit).await
    }

    async fn forgive(&self, forget: &[CounterKey], undo: &[CounterKey]) -> Outside<()> {
        let (forget, undo) = (forget.to_vec(), undo.to_vec());
        let forgive = move |connection: &Connection| {
            for key in forget {
                connection.prepare_cached("DELETE FROM counters WHERE key = ?1")?.execute([key.0])?;
            }
            for key in undo {
                if let Some(before) = find(connection, key)? {
                    let mut counter = before;
                    counter.undo();
                    keep(connection, key, Some(before), counter)?;
                }
            }
            Ok(())
        };
        self.writer.write(COUNTERS, forgive).await
    }

    async fn sweep(&self, now: Timestamp) -> Outside<()> {
        let delete = "DELETE FROM counters WHERE key IN (SELECT key FROM counters WHERE ends_at <= ?1 LIMIT ?2)";
        self.sweep_batches(COUNTERS, delete, now).await
    }
}

fn hit(connection: &Connection, count: &Count, now: Timestamp) -> Result<Hit, Error> {
    let before = find(connection, count.key)?;
    let mut counter = before.unwrap_or_else(|| Counter::new(count.rule, now));
    let hit = counter.hit(count.rule, now);
    keep(connection, count.key, before, counter)?;
    Ok(hit)
}

fn find(connection: &Connection, key: CounterKey) -> Result<Option<Counter>, Error> {
    let mut select = connection.prepare_cached("SELECT count, ends_at FROM counters WHERE key = ?1")?;
    let counter = |row: &rusqlite::Row<'_>| Ok(Counter { count: row.get(0)?, ends_at: Timestamp(row.get(1)?) });
    Ok(select.query_row([key.0], counter).optional()?)
}

/// Writes only what has changed: a hit that was limited costs no sync.
fn keep(connection: &Connection, key: CounterKey, before: Option<Counter>, counter: Counter) -> Result<(), Error> {
    if before != Some(counter) {
        let put = "INSERT INTO counters (key, count, ends_at) VALUES (?1, ?2, ?3) \
                   ON CONFLICT (key) DO UPDATE SET count = excluded.count, ends_at = excluded.ends_at";
        connection.prepare_cached(put)?.execute((key.0, counter.count, counter.ends_at.0))?;
    }
    Ok(())
}
