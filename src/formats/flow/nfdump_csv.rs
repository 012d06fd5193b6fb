//! `nfdump -o csv`: NetFlow and IPFIX records as columns that a header names, of nfdump 1.6 and 1.7.1 (`ts,te,td,sa,…`)
//! and of 1.7.3 and later (`firstSeen,duration,proto,srcAddr,…`, also `-o csv-fast` with milliseconds).
//!
//! A record tells one direction, and the reply is another record, unless `nfdump -B` has joined the two (`obyt` above 0).
//! Stamps are in the zone of the machine that ran nfdump. The block after `Summary` repeats sums and is left out; rows
//! of statistics (`-s`) name no two ends and are not read.

#[cfg(test)]
mod tests;

use crate::event::reject::{Reason, Reject};
use crate::event::{Event, Role, Stamped, address, number};
use crate::formats::columns::Columns;
use crate::formats::{Context, Detail, Format, Kind, Scratch, Sight, Sniffed, SpecError, time, transport};
use crate::units::{Span, Timestamp};
use jiff::tz::TimeZone;
use std::sync::Arc;

/// The row of this format.
pub const KIND: Kind = Kind {
    name: "nfdump-csv",
    about: "NetFlow and IPFIX as nfdump -o csv prints it, with its header line",
    roles: &[Role::Flow],
    compile,
    sniff,
    is_header: Some(|line| line.first().is_some_and(u8::is_ascii_alphabetic)),
};

const REMEDY: &str = "print the bytes: nfdump -o csv, or %byt in the format after csv:";

/// The header of nfdump 1.6 and 1.7.1, for rows without one (`nfdump -q`).
const USUAL: &str = "ts,te,td,sa,da,sp,dp,pr,flg,fwd,stos,ipkt,ibyt,opkt,obyt,in,out,sas,das,smk,dmk,dtos,dir,nh,nhb,\
                     svln,dvln,ismc,odmc,idmc,osmc,mpls1,mpls2,mpls3,mpls4,mpls5,mpls6,mpls7,mpls8,mpls9,mpls10,cl,sl,\
                     al,ra,eng,exid,tr";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Slot {
    First,
    Last,
    Duration,
    SrcAddr,
    DstAddr,
    SrcPort,
    DstPort,
    InBytes,
    OutBytes,
    Proto,
    Router,
    Skip,
}

const SLOTS: usize = Slot::Skip as usize;

impl Slot {
    fn of(name: &[u8], detail: Detail) -> Slot {
        match name {
            b"ts" | b"firstSeen" => Slot::First,
            b"te" | b"lastSeen" => Slot::Last,
            b"td" | b"duration" => Slot::Duration,
            b"sa" | b"srcAddr" => Slot::SrcAddr,
            b"da" | b"dstAddr" => Slot::DstAddr,
            b"sp" | b"srcPort" => Slot::SrcPort,
            b"dp" | b"dstPort" => Slot::DstPort,
            b"ibyt" | b"byt" | b"inBytes" | b"bytes" => Slot::InBytes,
            b"obyt" | b"outBytes" => Slot::OutBytes,
            b"pr" | b"proto" if detail == Detail::Full => Slot::Proto,
            b"ra" | b"routerIP" if detail == Detail::Full => Slot::Router,
            _ => Slot::Skip,
        }
    }
}

#[derive(Clone, Debug)]
enum Rows {
    /// Split like this.
    Told(Columns<SLOTS>),
    /// Below a header that names too little.
    Unusable,
    /// Below `Summary`, until another header comes.
    Summary,
}

#[derive(Debug)]
struct NfdumpCsv {
    rows: Rows,
    zone: TimeZone,
    detail: Detail,
}

