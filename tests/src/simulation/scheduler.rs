//! One task at a time, chosen by the seed: whatever waits between two calls waits until it is chosen again.
use super::hub::Hub;
use std::{
    pin::Pin,
    task::{Context, Waker},
};
use tokio::task::yield_now;

/// Something that goes on in a world.
pub struct Task {
    work: Pin<Box<dyn Future<Output = ()>>>,
    endless: bool,
}

impl Task {
    /// Somebody who comes to an end.
    pub fn new(work: impl Future<Output = ()> + 'static) -> Self {
        Self { work: Box::pin(work), endless: false }
    }

    /// Something that goes on for as long as anybody is there.
    pub fn endless(work: impl Future<Output = ()> + 'static) -> Self {
        Self { work: Box::pin(work), endless: true }
    }
}

/// Runs the tasks until all that end have ended, or an invariant is broken. One choice in so many goes to what a task has
/// spawned: the deliveries of a worker.
pub async fn run(hub: &Hub, mut tasks: Vec<Task>) {
    let mut context = Context::from_waker(Waker::noop());
    while tasks.iter().any(|task| !task.endless) && hub.goes_on() {
        let chosen = hub.choose(tasks.len() + 1);
        match tasks.get_mut(chosen) {
            None => yield_now().await,
            Some(task) => {
                if task.work.as_mut().poll(&mut context).is_ready() {
                    drop(tasks.swap_remove(chosen));
                }
            }
        }
    }
}
