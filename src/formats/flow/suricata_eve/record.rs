//! What a record of EVE says: the members that all kinds share, and the object named like its kind.

use crate::event::reject::{Reason, Reject};
use crate::event::{Aside, Endpoint, Event, Question, Role, Stamped, address, number};
use crate::formats::json::{self, Members, Value};
use crate::formats::{Detail, Scratch, time, transport};
use crate::units::{Span, Timestamp};
use jiff::tz::TimeZone;

/// The kinds of records that are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Type {
    Flow,
    Netflow,
    Dns,
    Http,
    Tls,
    Fileinfo,
    Alert,
    Other,
}

/// No query with more questions than this is real: servers answer only the first.
const QUESTIONS_MAX: usize = 64;

/// The members of a record, not yet understood.
#[derive(Debug)]
pub(super) struct Record<'a> {
    pub(super) kind: Type,
    pub(super) flow_id: &'a [u8],
    timestamp: &'a [u8],
    source: End<'a>,
    destination: End<'a>,
    transport: Option<&'a [u8]>,
    protocol: Option<&'a [u8]>,
    observer: Option<&'a [u8]>,
    /// An alert's, where the sensor says it: which way the packet went that raised it.
    to_client: bool,
    flow: Option<Flow<'a>>,
    netflow: Option<Members<'a>>,
    http: Option<Members<'a>>,
    fileinfo: Option<Members<'a>>,
    tls: Option<Members<'a>>,
    dns: Option<Members<'a>>,
}

/// An end as it stands in the line.
#[derive(Clone, Copy, Debug, Default)]
struct End<'a> {
    ip: &'a [u8],
    port: &'a [u8],
}

/// Walks the line once. What has no `event_type` and no `timestamp` is no record of EVE.
pub(super) fn read<'a>(line: &'a [u8], scratch: &'a Scratch) -> Result<Record<'a>, Reject> {
    let mut record = Record {
        kind: Type::Other,
        flow_id: b"",
        timestamp: b"",
        source: End::default(),
        destination: End::default(),
        transport: None,
        protocol: None,
        observer: None,
        to_client: false,
        flow: None,
        netflow: None,
        http: None,
        fileinfo: None,
        tls: None,
        dns: None,
    };
    let typed = record.take(&mut json::members(line), scratch, true)?;
    if typed && !record.timestamp.is_empty() { Ok(record) } else { Err(Reject::line(Reason::Malformed)) }
}

impl Type {
    fn of(name: &[u8]) -> Type {
        match name {
            b"flow" => Type::Flow,
            b"netflow" => Type::Netflow,
            b"dns" => Type::Dns,
            b"http" => Type::Http,
            b"tls" => Type::Tls,
            b"fileinfo" => Type::Fileinfo,
            b"alert" => Type::Alert,
            _ => Type::Other,
        }
    }
}

impl<'a> Record<'a> {
    /// Fills in these members; says whether an `event_type` is among them. Firewalls of AWS, and collectors, put the record
    /// as `event` into an object of their own.
    fn take(&mut self, members: &mut Members<'a>, scratch: &'a Scratch, outer: bool) -> Result<bool, Reject> {
        let mut typed = false;
        while let Some(member) = members.next() {
            let (key, value) = member?;
            let text = || value.scalar(scratch).unwrap_or_default();
            match (key.decode(scratch), value) {
                (b"event", Value::Object(mut event)) if outer => {
                    typed |= self.take(&mut event, scratch, false)?;
                    members.pass(event.end());
                }
                (b"firewall_name", _) if outer => self.observer = value.scalar(scratch),
                (b"event_type", _) => (typed, self.kind) = (true, Type::of(text())),
                (b"timestamp", _) => self.timestamp = text(),
                (b"flow_id", _) => self.flow_id = text(),
                (b"fileinfo", Value::Object(file)) => self.fileinfo = Some(file),
                (b"src_ip", _) => self.source.ip = text(),
                (b"src_port", _) => self.source.port = text(),
                (b"dest_ip", _) => self.destination.ip = text(),
                (b"dest_port", _) => self.destination.port = text(),
                (b"proto", _) => self.transport = value.scalar(scratch).map(transport::name),
                (b"app_proto", _) => self.protocol = value.scalar(scratch).filter(|name| *name != b"failed"),
                (b"host", _) => self.observer = value.scalar(scratch),
                (b"direction", _) => self.to_client = text() == b"to_client",
                (b"flow", Value::Object(mut flow)) => {
                    self.flow = Some(Flow::read(&mut flow, scratch)?);
                    members.pass(flow.end());
                }
                (b"netflow", Value::Object(netflow)) => self.netflow = Some(netflow),
                (b"http", Value::Object(http)) => self.http = Some(http),
                (b"tls", Value::Object(tls)) => self.tls = Some(tls),
                (b"dns", Value::Object(dns)) => self.dns = Some(dns),
                _ => {}
            }
        }
        Ok(typed)
    }

