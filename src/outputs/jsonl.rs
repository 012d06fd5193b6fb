//! One JSON object a line, as INTERFACES fixes it: incidents, then sources, then the summary.

use super::report::{Campaign, Cited, Report, Shares, SourceReport, Summary, Told};
use super::{SCHEMA, Style};
use crate::baseline::EstateDay;
use crate::units::Timestamp;
use serde::Serialize;
use serde_json::{Map, Value};
use std::io::{self, Write};

#[derive(Serialize)]
struct IncidentRow<'a> {
    r#type: &'static str,
    schema: &'static str,
    id: &'a str,
    rank: usize,
    in_budget: bool,
    /// It would be in the budget, but a rule of the operator allows it.
    #[serde(skip_serializing_if = "Option::is_none")]
    allowed: Option<AnswerRow<'a>>,
    /// Somebody knows of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    acknowledged: Option<AnswerRow<'a>>,
    host: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    role: &'a str,
    destination: Option<&'a str>,
    detected_at: String,
    first_seen: String,
    last_seen: String,
    bytes_out: u64,
    bytes_out_at_detection: u64,
    score_at_detection: f64,
    expected_bytes_out: u64,
    score: f64,
    severity: &'static str,
    detectors: Vec<DetectorRow>,
    techniques: Vec<&'static str>,
    destinations: Vec<DestinationRow<'a>>,
    estate_share: Share,
    summary: &'a str,
    evidence: Vec<EvidenceRow<'a>>,
}

/// Why something is not told, and until when.
#[derive(Serialize)]
struct AnswerRow<'a> {
    reason: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    until: Option<String>,
}

#[derive(Serialize)]
struct DetectorRow {
    name: &'static str,
    score: f64,
    observed: u64,
    expected: u64,
    window: String,
    /// What both are counted in, where not in bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    unit: Option<&'static str>,
}

#[derive(Serialize)]
struct DestinationRow<'a> {
    name: &'a str,
    bytes_out: u64,
    first_seen: String,
    hosts: u32,
    /// What the catalogue of services says it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    service: Option<ServiceRow<'a>>,
    /// The autonomous system that an address lies in.
    #[serde(skip_serializing_if = "Option::is_none")]
    asn: Option<OwnerRow<'a>>,
}

#[derive(Serialize)]
struct ServiceRow<'a> {
    name: &'a str,
    kind: &'static str,
}

#[derive(Serialize)]
struct OwnerRow<'a> {
    number: u32,
    name: &'a str,
}

#[derive(Serialize)]
struct Share {
    hosts: usize,
    of: usize,
}

#[derive(Serialize)]
struct EvidenceRow<'a> {
    file: &'a str,
    offset: u64,
    line: u64,
    bytes_out: u64,
    /// `bytes_out` is one total for both directions.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    either_way: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    opened_by_host: Option<bool>,
    /// The line of another source that tells the same transfer.
    #[serde(skip_serializing_if = "Option::is_none")]
    also: Option<AlsoRow<'a>>,
}

#[derive(Serialize)]
struct AlsoRow<'a> {
    file: &'a str,
    line: u64,
}

#[derive(Serialize)]
struct SourceRow<'a> {
    r#type: &'static str,
    schema: &'static str,
    path: &'a str,
    format: &'a str,
    chosen: &'a str,
    lines: u64,
    events: u64,
    skipped: u64,
    aside: u64,
    rejected: Map<String, Value>,
    late: u64,
    internal: u64,
    external: u64,
    outside: u64,
    clamped: u64,
    either_way: u64,
    repeated: u64,
    unpaired: u64,
    overflowed: u64,
    blind: Option<&'a str>,
    blind_events: u64,
    first: Option<String>,
    last: Option<String>,
}

/// What several hosts within the budget share: one of the first three.
#[derive(Serialize)]
struct CampaignRow<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    destination: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    asn: Option<OwnerRow<'a>>,
    /// Their volumes are within a tenth of each other, and they began on one day.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    one_size: bool,
    hosts: &'a [&'a str],
    bytes_out: u64,
}

