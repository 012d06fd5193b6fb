//! A report as one page: no network, no script, nothing but text and shapes. All that logs control is escaped.

mod exercises;
mod list;
mod svg;

use super::Style;
use super::escape::{self, grouped};
use super::report::{Report, Told};
use crate::units::{Bytes, Span};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::io::{self, Write};

/// Nothing may be loaded and nothing may run; the style stands in the page.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

const STYLE: &str = include_str!("style.css");

/// Most incidents listed and drawn as flows: more is a carpet.
const FLOWS: usize = 24;

/// Renders a report.
pub(super) fn write(report: &Report<'_>, style: Style, to: &mut dyn Write) -> io::Result<()> {
    let told: Vec<&Told<'_>> = report.incidents.iter().filter(|told| style.all || told.in_budget).collect();
    let title = headline(report, &told);
    write!(
        to,
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta http-equiv=\"Content-Security-Policy\" content=\"{POLICY}\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><meta name=\"referrer\" content=\"no-referrer\">\
         <title>outflow: {title}</title><style>{STYLE}</style></head><body><main><h1>{title}</h1>"
    )?;
    let summary = &report.summary;
    writeln!(
        to,
        "<p class=\"soft\">{} of {} that left in all are in these incidents. Read: {} lines, {} events, {} hosts, {} destinations.{}{}</p>",
        Bytes(summary.bytes_in_budget),
        Bytes(summary.bytes_out),
        grouped(summary.lines),
        grouped(summary.events),
        grouped(summary.hosts as u64),
        grouped(summary.destinations as u64),
        match summary.incidents.saturating_sub(told.len() + if style.all { 0 } else { summary.allowed }) {
            0 => String::new(),
            more => format!(" {more} more incidents lie beyond the budget."),
        },
        match summary.allowed {
            0 => String::new(),
            1 => " 1 incident is allowed by rules.".to_owned(),
            allowed => format!(" {allowed} incidents are allowed by rules."),
        }
    )?;
    list::together(report, &told, to)?;
    pictures(report, &told, to)?;
    writeln!(to, "<h2>Incidents, the worst first</h2>")?;
    if told.is_empty() {
        writeln!(to, "<p>None.</p>")?;
    }
    for (place, told) in told.iter().enumerate() {
        incident(told, place < 3, to)?;
    }
    exercises::write(&report.exercises, to)?;
    sources(report, to)?;
    writeln!(to, "</main></body></html>")
}

/// "7 of 10,214 hosts, 0.07 %, sent 312 GB to 2 destinations since 2023-03-29 01:00"
fn headline(report: &Report<'_>, told: &[&Told<'_>]) -> String {
    let hosts: BTreeSet<&str> = told.iter().map(|told| told.host).collect();
    let destinations: BTreeSet<&str> = told.iter().filter_map(|told| told.destination).collect();
    let Some(since) = told.iter().map(|told| told.incident.first_seen).min() else {
        return format!("Of {} hosts none stands out", report.summary.hosts);
    };
    let share = 100.0 * hosts.len() as f64 / report.summary.hosts.max(1) as f64;
    let bytes = told.iter().fold(0, |sum: u64, told| sum.saturating_add(told.incident.bytes_out));
    let since = since.to_string().replace('T', " ");
    let since = since.get(..16).unwrap_or_default();
    format!(
        "{} of {} hosts, {share:.2} %, sent {} to {} destinations since {since} UTC",
        grouped(hosts.len() as u64),
        grouped(report.summary.hosts as u64),
        Bytes(bytes),
        destinations.len()
    )
}

fn pictures(report: &Report<'_>, told: &[&Told<'_>], to: &mut dyn Write) -> io::Result<()> {
    let mut flows: BTreeMap<(&str, &str), u64> = BTreeMap::new();
    for told in told.iter().take(FLOWS) {
        *flows.entry((told.host, told.destination.unwrap_or("several destinations"))).or_default() +=
            told.incident.bytes_out;
    }
    let mut flows: Vec<(&str, &str, u64)> =
        flows.into_iter().map(|((host, destination), bytes)| (host, destination, bytes)).collect();
    flows.sort_by_key(|(.., bytes)| std::cmp::Reverse(*bytes));
    if !flows.is_empty() {
        let says = format!(
            "{} from hosts of the list to their destinations, the widest from {} to {}: {}",
            if flows.len() == 1 { "A flow".to_owned() } else { format!("{} flows", flows.len()) },
            flows[0].0,
            flows[0].1,
            Bytes(flows[0].2)
        );
        let worst = told.get(..FLOWS).unwrap_or(told);
        let heading = match told.len() - worst.len() {
            0 => "The list".to_owned(),
            _ => format!("The list: the worst {FLOWS} of {}", told.len()),
        };
        writeln!(to, "<h2 id=\"list\">{heading}</h2>")?;
        list::write(worst, to)?;
        writeln!(to, "<h2>From where to where</h2>{}", svg::flows(&flows, &says))?;
    }
    let mut outliers = vec![0u64; report.volumes.len()];
    for host in told.iter().map(|told| told.host).collect::<BTreeSet<_>>() {
        let sent = told.iter().filter(|told| told.host == host).map(|told| told.sent).max().unwrap_or(0);
        if let Some(count) = outliers.get_mut(sent.max(1).ilog2() as usize) {
            *count += 1;
        }
    }
    let says = format!(
        "How many of {} hosts sent how much in all; those told of are red",
        grouped(report.summary.hosts as u64)
    );
    writeln!(
        to,
        "<h2>The whole estate</h2><p class=\"soft\">{says}. Both scales are logarithmic.</p>{}",
        svg::distribution(&report.volumes, &outliers, &says)
    )
}

