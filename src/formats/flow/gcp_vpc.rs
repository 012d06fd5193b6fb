//! Google Cloud VPC flow logs: JSON lines of Cloud Logging (`jsonPayload`), or the payload alone.
//!
//! `bytes_sent` went from source to destination; the reply is another record. A conversation within the cloud is told by
//! both ends, and by gateways on its way: a record counts if its reporter is the source (`SRC`); one of the destination
//! (`DEST`) counts only where the source is no instance that would report it itself (`src_instance` is absent), and one of
//! a gateway only where the instance on the other side of it is absent. `src_instance` is optional metadata: in logs
//! written without it, what both reporters say of one conversation counts as the most that one of them says. Bytes are already scaled up for sampling.

use crate::event::reject::{Reason, Reject};
use crate::event::{Aside, Endpoint, Event, Role, Session, Stamped, Telling, address, number};
use crate::formats::json::{self, End, Members, Value};
use crate::formats::{Context, Detail, Format, Kind, Scratch, Sight, Sniffed, SpecError, time, transport};
use jiff::tz::TimeZone;
use std::sync::Arc;

/// The row of this format.
pub const KIND: Kind = Kind {
    name: "gcp-vpc",
    about: "Google Cloud VPC flow logs, JSON lines",
    roles: &[Role::Flow],
    compile,
    sniff,
    is_header: None,
};

#[derive(Debug)]
struct GcpVpc {
    detail: Detail,
}

fn compile(spec: &str, context: &Context) -> Result<Arc<dyn Format>, SpecError> {
    if !spec.trim().is_empty() {
        let message = "VPC flow logs of Google Cloud have one layout: write gcp-vpc alone".to_owned();
        return Err(SpecError { message, position: 0 });
    }
    Ok(Arc::new(GcpVpc { detail: context.detail }))
}

impl Format for GcpVpc {
    fn parse<'a>(
        &self,
        line: &'a [u8],
        scratch: &'a Scratch,
        events: &mut Vec<Event<'a>>,
    ) -> Result<(), Reject> {
        if line.is_empty() {
            return Ok(());
        }
        let payload = payload(line, scratch)?;
        let event = payload.event(line, self.detail)?;
        events.push(Event { aside: (!payload.counts()).then_some(Aside::Repeated), ..event });
        Ok(())
    }

    fn sight(&self) -> Sight {
        Sight { role: Role::Flow, source_bytes: true, destination_bytes: false, remedy: "" }
    }
}

/// The fields of a record as text; empty where absent.
#[derive(Clone, Copy, Debug, Default)]
struct Payload<'a> {
    start: &'a [u8],
    end: &'a [u8],
    bytes: &'a [u8],
    reporter: &'a [u8],
    source: (&'a [u8], &'a [u8]),
    destination: (&'a [u8], &'a [u8]),
    protocol: &'a [u8],
    /// The names of the instances at both ends; `Some` also for one without a name.
    source_instance: Option<&'a [u8]>,
    destination_instance: Option<&'a [u8]>,
}

fn payload<'a>(line: &'a [u8], scratch: &'a Scratch) -> Result<Payload<'a>, Reject> {
    let mut payload = Payload::default();
    let mut members = json::members(line);
    while let Some(member) = members.next() {
        let (key, value) = member?;
        let end = match (key.decode(scratch), value) {
            (b"jsonPayload", Value::Object(mut inner)) => {
                while let Some(member) = inner.next() {
                    let (key, value) = member?;
                    let end = payload.take(key.decode(scratch), value, scratch)?;
                    inner.pass(end);
                }
                inner.end()
            }
            (name, value) => payload.take(name, value, scratch)?,
        };
        members.pass(end);
    }
    // Both of these are base fields, which every record has.
    if payload.reporter.is_empty() || payload.source.0.is_empty() {
        return Err(Reject::line(Reason::Malformed));
    }
    Ok(payload)
}

