//! The few connections that read, on tokio's blocking threads. In WAL mode they wait for no writer.
use crate::{Error, Options, connection};
use auth_core::ports::{Outside, Unavailable};
use rusqlite::Connection;
use std::{
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::{sync::Semaphore, task::spawn_blocking, time::timeout};

pub(crate) struct Readers {
    pool: Arc<Pool>,
    permits: Arc<Semaphore>,
    count: u32,
    patience: Duration,
}

struct Pool {
    path: PathBuf,
    patience: Duration,
    idle: Mutex<Vec<Connection>>,
}

impl Readers {
    pub(crate) fn new(path: PathBuf, options: Options) -> Self {
        let count = options.readers.max(1);
        let pool = Pool { path, patience: options.patience, idle: Mutex::default() };
        Self {
            pool: Arc::new(pool),
            permits: Arc::new(Semaphore::new(count as usize)),
            count,
            patience: options.patience,
        }
    }

    /// Runs a read that sees all that was answered before it.
    pub(crate) async fn read<T: Send + 'static>(
        &self,
        service: &'static str,
        run: impl FnOnce(&Connection) -> Result<T, Error> + Send + 'static,
    ) -> Outside<T> {
        let outcome = timeout(self.patience, self.run(run)).await;
        outcome.unwrap_or(Err(Error::Slow(self.patience))).map_err(|error| Unavailable::failed(service, error))
    }

    async fn run<T: Send + 'static>(
        &self,
        run: impl FnOnce(&Connection) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let permit = self.permits.clone().acquire_owned().await.map_err(|_| Error::Closed)?;
        let pool = Arc::clone(&self.pool);
        let read = spawn_blocking(move || {
            let _permit = permit;
            let connection = pool.take()?;
            // A connection that has failed is not put back.
            let value = run(&connection)?;
            pool.idle().push(connection);
            Ok(value)
        });
        read.await.unwrap_or(Err(Error::Panicked))
    }

    /// Waits for the reads that run, and lets go of the file.
    pub(crate) async fn close(&self) {
        let all = self.permits.acquire_many(self.count).await;
        self.permits.close();
        self.pool.idle().clear();
        drop(all);
    }
}

impl Pool {
    fn take(&self) -> Result<Connection, Error> {
        let idle = self.idle().pop();
        idle.map_or_else(|| connection::reading(&self.path, self.patience), Ok)
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Connection>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
