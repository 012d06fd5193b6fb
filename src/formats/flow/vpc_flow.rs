//! AWS VPC flow logs, versions 2 to 5 and what comes after: blank-separated, fields in any order.
//!
//! Each record tells one direction (`bytes` went from `srcaddr` to `dstaddr`); the reply is another record. Rows lie in
//! the version 2 order unless a header line or the spec names their fields. Rows from CloudWatch Logs may carry its ISO
//! stamp in front; rows of Parquet files come as JSON, with the names of the fields beside them. NODATA rows say that nothing happened; SKIPDATA rows that records were lost. What a security group or an
//! ACL refused (REJECT) went nowhere, whichever way it wanted to: such rows stand aside. So do those in which a transit gateway
//! tells again, as it leaves (egress), what it told as it came (ingress).

mod json;
mod layout;
#[cfg(test)]
mod tests;

use crate::event::reject::{Reason, Reject};
use crate::event::{Aside, Event, Role, Stamped, address, number};
use crate::formats::columns::Row;
use crate::formats::{Context, Detail, Format, Kind, Scratch, Sight, Sniffed, SpecError, time, transport};
use crate::units::Timestamp;
use jiff::tz::TimeZone;
use layout::{Layout, SLOTS, Slot};
use std::sync::Arc;

/// The row of this format.
pub const KIND: Kind = Kind {
    name: "vpc-flow",
    about: "AWS VPC flow logs v2 to v5; other than the default order by header line or 'vpc-flow:${version} ${srcaddr} …'",
    roles: &[Role::Flow],
    compile,
    sniff,
    is_header: Some(layout::is_header),
};

const REMEDY: &str =
    "create the flow log with ${bytes} in its --log-format (an existing one cannot be changed)";

#[derive(Debug)]
struct VpcFlow {
    /// `None` below a header that names too little.
    layout: Option<Layout>,
    detail: Detail,
}

fn compile(spec: &str, context: &Context) -> Result<Arc<dyn Format>, SpecError> {
    let spec = if spec.trim().is_empty() { layout::DEFAULT } else { spec };
    let layout = Layout::new(spec, context.detail)?;
    Ok(Arc::new(VpcFlow { layout: Some(layout), detail: context.detail }))
}

impl Format for VpcFlow {
    fn parse<'a>(
        &self,
        line: &'a [u8],
        scratch: &'a Scratch,
        events: &mut Vec<Event<'a>>,
    ) -> Result<(), Reject> {
        if line.is_empty() {
            return Ok(());
        }
        let json = line.first() == Some(&b'{');
        if self.layout.is_none() && !json {
            return Err(Reject::line(Reason::BadHeader));
        }
        // Filled in place: an event is some 300 bytes, and moving it shows in the profile.
        let place = events.len();
        events.push(Event { dataset: "aws.vpcflow", role: Role::Flow, one_way: true, ..Event::default() });
        let Some(event) = events.last_mut() else { return Ok(()) };
        let told = match &self.layout {
            Some(layout) if !json => fill(event, layout, line),
            _ => json::row(line, scratch, self.detail).and_then(|row| take(event, &row, false, line)),
        };
        if told != Ok(true) {
            events.truncate(place);
        }
        told.map(|_| ())
    }

    fn header(&self, line: &[u8]) -> Option<Result<Arc<dyn Format>, Reject>> {
        let names = std::str::from_utf8(line).ok().filter(|_| layout::is_header(line))?;
        let layout = Layout::new(names, self.detail).ok();
        Some(Ok(Arc::new(VpcFlow { layout, detail: self.detail })))
    }

    fn sight(&self) -> Sight {
        let source_bytes =
            self.layout.as_ref().is_some_and(|layout| layout.columns.has(Slot::Bytes as usize));
        Sight { role: Role::Flow, source_bytes, destination_bytes: false, remedy: REMEDY }
    }
}

/// CloudWatch Logs' stamp in front of a row, and the row.
fn without_stamp(line: &[u8]) -> &[u8] {
    match (line.get(4), line.get(10)) {
        (Some(b'-'), Some(b'T')) => memchr::memchr(b' ', line)
            .and_then(|blank| line.split_at_checked(blank))
            .filter(|(stamp, _)| time::iso(stamp, &TimeZone::UTC).is_some())
            .map_or(line, |(_, row)| row.get(1..).unwrap_or_default()),
        _ => line,
    }
}

/// Fills in the transfer that a row tells of; false where it says that there was none.
#[inline]
fn fill<'a>(event: &mut Event<'a>, layout: &Layout, line: &'a [u8]) -> Result<bool, Reject> {
    let text = without_stamp(line);
    let row = layout.columns.split(text, b' ').map_err(|reject| reject.shifted(line.len() - text.len()))?;
    take(event, &row, layout.gateway, line)
}

