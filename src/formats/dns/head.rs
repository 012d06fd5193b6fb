//! What stands before the message in the logs of name servers, and the event that a query is.

use crate::event::reject::{Reason, Reject};
use crate::event::{Endpoint, Event, Question, Role};
use crate::formats::{Context, time};
use crate::units::Timestamp;
use jiff::tz::TimeZone;
use memchr::memmem;

/// Reads the stamps of a source: their zone, and about when its last line was written.
#[derive(Debug)]
pub(super) struct Clock {
    zone: TimeZone,
    hint: Option<Timestamp>,
}

impl Clock {
    pub(super) fn new(context: &Context) -> Clock {
        Clock { zone: context.zone.clone(), hint: context.year_hint }
    }

    /// For looking at lines only: any year will do.
    pub(super) fn any(context: &Context) -> Clock {
        Clock { zone: context.zone.clone(), hint: context.year_hint.or(Some(Timestamp::MAX)) }
    }

    /// The stamp at which a line begins, and what follows it: `[1680051723]` (Unbound), `29-Mar-2023 01:02:03.456`
    /// (BIND), `Mar 29 01:02:03` (syslog, dnsmasq), or ISO 8601 in one word.
    pub(super) fn split<'a>(&self, line: &'a [u8]) -> Result<(Timestamp, &'a [u8]), Reject> {
        let first = line.first().copied().unwrap_or_default();
        let (text, rest, stamp) = if first == b'[' {
            let end = memchr::memchr(b']', line).unwrap_or(line.len());
            let text = line.get(1..end).unwrap_or_default();
            (text, line.get(end + 1..), time::epoch(text))
        } else if first.is_ascii_alphabetic() {
            let (text, rest) = line.split_at(line.len().min(15));
            (text, Some(rest), time::yearless(text, &self.zone, self.hint))
        } else if line.get(2) == Some(&b'-') {
            let mut blanks = memchr::memchr_iter(b' ', line).skip(1);
            let (text, rest) = line.split_at(blanks.next().unwrap_or(line.len()));
            (text, Some(rest), time::dashed(text, &self.zone))
        } else {
            let (text, rest) = line.split_at(memchr::memchr(b' ', line).unwrap_or(line.len()));
            (text, Some(rest), time::iso(text, &self.zone))
        };
        match (stamp, rest) {
            (Some(stamp), Some(rest)) => Ok((stamp, rest.trim_ascii_start())),
            _ => Err(Reject::of(Reason::BadTimestamp, line, text)),
        }
    }
}

/// What follows `mark` in `text`.
pub(super) fn after<'a>(text: &'a [u8], mark: &[u8]) -> Option<&'a [u8]> {
    memmem::find(text, mark).and_then(|at| text.get(at + mark.len()..))
}

/// A name without the dot of the root at its end, so that it reads the same in every log.
pub(super) fn bare(name: &[u8]) -> &[u8] {
    match name {
        b"." | b"" => b".",
        _ => name.strip_suffix(b".").unwrap_or(name),
    }
}

/// The event that a query is. `name` is `None` where the server could not print it.
pub(super) fn query<'a>(
    dataset: &'static str,
    timestamp: Timestamp,
    client: Endpoint<'a>,
    name: Option<&'a [u8]>,
    record_type: &'a [u8],
) -> Event<'a> {
    Event {
        dataset,
        role: Role::Dns,
        timestamp,
        source: client,
        protocol: Some(b"dns"),
        question: name.map(|name| Question { name: bare(name), record_type: Some(record_type) }),
        ..Event::default()
    }
}

/// The sight of all logs of queries: names are what they carry.
pub(super) const SIGHT: crate::formats::Sight =
    crate::formats::Sight { role: Role::Dns, source_bytes: true, destination_bytes: false, remedy: "" };
