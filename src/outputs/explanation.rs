//! An incident, and what its lines say now: for a terminal, and as JSON.

use super::row::Row;
use super::{SCHEMA, escape};
use crate::detectors::detector;
use crate::units::{Bytes, Timestamp};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};

/// Rows of a picture at most: as many as a screen has.
const ROWS: usize = 36;

/// Columns of its longest bar.
const WIDTH: u64 = 40;

/// What prints a compressed file, by its name's ending.
const READERS: [(&str, &str); 5] =
    [("gz", "zcat"), ("zst", "zstdcat"), ("xz", "xzcat"), ("bz2", "bzcat"), ("lz4", "lz4cat")];

/// A line that an incident names.
#[derive(Clone, Debug)]
pub struct Evident {
    /// The file, as it was called then.
    pub file: String,
    /// Where the line begins in its text.
    pub offset: u64,
    /// Its number, from 1.
    pub line: u64,
    /// Bytes that it counts for.
    pub bytes: u64,
    /// Another line tells of the same transfer.
    pub is_paired: bool,
    /// What is there now.
    pub found: Found,
}

impl Evident {
    /// The file that has it, or something else in its place.
    pub fn found_in(&self) -> Option<&String> {
        match &self.found {
            Found::Same { file } | Found::Differs { file, .. } => Some(file),
            Found::Gone => None,
        }
    }
}

/// What stands now where a line was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// The line, in this file.
    Same {
        /// As it is called now.
        file: String,
    },
    /// A line of the same host that tells of other bytes.
    Differs {
        /// Where.
        file: String,
        /// What it tells.
        bytes: u64,
    },
    /// No such line.
    Gone,
}

/// What an incident says of itself, as far as its lines can be looked for by it.
#[derive(Clone, Debug)]
pub struct Named {
    /// The host.
    pub host: String,
    /// Its destination group, and all that are in it.
    pub destinations: BTreeSet<String>,
    /// The lines; none was looked for yet.
    pub evidence: Vec<Evident>,
}

/// What is named in a `{"type":"incident",…}` object.
pub fn named(incident: &Value) -> Named {
    let row = Row(incident);
    let evident = |line: Row<'_>| Evident {
        file: line.text("file").into(),
        offset: line.count("offset"),
        line: line.count("line"),
        bytes: line.count("bytes_out"),
        is_paired: line.0.get("also").is_some(),
        found: Found::Gone,
    };
    let destinations = row.rows("destinations").map(|one| one.text("name"));
    Named {
        host: row.text("host").into(),
        destinations: destinations.chain([row.text("destination")]).map(str::to_owned).collect(),
        evidence: row.rows("evidence").map(evident).collect(),
    }
}

/// All that can be said.
#[derive(Clone, Copy, Debug)]
pub struct Explanation<'a> {
    /// Its `{"type":"incident",…}` object.
    pub incident: &'a Value,
    /// The lines that it names.
    pub lines: &'a [Evident],
    /// Bytes to its destinations by the hour in which transfers ended, as far as the files it names say now.
    pub hours: &'a BTreeMap<Timestamp, u64>,
}

impl Explanation<'_> {
    /// Whether every line that it names still says the same.
    pub fn is_whole(&self) -> bool {
        self.lines.iter().all(|line| matches!(line.found, Found::Same { .. }))
    }

    fn counted(&self, of: fn(&Found) -> bool) -> (usize, u64) {
        let lines = self.lines.iter().filter(|line| of(&line.found));
        (lines.clone().count(), lines.map(|line| line.bytes).sum())
    }

    /// What would have been told less loudly, by what the detectors say of themselves.
    fn quieter(&self) -> Vec<String> {
        let row = Row(self.incident);
        let mut all: Vec<(&str, f64)> =
            row.rows("detectors").map(|one| (one.text("name"), one.number("score"))).collect();
        all.sort_by(|a, b| b.1.total_cmp(&a.1));
        let usual = Bytes(row.count("expected_bytes_out"));
        let mut quieter = vec![format!("no more than {usual} a day, which is what it sent before")];
        if let [(loudest, bits), (next, others), ..] = all[..] {
            quieter.push(format!(
                "without {loudest}, which says {bits:.1} bits, the most is {others:.1}, of {next}"
            ));
        }
        quieter
    }
}

