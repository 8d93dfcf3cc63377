//! The group commit and its failures, on a table of numbers.
use super::*;
use std::sync::{
    atomic::{AtomicUsize, Ordering},
    mpsc::{Sender, channel},
};
use tempfile::TempDir;

type Answer<T> = oneshot::Receiver<Result<T, Error>>;

/// A writer over one table of numbers, the commits that it has made, and whether the next ones are refused.
struct Bench {
    writer: Writer,
    commits: Arc<AtomicUsize>,
    _folder: TempDir,
}

impl Bench {
    fn new(queue: usize, refuse_commits: bool) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = file::prepare(&folder.path().join("numbers.db")).unwrap();
        let patience = Duration::from_mins(1);
        let mut connection = connection::writing(&path, patience).unwrap();
        connection.execute_batch("CREATE TABLE numbers (number INTEGER PRIMARY KEY, padding BLOB)").unwrap();
        let commits = Arc::new(AtomicUsize::new(0));
        let count = commits.clone();
        let hook = move || {
            count.fetch_add(1, Ordering::Relaxed);
            refuse_commits
        };
        connection.commit_hook(Some(hook)).unwrap();
        let writer = Writer::start(path, connection, Options { queue, patience, readers: 1 }).unwrap();
        Self { writer, commits, _folder: folder }
    }

    /// Holds the writer within a transaction until something is sent.
    fn gate(&self) -> (Sender<()>, Answer<()>) {
        let ((open, gate), (enter, entered)) = (channel(), channel());
        let wait = move |_: &Connection| {
            enter.send(()).unwrap();
            gate.recv().unwrap();
            Ok(())
        };
        let held = self.writer.submit("numbers", wait).unwrap();
        entered.recv().unwrap();
        (open, held)
    }

    fn insert(&self, number: i64) -> Answer<()> {
        self.writer.submit("numbers", move |connection| insert(connection, number)).unwrap()
    }

    async fn numbers(&self) -> Vec<i64> {
        let select = |connection: &Connection| {
            let mut select = connection.prepare("SELECT number FROM numbers ORDER BY number")?;
            Ok(select.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?)
        };
        self.writer.write("numbers", select).await.unwrap()
    }
}

fn insert(connection: &Connection, number: i64) -> Result<(), Error> {
    connection.execute("INSERT INTO numbers VALUES (?1, zeroblob(8192))", [number])?;
    Ok(())
}