/// A day of the estate.
#[derive(Serialize)]
struct EstateRow {
    r#type: &'static str,
    schema: &'static str,
    day: String,
    hosts: usize,
    bytes_out: u64,
    higher_criticism: Option<f64>,
    expected: Option<f64>,
    alarm: bool,
}

#[derive(Serialize)]
struct SummaryRow<'a> {
    r#type: &'static str,
    schema: &'static str,
    lines: u64,
    bytes_read: u64,
    events: u64,
    rejected: u64,
    hosts: usize,
    destinations: usize,
    bytes_out: u64,
    incidents: usize,
    in_budget: usize,
    allowed: usize,
    acknowledged: usize,
    hosts_in_budget: usize,
    bytes_in_budget: u64,
    /// Days on which the estate as a whole stood out.
    alarms: Vec<String>,
    campaigns: Vec<CampaignRow<'a>>,
    evicted: u64,
    elapsed_s: f64,
}

/// Renders a report.
pub(super) fn write(report: &Report<'_>, style: Style, to: &mut dyn Write) -> io::Result<()> {
    for told in report.incidents.iter().filter(|told| style.all || told.in_budget) {
        line(to, &incident(told, &report.summary))?;
    }
    for source in &report.sources {
        line(to, &self::source(source))?;
    }
    for day in &report.days {
        line(to, &estate(day))?;
    }
    line(to, &summary(report))
}

/// One incident as [`write`] gives it, without the end of the line, when `hosts` are watched and something was told of
/// `told_of` of them.
pub fn one(told: &Told<'_>, told_of: usize, hosts: usize) -> String {
    let summary = Summary { hosts, hosts_in_budget: told_of, ..Summary::default() };
    serde_json::to_string(&incident(told, &summary)).unwrap_or_default()
}

fn line(to: &mut dyn Write, row: &impl Serialize) -> io::Result<()> {
    serde_json::to_writer(&mut *to, row)?;
    to.write_all(b"\n")
}

fn incident<'a>(told: &'a Told<'_>, summary: &Summary) -> IncidentRow<'a> {
    let incident = &told.incident;
    let mut techniques: Vec<&'static str> =
        incident.findings.iter().map(|finding| finding.technique).collect();
    techniques.sort_unstable();
    techniques.dedup();
    IncidentRow {
        r#type: "incident",
        schema: SCHEMA,
        id: &told.id,
        rank: told.rank,
        in_budget: told.in_budget,
        allowed: told.allowed.map(|permit| AnswerRow {
            reason: &permit.reason,
            until: permit.until.map(|until| until.to_string()),
        }),
        acknowledged: told
            .acknowledged
            .map(|ack| AnswerRow { reason: &ack.reason, until: Some(ack.until.to_string()) }),
        host: told.host,
        role: told.role,
        destination: told.destination,
        detected_at: incident.detected_at.to_string(),
        first_seen: incident.first_seen.to_string(),
        last_seen: incident.last_seen.to_string(),
        bytes_out: incident.bytes_out,
        bytes_out_at_detection: incident.bytes_out_at_detection,
        score_at_detection: tenth(incident.score_at_detection),
        expected_bytes_out: incident.expected,
        score: tenth(incident.score),
        severity: told.severity.name(),
        detectors: incident
            .findings
            .iter()
            .map(|finding| DetectorRow {
                name: finding.detector,
                score: tenth(finding.bits),
                observed: finding.observed,
                expected: finding.expected,
                window: window(finding.window),
                unit: match (finding.detector, &incident.missing) {
                    ("silent-source", Some(missing)) => Some(missing.fault.unit()),
                    _ => None,
                },
            })
            .collect(),
        techniques,
        destinations: told
            .destinations
            .iter()
            .map(|carrier| DestinationRow {
                name: carrier.name,
                bytes_out: carrier.bytes_out,
                first_seen: carrier.first_seen.to_string(),
                hosts: carrier.hosts,
                service: carrier
                    .known
                    .service
                    .map(|service| ServiceRow { name: &service.name, kind: service.sort.name() }),
                asn: carrier.known.owner.map(|owner| OwnerRow { number: owner.number, name: owner.name }),
            })
            .collect(),
        estate_share: Share { hosts: summary.hosts_in_budget, of: summary.hosts },
        summary: &told.summary,
        evidence: told
            .evidence
            .iter()
            .map(|Cited { path, line, also }| EvidenceRow {
                file: path,
                offset: line.offset,
                line: line.line,
                bytes_out: line.bytes,
                either_way: line.sense.either_way(),
                opened_by_host: line.sense.opened_by_host(),
                also: also.map(|(file, line)| AlsoRow { file, line }),
            })
            .collect(),
    }
}

