//! FortiGate's traffic log: `key=value` pairs in any order, comma-separated where the device is told so.
//!
//! `sentbyte` is from `srcip`. Only `type=traffic` counts: `type=utm` lines (web filter, application control, DNS filter)
//! repeat their session's bytes. A long session is told again and again with totals so far. `sentdelta` and `rcvddelta` are
//! what came since the last line; where they are absent, the totals of one `sessionid` are told as such, and only what is
//! new in each counts.

use crate::event::reject::{Reason, Reject};
use crate::event::{Aside, Event, Question, Role, Session, Telling};
use crate::formats::envelope::Opened;
use crate::formats::fields::{Fields, transport};
use crate::formats::one_line::{self, Settings, holds, sniff_most};
use crate::formats::{Compiled, Context, Kind, Scratch, Sight, key_value, time};
use crate::units::{Span, Timestamp};
use jiff::tz::TimeZone;

/// The row of this format.
pub const KIND: Kind = Kind {
    name: "fortigate",
    about: "FortiGate (FortiOS) traffic log, key=value",
    roles: &[Role::Flow],
    compile: |spec, context| compile_as(Role::Flow, spec, context),
    sniff: |lines, _| {
        sniff_most(lines, is_fortigate, "the lines have logid=, type=, and FortiOS's vd= or devname=")
    },
    is_header: None,
};

const REMEDY: &str = "sentbyte and rcvdbyte stand in type=traffic lines: in each policy: config firewall policy, edit ID, set logtraffic all";

/// The same lines with the role of the device that writes them.
pub(in crate::formats) fn compile_as(role: Role, spec: &str, context: &Context) -> Compiled {
    let sight = Sight { role, source_bytes: true, destination_bytes: true, remedy: REMEDY };
    one_line::compile(spec, context, read, sight)
}

/// Another Fortinet device may be told by its serial number, which begins with its product.
fn is_fortigate(line: &[u8]) -> bool {
    holds(line, &[b"logid=", b"type="])
        && (holds(line, &[b"vd="]) || holds(line, &[b"devname="]) || holds(line, &[b"devid="]))
        && !is_fortiproxy(line)
}

/// FortiProxy's serial numbers begin with FPX.
pub(in crate::formats) fn is_fortiproxy(line: &[u8]) -> bool {
    holds(line, &[b"logid=", b"type="]) && (holds(line, &[b"devid=\"FPX"]) || holds(line, &[b"devid=FPX"]))
}

const DATE: usize = 0;
const TIME: usize = 1;
const ZONE: usize = 2;
const EVENT_TIME: usize = 3;
const TYPE: usize = 4;
const LOG_ID: usize = 5;
const ACTION: usize = 6;
const SRC: usize = 7;
const SPORT: usize = 8;
const DST: usize = 9;
const DPORT: usize = 10;
const SENT: usize = 11;
const RECEIVED: usize = 12;
const SENT_DELTA: usize = 13;
const RECEIVED_DELTA: usize = 14;
const DURATION: usize = 15;
const PROTO: usize = 16;
const SERVICE: usize = 17;
const USER: usize = 18;
const DEVICE: usize = 19;
const HOST: usize = 20;
const URL: usize = 21;
const AGENT: usize = 22;
const METHOD: usize = 23;
const STATUS: usize = 24;
const QNAME: usize = 25;
const QTYPE: usize = 26;
const GUESSED_USER: usize = 27;
const SESSION: usize = 28;
const SUBTYPE: usize = 29;
const SLOTS: usize = 30;

