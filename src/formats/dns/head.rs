//! What stands before the message in the logs of name servers, and the event that a query is.

use crate::event::reject::{Reason, Reject};
use crate::event::{Endpoint, Event, Question, Role};
use crate::formats::envelope::Opened;
use crate::formats::time::{self, Local};
use crate::units::Timestamp;
use memchr::memmem;

/// When a line was written, as far as it has to be known.
#[derive(Clone, Copy, Debug)]
pub(super) enum Clock<'a> {
    /// The line begins with its stamp.
    Line(&'a Local),
    /// So it does, or else its envelope tells.
    Envelope(&'a Local, &'a Opened<'a>),
    /// For looking at lines only: those without a stamp may come in an envelope that has one.
    Any,
}

impl Clock<'_> {
    /// The stamp of a line, and what follows it.
    pub(super) fn split<'a>(&self, line: &'a [u8]) -> Result<(Timestamp, &'a [u8]), Reject> {
        match self {
            Clock::Line(local) => split(line, local),
            Clock::Envelope(local, opened) => {
                split(line, local).or_else(|reject| Ok((opened.time(local).map_err(|_| reject)?, line)))
            }
            // That envelope has to be taken off first.
            Clock::Any if matches!(line.first(), Some(b'<' | b'{')) => Err(Reject::line(Reason::Malformed)),
            Clock::Any => {
                let local = Local { zone: jiff::tz::TimeZone::UTC, near: Some(Timestamp::MIN) };
                Ok(split(line, &local).unwrap_or((Timestamp::MIN, line)))
            }
        }
    }
}

/// The stamp at which a line begins, and what follows it: `[1680051723]` (Unbound), `29-Mar-2023 01:02:03.456`
/// (BIND), `Mar 29 01:02:03` (syslog, dnsmasq), or ISO 8601 in one word.
fn split<'a>(line: &'a [u8], local: &Local) -> Result<(Timestamp, &'a [u8]), Reject> {
    let first = line.first().copied().unwrap_or_default();
    let (text, rest, stamp) = if first == b'[' {
        let end = memchr::memchr(b']', line).unwrap_or(line.len());
        let text = line.get(1..end).unwrap_or_default();
        (text, line.get(end + 1..), time::epoch(text))
    } else if first.is_ascii_alphabetic() {
        let (text, rest) = time::split_month_first(line).unwrap_or((line, b""));
        (text, Some(rest), time::month_first(text, &local.zone, local.near))
    } else if line.get(2) == Some(&b'-') {
        let mut blanks = memchr::memchr_iter(b' ', line).skip(1);
        let (text, rest) = line.split_at(blanks.next().unwrap_or(line.len()));
        (text, Some(rest), time::dashed(text, &local.zone))
    } else {
        let (text, rest) = line.split_at(memchr::memchr(b' ', line).unwrap_or(line.len()));
        (text, Some(rest), time::iso(text, &local.zone))
    };
    match (stamp, rest) {
        (Some(stamp), Some(rest)) => Ok((stamp, rest.trim_ascii_start())),
        _ => Err(Reject::of(Reason::BadTimestamp, line, text)),
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
