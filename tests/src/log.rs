//! What a server has said: both streams of its process, line by line.
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::{
    io::{AsyncBufReadExt, AsyncRead, BufReader},
    sync::Notify,
    task::JoinHandle,
};

/// Both streams of the process, line by line.
#[derive(Clone, Default)]
pub struct Log {
    lines: Arc<Mutex<Vec<String>>>,
    said: Arc<Notify>,
}

impl Log {
    /// Takes each line of a stream, until it ends.
    pub fn keep(&self, stream: impl AsyncRead + Unpin + Send + 'static) -> JoinHandle<()> {
        let log = self.clone();
        let mut lines = BufReader::new(stream).lines();
        tokio::spawn(async move {
            while let Ok(Some(line)) = lines.next_line().await {
                log.lock().push(line);
                log.said.notify_waiters();
            }
        })
    }

    /// How many lines there are.
    pub fn len(&self) -> usize {
        self.lock().len()
    }

    /// All of it.
    pub fn text(&self) -> String {
        self.lock().join("\n")
    }

    /// What `find` finds in the first line that it finds anything in, from line number `begin` on; waits for it.
    pub async fn find<T>(&self, begin: usize, find: impl Fn(&str) -> Option<T>) -> T {
        loop {
            let said = self.said.notified();
            let found = self.lock()[begin..].iter().find_map(|line| find(line));
            if let Some(found) = found {
                return found;
            }
            said.await;
        }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<String>> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
