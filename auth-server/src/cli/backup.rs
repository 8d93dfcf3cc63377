//! `backup`: a copy of the database. A server may be running on it; nothing waits, and nothing of it is changed.
use super::Ended;
use crate::{
    compose::database,
    settings::{Settings, value::Store},
};
use std::path::Path;

/// Writes the copy, and tells what is not in it.
pub fn backup(settings: &Settings, to: &Path) -> Ended {
    match settings.store {
        Store::Sqlite => auth_sqlite::backup(&database(settings), to)?,
    }
    let (to, keys) = (to.display(), settings.key_dir());
    Ok(format!("The backup is {to}. The keys in {} are not in it: keep a copy of them elsewhere.", keys.display()))
}
