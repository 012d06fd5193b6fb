//! Which incidents appear and vanish under another configuration.

use super::{SCHEMA, Told, escape, incident_line};
use crate::units::Bytes;
use serde::Serialize;
use serde_json::{Map, Value};
use std::io::{self, Write};

/// What another configuration does to an incident that one of the two tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Change {
    /// Only the other tells it.
    Appears,
    /// Only this one tells it.
    Vanishes,
    /// Both do.
    Stays,
}

impl Change {
    /// As written in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Change::Appears => "appears",
            Change::Vanishes => "vanishes",
            Change::Stays => "stays",
        }
    }
}

/// How many incidents the other configuration tells that this one does not, and so on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Changes {
    /// Only the other tells them.
    pub appears: usize,
    /// Only this one tells them.
    pub vanishes: usize,
    /// Both do.
    pub stays: usize,
}

impl Changes {
    /// Counts what was compared.
    pub fn of(rows: &[(Change, &Told<'_>)]) -> Changes {
        let count = |change| rows.iter().filter(|(one, _)| *one == change).count();
        Changes {
            appears: count(Change::Appears),
            vanishes: count(Change::Vanishes),
            stays: count(Change::Stays),
        }
    }
}

/// One JSON object a line: incidents with a `change`, then the counts. `hosts` are watched.
pub fn json(rows: &[(Change, &Told<'_>)], hosts: usize, to: &mut dyn Write) -> io::Result<()> {
    for (change, told) in rows {
        let mut row: Map<String, Value> = serde_json::from_str(&incident_line(told, rows.len(), hosts))?;
        row.insert("change".into(), change.name().into());
        serde_json::to_writer(&mut *to, &row)?;
        to.write_all(b"\n")?;
    }
    let Changes { appears, vanishes, stays } = Changes::of(rows);
    let counts = serde_json::json!({
        "type": "comparison", "schema": SCHEMA, "appears": appears, "vanishes": vanishes, "stays": stays
    });
    writeln!(to, "{counts}")
}

/// A table for the terminal: what changes, the worst first.
pub fn table(rows: &[(Change, &Told<'_>)], to: &mut dyn Write) -> io::Result<()> {
    let Changes { appears, vanishes, stays } = Changes::of(rows);
    writeln!(
        to,
        "Under the other configuration {appears} incidents appear, {vanishes} vanish, {stays} stay."
    )?;
    let changed: Vec<_> = rows.iter().filter(|(change, _)| *change != Change::Stays).collect();
    if !changed.is_empty() {
        writeln!(to, "\n{:<9} {:>6} {:>10}  WHAT", "CHANGE", "SCORE", "SENT")?;
    }
    for (change, told) in changed {
        let sent = Bytes(told.incident.bytes_out).to_string();
        let (score, what) = (told.incident.score, escape::terminal(&told.summary));
        writeln!(to, "{:<9} {score:>6.1} {sent:>10}  {what}", change.name())?;
    }
    Ok(())
}