/// A name as a shell takes it literally.
fn quoted(name: &str) -> String {
    format!("'{}'", escape::terminal(name).replace('\'', "'\\''"))
}

/// For people.
pub fn text(of: &Explanation<'_>, to: &mut dyn Write) -> io::Result<()> {
    let row = Row(of.incident);
    let safe = |key: &str| escape::terminal(row.text(key)).into_owned();
    writeln!(
        to,
        "Incident {}: {}, {:.1} bits\n{}\n",
        safe("id"),
        safe("severity"),
        row.number("score"),
        safe("summary")
    )?;
    writeln!(to, "{:<20} {:>6} {:>12} {:>12} {:>7}", "WHY", "BITS", "OBSERVED", "EXPECTED", "WINDOW")?;
    for one in row.rows("detectors") {
        let name = one.text("name");
        let first = detector(name).and_then(|known| known.manual.lines().next()).unwrap_or_default();
        let looks_for = first.strip_prefix(name).unwrap_or(first).trim_start_matches([':', ' ']);
        let looks_for = looks_for.split(" (ATT&CK").next().unwrap_or_default();
        let amount = |key: &str| match one.text("unit") {
            "" => Bytes(one.count(key)).to_string(),
            unit => format!("{} {unit}", one.count(key)),
        };
        let (observed, expected) = (amount("observed"), amount("expected"));
        let (name, window) = (escape::terminal(name), escape::terminal(one.text("window")));
        writeln!(
            to,
            "{name:<20} {:>6.1} {observed:>12} {expected:>12} {window:>7}\n  {looks_for}",
            one.number("score")
        )?;
    }
    writeln!(to, "\nIt would have been quieter with")?;
    for line in of.quieter() {
        writeln!(to, "- {line}")?;
    }
    hours(of, to)?;
    writeln!(to, "\n{:<40} {:>14} {:>10}  SINCE (UTC)", "TO", "SENT", "HOSTS")?;
    for one in row.rows("destinations") {
        let (name, sent) = (escape::terminal(one.text("name")), Bytes(one.count("bytes_out")).to_string());
        let since = escape::terminal(one.text("first_seen"));
        writeln!(to, "{name:<40} {sent:>14} {:>10}  {since}", one.count("hosts"))?;
    }
    evidence(of, to)?;
    next(of, to)
}

/// What left by the hour, or by the day where that is more than a screen.
fn hours(of: &Explanation<'_>, to: &mut dyn Write) -> io::Result<()> {
    let (mut name, mut bars) = ("HOUR", of.hours.clone());
    if bars.len() > ROWS {
        name = "DAY";
        bars = of.hours.iter().fold(BTreeMap::new(), |mut days, (hour, bytes)| {
            *days.entry(hour.floor(crate::units::Span::DAY)).or_default() += bytes;
            days
        });
    }
    let most = bars.values().copied().max().unwrap_or(0);
    if most == 0 {
        return Ok(());
    }
    let left_off = bars.len().saturating_sub(ROWS);
    let usual = Bytes(Row(of.incident).count("expected_bytes_out"));
    let head = format!("{name} (UTC)");
    writeln!(
        to,
        "\n{head:<17} {:>12}  to its destinations, in the files that hold its lines; usual: {usual} a day",
        "SENT"
    )?;
    if left_off > 0 {
        writeln!(to, "({left_off} earlier rows are left off)")?;
    }
    for (at, bytes) in bars.iter().skip(left_off) {
        // 128 bits, because bytes times columns may be more than 64 hold.
        let length = u128::from(*bytes) * u128::from(WIDTH) / u128::from(most);
        let bar = "█".repeat(usize::try_from(length).unwrap_or(0).max(usize::from(*bytes > 0)));
        let at = at.to_string();
        let at = at.get(..16).unwrap_or(&at).replace('T', " ");
        writeln!(to, "{at:<17} {:>12}  {bar}", Bytes(*bytes).to_string())?;
    }
    Ok(())
}

