//! Numbers → names: what a scan came to, as outputs render it.

use super::campaigns::campaigns;
use super::{Scanned, Seconds, Source};
use crate::baseline::{Baseline, Host};
use crate::estate::Inventory;
use crate::event::catalogue::{Catalogue, Known};
use crate::event::tool;
use crate::incident::{Fault, Incident, Missing, Severity};
use crate::incidents::{Ack, Allowed, rank};
use crate::outputs::{Carrier, Cited, Report, SourceReport, Summary, Told};
use crate::tally::{Counts, Directory};
use crate::units::{Bytes, Span};
use std::collections::BTreeSet;
use std::time::Duration;

/// How many days of an incident are shown.
const DAYS: i64 = 30;

/// How many destination groups of an incident are named.
const CARRIERS: usize = 5;

/// What names are found in.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    /// Names of hosts by number.
    pub hosts: &'a Directory,
    /// Names of destination groups by number.
    pub destinations: &'a Directory,
    /// What is known of destinations.
    pub catalogue: &'a Catalogue,
    /// Who uses which destination.
    pub baseline: &'a Baseline,
    /// Which line told again what another told.
    pub seconds: &'a Seconds,
    /// By number.
    pub sources: &'a [Source],
    /// The hosts' roles.
    pub inventory: &'a Inventory,
    /// What rules allow.
    pub allowed: &'a Allowed,
    /// What people have acknowledged.
    pub acks: &'a [Ack],
}

impl Scanned {
    /// Resolves what a scan came to. `elapsed` is by the clock of the driver.
    pub fn report<'a>(
        &'a self,
        sources: &'a [Source],
        inventory: &'a Inventory,
        elapsed: Duration,
    ) -> Report<'a> {
        let scanned = self;
        let view = View {
            hosts: &self.hosts,
            destinations: &self.destinations,
            catalogue: &self.catalogue,
            baseline: &self.baseline,
            seconds: &self.seconds,
            sources,
            inventory,
            allowed: &self.allowed,
            acks: &self.acks,
        };
        let name = |incident: &Incident| {
            let destination = incident.destination.map_or("", |number| scanned.destinations.name(number));
            (scanned.hosts.name(incident.host).to_owned(), destination.to_owned(), incident.first_seen)
        };
        let incidents: Vec<Told<'a>> = rank(scanned.incidents.clone(), name)
            .into_iter()
            .zip(1..)
            .map(|(incident, rank)| view.told(incident, rank))
            .collect();
        let sources: Vec<SourceReport<'a>> = sources
            .iter()
            .zip(&scanned.counts)
            .map(|(source, counts)| SourceReport {
                path: &source.path,
                format: source.kind.name,
                chosen: &source.chosen,
                counts,
                blind: source.blind(counts),
            })
            .collect();
        let mut hosts: Vec<&str> =
            incidents.iter().filter(|told| told.in_budget).map(|told| told.host).collect();
        hosts.sort_unstable();
        hosts.dedup();
        let sum = |of: fn(&Counts) -> u64| scanned.counts.iter().map(of).sum::<u64>();
        let summary = Summary {
            lines: sum(|counts| counts.lines),
            bytes_read: sum(|counts| counts.bytes),
            events: sum(|counts| counts.events),
            hosts: view.hosts(),
            destinations: distinct(&scanned.destinations, |number| {
                scanned.baseline.destinations.get(number).is_some_and(|group| group.first.is_some())
            }),
            bytes_out: scanned.bytes_out,
            incidents: incidents.len(),
            in_budget: incidents.iter().filter(|told| told.in_budget).count(),
            allowed: incidents.iter().filter(|told| told.allowed.is_some()).count(),
            acknowledged: incidents.iter().filter(|told| told.acknowledged.is_some()).count(),
            unanswered: incidents.iter().filter(|told| told.in_budget && told.acknowledged.is_none()).count(),
            hosts_in_budget: hosts.len(),
            bytes_in_budget: incidents
                .iter()
                .filter(|told| told.in_budget)
                .fold(0, |sum, told| sum.saturating_add(told.incident.bytes_out)),
            evicted: scanned.evicted,
            rejected: sum(Counts::rejected_total),
            elapsed_s: elapsed.as_secs_f64(),
        };
        let campaigns = campaigns(&incidents, summary.hosts);
        let days = scanned.baseline.days.iter().copied().collect();
        let mut volumes = vec![0; 64];
        for host in scanned.baseline.hosts.iter().filter(|host| host.first.is_some()) {
            if let Some(count) = volumes.get_mut(sent(host).max(1).ilog2() as usize) {
                *count += 1;
            }
        }
        Report { incidents, sources, days, campaigns, volumes, exercises: Vec::new(), summary }
    }
}

