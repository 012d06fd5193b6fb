//! Zeek's TSV: what the `#` headers say, and rows split by it.

use super::record::{Fields, SLOTS, Slot, is_conn_path};
use crate::event::reject::{Reason, Reject};
use crate::event::{address, number};
use crate::formats::columns::Columns;
use crate::formats::{Detail, time};

/// What the headers so far have said.
#[derive(Clone, Debug)]
pub(super) struct Headers {
    /// `None`: one that no row can be split by; only a new file can change that.
    separator: Option<u8>,
    unset: Box<[u8]>,
    path: Box<[u8]>,
    rows: Rows,
}

/// How to read the rows below.
#[derive(Clone, Debug)]
enum Rows {
    /// There was no `#fields` yet.
    Untold,
    /// There was one that is no connection log's, or that cannot be split.
    Unusable,
    /// Split like this; the names are kept for `--format`.
    Told(Columns<SLOTS>, Box<[String]>),
}

impl Default for Headers {
    /// Zeek's own defaults, which hold until a header says otherwise.
    fn default() -> Self {
        Headers { separator: Some(b'\t'), unset: (*b"-").into(), path: (*b"conn").into(), rows: Rows::Untold }
    }
}

impl Headers {
    /// How an absent value is written.
    pub(super) fn unset(&self) -> &[u8] {
        &self.unset
    }

    /// Rows below can be read.
    pub(super) fn usable(&self) -> bool {
        matches!(self.rows, Rows::Told(..))
    }

    /// The names of the columns, left to right.
    pub(super) fn names(&self) -> &[String] {
        match &self.rows {
            Rows::Told(_, names) => names,
            Rows::Untold | Rows::Unusable => &[],
        }
    }

    /// Whether the originator's and the responder's bytes are told. Before any header both may be: JSON has none.
    pub(super) fn sees(&self) -> (bool, bool) {
        match &self.rows {
            Rows::Told(columns, _) => {
                (columns.has(Slot::OrigBytes as usize), columns.has(Slot::RespBytes as usize))
            }
            Rows::Untold => (true, true),
            Rows::Unusable => (false, false),
        }
    }

    /// The headers with one more line; `None` for a line that changes nothing (`#open`, `#types`, a comment).
    pub(super) fn after(&self, line: &[u8], detail: Detail) -> Option<Headers> {
        if let Some(value) = line.strip_prefix(b"#separator") {
            // A new file begins, maybe behind another one: what held there holds no more.
            let separator = separator(value.trim_ascii_start());
            let rows = if separator.is_some() { Rows::Untold } else { Rows::Unusable };
            let headers = Headers { separator, rows, ..Headers::default() };
            return Some(headers);
        }
        let separator = self.separator?;
        let mut parts = line.split(|&byte| byte == separator);
        let mut headers = self.clone();
        let word = parts.next()?;
        match word {
            b"#unset_field" => headers.unset = parts.next()?.into(),
            b"#path" => headers.path = parts.next()?.into(),
            // Told apart from W3C's "#Fields:" by case and colon.
            b"#fields" => headers.set_fields(parts, detail),
            _ => return None,
        }
        Some(headers)
    }

    /// Lays the rows out by the names of their columns.
    pub(super) fn set_fields<'n>(&mut self, names: impl Iterator<Item = &'n [u8]>, detail: Detail) {
        let names: Box<[String]> = names.map(|name| String::from_utf8_lossy(name).into_owned()).collect();
        let slots = names.iter().map(|name| Slot::of(name.as_bytes(), detail) as u8).collect();
        let Some(columns) = Columns::<SLOTS>::new(slots) else {
            self.rows = Rows::Unusable;
            return;
        };
        let has = |slot: Slot| columns.has(slot as usize);
        let ends = has(Slot::Ts) && has(Slot::OrigHost) && has(Slot::RespHost);
        // Other Zeek logs have both ends too; they repeat transfers that conn.log already tells.
        let connection =
            &*self.path == b"conn" || has(Slot::State) || has(Slot::OrigBytes) || has(Slot::RespBytes);
        self.rows = if ends && connection && is_conn_path(&self.path) {
            Rows::Told(columns, names)
        } else {
            Rows::Unusable
        };
    }

    /// Splits a row.
    pub(super) fn fields<'a>(&self, line: &'a [u8]) -> Result<Fields<'a>, Reject> {
        match (&self.rows, self.separator) {
            (Rows::Told(columns, _), Some(separator)) => columns.split(line, separator),
            (Rows::Untold, _) => Err(Reject::line(Reason::NoHeader)),
            _ => Err(Reject::line(Reason::BadHeader)),
        }
    }
}

/// `\x09`, or the byte itself. Zeek allows longer separators; no log with one is known, and rows that cannot be split are
/// rejected rather than guessed at.
pub(in crate::formats::flow) fn separator(text: &[u8]) -> Option<u8> {
    match text {
        [byte] => Some(*byte),
        [b'\\', b'x', digits @ ..] => u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok(),
        // A blank as the separator was trimmed away with the one in front of it.
        [] => Some(b' '),
        _ => None,
    }
}

/// A row of conn.log with Zeek's usual columns and no header: `conn_state` in the twelfth tells it from every other log
/// that begins with a time, an id and two ends.
pub(super) fn looks_usual(line: &[u8]) -> bool {
    const STATES: [&[u8]; 13] = [
        b"S0", b"S1", b"SF", b"REJ", b"S2", b"S3", b"RSTO", b"RSTR", b"RSTOS0", b"RSTRH", b"SH", b"SHR",
        b"OTH",
    ];
    let cells: Vec<&[u8]> = line.splitn(13, |&byte| byte == b'\t').collect();
    let [ts, _, orig, orig_port, resp, resp_port, _, _, _, _, _, state, _] = cells.as_slice() else {
        return false;
    };
    time::epoch(ts).is_some()
        && address(orig).is_some()
        && address(resp).is_some()
        && number::<u16>(orig_port).is_some()
        && number::<u16>(resp_port).is_some()
        && STATES.contains(state)
}
