//! What Zeek's logs beside `conn.log` share: TSV with `#` headers (columns in any order) or JSON lines (flat, nested, or
//! the whole record under the log's name), which only differ in where a field is found.
//!
//! A log is a [`Log`]: the names of its fields and a function that makes an event of them.

use super::zeek_conn::{separator, span, stamp};
use crate::event::reject::{Reason, Reject};
use crate::event::{Endpoint, Event, address, number};
use crate::formats::columns::{Columns, Row};
use crate::formats::format_string::Encoding;
use crate::formats::json::{self, Members, Value};
use crate::formats::names::Names;
use crate::formats::{Context, Detail, Format, Scratch, Sight, Sniffed, SpecError};
use crate::units::Span;
use std::net::IpAddr;
use std::sync::Arc;

/// One of Zeek's logs, with `N` fields that are read. The first five are always [`ENDS`].
#[derive(Debug)]
pub(super) struct Log<const N: usize> {
    /// Its name: `#path`, `_path`.
    pub(super) path: &'static str,
    /// The names of its fields by slot.
    pub(super) names: [&'static str; N],
    /// Slots that no row of it is without.
    pub(super) needs: &'static [usize],
    /// Slots that no other log with both ends has; a JSON line needs one of them.
    pub(super) marks: &'static [usize],
    /// What a row says; `None` where it says nothing.
    pub(super) event: for<'a> fn(&Fields<'a, '_, N>, Detail) -> Result<Option<Event<'a>>, Reject>,
    /// What rows show that have the columns that `has` says are there.
    pub(super) sight: fn(has: &dyn Fn(usize) -> bool) -> Sight,
}

/// What a row of nearly every log has: when, and both ends.
pub(super) const WHEN_AND_WHO: &[usize] = &[0, 1, 3];

/// The fields that each log begins with.
pub(super) const ENDS: [&str; 5] = ["ts", "id.orig_h", "id.orig_p", "id.resp_h", "id.resp_p"];

/// The fields of one row.
#[derive(Debug)]
pub(super) struct Fields<'a, 'h, const N: usize> {
    line: &'a [u8],
    row: Row<'a, N>,
    form: Form<'h>,
    scratch: &'a Scratch,
}

/// How a row is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form<'h> {
    /// In columns, with this for an absent value, and `\x09` and `\\` in texts.
    Tsv { unset: &'h [u8] },
    /// As JSON, which leaves absent values out; what is no text is `\xff` in it.
    Json,
}

impl<'a, const N: usize> Fields<'a, '_, N> {
    /// The text of a field; `None` where it is absent.
    pub(super) fn text(&self, slot: usize) -> Option<&'a [u8]> {
        let text = self.row.get(slot);
        let absent = match self.form {
            Form::Tsv { unset } => text.is_empty() || text == unset || text == b"(empty)",
            Form::Json => text.is_empty(),
        };
        (!absent).then_some(text)
    }

    /// The text of a field that may hold anything, as it was before Zeek wrote it.
    pub(super) fn words(&self, slot: usize) -> Option<&'a [u8]> {
        let encoding = match self.form {
            Form::Tsv { .. } => Encoding::Backslash,
            Form::Json => Encoding::Unprintable,
        };
        self.text(slot).map(|text| encoding.decode(text, self.scratch))
    }

    fn wrong(&self, reason: Reason, text: &[u8]) -> Reject {
        Reject::of(reason, self.line, text)
    }

    /// A count.
    pub(super) fn count(&self, slot: usize) -> Result<Option<u64>, Reject> {
        self.text(slot)
            .map(|text| number(text).ok_or_else(|| self.wrong(Reason::BadNumber, text)))
            .transpose()
    }

    /// A duration.
    pub(super) fn span(&self, slot: usize) -> Result<Option<Span>, Reject> {
        self.text(slot).map(|text| span(text).ok_or_else(|| self.wrong(Reason::BadNumber, text))).transpose()
    }

    /// The first address of a field that may hold several.
    pub(super) fn host(&self, slot: usize) -> Result<Option<IpAddr>, Reject> {
        let first = |text: &'a [u8]| text.split(|&byte| byte == b',').next().unwrap_or(text);
        self.text(slot)
            .map(first)
            .map(|text| address(text).ok_or_else(|| self.wrong(Reason::BadAddress, text)))
            .transpose()
    }

    /// An end; `None` where its address is absent.
    pub(super) fn end(&self, ip: usize, port: usize) -> Result<Option<Endpoint<'a>>, Reject> {
        let (ip, port) = (self.host(ip)?, self.text(port));
        let port =
            port.map(|text| number(text).ok_or_else(|| self.wrong(Reason::BadNumber, text))).transpose()?;
        Ok(ip.map(|ip| Endpoint { ip: Some(ip), port, ..Endpoint::default() }))
    }

    /// An event with what every row has: when, and both ends.
    pub(super) fn begun(&self, dataset: &'static str) -> Result<Event<'a>, Reject> {
        let absent = Reject::line(Reason::Malformed);
        let (source, destination) = (self.end(1, 2)?.ok_or(absent)?, self.end(3, 4)?.ok_or(absent)?);
        Ok(Event { source, destination, ..self.stamped(dataset)? })
    }

    /// An event with its time alone.
    pub(super) fn stamped(&self, dataset: &'static str) -> Result<Event<'a>, Reject> {
        let text = self.text(0).ok_or(Reject::line(Reason::Malformed))?;
        let timestamp = stamp(text).ok_or_else(|| self.wrong(Reason::BadTimestamp, text))?;
        Ok(Event { dataset, timestamp, ..Event::default() })
    }
}

/// How to read the rows below a header.
#[derive(Clone, Debug)]
enum Rows<const N: usize> {
    /// There was no `#fields` yet.
    Untold,
    /// There was one that is another log's, or that cannot be split.
    Unusable,
    /// Split like this; the names are kept for `--format`.
    Told(Columns<N>, String),
}

/// What the headers so far have said.
#[derive(Clone, Debug)]
struct Headers<const N: usize> {
    /// `None`: one that no row can be split by; only a new file can change that.
    separator: Option<u8>,
    unset: Box<[u8]>,
    /// The `#path`, where there was one, is this log's.
    ours: bool,
    rows: Rows<N>,
}

impl<const N: usize> Headers<N> {
    fn new() -> Self {
        Headers { separator: Some(b'\t'), unset: (*b"-").into(), ours: true, rows: Rows::Untold }
    }

    /// The headers with one more line; `None` for one that changes nothing.
    fn after(&self, line: &[u8], log: &Log<N>) -> Option<Headers<N>> {
        if let Some(value) = line.strip_prefix(b"#separator") {
            // A new file begins, maybe behind another one: what held there holds no more.
            let separator = separator(value.trim_ascii_start());
            let rows = if separator.is_some() { Rows::Untold } else { Rows::Unusable };
            return Some(Headers { separator, rows, ..Headers::new() });
        }
        let separator = self.separator?;
        let mut parts = line.split(|&byte| byte == separator);
        let mut headers = self.clone();
        match parts.next()? {
            b"#unset_field" => headers.unset = parts.next()?.into(),
            b"#path" => headers.ours = parts.next()?.starts_with(log.path.as_bytes()),
            b"#fields" => {
                let names: Vec<&[u8]> = parts.collect();
                headers.rows = log.rows(&names).filter(|_| headers.ours).unwrap_or(Rows::Unusable);
            }
            _ => return None,
        }
        Some(headers)
    }
}

impl<const N: usize> Log<N> {
    /// The slot of a field; `N`, which no row has, for one that is not read. Shippers write `id_orig_h` for `id.orig_h`.
    fn slot(&self, name: &[u8], nested: bool) -> usize {
        let name = match name.strip_prefix(b"id.").or(name.strip_prefix(b"id_")) {
            Some(rest) if !nested => (rest, true),
            _ => (name, nested),
        };
        let same = |known: &&str| match known.strip_prefix("id.") {
            Some(known) => name == (known.as_bytes(), true),
            None => name == (known.as_bytes(), false),
        };
        self.names.iter().position(same).unwrap_or(N)
    }

    /// The table of [`Log::slot`] for keys that are not nested.
    fn keys(&self) -> Names {
        let spellings = |(slot, name): (usize, &'static str)| match name.strip_prefix("id.") {
            Some(rest) => vec![(name.into(), slot), (format!("id_{rest}"), slot)],
            None => vec![(name.into(), slot)],
        };
        Names::new(self.names.into_iter().enumerate().flat_map(spellings))
    }

    fn rows(&self, names: &[&[u8]]) -> Option<Rows<N>> {
        let slots = names.iter().map(|name| u8::try_from(self.slot(name, false)).unwrap_or(u8::MAX));
        let columns = Columns::<N>::new(slots.collect())?;
        let usable = self.needs.iter().all(|&slot| columns.has(slot))
            && self.marks.iter().any(|&slot| columns.has(slot));
        let names: Vec<_> = names.iter().map(|name| String::from_utf8_lossy(name)).collect();
        usable.then(|| Rows::Told(columns, names.join(" ")))
    }

    /// Compiles the names of the columns, or none for what headers say.
    pub(super) fn compile(
        &'static self,
        spec: &str,
        context: &Context,
    ) -> Result<Arc<dyn Format>, SpecError> {
        let names: Vec<&[u8]> =
            spec.split([' ', '\t', ',']).filter(|name| !name.is_empty()).map(str::as_bytes).collect();
        let mut headers = Headers::new();
        if !names.is_empty() {
            headers.rows = self.rows(&names).ok_or_else(|| SpecError {
                message: format!(
                    "the columns must name those of {}.log: {}",
                    self.path,
                    self.names.join(" ")
                ),
                position: 0,
            })?;
        }
        Ok(Arc::new(Zeek { log: self, keys: self.keys(), headers, detail: context.detail }))
    }

    /// A `#fields` header of this log, or JSON lines most of which are its rows.
    pub(super) fn sniff(&'static self, lines: &[&[u8]]) -> Sniffed {
        let mut headers = Headers::new();
        for line in lines.iter().take_while(|line| line.first() == Some(&b'#')) {
            headers = headers.after(line, self).unwrap_or(headers);
        }
        if let Rows::Told(_, names) = headers.rows {
            let why = format!("a #fields header names what only {}.log has", self.path);
            return Sniffed::Yes { spec: names, why };
        }
        let (scratch, keys) = (Scratch::new(), self.keys());
        let row = |line: &&&[u8]| {
            self.json(line, &keys, &scratch).is_ok_and(|fields| (self.event)(&fields, Detail::Sums).is_ok())
        };
        let rows = lines.iter().filter(|line| line.first() == Some(&b'{')).filter(row).count();
        if rows * 2 > lines.len() {
            let why = format!("JSON lines with what only {}.log has", self.path);
            return Sniffed::Yes { spec: String::new(), why };
        }
        Sniffed::No
    }

    fn json<'a>(
        &self,
        line: &'a [u8],
        keys: &Names,
        scratch: &'a Scratch,
    ) -> Result<Fields<'a, 'static, N>, Reject> {
        let mut fields = Fields { line, row: Row::default(), form: Form::Json, scratch };
        self.read(&mut json::members(line), Within::Line, keys, scratch, &mut fields)?;
        if self.marks.iter().any(|&slot| !fields.row.get(slot).is_empty()) {
            Ok(fields)
        } else {
            Err(Reject::line(Reason::Malformed))
        }
    }

    fn read<'a>(
        &self,
        members: &mut Members<'a>,
        within: Within,
        keys: &Names,
        scratch: &'a Scratch,
        fields: &mut Fields<'a, '_, N>,
    ) -> Result<(), Reject> {
        let mut place = *members;
        while let Some(member) = place.next() {
            let (key, value) = member?;
            match (key.decode(scratch), value) {
                (b"id", Value::Object(mut id)) if within != Within::Id => {
                    self.read(&mut id, Within::Id, keys, scratch, fields)?;
                    place.pass(id.end());
                }
                (name, Value::Object(mut record))
                    if within == Within::Line && name == self.path.as_bytes() =>
                {
                    self.read(&mut record, Within::Record, keys, scratch, fields)?;
                    place.pass(record.end());
                }
                (b"_path", value) if within != Within::Id => {
                    let path = value.scalar(scratch).unwrap_or_default();
                    if !path.starts_with(self.path.as_bytes()) {
                        return Err(Reject::line(Reason::Malformed));
                    }
                }
                (name, value) => {
                    let slot = match within {
                        Within::Id => self.slot(name, true),
                        Within::Line | Within::Record => keys.find(name).unwrap_or(N),
                    };
                    if slot < N {
                        // Of a set (the hosts that sent a file) the first is read.
                        let text = match value {
                            Value::Array(mut items) => match items.next() {
                                Some(item) => item?.scalar(scratch),
                                None => None,
                            },
                            value => value.scalar(scratch),
                        };
                        fields.row.set(slot, text.unwrap_or_default());
                    }
                }
            }
        }
        *members = place;
        Ok(())
    }
}

