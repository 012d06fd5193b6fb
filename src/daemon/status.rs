//! How the daemon fares, as the engine's thread leaves it for whoever asks.

use super::deliver::OutputState;
use super::listen::ListenerState;
use crate::incidents::Ack;
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::Arc;
use std::time::Duration;

/// A moment of the daemon.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Status {
    /// Logs, and how much of each is not read yet.
    pub files: Vec<FileStatus>,
    /// Sockets that are listened to, and standard input.
    pub listeners: Vec<ListenerState>,
    /// What became of all lines, since the store was begun.
    pub read: ReadStatus,
    /// Outputs.
    pub outputs: Vec<OutputState>,
    /// Incidents told since the start.
    pub told: usize,
    /// Incidents that are kept and not told, as rules allow them.
    pub allowed: usize,
    /// What people have acknowledged.
    #[serde(skip)]
    pub acks: Arc<[Ack]>,
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
    /// How it is read; `None`: it has no lines yet, or they are of no known format.
    pub format: Option<String>,
    /// Bytes that are there and not read.
    pub behind: u64,
    /// By how much the newest event read lies behind the time of day, where there are unread bytes; else 0.
    pub lag_s: f64,
    /// What became of its lines; of a listener's sender, those of all its files.
    pub lines: u64,
    /// Events among them.
    pub events: u64,
    /// Lines that were rejected, by reason.
    pub rejected: BTreeMap<&'static str, u64>,
    /// The moment of the newest event, RFC 3339.
    pub newest: Option<String>,
}

/// What became of all lines, since the store was begun.
#[derive(Clone, Debug, Default, Serialize)]
pub struct ReadStatus {
    /// Lines read.
    pub lines: u64,
    /// Bytes of them, decompressed.
    pub bytes: u64,
    /// Events among them.
    pub events: u64,
    /// Late events, which are among these.
    pub late: u64,
    /// Lines that were rejected, by reason.
    pub rejected: BTreeMap<&'static str, u64>,
    /// Bytes that were written and removed before they could be read.
    pub lost_bytes: u64,
    /// Times that a host, a destination or a pair met a cap and was summed with others.
    pub evicted: u64,
    /// Hosts that are watched.
    pub hosts: usize,
    /// By how much the end of the oldest window that is open lies behind the time of day, in seconds; 0: it lies ahead.
    pub window_delay_s: f64,
}

impl Status {
    /// In the text format of Prometheus, version 0.0.4.
    pub fn metrics(&self, now: Duration) -> String {
        let mut page = Page(String::new());
        page.head("outflow_file_lag_bytes", "gauge", "Bytes of a log that are there and not read");
        for file in &self.files {
            page.row("outflow_file_lag_bytes", &[("path", &file.path)], file.behind as f64);
        }
        page.head(
            "outflow_file_lag_seconds",
            "gauge",
            "From the newest event read of a log that has unread bytes to now",
        );
        for file in &self.files {
            page.row("outflow_file_lag_seconds", &[("path", &file.path)], file.lag_s);
        }
        self.read.metrics(&mut page);
        listeners(&self.listeners, &mut page);
        page.head("outflow_incidents_told_total", "counter", "Incidents told since the start");
        page.row("outflow_incidents_told_total", &[], self.told as f64);
        page.head(
            "outflow_incidents_allowed",
            "gauge",
            "Incidents kept that rules allow, and that were not told",
        );
        page.row("outflow_incidents_allowed", &[], self.allowed as f64);
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

impl ReadStatus {
    fn metrics(&self, page: &mut Page) {
        let rows: [(&str, &str, &str, f64); 8] = [
            ("outflow_lines_total", "counter", "Lines read since the store was begun", self.lines as f64),
            ("outflow_bytes_total", "counter", "Bytes of these lines, decompressed", self.bytes as f64),
            ("outflow_events_total", "counter", "Events among these lines", self.events as f64),
            (
                "outflow_late_total",
                "counter",
                "Events that came after their window had closed",
                self.late as f64,
            ),
            (
                "outflow_lost_bytes_total",
                "counter",
                "Bytes removed before they could be read",
                self.lost_bytes as f64,
            ),
            (
                "outflow_evicted_total",
                "counter",
                "Hosts, destinations and pairs that met a cap",
                self.evicted as f64,
            ),
            ("outflow_hosts", "gauge", "Hosts that are watched", self.hosts as f64),
            (
                "outflow_window_delay_seconds",
                "gauge",
                "From the end of the oldest open window to now",
                self.window_delay_s,
            ),
        ];
        for (name, kind, help, value) in rows {
            page.head(name, kind, help);
            page.row(name, &[], value);
        }
        page.head("outflow_rejected_total", "counter", "Lines that were rejected, by reason");
        for (reason, count) in &self.rejected {
            page.row("outflow_rejected_total", &[("reason", reason)], *count as f64);
        }
    }
}

fn listeners(listeners: &[ListenerState], page: &mut Page) {
    type Of = fn(&ListenerState) -> u64;
    let rows: [(&str, &str, &str, Of); 10] = [
        ("senders", "gauge", "Senders told apart", |state| state.senders as u64),
        ("messages_total", "counter", "Messages taken since the start", |state| state.messages),
        ("bytes_total", "counter", "Bytes of these", |state| state.bytes),
        ("dropped_total", "counter", "Messages lost because the spool was full", |state| state.dropped),
        ("kernel_dropped_total", "counter", "Datagrams the kernel dropped", |state| state.dropped_by_kernel),
        ("too_long_total", "counter", "Messages lost because they were too long", |state| state.too_long),
        ("broken_total", "counter", "Streams that broke off amid a message", |state| state.broken),
        ("refused_total", "counter", "Connections that were not accepted", |state| state.refused),
        ("spooled_bytes", "gauge", "Bytes kept until they are read", |state| state.spooled),
        ("unwritten_bytes", "gauge", "Bytes of these that are in no file yet", |state| state.unwritten),
    ];
    for (name, kind, help, of) in rows {
        let name = format!("outflow_listener_{name}");
        page.head(&name, kind, help);
        for state in listeners {
            page.row(&name, &[("listener", &state.name)], of(state) as f64);
        }
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
        let file = FileStatus { path: "a\"b\\c\nd".into(), behind: 7, ..FileStatus::default() };
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
