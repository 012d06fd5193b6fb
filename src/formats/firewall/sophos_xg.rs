//! Sophos Firewall (XG, XGS): `device="SFW" … log_type="Firewall" … sent_bytes=… recv_bytes=…`.
//!
//! Only firewall lines of the end of a connection count: `Interim` ones carry totals so far, `Start` ones nothing yet, and
//! content filtering, virus scanning and the like repeat their connection.

use crate::event::reject::{Reason, Reject};
use crate::event::{Aside, Event, Role, address};
use crate::formats::envelope::Opened;
use crate::formats::fields::{Fields, transport};
use crate::formats::one_line::{self, Settings, holds, sniff_most};
use crate::formats::{Kind, Scratch, Sight, key_value, time};
use crate::units::{Span, Timestamp};

/// The row of this format.
pub const KIND: Kind = Kind {
    name: "sophos-xg",
    about: "Sophos Firewall (XG) syslog, device and central reporting formats",
    roles: &[Role::Flow],
    compile: |spec, context| one_line::compile(spec, context, read, SIGHT),
    sniff: |lines, _| {
        sniff_most(
            lines,
            |line| holds(line, &[b"log_type=\"", b"log_component=\""]),
            "the lines have Sophos's log_type= and log_component=",
        )
    },
    is_header: None,
};

const SIGHT: Sight = Sight {
    role: Role::Flow,
    source_bytes: true,
    destination_bytes: true,
    remedy: "switch on \"Log firewall traffic\" in each firewall rule",
};

const DATE: usize = 0;
const TIME: usize = 1;
const ZONE: usize = 2;
const STAMP: usize = 3;
const TYPE: usize = 4;
const PHASE: usize = 5;
const SRC: usize = 6;
const DST: usize = 7;
const SPORT: usize = 8;
const DPORT: usize = 9;
const SENT: usize = 10;
const RECEIVED: usize = 11;
const PROTO: usize = 12;
const DURATION: usize = 13;
const USER: usize = 14;
const DEVICE: usize = 15;
const APP: usize = 16;
const URL: usize = 17;
const HOST: usize = 18;
const AGENT: usize = 19;
const STATUS: usize = 20;
const METHOD: usize = 21;
const SUBTYPE: usize = 22;
const SLOTS: usize = 23;

fn slot(key: &[u8]) -> usize {
    match key {
        b"date" => DATE,
        b"time" => TIME,
        b"timezone" => ZONE,
        b"timestamp" => STAMP,
        b"log_type" => TYPE,
        b"connevent" | b"con_event" => PHASE,
        b"src_ip" | b"sourceip" => SRC,
        b"dst_ip" | b"destinationip" => DST,
        b"src_port" => SPORT,
        b"dst_port" => DPORT,
        b"sent_bytes" | b"bytes_sent" => SENT,
        b"recv_bytes" | b"bytes_received" => RECEIVED,
        b"protocol" => PROTO,
        b"duration" | b"con_duration" => DURATION,
        b"user_name" => USER,
        b"device_name" | b"device_serial_id" => DEVICE,
        b"application" | b"app_name" => APP,
        b"url" => URL,
        b"domain" | b"domainname" => HOST,
        b"user_agent" | b"http_user_agent" => AGENT,
        b"status_code" | b"http_status" => STATUS,
        b"method" | b"http_method" => METHOD,
        b"log_subtype" => SUBTYPE,
        _ => SLOTS,
    }
}

fn read<'a>(
    settings: &Settings,
    opened: &Opened<'a>,
    scratch: &'a Scratch,
) -> Result<Option<Event<'a>>, Reject> {
    let line = opened.inner;
    let opened = opened.without_syslog();
    let mut f = Fields::<SLOTS>::new(line);
    for pair in key_value::pairs(opened.inner, key_value::LOGFMT) {
        f.set(slot(pair.key), pair.decode(scratch));
    }
    let kind = f.text(TYPE).ok_or_else(|| Reject::line(Reason::Malformed))?;
    let firewall = kind == b"Firewall";
    if !firewall && (f.text(SRC).is_none() || f.text(DST).is_none()) {
        return Ok(None);
    }
    let mut event = Event { dataset: "sophos-xg", role: settings.role, ..Event::default() };
    event.timestamp = stamp(&f, settings, &opened)?;
    event.duration = f.number::<u32>(DURATION)?.map(|seconds| Span::SECOND.times(seconds.into()));
    event.source = f.end(SRC, SPORT, SENT)?;
    event.destination = f.end(DST, DPORT, RECEIVED)?;
    event.transport = f.text(PROTO).map(transport);
    event.protocol = f.text(APP);
    event.user = f.text(USER);
    event.observer = f.text(DEVICE).or(opened.host);
    event.url = f.text(URL);
    event.destination.domain = f.text(HOST).filter(|name| address(name).is_none());
    event.user_agent = f.text(AGENT);
    event.status = f.status(STATUS);
    event.method = f.text(METHOD);
    event.aside = match (firewall, f.text(PHASE), f.text(SUBTYPE)) {
        (false, ..) => Some(Aside::Repeated),
        (_, Some(b"Start" | b"Interim"), _) => Some(Aside::Unfinished),
        (_, None, Some(b"Denied" | b"Drop")) => Some(Aside::Refused),
        _ => None,
    };
    Ok(Some(event))
}

