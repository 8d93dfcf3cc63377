//! Figures for Prometheus, in the `OpenMetrics` text format, at an address of their own: they are for operators (H-06).
#![cfg_attr(
    not(any(feature = "cosmos", test)),
    expect(dead_code, reason = "the embedded store is asked nothing over a network")
)]
use poem::{Endpoint, EndpointExt, Response, handler, http::header::CONTENT_TYPE, web::Data};
use prometheus_client::{
    encoding::{EncodeLabelSet, text::encode},
    metrics::{counter::Counter, family::Family, histogram::Histogram},
    registry::Registry,
};
use std::{
    sync::{Arc, atomic::AtomicU64},
    time::Duration,
};

/// What has been counted since the start.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    took: Family<Asked, Histogram, fn() -> Histogram>,
    charged: Family<Asked, Counter<f64, AtomicU64>>,
    requests: Family<Asked, Counter>,
}

/// What was asked of the database, and how it ended: few words, and none that a caller chose.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct Asked {
    /// `read_item`, `create_item`, ...
    pub operation: String,
    /// On which container.
    pub container: String,
    /// The status of its answer.
    pub status: u16,
}

/// From a read nearby to what nobody waits for any longer, in seconds.
const BUCKETS: [f64; 9] = [0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.7, 2.0];

impl Default for Metrics {
    fn default() -> Self {
        let took = Family::new_with_constructor((|| Histogram::new(BUCKETS)) as fn() -> Histogram);
        let (charged, requests) = <(Family<Asked, Counter<f64, AtomicU64>>, Family<Asked, Counter>)>::default();
        let mut registry = Registry::with_prefix("auth");
        registry.register("database_seconds", "How long operations of the database took", took.clone());
        registry.register("database_request_units", "What operations of the database cost", charged.clone());
        registry.register("database_requests", "How many requests they were, repetitions included", requests.clone());
        Self { registry, took, charged, requests }
    }
}

impl Metrics {
    /// Counts one operation of the database.
    pub fn database(&self, asked: &Asked, took: Duration, charge: f64, requests: u64) {
        self.took.get_or_create(asked).observe(took.as_secs_f64());
        self.charged.get_or_create(asked).inc_by(charge);
        self.requests.get_or_create(asked).inc_by(requests);
    }

    fn text(&self) -> String {
        let mut text = String::new();
        encode(&mut text, &self.registry).expect("a text takes all that is written to it");
        text
    }
}

/// `/metrics`, and nothing else.
pub fn endpoint(metrics: Arc<Metrics>) -> impl Endpoint<Output = Response> + 'static {
    poem::Route::new().at("/metrics", poem::get(show)).data(metrics).map_to_response()
}

#[handler]
fn show(Data(metrics): Data<&Arc<Metrics>>) -> Response {
    const TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    Response::builder().header(CONTENT_TYPE, TYPE).body(metrics.text())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_operation_took_and_cost_is_shown_by_what_it_was() {
        let metrics = Metrics::default();
        let operation = |status| Asked { operation: "read_item".to_owned(), container: "users".to_owned(), status };
        metrics.database(&operation(200), Duration::from_millis(8), 1.5, 1);
        metrics.database(&operation(200), Duration::from_millis(9), 1.5, 2);
        metrics.database(&operation(404), Duration::from_millis(1), 1.0, 1);
        let text = metrics.text();
        for line in [
            r#"auth_database_request_units_total{operation="read_item",container="users",status="200"} 3.0"#,
            r#"auth_database_requests_total{operation="read_item",container="users",status="200"} 3"#,
            r#"auth_database_seconds_bucket{le="0.01",operation="read_item",container="users",status="200"} 2"#,
            r#"auth_database_seconds_count{operation="read_item",container="users",status="404"} 1"#,
        ] {
            assert!(text.lines().any(|other| other == line), "{line} in\n{text}");
        }
    }
}
