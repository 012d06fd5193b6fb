//! Argus records as comma-separated columns (`ra -c ,`), the `.binetflow` files of the CTU among them.
//!
//! `SrcBytes` went from source to destination, the rest of `TotBytes` came back; both count link headers, some four to
//! ten per cent above what the IP packets carried. Argus names as source the end whose packet it saw first; the direction
//! column says who opened the connection (`->`, `<->`; `<-` when it was the destination) and the ends are exchanged for `<-`.
//! Ports may be hexadecimal. Stamps are in the zone of the machine that ran `ra`.

#[cfg(test)]
mod tests;

use crate::event::reject::{Reason, Reject};
use crate::event::{Endpoint, Event, Role, Stamped, address, number};
use crate::formats::columns::Columns;
use crate::formats::{Context, Detail, Format, Kind, Scratch, Sight, Sniffed, SpecError, time, transport};
use jiff::tz::TimeZone;
use std::sync::Arc;

/// The row of this format.
pub const KIND: Kind = Kind {
    name: "argus",
    about: "Argus records by ra -c , with a header line (CTU binetflow)",
    roles: &[Role::Flow],
    compile,
    sniff,
    is_header: Some(is_header),
};

const REMEDY: &str = "print both directions: ra -c , -s +sbytes +dbytes";

/// The columns of a binetflow file.
const USUAL: &str =
    "StartTime,Dur,Proto,SrcAddr,Sport,Dir,DstAddr,Dport,State,sTos,dTos,TotPkts,TotBytes,SrcBytes,Label";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Slot {
    Start,
    Last,
    Duration,
    SrcAddr,
    SrcPort,
    Direction,
    DstAddr,
    DstPort,
    TotBytes,
    SrcBytes,
    DstBytes,
    Proto,
    Skip,
}

const SLOTS: usize = Slot::Skip as usize;

impl Slot {
    fn of(name: &[u8], detail: Detail) -> Slot {
        match name {
            b"StartTime" => Slot::Start,
            b"LastTime" => Slot::Last,
            b"Dur" => Slot::Duration,
            b"SrcAddr" => Slot::SrcAddr,
            b"Sport" => Slot::SrcPort,
            b"Dir" => Slot::Direction,
            b"DstAddr" => Slot::DstAddr,
            b"Dport" => Slot::DstPort,
            b"TotBytes" => Slot::TotBytes,
            b"SrcBytes" => Slot::SrcBytes,
            b"DstBytes" => Slot::DstBytes,
            b"Proto" if detail == Detail::Full => Slot::Proto,
            _ => Slot::Skip,
        }
    }
}

#[derive(Debug)]
struct Argus {
    /// `None` below a header that names too little.
    columns: Option<Columns<SLOTS>>,
    zone: TimeZone,
    detail: Detail,
}

fn compile(spec: &str, context: &Context) -> Result<Arc<dyn Format>, SpecError> {
    let names = if spec.trim().is_empty() { USUAL } else { spec.trim() };
    let columns = columns(names.as_bytes(), context.detail).ok_or_else(|| {
        let message = format!("the columns must name a time, SrcAddr and DstAddr, as in \"argus:{USUAL}\"");
        SpecError { message, position: 0 }
    })?;
    Ok(Arc::new(Argus { columns: Some(columns), zone: context.zone.clone(), detail: context.detail }))
}

/// Names of columns begin with a capital letter, rows with the digits of a time.
fn is_header(line: &[u8]) -> bool {
    line.first().is_some_and(u8::is_ascii_uppercase) && memchr::memmem::find(line, b"Addr,").is_some()
}

/// The columns that a header names; `None` where it names too little.
fn columns(header: &[u8], detail: Detail) -> Option<Columns<SLOTS>> {
    let slots = header.split(|&byte| byte == b',').map(|name| Slot::of(name.trim_ascii(), detail) as u8);
    let columns = Columns::<SLOTS>::new(slots.collect())?;
    let has = |slot: Slot| columns.has(slot as usize);
    (has(Slot::SrcAddr) && has(Slot::DstAddr) && (has(Slot::Start) || has(Slot::Last))).then_some(columns)
}

impl Format for Argus {
    fn parse<'a>(
        &self,
        line: &'a [u8],
        _scratch: &'a Scratch,
        events: &mut Vec<Event<'a>>,
    ) -> Result<(), Reject> {
        if line.is_empty() {
            return Ok(());
        }
        let Some(columns) = &self.columns else { return Err(Reject::line(Reason::BadHeader)) };
        events.extend(event(columns, line, &self.zone)?);
        Ok(())
    }

    fn header(&self, line: &[u8]) -> Option<Result<Arc<dyn Format>, Reject>> {
        let columns = columns(line, self.detail);
        Some(Ok(Arc::new(Argus { columns, zone: self.zone.clone(), detail: self.detail })))
    }

    fn sight(&self) -> Sight {
        let has = |slot: Slot| self.columns.as_ref().is_some_and(|columns| columns.has(slot as usize));
        Sight {
            role: Role::Flow,
            source_bytes: has(Slot::SrcBytes) || (has(Slot::TotBytes) && has(Slot::DstBytes)),
            destination_bytes: has(Slot::DstBytes) || (has(Slot::TotBytes) && has(Slot::SrcBytes)),
            remedy: REMEDY,
        }
    }
}

