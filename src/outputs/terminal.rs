//! The table that a tired person reads: the worst first, then what the sources could not show.

use super::escape::grouped;
use super::report::{Cited, Report, Shares, SourceReport, Told};
use super::{Style, escape};
use crate::detectors::{Detector, detector};
use crate::event::Exposure;
use crate::incident::{Fault, Missing, Severity};
use crate::units::Bytes;
use std::borrow::Cow;
use std::io::{self, Write};

/// Widest a name is shown; longer ones are cut in the middle, as both ends matter.
const NAME_MAX: usize = 40;

/// Renders a report.
pub(super) fn write(report: &Report<'_>, style: Style, to: &mut dyn Write) -> io::Result<()> {
    let shown: Vec<&Told<'_>> = report.incidents.iter().filter(|told| style.all || told.in_budget).collect();
    headline(report, to)?;
    if !shown.is_empty() {
        table(&shown, style, to)?;
    }
    view(report, to)?;
    allowed(report.summary.allowed, style, to)?;
    writeln!(to)?;
    for source in &report.sources {
        self::source(source, style, to)?;
    }
    Ok(())
}

fn headline(report: &Report<'_>, to: &mut dyn Write) -> io::Result<()> {
    let summary = &report.summary;
    let beyond = summary.incidents.saturating_sub(summary.in_budget + summary.allowed);
    let more = if beyond > 0 { format!(" ({beyond} more beyond the budget: --all)") } else { String::new() };
    if summary.in_budget == 0 {
        return writeln!(
            to,
            "Nothing stands out: {} sent {} in all{more}.",
            hosts(summary.hosts),
            Bytes(summary.bytes_out)
        );
    }
    let gone: u64 =
        report.incidents.iter().filter(|told| told.in_budget).map(|told| told.incident.bytes_out).sum();
    writeln!(
        to,
        "{} of {} ({:.2} %) in {}{more}: {} of {} that left.\n",
        summary.hosts_in_budget,
        hosts(summary.hosts),
        100.0 * summary.hosts_in_budget as f64 / summary.hosts.max(1) as f64,
        counted(summary.in_budget as u64, "incident"),
        Bytes(gone),
        Bytes(summary.bytes_out),
    )
}

/// What is not told because rules allow it.
fn allowed(count: usize, style: Style, to: &mut dyn Write) -> io::Result<()> {
    let (are, list) =
        (if count == 1 { "is" } else { "are" }, if style.all { "" } else { " (--all lists them)" });
    match count {
        0 => Ok(()),
        _ => writeln!(to, "{} {are} allowed by rules{list}.", counted(count as u64, "incident")),
    }
}

/// What is seen of the estate as a whole, where there is something.
fn view(report: &Report<'_>, to: &mut dyn Write) -> io::Result<()> {
    for campaign in &report.campaigns {
        let shares = match campaign.shares {
            Shares::Destination(name) => format!("to {}", short(name)),
            Shares::Owner(number, name) => format!("to networks of AS{number} {}", escape::terminal(name)),
            Shares::Size => "with one volume each, to different places".to_owned(),
        };
        let first: Vec<String> = campaign.hosts.iter().take(HOSTS_NAMED).map(|host| short(host)).collect();
        let more = if campaign.hosts.len() > HOSTS_NAMED { ", …" } else { "" };
        writeln!(
            to,
            "Together: {} ({}{more}) sent {} {shares}.",
            hosts(campaign.hosts.len()),
            first.join(", "),
            Bytes(campaign.bytes_out),
        )?;
    }
    for day in report.days.iter().filter(|day| day.alarms()) {
        let (seen, expected) = (day.criticism.unwrap_or_default(), day.expected.unwrap_or_default());
        let start = day.start.to_string();
        let date = start.split('T').next().unwrap_or_default();
        writeln!(
            to,
            "The estate as a whole stands out on {date}: higher criticism {seen:.1}, at most {expected:.1} in the two weeks before."
        )?;
    }
    Ok(())
}

/// How many hosts of a campaign are named.
const HOSTS_NAMED: usize = 5;

fn table(shown: &[&Told<'_>], style: Style, to: &mut dyn Write) -> io::Result<()> {
    const HEAD: [&str; 7] = ["#", "HOST", "TO", "SENT", "SINCE (UTC)", "USUAL A DAY", "SCORE"];
    let rows: Vec<[String; 7]> = shown.iter().map(|told| row(told)).collect();
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count());
        cells.chain(HEAD.get(column).map(|head| head.len())).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..HEAD.len()).map(width).collect();
    let print = |to: &mut dyn Write, cells: &[&str]| -> io::Result<()> {
        for (cell, width) in cells.iter().zip(&widths) {
            write!(to, "{cell:<width$}  ")?;
        }
        Ok(())
    };
    print(to, &HEAD)?;
    writeln!(to, "SEVERITY")?;
    for (told, row) in shown.iter().zip(&rows) {
        print(to, &row.each_ref().map(String::as_str))?;
        writeln!(to, "{}", severity(told.severity, style))?;
        writeln!(to, "{:>width$}  {}", "", why(told), width = widths.first().copied().unwrap_or(0))?;
    }
    Ok(())
}

fn row(told: &Told<'_>) -> [String; 7] {
    let incident = &told.incident;
    [
        told.rank.to_string(),
        short(told.host),
        short(told.destination.unwrap_or("(several)")),
        Bytes(incident.bytes_out).to_string(),
        told.since(),
        told.usual(),
        format!("{:.1}", incident.score),
    ]
}

