//! Callers that are let go at the same moment.
use std::sync::Arc;
use tokio::{sync::Barrier, task::JoinSet};

/// Runs `count` callers at once, each on a task of its own, and gives what each came back with, in no order. None starts
/// before all are ready.
pub async fn together<F>(count: usize, caller: impl Fn(usize) -> F) -> Vec<F::Output>
where
    F: Future<Output: Send> + Send + 'static,
{
    let gate = Arc::new(Barrier::new(count));
    let mut callers = JoinSet::new();
    for number in 0..count {
        let (gate, caller) = (gate.clone(), caller(number));
        callers.spawn(async move {
            gate.wait().await;
            caller.await
        });
    }
    callers.join_all().await
}
