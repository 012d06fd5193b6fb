//! Connections in every shape, with the event that each must give.

use super::*;
use crate::event::Aside;
use crate::event::{Endpoint, Stamped, reject::Reason};
use crate::units::{Span, Timestamp};
use proptest::prelude::*;

const HEADER: [&str; 5] = [
    "#separator \\x09",
    "#set_separator\t,",
    "#unset_field\t-",
    "#path\tconn",
    "#fields\tts\tuid\tid.orig_h\tid.orig_p\tid.resp_h\tid.resp_p\tproto\tservice\tduration\torig_bytes\tresp_bytes\tconn_state\torig_ip_bytes\tresp_ip_bytes",
];
const ROW: &str = "1680051723.456789\tCabc\t10.1.2.3\t50123\t203.0.113.9\t443\ttcp\tssl\t12.500000\t10000184\t224\tSF\t10400000\t900";
const FLAT: &str = r#"{"ts":1680051723.456789,"uid":"Cabc","id.orig_h":"10.1.2.3","id.orig_p":50123,"id.resp_h":"203.0.113.9","id.resp_p":443,"proto":"tcp","service":"ssl","duration":12.5,"orig_bytes":10000184,"resp_bytes":224,"conn_state":"SF","orig_ip_bytes":10400000,"resp_ip_bytes":900}"#;

fn expected() -> Event<'static> {
    Event {
        dataset: "zeek.conn",
        role: Role::Flow,
        timestamp: Timestamp(1_680_051_723_456_789),
        duration: Some(Span(12_500_000)),
        stamped: Stamped::Start,
        source: end("10.1.2.3", 50123, 10_000_184),
        destination: end("203.0.113.9", 443, 224),
        transport: Some(b"tcp"),
        protocol: Some(b"ssl"),
        ..Event::default()
    }
}

fn end(ip: &str, port: u16, bytes: u64) -> Endpoint<'static> {
    Endpoint { ip: Some(ip.parse().unwrap()), port: Some(port), bytes: Some(bytes), domain: None }
}

/// Feeds lines as a driver does: headers change the format, rows give events.
fn read_with<'a>(
    spec: &str,
    detail: Detail,
    lines: &[&'a str],
    scratch: &'a Scratch,
) -> (Vec<Event<'a>>, Vec<Reject>, Arc<dyn Format>) {
    let mut format = compile(spec, &Context { detail, ..Context::default() }).unwrap();
    let (mut events, mut rejects) = (Vec::new(), Vec::new());
    for line in lines {
        match KIND
            .is_header
            .is_some_and(|is| is(line.as_bytes()))
            .then(|| format.header(line.as_bytes()))
            .flatten()
        {
            Some(next) => format = next.unwrap(),
            None => rejects.extend(format.parse(line.as_bytes(), scratch, &mut events).err()),
        }
    }
    (events, rejects, format)
}

fn read(lines: &[&str]) -> (Vec<String>, Vec<Reject>) {
    let scratch = Scratch::new();
    let (events, rejects, _) = read_with("", Detail::Full, lines, &scratch);
    (events.iter().map(|event| format!("{event:?}")).collect(), rejects)
}

/// One row below [`HEADER`], or one JSON line. Leaks it, so that a test may pass what it has just put together.
fn read_one(line: &str) -> Result<Event<'static>, Reject> {
    let (scratch, line): (_, &'static str) = (Box::leak(Box::new(Scratch::new())), line.to_owned().leak());
    let lines: Vec<&str> = if line.starts_with('{') { vec![line] } else { [&HEADER[..], &[line]].concat() };
    let (mut events, rejects, _) = read_with("", Detail::Full, &lines, scratch);
    rejects.first().map_or_else(|| Ok(events.pop().unwrap()), |reject| Err(*reject))
}

#[test]
fn tsv_and_every_shape_of_json_say_the_same() {
    let nested_id = FLAT.replace(
        r#""id.orig_h":"10.1.2.3","id.orig_p":50123,"id.resp_h":"203.0.113.9","id.resp_p":443"#,
        r#""id": {"orig_h":"10.1.2.3","orig_p":50123,"resp_h":"203.0.113.9","resp_p":443}"#,
    );
    for line in [
        ROW.to_owned(),
        FLAT.to_owned(),
        FLAT.replace("id.", "id_"),
        FLAT.replace("1680051723.456789", "\"2023-03-29T01:02:03.456789Z\""),
        FLAT.replace("1680051723.456789", "1680051723456.789"),
        FLAT.replace("12.5", "1.25e1"),
        FLAT.replace("12.5", "12.49999999999999"),
        FLAT.replace("\"id.orig_h\"", "\"\\u0069d.orig_h\"").replace("\"ssl\"", "\"s\\u0073l\""),
        FLAT.replace(":10000184", ": \"10000184\""),
        FLAT.replace("{\"ts\"", "{\"_path\":\"conn\",\"tags\":[\"a\",{\"ts\":1}],\"ts\""),
        nested_id.clone(),
        format!("{{\"conn\":{nested_id}}}"),
        format!("{{\"host\":\"sensor\",\"conn\":{FLAT}}}"),
    ] {
        assert_eq!(read_one(&line), Ok(expected()), "{line}");
    }
}

