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
    let mut line = Line::default();
    let mut start = (None, String::new());
    for (place, row) in rows.enumerate() {
        if row.start != start.0 {
            // Rows of a window follow each other: its name is made once.
            start = (row.start, row.start.map_or(String::new(), |start| start.to_string()));
        }
        let bytes = &row.cell.measure;
        let [p50, p99] = bytes.quantiles([0.5, 0.99]);
        line.begin();
        line.text_unless_empty("schema", if place == 0 { SCHEMA } else { "" })?;
        line.text_unless_empty("host", row.host)?;
        line.text_unless_empty("destination", row.destination)?;
        line.text_unless_empty("window_start", &start.1)?;
        line.number("bytes_out", bytes_out(row.cell));
        line.number("bytes_in", bytes_in(row.cell));
        line.number("events", Some(row.cell.events));
        if row.cell.blind > 0 {
            line.number("blind_events", Some(row.cell.blind));
        }
        line.number("p50", p50);
        line.number("p99", p99);
        line.number("max", (bytes.count() > 0).then(|| bytes.max()));
        to.write_all(line.end())?;
    }
    Ok(())
}

/// A JSON object of texts and numbers, written by hand: serde_json takes three times as long, which shows when there are
/// millions of rows.
#[derive(Default)]
struct Line {
    text: Vec<u8>,
    digits: itoa::Buffer,
}

impl Line {
    fn begin(&mut self) {
        self.text.clear();
        self.text.push(b'{');
    }

    fn text_unless_empty(&mut self, name: &str, value: &str) -> io::Result<()> {
        if value.is_empty() {
            return Ok(());
        }
        self.name(name);
        // To the end of the text, without leaving early: so it is done for many bytes at once.
        let special = |found, byte| found | (byte < b' ') | (byte == b'"') | (byte == b'\\');
        if !value.bytes().fold(false, special) {
            self.text.push(b'"');
            self.text.extend_from_slice(value.as_bytes());
            self.text.push(b'"');
        } else {
            serde_json::to_writer(&mut self.text, value)?;
        }
        Ok(())
    }

    fn number(&mut self, name: &str, value: Option<u64>) {
        self.name(name);
        let value = value.map_or("null", |value| self.digits.format(value));
        self.text.extend_from_slice(value.as_bytes());
    }

    fn name(&mut self, name: &str) {
        if self.text.len() > 1 {
            self.text.push(b',');
        }
        self.text.push(b'"');
        self.text.extend_from_slice(name.as_bytes());
        self.text.extend_from_slice(b"\":");
    }

    fn end(&mut self) -> &[u8] {
        self.text.extend_from_slice(b"}\n");
        &self.text
    }
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
        let [p50, p99] = bytes.quantiles([0.5, 0.99]);
        write!(
            to,
            "{:>10} {:>10} {:>10} {:>9} {:>9} {:>9} ",
            size(bytes_out(row.cell)),
            size(bytes_in(row.cell)),
            row.cell.events,
            size(p50),
            size(p99),
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

/// A row of what a store keeps: sums by day, without the distribution.
#[derive(Clone, Debug, Serialize)]
pub struct KeptRow {
    /// On the first row only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub schema: Option<&'static str>,
    /// The host; empty where hosts are not told apart.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub host: String,
    /// The destination group; empty where they are not told apart.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub destination: String,
    /// The day; `None` for all time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub window_start: Option<String>,
    /// Bytes that left.
    pub bytes_out: u64,
    /// Bytes that came back.
    pub bytes_in: u64,
    /// How many events.
    pub events: u64,
    /// The most bytes of one event.
    pub max: u64,
}

/// One JSON object a line; the first one carries the schema.
pub fn kept_json(rows: impl Iterator<Item = KeptRow>, to: &mut dyn Write) -> io::Result<()> {
    for (place, row) in rows.enumerate() {
        let row = KeptRow { schema: (place == 0).then_some(SCHEMA), ..row };
        serde_json::to_writer(&mut *to, &row)?;
        to.write_all(b"\n")?;
    }
    Ok(())
}

/// A table for the terminal.
pub fn kept_table(rows: impl Iterator<Item = KeptRow>, to: &mut dyn Write) -> io::Result<()> {
    writeln!(to, "{:>10} {:>10} {:>10} {:>9}  WINDOW, HOST, DESTINATION", "OUT", "IN", "EVENTS", "MAX")?;
    for row in rows {
        let size = |bytes: u64| Bytes(bytes).to_string();
        let (out, back, max) = (size(row.bytes_out), size(row.bytes_in), size(row.max));
        write!(to, "{out:>10} {back:>10} {:>10} {max:>9} ", row.events)?;
        let names = [row.window_start.unwrap_or_default(), row.host, row.destination];
        for name in names.iter().filter(|name| !name.is_empty()) {
            write!(to, " {}", escape::terminal(name))?;
        }
        writeln!(to)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

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

    fn by_serde(row: &Row<'_>, first: bool) -> String {
        let bytes = &row.cell.measure;
        let row = JsonRow {
            schema: first.then_some(SCHEMA),
            host: row.host,
            destination: row.destination,
            window_start: row.start.map(|start| start.to_string()),
            bytes_out: bytes_out(row.cell),
            bytes_in: bytes_in(row.cell),
            events: row.cell.events,
            blind_events: row.cell.blind,
            p50: bytes.quantile(0.5),
            p99: bytes.quantile(0.99),
            max: (bytes.count() > 0).then(|| bytes.max()),
        };
        serde_json::to_string(&row).unwrap() + "\n"
    }

    proptest! {
        #[test]
        fn lines_are_those_of_serde_json(
            rows in proptest::collection::vec(
                ("\\PC{0,9}|[\"\\\\\n\u{1}é]{0,9}", "[a-z.]{0,9}", proptest::option::of(0i64..1 << 50), any::<u64>(), 0u64..3, any::<bool>()),
                0..5,
            ),
        ) {
            let cells: Vec<Cell<Distribution>> = rows
                .iter()
                .map(|(.., out, blind, back_seen)| {
                    let mut measure = Distribution::default();
                    (*blind..2).for_each(|_| measure.add(out >> 16));
                    Cell { out: *out, back: *out, back_seen: *back_seen, events: 2, blind: *blind, measure }
                })
                .collect();
            let rows: Vec<Row<'_>> = rows
                .iter()
                .zip(&cells)
                .map(|((host, destination, start, ..), cell)| Row { host, destination, start: start.map(Timestamp), cell })
                .collect();
            let mut written = Vec::new();
            json(rows.iter().copied(), &mut written).unwrap();
            let expected: String = rows.iter().enumerate().map(|(place, row)| by_serde(row, place == 0)).collect();
            prop_assert_eq!(String::from_utf8(written).unwrap(), expected);
        }
    }
}
