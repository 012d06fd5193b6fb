//! What Azure's two kinds of flow logs share: JSON that nests arrays of `flowTuples`, and the fields of a tuple.
//!
//! A line is a whole document (`{"records":[…]}`, as the storage account holds it) or one record. A tuple that does not
//! read rejects its line: a part of a document must not pass for the whole.

use crate::event::reject::{Reason, Reject};
use crate::event::{Endpoint, Event, Role, address, number};
use crate::formats::cells::{self, Cut};
use crate::formats::json::{self, Members, Value};
use crate::formats::{Detail, Scratch, transport};
use crate::units::Timestamp;

/// The objects and arrays on the way to the tuples.
const WAY: [&[u8]; 5] = [b"records", b"properties", b"flows", b"flowRecords", b"flowGroups"];

/// Documents nest six of them; this leaves room for an envelope.
const DEPTH: u32 = 10;

/// Calls `each` with the text of every tuple of a line.
pub(super) fn each<'a>(
    line: &'a [u8],
    scratch: &'a Scratch,
    each: &mut impl FnMut(&'a [u8]) -> Result<(), Reject>,
) -> Result<(), Reject> {
    let mut found = false;
    walk(&mut json::members(line), scratch, DEPTH, &mut |tuple| {
        found = true;
        tuple.map_or(Ok(()), &mut *each)
    })?;
    if found { Ok(()) } else { Err(Reject::line(Reason::Malformed)) }
}

/// `step` is called with `None` for an array of tuples, which may be empty, and then with its tuples.
fn walk<'a>(
    members: &mut Members<'a>,
    scratch: &'a Scratch,
    depth: u32,
    step: &mut impl FnMut(Option<&'a [u8]>) -> Result<(), Reject>,
) -> Result<(), Reject> {
    let mut place = *members;
    while let Some(member) = place.next() {
        let (key, value) = member?;
        let key = key.decode(scratch);
        match value {
            Value::Array(mut items) if key == b"flowTuples" => {
                step(None)?;
                for item in items.by_ref() {
                    step(item?.scalar(scratch))?;
                }
                place.pass(items.end());
            }
            Value::Array(mut items) if depth > 0 && WAY.contains(&key) => {
                while let Some(item) = items.next() {
                    if let Value::Object(mut inner) = item? {
                        walk(&mut inner, scratch, depth - 1, step)?;
                        items.pass(inner.end());
                    }
                }
                place.pass(items.end());
            }
            Value::Object(mut inner) if depth > 0 && WAY.contains(&key) => {
                walk(&mut inner, scratch, depth - 1, step)?;
                place.pass(inner.end());
            }
            _ => {}
        }
    }
    *members = place;
    Ok(())
}

/// A tuple cut at its commas.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tuple<'a> {
    line: &'a [u8],
    cells: [&'a [u8]; 13],
    pub(super) count: usize,
}

impl<'a> Tuple<'a> {
    pub(super) fn new(line: &'a [u8], text: &'a [u8]) -> Tuple<'a> {
        let (mut cells, mut count) = ([&b""[..]; 13], 0);
        for cell in cells::cells(text, Cut::Plain(b',')) {
            if let Some(place) = cells.get_mut(count) {
                *place = cell.raw;
            }
            count += 1;
        }
        Tuple { line, cells, count }
    }

    pub(super) fn cell(&self, place: usize) -> &'a [u8] {
        self.cells.get(place).copied().unwrap_or_default()
    }

    pub(super) fn wrong(&self, reason: Reason, place: usize) -> Reject {
        Reject::of(reason, self.line, self.cell(place))
    }

    /// A count; an empty cell is absent.
    fn bytes(&self, place: usize) -> Result<Option<u64>, Reject> {
        match self.cell(place) {
            b"" => Ok(None),
            text => number(text).map(Some).ok_or_else(|| self.wrong(Reason::BadNumber, place)),
        }
    }

    fn end(&self, ip: usize, port: usize, bytes: usize) -> Result<Endpoint<'a>, Reject> {
        let address = address(self.cell(ip)).ok_or_else(|| self.wrong(Reason::BadAddress, ip))?;
        let number = match self.cell(port) {
            b"" => None,
            text => Some(number(text).ok_or_else(|| self.wrong(Reason::BadNumber, port))?),
        };
        Ok(Endpoint { ip: Some(address), port: number, bytes: self.bytes(bytes)?, domain: None })
    }

    /// The first six cells and the two counts are the same in both kinds: when, both ends, both ports, the protocol, and
    /// last the bytes sent and received by the source. A tuple is written at the end of what it counts.
    pub(super) fn event(
        &self,
        dataset: &'static str,
        timestamp: Option<Timestamp>,
        detail: Detail,
    ) -> Result<Event<'a>, Reject> {
        Ok(Event {
            dataset,
            role: Role::Flow,
            timestamp: timestamp.ok_or_else(|| self.wrong(Reason::BadTimestamp, 0))?,
            source: self.end(1, 3, 10)?,
            destination: self.end(2, 4, 12)?,
            transport: (detail == Detail::Full).then(|| match self.cell(5) {
                b"T" => &b"tcp"[..],
                b"U" => b"udp",
                other => transport::name(other),
            }),
            ..Event::default()
        })
    }
}

/// The tuple of the first line that has one, to tell the kinds apart by.
pub(super) fn first<'a>(lines: &[&'a [u8]], scratch: &'a Scratch) -> Option<Tuple<'a>> {
    lines.iter().find_map(|line| {
        let mut first = None;
        // A document that breaks off behind its first tuple still has one.
        let _ = each(line, scratch, &mut |text| {
            first = first.or(Some(Tuple::new(line, text)));
            Ok(())
        });
        first
    })
}