fn source<'a>(report: &'a SourceReport<'_>) -> SourceRow<'a> {
    let counts = report.counts;
    let stamp = |stamp: Timestamp| stamp.to_string();
    SourceRow {
        r#type: "source",
        schema: SCHEMA,
        path: report.path,
        format: report.format,
        chosen: report.chosen,
        lines: counts.lines,
        events: counts.events,
        skipped: counts.skipped,
        aside: counts.aside,
        rejected: counts
            .rejected_by_reason()
            .map(|(reason, count)| (reason.to_owned(), count.into()))
            .collect(),
        late: counts.late,
        internal: counts.internal,
        external: counts.external,
        outside: counts.outside,
        clamped: counts.clamped,
        either_way: counts.either_way,
        repeated: counts.repeated,
        unpaired: counts.unpaired,
        overflowed: counts.overflowed,
        blind: report.blind.as_deref(),
        blind_events: counts.blind,
        first: counts.span.map(|span| stamp(span.0)),
        last: counts.span.map(|span| stamp(span.1)),
    }
}

fn estate(day: &EstateDay) -> EstateRow {
    let tenth = |value: Option<f64>| value.map(tenth);
    EstateRow {
        r#type: "estate",
        schema: SCHEMA,
        day: date(day),
        hosts: day.hosts,
        bytes_out: day.bytes_out,
        higher_criticism: tenth(day.criticism),
        expected: tenth(day.expected),
        alarm: day.alarms(),
    }
}

/// `2023-03-29`.
fn date(day: &EstateDay) -> String {
    day.start.to_string().split('T').next().unwrap_or_default().to_owned()
}

fn campaign<'a>(campaign: &'a Campaign<'_>) -> CampaignRow<'a> {
    let (destination, asn) = match campaign.shares {
        Shares::Destination(name) => (Some(name), None),
        Shares::Owner(number, name) => (None, Some(OwnerRow { number, name })),
        Shares::Size => (None, None),
    };
    CampaignRow {
        destination,
        asn,
        one_size: campaign.shares == Shares::Size,
        hosts: &campaign.hosts,
        bytes_out: campaign.bytes_out,
    }
}

fn summary<'a>(report: &'a Report<'_>) -> SummaryRow<'a> {
    let summary = &report.summary;
    SummaryRow {
        r#type: "summary",
        schema: SCHEMA,
        lines: summary.lines,
        bytes_read: summary.bytes_read,
        events: summary.events,
        rejected: summary.rejected,
        hosts: summary.hosts,
        destinations: summary.destinations,
        bytes_out: summary.bytes_out,
        incidents: summary.incidents,
        in_budget: summary.in_budget,
        allowed: summary.allowed,
        acknowledged: summary.acknowledged,
        hosts_in_budget: summary.hosts_in_budget,
        bytes_in_budget: summary.bytes_in_budget,
        alarms: report.days.iter().filter(|day| day.alarms()).map(date).collect(),
        campaigns: report.campaigns.iter().map(campaign).collect(),
        evicted: summary.evicted,
        elapsed_s: (summary.elapsed_s * 1e3).round() / 1e3,
    }
}

fn tenth(bits: f64) -> f64 {
    (bits * 10.0).round() / 10.0
}

/// `1h`, `24h`, `7d`, as settings write it.
fn window(span: crate::units::Span) -> String {
    match span.0 / crate::units::Span::HOUR.0 {
        hours if hours > 24 => format!("{}d", hours / 24),
        hours => format!("{hours}h"),
    }
}