fn evidence(of: &Explanation<'_>, to: &mut dyn Write) -> io::Result<()> {
    writeln!(to, "\n{:<12} {:>12} {:>9}  WHERE", "LINE", "COUNTED", "NUMBER")?;
    for line in of.lines {
        let counted = Bytes(line.bytes).to_string();
        let (state, place) = match &line.found {
            Found::Same { file } => ("re-derived", escape::terminal(file).into_owned()),
            Found::Differs { file, bytes } => {
                ("differs", format!("{} says {} there now", escape::terminal(file), Bytes(*bytes)))
            }
            Found::Gone => ("gone", format!("{} holds it no more", escape::terminal(&line.file))),
        };
        writeln!(to, "{state:<12} {counted:>12} {:>9}  {place}, offset {}", line.line, line.offset)?;
    }
    let total = Row(of.incident).count("bytes_out");
    let (same, bytes) = of.counted(|found| matches!(found, Found::Same { .. }));
    writeln!(
        to,
        "{same} of {} lines say what they said: {} of the {} that left. An incident names its largest lines only.",
        of.lines.len(),
        Bytes(bytes),
        Bytes(total)
    )?;
    let (gone, lost) = of.counted(|found| *found == Found::Gone);
    if gone > 0 {
        writeln!(to, "{gone} lines are gone: {} can no longer be re-derived.", Bytes(lost))?;
    }
    Ok(())
}

/// What to ask, and how to look.
fn next(of: &Explanation<'_>, to: &mut dyn Write) -> io::Result<()> {
    let row = Row(of.incident);
    let (host, first) = (escape::terminal(row.text("host")), escape::terminal(row.text("first_seen")));
    let others = row.rows("destinations").map(|one| one.count("hosts")).max().unwrap_or(0).saturating_sub(1);
    writeln!(to, "\nNext")?;
    writeln!(
        to,
        "- Who looks after {host}, and was this transfer planned? Did anything change there before {first}?"
    )?;
    writeln!(to, "- Which account and which program sent it? What data can {host} reach?")?;
    match others {
        0 => writeln!(to, "- No other host of yours sends there.")?,
        more => writeln!(
            to,
            "- {more} other hosts send to a destination of it: do they have a reason {host} has too?"
        )?,
    }
    writeln!(to, "- Keep the logs and the host's memory before anybody cleans up. The lines themselves:")?;
    for (line, file) in of.lines.iter().filter_map(|line| Some((line, line.found_in()?))).take(3) {
        let from = line.offset + 1;
        let ending = file.rsplit_once('.').map(|(_, ending)| ending);
        let read = ending
            .and_then(|own| READERS.iter().find(|(ending, _)| *ending == own))
            .map_or("cat", |(_, read)| read);
        writeln!(to, "  {read} -- {} | tail -c +{from} | head -n 1", quoted(file))?;
    }
    Ok(())
}

/// The same as one object.
pub fn json(of: &Explanation<'_>, to: &mut dyn Write) -> io::Result<()> {
    let line = |line: &Evident| {
        let (state, file, bytes) = match &line.found {
            Found::Same { file } => ("re-derived", Some(file), Some(line.bytes)),
            Found::Differs { file, bytes } => ("differs", Some(file), Some(*bytes)),
            Found::Gone => ("gone", None, None),
        };
        json!({
            "file": line.file, "offset": line.offset, "line": line.line, "bytes_out": line.bytes,
            "state": state, "found_in": file, "bytes_out_now": bytes,
        })
    };
    let hours: Vec<Value> =
        of.hours.iter().map(|(hour, bytes)| json!({"start": hour.to_string(), "bytes_out": bytes})).collect();
    let object = json!({
        "type": "explanation",
        "schema": SCHEMA,
        "incident": of.incident,
        "evidence": of.lines.iter().map(line).collect::<Vec<_>>(),
        "hours": hours,
        "quieter": of.quieter(),
        "is_whole": of.is_whole(),
    });
    writeln!(to, "{object}")
}
