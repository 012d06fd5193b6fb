//! What a scan came to, resolved for people and machines: names instead of numbers, ranks, sentences. `pipeline` fills it.

use crate::baseline::EstateDay;
use crate::event::catalogue::Known;
use crate::incident::{Evidence, Incident, Severity};
use crate::incidents::{Ack, Permit};
use crate::tally::Counts;
use crate::units::{Bytes, Span, Timestamp};

/// A report.
#[derive(Debug)]
pub struct Report<'a> {
    /// The worst first.
    pub incidents: Vec<Told<'a>>,
    /// One for each source read.
    pub sources: Vec<SourceReport<'a>>,
    /// The days of the estate, oldest first.
    pub days: Vec<EstateDay>,
    /// What several of the hosts that are told have in common.
    pub campaigns: Vec<Campaign<'a>>,
    /// How many hosts sent how much in all, by power of two of their bytes.
    pub volumes: Vec<u64>,
    /// Rows of a drill and of floors, as `--json` prints them, where they are to be shown; only pages do.
    pub exercises: Vec<serde_json::Value>,
    /// Over all.
    pub summary: Summary,
}

/// An incident as it is told.
#[derive(Debug)]
pub struct Told<'a> {
    /// The incident itself.
    pub incident: Incident,
    /// Stable over runs and restarts: a hash of what the incident is about.
    pub id: String,
    /// From 1, the worst first.
    pub rank: usize,
    /// Within the budget of the day on which it was raised.
    pub in_budget: bool,
    /// It would be, but a rule allows it.
    pub allowed: Option<&'a Permit>,
    /// Somebody knows of it.
    pub acknowledged: Option<&'a Ack>,
    /// The host's name.
    pub host: &'a str,
    /// Its role, where the inventory says.
    pub role: &'a str,
    /// The destination group; `None`: spread over several.
    pub destination: Option<&'a str>,
    /// The groups that carry it, the most bytes first: (name, bytes out, first seen, hosts that use it).
    pub destinations: Vec<Carrier<'a>>,
    /// For people and other systems.
    pub severity: Severity,
    /// One sentence.
    pub summary: String,
    /// Net bytes of the last days towards the destination, or of the host in all; the oldest first.
    pub days: Vec<u64>,
    /// The last of them.
    pub until: Timestamp,
    /// All bytes that the host sent.
    pub sent: u64,
    /// The weightiest lines, the most bytes first.
    pub evidence: Vec<Cited<'a>>,
}

impl Told<'_> {
    /// What was usual in a day, in words.
    pub(super) fn usual(&self) -> String {
        match self.incident.expected {
            0 if self.incident.watched < Span::DAY.times(3) => "not known".to_owned(),
            0 => "nothing".to_owned(),
            expected => Bytes(expected).to_string(),
        }
    }

    /// Since when, to the minute: `2023-03-29 00:20`.
    pub(super) fn since(&self) -> String {
        let since = self.incident.first_seen.to_string();
        since.get(..16).unwrap_or(&since).replace('T', " ")
    }

    /// Why it is not told, or not again, in words that are not escaped.
    pub(super) fn answer(&self) -> Option<String> {
        let (what, reason, until) = match (self.acknowledged, self.allowed) {
            (Some(ack), _) => ("acknowledged", &ack.reason, Some(ack.until)),
            (None, Some(permit)) => ("allowed", &permit.reason, permit.until),
            (None, None) => return None,
        };
        let until = until.map_or(String::new(), |until| format!(" until {until}"));
        Some(format!("{what}{until}: {reason}"))
    }
}

/// A line that an incident rests on, with what a person needs to find it.
#[derive(Clone, Copy, Debug)]
pub struct Cited<'a> {
    /// The path of its source.
    pub path: &'a str,
    /// The line.
    pub line: Evidence,
    /// The path and the number of a line that told the same transfer again.
    pub also: Option<(&'a str, u64)>,
}

/// A destination group of an incident.
#[derive(Clone, Copy, Debug)]
pub struct Carrier<'a> {
    /// Its name.
    pub name: &'a str,
    /// All bytes that the host sent it.
    pub bytes_out: u64,
    /// When the host was first seen to use it.
    pub first_seen: Timestamp,
    /// How many hosts use it.
    pub hosts: u32,
    /// What the catalogue says it is, and whose network it is.
    pub known: Known<'a>,
}

/// What became of a source.
#[derive(Debug)]
pub struct SourceReport<'a> {
    /// Where it is, `-` for standard input.
    pub path: &'a str,
    /// The name of its format.
    pub format: &'static str,
    /// Why this format.
    pub chosen: &'a str,
    /// Its lines.
    pub counts: &'a Counts,
    /// What it cannot show, and how to open its eyes.
    pub blind: Option<String>,
}

/// Incidents within the budget that look like one theft from several hosts.
#[derive(Debug)]
pub struct Campaign<'a> {
    /// What they share.
    pub shares: Shares<'a>,
    /// The hosts, in the order of rank.
    pub hosts: Vec<&'a str>,
    /// Bytes out of all of them.
    pub bytes_out: u64,
}

/// What several incidents share.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Shares<'a> {
    /// The destination group.
    Destination(&'a str),
    /// The autonomous system of different groups: its number and name.
    Owner(u32, &'a str),
    /// Neither, but the volume, within a tenth, and the day on which they began.
    Size,
}

/// Over all sources.
#[derive(Clone, Copy, Debug, Default)]
pub struct Summary {
    /// Lines read.
    pub lines: u64,
    /// Bytes of decompressed text.
    pub bytes_read: u64,
    /// Events that entered the sums.
    pub events: u64,
    /// Hosts watched.
    pub hosts: usize,
    /// Destination groups seen.
    pub destinations: usize,
    /// All bytes out.
    pub bytes_out: u64,
    /// Incidents.
    pub incidents: usize,
    /// Of them within the budget.
    pub in_budget: usize,
    /// Incidents that are not told because a rule allows them.
    pub allowed: usize,
    /// Incidents that somebody has acknowledged, within the budget or not.
    pub acknowledged: usize,
    /// Incidents within the budget that nobody has acknowledged.
    pub unanswered: usize,
    /// Hosts that have an incident within the budget.
    pub hosts_in_budget: usize,
    /// Bytes out of all incidents within the budget.
    pub bytes_in_budget: u64,
    /// Hosts, destinations and pairs that met a cap.
    pub evicted: u64,
    /// Lines rejected.
    pub rejected: u64,
    /// How long it took, by the clock of the driver.
    pub elapsed_s: f64,
}
