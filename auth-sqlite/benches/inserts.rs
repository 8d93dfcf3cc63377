//! Durable session inserts by 32 clients: the store, and beside it the barest loop that commits what waits. The two take
//! turns on one disk; the ratio is the figure, and its target is at least 0.9.
//!
//! `cargo bench -p auth-sqlite`, with `TMPDIR` on the disk to be measured.
#![expect(clippy::disallowed_methods, clippy::print_stdout, reason = "it measures, and says what it measured")]
use auth_core::{
    ports::SessionStore,
    secrets::{KeyId, Seed},
    session::Session,
    value::{SessionId, Timestamp},
};
use auth_sqlite::{Options, SqliteStore, migrate};
use rusqlite::Connection;
use std::{
    path::Path,
    sync::Arc,
    thread,
    time::{Duration, Instant},
};
use tokio::{
    sync::{mpsc, oneshot},
    task::JoinSet,
};

const ROUNDS: u64 = 10;
const CLIENTS: u64 = 32;
const INSERTS: u64 = 200;

#[tokio::main]
async fn main() {
    let folder = tempfile::tempdir().expect("a folder for the two databases");
    let store = SqliteStore::open(folder.path().join("store.db"), Options::default()).expect("a database");
    let store = Arc::new(store);
    let bare = bare_loop(&folder.path().join("bare.db"));
    let (mut store_took, mut bare_took) = (Duration::ZERO, Duration::ZERO);
    for round in 0..ROUNDS {
        let durable = store.clone();
        store_took += clients(round, move |session| {
            let store = durable.clone();
            async move { store.create(&session).await.expect("an insert") }
        })
        .await;
        let inserts = bare.clone();
        bare_took += clients(round, move |session| {
            let bare = inserts.clone();
            async move {
                let (answer, done) = oneshot::channel();
                assert!(bare.send((session, answer)).await.is_ok());
                done.await.expect("an insert");
            }
        })
        .await;
    }
    let rate =
        |took: Duration| f64::from(u32::try_from(ROUNDS * CLIENTS * INSERTS).unwrap_or(u32::MAX)) / took.as_secs_f64();
    println!("store {:>8.0} inserts/s", rate(store_took));
    println!("bare  {:>8.0} inserts/s", rate(bare_took));
    println!("ratio {:>8.2}", rate(store_took) / rate(bare_took));
}

/// How long all clients take, each of which waits for its answer before it goes on.
async fn clients<F: Future<Output = ()> + Send + 'static>(
    round: u64,
    insert: impl Fn(Session) -> F + Clone + Send + 'static,
) -> Duration {
    let begun = Instant::now();
    let mut clients = JoinSet::new();
    for client in 0..CLIENTS {
        let insert = insert.clone();
        clients.spawn(async move {
            for number in 0..INSERTS {
                insert(session((round * CLIENTS + client) * INSERTS + number)).await;
            }
        });
    }
    clients.join_all().await;
    begun.elapsed()
}

type Insert = (Session, oneshot::Sender<()>);

/// One thread, one table, one prepared statement: nothing that a store needs besides.
fn bare_loop(path: &Path) -> mpsc::Sender<Insert> {
    migrate::up(path, None).expect("a database");
    let connection = Connection::open(path).expect("a database");
    connection.execute_batch("PRAGMA synchronous = FULL").expect("a pragma");
    let (sender, mut inserts) = mpsc::channel::<Insert>(1024);
    thread::spawn(move || {
        let mut insert =
            connection.prepare("INSERT INTO sessions (id, over_at, record) VALUES (?1, ?2, ?3)").expect("a statement");
        let mut group = Vec::new();
        while inserts.blocking_recv_many(&mut group, 256) > 0 {
            connection.execute_batch("BEGIN IMMEDIATE").expect("a transaction");
            for (session, _) in &group {
                let record = serde_json::to_string(session).expect("a record");
                insert.execute((session.id.to_bytes(), session.expires_at.0, record)).expect("an insert");
            }
            connection.execute_batch("COMMIT").expect("a commit");
            for (_, answer) in group.drain(..) {
                let _ = answer.send(());
            }
        }
    });
    sender
}

/// A session whose id lies anywhere among the others, as random ones do.
fn session(number: u64) -> Session {
    let spread = number.wrapping_mul(0x9E37_79B9_7F4A_7C15).to_be_bytes();
    let mut id = [0; 32];
    id.chunks_mut(8).for_each(|part| part.copy_from_slice(&spread));
    let now = Timestamp(1_800_000_000 + number.cast_signed() / 1000);
    Session {
        id: SessionId::from_bytes(id),
        epoch: 0,
        key: KeyId(1),
        seed: Seed([7; 32]),
        generation: 0,
        turned_at: now,
        started_at: now,
        expires_at: now + Duration::from_hours(1),
        ends_at: now + Duration::from_hours(24),
        ended: false,
        device: None,
        grant: None,
    }
}
