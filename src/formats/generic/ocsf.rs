//! OCSF: Network Activity (class 4001), HTTP Activity (4002) and DNS Activity (4003), one object a line; those of RDP, SMB,
//! SSH and FTP (4005 to 4008) where they have bytes.
//!
//! `traffic.bytes_out` is what the source sent. Amazon's VPC flow logs in OCSF (Security Lake) have `traffic.bytes` alone:
//! a record of one direction. Other classes tell of no transfer. What an activity's number means depends on its class.

use crate::event::reject::{Reason, Reject};
use crate::event::{Aside, Event, Question, Role, Stamped, address};
use crate::formats::envelope::Opened;
use crate::formats::fields::{Fields, authority, transport};
use crate::formats::one_line::{self, Settings, holds, sniff_most};
use crate::formats::{Kind, Scratch, Sight, paths};
use crate::units::Span;

/// The row of this format.
pub const KIND: Kind = Kind {
    name: "ocsf",
    about: "OCSF JSON lines: Network, HTTP and DNS Activity",
    roles: &[Role::Flow, Role::Proxy, Role::Server, Role::Dns],
    compile: |spec, context| one_line::compile(spec, context, read, SIGHT),
    sniff: |lines, _| {
        sniff_most(
            lines,
            |line| line.first() == Some(&b'{') && holds(line, &[b"\"class_uid\""]),
            "the lines are JSON with OCSF's class_uid",
        )
    },
    is_header: None,
};

const SIGHT: Sight = Sight {
    role: Role::Flow,
    source_bytes: true,
    destination_bytes: true,
    remedy: "have the producer fill traffic.bytes_out and traffic.bytes_in",
};

const CLASS: usize = 0;
const TIME: usize = 1;
const SRC: usize = 2;
const DST: usize = 3;
const SPORT: usize = 4;
const DPORT: usize = 5;
const SHOST: usize = 6;
const DHOST: usize = 7;
const SENT: usize = 8;
const RECEIVED: usize = 9;
const TOTAL: usize = 10;
const PRODUCT: usize = 11;
const START: usize = 12;
const DURATION: usize = 13;
const USER: usize = 14;
const METHOD: usize = 15;
const STATUS: usize = 16;
const URL: usize = 17;
const AGENT: usize = 18;
const PROTO: usize = 19;
const OBSERVER: usize = 20;
const END: usize = 21;
const ACTIVITY: usize = 22;
const QNAME: usize = 23;
const QTYPE: usize = 24;
const REQUEST: usize = 25;
const RESPONSE: usize = 26;
const URL_HOST: usize = 27;
const URL_PATH: usize = 28;
const ACTION: usize = 29;
const DISPOSITION: usize = 30;
const SLOTS: usize = 31;

fn slot(path: &[u8]) -> usize {
    match path {
        b"class_uid" => CLASS,
        b"activity_id" => ACTIVITY,
        b"time" => TIME,
        b"start_time" => START,
        b"end_time" => END,
        b"duration" => DURATION,
        b"src_endpoint.ip" => SRC,
        b"dst_endpoint.ip" => DST,
        b"src_endpoint.port" => SPORT,
        b"dst_endpoint.port" => DPORT,
        b"src_endpoint.hostname" => SHOST,
        b"dst_endpoint.hostname" | b"dst_endpoint.domain" => DHOST,
        b"traffic.bytes_out" => SENT,
        b"traffic.bytes_in" => RECEIVED,
        b"traffic.bytes" => TOTAL,
        b"metadata.product.name" => PRODUCT,
        b"actor.user.name" => USER,
        b"http_request.http_method" => METHOD,
        b"http_request.url.url_string" => URL,
        b"http_request.url.hostname" => URL_HOST,
        b"http_request.url.path" => URL_PATH,
        b"http_request.user_agent" => AGENT,
        b"action_id" => ACTION,
        b"disposition_id" => DISPOSITION,
        b"http_response.code" => STATUS,
        b"connection_info.protocol_name" | b"connection_info.protocol_num" => PROTO,
        b"device.hostname" => OBSERVER,
        b"query.hostname" => QNAME,
        b"query.type" => QTYPE,
        b"http_request.length" => REQUEST,
        b"http_response.length" => RESPONSE,
        _ => SLOTS,
    }
}