fn slot(key: &[u8]) -> usize {
    match key {
        b"date" => DATE,
        b"time" => TIME,
        b"tz" => ZONE,
        b"eventtime" => EVENT_TIME,
        b"type" => TYPE,
        b"subtype" => SUBTYPE,
        b"logid" | b"log_id" => LOG_ID,
        b"action" => ACTION,
        b"srcip" => SRC,
        b"srcport" => SPORT,
        b"dstip" => DST,
        b"dstport" => DPORT,
        b"sentbyte" => SENT,
        b"rcvdbyte" => RECEIVED,
        b"sessionid" => SESSION,
        b"sentdelta" => SENT_DELTA,
        b"rcvddelta" => RECEIVED_DELTA,
        b"duration" => DURATION,
        b"proto" => PROTO,
        b"service" => SERVICE,
        b"user" => USER,
        b"devname" => DEVICE,
        b"hostname" => HOST,
        b"url" => URL,
        b"agent" => AGENT,
        b"reqmethod" | b"httpmethod" => METHOD,
        b"statuscode" | b"respcode" | b"httpcode" => STATUS,
        b"qname" => QNAME,
        b"qtype" => QTYPE,
        b"unauthuser" => GUESSED_USER,
        _ => SLOTS,
    }
}

fn read<'a>(
    settings: &Settings,
    opened: &Opened<'a>,
    scratch: &'a Scratch,
) -> Result<Option<Event<'a>>, Reject> {
    let line = opened.inner;
    // A PRI may stand right before the first key.
    let text = opened.without_syslog().inner;
    let mut f = Fields::<SLOTS>::new(line);
    for pair in key_value::pairs(text, key_value::COMMAS) {
        let slot = slot(pair.key);
        if slot < SLOTS {
            f.set(slot, pair.decode(scratch));
        }
    }
    let kind = f.text(TYPE).ok_or_else(|| Reject::line(Reason::Malformed))?;
    // Lines of `type=utm` name both ends, but for a few of anomalies; those of `type=event` are of the device itself.
    let both = f.text(SRC).is_some() && f.text(DST).is_some();
    if kind != b"traffic" && !(kind == b"utm" && both) {
        return Ok(None);
    }
    let mut event = Event { dataset: "fortigate", role: settings.role, ..Event::default() };
    event.timestamp = stamp(&f, settings)?;
    // FortiProxy times a single request in milliseconds.
    let unit = if f.text(SUBTYPE) == Some(b"http-transaction") { Span(1_000) } else { Span::SECOND };
    event.duration = f.number::<u32>(DURATION)?.map(|count| unit.times(count.into()));
    event.source = f.end(SRC, SPORT, SENT)?;
    event.destination = f.end(DST, DPORT, RECEIVED)?;
    event.source.bytes = f.number(SENT_DELTA)?.or(event.source.bytes);
    event.destination.bytes = f.number(RECEIVED_DELTA)?.or(event.destination.bytes);
    let telling = if f.text(SENT_DELTA).is_some() { Telling::Since } else { Telling::SoFar };
    event.session = f.text(SESSION).map(|id| Session { id, telling });
    event.destination.domain = f.text(HOST);
    event.transport = f.text(PROTO).map(transport);
    event.protocol = f.text(SERVICE);
    event.user = f.first(&[USER, GUESSED_USER]);
    event.observer = f.text(DEVICE).or(opened.host);
    event.url = f.text(URL);
    event.user_agent = f.text(AGENT);
    event.method = f.text(METHOD);
    event.status = f.status(STATUS);
    event.question = f.text(QNAME).map(|name| Question { name, record_type: f.text(QTYPE) });
    event.aside = aside(&f, kind, &event);
    Ok(Some(event))
}

/// Why a line's bytes are not to be summed, where they are not.
fn aside(f: &Fields<'_, SLOTS>, kind: &[u8], event: &Event<'_>) -> Option<Aside> {
    let is = |id: &[u8]| f.text(LOG_ID).is_some_and(|text| text.ends_with(id));
    match f.text(ACTION) {
        _ if kind != b"traffic" => Some(Aside::Repeated),
        Some(b"start") => Some(Aside::Unfinished),
        // Without its number a total so far is left to the line that closes the session.
        _ if is(b"000000020") && f.text(SENT_DELTA).is_none() && event.session.is_none() => {
            Some(Aside::Unfinished)
        }
        Some(b"deny") if event.source.bytes.unwrap_or(0) == 0 => Some(Aside::Refused),
        // Message 11: a connection that failed.
        _ if is(b"000000011") && event.source.bytes.is_none() => Some(Aside::Attempt),
        _ => None,
    }
}