/// What each detector saw, and where to look.
fn why(told: &Told<'_>) -> String {
    let incident = &told.incident;
    let mut reasons: Vec<String> = incident
        .findings
        .iter()
        .map(|finding| match finding.detector {
            "bucket-exposed" => {
                format!("bucket-exposed: {}", incident.exposure.map_or("", Exposure::name))
            }
            "silent-source" => incident.missing.map_or(String::new(), missing),
            "known-tool" => tools(incident.tools, told),
            name if detector(name).is_some_and(Detector::boosts) => name.to_owned(),
            name => format!("{name}: {} in {}", Bytes(finding.observed), finding.window),
        })
        .collect();
    if let Some(Cited { path, line, also }) = told.evidence.first() {
        let place = |path: &str, line| {
            let file = path.rsplit('/').next().unwrap_or(path);
            format!("{} line {}", escape::terminal(file), grouped(line))
        };
        let also = also.map_or(String::new(), |(path, line)| format!(" and {}", place(path, line)));
        reasons.push(format!("see {}{also}", place(path, line.line)));
        if line.sense.either_way() {
            let opened = match line.sense.opened_by_host() {
                Some(true) => ", opened by the host",
                Some(false) => ", opened to the host",
                None => "",
            };
            reasons.push(format!("either way: one total for both directions{opened}"));
        }
    }
    let owner = told.destinations.first().and_then(|carrier| carrier.known.owner);
    if let Some(owner) = owner.filter(|_| told.destination.is_some()) {
        reasons.push(format!("in AS{} {}", owner.number, escape::terminal(owner.name)).trim_end().to_owned());
    }
    reasons.extend(told.answer().map(|answer| escape::terminal(&answer).into_owned()));
    reasons.join("; ")
}

fn missing(missing: Missing) -> String {
    let Missing { fault, observed, expected, .. } = missing;
    let against = if fault == Fault::Silent { "always at least" } else { "never more than" };
    format!("silent-source: {} {}, {against} {} before", grouped(observed), fault.unit(), grouped(expected))
}

/// The tools, and the services among the destinations.
fn tools(set: u16, told: &Told<'_>) -> String {
    let services = told.destinations.iter().filter_map(|carrier| carrier.known.service);
    let services =
        services.map(|service| format!("{} ({})", escape::terminal(&service.name), service.sort.name()));
    let named: Vec<String> = crate::event::tool::names(set).map(str::to_owned).chain(services).collect();
    format!("known-tool: {}", named.join(", "))
}

fn severity(severity: Severity, style: Style) -> Cow<'static, str> {
    if !style.colour {
        return severity.name().into();
    }
    let code = match severity {
        Severity::Critical => "1;31",
        Severity::High => "31",
        Severity::Medium => "33",
        Severity::Low => "2",
    };
    format!("\x1b[{code}m{}\x1b[0m", severity.name()).into()
}

fn source(report: &SourceReport<'_>, style: Style, to: &mut dyn Write) -> io::Result<()> {
    let counts = report.counts;
    write!(
        to,
        "{}: {} ({}): {}, {}",
        escape::terminal(report.path),
        report.format,
        escape::terminal(report.chosen),
        counted(counts.lines, "line"),
        counted(counts.events, "event"),
    )?;
    if counts.rejected_total() > 0 {
        let reasons: Vec<String> = counts
            .rejected_by_reason()
            .map(|(reason, count)| format!("{reason} {}", grouped(count)))
            .collect();
        write!(to, ", rejected {} ({})", grouped(counts.rejected_total()), reasons.join(", "))?;
    }
    for (count, what) in [
        (counts.late, "late"),
        (counts.internal, "between our own hosts"),
        (counts.external, "between strangers: check --local"),
        (counts.outside, "outside --since/--until"),
        (counts.clamped, "sizes corrected"),
        (counts.repeated, "told twice and counted once"),
        (counts.either_way, "with one total for both directions, counted as sent"),
        (counts.unpaired, "without the line that opened their connection"),
        (counts.overflowed, "connections forgotten for want of room, maybe counted twice"),
    ] {
        if count > 0 {
            write!(to, ", {} {what}", grouped(count))?;
        }
    }
    if let Some((first, last)) = counts.span {
        write!(to, ", {first} to {last}")?;
    }
    writeln!(to)?;
    if let Some(blind) = &report.blind {
        let (on, off) = if style.colour { ("\x1b[1;33m", "\x1b[0m") } else { ("", "") };
        writeln!(to, "  {on}BLIND{off}: {blind}")?;
    }
    for sample in &counts.samples {
        let text = String::from_utf8_lossy(&sample.text);
        let place = match sample.reject.column {
            0 => String::new(),
            column => format!(", column {column}"),
        };
        writeln!(
            to,
            "  line {}: {}{place}: {}",
            sample.line,
            sample.reject.reason.name(),
            escape::terminal(&text)
        )?;
    }
    Ok(())
}

fn hosts(count: usize) -> String {
    counted(count as u64, "host")
}

/// `1 line`, `2,345 lines`.
fn counted(count: u64, what: &str) -> String {
    format!("{} {what}{}", grouped(count), if count == 1 { "" } else { "s" })
}

/// Escaped, and cut in the middle where it is long.
fn short(name: &str) -> String {
    let name = escape::terminal(name);
    let length = name.chars().count();
    if length <= NAME_MAX {
        return name.into_owned();
    }
    let half = NAME_MAX / 2;
    let (head, tail): (String, String) =
        (name.chars().take(half - 1).collect(), name.chars().skip(length - half).collect());
    format!("{head}…{tail}")
}