#[test]
fn sums_read_the_same_numbers() {
    for line in [ROW, FLAT] {
        let scratch = Scratch::new();
        let (events, ..) = read_with("", Detail::Sums, &[&HEADER[..], &[line]].concat(), &scratch);
        assert_eq!(events, [Event { protocol: None, ..expected() }]);
    }
}

#[test]
fn what_is_unset_is_absent_and_never_zero() {
    let event =
        read_one("1680051723.456789\tCabc\t10.1.2.3\t-\t203.0.113.9\t-\ttcp\t(empty)\t-\t-\t-\tS0\t0\t0")
            .unwrap();
    assert_eq!((event.source.bytes, event.destination.bytes, event.duration), (None, None, None));
    assert_eq!((event.source.port, event.protocol, event.clamped), (None, None, false));
    let event = read_one(r#"{"ts":1680051723,"id.orig_h":"10.1.2.3","id.resp_h":"2001:db8::9","orig_bytes":null,"conn_state":"S0"}"#).unwrap();
    assert_eq!((event.source.bytes, event.destination.ip), (None, Some("2001:db8::9".parse().unwrap())));
    assert_eq!(read_one(&ROW.replace("10000184", "0")).unwrap().source.bytes, Some(0));
}

#[test]
fn a_moment_carries_no_payload_but_a_datagram() {
    let row = |proto: &str, state: &str, ip: &str| {
        let line = FLAT
            .replace("\"duration\":12.5,\"orig_bytes\":10000184,\"resp_bytes\":224,", "")
            .replace("\"tcp\"", &format!("\"{proto}\""))
            .replace("\"SF\"", &format!("\"{state}\""))
            .replace("10400000", ip)
            .replace(":900", ":0");
        let event = read_one(&line).unwrap();
        (event.aside, event.source.bytes, event.destination.bytes)
    };
    for state in ["S0", "REJ", "SH", "SHR", "RSTOS0", "OTH"] {
        assert_eq!(row("tcp", state, "60"), (Some(Aside::Attempt), None, None), "{state}");
    }
    assert_eq!(row("udp", "S0", "73"), (None, Some(45), Some(0)));
    assert_eq!(row("udp", "S0", "28"), (Some(Aside::Attempt), None, None));
    assert_eq!(row("udp", "S0", "0"), (Some(Aside::Attempt), None, None));
    // Without the packets' bytes nothing is known; it is blind, not quiet.
    let blind = FLAT.replace("\"orig_bytes\":10000184,\"resp_bytes\":224,", "");
    assert_eq!(read_one(&blind).unwrap().aside, None);
    // Ports of ICMP are its type and code.
    let icmp = read_one(&FLAT.replace("\"tcp\"", "\"icmp\"").replace("50123", "8")).unwrap();
    assert_eq!((icmp.source.port, icmp.destination.port, icmp.source.bytes), (None, None, Some(10_000_184)));
}

#[test]
fn payload_above_its_packets_is_clamped_and_said_so() {
    let event = read_one(&ROW.replace("10000184", "1600000000").replace("10400000", "57000")).unwrap();
    assert_eq!((event.source.bytes, event.destination.bytes, event.clamped), (Some(57_000), Some(224), true));
    let event = read_one(&FLAT.replace(":224", ":4294967295")).unwrap();
    assert_eq!(
        (event.source.bytes, event.destination.bytes, event.clamped),
        (Some(10_000_184), Some(900), true)
    );
    // Packets that were not counted prove nothing.
    let event = read_one(&ROW.replace("10400000", "0")).unwrap();
    assert_eq!((event.source.bytes, event.clamped), (Some(10_000_184), false));
}

#[test]
fn headers_lay_out_the_rows_below_them() {
    let other = [
        "#separator ,",
        "#unset_field,NONE",
        "#fields,_node_name,resp_bytes,orig_bytes,id_resp_h,id_orig_h,ts",
        "worker-1,NONE,512,203.0.113.9,10.1.2.4,1680051724",
        "#close,2023-03-29-02-00-00",
    ];
    let scratch = Scratch::new();
    let (events, rejects, format) =
        read_with("", Detail::Full, &[&HEADER[..], &[ROW], &other[..]].concat(), &scratch);
    assert_eq!(rejects, []);
    assert_eq!(events.len(), 2);
    assert_eq!(events[0], expected());
    assert_eq!(events[1].observer, Some(&b"worker-1"[..]));
    assert_eq!((events[1].source.bytes, events[1].destination.bytes), (Some(512), None));
    assert_eq!(format.sight().blind(), None);
    let (events, ..) = read_with(
        "ts id.orig_h id.resp_h orig_bytes",
        Detail::Full,
        &["1680051724\t10.1.2.4\t203.0.113.9\t7"],
        &scratch,
    );
    assert_eq!(events[0].source.bytes, Some(7));
}

#[test]
fn rows_without_a_usable_header_are_rejected() {
    let no_header = vec![Reject::line(Reason::NoHeader)];
    let bad_header = vec![Reject::line(Reason::BadHeader)];
    assert_eq!(read(&[ROW]).1, no_header);
    // A new file behind the first one: its rows wait for its own #fields.
    assert_eq!(read(&[HEADER[4], "#separator \\x09", ROW]).1, no_header);
    for headers in [
        &["#fields\tts\tuid"][..],
        &["#separator \\x0909", HEADER[4]],
        &["#path\tdns", "#fields\tts\tuid\tid.orig_h\tid.resp_h\tquery"],
        &["#path\tconn_long", HEADER[4]],
    ] {
        assert_eq!(read(&[headers, &[ROW]].concat()), (vec![], bad_header.clone()), "{headers:?}");
        // What held above must not hold on below a header that cannot be used.
        assert_eq!(read(&[&HEADER[..], &[ROW], headers, &[ROW]].concat()).1, bad_header, "{headers:?}");
    }
    assert!(compile("ts uid", &Context::default()).is_err());
}

#[test]
fn a_conn_log_without_sizes_is_blind() {
    let scratch = Scratch::new();
    let (.., format) =
        read_with("", Detail::Full, &["#path\tconn", "#fields\tts\tid.orig_h\tid.resp_h"], &scratch);
    assert!(format.sight().blind().is_some_and(|say| say.contains("orig_bytes")));
}

#[test]
fn hostile_rows_are_rejected_where_they_go_wrong() {
    for (line, reason) in [
        (ROW.replace("10.1.2.3", "10.1.2.300"), Reason::BadAddress),
        (ROW.replace("10.1.2.3", "-"), Reason::Malformed),
        (ROW.replace("50123", "70000"), Reason::BadNumber),
        (ROW.replace("10000184", "-5"), Reason::BadNumber),
        (ROW.replace("10000184", "99999999999999999999"), Reason::BadNumber),
        (ROW.replace("12.500000", "inf"), Reason::BadNumber),
        (ROW.replace("1680051723", "999999999999999"), Reason::BadTimestamp),
        (ROW.replace("1680051723.456789", "now"), Reason::BadTimestamp),
        (format!("{ROW}\tmore"), Reason::Malformed),
        (ROW.replace("\tSF", ""), Reason::Malformed),
        (FLAT.replace("10000184", "1e308"), Reason::BadNumber),
        (FLAT.replace("10000184", "{}"), Reason::Malformed),
        (FLAT.replace(",\"proto\"", ",,\"proto\""), Reason::BadJson),
        (FLAT.replace("\"SF\"", "\"SF"), Reason::BadJson),
        (
            r#"{"ts":1680051723,"id.orig_h":"10.1.2.3","id.resp_h":"203.0.113.9","query":"x.example"}"#
                .into(),
            Reason::Malformed,
        ),
        (FLAT.replace("{\"ts\"", "{\"_path\":\"conn_long\",\"ts\""), Reason::Malformed),
    ] {
        assert_eq!(read_one(&line).map_err(|reject| reject.reason), Err(reason), "{line}");
    }
    assert_eq!(read_one(&ROW.replace("50123", "70000")).unwrap_err().column, 33);
}

#[test]
fn sniffing() {
    let sniffed = |lines: &[&str]| {
        let lines: Vec<&[u8]> = lines.iter().map(|line| line.as_bytes()).collect();
        match sniff(&lines, &Context::default()) {
            Sniffed::Yes { spec, .. } | Sniffed::Else { spec, .. } => format!("yes {spec}"),
            Sniffed::Unsure { say } => say,
            Sniffed::No => "no".to_owned(),
        }
    };
    assert!(sniffed(&[&HEADER[..], &[ROW]].concat()).starts_with("yes ts uid id.orig_h"));
    assert_eq!(sniffed(&[FLAT, FLAT, "{}"]), "yes ");
    let usual = "1680051723.4\tCabc\t10.1.2.3\t50123\t203.0.113.9\t443\ttcp\tssl\t1.5\t9\t2\tSF\tT\tF\t0\tSh\t1\t40\t1\t40\t-";
    assert!(sniffed(&[usual]).contains("--format 'zeek-conn:ts uid"));
    for other in [
        &[][..],
        &["", "\u{feff}"],
        &[
            "#separator \\x09",
            "#path\tdns",
            "#fields\tts\tuid\tid.orig_h\tid.orig_p\tid.resp_h\tid.resp_p\tproto\tquery",
        ],
        &["#Software: Microsoft Internet Information Services 10.0", "#Fields: date time c-ip sc-bytes"],
        &[
            "1680051723.456    120 10.1.2.3 TCP_TUNNEL/200 224 CONNECT files.example:443 jdoe HIER_DIRECT/203.0.113.9 -",
        ],
        &["203.0.113.9 - - [29/Mar/2023:01:02:03 +0000] \"GET / HTTP/1.1\" 200 512 \"-\" \"curl/8.0\""],
        &[
            "2 123456789012 eni-0a1b2c3d 10.1.2.3 203.0.113.9 50123 443 6 10 840 1680051723 1680051783 ACCEPT OK",
        ],
        &[
            r#"{"timestamp":"2023-03-29T01:02:03.456789+0000","event_type":"flow","src_ip":"10.1.2.3","flow":{"bytes_toserver":1}}"#,
        ],
        &[r#"{"ts":1680051723,"uid":"C","id.orig_h":"10.1.2.3","id.resp_h":"203.0.113.9","method":"GET"}"#],
    ] {
        assert_eq!(sniffed(other), "no", "{other:?}");
    }
}

proptest! {
    #[test]
    fn mutated_lines_give_an_event_or_a_reject(
        json: bool,
        edits in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        cut in any::<prop::sample::Index>(),
    ) {
        let mut line = if json { FLAT } else { ROW }.as_bytes().to_vec();
        for (place, byte) in edits {
            let place = place.index(line.len());
            line[place] = byte;
        }
        line.truncate(cut.index(line.len()) + 1);
        let read = |detail| {
            let headers = HEADER.iter().fold(Headers::default(), |headers, line| {
                headers.after(line.as_bytes(), detail).unwrap_or(headers)
            });
            let (scratch, mut events) = (Scratch::new(), Vec::new());
            let read = ZeekConn { headers, detail }.parse(&line, &scratch, &mut events);
            let numbers = events.iter().map(|e| format!("{:?}", (e.timestamp, e.duration, e.source, e.destination)));
            (read, events.len(), numbers.collect::<String>())
        };
        let full = read(Detail::Full);
        prop_assert_eq!(full.1, usize::from(full.0.is_ok() && line[0] != b'#'));
        // Both details must count the same lines, or two commands would tell two totals.
        prop_assert_eq!(read(Detail::Sums), full);
    }

    #[test]
    fn no_bytes_panic(lines in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..80), 0..5)) {
        let mut headers = Headers::default();
        for line in &lines {
            headers = headers.after(line, Detail::Full).unwrap_or(headers);
            let with_mark = [b"#fields\t", &line[..]].concat();
            headers = headers.after(&with_mark, Detail::Full).unwrap_or(headers);
            let scratch = Scratch::new();
            _ = ZeekConn { headers: headers.clone(), detail: Detail::Full }.parse(line, &scratch, &mut Vec::new());
        }
        let lines: Vec<&[u8]> = lines.iter().map(Vec::as_slice).collect();
        _ = sniff(&lines, &Context::default());
    }

    #[test]
    fn stamps_agree_with_the_time_they_tell(micros in 0i64..253_402_300_799_000_000 / 1000) {
        let seconds = format!("{}.{:06}", micros / 1_000_000, micros % 1_000_000);
        let line = FLAT.replace("1680051723.456789", &seconds);
        prop_assert_eq!(read_one(&line).unwrap().timestamp, Timestamp(micros));
    }
}
