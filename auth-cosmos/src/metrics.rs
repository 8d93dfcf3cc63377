//! What each request costs and how long it takes, told to whoever counts.
use azure_core::http::Context;
use azure_data_cosmos::diagnostics::{CosmosOperationContext, DiagnosticsContext, DiagnosticsHandler};
use std::{sync::Arc, time::Duration};

/// One operation of the database that has ended, in whatever way.
#[derive(Clone, Debug)]
pub struct Operation<'a> {
    /// What was done: `create_item`, `read_item`, ...
    pub name: &'a str,
    /// On which container.
    pub container: &'a str,
    /// The status of the answer; 0 where there was none.
    pub status: u16,
    /// What it cost, its repetitions included, in request units.
    pub charge: f64,
    /// How long it took.
    pub took: Duration,
    /// How many requests it was: more than one if the SDK asked again.
    pub requests: usize,
}

/// Somebody who counts. It is called on the path of each request: it neither waits nor fails.
pub trait Gauge: Send + Sync {
    /// Takes note.
    fn record(&self, operation: &Operation<'_>);
}

pub fn handler(gauge: Arc<dyn Gauge>) -> Arc<dyn DiagnosticsHandler> {
    Arc::new(Handler(gauge))
}

struct Handler(Arc<dyn Gauge>);

impl DiagnosticsHandler for Handler {
    fn handle(&self, diagnostics: &DiagnosticsContext, context: &Context<'_>) {
        let operation = context.value::<CosmosOperationContext>();
        self.0.record(&Operation {
            name: operation.and_then(CosmosOperationContext::operation_name).unwrap_or("unknown"),
            container: operation.and_then(CosmosOperationContext::container_name).unwrap_or("unknown"),
            status: diagnostics.status().map_or(0, |status| status.status_code().into()),
            charge: diagnostics.total_request_charge().value(),
            took: diagnostics.duration(),
            requests: diagnostics.request_count(),
        });
    }
}
