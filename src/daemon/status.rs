//! How the daemon fares, as the engine's thread leaves it for whoever asks.

use super::deliver::OutputState;
use serde::Serialize;
use std::fmt::Write;
use std::time::Duration;

/// A moment of the daemon.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Status {
    /// Logs, and how much of each is not read yet.
    pub files: Vec<FileStatus>,
    /// Outputs.
    pub outputs: Vec<OutputState>,
    /// Incidents told since the start.
    pub told: usize,
    /// When state was written last, since the start, and how long that took; `None`: not yet.
    pub checkpoint: Option<(Duration, Duration)>,
    /// When this was written, since the start.
    pub at: Duration,
}

/// A log.
#[derive(Clone, Debug, Default, Serialize)]
pub struct FileStatus {
    /// Where it is.
    pub path: String,
    /// Bytes that are there and not read.
    pub behind: u64,
}

impl Status {
    /// In the text format of Prometheus, version 0.0.4.
    pub fn metrics(&self, now: Duration) -> String {
        let mut page = Page(String::new());
        page.head("outflow_file_lag_bytes", "gauge", "Bytes of a log that are there and not read");
        for file in &self.files {
            page.row("outflow_file_lag_bytes", &[("path", &file.path)], file.behind as f64);
        }
        page.head("outflow_incidents_told_total", "counter", "Incidents told since the start");
        page.row("outflow_incidents_told_total", &[], self.told as f64);
        type Of = fn(&OutputState) -> u64;
        let outputs: [(&str, &str, &str, Of); 4] = [
            ("outflow_output_waiting", "gauge", "Incidents that wait for an output", |state| state.waiting),
            ("outflow_output_sent_total", "counter", "Incidents an output has told", |state| state.sent),
            ("outflow_output_failures_total", "counter", "Times an output failed", |state| state.failures),
            ("outflow_output_refused_total", "counter", "Incidents a receiver refused", |state| {
                state.refused
            }),
        ];
        for (name, kind, help, of) in outputs {
            page.head(name, kind, help);
            for state in &self.outputs {
                page.row(name, &[("output", &state.name)], of(state) as f64);
            }
        }
        page.head("outflow_status_age_seconds", "gauge", "Since the engine last showed itself");
        page.row("outflow_status_age_seconds", &[], now.saturating_sub(self.at).as_secs_f64());
        if let Some((last, cost)) = self.checkpoint {
            page.head("outflow_checkpoint_age_seconds", "gauge", "Since state was written last");
            page.row("outflow_checkpoint_age_seconds", &[], now.saturating_sub(last).as_secs_f64());
            page.head("outflow_checkpoint_cost_seconds", "gauge", "How long it took to write state last");
            page.row("outflow_checkpoint_cost_seconds", &[], cost.as_secs_f64());
        }
        page.0
    }
}

struct Page(String);

impl Page {
    // Writing to a String cannot fail.
    fn head(&mut self, name: &str, kind: &str, help: &str) {
        let _ = write!(self.0, "# HELP {name} {help}.\n# TYPE {name} {kind}\n");
    }

    fn row(&mut self, name: &str, labels: &[(&str, &str)], value: f64) {
        let label = |(name, value): &(&str, &str)| {
            format!("{name}=\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n"))
        };
        let labels: Vec<String> = labels.iter().map(label).collect();
        let labels = if labels.is_empty() { String::new() } else { format!("{{{}}}", labels.join(",")) };
        let _ = writeln!(self.0, "{name}{labels} {value}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_files_are_escaped() {
        let file = FileStatus { path: "a\"b\\c\nd".into(), behind: 7 };
        let status = Status {
            files: vec![file],
            checkpoint: Some((Duration::from_secs(2), Duration::from_millis(5))),
            ..Status::default()
        };
        let page = status.metrics(Duration::from_secs(5));
        assert!(page.contains("outflow_file_lag_bytes{path=\"a\\\"b\\\\c\\nd\"} 7\n"), "{page}");
        assert!(page.contains("outflow_checkpoint_age_seconds 3\n"), "{page}");
        assert!(page.contains("outflow_checkpoint_cost_seconds 0.005\n"), "{page}");
    }
}