fn compile(spec: &str, context: &Context) -> Result<Arc<dyn Format>, SpecError> {
    let names = if spec.trim().is_empty() { USUAL } else { spec.trim() };
    let columns = columns(names.as_bytes(), context.detail).ok_or_else(|| {
        let message =
            format!("the columns must name first seen and both addresses, as in \"nfdump-csv:{USUAL}\"");
        SpecError { message, position: 0 }
    })?;
    Ok(Arc::new(NfdumpCsv { rows: Rows::Told(columns), zone: context.zone.clone(), detail: context.detail }))
}

/// The columns that a header names; `None` where it names too little.
fn columns(header: &[u8], detail: Detail) -> Option<Columns<SLOTS>> {
    // Some versions end the header with a comma and the rows without.
    let header = header.strip_suffix(b",").unwrap_or(header);
    let slots = header.split(|&byte| byte == b',').map(|name| Slot::of(name.trim_ascii(), detail) as u8);
    let columns = Columns::<SLOTS>::new(slots.collect())?;
    let has = |slot: Slot| columns.has(slot as usize);
    (has(Slot::SrcAddr) && has(Slot::DstAddr) && (has(Slot::First) || has(Slot::Last))).then_some(columns)
}

impl Format for NfdumpCsv {
    fn parse<'a>(
        &self,
        line: &'a [u8],
        _scratch: &'a Scratch,
        events: &mut Vec<Event<'a>>,
    ) -> Result<(), Reject> {
        match &self.rows {
            Rows::Summary => Ok(()),
            Rows::Unusable => Err(Reject::line(Reason::BadHeader)),
            Rows::Told(_) if line.is_empty() => Ok(()),
            Rows::Told(columns) => {
                events.push(event(columns, line, &self.zone)?);
                Ok(())
            }
        }
    }

    fn header(&self, line: &[u8]) -> Option<Result<Arc<dyn Format>, Reject>> {
        let rows = if line.starts_with(b"Summary") {
            Rows::Summary
        } else if let Some(columns) = columns(line, self.detail) {
            Rows::Told(columns)
        } else if matches!(self.rows, Rows::Summary) || memchr::memchr(b',', line).is_none() {
            // The summary's own header, or a remark such as "No matched flows".
            return None;
        } else {
            Rows::Unusable
        };
        Some(Ok(Arc::new(NfdumpCsv { rows, zone: self.zone.clone(), detail: self.detail })))
    }

    fn sight(&self) -> Sight {
        let bytes = match &self.rows {
            Rows::Told(columns) => columns.has(Slot::InBytes as usize),
            Rows::Unusable | Rows::Summary => false,
        };
        Sight { role: Role::Flow, source_bytes: bytes, destination_bytes: false, remedy: REMEDY }
    }
}

fn event<'a>(columns: &Columns<SLOTS>, line: &'a [u8], zone: &TimeZone) -> Result<Event<'a>, Reject> {
    let row = columns.split(line, b',')?;
    let wrong = |reason, text: &[u8]| Reject::of(reason, line, text);
    let field = |slot: Slot| {
        let text = row.get(slot as usize).trim_ascii();
        (!text.is_empty()).then_some(text)
    };
    let stamp = |slot| {
        field(slot).map(|text| stamp(text, zone).ok_or_else(|| wrong(Reason::BadTimestamp, text))).transpose()
    };
    let host = |slot| {
        let text = field(slot).ok_or(Reject::line(Reason::Malformed))?;
        address(text).ok_or_else(|| wrong(Reason::BadAddress, text))
    };
    let count =
        |slot| field(slot).map(|text| number(text).ok_or_else(|| wrong(Reason::BadNumber, text))).transpose();
    // The port of ICMP is its type and code, written `8.0` by some versions.
    let port = |slot| field(slot).and_then(number);

    let mut event = Event { dataset: "nfdump.csv", role: Role::Flow, one_way: true, ..Event::default() };
    let duration = || field(Slot::Duration).and_then(span);
    (event.timestamp, event.stamped, event.duration) = match (stamp(Slot::First)?, stamp(Slot::Last)?) {
        // Version 1.6 cuts stamps to seconds and keeps the duration exact.
        (Some(first), Some(last)) => {
            let span = duration().or_else(|| Some(last - first).filter(|span| span.0 >= 0));
            (first, Stamped::Start, span)
        }
        (Some(first), None) => (first, Stamped::Start, duration()),
        (None, Some(last)) => (last, Stamped::End, duration()),
        (None, None) => return Err(Reject::line(Reason::BadTimestamp)),
    };
    event.source.ip = Some(host(Slot::SrcAddr)?);
    event.source.port = port(Slot::SrcPort);
    event.source.bytes = count(Slot::InBytes)?;
    event.destination.ip = Some(host(Slot::DstAddr)?);
    event.destination.port = port(Slot::DstPort);
    if let Some(back) = count(Slot::OutBytes)?.filter(|bytes| *bytes > 0) {
        event.destination.bytes = Some(back);
        event.one_way = false;
    }
    event.transport = field(Slot::Proto).map(transport::name);
    event.observer = field(Slot::Router).filter(|router| !matches!(*router, b"0.0.0.0" | b"::"));
    Ok(event)
}