fn incident(told: &Told<'_>, open: bool, to: &mut dyn Write) -> io::Result<()> {
    let (incident, severity) = (&told.incident, told.severity.name());
    let mut page = String::new();
    let _ = write!(
        page,
        "<details{}><summary><span class=\"tag {severity}\">{severity}</span><span class=\"name\">{}</span></summary><div id=\"i{}\">",
        if open { " open" } else { "" },
        text(&told.summary),
        told.id
    );
    if let Some(answer) = told.answer() {
        let _ = write!(page, "<p>{}.</p>", text(&answer));
    }
    let (usual, days) = (incident.expected, watched_days(told));
    let sending = days.iter().filter(|bytes| **bytes > 0).count();
    let says = format!(
        "Net bytes a day for {} days; on {sending} of them something left. The dashed line is the most that was usual in a day, {}",
        days.len(),
        Bytes(usual)
    );
    if sending > 0 {
        let _ = write!(page, "{}<p class=\"soft\">{says}.</p>", svg::days(days, told.until, usual, &says));
    }
    page += &begin_table(
        "What detectors said",
        "<th>Detector<th class=\"number\">bits<th class=\"number\">observed<th class=\"number\">usual<th>in",
    );
    for finding in &incident.findings {
        let _ = write!(
            page,
            "<tr><td>{} <span class=\"soft\">{}</span><td class=\"number\">{:.1}<td class=\"number\">{}<td class=\"number\">{}<td class=\"time\">{}</tr>",
            finding.detector,
            finding.technique,
            finding.bits,
            Bytes(finding.observed),
            Bytes(finding.expected),
            finding.window
        );
    }
    page.push_str("</table></div><p>Where it went:</p><ul>");
    for carrier in &told.destinations {
        let known = match (carrier.known.service, carrier.known.owner) {
            (Some(service), _) => format!(", {} ({})", text(&service.name), service.sort.name()),
            (None, Some(owner)) => format!(", AS{} {}", owner.number, text(owner.name)),
            (None, None) => String::new(),
        };
        let _ = write!(
            page,
            "<li><span class=\"name\">{}</span>{known}: {} since {}, used by {} of our hosts</li>",
            text(carrier.name),
            Bytes(carrier.bytes_out),
            carrier.first_seen,
            carrier.hosts
        );
    }
    page.push_str("</ul><p>Lines to look at:</p><ul>");
    for cited in &told.evidence {
        let _ = write!(
            page,
            "<li><span class=\"name\">{}</span> line {}, {}</li>",
            text(cited.path),
            cited.line.line,
            Bytes(cited.line.bytes)
        );
    }
    let role = if told.role.is_empty() { String::new() } else { format!(" Role: {}.", text(told.role)) };
    let lasted = (incident.last_seen - incident.first_seen).max(Span::MINUTE);
    let _ = write!(
        page,
        "</ul><p class=\"soft\">Told at {} after {}; {} in {lasted}. Watched for {} before.{role} Id {}. <a href=\"#list\">Back to the list</a></p></div></details>",
        incident.detected_at,
        Bytes(incident.bytes_out_at_detection),
        Bytes(incident.bytes_out),
        incident.watched,
        told.id
    );
    writeln!(to, "{page}")
}

fn sources(report: &Report<'_>, to: &mut dyn Write) -> io::Result<()> {
    writeln!(
        to,
        "<h2>What was read, and what it cannot show</h2>{}",
        begin_table(
            "Logs",
            "<th>Log<th>Format<th class=\"number\">lines<th class=\"number\">rejected<th class=\"number\">late<th>Cannot show"
        )
    )?;
    for source in &report.sources {
        let counts = source.counts;
        writeln!(
            to,
            "<tr><td class=\"name\">{}<td>{}<td class=\"number\">{}<td class=\"number\">{}<td class=\"number\">{}<td>{}</tr>",
            text(source.path),
            source.format,
            grouped(counts.lines),
            grouped(counts.rejected_total()),
            grouped(counts.late),
            source.blind.as_deref().map_or_else(|| "-".into(), text)
        )?;
    }
    writeln!(to, "</table></div>")
}

/// The days of an incident since its host was first seen: what was before is not known, which is not nothing.
fn watched_days<'a>(told: &'a Told<'_>) -> &'a [u64] {
    let first = (told.incident.first_seen - told.incident.watched).floor(Span::DAY);
    let known = usize::try_from((told.until - first).0 / Span::DAY.0).unwrap_or(0) + 1;
    let sending = told.days.iter().position(|bytes| *bytes > 0).unwrap_or(0);
    let unknown = told.days.len().saturating_sub(known).min(sending);
    told.days.get(unknown..).unwrap_or_default()
}

/// Begins a table that scrolls by itself where it is too wide; so keys must reach it, and it has a name.
fn begin_table(name: &str, head: &str) -> String {
    format!(
        "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"{name}\"><table><tr>{head}</tr>"
    )
}

/// Text of a log, for a page: what would be markup, or would turn the direction of reading, is not.
fn text(name: &str) -> String {
    escape::html(name)
}
