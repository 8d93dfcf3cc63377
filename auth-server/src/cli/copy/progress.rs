//! How far a copy has come: a bar on a terminal, and a line for each kind of record elsewhere.
use auth_core::ports::{RecordKind, RecordStore};
use indicatif::{ProgressBar, ProgressStyle};
use std::{
    io::{self, Write},
    time::Duration,
};

/// A bar, or where the source does not know how much it has, a number that grows.
pub struct Progress(ProgressBar);

impl Progress {
    /// Of a copy that has come so far.
    pub async fn of(from: &dyn RecordStore, carried: u64) -> Self {
        let mut total = Some(0);
        for kind in RecordKind::ALL {
            // A bar is worth no copy.
            let count = from.count(kind).await.ok().flatten();
            total = total.zip(count).map(|(total, count)| total + count);
        }
        let (bar, template) = match total {
            Some(total) => {
                (ProgressBar::new(total), "{msg} {wide_bar} {human_pos}/{human_len}, {per_sec}, {eta} to go")
            }
            None => (ProgressBar::new_spinner(), "{spinner} {msg} {human_pos}, {per_sec}"),
        };
        let bar = bar.with_style(ProgressStyle::with_template(template).expect("a template"));
        bar.enable_steady_tick(Duration::from_millis(200));
        bar.set_position(carried);
        bar.reset_eta();
        Self(bar)
    }

    /// How many records are done.
    pub fn position(&self) -> u64 {
        self.0.position()
    }

    /// What is being done, with which records.
    pub fn at(&self, what: &str, kind: RecordKind) {
        let at = format!("{what} {kind}");
        if self.0.message() != at {
            if self.0.is_hidden() {
                self.say(&at);
            }
            self.0.set_message(at);
        }
    }

    /// So many more are done.
    pub fn add(&self, records: u64) {
        self.0.inc(records);
    }

    /// Each is looked at in both stores.
    pub fn begin_to_compare(&self) {
        self.0.set_length(self.0.length().unwrap_or_default() * 2);
        self.0.set_position(0);
        self.0.reset_eta();
    }

    /// A line for whoever watches, or reads it later.
    pub fn say(&self, line: &str) {
        if self.0.is_hidden() {
            // Whoever has closed it does not read it.
            let _ = writeln!(io::stderr(), "{line}");
        } else {
            self.0.println(line);
        }
    }

    /// All is done.
    pub fn end(&self) {
        self.0.finish_and_clear();
    }
}
