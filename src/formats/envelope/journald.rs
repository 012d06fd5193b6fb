//! `journalctl -o json`: an object a line, the text in `MESSAGE` (an array of bytes where it is no UTF-8, `null` where it
//! was too large), its time in microseconds.

use super::{Opened, Stamp};
use crate::event::number;
use crate::event::reject::{Reason, Reject};
use crate::formats::json::{Items, Value};
use crate::formats::{Scratch, json};

pub(super) fn open<'a>(line: &'a [u8], scratch: &'a Scratch) -> Result<Opened<'a>, Reject> {
    let (mut message, mut received, mut sent, mut opened) = (None, None, None, Opened::default());
    for member in json::members(line) {
        let (key, value) = member?;
        match key.raw() {
            b"MESSAGE" => message = Some((key, value)),
            b"_HOSTNAME" => opened.host = value.scalar(scratch),
            b"SYSLOG_IDENTIFIER" => opened.tag = value.scalar(scratch).unwrap_or_default(),
            b"__REALTIME_TIMESTAMP" => received = value.scalar(scratch),
            b"_SOURCE_REALTIME_TIMESTAMP" => sent = value.scalar(scratch),
            _ => {}
        }
    }
    let (key, value) = message.ok_or_else(|| Reject::line(Reason::Malformed))?;
    let received = received.ok_or_else(|| Reject::line(Reason::Malformed))?;
    opened.stamp = Stamp::Micros(sent.unwrap_or(received));
    opened.inner = match value {
        Value::Text(text) => text.decode(scratch),
        Value::Array(items) => bytes(items, scratch)?,
        _ => return Err(key.reject(Reason::Truncated, line)),
    };
    Ok(opened)
}

/// `[72,101,255]`.
fn bytes<'a>(items: Items<'a>, scratch: &'a Scratch) -> Result<&'a [u8], Reject> {
    let mut text = Vec::new();
    for item in items {
        match item? {
            Value::Number(digits) => {
                text.push(number(digits).ok_or_else(|| Reject::line(Reason::Malformed))?)
            }
            _ => return Err(Reject::line(Reason::Malformed)),
        }
    }
    Ok(scratch.alloc_slice_copy(&text))
}
