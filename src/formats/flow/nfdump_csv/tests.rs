//! Rows as nfdump 1.7.1 printed them for NetFlow v5 packets made by hand, and as later versions name them.

use super::*;
use crate::event::Endpoint;
use crate::formats::tests_support::{
    damaged, details_agree, detected, read_lines, read_lines_with, rejected_lines, sniffed, survives,
};
use proptest::prelude::*;

const ROW: &str = "2023-03-29 01:02:03,2023-03-29 01:02:15,12.500,10.1.2.3,203.0.113.9,50123,443,TCP,...AP.SF,0,0,8000,10000184,0,0,1,2,0,0,0,0,0,0,0.0.0.0,0.0.0.0,0,0,00:00:00:00:00:00,00:00:00:00:00:00,00:00:00:00:00:00,00:00:00:00:00:00,0-0-0,0-0-0,0-0-0,0-0-0,0-0-0,0-0-0,0-0-0,0-0-0,0-0-0,0-0-0,    0.000,    0.000,    0.000,192.0.2.1,0/0,1,2023-03-29 01:02:20.102";
const SUMMARY: [&str; 3] =
    ["Summary", "flows,bytes,packets,avg_bps,avg_pps,avg_bpp", "3,10000492,8006,6400314,640,1249"];

fn expected() -> Event<'static> {
    let end = |ip: &str, port, bytes| Endpoint {
        ip: Some(ip.parse().unwrap()),
        port: Some(port),
        bytes,
        domain: None,
    };
    Event {
        dataset: "nfdump.csv",
        role: Role::Flow,
        timestamp: Timestamp(1_680_051_723_000_000),
        duration: Some(Span(12_500_000)),
        stamped: Stamped::Start,
        source: end("10.1.2.3", 50123, Some(10_000_184)),
        destination: end("203.0.113.9", 443, None),
        one_way: true,
        transport: Some(b"tcp"),
        observer: Some(b"192.0.2.1"),
        ..Event::default()
    }
}

#[test]
fn a_record_is_one_direction_unless_joined() {
    let lines = [&[USUAL, ROW][..], &SUMMARY].concat();
    assert_eq!(read_lines(&KIND, &lines), (vec![expected()], vec![]));
    let joined = ROW.replace("10000184,0,0,", "10000184,5,224,");
    let event = &read_lines(&KIND, &[USUAL, &joined]).0[0];
    assert_eq!((event.destination.bytes, event.one_way), (Some(224), false));
    let icmp = ROW.replace("50123,443,TCP", "0,8.0,ICMP6").replace("10.1.2.3", "2001:db8::3");
    let event = &read_lines(&KIND, &[&icmp]).0[0];
    assert_eq!((event.destination.port, event.transport), (None, Some(&b"ipv6-icmp"[..])));
    let sums = Context { detail: Detail::Sums, ..Context::default() };
    assert_eq!(
        read_lines_with(&KIND, "", &sums, &[ROW]).0,
        [Event { transport: None, observer: None, ..expected() }]
    );
}

#[test]
fn files_behind_one_another_each_with_its_summary() {
    let lines = [&[USUAL, ROW][..], &SUMMARY, &[USUAL, ROW, ROW], &SUMMARY].concat();
    let (events, rejects) = read_lines(&KIND, &lines);
    assert_eq!((events.len(), rejects), (3, vec![]));
}

#[test]
fn names_of_later_versions() {
    let later = Event { observer: None, ..expected() };
    for (header, row) in [
        (
            "firstSeen,duration,proto,srcAddr,srcPort,dstAddr,dstPort,packets,bytes,flows",
            "2023-03-29 01:02:03.000,00:00:12.500,TCP,10.1.2.3,50123,203.0.113.9,443,8000,10000184,1",
        ),
        (
            "cnt,af,firstSeen,lastSeen,proto,srcAddr,srcPort,dstAddr,dstPort,srcAS,dstAS,input,output,flags,srcTos,packets,bytes",
            "1,2,1680051723000,1680051735500,6,10.1.2.3,50123,203.0.113.9,443,0,0,1,2,...AP.SF,0,8000,10000184",
        ),
        (
            "firstSeen,lastSeen,proto,srcAddr,srcPort,dstAddr,dstPort,inBytes,outBytes,",
            "1680051723.000,1680051735.500,TCP,10.1.2.3,50123,203.0.113.9,443,10000184,0",
        ),
    ] {
        assert_eq!(read_lines(&KIND, &[header, row]), (vec![later.clone()], vec![]), "{header}");
        detected(&KIND, &[header, row]);
        assert_eq!(sniffed(&KIND, &[header, row]), format!("yes {header}"));
    }
    assert_eq!(span(b"1d 00:00:12.500"), Some(Span(86_412_500_000)));
}

#[test]
fn stamps_are_local() {
    let london = Context { zone: TimeZone::get("Europe/London").unwrap(), ..Context::default() };
    let event = &read_lines_with(&KIND, "", &london, &[ROW]).0[0];
    assert_eq!(event.timestamp, Timestamp(1_680_051_723_000_000 - Span::HOUR.0));
}

#[test]
fn hostile_rows_and_headers() {
    rejected_lines(
        &KIND,
        &[
            (&ROW.replace("10.1.2.3", "10.1.2.300"), Reason::BadAddress),
            (&ROW.replace("10000184", "10.0 M"), Reason::BadNumber),
            (&ROW.replace("10000184", "-5"), Reason::BadNumber),
            (&ROW.replace("2023-03-29 01:02:03,", "2023-13-29 01:02:03,"), Reason::BadTimestamp),
            (&ROW.replace("10.1.2.3", ""), Reason::Malformed),
            (&ROW.replace(",TCP", ""), Reason::Malformed),
            (&format!("{ROW},"), Reason::Malformed),
        ],
    );
    let statistics = "ts,te,td,pr,val,fl,flP,ipkt,ipktP,ibyt,ibytP,ipps,ibps,ibpp";
    let (events, rejects) = read_lines(&KIND, &[statistics, ROW]);
    assert_eq!((events, rejects), (vec![], vec![Reject::line(Reason::BadHeader)]));
    assert!(compile("sa,da,ibyt", &Context::default()).is_err());
    let blind = compile("ts,sa,da", &Context::default()).unwrap().sight().blind();
    assert!(blind.is_some_and(|say| say.contains("%byt")));
}

#[test]
fn sniffing() {
    assert_eq!(sniffed(&KIND, &[ROW, ROW]), "yes");
    detected(&KIND, &[USUAL, ROW]);
    for other in [&[][..], &[""], &["ts,te,td,pr,val,fl"], &["hello, world"], &SUMMARY] {
        assert_eq!(sniffed(&KIND, other), "no", "{other:?}");
    }
}

proptest! {
    #[test]
    fn no_bytes_panic(lines in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..60), 0..4), text in "[0-9:d. ]{0,20}") {
        survives(&KIND, &lines);
        _ = (span(text.as_bytes()), stamp(text.as_bytes(), &TimeZone::UTC));
    }

    #[test]
    fn damage_is_read_or_rejected_alike_in_both_details(
        edits in proptest::collection::vec((any::<usize>(), any::<u8>()), 0..6),
        cut in prop_oneof![Just(0), any::<usize>()],
    ) {
        let lines = damaged(&[USUAL, ROW, "Summary", ROW], &edits, cut);
        survives(&KIND, &lines);
        details_agree(&KIND, "", &lines);
    }
}
