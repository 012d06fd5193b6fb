//! PAN-OS traffic log: CSV by position, as sent by syslog and as exported.
//!
//! Bytes Sent and Bytes Received are client to server and server to client; Bytes is their sum. Only `end` lines count:
//! `start` repeats the session with what it had at its beginning, and `deny` and `drop` carry the packets that were
//! refused. THREAT lines of the same stream (URL filtering among them) repeat their session; SYSTEM and others tell of no
//! transfer.

use super::panos_url;
use crate::event::reject::{Reason, Reject};
use crate::event::{Aside, Event, Role};
use crate::formats::cells::{Cut, cells};
use crate::formats::envelope::Opened;
use crate::formats::fields::{Fields, transport};
use crate::formats::format_string::sample;
use crate::formats::one_line::{self, Settings};
use crate::formats::{Context, Kind, Scratch, Sight, Sniffed, time};
use crate::units::Span;

/// The row of this format.
pub const KIND: Kind = Kind {
    name: "panos-traffic",
    about: "PAN-OS traffic log, CSV",
    roles: &[Role::Flow],
    compile: |spec, context| one_line::compile(spec, context, read, SIGHT),
    sniff,
    is_header: None,
};

const SIGHT: Sight = Sight {
    role: Role::Flow,
    source_bytes: true,
    destination_bytes: true,
    remedy: "log at session end in each security rule",
};

const SERIAL: usize = 2;
const TYPE: usize = 3;
const SUBTYPE: usize = 4;
const GENERATED: usize = 6;
const SRC: usize = 7;
const DST: usize = 8;
const USER: usize = 12;
const APP: usize = 14;
const SPORT: usize = 24;
const DPORT: usize = 25;
const PROTO: usize = 29;
const BYTES: usize = 31;
const SENT: usize = 32;
const RECEIVED: usize = 33;
const ELAPSED: usize = 36;
const DEVICE: usize = 52;
/// Positions are slots; what lies behind the device's name is of later versions and not read.
const SLOTS: usize = DEVICE + 1;

/// The cells of a line by their position; all but their first four may be missing.
pub(super) fn split<'a, const N: usize>(
    line: &'a [u8],
    text: &'a [u8],
    scratch: &'a Scratch,
) -> Fields<'a, N> {
    let mut f = Fields::<N>::new(line);
    for (place, cell) in cells(text, Cut::Csv(b',')).take(N).enumerate() {
        f.set(place, cell.decode(scratch));
    }
    f
}

/// The type and subtype of a PAN-OS line: a digit, a time, a serial number, then the two.
pub(super) fn types(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut parts = line.splitn(6, |&byte| byte == b',');
    let (_, received, _) = (parts.next()?, parts.next()?, parts.next()?);
    let (log, sub, _) = (parts.next()?, parts.next()?, parts.next()?);
    let like_time = received.len() == 19 && received.get(4) == Some(&b'/') && received.get(10) == Some(&b' ');
    let like_type =
        log.len() >= 3 && log.iter().all(|byte| byte.is_ascii_uppercase() || *byte == b'-' || *byte == b'_');
    (like_time && like_type).then_some((log, sub))
}

fn sniff(lines: &[&[u8]], _context: &Context) -> Sniffed {
    let lines = sample::filled(lines);
    let pan: Vec<_> = lines.iter().filter_map(|line| types(line)).collect();
    if sample::is_most(pan.len(), lines.len()) && pan.iter().any(|(log, _)| *log == b"TRAFFIC") {
        return Sniffed::Yes {
            spec: String::new(),
            why: "the fourth column of PAN-OS's CSV says TRAFFIC".into(),
        };
    }
    Sniffed::No
}

fn read<'a>(
    settings: &Settings,
    opened: &Opened<'a>,
    scratch: &'a Scratch,
) -> Result<Option<Event<'a>>, Reject> {
    let line = opened.inner;
    let f: Fields<'a, SLOTS> = split(line, line, scratch);
    match (f.text(TYPE), f.text(SUBTYPE)) {
        (Some(b"TRAFFIC"), _) => {}
        (Some(b"THREAT"), Some(_)) => {
            let event = panos_url::read(settings, opened, scratch)?;
            return Ok(event.map(|event| Event { aside: Some(Aside::Repeated), ..event }));
        }
        // The head line of an export names the columns.
        (Some(_), Some(_)) => return Ok(None),
        _ => return Err(Reject::line(Reason::Malformed)),
    }
    let mut event = common("panos-traffic", &f, settings, SENT, RECEIVED)?;
    event.duration = f.number::<u32>(ELAPSED)?.map(|seconds| Span::SECOND.times(seconds.into()));
    event.observer = f.first(&[DEVICE, SERIAL]);
    event.aside = match f.text(SUBTYPE) {
        Some(b"end") => None,
        Some(b"deny" | b"drop") => Some(Aside::Refused),
        _ => Some(Aside::Unfinished),
    };
    // Where columns were left out or moved, the sum is wrong, and so would be every number.
    let total = f.number::<u64>(BYTES)?;
    if let (Some(total), Some(up), Some(down)) = (total, event.source.bytes, event.destination.bytes)
        && up.checked_add(down) != Some(total)
    {
        return Err(f.wrong(Reason::Malformed, f.text(BYTES).unwrap_or_default()));
    }
    Ok(Some(event))
}

