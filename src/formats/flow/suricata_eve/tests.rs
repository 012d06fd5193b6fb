//! Records of each kind, with the event that each must give.

use super::*;
use crate::event::{Aside, Endpoint, Question, Stamped, reject::Reason};
use crate::formats::tests_support::{
    damaged, details_agree, detected, one, read_lines, read_lines_with, rejected_lines, sniffed, survives,
};
use crate::units::{Span, Timestamp};
use proptest::prelude::*;

const FLOW: &str = r#"{"timestamp":"2023-03-29T01:05:00.000001+0000","flow_id":4711,"in_iface":"eth0","event_type":"flow","src_ip":"10.1.2.3","src_port":50123,"dest_ip":"203.0.113.9","dest_port":443,"proto":"TCP","app_proto":"tls","flow":{"pkts_toserver":8000,"pkts_toclient":5,"bytes_toserver":10000184,"bytes_toclient":224,"start":"2023-03-29T02:02:03.456789+0100","end":"2023-03-29T02:02:15.956789+0100","age":12,"state":"closed","reason":"timeout","alerted":false},"tcp":{"tcp_flags":"1b"},"host":"sensor-01"}"#;
const NETFLOW: &str = r#"{"timestamp":"2023-03-29T01:05:00.000001+0000","flow_id":4711,"event_type":"netflow","src_ip":"203.0.113.9","src_port":443,"dest_ip":"10.1.2.3","dest_port":50123,"proto":"TCP","netflow":{"pkts":5,"bytes":224,"start":"2023-03-29T01:02:03.456789+0000","end":"2023-03-29T01:02:15.956789+0000","age":12,"min_ttl":50,"max_ttl":50}}"#;
const HTTP: &str = r#"{"timestamp":"2023-03-29T01:02:04.000000+0000","flow_id":4712,"event_type":"http","src_ip":"10.1.2.3","src_port":50124,"dest_ip":"203.0.113.9","dest_port":80,"proto":"TCP","tx_id":0,"http":{"hostname":"files.example","url":"\/plain?a=1","http_user_agent":"rclone\/v1.60.1","http_method":"PUT","protocol":"HTTP\/1.1","status":401,"length":224}}"#;
const TLS: &str = r#"{"timestamp":"2023-03-29T01:02:04.000000+0000","flow_id":4711,"event_type":"tls","src_ip":"10.1.2.3","src_port":50123,"dest_ip":"203.0.113.9","dest_port":443,"proto":"TCP","tls":{"sni":"files.example","version":"TLS 1.3"}}"#;
const ALERT: &str = r#"{"timestamp":"2023-03-29T01:02:04.000000+0000","flow_id":4712,"event_type":"alert","src_ip":"203.0.113.9","src_port":80,"dest_ip":"10.1.2.3","dest_port":50124,"proto":"TCP","alert":{"action":"allowed","signature":"x"},"http":{"hostname":"files.example","url":"/a","length":9},"direction":"to_client","flow":{"bytes_toserver":500,"bytes_toclient":600,"src_ip":"10.1.2.3","dest_ip":"203.0.113.9","src_port":50124,"dest_port":80}}"#;
const DNS_2: &str = r#"{"timestamp":"2023-03-29T01:02:04.000000+0000","flow_id":1,"event_type":"dns","src_ip":"10.1.2.3","src_port":50125,"dest_ip":"10.0.0.53","dest_port":53,"proto":"UDP","dns":{"type":"query","id":7,"rrname":"data.tunnel.example","rrtype":"TXT","tx_id":0,"opcode":0}}"#;
const DNS_3: &str = r#"{"timestamp":"2023-03-29T01:02:04.000000+0000","flow_id":1,"event_type":"dns","src_ip":"10.1.2.3","src_port":50125,"dest_ip":"10.0.0.53","dest_port":53,"proto":"UDP","dns":{"version":3,"type":"request","tx_id":0,"id":7,"flags":"100","rd":true,"opcode":0,"rcode":"NOERROR","queries":[{"rrname":"data.tunnel.example","rrtype":"TXT"}]}}"#;
const ANSWER: &str = r#"{"timestamp":"2023-03-29T01:02:04.000000+0000","event_type":"dns","src_ip":"10.0.0.53","src_port":53,"dest_ip":"10.1.2.3","dest_port":50125,"proto":"UDP","dns":{"version":2,"type":"answer","id":7,"rrname":"data.tunnel.example","rrtype":"TXT","rcode":"NOERROR","answers":[{"rrname":"data.tunnel.example","rrtype":"TXT","ttl":1,"rdata":"x"}]}}"#;
const STATS: &str =
    r#"{"timestamp":"2023-03-29T01:02:04.000000+0000","event_type":"stats","stats":{"uptime":8}}"#;