/// Local time, with or without milliseconds; seconds since the epoch with decimals (`%tsr`); milliseconds (`csv-fast`).
fn stamp(text: &[u8], zone: &TimeZone) -> Option<Timestamp> {
    if memchr::memchr2(b'-', b':', text).is_some() {
        return time::iso(text, zone);
    }
    // 10^11 seconds is the year 5138, and as milliseconds 1973.
    match number::<i64>(text) {
        Some(millis) if millis >= 100_000_000_000 => Timestamp::from_micros(millis.checked_mul(1_000)?),
        _ => time::epoch(text),
    }
}

/// `12.500`, or `00:00:12.500` with days in front where it is that long (`1d 00:00:12.500`).
fn span(text: &[u8]) -> Option<Span> {
    if memchr::memchr(b':', text).is_none() {
        return time::seconds(text);
    }
    let (days, clock) = match memchr::memchr(b'd', text) {
        Some(at) => (number::<i64>(text.get(..at)?.trim_ascii())?, text.get(at + 1..)?.trim_ascii()),
        None => (0, text),
    };
    let mut parts = clock.splitn(3, |&byte| byte == b':');
    let (hours, minutes): (i64, i64) = (number(parts.next()?)?, number(parts.next()?)?);
    let seconds = time::seconds(parts.next()?)?;
    let hours = days.checked_mul(24)?.checked_add(hours)?;
    // A century of hours: no flow is longer, and sums stay far from overflow.
    (hours < 876_000 && minutes < 60)
        .then(|| Span(Span::HOUR.times(hours).0 + Span::MINUTE.times(minutes).0 + seconds.0))
}

/// A header that names both ends of flows, or rows that read in the usual order.
fn sniff(lines: &[&[u8]], context: &Context) -> Sniffed {
    let lines: Vec<&[u8]> = lines.iter().copied().filter(|line| !line.is_empty()).collect();
    let Some(first) = lines.first() else { return Sniffed::No };
    let (Ok(text), Some(usual)) = (std::str::from_utf8(first), columns(USUAL.as_bytes(), Detail::Sums))
    else {
        return Sniffed::No;
    };
    let named = first.starts_with(b"ts,te,") || memchr::memmem::find(first, b"firstSeen,").is_some();
    if named && columns(first, Detail::Sums).is_some() {
        let why = "its first line names the columns of nfdump -o csv";
        return Sniffed::Yes { spec: text.to_owned(), why: why.into() };
    }
    let rows = lines.iter().filter(|line| event(&usual, line, &context.zone).is_ok()).count();
    if rows * 2 > lines.len() {
        let why = "48 columns that read in the usual order of nfdump -o csv";
        return Sniffed::Yes { spec: String::new(), why: why.into() };
    }
    Sniffed::No
}
