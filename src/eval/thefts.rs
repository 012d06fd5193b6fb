//! Label rows → thefts, and which incident tells of which.

use super::{Incident, Label};
use crate::event::direction::Party;
use crate::event::{Channel, address};
use crate::tally::Directory;
use crate::units::Timestamp;
use std::collections::BTreeMap;

/// One theft.
#[derive(Clone, Debug, PartialEq)]
pub struct Theft {
    /// Its kind.
    pub scenario: String,
    /// What it stole, by host and destination; at least one row.
    pub rows: Vec<Row>,
    /// The first stolen byte.
    pub start: Timestamp,
    /// The last one.
    pub end: Timestamp,
    /// All of them: the most that any one log shows.
    pub bytes: u64,
}

/// What one host stole to one destination group.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// The log that shows it, where there are several.
    pub log: Option<String>,
    /// The host, in lower case.
    pub host: String,
    /// The group, as a scan names it.
    pub group: String,
    /// The first stolen byte.
    pub start: Timestamp,
    /// The last one.
    pub end: Timestamp,
    /// How many.
    pub bytes: u64,
}

/// The thefts that labels tell of, by scenario and number (or host), in that order.
pub fn thefts(labels: &[Label]) -> Vec<Theft> {
    let mut sorted: BTreeMap<(&str, Option<u64>, &str), Vec<&Label>> = BTreeMap::new();
    for label in labels {
        let host = if label.theft.is_none() { label.host.as_str() } else { "" };
        sorted.entry((&label.scenario, label.theft, host)).or_default().push(label);
    }
    sorted.into_iter().filter_map(|((scenario, ..), labels)| theft(scenario, &labels)).collect()
}

fn theft(scenario: &str, labels: &[&Label]) -> Option<Theft> {
    let row = |label: &&Label| Row {
        log: label.log.clone(),
        host: label.host.to_ascii_lowercase(),
        group: group(&label.destination),
        start: label.start,
        end: label.end,
        bytes: label.bytes,
    };
    Some(Theft {
        scenario: scenario.to_owned(),
        rows: labels.iter().map(row).collect(),
        start: labels.iter().map(|label| label.start).min()?,
        end: labels.iter().map(|label| label.end).max()?,
        bytes: most(labels.iter().map(|label| (&label.log, label.bytes))),
    })
}

impl Theft {
    /// Whether this incident tells of it; the rule is in the module's head.
    pub fn matches(&self, incident: &Incident) -> bool {
        let in_time = incident.detected_at >= self.start && incident.first_seen <= self.end;
        let place = |row: &Row| match &incident.destination {
            None => true,
            // A group is a fixed point of grouping, so a list that names the bare destination matches too.
            Some(destination) => row.group == *destination || row.group == group(destination),
        };
        in_time && self.rows.iter().any(|row| row.host.eq_ignore_ascii_case(&incident.host) && place(row))
    }

    /// Stolen bytes that had left at this moment, each row flowing evenly.
    pub fn gone_by(&self, at: Timestamp) -> u64 {
        let gone = |row: &Row| {
            let (length, past) = ((row.end - row.start).0, (at - row.start).0);
            match (u128::try_from(length), u128::try_from(past)) {
                (_, Err(_)) => 0,
                (Ok(length), Ok(past)) if past < length => {
                    u64::try_from(u128::from(row.bytes) * past / length).unwrap_or(row.bytes)
                }
                _ => row.bytes,
            }
        };
        most(self.rows.iter().map(|row| (&row.log, gone(row))))
    }
}

/// The largest sum of any one log.
fn most<'a>(bytes: impl Iterator<Item = (&'a Option<String>, u64)>) -> u64 {
    let mut sums: BTreeMap<&Option<String>, u64> = BTreeMap::new();
    for (log, bytes) in bytes {
        *sums.entry(log).or_default() += bytes;
    }
    sums.into_values().max().unwrap_or(0)
}

/// The group of a destination, as a scan names it: `203.0.113.0/24`, `files.example`.
fn group(destination: &str) -> String {
    if destination.contains('/') {
        return destination.to_owned();
    }
    let mut directory = Directory::new(1);
    let party = address(destination.as_bytes()).map_or(Party::Name(destination.as_bytes()), Party::from);
    let number = directory.group(party, Channel::default());
    directory.name(number).to_owned()
}