fn read<'a>(
    settings: &Settings,
    opened: &Opened<'a>,
    scratch: &'a Scratch,
) -> Result<Option<Event<'a>>, Reject> {
    let line = opened.inner;
    let mut f = Fields::<SLOTS>::new(line);
    paths::scalars(line, scratch, |path, text| f.set(slot(path), text))?;
    let class = f.text(CLASS).ok_or_else(|| Reject::line(Reason::Malformed))?;
    let dns = match class {
        b"4001" | b"4002" => false,
        b"4003" => true,
        b"4005" | b"4006" | b"4007" | b"4008" if f.first(&[SENT, RECEIVED]).is_some() => false,
        _ => return Ok(None),
    };
    let role = if dns { Role::Dns } else { settings.role };
    let mut event = Event { dataset: "ocsf", role, ..Event::default() };
    event.source.ip = f.address(SRC)?;
    event.source.domain = f.text(SHOST);
    event.destination.ip = f.address(DST)?;
    event.url = f.first(&[URL, URL_PATH]);
    event.destination.domain = f.first(&[DHOST, URL_HOST]).or_else(|| {
        let name = crate::event::split_authority(authority(event.url?)).0;
        (!name.is_empty() && address(name).is_none()).then_some(name)
    });
    let named = |end: &crate::event::Endpoint<'_>| end.ip.is_some() || end.domain.is_some();
    if !named(&event.source) || (!dns && !named(&event.destination)) {
        return Ok(None);
    }
    if dns {
        event.question = f.text(QNAME).map(|name| Question { name, record_type: f.text(QTYPE) });
        event.protocol = Some(b"dns");
    }
    event.source.port = f.number(SPORT)?;
    event.destination.port = f.number(DPORT)?;
    event.source.bytes = f.number(SENT)?.or(f.number(REQUEST)?);
    event.destination.bytes = f.number(RECEIVED)?.or(f.number(RESPONSE)?);
    let product = |word: &[u8]| f.text(PRODUCT).is_some_and(|name| holds(name, &[word]));
    if product(b"VPC") && event.source.bytes.is_none() && event.destination.bytes.is_none() {
        event.source.bytes = f.number(TOTAL)?;
        event.one_way = true;
    }
    let blocked = f.text(ACTION) == Some(b"2") || f.text(DISPOSITION) == Some(b"2");
    event.aside = match (class, f.text(ACTIVITY)) {
        // The answer repeats the question; but AWS's resolver tells both in one record, once called the answer.
        (b"4003", Some(b"2")) if !product(b"Route 53") => Some(Aside::Repeated),
        (b"4001", Some(b"1")) => Some(Aside::Unfinished),
        (b"4001", Some(b"5")) => Some(Aside::Refused),
        (b"4001", _) if blocked && event.destination.bytes.unwrap_or(0) == 0 => Some(Aside::Refused),
        _ => None,
    };
    let stamp = |slot| f.stamp(slot, |text| settings.local.any(text));
    let (time, start, finish) = (stamp(TIME)?, stamp(START)?, stamp(END)?);
    let elapsed = f.number::<u32>(DURATION)?.map(|millis| Span(i64::from(millis) * 1_000));
    event.duration =
        elapsed.or_else(|| start.zip(finish).filter(|(a, b)| b >= a).map(|(start, finish)| finish - start));
    (event.timestamp, event.stamped) = match (start, time) {
        (Some(start), _) if event.duration.is_some() => (start, Stamped::Start),
        (_, Some(time)) => (time, Stamped::End),
        (Some(start), None) => (start, Stamped::Start),
        (None, None) => return Err(Reject::line(Reason::BadTimestamp)),
    };
    event.user = f.text(USER);
    event.method = f.text(METHOD);
    event.status = f.status(STATUS);
    event.user_agent = f.text(AGENT);
    event.transport = f.text(PROTO).map(transport);
    event.observer = f.text(OBSERVER);
    Ok(Some(event))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::tests_support::*;
    use proptest::prelude::*;

    const LINE: &str = r#"{"class_uid":4001,"activity_id":2,"time":1680051723000,"metadata":{"product":{"name":"Wall"}},"src_endpoint":{"ip":"10.1.2.3","port":50123},"dst_endpoint":{"ip":"203.0.113.9","port":443},"traffic":{"bytes":10000408,"bytes_out":10000184,"bytes_in":224},"connection_info":{"protocol_num":6},"actor":{"user":{"name":"jdoe"}},"device":{"hostname":"fw-1"}}"#;

    #[test]
    fn a_connection() {
        let expected = Event {
            dataset: "ocsf",
            role: Role::Flow,
            timestamp: AT,
            source: end("10.1.2.3", 50123, Some(10_000_184)),
            destination: end("203.0.113.9", 443, Some(224)),
            user: Some(b"jdoe"),
            transport: Some(b"tcp"),
            observer: Some(b"fw-1"),
            ..Event::default()
        };
        assert_eq!(one(&KIND, LINE), expected);
        let span =
            LINE.replace("\"time\"", "\"start_time\":1680051723000,\"end_time\":1680051753000,\"time\"");
        let spanned = Event { duration: Some(Span::SECOND.times(30)), stamped: Stamped::Start, ..expected };
        assert_eq!(one(&KIND, &span), spanned);
    }

    #[test]
    fn one_direction_and_none() {
        let vpc = LINE.replace("Wall", "Amazon VPC").replace(",\"bytes_out\":10000184,\"bytes_in\":224", "");
        let event = one(&KIND, &vpc);
        assert_eq!(
            (event.source.bytes, event.destination.bytes, event.one_way),
            (Some(10_000_408), None, true)
        );
        let total = one(&KIND, &vpc.replace("Amazon VPC", "Wall"));
        assert_eq!((total.source.bytes, total.destination.bytes, total.one_way), (None, None, false));
        nothing(&KIND, &[&LINE.replace("4001", "2004")]);
        let opened = one(&KIND, &LINE.replace("\"activity_id\":2", "\"activity_id\":1"));
        assert_eq!(opened.aside, Some(Aside::Unfinished));
    }

    #[test]
    fn hostile_lines() {
        rejected(&KIND, LINE, "\"ip\":\"10.1.2.3\"", "\"ip\":\"10.1.2.x\"", Reason::BadAddress);
        rejected(&KIND, LINE, "\"bytes_out\":10000184", "\"bytes_out\":-1", Reason::BadNumber);
        rejected(&KIND, LINE, "\"time\":1680051723000", "\"time\":\"late\"", Reason::BadTimestamp);
        for line in ["", "hello", "{", "{}", &LINE.replace("\"time\"", "\"x\"")] {
            assert!(crate::formats::tests_support::read(&KIND, line).is_err(), "{line}");
        }
    }

    #[test]
    fn detection() {
        assert_eq!(chosen(&[LINE]), "ocsf");
    }

    proptest! {
        #[test]
        fn broken_lines(
            edits in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6),
            cut: prop::sample::Index,
            other in proptest::collection::vec(any::<u8>(), 0..60),
        ) {
            torture(&KIND, "", LINE, &edits, cut, &other);
        }
    }
}
