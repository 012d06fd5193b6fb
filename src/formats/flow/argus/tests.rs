//! Rows with each arrow, with the event that each must give.

use super::*;
use crate::formats::tests_support::{
    damaged, details_agree, detected, one, read_lines, read_lines_with, rejected_lines, sniffed, survives,
};
use crate::units::{Span, Timestamp};
use proptest::prelude::*;

const ROW: &str = "2023/03/29 01:02:03.456789,12.500000,tcp,10.1.2.3,50123,   ->,203.0.113.9,443,FSPA_FSPA,0,0,8005,10000408,10000184,flow=Background";
const BOTH: &str = "2023/03/29 01:02:03.456789,12.500000,udp,10.1.2.3,50123,  <->,203.0.113.9,443,CON,0,0,8005,10000408,10000184,flow=Background-UDP-Established";
const BACK: &str = "2023/03/29 01:02:03.456789,12.500000,tcp,203.0.113.9,443,   <-,10.1.2.3,50123,FSPA_FSPA,0,0,8005,10000408,224,flow=Background";

fn expected() -> Event<'static> {
    let end = |ip: &str, port, bytes| Endpoint {
        ip: Some(ip.parse().unwrap()),
        port: Some(port),
        bytes: Some(bytes),
        domain: None,
    };
    Event {
        dataset: "argus",
        role: Role::Flow,
        timestamp: Timestamp(1_680_051_723_456_789),
        duration: Some(Span(12_500_000)),
        stamped: Stamped::Start,
        source: end("10.1.2.3", 50123, 10_000_184),
        destination: end("203.0.113.9", 443, 224),
        transport: Some(b"tcp"),
        ..Event::default()
    }
}

#[test]
fn arrows_say_who_opened() {
    assert_eq!(read_lines(&KIND, &[USUAL, ROW, BACK]), (vec![expected(), expected()], vec![]));
    let udp = Event { transport: Some(b"udp"), ..expected() };
    assert_eq!(one(&KIND, BOTH), udp);
    for (arrow, swapped) in [("   ?>", false), ("  <?>", false), ("   <?", true), ("  who", false)] {
        let event = one(&KIND, &ROW.replace("   ->", arrow));
        assert_eq!(event.source.ip == expected().destination.ip, swapped, "{arrow}");
    }
    let sums = Context { detail: Detail::Sums, ..Context::default() };
    assert_eq!(read_lines_with(&KIND, "", &sums, &[ROW]).0, [Event { transport: None, ..expected() }]);
}

#[test]
fn hexadecimal_ports_and_none() {
    let icmp = ROW.replace("tcp", "icmp").replace(",50123,", ",0x0303,").replace(",443,", ",0x01bb,");
    let event = one(&KIND, &icmp);
    assert_eq!((event.source.port, event.destination.port), (Some(0x303), Some(443)));
    let arp = ROW.replace("tcp", "arp").replace(",50123,", ",,").replace(",443,", ",,");
    assert_eq!(one(&KIND, &arp).source.port, None);
    let hardware = arp.replace("10.1.2.3", "00:15:17:2c:e5:2d");
    assert_eq!(read_lines(&KIND, &[&hardware]), (vec![], vec![]));
}

#[test]
fn other_columns() {
    let header = "StartTime,LastTime,Proto,SrcAddr,Sport,Dir,DstAddr,Dport,SrcBytes,DstBytes";
    let row = "1680051723.456789,1680051735.956789,tcp,10.1.2.3,50123,->,203.0.113.9,443,10000184,224";
    assert_eq!(read_lines(&KIND, &[header, row]), (vec![expected()], vec![]));
    detected(&KIND, &[header, row]);
    // A total without its parts is not known to have gone either way.
    let header = "StartTime,Dur,SrcAddr,DstAddr,TotBytes";
    let (events, _) = read_lines(&KIND, &[header, "2023-03-29 01:02:03,1,10.1.2.3,203.0.113.9,99"]);
    assert_eq!((events[0].source.bytes, events[0].destination.bytes), (None, None));
    let blind = compile(header, &Context::default()).unwrap().sight().blind();
    assert!(blind.is_some_and(|say| say.contains("+sbytes")));
}

#[test]
fn hostile_rows() {
    rejected_lines(
        &KIND,
        &[
            (&ROW.replace("10000184", "10000999"), Reason::BadNumber),
            (&ROW.replace("10000184", "-1"), Reason::BadNumber),
            (&ROW.replace("10.1.2.3", "10.1.2.300"), Reason::BadAddress),
            (&ROW.replace("10.1.2.3", ""), Reason::Malformed),
            (&ROW.replace("2023/03/29", "2023/02/30"), Reason::BadTimestamp),
            (&ROW.replace("2023/03/29 01:02:03.456789", ""), Reason::BadTimestamp),
            (&ROW.replace("12.500000", "long"), Reason::BadNumber),
            (&ROW.replace(",flow", ",x,flow"), Reason::Malformed),
        ],
    );
    let (events, rejects) = read_lines(&KIND, &["StartTime,SrcAddr,TotBytes", ROW]);
    assert_eq!((events, rejects), (vec![], vec![Reject::line(Reason::BadHeader)]));
}

#[test]
fn sniffing() {
    assert_eq!(sniffed(&KIND, &[USUAL, ROW]), format!("yes {USUAL}"));
    assert_eq!(sniffed(&KIND, &[ROW, BOTH, BACK]), "yes");
    detected(&KIND, &[ROW, BOTH, BACK]);
    for other in [&[][..], &["hello,world"], &["SrcAddr,DstAddr"], &["Summary"]] {
        assert_eq!(sniffed(&KIND, other), "no", "{other:?}");
    }
}

proptest! {
    #[test]
    fn no_bytes_panic(lines in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..60), 0..4)) {
        survives(&KIND, &lines);
    }

    #[test]
    fn damage_is_read_or_rejected_alike_in_both_details(
        edits in proptest::collection::vec((any::<usize>(), any::<u8>()), 0..6),
        cut in prop_oneof![Just(0), any::<usize>()],
    ) {
        let lines = damaged(&[USUAL, ROW, BACK, BOTH], &edits, cut);
        survives(&KIND, &lines);
        details_agree(&KIND, "", &lines);
    }
}
