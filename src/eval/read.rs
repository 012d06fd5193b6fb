//! Labels and incidents from their JSON lines. Fields that are not needed here are passed over.

use crate::units::{Span, Timestamp};
use serde::Deserialize;
use serde_json::Value;
use std::fmt;

/// A row of the labels: what one host stole to one destination.
#[derive(Clone, Debug, PartialEq)]
pub struct Label {
    /// The kind of theft.
    pub scenario: String,
    /// Which theft of that kind, where the labels say.
    pub theft: Option<u64>,
    /// The log that shows it, where there are several: they may show the same bytes.
    pub log: Option<String>,
    /// The host that leaks, as the log calls it.
    pub host: String,
    /// Where to, as the log calls it.
    pub destination: String,
    /// The first stolen byte.
    pub start: Timestamp,
    /// The last one; not before `start`.
    pub end: Timestamp,
    /// How many.
    pub bytes: u64,
}

/// What is needed of an incident.
#[derive(Clone, Debug, PartialEq)]
pub struct Incident {
    /// The host.
    pub host: String,
    /// The destination group; `None`: spread over several.
    pub destination: Option<String>,
    /// When it was raised.
    pub detected_at: Timestamp,
    /// When the bytes it counts began to flow.
    pub first_seen: Timestamp,
    /// How improbable, in bits, when it was raised.
    pub score_at_detection: f64,
    /// Bytes it counted then.
    pub bytes_out_at_detection: u64,
    /// Told within the budget.
    pub in_budget: bool,
}

/// What a scan printed.
#[derive(Clone, Debug, PartialEq)]
pub struct Scan {
    /// In the order of printing.
    pub incidents: Vec<Incident>,
    /// Hosts of the estate, at least 1.
    pub hosts: u64,
    /// Length of the log in days, above 0.
    pub days: f64,
    /// How many incidents there were, printed or not.
    pub counted: u64,
}

impl Incident {
    /// The day on which it was raised, from midnight UTC.
    pub fn day(&self) -> Timestamp {
        self.detected_at.floor(Span::DAY)
    }
}

impl Scan {
    /// Incidents that were counted and not printed.
    pub fn withheld(&self) -> u64 {
        self.counted.saturating_sub(self.incidents.len() as u64)
    }
}

/// What cannot be scored, as a whole sentence for a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EvalError(String);

impl fmt::Display for EvalError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for EvalError {}

#[derive(Deserialize)]
struct LabelRow {
    scenario: String,
    theft: Option<u64>,
    log: Option<String>,
    host: String,
    destination: String,
    start: String,
    end: String,
    bytes: u64,
}

#[derive(Deserialize)]
struct IncidentRow {
    host: String,
    destination: Option<String>,
    detected_at: String,
    first_seen: String,
    score_at_detection: f64,
    bytes_out_at_detection: u64,
    in_budget: bool,
}

#[derive(Deserialize)]
struct SourceRow {
    first: Option<String>,
    last: Option<String>,
}

#[derive(Deserialize)]
struct SummaryRow {
    hosts: u64,
    incidents: u64,
}

/// Reads labels.
pub fn labels(text: &str) -> Result<Vec<Label>, EvalError> {
    let mut labels = Vec::new();
    for (number, line) in filled(text) {
        let wrong = |error: &dyn fmt::Display| EvalError(format!("line {number} is no label: {error}"));
        let row: LabelRow = serde_json::from_str(line).map_err(|error| wrong(&error))?;
        let stamp = |text: &str| text.parse::<Timestamp>().map_err(|error| wrong(&error));
        let (start, end) = (stamp(&row.start)?, stamp(&row.end)?);
        if end < start {
            return Err(wrong(&format!("it ends ({end}) before it starts ({start})")));
        }
        let LabelRow { scenario, theft, log, host, destination, bytes, .. } = row;
        labels.push(Label { scenario, theft, log, host, destination, start, end, bytes });
    }
    Ok(labels)
}

/// Reads what `scan --json` printed; the summary gives the hosts and the sources the days, unless they are given here.
pub fn scan(text: &str, hosts: Option<u64>, days: Option<f64>) -> Result<Scan, EvalError> {
    let mut incidents = Vec::new();
    let (mut seen_hosts, mut counted) = (None, 0);
    let mut span: Option<(Timestamp, Timestamp)> = None;
    for (number, line) in filled(text) {
        let wrong =
            |error: &dyn fmt::Display| EvalError(format!("line {number} is not of scan --json: {error}"));
        let row: Value = serde_json::from_str(line).map_err(|error| wrong(&error))?;
        let stamp = |text: &str| text.parse::<Timestamp>().map_err(|error| wrong(&error));
        match row.get("type").and_then(Value::as_str) {
            Some("incident") => {
                let row: IncidentRow = serde_json::from_value(row).map_err(|error| wrong(&error))?;
                incidents.push(Incident {
                    detected_at: stamp(&row.detected_at)?,
                    first_seen: stamp(&row.first_seen)?,
                    host: row.host,
                    destination: row.destination,
                    score_at_detection: row.score_at_detection,
                    bytes_out_at_detection: row.bytes_out_at_detection,
                    in_budget: row.in_budget,
                });
            }
            Some("source") => {
                let row: SourceRow = serde_json::from_value(row).map_err(|error| wrong(&error))?;
                if let (Some(first), Some(last)) = (row.first, row.last) {
                    let (first, last) = (stamp(&first)?, stamp(&last)?);
                    let (from, to) = span.unwrap_or((first, last));
                    span = Some((from.min(first), to.max(last)));
                }
            }
            Some("summary") => {
                let row: SummaryRow = serde_json::from_value(row).map_err(|error| wrong(&error))?;
                (seen_hosts, counted) = (Some(row.hosts), row.incidents);
            }
            // Rows of kinds to come.
            Some(_) => {}
            None => return Err(wrong(&"it has no \"type\"")),
        }
    }
    let lacks = |what: &str, option: &str| {
        EvalError(format!(
            "there is no {what} among the lines: give all that scan --json prints, or pass {option}"
        ))
    };
    let hosts = hosts.or(seen_hosts).ok_or_else(|| lacks("summary", "--hosts"))?.max(1);
    let days = match (days, span) {
        (Some(days), _) => days,
        (None, Some((from, to))) => ((to - from).seconds() / Span::DAY.seconds()).max(1.0 / 24.0),
        (None, None) => return Err(lacks("source with a first and last stamp", "--days")),
    };
    Ok(Scan { incidents, hosts, days, counted })
}

fn filled(text: &str) -> impl Iterator<Item = (usize, &str)> {
    (1..).zip(text.lines()).filter(|(_, line)| !line.trim().is_empty())
}
