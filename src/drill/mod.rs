//! Would we have caught it? Thefts laid over somebody's own logs in memory, read and judged like any other line, and what became
//! of them: `outflow drill`.
//!
//! A first scan tells who is there, who is quiet, and which places are new (`ground`); then each reading lays some thefts of
//! `synth::scenarios` beside the files as one more source of each log (`log`), and `eval` says which incidents are theirs. Reads no
//! file and changes none; the command line reads.
//!
//! **Several thefts share a reading** so that a drill does not take a reading for each. They have hosts of their own, and of
//! those that begin on one day there is one for each ten of the day's budget: they take room in it, and raise the bar for each
//! other, so what is told of them is at most a little too little. `Settings::alone` gives each a reading of its own.
//!
//! **Caught** is a theft of which an incident was told, within the budget, that would not have been told of that host and place as
//! early without it.

mod ground;
mod log;

use crate::batch::Batch;
use crate::estate::Inventory;
use crate::eval::{self, Incident, Theft};
use crate::event::Channel;
use crate::incidents::Budget;
use crate::outputs::{DrillRow, DrillTheft, Report};
use crate::pipeline::{Scanned, Source};
use crate::synth::scenarios::{self, Scenario};
use crate::synth::{Laid, Overlay};
use crate::units::{Bytes, Span, Timestamp};
use ground::{Log, Made};
pub use log::{shown_by, source as laid_over, written};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// The scenarios that make sense on somebody else's log, and the kind of traffic that shows them. The control (`quiet`) does not:
/// the first scan is that.
pub const CATALOGUE: &[(&str, Channel)] = &[
    ("capita-2023", Channel::Transfer),
    ("smash-and-grab", Channel::Transfer),
    ("aws-2025", Channel::Transfer),
    ("throttled", Channel::Transfer),
    ("off-hours", Channel::Transfer),
    ("new-host", Channel::Transfer),
    ("spread", Channel::Transfer),
    ("drip", Channel::Transfer),
    ("beacon", Channel::Transfer),
    ("low-and-slow", Channel::Transfer),
    ("boiling-frog", Channel::Transfer),
    ("backup-new-vault", Channel::Transfer),
    ("backup-same-vault", Channel::Transfer),
    ("popular-service", Channel::Transfer),
    ("insider", Channel::Transfer),
    ("hackney-2020", Channel::Transfer),
    ("dns-tunnel-slow", Channel::Names),
    ("dns-tunnel-medium", Channel::Names),
    ("dns-tunnel-fast", Channel::Names),
    ("web-pull", Channel::Answers),
    ("open-bucket", Channel::Objects),
];

/// The rows of the catalogue that a word means: one by its name, or all whose names it begins.
pub fn meant(word: &str) -> Vec<&'static str> {
    let names = CATALOGUE.iter().map(|(name, _)| *name);
    let exact: Vec<&str> = names.clone().filter(|name| *name == word).collect();
    if exact.is_empty() && !word.is_empty() {
        names.filter(|name| name.starts_with(word)).collect()
    } else {
        exact
    }
}

/// What is drilled.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Of [`CATALOGUE`], by name.
    pub scenarios: Vec<&'static str>,
    /// Thefts of each scenario; at least 1.
    pub runs: u32,
    /// Draws hosts, hours and places; the same on the same logs gives the same answer.
    pub seed: u64,
    /// How long nothing is stolen; a third of the logs if not given, at least two days of them and at most ten.
    pub learning: Option<Span>,
    /// Stolen per theft; the scenario's own figure when not given.
    pub bytes: Option<Bytes>,
    /// Each theft has a reading of its own.
    pub alone: bool,
}

/// A drill under way.
#[derive(Debug)]
pub struct Drill {
    settings: Settings,
    /// By kind of traffic.
    logs: BTreeMap<Channel, Result<Log, String>>,
    /// What is told of the logs as they are: when, by host and destination.
    before: BTreeMap<(String, Option<String>), Timestamp>,
    readings: Vec<Reading>,
    thefts: Vec<DrillTheft>,
}

/// What is laid over the logs at once.
#[derive(Debug, Default)]
struct Reading {
    laid: Vec<(Channel, Laid)>,
    hosts: BTreeSet<String>,
    /// How many begin on each day.
    begin: BTreeMap<Timestamp, u32>,
}

impl Drill {
    /// Plans everything, by what a scan of the logs as they are came to, and what that told.
    pub fn plan(
        scanned: Scanned,
        told: &[Incident],
        sources: &[Source],
        inventory: &Inventory,
        budget: Budget,
        settings: Settings,
    ) -> Drill {
        let made = Made {
            baseline: &scanned.baseline,
            hosts: &scanned.hosts,
            destinations: Arc::new(scanned.destinations),
            counts: &scanned.counts,
            sources,
            inventory,
        };
        let channels: BTreeSet<Channel> =
            CATALOGUE.iter().filter(|(name, _)| settings.scenarios.contains(name)).map(|row| row.1).collect();
        let logs: BTreeMap<_, _> =
            channels.into_iter().map(|channel| (channel, made.log(channel, &settings))).collect();
        let mut before = BTreeMap::new();
        for incident in told.iter().filter(|incident| incident.in_budget) {
            let told = before.entry((incident.host.clone(), incident.destination.clone()));
            let at = told.or_insert(incident.detected_at);
            *at = incident.detected_at.min(*at);
        }
        let mut drill = Drill { settings, logs, before, readings: Vec::new(), thefts: Vec::new() };
        drill.pack((budget.per_day / 10).max(1));
        drill
    }

