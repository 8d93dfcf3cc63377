//! Health: whether the process lives, and whether it can do its work.
#![expect(clippy::unused_async, reason = "the framework calls every operation so")]

use super::{
    answer::{Answer, Refusal, Refuse},
    problem::{Code, Problem},
};
use auth_core::ports::{Outside, Unavailable, async_trait};
use poem_openapi::{Object, OpenApi};
use std::{sync::Arc, time::Duration};
use tokio::time::timeout;

/// Whether what the server stands on is there.
#[async_trait]
pub trait Probe: Send + Sync {
    /// `Err`: it is not.
    async fn ping(&self) -> Outside<()>;
}

pub struct Health(pub Arc<dyn Probe>, pub Duration);

/// How it is.
#[derive(Object)]
struct Status {
    /// `ok`.
    status: String,
}

/// The ends of a probe.
pub struct NotReady(Unavailable);

#[OpenApi]
impl Health {
    /// Whether the process lives
    ///
    /// Asks nothing of anything else: if this fails, restart it.
    #[oai(path = "/health/live", method = "get", operation_id = "live")]
    async fn live(&self) -> Result<Answer<200, Status>, Refusal<NotReady>> {
        Ok(ok())
    }

    /// Whether it can do its work
    ///
    /// Asks the store: if this fails, send no requests for a while.
    #[oai(path = "/health/ready", method = "get", operation_id = "ready")]
    async fn ready(&self) -> Result<Answer<200, Status>, Refusal<NotReady>> {
        let asked = timeout(self.1, self.0.ping()).await;
        asked.unwrap_or_else(|_| Err(Unavailable::failed("store", "it did not answer in time"))).map_err(NotReady)?;
        Ok(ok())
    }
}

fn ok() -> Answer<200, Status> {
    Answer(Status { status: "ok".to_owned() })
}

impl Refuse for NotReady {
    const CODES: &'static [&'static [Code]] = &[];

    fn problem(self) -> Problem {
        self.0.into()
    }
}