/// All bytes that a host sent.
fn sent(host: &Host) -> u64 {
    host.pairs.iter().fold(0, |sum: u64, (_, pair)| sum.saturating_add(pair.total))
}

/// How many names, however many kinds of traffic each is seen in.
fn distinct(directory: &Directory, counts: impl Fn(usize) -> bool) -> usize {
    let names = directory.names().iter().enumerate().filter(|(number, _)| counts(*number));
    names.map(|(_, name)| name).collect::<BTreeSet<_>>().len()
}

impl<'a> View<'a> {
    /// How many hosts are watched. Hosts that only other hosts of ours sent to are not.
    pub fn hosts(&self) -> usize {
        distinct(self.hosts, |number| {
            self.baseline.hosts.get(number).is_some_and(|host| host.first.is_some())
        })
    }

    /// An incident with all names.
    pub fn told(&self, incident: Incident, rank: usize) -> Told<'a> {
        let host = self.hosts.name(incident.host);
        let destination = incident.destination.map(|number| self.destinations.name(number));
        let path = |number: u32| self.sources.get(number as usize).map_or("", |source| source.path.as_str());
        let member = self.inventory.member(host);
        let known = self.baseline.hosts.get(incident.host as usize);
        let unit = match incident.destination {
            Some(number) => known.and_then(|host| host.pairs.get(number)?.unit()),
            None => known.map(|host| &host.unit),
        };
        let until = unit.and_then(|unit| unit.last).unwrap_or(incident.last_seen);
        Told {
            days: unit.map(|unit| unit.rolling.days(until, DAYS)).unwrap_or_default(),
            until,
            sent: known.map_or(0, sent),
            id: id(host, destination, &incident),
            rank,
            in_budget: incident.told,
            allowed: self.allowed.of(&incident),
            acknowledged: Ack::of(self.acks, host, destination, incident.detected_at),
            host,
            role: member.map_or("", |member| &member.role),
            destination,
            destinations: self.carriers(&incident),
            severity: Severity::of(incident.score),
            summary: sentence(host, destination.map(|name| (name, self.catalogue.of(name))), &incident),
            evidence: incident
                .evidence
                .iter()
                .map(|line| {
                    let also = self.seconds.of(line.source, line.line);
                    let also = also.map(|(source, line)| (path(source), line));
                    Cited { path: path(line.source), line: *line, also }
                })
                .collect(),
            incident,
        }
    }

    fn carriers(&self, incident: &Incident) -> Vec<Carrier<'a>> {
        let Some(host) = self.baseline.hosts.get(incident.host as usize) else { return Vec::new() };
        let mut carriers: Vec<Carrier<'a>> = host
            .pairs
            .iter()
            .filter(|(destination, _)| incident.destination.is_none_or(|only| only == *destination))
            .map(|(destination, pair)| Carrier {
                name: self.destinations.name(destination),
                bytes_out: pair.total,
                first_seen: pair.first,
                hosts: self.baseline.destinations.get(destination as usize).map_or(0, |group| group.hosts),
                known: self.catalogue.of(self.destinations.name(destination)),
            })
            .collect();
        carriers.sort_by(|a, b| b.bytes_out.cmp(&a.bytes_out).then_with(|| a.name.cmp(b.name)));
        carriers.truncate(CARRIERS);
        carriers
    }
}