/// `timestamp="2023-03-29T01:02:03+0000"`, or a date, a clock and the name of a zone.
fn stamp(f: &Fields<'_, SLOTS>, settings: &Settings, opened: &Opened<'_>) -> Result<Timestamp, Reject> {
    if let Some(stamp) = f.stamp(STAMP, |text| time::iso(text, &settings.local.zone))? {
        return Ok(stamp);
    }
    let (Some(date), Some(clock)) = (f.text(DATE), f.text(TIME)) else { return opened.time(&settings.local) };
    let stamp = match f.text(ZONE) {
        Some(name) => time::date_time_and_zone(date, clock, name, &settings.local.zone),
        None => time::date_and_time(date, clock, &settings.local.zone),
    };
    stamp.ok_or_else(|| f.wrong(Reason::BadTimestamp, date))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::tests_support::*;
    use proptest::prelude::*;

    const LINE: &str = r#"<30>device="SFW" date=2023-03-29 time=01:02:03 timezone="GMT" device_name="XG125" device_id=C00000000001 log_id=010101600001 log_type="Firewall" log_component="Firewall Rule" log_subtype="Allowed" status="Allow" priority=Information duration=30 fw_rule_id=2 user_name="jdoe" application="HTTPS" in_interface="Port1" src_mac=00:00:5e:00:53:01 src_ip=10.1.2.3 src_country_code=R1 dst_ip=203.0.113.9 protocol="TCP" src_port=50123 dst_port=443 sent_pkts=8000 recv_pkts=12 sent_bytes=10000184 recv_bytes=224 tran_src_ip=198.51.100.1 connevent="Stop" connid="77""#;

    fn expected() -> Event<'static> {
        Event {
            dataset: "sophos-xg",
            role: Role::Flow,
            timestamp: AT,
            duration: Some(Span::SECOND.times(30)),
            source: end("10.1.2.3", 50123, Some(10_000_184)),
            destination: end("203.0.113.9", 443, Some(224)),
            transport: Some(b"tcp"),
            protocol: Some(b"HTTPS"),
            user: Some(b"jdoe"),
            observer: Some(b"XG125"),
            ..Event::default()
        }
    }

    #[test]
    fn a_connection_in_both_formats() {
        assert_eq!(one(&KIND, LINE), expected());
        let central = LINE
            .replace(
                "date=2023-03-29 time=01:02:03 timezone=\"GMT\"",
                "timestamp=\"2023-03-29T02:02:03+0100\"",
            )
            .replace("sent_bytes", "bytes_sent")
            .replace("recv_bytes", "bytes_received")
            .replace("connevent=\"Stop\"", "con_event=\"End\"");
        assert_eq!(one(&KIND, &central), expected());
        assert_eq!(one(&KIND, &LINE.replace("connevent=\"Stop\" ", "")), expected());
        let summer = LINE.replace("time=01:02:03 timezone=\"GMT\"", "time=03:02:03 timezone=\"CEST\"");
        assert_eq!(one(&KIND, &summer), expected());
    }

    #[test]
    fn other_lines_stand_aside() {
        let aside = |from: &str, to: &str| one(&KIND, &LINE.replace(from, to)).aside;
        assert_eq!(aside("log_type=\"Firewall\"", "log_type=\"Content Filtering\""), Some(Aside::Repeated));
        assert_eq!(aside("\"Stop\"", "\"Interim\""), Some(Aside::Unfinished));
        assert_eq!(aside("\"Stop\"", "\"Start\""), Some(Aside::Unfinished));
        let denied = LINE.replace("connevent=\"Stop\" ", "").replace("\"Allowed\"", "\"Denied\"");
        assert_eq!(one(&KIND, &denied).aside, Some(Aside::Refused));
        nothing(&KIND, &["log_type=\"Event\" log_component=\"GUI\" src_ip=10.1.2.3"]);
    }

    #[test]
    fn hostile_lines() {
        rejected(&KIND, LINE, " src_ip=10.1.2.3", " src_ip=10.1.2.x", Reason::BadAddress);
        rejected(&KIND, LINE, "sent_bytes=10000184", "sent_bytes=1.5", Reason::BadNumber);
        rejected(&KIND, LINE, "date=2023-03-29", "date=2023-03-32", Reason::BadTimestamp);
        for line in ["", "hello", "log_type=\"Firewall\""] {
            assert!(crate::formats::tests_support::read(&KIND, line).is_err(), "{line}");
        }
    }

    #[test]
    fn detection() {
        assert_eq!(chosen(&[LINE]), "sophos-xg");
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