/// Which object is being read; each is opened from the one before it, so that nothing recurses with the input.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Within {
    Line,
    Record,
    Id,
}

#[derive(Debug)]
struct Zeek<const N: usize> {
    log: &'static Log<N>,
    keys: Names,
    headers: Headers<N>,
    detail: Detail,
}

impl<const N: usize> Format for Zeek<N> {
    fn parse<'a>(
        &self,
        line: &'a [u8],
        scratch: &'a Scratch,
        events: &mut Vec<Event<'a>>,
    ) -> Result<(), Reject> {
        let event = match (line.first(), &self.headers.rows) {
            (Some(b'#') | None, _) => None,
            (Some(b'{' | b' '), _) => {
                (self.log.event)(&self.log.json(line, &self.keys, scratch)?, self.detail)?
            }
            (Some(_), Rows::Told(columns, _)) => {
                let row = columns.split(line, self.headers.separator.unwrap_or(b'\t'))?;
                let form = Form::Tsv { unset: &self.headers.unset };
                (self.log.event)(&Fields { line, row, form, scratch }, self.detail)?
            }
            (Some(_), Rows::Untold) => return Err(Reject::line(Reason::NoHeader)),
            (Some(_), Rows::Unusable) => return Err(Reject::line(Reason::BadHeader)),
        };
        events.extend(event);
        Ok(())
    }

    fn header(&self, line: &[u8]) -> Option<Result<Arc<dyn Format>, Reject>> {
        let headers = self.headers.after(line, self.log)?;
        Some(Ok(Arc::new(Zeek { log: self.log, keys: self.keys.clone(), headers, detail: self.detail })))
    }

    fn sight(&self) -> Sight {
        match &self.headers.rows {
            Rows::Told(columns, _) => (self.log.sight)(&|slot| columns.has(slot)),
            // JSON may have any field.
            Rows::Untold => (self.log.sight)(&|_| true),
            Rows::Unusable => (self.log.sight)(&|_| false),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const LOG: Log<7> = Log {
        path: "x",
        names: [ENDS[0], ENDS[1], ENDS[2], ENDS[3], ENDS[4], "query", "_node_name"],
        needs: &[],
        marks: &[],
        event: |_, _| Ok(None),
        sight: |_| Sight {
            role: crate::event::Role::Flow,
            source_bytes: true,
            destination_bytes: true,
            remedy: "",
        },
    };

    proptest! {
        #[test]
        fn the_table_of_keys_is_the_list_of_names(key in "(id[._])?(orig|resp|ts)(_[hp])?|query|_node_name|[a-z._]{0,9}") {
            prop_assert_eq!(LOG.keys().find(key.as_bytes()).unwrap_or(7), LOG.slot(key.as_bytes(), false));
        }
    }
}