/// [`fill`] from the fields of a row; `gateway`: a transit gateway's.
#[inline]
fn take<'a>(
    event: &mut Event<'a>,
    row: &Row<'a, SLOTS>,
    gateway: bool,
    line: &'a [u8],
) -> Result<bool, Reject> {
    let wrong = |reason, text: &[u8]| Reject::of(reason, line, text);
    let field = |slot: Slot| {
        let text = row.get(slot as usize);
        (!matches!(text, b"-" | b"")).then_some(text)
    };
    match row.get(Slot::LogStatus as usize) {
        b"NODATA" => return Ok(false),
        b"SKIPDATA" => return Err(wrong(Reason::Gap, row.get(Slot::LogStatus as usize))),
        _ => {}
    }
    let (source, destination) =
        (field(Slot::PktSrcAddr).or(field(Slot::SrcAddr)), field(Slot::PktDstAddr).or(field(Slot::DstAddr)));
    // A layout without log-status shows NODATA only by its dashes.
    if source.is_none() && destination.is_none() && field(Slot::Bytes).is_none() {
        return match field(Slot::LogStatus) {
            Some(_) => Err(Reject::line(Reason::Malformed)),
            None => Ok(false),
        };
    }
    let host = |text: Option<&[u8]>| {
        let text = text.ok_or_else(|| Reject::line(Reason::Malformed))?;
        address(text).ok_or_else(|| wrong(Reason::BadAddress, text))
    };
    let port =
        |slot| field(slot).map(|text| number(text).ok_or_else(|| wrong(Reason::BadNumber, text))).transpose();
    let seconds = |slot| {
        let stamp = |text| number(text).and_then(Timestamp::from_seconds);
        field(slot).map(|text| stamp(text).ok_or_else(|| wrong(Reason::BadTimestamp, text))).transpose()
    };

    (event.timestamp, event.stamped, event.duration) = match (seconds(Slot::Start)?, seconds(Slot::End)?) {
        // An end before the start is a sensor's mistake that costs the duration, not the bytes.
        (Some(start), Some(end)) => (start, Stamped::Start, (end >= start).then(|| end - start)),
        (Some(start), None) => (start, Stamped::Start, None),
        (None, Some(end)) => (end, Stamped::End, None),
        (None, None) => return Err(Reject::line(Reason::BadTimestamp)),
    };
    event.source.ip = Some(host(source)?);
    event.source.port = port(Slot::SrcPort)?;
    event.destination.ip = Some(host(destination)?);
    event.destination.port = port(Slot::DstPort)?;
    event.source.bytes = field(Slot::Bytes)
        .map(|text| number(text).ok_or_else(|| wrong(Reason::BadNumber, text)))
        .transpose()?;
    event.aside = match (field(Slot::Action), field(Slot::Way)) {
        (Some(b"REJECT"), _) => Some(Aside::Refused),
        (_, Some(b"egress")) if gateway => Some(Aside::Repeated),
        _ => None,
    };
    event.transport = field(Slot::Protocol).map(transport::name);
    event.observer = field(Slot::InterfaceId);
    Ok(true)
}

/// A header line, or rows most of which read in the default order.
fn sniff(lines: &[&[u8]], context: &Context) -> Sniffed {
    let lines: Vec<&[u8]> = lines.iter().copied().filter(|line| !line.is_empty()).collect();
    if let Some(names) =
        lines.first().filter(|line| layout::is_header(line)).and_then(|line| std::str::from_utf8(line).ok())
    {
        return match Layout::new(names, context.detail) {
            Ok(_) => Sniffed::Yes {
                spec: names.to_owned(),
                why: "its first line names the fields of a flow log".into(),
            },
            Err(error) => {
                Sniffed::Unsure { say: format!("looks like a VPC flow log, but {}", error.message) }
            }
        };
    }
    if lines.iter().filter(|line| json::is_row(line)).count() * 2 > lines.len() {
        let why = "JSON with srcaddr, dstaddr and what became of the traffic".into();
        return Sniffed::Yes { spec: String::new(), why };
    }
    let gateway = lines.iter().filter(|line| layout::is_gateway_row(without_stamp(line))).count();
    if gateway * 2 > lines.len() {
        return Sniffed::Yes {
            spec: layout::GATEWAY.into(),
            why: "rows in a transit gateway's default order".into(),
        };
    }
    let fields = lines.iter().find_map(|line| layout::usual_fields(without_stamp(line))).unwrap_or(14);
    let spec = if fields == 14 { String::new() } else { layout::first_names(fields) };
    let names = if fields == 14 { layout::DEFAULT } else { &spec };
    let Ok(usual) = Layout::new(names, Detail::Sums) else { return Sniffed::No };
    let rows = lines.iter().filter(|line| {
        layout::usual_fields(without_stamp(line)) == Some(fields) && {
            let read = fill(&mut Event::default(), &usual, line);
            read.is_ok() || read.is_err_and(|reject| reject.reason == Reason::Gap)
        }
    });
    if rows.count() * 2 > lines.len() {
        let why = match fields {
            14 => {
                "fourteen fields from the version to OK, NODATA or SKIPDATA, the default order of a flow log"
                    .into()
            }
            more => format!("{more} fields that read in the order of AWS's table of all fields"),
        };
        return Sniffed::Yes { spec, why };
    }
    if !lines.is_empty() && lines.iter().all(|line| layout::is_some_row(without_stamp(line))) {
        let say = format!(
            "looks like a VPC flow log in an order of its own: pass that order as in --format 'vpc-flow:{}'",
            layout::DEFAULT
        );
        return Sniffed::Unsure { say };
    }
    Sniffed::No
}
