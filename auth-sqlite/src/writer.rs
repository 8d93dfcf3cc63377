//! The one connection that writes, on a thread of its own, and the group commit.
//!
//! A commit costs a sync of the disk, however much is in it. So the thread runs all that waits in one transaction, each
//! write in a savepoint of its own, commits once, and only then answers each.
use crate::{Error, Options, connection, file, migrate};
use auth_core::ports::{Outside, Unavailable};
use rusqlite::Connection;
use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    thread::{self, JoinHandle},
    time::Duration,
};
use tokio::{
    sync::{
        mpsc::{self, error::TrySendError},
        oneshot,
    },
    task::spawn_blocking,
    time::timeout,
};

/// How many writes share a commit at most: the first of them waits for the last.
const GROUP: usize = 256;

pub(crate) struct Writer {
    jobs: Mutex<Option<mpsc::Sender<Box<dyn Job>>>>,
    thread: Mutex<Option<JoinHandle<()>>>,
    patience: Duration,
}

impl Writer {
    pub(crate) fn start(path: PathBuf, connection: Connection, options: Options) -> Result<Self, Error> {
        let patience = options.patience;
        let (sender, jobs) = mpsc::channel(options.queue.max(1));
        let thread = thread::Builder::new().name("auth-sqlite".to_owned());
        let refused = file::at(&path);
        let thread = thread.spawn(move || serve_always(jobs, connection, &path, patience)).map_err(refused)?;
        Ok(Self { jobs: Mutex::new(Some(sender)), thread: Mutex::new(Some(thread)), patience })
    }

    /// Runs a write. `Ok` means that it is on the disk. If `run` fails, nothing of what it wrote stays.
    pub(crate) async fn write<T: Send + 'static>(
        &self,
        service: &'static str,
        run: impl FnOnce(&Connection) -> Result<T, Error> + Send + 'static,
    ) -> Outside<T> {
        let answer = self.submit(service, run)?;
        let outcome = match timeout(self.patience, answer).await {
            Ok(Ok(outcome)) => outcome,
            Ok(Err(_)) => Err(Error::Closed),
            Err(_) => Err(Error::Slow(self.patience)),
        };
        outcome.map_err(|error| Unavailable::failed(service, error))
    }

    fn submit<T: Send + 'static>(
        &self,
        service: &'static str,
        run: impl FnOnce(&Connection) -> Result<T, Error> + Send + 'static,
    ) -> Outside<oneshot::Receiver<Result<T, Error>>> {
        let (answer, receiver) = oneshot::channel();
        let call = Box::new(Call { run: Some(run), outcome: Err(Error::Closed), answer });
        let jobs = self.jobs.lock().unwrap_or_else(PoisonError::into_inner).clone();
        match jobs.map(|jobs| jobs.try_send(call)) {
            Some(Ok(())) => Ok(receiver),
            Some(Err(TrySendError::Full(_))) => Err(Unavailable::Overloaded { service, retry_after: self.patience }),
            Some(Err(TrySendError::Closed(_))) | None => Err(Unavailable::failed(service, Error::Closed)),
        }
    }

    /// Finishes what was accepted. `SQLite` copies the log back when the last connection goes.
    pub(crate) async fn close(&self) {
        drop(self.jobs.lock().unwrap_or_else(PoisonError::into_inner).take());
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread {
            let _ = spawn_blocking(|| thread.join()).await;
        }
    }
}

/// A write that waits, whatever it answers.
trait Job: Send {
    fn is_awaited(&self) -> bool;
    /// Runs it and keeps the outcome; whether what it wrote may stay.
    fn run(&mut self, connection: &Connection) -> bool;
    /// Tells the outcome, now that the fate of the group is known.
    fn answer(self: Box<Self>, group: Result<(), Arc<Error>>);
}

struct Call<F, T> {
    run: Option<F>,
    outcome: Result<T, Error>,
    answer: oneshot::Sender<Result<T, Error>>,
}