#[tokio::test]
async fn what_waits_shares_one_commit() {
    let bench = Bench::new(64, false);
    let (open, held) = bench.gate();
    let inserts: Vec<_> = (0..64).map(|number| bench.insert(number)).collect();
    open.send(()).unwrap();
    held.await.unwrap().unwrap();
    for insert in inserts {
        insert.await.unwrap().unwrap();
    }
    assert_eq!(bench.commits.load(Ordering::Relaxed), 1);
    assert_eq!(bench.numbers().await, (0..64).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_write_that_fails_or_panics_is_undone_alone() {
    let bench = Bench::new(64, false);
    let (open, _held) = bench.gate();
    let first = bench.insert(1);
    let fails = bench.writer.submit("numbers", |connection| {
        insert(connection, 2)?;
        Err::<(), _>(Error::Damaged("numbers"))
    });
    let panics = bench.writer.submit("numbers", |connection| -> Result<(), Error> {
        insert(connection, 3)?;
        panic!("a defect");
    });
    let last = bench.insert(4);
    open.send(()).unwrap();
    assert!(matches!(fails.unwrap().await.unwrap(), Err(Error::Damaged(_))));
    assert!(matches!(panics.unwrap().await.unwrap(), Err(Error::Panicked)));
    first.await.unwrap().unwrap();
    last.await.unwrap().unwrap();
    assert_eq!(bench.numbers().await, [1, 4]);
}

#[tokio::test] // S-18
async fn a_commit_that_fails_acknowledges_nothing_and_the_next_one_works() {
    let bench = Bench::new(64, true);
    let (open, held) = bench.gate();
    let insert = bench.insert(1);
    open.send(()).unwrap();
    assert!(matches!(held.await.unwrap(), Err(Error::NotCommitted(_))));
    assert!(matches!(insert.await.unwrap(), Err(Error::NotCommitted(_))));
    assert_eq!(bench.numbers().await, Vec::<i64>::new());
    bench.insert(2).await.unwrap().unwrap();
    assert_eq!(bench.numbers().await, [2]);
}

#[tokio::test]
async fn a_full_database_refuses_the_group_and_a_new_connection_goes_on() {
    let bench = Bench::new(64, false);
    let limit = |connection: &Connection| {
        let pages: i64 = connection.pragma_query_value(None, "page_count", |row| row.get(0))?;
        Ok(connection.pragma_update_and_check(None, "max_page_count", pages, |_| Ok(()))?)
    };
    bench.writer.write("numbers", limit).await.unwrap();
    let (open, held) = bench.gate();
    let full = bench.insert(1);
    open.send(()).unwrap();
    assert!(full.await.unwrap().unwrap_err().to_string().contains("full"));
    assert!(matches!(held.await.unwrap(), Err(Error::NotCommitted(_))), "its neighbour went with it");
    // The limit was the old connection's: for the new one there is space again.
    bench.insert(2).await.unwrap().unwrap();
    assert_eq!(bench.numbers().await, [2]);
}

#[tokio::test] // H-17
async fn a_read_only_database_is_never_a_success() {
    let bench = Bench::new(64, false);
    let set = |pragma: &'static str| move |connection: &Connection| Ok(connection.execute_batch(pragma)?);
    bench.writer.write("numbers", set("PRAGMA query_only = ON")).await.unwrap();
    let refused = bench.writer.write("numbers", |connection| insert(connection, 1)).await.unwrap_err();
    assert!(matches!(refused, Unavailable::Failed { service: "numbers", .. }), "{refused:?}");
    bench.writer.write("numbers", set("PRAGMA query_only = OFF")).await.unwrap();
    assert_eq!(bench.numbers().await, Vec::<i64>::new());
}

#[tokio::test]
async fn a_full_queue_is_overload_and_whoever_has_gone_is_passed_over() {
    let bench = Bench::new(1, false);
    let (open, held) = bench.gate();
    drop(bench.insert(1));
    let refused = bench.writer.write("numbers", |connection| insert(connection, 2)).await.unwrap_err();
    assert!(matches!(refused, Unavailable::Overloaded { service: "numbers", .. }), "{refused:?}");
    open.send(()).unwrap();
    held.await.unwrap().unwrap();
    assert_eq!(bench.numbers().await, Vec::<i64>::new());
}

#[tokio::test]
async fn closing_finishes_what_was_accepted() {
    let bench = Bench::new(64, false);
    let (open, _held) = bench.gate();
    let inserts: Vec<_> = (0..10).map(|number| bench.insert(number)).collect();
    tokio::join!(bench.writer.close(), async { open.send(()).unwrap() });
    for insert in inserts {
        insert.await.unwrap().unwrap();
    }
    let refused = bench.writer.write("numbers", |connection| insert(connection, 11)).await.unwrap_err();
    assert!(matches!(refused, Unavailable::Failed { .. }), "{refused:?}");
}

#[tokio::test] // H-17
async fn a_panic_of_the_writer_itself_leaves_the_store_with_a_writer() {
    struct Bomb;
    impl Drop for Bomb {
        fn drop(&mut self) {
            panic!("dropped by the writer, since nobody waits for it");
        }
    }
    let bench = Bench::new(64, false);
    let ((open, gate), (enter, entered)) = (channel::<()>(), channel());
    let answer = bench.writer.submit("numbers", move |connection| {
        enter.send(()).unwrap();
        gate.recv().unwrap();
        insert(connection, 1)?;
        Ok(Bomb)
    });
    entered.recv().unwrap();
    drop(answer.unwrap());
    open.send(()).unwrap();
    // This one shared its commit, and may not hear of it.
    let _ = bench.insert(2).await;
    bench.insert(3).await.unwrap().unwrap();
    assert_eq!(bench.numbers().await, [1, 2, 3]);
}