    /// The size of the file, or of the body of the response; empty where the record has none.
    pub(super) fn size(&self, scratch: &'a Scratch) -> Result<&'a [u8], Reject> {
        let (members, name) = match self.kind {
            Type::Fileinfo => (self.fileinfo, &b"size"[..]),
            _ => (self.http, &b"length"[..]),
        };
        let mut size = &b""[..];
        for member in members.into_iter().flatten() {
            let (key, value) = member?;
            if key.decode(scratch) == name {
                size = value.scalar(scratch).unwrap_or_default();
            }
        }
        Ok(size)
    }

    /// Appends what the record tells.
    pub(super) fn events(
        self,
        line: &'a [u8],
        scratch: &'a Scratch,
        detail: Detail,
        events: &mut Vec<Event<'a>>,
    ) -> Result<(), Reject> {
        let reader = Reader { line, scratch };
        // Statistics and the like have no ends.
        if self.kind == Type::Other && (self.source.ip.is_empty() || self.destination.ip.is_empty()) {
            return Ok(());
        }
        let mut event = Event {
            dataset: "suricata.eve",
            role: Role::Flow,
            timestamp: reader.stamp(self.timestamp)?,
            source: reader.end(self.source)?,
            destination: reader.end(self.destination)?,
            ..Event::default()
        };
        if detail == Detail::Full {
            (event.transport, event.protocol) = (self.transport, self.protocol);
            event.observer = self.observer;
        }
        match self.kind {
            Type::Flow => reader.flow(self.flow, &mut event)?,
            Type::Netflow => reader.netflow(self.netflow, &mut event)?,
            Type::Dns => return reader.dns(self.dns, event, events),
            Type::Http => {
                event.destination.domain = reader.http(self.http, &mut event)?;
            }
            Type::Tls => event.destination.domain = reader.sni(self.tls)?,
            // Its source is whoever sent the file, and nothing says whether that was the server; so the name that was
            // asked for is left out.
            Type::Fileinfo => _ = reader.http(self.http, &mut event)?,
            Type::Alert => {
                // The packet that raised it may have come from the server; the flow beside it says who opened.
                if Reader::opened_by_destination(self.flow, &event).unwrap_or(self.to_client) {
                    std::mem::swap(&mut event.source, &mut event.destination);
                }
                if let Some(flow) = self.flow {
                    reader.so_far(flow, &mut event)?;
                }
                let host = reader.http(self.http, &mut event)?;
                event.destination.domain = host.or(reader.sni(self.tls)?);
            }
            Type::Other => {}
        }
        events.push(event);
        Ok(())
    }
}

struct Reader<'a> {
    line: &'a [u8],
    scratch: &'a Scratch,
}

impl<'a> Reader<'a> {
    fn wrong(&self, reason: Reason, text: &[u8]) -> Reject {
        Reject::of(reason, self.line, text)
    }

    fn stamp(&self, text: &[u8]) -> Result<Timestamp, Reject> {
        time::iso(text, &TimeZone::UTC).ok_or_else(|| self.wrong(Reason::BadTimestamp, text))
    }

    fn count(&self, text: &[u8]) -> Result<u64, Reject> {
        number(text).ok_or_else(|| self.wrong(Reason::BadNumber, text))
    }