    /// Puts each theft into the first reading in which it disturbs no other.
    fn pack(&mut self, a_day: u32) {
        for number in 0..self.settings.runs {
            for (scenario, channel) in self.scenarios() {
                let Some(Ok(log)) = self.logs.get(&channel) else { continue };
                let Some(laid) = log.ground.lay(scenario, number, self.settings.bytes) else { continue };
                let Some(begin) = begins(&laid).map(|at| at.floor(Span::DAY)) else { continue };
                let hosts: BTreeSet<String> = laid.labels.iter().map(|label| label.host.clone()).collect();
                let is_free = |reading: &&mut Reading| {
                    let of_day = reading.begin.get(&begin).copied().unwrap_or(0);
                    of_day < a_day && reading.hosts.is_disjoint(&hosts)
                };
                let alone = self.settings.alone;
                let place = match self.readings.iter_mut().find(|reading| !alone && is_free(reading)) {
                    Some(reading) => reading,
                    None => {
                        self.readings.push(Reading::default());
                        let last = self.readings.len() - 1;
                        &mut self.readings[last]
                    }
                };
                *place.begin.entry(begin).or_default() += 1;
                place.hosts.extend(hosts);
                place.laid.push((channel, laid));
            }
        }
    }

    /// What is drilled, in the order of the catalogue.
    fn scenarios(&self) -> Vec<(&'static Scenario, Channel)> {
        let wanted = CATALOGUE.iter().filter(|(name, _)| self.settings.scenarios.contains(name));
        wanted.filter_map(|(name, channel)| Some((scenarios::by_name(name)?, *channel))).collect()
    }

    /// How many times the logs are to be read.
    pub fn readings(&self) -> usize {
        self.readings.len()
    }

    /// How many thefts are laid.
    pub fn planned(&self) -> usize {
        self.readings.iter().map(|reading| reading.laid.len()).sum()
    }

    /// Lays the thefts of a reading beside what was opened for it.
    pub fn lay(&self, reading: usize, batch: &mut Batch) {
        let Some(Reading { laid, .. }) = self.readings.get(reading) else { return };
        for (channel, log) in &self.logs {
            let Ok(log) = log else { continue };
            let thefts: Vec<&Laid> =
                laid.iter().filter(|(by, _)| by == channel).map(|(_, laid)| laid).collect();
            let begins = thefts.iter().filter_map(|laid| begins(laid)).min();
            let source = batch.sources.get(log.source).and_then(|source| log::source(source, log.role));
            if let (Some(begins), Some(source)) = (begins, source) {
                // Small talk comes before the theft.
                let begins = begins - Span::DAY.times(30);
                batch.lay(source, Box::new(Overlay::new(&log.ground, &thefts)), begins);
            }
        }
    }

    /// Takes in what was told of a reading.
    pub fn judge(&mut self, reading: usize, incidents: &[Incident]) {
        let Some(Reading { laid, .. }) = self.readings.get(reading) else { return };
        for (_, laid) in laid {
            let fates = eval::thefts(&laid.labels).into_iter().map(|theft| self.fate(theft, incidents));
            self.thefts.extend(fates.collect::<Vec<_>>());
        }
    }

    fn fate(&self, theft: Theft, incidents: &[Incident]) -> DrillTheft {
        let without = |incident: &Incident| {
            let key = (incident.host.clone(), incident.destination.clone());
            self.before.get(&key).is_some_and(|at| *at <= incident.detected_at)
        };
        let own: Vec<&Incident> = incidents.iter().filter(|incident| theft.matches(incident)).collect();
        let told = own.iter().filter(|incident| incident.in_budget && !without(incident));
        let told = told.min_by_key(|incident| incident.detected_at);
        let worse = |incident: &Incident, other: &Incident| {
            other.day() == incident.day() && other.score_at_detection > incident.score_at_detection
        };
        let rank =
            |incident: &&Incident| 1 + incidents.iter().filter(|other| worse(incident, other)).count() as u64;
        DrillTheft {
            rank: told.map_or_else(|| own.iter().map(rank).min(), |told| Some(rank(told))),
            after: told.map(|told| told.detected_at - theft.start),
            gone: told.map(|told| theft.gone_by(told.detected_at)),
            theft,
        }
    }

    /// Every theft and what became of it.
    pub fn thefts(&self) -> &[DrillTheft] {
        &self.thefts
    }

    /// What came out, by scenario; to be asked when all readings were judged.
    pub fn rows(&self) -> Vec<DrillRow> {
        let row = |(scenario, channel): (&'static Scenario, Channel)| {
            let of = |theft: &&DrillTheft| theft.theft.scenario == scenario.name;
            let thefts: Vec<&DrillTheft> = self.thefts.iter().filter(of).collect();
            let unseen = match self.logs.get(&channel) {
                Some(Err(why)) => Some(why.clone()),
                _ if thefts.is_empty() => {
                    Some("the log has no host, or no place, that such a theft would take".to_owned())
                }
                _ => None,
            };
            DrillRow::new(scenario.name, scenario.about, &thefts, unseen)
        };
        self.scenarios().into_iter().map(row).collect()
    }
}

fn begins(laid: &Laid) -> Option<Timestamp> {
    laid.labels.iter().map(|label| label.start).min()
}

/// The incidents of a report, as they are scored.
pub fn incidents(report: &Report<'_>) -> Vec<Incident> {
    let incident = |told: &crate::outputs::Told<'_>| Incident {
        host: told.host.to_owned(),
        destination: told.destination.map(str::to_owned),
        detected_at: told.incident.detected_at,
        first_seen: told.incident.first_seen,
        score_at_detection: told.incident.score_at_detection,
        bytes_out_at_detection: told.incident.bytes_out_at_detection,
        in_budget: told.in_budget,
    };
    report.incidents.iter().map(incident).collect()
}
