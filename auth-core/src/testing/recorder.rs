//! What is called: a layer that writes down each call and passes it on.
use crate::ports::*;
use std::sync::{Arc, Mutex, PoisonError};

/// Writes down each call, in order. Clones are one.
#[derive(Clone, Default)]
pub struct Recorder(Arc<Mutex<Vec<Call>>>);

impl Recorder {
    /// The calls since the last look.
    pub fn take(&self) -> Vec<Call> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Layer for Recorder {
    async fn around<T: Send>(&self, call: Call, work: impl Future<Output = Outside<T>> + Send) -> Outside<T> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(call);
        work.await
    }
}
