//! Records as JSON.
use crate::Error;
use rusqlite::{Connection, OptionalExtension, Params};
use serde::{Serialize, de::DeserializeOwned};

/// A record as a row of `table` keeps it.
pub(crate) fn encode<T: Serialize>(table: &'static str, record: &T) -> Result<String, Error> {
    serde_json::to_string(record).map_err(|_| Error::Damaged(table))
}

/// A record that a row of `table` kept. The parser's own error is dropped: it may quote the row.
pub(crate) fn decode<T: DeserializeOwned>(table: &'static str, record: &str) -> Result<T, Error> {
    serde_json::from_str(record).map_err(|_| Error::Damaged(table))
}

/// The one record that `query` selects, if there is one.
pub(crate) fn find<T: DeserializeOwned>(
    connection: &Connection,
    table: &'static str,
    query: &str,
    params: impl Params,
) -> Result<Option<T>, Error> {
    let record = connection.prepare_cached(query)?.query_row(params, |row| row.get::<_, String>(0)).optional()?;
    record.map(|record| decode(table, &record)).transpose()
}
