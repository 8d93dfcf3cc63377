//! How often what was tried.
use crate::{
    Error, SqliteStore,
    record::{encode, find},
};
use auth_core::{counter::*, ports::*, value::Timestamp};
use rusqlite::Connection;

pub(crate) const COUNTERS: &str = "counters";

#[async_trait]
impl CounterStore for SqliteStore {
    async fn hit(&self, standing: Standing, counts: &[Count], now: Timestamp) -> Outside<Counted> {
        let counts = counts.to_vec();
        let hit = move |connection: &Connection| {
            let before = read(connection, &counts)?;
            let mut counters = before.clone();
            let counted = Counter::hit(&mut counters, &counts, standing, now);
            // A hit that was limited changes nothing, as a rule, and so costs no sync.
            for ((count, counter), before) in counts.iter().zip(&counters).zip(&before) {
                if counter != before {
                    keep(connection, count.key, counter)?;
                }
            }
            Ok(counted)
        };
        self.writer.write(COUNTERS, hit).await
    }

    async fn peek(&self, counts: &[Count], now: Timestamp) -> Outside<Vec<Hit>> {
        let counts = counts.to_vec();
        let peek = move |connection: &Connection| {
            let counters = read(connection, &counts)?;
            Ok(counts.iter().zip(counters).map(|(count, counter)| counter.judge(count, now)).collect())
        };
        self.readers.read(COUNTERS, peek).await
    }

    async fn confirm(&self, attempt: AttemptId, counts: &[Count], now: Timestamp) -> Outside<()> {
        let counts = counts.to_vec();
        let confirm = move |connection: &Connection| {
            for count in counts {
                change(connection, count.key, |counter| counter.confirm(&count, attempt, now))?;
            }
            Ok(())
        };
        self.writer.write(COUNTERS, confirm).await
    }

    async fn forgive(&self, attempt: AttemptId, forget: &[CounterKey], undo: &[CounterKey]) -> Outside<()> {
        let (forget, undo) = (forget.to_vec(), undo.to_vec());
        let forgive = move |connection: &Connection| {
            for key in forget {
                connection.prepare_cached("DELETE FROM counters WHERE key = ?1")?.execute([bytes(key)])?;
            }
            for key in undo {
                change(connection, key, |counter| counter.undo(attempt))?;
            }
            Ok(())
        };
        self.writer.write(COUNTERS, forgive).await
    }

    async fn sweep(&self, now: Timestamp) -> Outside<()> {
        let delete = "DELETE FROM counters WHERE key IN (SELECT key FROM counters WHERE over_at <= ?1 LIMIT ?2)";
        self.sweep_batches(COUNTERS, delete, now).await
    }
}

fn read(connection: &Connection, counts: &[Count]) -> Result<Vec<Counter>, Error> {
    counts.iter().map(|count| of_key(connection, count.key)).collect()
}

/// What is counted on a key; nothing, if the key is not there.
fn of_key(connection: &Connection, key: CounterKey) -> Result<Counter, Error> {
    Ok(find_key(connection, key)?.unwrap_or_default())
}

pub(crate) fn find_key(connection: &Connection, key: CounterKey) -> Result<Option<Counter>, Error> {
    find(connection, COUNTERS, "SELECT record FROM counters WHERE key = ?1", [bytes(key)])
}

/// Writes what is another by now, and so costs a sync.
fn change(connection: &Connection, key: CounterKey, change: impl FnOnce(&mut Counter)) -> Result<(), Error> {
    let before = of_key(connection, key)?;
    let mut counter = before.clone();
    change(&mut counter);
    if counter == before { Ok(()) } else { keep(connection, key, &counter) }
}

pub(crate) fn keep(connection: &Connection, key: CounterKey, counter: &Counter) -> Result<(), Error> {
    let put = "INSERT INTO counters (key, over_at, record) VALUES (?1, ?2, ?3) \
               ON CONFLICT (key) DO UPDATE SET over_at = excluded.over_at, record = excluded.record";
    connection.prepare_cached(put)?.execute((bytes(key), counter.over_at.0, encode(COUNTERS, counter)?))?;
    Ok(())
}

/// Whose it is comes first: what belongs to one is side by side.
fn bytes(CounterKey { group, name }: CounterKey) -> [u8; 32] {
    let mut bytes = [0; 32];
    bytes[..16].copy_from_slice(&group);
    bytes[16..].copy_from_slice(&name);
    bytes
}

/// What [`bytes`] wrote.
pub(crate) fn key(bytes: [u8; 32]) -> CounterKey {
    let (mut group, mut name) = ([0; 16], [0; 16]);
    group.copy_from_slice(&bytes[..16]);
    name.copy_from_slice(&bytes[16..]);
    CounterKey { group, name }
}
