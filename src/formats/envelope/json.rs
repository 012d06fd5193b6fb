//! `{"@timestamp":"2023-03-29T01:02:03Z","message":"the line","host":{"name":"web-1"},…}`: what agents that ship logs
//! (Elastic's, Fluentd and Fluent Bit, Vector, Promtail, syslog-ng, nxlog, OpenTelemetry, whatever speaks GELF), Wazuh's
//! archives, Azure's tables, Splunk's exports and collectors, and cloud queues (CloudWatch Logs, Pub/Sub, in base 64) put
//! around a line that they did not take apart.

use super::{Opened, Stamp};
use crate::event::reject::{Reason, Reject};
use crate::formats::json::{Members, Value, members};
use crate::formats::{Scratch, base64};

/// The members in which they keep the line, the surest first.
const LINE: [&[u8]; 15] = [
    b"original",
    b"_raw",
    b"message",
    b"full_log",
    b"full_message",
    b"short_message",
    b"@message",
    b"log",
    b"line",
    b"textPayload",
    b"event",
    b"MESSAGE",
    b"Message",
    b"SyslogMessage",
    b"body",
];

/// The object being read. None is deeper than one below the line, so nothing recurses with the input.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Within {
    Line,
    /// `event.original`
    Event,
    /// `host.name`
    Host,
    /// `result._raw`: a row of Splunk's export.
    Row,
    /// `message.data`: Pub/Sub's.
    Message,
}

pub(super) fn open<'a>(line: &'a [u8], scratch: &'a Scratch) -> Result<Opened<'a>, Reject> {
    let (mut found, mut opened) = (None, Opened::default());
    look(members(line), Within::Line, scratch, &mut found, &mut opened)?;
    let (_, text) = found.ok_or_else(|| Reject::line(Reason::Malformed))?;
    let text = text.strip_suffix(b"\n").unwrap_or(text);
    opened.inner = text.strip_suffix(b"\r").unwrap_or(text);
    Ok(opened)
}

/// The line with its rank, and who sent it when.
fn look<'a>(
    members: Members<'a>,
    within: Within,
    scratch: &'a Scratch,
    found: &mut Option<(usize, &'a [u8])>,
    opened: &mut Opened<'a>,
) -> Result<(), Reject> {
    for member in members {
        let (key, value) = member?;
        let inner = match (within, key.raw()) {
            (Within::Line, b"event") => Some(Within::Event),
            (Within::Line, b"host") => Some(Within::Host),
            (Within::Line, b"result") => Some(Within::Row),
            (Within::Line, b"message") => Some(Within::Message),
            _ => None,
        };
        match (within, key.raw(), value) {
            (_, _, Value::Object(members)) => {
                if let Some(inner) = inner {
                    look(members, inner, scratch, found, opened)?;
                }
            }
            (
                Within::Line | Within::Row,
                b"host" | b"hostname" | b"HOST" | b"Host" | b"Computer",
                Value::Text(text),
            )
            | (Within::Host, b"name", Value::Text(text)) => opened.host = Some(text.decode(scratch)),
            (
                Within::Line | Within::Row | Within::Message,
                b"@timestamp" | b"timestamp" | b"time" | b"date" | b"_time" | b"publishTime" | b"Timestamp"
                | b"DATE" | b"ISODATE" | b"TimeGenerated",
                value,
            ) => {
                opened.stamp = match value.scalar(scratch).unwrap_or_default() {
                    text if text.get(4) == Some(&b'-') => Stamp::Iso(text),
                    text if text.first().is_some_and(u8::is_ascii_alphabetic) => Stamp::MonthFirst(text),
                    text => Stamp::Epoch(text),
                };
            }
            (Within::Message, b"data", Value::Text(text)) => {
                let data = base64::decode(text.decode(scratch), scratch);
                *found = found.or(data.map(|data| (LINE.len(), data)));
            }
            (Within::Line | Within::Event | Within::Row, name, Value::Text(text)) => {
                let rank = LINE.iter().position(|known| *known == name);
                // Below the line stand values that go by the same names.
                let known = rank.filter(|rank| within == Within::Line || *rank < 2);
                if let Some(rank) = known.filter(|rank| found.is_none_or(|(best, _)| *rank < best)) {
                    *found = Some((rank, text.decode(scratch)));
                }
            }
            _ => {}
        }
    }
    Ok(())
}
