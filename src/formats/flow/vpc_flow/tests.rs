//! Records in the default and in other orders, with the event that each must give.

use super::*;
use crate::event::Endpoint;
use crate::units::Span;
use proptest::prelude::*;

const ROW: &str = "2 123456789012 eni-0a1b2c3d4e5f 10.1.2.3 203.0.113.9 50123 443 6 8000 10000184 1680051723 1680051783 ACCEPT OK";
const NODATA: &str = "2 123456789012 eni-0a1b2c3d4e5f - - - - - - - 1680051723 1680051783 - NODATA";
const SKIPDATA: &str = "2 123456789012 eni-0a1b2c3d4e5f - - - - - - - 1680051723 1680051783 - SKIPDATA";
const V5: &str = "version srcaddr dstaddr pkt-srcaddr pkt-dstaddr srcport dstport protocol bytes start end action \
                  log-status flow-direction traffic-path";

fn expected() -> Event<'static> {
    let end = |ip: &str, port, bytes| Endpoint {
        ip: Some(ip.parse().unwrap()),
        port: Some(port),
        bytes,
        domain: None,
    };
    Event {
        dataset: "aws.vpcflow",
        role: Role::Flow,
        timestamp: Timestamp(1_680_051_723_000_000),
        duration: Some(Span::MINUTE),
        stamped: Stamped::Start,
        source: end("10.1.2.3", 50123, Some(10_000_184)),
        destination: end("203.0.113.9", 443, None),
        one_way: true,
        transport: Some(b"tcp"),
        observer: Some(b"eni-0a1b2c3d4e5f"),
        ..Event::default()
    }
}

