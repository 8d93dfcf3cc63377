//! The store on a real file keeps the contract.
use auth_core::contract;
use auth_sqlite::{Options, SqliteStore};
use std::{cell::RefCell, time::Duration};
use tempfile::TempDir;

contract!(users: store());
contract!(codes: store());
contract!(sessions: store());
contract!(counters: store());
contract!(outbox: store());
contract!(keys: store());
contract!(documents: store());
contract!(records: store());

thread_local! {
    /// A store does not own its folder: the thread that a test runs on removes it when it ends.
    static FOLDERS: RefCell<Vec<TempDir>> = RefCell::default();
}

fn store() -> SqliteStore {
    let folder = tempfile::tempdir().unwrap();
    // What the clauses are about is not how long the disk takes.
    let options = Options { patience: Duration::from_mins(1), ..Options::default() };
    let store = SqliteStore::open(folder.path().join("auth.db"), options).unwrap();
    FOLDERS.with_borrow_mut(|folders| folders.push(folder));
    store
}