impl<'a> Payload<'a> {
    /// Takes what is read of a member; the end of its value, where that was walked.
    fn take(&mut self, name: &[u8], value: Value<'a>, scratch: &'a Scratch) -> Result<End, Reject> {
        let text = || value.scalar(scratch).unwrap_or_default();
        match (name, value) {
            (b"bytes_sent", _) => self.bytes = text(),
            (b"reporter", _) => self.reporter = text(),
            (b"start_time", _) => self.start = text(),
            (b"end_time", _) => self.end = text(),
            (b"connection", Value::Object(mut members)) => {
                for member in members.by_ref() {
                    let (key, value) = member?;
                    let text = value.scalar(scratch).unwrap_or_default();
                    match key.decode(scratch) {
                        b"src_ip" => self.source.0 = text,
                        b"src_port" => self.source.1 = text,
                        b"dest_ip" => self.destination.0 = text,
                        b"dest_port" => self.destination.1 = text,
                        b"protocol" => self.protocol = text,
                        _ => {}
                    }
                }
                return Ok(members.end());
            }
            (b"src_instance", Value::Object(mut members)) => {
                self.source_instance = Some(vm(&mut members, scratch)?);
                return Ok(members.end());
            }
            (b"dest_instance", Value::Object(mut members)) => {
                self.destination_instance = Some(vm(&mut members, scratch)?);
                return Ok(members.end());
            }
            _ => {}
        }
        Ok(End::default())
    }

    /// Whether this record tells its bytes, or another does.
    fn counts(&self) -> bool {
        match self.reporter {
            b"DEST" | b"DEST_GATEWAY" => self.source_instance.is_none(),
            b"SRC_GATEWAY" => self.destination_instance.is_none(),
            _ => true,
        }
    }

    fn event(&self, line: &'a [u8], detail: Detail) -> Result<Event<'a>, Reject> {
        let wrong = |reason, text: &[u8]| Reject::of(reason, line, text);
        // Some exports write all numbers as floating ones.
        let whole = |text: &'a [u8]| text.strip_suffix(b".0").unwrap_or(text);
        let end = |(ip, port): (&'a [u8], &'a [u8])| {
            let ip = address(ip).ok_or_else(|| wrong(Reason::BadAddress, ip))?;
            let port = match port {
                b"" => None,
                text => Some(number(whole(text)).ok_or_else(|| wrong(Reason::BadNumber, text))?),
            };
            Ok(Endpoint { ip: Some(ip), port, ..Endpoint::default() })
        };
        let stamp = |text: &'a [u8]| match text {
            b"" => Ok(None),
            text => {
                time::iso(text, &TimeZone::UTC).map(Some).ok_or_else(|| wrong(Reason::BadTimestamp, text))
            }
        };
        let mut event = Event { dataset: "gcp.vpcflow", role: Role::Flow, one_way: true, ..Event::default() };
        (event.timestamp, event.stamped, event.duration) = match (stamp(self.start)?, stamp(self.end)?) {
            (Some(start), Some(end)) => (start, Stamped::Start, Some(end - start).filter(|span| span.0 >= 0)),
            (Some(start), None) => (start, Stamped::Start, None),
            (None, Some(end)) => (end, Stamped::End, None),
            (None, None) => return Err(Reject::line(Reason::BadTimestamp)),
        };
        if self.source_instance.is_none() && self.destination_instance.is_none() {
            let by_source = self.reporter.starts_with(b"SRC");
            let telling = if by_source { Telling::Whole } else { Telling::Part };
            event.session = Some(Session { id: b"", telling });
        }
        event.source = end(self.source)?;
        event.destination = end(self.destination)?;
        event.source.bytes = match self.bytes {
            b"" => None,
            text => Some(number(whole(text)).ok_or_else(|| wrong(Reason::BadNumber, text))?),
        };
        if detail == Detail::Full {
            event.transport = Some(whole(self.protocol)).filter(|text| !text.is_empty()).map(transport::name);
            let by_source = self.reporter.starts_with(b"SRC");
            event.observer = if by_source { self.source_instance } else { self.destination_instance };
            event.observer = event.observer.filter(|name| !name.is_empty());
        }
        Ok(event)
    }
}

/// The name of an instance.
fn vm<'a>(members: &mut Members<'a>, scratch: &'a Scratch) -> Result<&'a [u8], Reject> {
    let mut name = &b""[..];
    let mut place = *members;
    for member in place.by_ref() {
        let (key, value) = member?;
        if key.decode(scratch) == b"vm_name" {
            name = value.scalar(scratch).unwrap_or_default();
        }
    }
    *members = place;
    Ok(name)
}

