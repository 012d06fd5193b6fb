//! Zeek's `conn.log`: one line per connection, with the payload bytes of each direction.
//!
//! TSV with its `#` headers (columns in any order) and JSON lines (flat, nested, in any key order) are one kind and may
//! alternate: `tsv.rs` and `json.rs` only find the fields, `record.rs` says what they mean. A row is written when its
//! connection closes and is stamped with its beginning.

mod json;
mod record;
#[cfg(test)]
mod tests;
mod tsv;

use crate::event::reject::Reject;
use crate::event::{Event, Role};
use crate::formats::{Context, Detail, Format, Kind, Scratch, Sight, Sniffed, SpecError};
use std::sync::Arc;
use tsv::Headers;

// The other logs of Zeek write times and headers alike.
pub(super) use record::{span, stamp};
pub(super) use tsv::separator;

/// The row of this format.
pub const KIND: Kind = Kind {
    name: "zeek-conn",
    about: "Zeek conn.log, TSV with its #fields header or JSON lines",
    roles: &[Role::Flow],
    compile,
    sniff,
    is_header: Some(|line| line.first() == Some(&b'#')),
};

const REMEDY: &str =
    "log orig_bytes and resp_bytes in conn.log (they are there unless a Log::Filter excludes them)";

/// The columns that Zeek writes unless told otherwise, for rows that have lost their header.
const USUAL: &str = "ts uid id.orig_h id.orig_p id.resp_h id.resp_p proto service duration orig_bytes resp_bytes \
                     conn_state local_orig local_resp missed_bytes history orig_pkts orig_ip_bytes resp_pkts \
                     resp_ip_bytes tunnel_parents";

#[derive(Debug)]
struct ZeekConn {
    headers: Headers,
    detail: Detail,
}

fn compile(spec: &str, context: &Context) -> Result<Arc<dyn Format>, SpecError> {
    let mut headers = Headers::default();
    let names: Vec<&str> = spec.split([' ', '\t', ',']).filter(|name| !name.is_empty()).collect();
    if !names.is_empty() {
        headers.set_fields(names.into_iter().map(str::as_bytes), context.detail);
        if !headers.usable() {
            let message = format!(
                "the columns of conn.log must name ts, id.orig_h and id.resp_h, as in \"zeek-conn:{USUAL}\""
            );
            return Err(SpecError { message, position: 0 });
        }
    }
    Ok(Arc::new(ZeekConn { headers, detail: context.detail }))
}

impl Format for ZeekConn {
    fn parse<'a>(
        &self,
        line: &'a [u8],
        scratch: &'a Scratch,
        events: &mut Vec<Event<'a>>,
    ) -> Result<(), Reject> {
        let (fields, unset) = match line.first() {
            Some(b'{' | b' ') => (json::fields(line, scratch, self.detail)?, &b""[..]),
            Some(b'#') | None => return Ok(()),
            Some(_) => (self.headers.fields(line)?, self.headers.unset()),
        };
        // Filled in place: an event is some 300 bytes, and moving it shows in the profile.
        let place = events.len();
        events.push(record::blank());
        let Some(event) = events.last_mut() else { return Ok(()) };
        let read = record::fill(event, &fields, line, unset);
        if read.is_err() {
            events.truncate(place);
        }
        read
    }

    fn header(&self, line: &[u8]) -> Option<Result<Arc<dyn Format>, Reject>> {
        let headers = self.headers.after(line, self.detail)?;
        Some(Ok(Arc::new(ZeekConn { headers, detail: self.detail })))
    }

    fn sight(&self) -> Sight {
        let (source_bytes, destination_bytes) = self.headers.sees();
        Sight { role: Role::Flow, source_bytes, destination_bytes, remedy: REMEDY }
    }
}

/// A `#fields` header that has what connections need, or JSON lines most of which read as connections.
fn sniff(lines: &[&[u8]], context: &Context) -> Sniffed {
    let mut headers = Headers::default();
    for line in lines.iter().take_while(|line| line.first() == Some(&b'#')) {
        headers = headers.after(line, context.detail).unwrap_or(headers);
    }
    if headers.usable() {
        let spec = headers.names().join(" ");
        return Sniffed::Yes {
            spec,
            why: "a #fields header names id.orig_h and orig_bytes or conn_state".into(),
        };
    }
    let rows: Vec<&[u8]> =
        lines.iter().copied().filter(|line| !line.is_empty() && line.first() != Some(&b'#')).collect();
    let scratch = Scratch::new();
    let connection = |line: &&&[u8]| {
        json::fields(line, &scratch, Detail::Sums)
            .is_ok_and(|fields| record::fill(&mut record::blank(), &fields, line, b"").is_ok())
    };
    if rows.iter().filter(connection).count() * 2 > rows.len() {
        return Sniffed::Yes {
            spec: String::new(),
            why: "JSON lines with id.orig_h and the bytes or state of a connection".into(),
        };
    }
    if !rows.is_empty() && rows.iter().all(|line| tsv::looks_usual(line)) {
        let say = format!(
            "looks like Zeek's conn.log without its header; if its columns are the usual ones pass --format \
             'zeek-conn:{USUAL}', else name them in their order"
        );
        return Sniffed::Unsure { say };
    }
    Sniffed::No
}