/// What stands in the same columns of traffic and threat lines.
pub(super) fn common<'a, const N: usize>(
    dataset: &'static str,
    f: &Fields<'a, N>,
    settings: &Settings,
    sent: usize,
    received: usize,
) -> Result<Event<'a>, Reject> {
    let mut event = Event { dataset, role: settings.role, ..Event::default() };
    event.timestamp = f
        .stamp(GENERATED, |text| time::iso(text, &settings.local.zone))?
        .ok_or_else(|| Reject::line(Reason::BadTimestamp))?;
    event.source = f.end(SRC, SPORT, sent)?;
    event.destination = f.end(DST, DPORT, received)?;
    event.user = f.text(USER);
    event.protocol = f.text(APP);
    event.transport = f.text(PROTO).map(transport);
    Ok(event)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::tests_support::*;
    use proptest::prelude::*;

    const LINE: &str = r#"1,2023/03/29 01:02:05,001801000001,TRAFFIC,end,2305,2023/03/29 01:02:03,10.1.2.3,203.0.113.9,198.51.100.1,203.0.113.9,"Out, any",corp\jdoe,,ssl,vsys1,trust,untrust,ethernet1/2,ethernet1/1,fwd,2023/03/29 01:02:03,77,1,50123,443,40001,443,0x400053,tcp,allow,10000408,10000184,224,8012,2023/03/29 01:01:33,30,any,0,12345,0x0,10.0.0.0-10.255.255.255,GB,0,8000,12,tcp-fin,0,0,0,0,,fw-1,from-policy"#;

    #[test]
    fn a_session() {
        let expected = Event {
            dataset: "panos-traffic",
            role: Role::Flow,
            timestamp: AT,
            duration: Some(Span::SECOND.times(30)),
            source: end("10.1.2.3", 50123, Some(10_000_184)),
            destination: end("203.0.113.9", 443, Some(224)),
            user: Some(br"corp\jdoe"),
            transport: Some(b"tcp"),
            protocol: Some(b"ssl"),
            observer: Some(b"fw-1"),
            ..Event::default()
        };
        assert_eq!(one(&KIND, LINE), expected);
        // An older release ends before the device's name.
        let old = LINE.split(",12345,").next().unwrap();
        assert_eq!(one(&KIND, old), Event { observer: Some(b"001801000001"), ..expected });
        let v6 = one(&KIND, &LINE.replace("10.1.2.3", "2001:db8::3"));
        assert_eq!(v6.source.ip, Some("2001:db8::3".parse().unwrap()));
    }

    #[test]
    fn only_the_end_counts() {
        let aside = |other: &str| one(&KIND, &LINE.replace("TRAFFIC,end", other)).aside;
        assert_eq!(aside("TRAFFIC,start"), Some(Aside::Unfinished));
        assert_eq!(aside("TRAFFIC,deny"), Some(Aside::Refused));
        assert_eq!(aside("TRAFFIC,drop"), Some(Aside::Refused));
        assert_eq!(aside("THREAT,url"), Some(Aside::Repeated));
        nothing(&KIND, &[&LINE.replace("TRAFFIC,end", "SYSTEM,general")]);
        nothing(
            &KIND,
            &["Domain,Receive Time,Serial #,Type,Threat/Content Type,Config Version,Generate Time"],
        );
    }

    #[test]
    fn hostile_lines() {
        rejected(&KIND, LINE, "10.1.2.3", "10.1.2.x", Reason::BadAddress);
        rejected(&KIND, LINE, ",10000184,", ",x,", Reason::BadNumber);
        rejected(&KIND, LINE, "2305,2023/03/29 01:02:03", "2305,2023/13/29 01:02:03", Reason::BadTimestamp);
        rejected(&KIND, LINE, "allow,10000408", "allow,7", Reason::Malformed);
        for line in ["", "1,2,3", "1,2023/03/29 01:02:05,0018,TRAFFIC,end"] {
            assert!(crate::formats::tests_support::read(&KIND, line).is_err(), "{line}");
        }
    }

    #[test]
    fn detection() {
        // Whatever stands before the first comma is the first column, a syslog header too.
        assert_eq!(chosen(&[LINE]), "panos-traffic");
        assert_eq!(chosen(&[&format!("<14>Mar 29 01:02:05 fw-1 {LINE}")]), "panos-traffic");
        assert_eq!(chosen(&[&format!("<14>1 2023-03-29T01:02:05Z fw-1 - - - - {LINE}")]), "panos-traffic");
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