/// `db-17 sent 37.5 GB to files.example in 46 h; it had never sent more than 2 kB a day`
fn sentence(host: &str, destination: Option<(&str, Known<'_>)>, incident: &Incident) -> String {
    let to = match destination {
        None => "several destinations".to_owned(),
        Some((name, Known { service: Some(service), .. })) => {
            format!("{name} ({}, {})", service.name, service.sort.name())
        }
        Some((name, Known { owner: Some(owner), .. })) => {
            format!("{name} (AS{} {})", owner.number, owner.name)
        }
        Some((name, _)) => name.to_owned(),
    };
    let took = incident.last_seen - incident.first_seen;
    let usual = match incident.expected {
        0 if incident.watched < Span::DAY.times(3) => {
            format!("it was new, watched for {} before", incident.watched)
        }
        0 => format!("it had sent nothing that counts in the {} before", incident.watched),
        expected => format!("it had never sent more than {} a day", Bytes(expected)),
    };
    let tools: Vec<&str> = tool::names(incident.tools).collect();
    let with = if tools.is_empty() { String::new() } else { format!(" with {}", tools.join(", ")) };
    if let (Some(missing), 1) = (&incident.missing, incident.findings.len()) {
        return lack(host, missing);
    }
    let first = match incident.exposure {
        Some(exposure) if incident.findings.len() == 1 => return format!("{host} {}", exposure.name()),
        Some(exposure) => format!("{} and ", exposure.name()),
        None => String::new(),
    };
    format!(
        "{host} {first}sent {} to {to}{with} in {}; {usual}",
        Bytes(incident.bytes_out),
        took.max(Span::MINUTE)
    )
}

/// `zeek-conn told nothing for 36 hours; it had never paused for more than 2`
pub(super) fn lack(host: &str, missing: &Missing) -> String {
    let Missing { fault, observed, expected, .. } = missing;
    let share = |of_a_million: &u64| format!("{:.2} %", *of_a_million as f64 / 1e4);
    match fault {
        Fault::Silent => format!(
            "{host} is silent in a log that had at least {expected} records a day of it; another log still tells of it"
        ),
        Fault::Gap => {
            format!("{host} told nothing for {observed} hours; it had never paused for more than {expected}")
        }
        Fault::Rejects => {
            let (now, before) = (share(observed), share(expected));
            format!(
                "{now} of the lines of {host} could not be read on a day; it had never been more than {before}"
            )
        }
        Fault::Blind => {
            let (now, before) = (share(observed), share(expected));
            format!(
                "{now} of the events of {host} did not say how much left on a day; it had never been more than {before}"
            )
        }
    }
}

/// FNV-1a of what the incident is about: small, and the same in every version and on every machine. It tells incidents
/// apart, it protects nothing.
fn id(host: &str, destination: Option<&str>, incident: &Incident) -> String {
    let about = format!("{host}\0{}\0{}", destination.unwrap_or_default(), incident.first_seen.0);
    let hash = about.bytes().fold(0xcbf2_9ce4_8422_2325u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    });
    format!("{hash:016x}")
}

impl Source {
    /// What it cannot show: by its format, or by what its lines turned out to lack.
    pub fn blind(&self, counts: &Counts) -> Option<String> {
        let sight = self.format.sight();
        if counts.either_way > 0 {
            let (some, all, remedy) = (counts.either_way, counts.events, sight.remedy);
            return Some(format!(
                "{some} of {all} events have one total for both directions, which counts as sent: {remedy}"
            ));
        }
        let share = || {
            let share = format!("{} of {} events do not say how much left", counts.blind, counts.events);
            (counts.blind > 0).then(|| match sight.remedy {
                "" => share,
                remedy => format!("{share}: {remedy}"),
            })
        };
        // A header may have changed the format after the first line; what the events showed decides.
        if counts.events > 0 && counts.blind < counts.events {
            return share();
        }
        sight.blind().or_else(share)
    }
}
