//! `{"@timestamp":"2023-03-29T01:02:03Z","message":"the line","host":{"name":"web-1"},…}`: what agents that ship logs
//! (Elastic's, Fluentd and Fluent Bit, Vector, Promtail) put around a line that they did not take apart.

use super::{Opened, Stamp};
use crate::event::reject::{Reason, Reject};
use crate::formats::Scratch;
use crate::formats::json::{Members, Value, members};

/// The members in which such agents keep the line, the surest first.
const LINE: [&[u8]; 5] = [b"original", b"message", b"log", b"line", b"textPayload"];

pub(super) fn open<'a>(line: &'a [u8], scratch: &'a Scratch) -> Result<Opened<'a>, Reject> {
    let (mut found, mut opened) = (None, Opened::default());
    look(members(line), scratch, &mut found, &mut opened, 0)?;
    let (_, text) = found.ok_or_else(|| Reject::line(Reason::Malformed))?;
    let text = text.strip_suffix(b"\n").unwrap_or(text);
    opened.inner = text.strip_suffix(b"\r").unwrap_or(text);
    Ok(opened)
}

/// The line with its rank, and who sent it when; `event.original` and `host.name` lie one deeper.
fn look<'a>(
    members: Members<'a>,
    scratch: &'a Scratch,
    found: &mut Option<(usize, &'a [u8])>,
    opened: &mut Opened<'a>,
    depth: usize,
) -> Result<(), Reject> {
    for member in members {
        let (key, value) = member?;
        match (depth, key.raw(), value) {
            (0, b"event", Value::Object(inner)) => look(inner, scratch, found, opened, 1)?,
            (0, b"host", Value::Object(inner)) => look(inner, scratch, found, opened, 2)?,
            (0, b"host" | b"hostname", Value::Text(text)) | (2, b"name", Value::Text(text)) => {
                opened.host = Some(text.decode(scratch));
            }
            (0, b"@timestamp" | b"timestamp" | b"time" | b"date", Value::Text(text)) => {
                opened.stamp = Stamp::Iso(text.decode(scratch));
            }
            (0 | 1, name, Value::Text(text)) => {
                let known = if depth == 1 { LINE.get(..1) } else { LINE.get(1..) }.unwrap_or_default();
                let rank = known.iter().position(|known| *known == name).map(|place| place + 1 - depth);
                if let Some(rank) = rank.filter(|rank| found.is_none_or(|(best, _)| *rank < best)) {
                    *found = Some((rank, text.decode(scratch)));
                }
            }
            _ => {}
        }
    }
    Ok(())
}
