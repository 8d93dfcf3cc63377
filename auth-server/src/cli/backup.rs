//! `backup`: a copy of the database. A server may be running on it; nothing waits, and nothing of it is changed.
use super::Ended;
use crate::{
    settings::{Settings, value::Store},
    store::sqlite_file,
};
use std::path::Path;

/// Where Azure keeps the data, it keeps their past too.
pub const AZURE: &str =
    "Cosmos DB keeps backups by itself, and restores them into another account: docs/cosmos.md says how";

/// Writes the copy, and tells what is not in it.
pub fn backup(settings: &Settings, to: &Path) -> Ended {
    match settings.store {
        Store::Sqlite => auth_sqlite::backup(&sqlite_file(settings), to)?,
        Store::Cosmos => return Err(AZURE.into()),
    }
    let to = to.display();
    Ok(format!("The backup is {to}. The server's secret is not in it: keep a copy of it elsewhere."))
}
