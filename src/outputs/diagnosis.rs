//! What is wrong with a source, as `outflow doctor` tells it.

use super::{SCHEMA, escape};
use crate::tally::Counts;
use crate::units::{Span, Timestamp};
use serde_json::{Map, Value, json};
use std::io::{self, Write};

/// What was found out about a source.
#[derive(Debug)]
pub struct Diagnosis<'a> {
    /// Where it is.
    pub path: &'a str,
    /// The name of its format.
    pub format: &'static str,
    /// Why this format.
    pub chosen: &'a str,
    /// Its lines.
    pub counts: &'a Counts,
    /// How many events have each field.
    pub present: Vec<(&'static str, u64)>,
    /// The most that a line was older than one before it.
    pub disorder: Span,
    /// Lines that are the same as one a little before them.
    pub repeated_lines: u64,
    /// Stretches without events, the longest first.
    pub gaps: Vec<(Timestamp, Timestamp)>,
    /// By how much the newest line is newer than the file that holds it.
    pub ahead: Option<Span>,
    /// What the source cannot show, and how to open its eyes.
    pub blind: Option<String>,
}

/// How many gaps are told.
const GAPS: usize = 5;

impl Diagnosis<'_> {
    /// Events per line that should be one, in 0..=1; `None` where there is no such line.
    fn parsed(&self) -> Option<f64> {
        let rejected = self.counts.rejected_total();
        let lines = self.counts.lines.saturating_sub(self.counts.skipped);
        (lines > 0).then(|| lines.saturating_sub(rejected) as f64 / lines as f64)
    }

    /// What a clock that runs ahead most likely is.
    fn clock(&self) -> Option<String> {
        let ahead = self.ahead?;
        let quarters = (ahead.seconds() / 900.0).round();
        let zone = quarters >= 1.0 && (ahead.seconds() - quarters * 900.0).abs() < 120.0;
        let guess = if zone { "; so round a difference is a zone: see --timezone" } else { "" };
        Some(format!("the newest line is {ahead} newer than the file: its clock runs ahead{guess}"))
    }
}

/// For people.
pub fn text(diagnosis: &Diagnosis<'_>, to: &mut dyn Write) -> io::Result<()> {
    let Diagnosis { counts, .. } = diagnosis;
    writeln!(to, "{}", escape::terminal(diagnosis.path))?;
    writeln!(to, "  format    {} ({})", diagnosis.format, escape::terminal(diagnosis.chosen))?;
    match diagnosis.parsed() {
        Some(share) => writeln!(
            to,
            "  lines     {}: {} events, {:.1} % of rows read",
            counts.lines,
            counts.events,
            share * 100.0
        )?,
        None => writeln!(to, "  lines     {}, none of them a row", counts.lines)?,
    }
    for (reason, count) in counts.rejected_by_reason() {
        writeln!(to, "  rejected  {count} {reason}")?;
    }
    for sample in &counts.samples {
        let text = String::from_utf8_lossy(&sample.text);
        let reason = sample.reject.reason.name();
        writeln!(
            to,
            "            line {}, column {}, {reason}: {}",
            sample.line,
            sample.reject.column,
            escape::terminal(&text)
        )?;
    }
    if let Some((first, last)) = counts.span {
        writeln!(to, "  time      {first} to {last} ({})", last - first)?;
    }
    if diagnosis.disorder > Span(0) {
        writeln!(to, "  order     lines are up to {} older than one before them", diagnosis.disorder)?;
    }
    if diagnosis.repeated_lines > 0 {
        let again = diagnosis.repeated_lines;
        writeln!(
            to,
            "  again     {again} lines are the same as one a little before them: sent twice by a shipper, or two events \
             that look alike because stamps are coarse; each is counted"
        )?;
    }
    for (from, until) in diagnosis.gaps.iter().take(GAPS) {
        writeln!(to, "  gap       nothing from {from} to {until} ({})", *until - *from)?;
    }
    if let Some(clock) = diagnosis.clock() {
        writeln!(to, "  clock     {clock}")?;
    }
    let share = |(name, count): &(&str, u64)| match 100.0 * *count as f64 / counts.events.max(1) as f64 {
        all if all >= 99.95 => (*name).to_owned(),
        some => format!("{name} ({some:.1} %)"),
    };
    let fields = diagnosis.present.iter();
    let here: Vec<String> = fields.clone().filter(|(_, count)| *count > 0).map(share).collect();
    let absent: Vec<&str> = fields.filter(|(_, count)| *count == 0).map(|(name, _)| *name).collect();
    writeln!(to, "  fields    {}", here.join(", "))?;
    writeln!(to, "  absent    {}", absent.join(", "))?;
    for (count, what) in [
        (counts.either_way, "either way: one total for both directions, counted as sent"),
        (counts.unpaired, "unpaired: without the line that opened their connection"),
        (counts.repeated, "repeated: told by another line too, counted once"),
        (counts.overflowed, "overflowed: connections forgotten for want of room, maybe counted twice"),
    ] {
        if count > 0 {
            writeln!(to, "  pairing   {count} {what}")?;
        }
    }
    match &diagnosis.blind {
        Some(blind) => writeln!(to, "  BLIND     {blind}"),
        None => writeln!(to, "  egress    can be seen"),
    }
}

/// One JSON object.
pub fn json(diagnosis: &Diagnosis<'_>, to: &mut dyn Write) -> io::Result<()> {
    let Diagnosis { counts, .. } = diagnosis;
    let events = counts.events.max(1) as f64;
    let rejected: Map<String, Value> =
        counts.rejected_by_reason().map(|(reason, count)| (reason.to_owned(), count.into())).collect();
    let fields: Map<String, Value> = diagnosis
        .present
        .iter()
        .map(|(name, count)| ((*name).to_owned(), (*count as f64 / events).into()))
        .collect();
    let samples: Vec<Value> = counts
        .samples
        .iter()
        .map(|sample| {
            json!({ "line": sample.line, "column": sample.reject.column, "reason": sample.reject.reason.name(),
                    "text": String::from_utf8_lossy(&sample.text) })
        })
        .collect();
    let gaps: Vec<Value> = diagnosis
        .gaps
        .iter()
        .take(GAPS)
        .map(|(from, until)| json!({ "from": from.to_string(), "to": until.to_string() }))
        .collect();
    let row = json!({
        "type": "diagnosis", "schema": SCHEMA, "path": diagnosis.path, "format": diagnosis.format,
        "chosen": diagnosis.chosen, "lines": counts.lines, "events": counts.events, "skipped": counts.skipped, "aside": counts.aside,
        "parsed_share": diagnosis.parsed(), "rejected": rejected, "samples": samples,
        "first": counts.span.map(|span| span.0.to_string()), "last": counts.span.map(|span| span.1.to_string()),
        "out_of_order_s": diagnosis.disorder.seconds(), "gaps": gaps,
        "either_way": counts.either_way, "unpaired": counts.unpaired, "repeated": counts.repeated,
        "overflowed": counts.overflowed, "repeated_lines": diagnosis.repeated_lines,
        "clock_ahead_s": diagnosis.ahead.map(Span::seconds), "fields": fields, "blind": diagnosis.blind,
    });
    serde_json::to_writer(&mut *to, &row)?;
    to.write_all(b"\n")
}
