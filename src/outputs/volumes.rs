//! The rows of `outflow volumes`.

use super::{SCHEMA, escape};
use crate::tally::{Cell, Distribution};
use crate::units::{Bytes, Timestamp};
use serde::Serialize;
use std::io::{self, Write};

/// One row: the sums of a host (towards a destination group) in a window.
#[derive(Clone, Copy, Debug)]
pub struct Row<'a> {
    /// The host; empty where hosts are not told apart.
    pub host: &'a str,
    /// The destination group; empty where they are not told apart.
    pub destination: &'a str,
    /// Start of the window; `None` for all time.
    pub start: Option<Timestamp>,
    /// The sums.
    pub cell: &'a Cell<Distribution>,
}

#[derive(Serialize)]
struct JsonRow<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    schema: Option<&'static str>,
    #[serde(skip_serializing_if = "str::is_empty")]
    host: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    destination: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    window_start: Option<String>,
    bytes_out: Option<u64>,
    bytes_in: Option<u64>,
    events: u64,
    #[serde(skip_serializing_if = "is_zero")]
    blind_events: u64,
    p50: Option<u64>,
    p99: Option<u64>,
    max: Option<u64>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it with a reference")]
fn is_zero(count: &u64) -> bool {
    *count == 0
}

/// Bytes out: `None` where no event of the row says.
fn bytes_out(cell: &Cell<Distribution>) -> Option<u64> {
    (cell.blind < cell.events).then_some(cell.out)
}

/// Bytes back: `None` where no event of the row says.
fn bytes_in(cell: &Cell<Distribution>) -> Option<u64> {
    cell.back_seen.then_some(cell.back)
}

/// One JSON object a line; the first one carries the schema.
pub fn json<'a>(rows: impl Iterator<Item = Row<'a>>, to: &mut dyn Write) -> io::Result<()> {
    for (place, row) in rows.enumerate() {
        let bytes = &row.cell.measure;
        let known = bytes.count() > 0;
        let row = JsonRow {
            schema: (place == 0).then_some(SCHEMA),
            host: row.host,
            destination: row.destination,
            window_start: row.start.map(|start| start.to_string()),
            bytes_out: bytes_out(row.cell),
            bytes_in: bytes_in(row.cell),
            events: row.cell.events,
            blind_events: row.cell.blind,
            p50: bytes.quantile(0.5),
            p99: bytes.quantile(0.99),
            max: known.then(|| bytes.max()),
        };
        serde_json::to_writer(&mut *to, &row)?;
        to.write_all(b"\n")?;
    }
    Ok(())
}

/// A table for the terminal.
pub fn table<'a>(rows: impl Iterator<Item = Row<'a>>, to: &mut dyn Write) -> io::Result<()> {
    let size = |bytes: Option<u64>| bytes.map_or("?".to_owned(), |bytes| Bytes(bytes).to_string());
    writeln!(
        to,
        "{:>10} {:>10} {:>10} {:>9} {:>9} {:>9}  WINDOW, HOST, DESTINATION",
        "OUT", "IN", "EVENTS", "P50", "P99", "MAX"
    )?;
    for row in rows {
        let bytes = &row.cell.measure;
        write!(
            to,
            "{:>10} {:>10} {:>10} {:>9} {:>9} {:>9} ",
            size(bytes_out(row.cell)),
            size(bytes_in(row.cell)),
            row.cell.events,
            size(bytes.quantile(0.5)),
            size(bytes.quantile(0.99)),
            size((bytes.count() > 0).then(|| bytes.max())),
        )?;
        if let Some(start) = row.start {
            write!(to, " {start}")?;
        }
        for name in [row.host, row.destination] {
            if !name.is_empty() {
                write!(to, " {}", escape::terminal(name))?;
            }
        }
        writeln!(to)?;
    }
    Ok(())
}