const ALL: [&str; 9] = [FLOW, NETFLOW, HTTP, TLS, ALERT, DNS_2, DNS_3, ANSWER, STATS];

fn end(ip: &str, port: u16, bytes: Option<u64>) -> Endpoint<'static> {
    Endpoint { ip: Some(ip.parse().unwrap()), port: Some(port), bytes, domain: None }
}

fn flow() -> Event<'static> {
    Event {
        dataset: "suricata.eve",
        role: Role::Flow,
        timestamp: Timestamp(1_680_051_723_456_789),
        duration: Some(Span(12_500_000)),
        stamped: Stamped::Start,
        source: end("10.1.2.3", 50123, Some(10_000_184)),
        destination: end("203.0.113.9", 443, Some(224)),
        transport: Some(b"tcp"),
        protocol: Some(b"tls"),
        observer: Some(b"sensor-01"),
        ..Event::default()
    }
}

/// A record that repeats a transfer: when, and who.
fn beside(domain: Option<&'static [u8]>, port: u16) -> Event<'static> {
    Event {
        dataset: "suricata.eve",
        role: Role::Flow,
        timestamp: Timestamp(1_680_051_724_000_000),
        source: end("10.1.2.3", if port == 80 { 50124 } else { 50123 }, None),
        destination: Endpoint { domain, ..end("203.0.113.9", port, None) },
        transport: Some(b"tcp"),
        aside: Some(Aside::Repeated),
        ..Event::default()
    }
}

#[test]
fn a_flow_tells_both_directions_from_its_client() {
    assert_eq!(one(&KIND, FLOW), flow());
    let sums = Context { detail: Detail::Sums, ..Context::default() };
    let (events, rejects) = read_lines_with(&KIND, "", &sums, &ALL[..5]);
    assert_eq!(
        (events, rejects),
        (vec![Event { transport: None, protocol: None, observer: None, ..flow() }], vec![])
    );
    // Absent times and counts are absent.
    let bare = FLOW
        .replace("\"end\":\"2023-03-29T02:02:15.956789+0100\",", "")
        .replace("\"bytes_toclient\":224,", "");
    let event = one(&KIND, &bare);
    assert_eq!((event.duration, event.destination.bytes), (Some(Span(12_000_000)), None));
    let event = one(&KIND, &bare.replace("\"start\":\"2023-03-29T02:02:03.456789+0100\",", ""));
    assert_eq!((event.timestamp, event.stamped), (Timestamp(1_680_051_900_000_001), Stamped::End));
    let event = one(&KIND, &FLOW.replace("02:02:15.956789", "02:02:01.000000"));
    assert_eq!((event.duration, event.source.bytes), (None, Some(10_000_184)));
    // Protocols without ports, and keys in any order and spelling.
    let icmp =
        FLOW.replace("\"src_port\":50123,", "").replace("\"dest_port\":443,", "").replace("TCP", "IPv6-ICMP");
    let event = one(&KIND, &icmp.replace("10.1.2.3", "2001:db8::3").replace("203.0.113.9", "2001:db8:9::9"));
    assert_eq!((event.source.port, event.transport), (None, Some(&b"ipv6-icmp"[..])));
    let moved = FLOW.replace("{\"timestamp\":\"2023-03-29T01:05:00.000001+0000\",", "{").replace(
        "\"host\":\"sensor-01\"}",
        "\"host\":\"sensor-01\", \"\\u0074imestamp\" : \"2023-03-29T01:05:00.000001+0000\"}",
    );
    assert_eq!(one(&KIND, &moved), flow());
}

#[test]
fn each_transfer_is_counted_once() {
    let (events, rejects) = read_lines(&KIND, &[FLOW, NETFLOW, HTTP, TLS, ALERT, ANSWER, STATS]);
    assert_eq!(rejects, []);
    let counted = events.iter().filter(|event| event.aside.is_none());
    let told: Vec<_> = counted.map(|e| (e.source.bytes, e.destination.bytes)).collect();
    assert_eq!((told, events.len()), (vec![(Some(10_000_184), Some(224))], 6));
    let (mut events, _) = read_lines_with(&KIND, "netflow", &Context::default(), &[FLOW, NETFLOW]);
    events.retain(|event| event.aside.is_none());
    // Without any of both, what was asked for is all that is seen.
    let (names, _) = read_lines_with(&KIND, "no-flow", &Context::default(), &[HTTP, TLS, ALERT]);
    let asides: Vec<_> = names.iter().map(|event| event.aside).collect();
    assert_eq!(asides, [None, None, Some(Aside::Repeated)]);
    let expected = Event {
        source: end("203.0.113.9", 443, Some(224)),
        destination: end("10.1.2.3", 50123, None),
        one_way: true,
        protocol: None,
        observer: None,
        ..flow()
    };
    assert_eq!(events, [expected]);
}

#[test]
fn what_repeats_a_transfer_shows_names_and_no_bytes() {
    let http = Event {
        method: Some(b"PUT"),
        status: Some(401),
        url: Some(b"/plain?a=1"),
        user_agent: Some(b"rclone/v1.60.1"),
        ..beside(Some(b"files.example"), 80)
    };
    assert_eq!(one(&KIND, HTTP), http);
    assert_eq!(one(&KIND, TLS), beside(Some(b"files.example"), 443));
    // The server's packet raised the alert; the client opened the flow.
    let alert = Event { url: Some(b"/a"), ..beside(Some(b"files.example"), 80) };
    let mut so_far = alert.clone();
    (so_far.source.bytes, so_far.destination.bytes) = (Some(500), Some(600));
    assert_eq!(one(&KIND, ALERT), so_far);
    let flow = ALERT.find(",\"flow\":{").unwrap();
    assert_eq!(one(&KIND, &format!("{}}}", &ALERT[..flow])), alert);
    // Suricata 6 says neither: the server's port tells whose bytes are whose, and nobody changes places.
    let old = ALERT.replace("\"direction\":\"to_client\",", "").replace(
        ",\"src_ip\":\"10.1.2.3\",\"dest_ip\":\"203.0.113.9\",\"src_port\":50124,\"dest_port\":80}}",
        "}}",
    );
    let event = one(&KIND, &old);
    assert_eq!(
        (event.source.port, event.source.bytes, event.destination.bytes),
        (Some(80), Some(600), Some(500))
    );
    let file =
        HTTP.replace("\"event_type\":\"http\"", "\"event_type\":\"fileinfo\",\"fileinfo\":{\"size\":99}");
    let event = one(&KIND, &file);
    assert_eq!(
        (event.destination.domain, event.url, event.source.bytes),
        (None, Some(&b"/plain?a=1"[..]), None)
    );
}

#[test]
fn queries_in_every_version() {
    let expected = Event {
        dataset: "suricata.eve",
        role: Role::Dns,
        timestamp: Timestamp(1_680_051_724_000_000),
        source: end("10.1.2.3", 50125, None),
        destination: end("10.0.0.53", 53, None),
        transport: Some(b"udp"),
        protocol: Some(b"dns"),
        question: Some(Question { name: b"data.tunnel.example", record_type: Some(b"TXT") }),
        ..Event::default()
    };
    let (events, rejects) =
        read_lines(&KIND, &[DNS_2, DNS_3, ANSWER, &ANSWER.replace("answer\"", "response\"")]);
    assert_eq!((&events[..2], rejects), (&[expected.clone(), expected][..], vec![]));
    assert!(events[2..].iter().all(|answer| answer.aside == Some(Aside::Repeated)), "{events:?}");
    let two = DNS_3.replace("}]", "},{\"rrname\":\"b.example\",\"rrtype\":\"A\"}]");
    assert_eq!(read_lines(&KIND, &[&two]).0.len(), 2);
}

#[test]
fn hostile_lines() {
    rejected_lines(
        &KIND,
        &[
            ("{}", Reason::Malformed),
            ("[]", Reason::BadJson),
            (r#"{"event_type":"flow"}"#, Reason::Malformed),
            (&FLOW.replace("10.1.2.3", "10.1.2.300"), Reason::BadAddress),
            (&FLOW.replace("\"10.1.2.3\"", "null"), Reason::BadAddress),
            (&FLOW.replace("10000184", "-1"), Reason::BadNumber),
            (&FLOW.replace("10000184", "1e7"), Reason::BadNumber),
            (&FLOW.replace("10000184", "99999999999999999999"), Reason::BadNumber),
            (&FLOW.replace("50123", "70000"), Reason::BadNumber),
            (&FLOW.replace("2023-03-29T02:02:03", "yesterday"), Reason::BadTimestamp),
            (&FLOW.replace("\"flow\":{", "\"flown\":{"), Reason::Malformed),
            (&DNS_2.replace("rrname", "name"), Reason::Malformed),
            (&FLOW[..FLOW.len() - 1], Reason::BadJson),
            (&format!("{FLOW}{FLOW}"), Reason::BadJson),
        ],
    );
    let wrong = FLOW.replace("10000184", "\"many\"");
    let column = u32::try_from(wrong.find("many").unwrap() + 1).unwrap();
    assert_eq!(read_lines(&KIND, &[&wrong]).1, [Reject { reason: Reason::BadNumber, column }]);
}

#[test]
fn detection_says_which_records_count() {
    assert_eq!(sniffed(&KIND, &[STATS, FLOW, NETFLOW]), "yes");
    assert_eq!(sniffed(&KIND, &[NETFLOW, TLS]), "yes netflow");
    assert_eq!(sniffed(&KIND, &[TLS, STATS]), "yes no-flow");
    assert_eq!(sniffed(&KIND, &[TLS, STATS, HTTP]), "yes http");
    let file =
        HTTP.replace("\"event_type\":\"http\"", "\"event_type\":\"fileinfo\",\"fileinfo\":{\"size\":99}");
    assert_eq!(sniffed(&KIND, &[TLS, HTTP, &file]), "yes fileinfo");
    assert_eq!(sniffed(&KIND, &[&file, FLOW]), "yes");
    let sums = Context { detail: Detail::Sums, ..Context::default() };
    let (events, _) = read_lines_with(&KIND, "fileinfo", &sums, &[HTTP, &file, ALERT]);
    let session = Some(Session { id: b"4712", telling: Telling::Part });
    assert_eq!(events.len(), 1);
    assert_eq!((events[0].source.bytes, events[0].one_way, events[0].session), (Some(99), true, session));
    let (events, _) = read_lines_with(&KIND, "http", &sums, &[HTTP, &file, ALERT]);
    assert_eq!((events.len(), events[0].source.bytes, events[0].destination.bytes), (1, None, Some(224)));
    let wrong = file.replace(":99", ":-9");
    assert_eq!(read_lines_with(&KIND, "fileinfo", &sums, &[&wrong]).1[0].reason, Reason::BadNumber);
    assert_eq!(sniffed(&KIND, &[]), "no");
    assert_eq!(sniffed(&KIND, &["{\"a\":1}", "hello"]), "no");
    detected(&KIND, &ALL);
    let blind = |spec| compile(spec, &Context::default()).unwrap().sight().blind();
    assert_eq!((blind(""), blind("netflow")), (None, None));
    assert!(blind("no-flow").is_some_and(|say| say.contains("- flow")));
    assert!(compile("alerts", &Context::default()).is_err());
}

proptest! {
    #[test]
    fn no_bytes_panic(lines in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..60), 0..4)) {
        survives(&KIND, &lines);
    }

    #[test]
    fn damage_is_read_or_rejected_alike_in_both_details(
        line in prop::sample::select(ALL.to_vec()),
        edits in proptest::collection::vec((any::<usize>(), any::<u8>()), 0..4),
        cut in prop_oneof![Just(0), any::<usize>()],
    ) {
        let lines = damaged(&[line], &edits, cut);
        survives(&KIND, &lines);
        // What only full reading looks at is rejected only there.
        if [FLOW, NETFLOW, DNS_2, DNS_3].contains(&line) && !lines.iter().any(|line| line.windows(5).any(|w| matches!(w, b"alert" | b"\"tls\"" | b"\"http"))) {
            details_agree(&KIND, "", &lines);
        }
    }
}
