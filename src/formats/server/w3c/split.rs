//! Rows cut into columns, values freed from their quotes. The format leaves the separator and the quoting to whoever writes it.
//!
//! A cut counts only if it gives exactly as many columns as the header names, so a second way may be tried where the
//! usual one of the dialect fails.

use super::layout::{Layout, SLOTS};
use super::role::Dialect;
use crate::event::reject::{Reason, Reject};
use crate::formats::columns::{Columns, Row};

/// The columns of a row. A quote within a value is still as the writer escaped it.
pub(super) fn split<'a>(layout: &Layout, line: &'a [u8]) -> Result<Row<'a, SLOTS>, Reject> {
    let columns = &layout.columns;
    // Some writers end each row with a blank.
    let line = line.strip_suffix(b" ").unwrap_or(line);
    match layout.dialect {
        Dialect::Iis => columns.split(line, b' '),
        Dialect::CloudFront => {
            columns.split(line, b'\t').or_else(|first| columns.split(line, b' ').map_err(|_| first))
        }
        Dialect::Elff => {
            quoted(columns, line, layout.open).or_else(|first| unusual(columns, line).ok_or(first))
        }
    }
}

/// Whether a row has more columns than its header names.
#[cold]
pub(super) fn is_longer(layout: &Layout, line: &[u8]) -> bool {
    !layout.open
        && quoted(&layout.columns, line, true).is_ok()
        && quoted(&layout.columns, line, false).is_err()
}

/// Tabs between the columns; or blanks, and a quote that is part of a value.
#[cold]
fn unusual<'a>(columns: &Columns<SLOTS>, line: &'a [u8]) -> Option<Row<'a, SLOTS>> {
    let mut row = columns.split(line, b'\t').or_else(|_| columns.split(line, b' ')).ok()?;
    for slot in 0..SLOTS {
        if let Some(text) = row.get(slot).strip_prefix(b"\"").and_then(|text| text.strip_suffix(b"\"")) {
            row.set(slot, text);
        }
    }
    Some(row)
}

/// Blanks between the columns, except within quotes or the brackets of a time stamp.
fn quoted<'a>(columns: &Columns<SLOTS>, line: &'a [u8], open: bool) -> Result<Row<'a, SLOTS>, Reject> {
    let mut row = Row::default();
    let mut rest = line;
    let mut left = columns.slots().len();
    for &slot in columns.slots() {
        let (value, after) = match rest.first() {
            Some(b'"') => in_quotes(rest),
            Some(b'[') => in_brackets(rest),
            _ => None,
        }
        .unwrap_or_else(|| rest.split_at(memchr::memchr(b' ', rest).unwrap_or(rest.len())));
        row.set(usize::from(slot), value);
        left -= 1;
        rest = match after.split_first() {
            Some((b' ', after)) if left > 0 => after,
            None if left == 0 => return Ok(row),
            Some((b' ', _)) if open => return Ok(row),
            _ => return Err(Reject::of(Reason::Malformed, line, after)),
        };
    }
    Err(Reject::of(Reason::Malformed, line, rest))
}

/// The value in quotes at the beginning of `text`, and what follows it. A quote within it is doubled or has a backslash;
/// a bare one (a client can put it into his user agent) ends the value only in front of a blank or the end of the line.
fn in_quotes(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let inner = text.strip_prefix(b"\"")?;
    let mut at = 0;
    loop {
        at += memchr::memchr2(b'"', b'\\', inner.get(at..)?)?;
        match (inner.get(at), inner.get(at + 1)) {
            (Some(b'"'), None | Some(b' ')) => return Some((inner.get(..at)?, inner.get(at + 1..)?)),
            (Some(b'\\'), _) | (_, Some(b'"')) => at += 2,
            _ => at += 1,
        }
    }
}

/// The stamp in `[29/Mar/2023:01:02:03 +0000]`, and what follows; no other value has a slash where its day ends.
fn in_brackets(text: &[u8]) -> Option<(&[u8], &[u8])> {
    /// The longest stamp with its brackets, with room for decimals.
    const LONGEST: usize = 36;
    let inner = text.strip_prefix(b"[")?;
    let end = memchr::memchr(b']', inner.get(..inner.len().min(LONGEST))?)?;
    (inner.get(2) == Some(&b'/')).then_some(())?;
    Some((inner.get(..end)?, inner.get(end + 1..)?))
}
