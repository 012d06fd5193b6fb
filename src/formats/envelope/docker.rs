//! `{"log":"the line\n","stream":"stdout","time":"2023-03-29T01:02:03.456Z"}`: Docker's json-file driver. It cuts lines at
//! 16 KiB; all pieces but the last lack the line feed.

use super::{Opened, Stamp};
use crate::event::reject::{Reason, Reject};
use crate::formats::{Scratch, json};

pub(super) fn open<'a>(line: &'a [u8], scratch: &'a Scratch) -> Result<Opened<'a>, Reject> {
    let (mut log, mut opened) = (None, Opened::default());
    for member in json::members(line) {
        let (key, value) = member?;
        match (key.raw(), value) {
            (b"log", json::Value::Text(text)) => log = Some(text),
            (b"time", json::Value::Text(text)) => opened.stamp = Stamp::Iso(text.decode(scratch)),
            _ => {}
        }
    }
    // A program may log JSON with a member of its own called "log"; a time beside it is Docker's.
    let log = log.filter(|_| opened.stamp != Stamp::None).ok_or_else(|| Reject::line(Reason::Malformed))?;
    let text = log.decode(scratch);
    let text = text.strip_suffix(b"\n").ok_or_else(|| log.reject(Reason::Truncated, line))?;
    opened.inner = text.strip_suffix(b"\r").unwrap_or(text);
    Ok(opened)
}
