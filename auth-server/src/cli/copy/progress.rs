//! How far a copy has come, for whoever watches. Nothing is drawn where nobody does.
use crate::http::reasons;
use auth_core::ports::{Outside, RecordKind, RecordStore, Unavailable};
use indicatif::{ProgressBar, ProgressStyle};
use std::time::Duration;

/// A bar, or where the source does not know how much it has, a number that grows.
pub struct Progress(ProgressBar);

impl Progress {
    /// Of a copy that has come so far.
    pub async fn of(from: &dyn RecordStore, carried: u64) -> Outside<Self> {
        let (mut total, mut known) = (0, true);
        for kind in RecordKind::ALL {
            let count = from.count(kind).await?;
            known &= count.is_some();
            total += count.unwrap_or_default();
        }
        let bar = if known { ProgressBar::new(total) } else { ProgressBar::new_spinner() };
        let template = if known {
            "{msg} {wide_bar} {human_pos}/{human_len}, {per_sec}, {eta} to go"
        } else {
            "{spinner} {msg} {human_pos}, {per_sec}"
        };
        let bar = bar.with_style(ProgressStyle::with_template(template).expect("a template"));
        bar.enable_steady_tick(Duration::from_millis(200));
        bar.set_position(carried);
        bar.reset_eta();
        Ok(Self(bar))
    }

    /// How many records are carried.
    pub fn position(&self) -> u64 {
        self.0.position()
    }

    /// So many more are.
    pub fn carried(&self, kind: RecordKind, records: u64) {
        self.0.set_message(format!("copying {kind}"));
        self.0.inc(records);
    }

    /// From now on they are looked at, in both stores.
    pub fn begin_to_compare(&self) {
        self.0.set_length(self.0.length().unwrap_or_default() * 2);
        self.0.set_position(0);
        self.0.reset_eta();
    }

    /// So many more are.
    pub fn compared(&self, kind: RecordKind, records: u64) {
        self.0.set_message(format!("comparing {kind}"));
        self.0.inc(records);
    }

    /// A store has failed, and is asked again.
    pub fn failed(&self, failure: &Unavailable) {
        self.0.println(format!("{}: asking again", reasons(failure)));
    }

    /// All is done.
    pub fn end(&self) {
        self.0.finish_and_clear();
    }
}