    /// Both ends are told for every record of a connection; protocols without ports have none.
    fn end(&self, end: End<'a>) -> Result<Endpoint<'a>, Reject> {
        let ip = address(end.ip).ok_or_else(|| self.wrong(Reason::BadAddress, end.ip))?;
        let port = match end.port {
            b"" => None,
            text => Some(number(text).ok_or_else(|| self.wrong(Reason::BadNumber, text))?),
        };
        Ok(Endpoint { ip: Some(ip), port, ..Endpoint::default() })
    }

    /// `toserver` is what the client sent, and in a flow record the source is the client.
    fn flow(&self, flow: Option<Flow<'a>>, event: &mut Event<'a>) -> Result<(), Reject> {
        let flow = flow.ok_or(Reject::line(Reason::Malformed))?;
        event.source.bytes = flow.to_server.map(|text| self.count(text)).transpose()?;
        event.destination.bytes = flow.to_client.map(|text| self.count(text)).transpose()?;
        flow.times.give(self, event)
    }

    /// What the flow of an alert had carried by then. Before Suricata 7 nothing says who opened it: a port that only
    /// servers have, on the side of the source alone, says that the source answered.
    fn so_far(&self, flow: Flow<'a>, event: &mut Event<'a>) -> Result<(), Reject> {
        let served = |end: &Endpoint<'_>| end.port.is_some_and(|port| port < 1024);
        let (client, server) = match served(&event.source) && !served(&event.destination) {
            true => (&mut event.destination, &mut event.source),
            false => (&mut event.source, &mut event.destination),
        };
        client.bytes = flow.to_server.map(|text| self.count(text)).transpose()?;
        server.bytes = flow.to_client.map(|text| self.count(text)).transpose()?;
        Ok(())
    }

    /// One direction of a flow; the other is another record, with the ends exchanged.
    fn netflow(&self, members: Option<Members<'a>>, event: &mut Event<'a>) -> Result<(), Reject> {
        let mut times = Times::default();
        for member in members.ok_or(Reject::line(Reason::Malformed))? {
            let (key, value) = member?;
            let text = value.scalar(self.scratch).unwrap_or_default();
            match key.decode(self.scratch) {
                b"bytes" => event.source.bytes = Some(self.count(text)?),
                name => times.take(name, text),
            }
        }
        event.one_way = true;
        times.give(self, event)
    }

    /// Whether the destination of an alert opened the flow; `None` where its record does not say.
    fn opened_by_destination(flow: Option<Flow<'a>>, event: &Event<'a>) -> Option<bool> {
        let source = flow?.source;
        let (ip, port) = (Some(address(source.ip)?), number::<u16>(source.port));
        // A host that talks to itself is told from itself by the port.
        let opener = |end: &Endpoint<'_>| end.ip == ip && (port.is_none() || end.port == port);
        Some(!opener(&event.source) && opener(&event.destination))
    }

    /// Fills what HTTP says; gives the name of the server that was asked for.
    fn http(&self, members: Option<Members<'a>>, event: &mut Event<'a>) -> Result<Option<&'a [u8]>, Reject> {
        let mut host = None;
        for member in members.into_iter().flatten() {
            let (key, value) = member?;
            let text = value.scalar(self.scratch);
            match key.decode(self.scratch) {
                b"hostname" => host = text.filter(|name| !name.is_empty() && address(name).is_none()),
                b"url" => event.url = text,
                b"http_user_agent" => event.user_agent = text,
                b"http_method" => event.method = text,
                b"status" => {
                    event.status = text.and_then(number).filter(|status| (100..=999).contains(status));
                }
                _ => {}
            }
        }
        Ok(host)
    }