impl<F: FnOnce(&Connection) -> Result<T, Error> + Send, T: Send> Job for Call<F, T> {
    fn is_awaited(&self) -> bool {
        !self.answer.is_closed()
    }

    fn run(&mut self, connection: &Connection) -> bool {
        if let Some(run) = self.run.take() {
            // A defect in one write must not end the thread that all writes need.
            self.outcome = catch_unwind(AssertUnwindSafe(|| run(connection))).unwrap_or(Err(Error::Panicked));
        }
        self.outcome.is_ok()
    }

    fn answer(self: Box<Self>, group: Result<(), Arc<Error>>) {
        let outcome = match (self.run, group) {
            (Some(_), Err(cause)) => Err(Error::NotCommitted(cause)),
            (_, group) => self.outcome.and_then(|value| group.map(|()| value).map_err(Error::NotCommitted)),
        };
        // Whoever no longer waits has taken it for failed, which says that the outcome is not known.
        let _ = self.answer.send(outcome);
    }
}

/// The writer's thread: until the last sender is gone and nothing waits. A defect that gets past a job costs its group
/// the answers, which says that their outcome is not known; it does not leave the store without a writer.
fn serve_always(mut jobs: mpsc::Receiver<Box<dyn Job>>, connection: Connection, path: &Path, patience: Duration) {
    let mut held = Some(connection);
    while catch_unwind(AssertUnwindSafe(|| serve(&mut jobs, &mut held, path, patience))).is_err() {
        tracing::error!("the writer panicked: it begins again");
    }
}

fn serve(jobs: &mut mpsc::Receiver<Box<dyn Job>>, held: &mut Option<Connection>, path: &Path, patience: Duration) {
    while let Some(first) = jobs.blocking_recv() {
        let mut group = vec![first];
        let ended = match held.take().map_or_else(|| connection::writing(path, patience), Ok) {
            Ok(connection) => commit(&connection, &mut group, jobs).map(|()| *held = Some(connection)),
            Err(error) => Err(error),
        };
        // A connection that has failed was dropped above, which rolls back; the next group opens another.
        let ended = ended.map_err(Arc::new);
        if let Err(error) = &ended {
            tracing::error!(%error, writes = group.len(), "a group of writes was not committed");
        }
        for job in group {
            job.answer(ended.clone());
        }
    }
}

/// Runs the group, and what joins it meanwhile, in one transaction.
fn commit(
    connection: &Connection,
    group: &mut Vec<Box<dyn Job>>,
    jobs: &mut mpsc::Receiver<Box<dyn Job>>,
) -> Result<(), Error> {
    connection.prepare_cached("BEGIN IMMEDIATE")?.execute([])?;
    // A newer program may have started since: what it has added to a record would be lost in ours.
    migrate::version(connection)?;
    let mut run = 0;
    while let Some(job) = group.get_mut(run) {
        // It may have waited so long for the lock that its caller has gone.
        if job.is_awaited() {
            run_job(connection, job.as_mut())?;
        }
        run += 1;
        if group.len() < GROUP {
            group.extend(jobs.try_recv());
        }
    }
    connection.prepare_cached("COMMIT")?.execute([])?;
    Ok(())
}

/// Runs one write so that it alone can be undone. `Err`: the whole transaction is lost.
fn run_job(connection: &Connection, job: &mut dyn Job) -> Result<(), Error> {
    connection.prepare_cached("SAVEPOINT job")?.execute([])?;
    if !job.run(connection) {
        // A full disk or a failed read makes SQLite roll all of it back by itself.
        if connection.is_autocommit() {
            return Err(Error::Undone);
        }
        connection.prepare_cached("ROLLBACK TO job")?.execute([])?;
    }
    connection.prepare_cached("RELEASE job")?.execute([])?;
    Ok(())
}

#[cfg(test)]
mod tests;