/// JSON lines most of which read as records.
fn sniff(lines: &[&[u8]], _context: &Context) -> Sniffed {
    let scratch = Scratch::new();
    let record = |line: &&&[u8]| {
        payload(line, &scratch).is_ok_and(|payload| payload.event(line, Detail::Sums).is_ok())
    };
    if lines.iter().filter(record).count() * 2 > lines.len() {
        let why = "JSON lines with connection, bytes_sent and reporter";
        return Sniffed::Yes { spec: String::new(), why: why.into() };
    }
    Sniffed::No
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::tests_support::{
        counted, damaged, details_agree, detected, one, rejected_lines, sniffed, survives,
    };
    use crate::units::{Span, Timestamp};
    use proptest::prelude::*;

    const LINE: &str = r#"{"insertId":"x","jsonPayload":{"bytes_sent":"10000184","connection":{"dest_ip":"203.0.113.9","dest_port":443,"protocol":6,"src_ip":"10.1.2.3","src_port":50123},"dest_location":{"country":"gbr"},"end_time":"2023-03-29T01:02:15.956789012Z","packets_sent":"8000","reporter":"SRC","src_instance":{"project_id":"p","region":"europe-west2","vm_name":"db-17","zone":"europe-west2-a"},"start_time":"2023-03-29T01:02:03.456789012Z"},"logName":"projects/p/logs/compute.googleapis.com%2Fvpc_flows","timestamp":"2023-03-29T01:02:20Z"}"#;

    fn expected() -> Event<'static> {
        let end = |ip: &str, port, bytes| Endpoint {
            ip: Some(ip.parse().unwrap()),
            port: Some(port),
            bytes,
            domain: None,
        };
        Event {
            dataset: "gcp.vpcflow",
            role: Role::Flow,
            timestamp: Timestamp(1_680_051_723_456_789),
            duration: Some(Span(12_500_000)),
            stamped: Stamped::Start,
            source: end("10.1.2.3", 50123, Some(10_000_184)),
            destination: end("203.0.113.9", 443, None),
            one_way: true,
            transport: Some(b"tcp"),
            observer: Some(b"db-17"),
            ..Event::default()
        }
    }

    #[test]
    fn in_an_entry_or_alone() {
        assert_eq!(one(&KIND, LINE), expected());
        let from = LINE.find("{\"bytes").unwrap();
        let alone = &LINE[from..LINE.find(",\"logName").unwrap()];
        assert_eq!(one(&KIND, alone), expected());
        let floating =
            LINE.replace(":443,", ":443.0,").replace(":6,", ":6.0,").replace("\"10000184\"", "10000184");
        assert_eq!(one(&KIND, &floating), expected());
    }

    #[test]
    fn a_conversation_is_told_once() {
        let counts = |line: String| counted(&KIND, &[&line]).0.len();
        let instance = r#""src_instance":{"#;
        let outside = LINE.replace(instance, r#""was_instance":{"#);
        assert_eq!(counts(LINE.replace("\"SRC\"", "\"DEST\"")), 0);
        assert_eq!(counts(outside.replace("\"SRC\"", "\"DEST\"")), 1);
        assert_eq!(counts(LINE.replace("\"SRC\"", "\"DEST_GATEWAY\"")), 0);
        assert_eq!(counts(LINE.replace("\"SRC\"", "\"SRC_GATEWAY\"")), 1);
        let both = LINE.replace(instance, r#""dest_instance":{"vm_name":"b"},"src_instance":{"#);
        assert_eq!(counts(both.replace("\"SRC\"", "\"SRC_GATEWAY\"")), 0);
        assert_eq!(counts(both), 1);
    }

    #[test]
    fn hostile_lines() {
        rejected_lines(
            &KIND,
            &[
                ("{}", Reason::Malformed),
                (&LINE.replace("reporter", "report"), Reason::Malformed),
                (&LINE.replace("10000184", "-1"), Reason::BadNumber),
                (&LINE.replace(":443,", ":443.5,"), Reason::BadNumber),
                (&LINE.replace("10.1.2.3", "10.1.2.300"), Reason::BadAddress),
                (&LINE.replace("01:02:03.456", "25:02:03.456"), Reason::BadTimestamp),
                (&LINE.replace("_time", "_thyme"), Reason::BadTimestamp),
                (&LINE[..LINE.len() - 1], Reason::BadJson),
            ],
        );
        assert!(compile("x", &Context::default()).is_err());
    }

    #[test]
    fn sniffing() {
        detected(&KIND, &[LINE]);
        assert_eq!(sniffed(&KIND, &[]), "no");
        assert_eq!(sniffed(&KIND, &["{\"connection\":{}}"]), "no");
    }

    proptest! {
        #[test]
        fn no_bytes_panic(
            lines in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..60), 0..4),
            edits in proptest::collection::vec((any::<usize>(), any::<u8>()), 0..6),
            cut in prop_oneof![Just(0), any::<usize>()],
        ) {
            survives(&KIND, &lines);
            let lines = damaged(&[LINE], &edits, cut);
            survives(&KIND, &lines);
            details_agree(&KIND, "", &lines);
        }
    }
}