/// The transfer that a row tells of; `None` where its ends are no IP addresses (ARP by hardware address, spanning tree).
fn event<'a>(columns: &Columns<SLOTS>, line: &'a [u8], zone: &TimeZone) -> Result<Option<Event<'a>>, Reject> {
    let row = columns.split(line, b',')?;
    let wrong = |reason, text: &[u8]| Reject::of(reason, line, text);
    let field = |slot: Slot| {
        let text = row.get(slot as usize).trim_ascii();
        (!text.is_empty()).then_some(text)
    };
    let ends = [field(Slot::SrcAddr), field(Slot::DstAddr)];
    if ends.iter().flatten().any(|text| is_hardware(text)) {
        return Ok(None);
    }
    let stamp = |slot| {
        let read = |text| time::iso(text, zone).or_else(|| time::epoch(text));
        field(slot).map(|text| read(text).ok_or_else(|| wrong(Reason::BadTimestamp, text))).transpose()
    };
    let count = |slot| {
        field(slot).map(|text| number::<u64>(text).ok_or_else(|| wrong(Reason::BadNumber, text))).transpose()
    };
    let [source, destination] = ends.map(|text| {
        let text = text.ok_or(Reject::line(Reason::Malformed))?;
        address(text).ok_or_else(|| wrong(Reason::BadAddress, text))
    });

    let mut event = Event { dataset: "argus", role: Role::Flow, ..Event::default() };
    let duration = field(Slot::Duration)
        .map(|text| time::seconds(text).ok_or_else(|| wrong(Reason::BadNumber, text)))
        .transpose()?;
    (event.timestamp, event.stamped, event.duration) = match (stamp(Slot::Start)?, stamp(Slot::Last)?) {
        (Some(start), Some(last)) => {
            (start, Stamped::Start, duration.or_else(|| Some(last - start).filter(|span| span.0 >= 0)))
        }
        (Some(start), None) => (start, Stamped::Start, duration),
        (None, Some(last)) => (last, Stamped::End, duration),
        (None, None) => return Err(Reject::line(Reason::BadTimestamp)),
    };
    let (total, sent, back) = (count(Slot::TotBytes)?, count(Slot::SrcBytes)?, count(Slot::DstBytes)?);
    let rest = |part: Option<u64>, slot| match (total, part) {
        (Some(total), Some(part)) => {
            total.checked_sub(part).map(Some).ok_or_else(|| wrong(Reason::BadNumber, row.get(slot as usize)))
        }
        _ => Ok(None),
    };
    let (sent, back) = (sent.or(rest(back, Slot::DstBytes)?), back.or(rest(sent, Slot::SrcBytes)?));
    event.source =
        Endpoint { ip: Some(source?), port: port(field(Slot::SrcPort)), bytes: sent, domain: None };
    event.destination =
        Endpoint { ip: Some(destination?), port: port(field(Slot::DstPort)), bytes: back, domain: None };
    if field(Slot::Direction).is_some_and(|arrow| arrow.starts_with(b"<") && !arrow.contains(&b'>')) {
        std::mem::swap(&mut event.source, &mut event.destination);
    }
    event.transport = field(Slot::Proto).map(transport::name);
    Ok(Some(event))
}

/// Decimal, or hexadecimal as `0x1f90`; what stands there for protocols without ports is none.
fn port(text: Option<&[u8]>) -> Option<u16> {
    let text = text?;
    match text.strip_prefix(b"0x") {
        Some(digits) => u16::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok(),
        None => number(text),
    }
}

/// `00:15:17:2c:e5:2d`, which is no IP address.
fn is_hardware(text: &[u8]) -> bool {
    text.len() == 17
        && text.split(|&byte| byte == b':').count() == 6
        && text.iter().all(|byte| byte.is_ascii_hexdigit() || *byte == b':')
}

/// A header with Argus's names for both ends, or rows most of which read as those of a binetflow file.
fn sniff(lines: &[&[u8]], context: &Context) -> Sniffed {
    let lines: Vec<&[u8]> = lines.iter().copied().filter(|line| !line.is_empty()).collect();
    let (Some(first), Some(usual)) = (lines.first(), columns(USUAL.as_bytes(), Detail::Sums)) else {
        return Sniffed::No;
    };
    if is_header(first) && columns(first, Detail::Sums).is_some() {
        let spec = String::from_utf8_lossy(first).into_owned();
        return Sniffed::Yes {
            spec,
            why: "its first line names SrcAddr, DstAddr and the times of Argus".into(),
        };
    }
    let arrow =
        |line: &[u8]| memchr::memmem::find(line, b"->,").or(memchr::memmem::find(line, b"<-,")).is_some();
    let rows = lines.iter().filter(|line| arrow(line) && event(&usual, line, &context.zone).is_ok());
    if rows.count() * 2 > lines.len() {
        let why = "fifteen columns with an arrow in the sixth, as in a binetflow file";
        return Sniffed::Yes { spec: String::new(), why: why.into() };
    }
    Sniffed::No
}