/// `eventtime` in seconds, milliseconds or nanoseconds by firmware; before it, the date, the clock and `tz`. Both are of one
/// moment; where they are days apart somebody has changed the line, and the date is what people read.
fn stamp(f: &Fields<'_, SLOTS>, settings: &Settings) -> Result<Timestamp, Reject> {
    let exact = f.stamp(EVENT_TIME, time::epoch_of_any_unit)?;
    match (exact, local(f, settings)) {
        (Some(exact), Ok(local)) if exact.0.abs_diff(local.0) <= DAYS_APART => Ok(exact),
        (Some(exact), Err(_)) => Ok(exact),
        (_, local) => local,
    }
}

/// Zones are up to 14 hours apart, and `tz` is not always there.
const DAYS_APART: u64 = 2 * 86_400 * 1_000_000;

fn local(f: &Fields<'_, SLOTS>, settings: &Settings) -> Result<Timestamp, Reject> {
    let (Some(date), Some(clock)) = (f.text(DATE), f.text(TIME)) else {
        return Err(Reject::line(Reason::BadTimestamp));
    };
    let stamp = match f.text(ZONE).and_then(time::offset) {
        Some(east) => time::date_and_time(date, clock, &TimeZone::UTC)
            .and_then(|local| Timestamp::from_micros(local.0.checked_sub(east)?)),
        None => time::date_and_time(date, clock, &settings.local.zone),
    };
    stamp.ok_or_else(|| f.wrong(Reason::BadTimestamp, date))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::tests_support::*;
    use proptest::prelude::*;

    const LINE: &str = r#"date=2023-03-29 time=02:02:03 devname="fw-1" devid="FGT60F0000000001" eventtime=1680051723000000000 tz="+0100" logid="0000000013" type="traffic" subtype="forward" level="notice" vd="root" srcip=10.1.2.3 srcport=50123 srcintf="lan" dstip=203.0.113.9 dstport=443 dstintf="wan 1" sessionid=77 proto=6 action="close" policyid=1 service="HTTPS" trandisp="snat" duration=30 sentbyte=10000184 rcvdbyte=224 sentpkt=8000 user="JDOE" "#;

    fn expected() -> Event<'static> {
        Event {
            dataset: "fortigate",
            role: Role::Flow,
            timestamp: AT,
            duration: Some(Span::SECOND.times(30)),
            source: end("10.1.2.3", 50123, Some(10_000_184)),
            destination: end("203.0.113.9", 443, Some(224)),
            transport: Some(b"tcp"),
            protocol: Some(b"HTTPS"),
            user: Some(b"JDOE"),
            observer: Some(b"fw-1"),
            session: Some(Session { id: b"77", telling: Telling::SoFar }),
            ..Event::default()
        }
    }

    #[test]
    fn a_session_in_every_spelling() {
        assert_eq!(one(&KIND, LINE), expected());
        assert_eq!(one(&KIND, &format!("<189>{LINE}")), expected());
        assert_eq!(one(&KIND, &LINE.trim_end().replace(' ', ",").replace("wan,1", "wan 1")), expected());
        for (from, to) in [
            ("eventtime=1680051723000000000 ", ""),
            ("eventtime=1680051723000000000", "eventtime=1680051723"),
            ("eventtime=1680051723000000000", "eventtime=1680051723000"),
        ] {
            assert_eq!(one(&KIND, &LINE.replace(from, to)), expected(), "{to}");
        }
        // A line whose date somebody has changed happened when people read that it did.
        let moved = one(&KIND, &LINE.replace("date=2023-03-29", "date=2023-04-03"));
        assert_eq!(moved.timestamp, AT + Span::SECOND.times(5 * 86_400));
        let other_zone =
            one(&KIND, &LINE.replace("time=02:02:03", "time=15:02:03").replace("tz=\"+0100\" ", ""));
        assert_eq!(other_zone.timestamp, AT);
        let request = LINE.replace("\"forward\"", "\"http-transaction\"");
        assert_eq!(one(&KIND, &request).duration, Some(Span(30_000)));
        // Old firmware quotes nothing.
        assert_eq!(one(&KIND, &LINE.replace("\"wan 1\"", "wan1").replace('"', "")), expected());
        let v6 = one(&KIND, &LINE.replace("10.1.2.3", "2001:db8::3"));
        assert_eq!(v6.source.ip, Some("2001:db8::3".parse().unwrap()));
    }

    #[test]
    fn totals_so_far_are_counted_once() {
        let so_far =
            LINE.replace("0000000013", "0000000020").replace("action=\"close\"", "action=\"accept\"");
        let nameless = one(&KIND, &so_far.replace("sessionid=77 ", ""));
        assert_eq!((nameless.aside, nameless.session), (Some(Aside::Unfinished), None));
        assert_eq!(one(&KIND, &so_far), expected());
        let since = format!("{so_far}sentdelta=5000 rcvddelta=0");
        let event = one(&KIND, &since);
        assert_eq!((event.source.bytes, event.destination.bytes), (Some(5000), Some(0)));
        assert_eq!(event.session, Some(Session { id: b"77", telling: Telling::Since }));
        assert_eq!(one(&KIND, &format!("{LINE}sentdelta=7 rcvddelta=8")).source.bytes, Some(7));
    }

    #[test]
    fn other_lines_stand_aside() {
        let web = LINE.replace("type=\"traffic\" subtype=\"forward\"", "type=\"utm\" subtype=\"webfilter\"");
        assert_eq!(one(&KIND, &web), Event { aside: Some(Aside::Repeated), ..expected() });
        let start = one(&KIND, &LINE.replace("\"close\"", "\"start\""));
        assert_eq!(start.aside, Some(Aside::Unfinished));
        let deny = LINE.replace("\"close\"", "\"deny\"");
        assert_eq!(one(&KIND, &deny.replace("10000184", "0")).aside, Some(Aside::Refused));
        assert_eq!(one(&KIND, &deny).aside, None);
        let failed = LINE.replace("0000000013", "0000000011").replace("sentbyte=10000184 ", "");
        assert_eq!(one(&KIND, &failed).aside, Some(Aside::Attempt));
        nothing(&KIND, &["type=event logid=1 srcip=x", "type=utm logid=1 srcip=10.1.2.3"]);
    }

    #[test]
    fn hostile_lines() {
        rejected(&KIND, LINE, "srcip=10.1.2.3", "srcip=10.1.2.300", Reason::BadAddress);
        rejected(&KIND, LINE, "sentbyte=10000184", "sentbyte=-1", Reason::BadNumber);
        rejected(&KIND, LINE, "sentbyte=10000184", "sentbyte=99999999999999999999", Reason::BadNumber);
        rejected(&KIND, LINE, "eventtime=1680051723000000000", "eventtime=soon", Reason::BadTimestamp);
        for line in ["", "hello", &LINE.replace("dstip=", "x="), "type=traffic"] {
            assert!(read_line_fails(line), "{line}");
        }
        let absent = one(&KIND, &LINE.replace("rcvdbyte=224 ", ""));
        assert_eq!(absent.destination.bytes, None);
    }

    fn read_line_fails(line: &str) -> bool {
        crate::formats::tests_support::read(&KIND, line).is_err()
    }

    #[test]
    fn detection() {
        assert_eq!(chosen(&[LINE]), "fortigate");
        assert_eq!(chosen(&[&format!("<189>{LINE}"), &format!("<189>{LINE}")]), "fortigate");
        assert_eq!(chosen(&[&format!("<189>Mar 29 01:02:03 fw-1 {LINE}")]), "fortigate");
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
