//! Lines → events, in the order of a source.

use super::Piece;
use crate::event::Event;
use crate::event::reject::{Reason, Reject};
use crate::formats::{Format, Kind, Scratch};
use crate::framing::{Chunk, LINE_MAX, lines};
use crate::tally::Counts;
use std::sync::Arc;

/// Gives `each` every event of a piece, in order, with the number of its line (from 1) and its offset; counts the rest.
pub fn events<'a>(
    piece: &'a Piece,
    kind: &Kind,
    scratch: &'a Scratch,
    each: impl FnMut(&Event<'a>, u64, u64) -> Result<(), Reject>,
) -> Counts {
    events_and_rejects(piece, kind, scratch, each, || {})
}

/// The same, which also calls `rejected` at each line that was rejected, in its turn.
pub(super) fn events_and_rejects<'a>(
    piece: &'a Piece,
    kind: &Kind,
    scratch: &'a Scratch,
    mut each: impl FnMut(&Event<'a>, u64, u64) -> Result<(), Reject>,
    mut rejected: impl FnMut(),
) -> Counts {
    let chunk = &piece.chunk;
    let mut counts = Counts { bytes: chunk.bytes.len() as u64, ..Counts::default() };
    let mut format = Arc::clone(&piece.format);
    let mut found: Vec<Event<'a>> = Vec::new();
    let mut number = chunk.lines_before;
    if chunk.too_long {
        counts.lines = 1;
        counts.reject(number + 1, Reject::line(Reason::LineTooLong), b"");
    }
    for line in lines(&chunk.bytes) {
        number += 1;
        counts.lines += 1;
        let text = line.text;
        let last = line.start + text.len() >= chunk.bytes.len();
        let read = if text.len() > LINE_MAX {
            Err(Reject::line(Reason::LineTooLong))
        } else if last && chunk.cut {
            Err(Reject::line(Reason::Truncated))
        } else if text.first().is_none_or(u8::is_ascii_whitespace) && text.trim_ascii().is_empty() {
            Ok(())
        } else if kind.is_header.is_some_and(|is_header| is_header(format.bare(text, scratch)))
            && let Some(changed) = format.header(text)
        {
            changed.map(|changed| format = changed)
        } else {
            format.parse(text, scratch, &mut found)
        };
        if let Err(reject) = read {
            found.clear();
            counts.reject(number, reject, text);
            rejected();
            continue;
        }
        if found.is_empty() {
            counts.skipped += 1;
        }
        for event in &found {
            match each(event, number, chunk.offset + line.start as u64) {
                Ok(()) => counts.clamped += u64::from(event.clamped),
                Err(reject) => {
                    counts.reject(number, reject, text);
                    rejected();
                }
            }
        }
        found.clear();
    }
    counts
}

/// The format in force after `chunk`, where it was `format` before it.
pub fn format_after(kind: &Kind, format: &Arc<dyn Format>, chunk: &Chunk) -> Arc<dyn Format> {
    format_after_headers(kind, format, &chunk.bytes, |_| {})
}

/// The same after a text; each line that changed the format is given to `header`.
pub fn format_after_headers(
    kind: &Kind,
    format: &Arc<dyn Format>,
    text: &[u8],
    mut header: impl FnMut(&[u8]),
) -> Arc<dyn Format> {
    let mut format = Arc::clone(format);
    if let Some(is_header) = kind.is_header {
        let scratch = Scratch::new();
        for line in lines(text) {
            if is_header(format.bare(line.text, &scratch))
                && let Some(Ok(changed)) = format.header(line.text)
            {
                header(line.text);
                format = changed;
            }
        }
    }
    format
}