    fn sni(&self, members: Option<Members<'a>>) -> Result<Option<&'a [u8]>, Reject> {
        let mut sni = None;
        for member in members.into_iter().flatten() {
            let (key, value) = member?;
            if key.decode(self.scratch) == b"sni" {
                sni = value.scalar(self.scratch).filter(|name| !name.is_empty());
            }
        }
        Ok(sni)
    }

    /// Versions 1 and 2 log a query's one question in the object itself; version 3 (Suricata 8) logs requests with an
    /// array of them. Answers repeat the question and are not counted.
    fn dns(
        &self,
        members: Option<Members<'a>>,
        event: Event<'a>,
        events: &mut Vec<Event<'a>>,
    ) -> Result<(), Reject> {
        let (mut kind, mut question, mut queries) = (&b""[..], Question::default(), None);
        for member in members.ok_or(Reject::line(Reason::Malformed))? {
            let (key, value) = member?;
            match (key.decode(self.scratch), value) {
                (b"type", _) => kind = value.scalar(self.scratch).unwrap_or_default(),
                (b"queries", Value::Array(items)) => queries = Some(items),
                (name, _) => self.ask(name, value, &mut question),
            }
        }
        let asked = matches!(kind, b"query" | b"request");
        let aside = (!asked).then_some(Aside::Repeated);
        let event = Event { role: Role::Dns, protocol: Some(b"dns"), aside, ..event };
        let before = events.len();
        let mut push = |question: Question<'a>| {
            if !question.name.is_empty() {
                events.push(Event { question: Some(question), ..event.clone() });
            }
        };
        push(question);
        for item in queries.into_iter().flatten().take(QUESTIONS_MAX) {
            if let Value::Object(members) = item? {
                let mut question = Question::default();
                for member in members {
                    let (key, value) = member?;
                    self.ask(key.decode(self.scratch), value, &mut question);
                }
                push(question);
            }
        }
        if asked && events.len() == before { Err(Reject::line(Reason::Malformed)) } else { Ok(()) }
    }

    fn ask(&self, name: &[u8], value: Value<'a>, question: &mut Question<'a>) {
        match name {
            // The root is written as nothing at all.
            b"rrname" => {
                question.name = value.scalar(self.scratch).filter(|name| !name.is_empty()).unwrap_or(b".");
            }
            b"rrtype" => question.record_type = value.scalar(self.scratch),
            _ => {}
        }
    }
}

/// What is read of the object `flow`.
#[derive(Clone, Copy, Debug, Default)]
struct Flow<'a> {
    to_server: Option<&'a [u8]>,
    to_client: Option<&'a [u8]>,
    /// Who opened it, where an alert tells.
    source: End<'a>,
    times: Times<'a>,
}

impl<'a> Flow<'a> {
    fn read(members: &mut Members<'a>, scratch: &'a Scratch) -> Result<Flow<'a>, Reject> {
        let mut flow = Flow::default();
        let mut place = *members;
        for member in place.by_ref() {
            let (key, value) = member?;
            let text = value.scalar(scratch).unwrap_or_default();
            match key.decode(scratch) {
                b"bytes_toserver" => flow.to_server = Some(text),
                b"bytes_toclient" => flow.to_client = Some(text),
                b"src_ip" => flow.source.ip = text,
                b"src_port" => flow.source.port = text,
                name => flow.times.take(name, text),
            }
        }
        *members = place;
        Ok(flow)
    }
}

/// When a flow was.
#[derive(Clone, Copy, Debug, Default)]
struct Times<'a> {
    start: &'a [u8],
    end: &'a [u8],
    age: &'a [u8],
}

impl<'a> Times<'a> {
    fn take(&mut self, name: &[u8], text: &'a [u8]) {
        match name {
            b"start" => self.start = text,
            b"end" => self.end = text,
            b"age" => self.age = text,
            _ => {}
        }
    }

    /// A record is written when its flow has timed out, minutes after its last packet; so the beginning it tells is the
    /// stamp. Without one it is the time of writing.
    fn give(&self, reader: &Reader<'a>, event: &mut Event<'a>) -> Result<(), Reject> {
        if self.start.is_empty() {
            return Ok(());
        }
        event.timestamp = reader.stamp(self.start)?;
        event.stamped = Stamped::Start;
        event.duration = match self.end {
            b"" => number(self.age).map(|age: u32| Span::SECOND.times(age.into())),
            // An end before the start is a sensor's mistake that costs the duration, not the bytes.
            text => Some(reader.stamp(text)? - event.timestamp).filter(|span| span.0 >= 0),
        };
        Ok(())
    }
}