/// Feeds lines as a driver does. Leaks them, so that a test may pass what it has just put together.
fn read(spec: &str, detail: Detail, lines: &[&str]) -> (Vec<Event<'static>>, Vec<Reject>) {
    let mut format = compile(spec, &Context { detail, ..Context::default() }).unwrap();
    let (mut events, mut rejects) = (Vec::new(), Vec::new());
    for line in lines {
        let (scratch, line): (_, &'static str) = (Box::leak(Box::default()), (*line).to_owned().leak());
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
    (events, rejects)
}

fn read_one(line: &str) -> Result<Event<'static>, Reject> {
    let (mut events, rejects) = read("", Detail::Full, &[line]);
    rejects.first().map_or_else(|| Ok(events.pop().unwrap()), |reject| Err(*reject))
}

#[test]
fn the_default_order() {
    assert_eq!(read_one(ROW), Ok(expected()));
    assert_eq!(read("", Detail::Sums, &[ROW]).0, [Event { transport: None, observer: None, ..expected() }]);
    // What was refused went nowhere.
    let refused = Event { aside: Some(Aside::Refused), ..expected() };
    assert_eq!(read_one(&ROW.replace("ACCEPT", "REJECT")), Ok(refused));
    let v6 = read_one(&ROW.replace("10.1.2.3", "2001:db8::3").replace(" 6 ", " 58 ")).unwrap();
    assert_eq!((v6.source.ip, v6.transport), (Some("2001:db8::3".parse().unwrap()), Some(&b"ipv6-icmp"[..])));
    assert_eq!(read_one(&ROW.replace(" 6 ", " 99 ")).unwrap().transport, Some(&b"99"[..]));
    assert_eq!(read_one(&ROW.replace(" 50123 443 1 ", " 0 0 1 ")).unwrap().source.port, Some(50123));
}

#[test]
fn nodata_is_nothing_and_skipdata_is_a_gap() {
    let (events, rejects) = read("", Detail::Full, &[NODATA, SKIPDATA, ROW, ""]);
    assert_eq!((events.len(), rejects.len()), (1, 1));
    assert_eq!((rejects[0].reason, rejects[0].reason.name()), (Reason::Gap, "lost_records"));
    // Where log-status was not chosen, only the dashes tell.
    let (events, rejects) = read("srcaddr dstaddr bytes start", Detail::Full, &["- - - 1680051723"]);
    assert_eq!((events, rejects), (vec![], vec![]));
}

#[test]
fn any_order_by_header_or_spec() {
    let row = "5 10.0.1.5 203.0.113.9 10.1.2.3 203.0.113.9 50123 443 6 10000184 1680051723 1680051783 ACCEPT OK egress 8";
    let through_nat = Event { observer: None, ..expected() };
    assert_eq!(read("", Detail::Full, &[V5, row]), (vec![through_nat.clone()], vec![]));
    for spec in [V5.to_owned(), V5.replace('-', "_"), format!("${{{}}}", V5.replace(' ', "} ${"))] {
        assert_eq!(read(&spec, Detail::Full, &[row]), (vec![through_nat.clone()], vec![]), "{spec}");
    }
    // Absent packet-level ends leave the interface's.
    let plain = row.replace("10.1.2.3 203.0.113.9 50123", "- - 50123");
    assert_eq!(read(V5, Detail::Full, &[&plain]).0[0].source.ip, Some("10.0.1.5".parse().unwrap()));
    // Files behind one another, each with its header, one naming a field that is yet to be invented.
    let usual = layout::DEFAULT;
    let future = format!("{usual} colour-of-packet");
    let blue = format!("{ROW} blue");
    let (events, rejects) =
        read("", Detail::Full, &[usual, ROW, V5, row, &future, &blue, usual, NODATA, ROW]);
    assert_eq!(rejects, []);
    assert_eq!(events, [expected(), through_nat, expected(), expected()]);
}

#[test]
fn only_an_end_stamps_the_end() {
    let (events, _) = read("srcaddr dstaddr bytes end", Detail::Full, &["10.1.2.3 203.0.113.9 7 1680051783"]);
    assert_eq!((events[0].stamped, events[0].duration), (Stamped::End, None));
    let event = read_one(&ROW.replace("1680051783", "1680051700")).unwrap();
    assert_eq!((event.duration, event.source.bytes), (None, Some(10_000_184)));
}

#[test]
fn a_stamp_of_cloudwatch_may_stand_in_front() {
    for stamp in ["2023-03-29T01:02:03.000Z", "2023-03-29T01:02:03Z"] {
        assert_eq!(read_one(&format!("{stamp} {ROW}")), Ok(expected()));
        let (events, rejects) = read("", Detail::Full, &[&format!("{stamp} {NODATA}")]);
        assert_eq!((events, rejects), (vec![], vec![]));
    }
    let reject = read_one(&format!("2023-03-29T01:02:03Z {}", ROW.replace(" OK", ""))).unwrap_err();
    assert_eq!(reject, Reject::at(Reason::Malformed, 21 + ROW.len() - 3));
}

#[test]
fn without_bytes_it_is_blind() {
    let sight = |spec| compile(spec, &Context::default()).unwrap().sight().blind();
    assert_eq!(sight(""), None);
    assert!(sight("srcaddr dstaddr start").is_some_and(|say| say.contains("${bytes}")));
    let event = &read("srcaddr dstaddr start", Detail::Full, &["10.1.2.3 203.0.113.9 1680051723"]).0[0];
    assert_eq!((event.source.bytes, event.destination.bytes), (None, None));
}

#[test]
fn wrong_specs_and_headers_are_named() {
    let wrong = |spec| compile(spec, &Context::default()).unwrap_err();
    assert_eq!(wrong("srcaddr Dstaddr start").position, 8);
    assert!(wrong("srcaddr bytes start").message.contains("dstaddr"));
    assert!(wrong("srcaddr dstaddr bytes").message.contains("neither start nor end"));
    let (events, rejects) = read("", Detail::Full, &[ROW, "version account-id bytes", ROW]);
    assert_eq!((events.len(), rejects), (1, vec![Reject::line(Reason::BadHeader)]));
    assert!(compile(&"bytes ".repeat(2_000), &Context::default()).is_err());
}

#[test]
fn hostile_rows_are_rejected_where_they_go_wrong() {
    // The wrong text marks the column; none, where the line as a whole is wrong.
    for (right, wrong, reason) in [
        ("10.1.2.3", "10.1.2.300", Reason::BadAddress),
        ("10000184", "-1", Reason::BadNumber),
        ("10000184", "99999999999999999999", Reason::BadNumber),
        ("50123", "65536", Reason::BadNumber),
        ("1680051723", "999999999999", Reason::BadTimestamp),
    ] {
        let line = ROW.replace(right, wrong);
        assert_eq!(read_one(&line), Err(Reject::at(reason, line.find(wrong).unwrap())), "{line}");
    }
    for (line, reason) in [
        (ROW.replace("10.1.2.3", "-"), Reason::Malformed),
        (ROW.replace("1680051723 1680051783", "- -"), Reason::BadTimestamp),
        (NODATA.replace("NODATA", "OK"), Reason::Malformed),
        (format!("{ROW} "), Reason::Malformed),
        (ROW.replace(' ', "\t"), Reason::Malformed),
        ("2 123".into(), Reason::Malformed),
        ("2023-03-29T01:02:03Z".into(), Reason::Malformed),
    ] {
        assert_eq!(read_one(&line).map_err(|reject| reject.reason), Err(reason), "{line}");
    }
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
    assert_eq!(sniffed(&[ROW, NODATA]), "yes ");
    assert_eq!(sniffed(&[SKIPDATA]), "yes ");
    assert_eq!(sniffed(&[&format!("2023-03-29T01:02:03Z {ROW}")]), "yes ");
    assert_eq!(sniffed(&[V5, ROW]), format!("yes {V5}"));
    assert!(sniffed(&["version account-id bytes", ROW]).contains("dstaddr"));
    assert!(
        sniffed(&["eni-0a1b 10.1.2.3 203.0.113.9 840 1680051723 ACCEPT"])
            .contains("--format 'vpc-flow:version")
    );
    for other in [
        &[][..],
        &[""],
        &["#separator \\x09", "#path\tconn", "#fields\tts\tuid\tid.orig_h\tid.resp_h\torig_bytes"],
        &["#Fields: date time c-ip sc-bytes"],
        &[
            "1680051723.456    120 10.1.2.3 TCP_TUNNEL/200 224 CONNECT files.example:443 jdoe HIER_DIRECT/203.0.113.9 -",
        ],
        &["203.0.113.9 - - [29/Mar/2023:01:02:03 +0000] \"GET / HTTP/1.1\" 200 512 \"-\" \"curl/8.0\""],
        &[r#"{"ts":1680051723,"id.orig_h":"10.1.2.3","id.resp_h":"203.0.113.9","orig_bytes":1}"#],
        &["version 2 of the plan"],
    ] {
        assert_eq!(sniffed(other), "no", "{other:?}");
    }
}

proptest! {
    #[test]
    fn mutated_rows_give_one_event_at_most_and_the_same_in_both_details(
        row in prop::sample::select(vec![ROW, NODATA, SKIPDATA]),
        edits in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..5),
        cut in any::<prop::sample::Index>(),
    ) {
        let mut line = row.as_bytes().to_vec();
        for (place, byte) in edits {
            let place = place.index(line.len());
            line[place] = byte;
        }
        line.truncate(cut.index(line.len()) + 1);
        let read = |detail| {
            let layout = Layout::new(layout::DEFAULT, detail).unwrap();
            let mut e = Event::default();
            fill(&mut e, &layout, &line).map(|told| told.then(|| format!("{:?}", (e.timestamp, e.source, e.destination))))
        };
        prop_assert_eq!(read(Detail::Full), read(Detail::Sums));
    }

    #[test]
    fn no_bytes_panic(lines in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..60), 0..4), names in "[a-z ${}_-]{0,40}") {
        for line in &lines {
            let named = [b"version srcaddr ", &line[..]].concat();
            for text in [&line[..], &named, &[b"2023-03-29T01:02:03Z ", &line[..]].concat()] {
                let format = compile("", &Context::default()).unwrap();
                _ = (format.header(text), KIND.is_header.is_some_and(|is| is(text)));
                _ = format.parse(text, &Scratch::new(), &mut Vec::new());
            }
        }
        _ = compile(&names, &Context::default());
        let lines: Vec<&[u8]> = lines.iter().map(Vec::as_slice).collect();
        _ = sniff(&lines, &Context::default());
    }
}
