//! What is told twice counts once, however the input is cut, dealt out or ordered.

use crate::estate::Estate;
use crate::formats::{self, Context, Detail};
use crate::framing::Chunk;
use crate::pipeline::{Booking, Piece, Source, Sums, Take, format_after};
use crate::tally::{By, Counts, Distribution, Settings};
use crate::units::{Span, Timestamp};
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::sync::Arc;

/// 2023-03-29T01:02:03Z.
const START: i64 = 1_680_051_723;

/// Bytes out and back by host and destination.
type Rows = BTreeMap<(String, String), (u64, u64)>;

/// A log: its format, and its lines.
type Log = (&'static str, Vec<String>);

/// How the logs are read.
#[derive(Clone, Debug)]
struct Road {
    /// Lines of a piece.
    cut: usize,
    /// Files that each log is rotated into.
    files: usize,
    shards: usize,
    /// Which source comes next, again and again.
    order: Vec<usize>,
    booking: Booking,
}

impl Road {
    fn straight() -> Road {
        Road { cut: usize::MAX, files: 1, shards: 1, order: vec![0], booking: Booking::Stamp }
    }
}

fn source(name: &str) -> Source {
    let (name, spec) = name.split_once(':').unwrap_or((name, ""));
    let kind = formats::kind(name).unwrap();
    let context =
        Context { detail: Detail::Sums, near: Some(Timestamp(START * 1_000_000)), ..Context::default() };
    Source {
        path: name.into(),
        kind,
        format: (kind.compile)(spec, &context).unwrap(),
        chosen: String::new(),
        watched: None,
        fallback: String::new(),
    }
}

fn read(logs: &[Log], proxies: &[&str], road: &Road) -> (Rows, Counts) {
    let mut sources: Vec<Source> = Vec::new();
    let mut waiting: Vec<(u32, std::vec::IntoIter<Piece>)> = Vec::new();
    for (name, lines) in logs {
        for part in lines.chunks(lines.len().div_ceil(road.files).max(1)) {
            let (source, number) = (source(name), u32::try_from(sources.len()).unwrap());
            let (mut pieces, mut format, mut offset, mut before) =
                (Vec::new(), Arc::clone(&source.format), 0, 0);
            for lines in part.chunks(road.cut.min(part.len()).max(1)) {
                let bytes = lines.join("\n").into_bytes();
                let chunk = Chunk { offset, lines_before: before, bytes: bytes.into(), ..Chunk::default() };
                offset += chunk.bytes.len() as u64 + 1;
                before += lines.len() as u64;
                let after = format_after(source.kind, &format, &chunk);
                pieces.push(Piece { source: number, format: std::mem::replace(&mut format, after), chunk });
            }
            sources.push(source);
            waiting.push((number, pieces.into_iter()));
        }
    }
    let settings = Settings { by: By::HostDestination, window: None, ..Settings::default() };
    let proxies = proxies.iter().map(|ip| ip.parse().unwrap()).collect();
    let take = Take { booking: road.booking, ..Take::default() };
    let estate = Estate::default().with_proxies(proxies);
    let mut sums = Sums::<Distribution>::new(settings, road.shards, sources.len(), estate, take);
    let mut order = road.order.iter().cycle();
    while !waiting.is_empty() {
        let place = order.next().unwrap() % waiting.len();
        match waiting[place].1.next() {
            Some(piece) => sums.add(&sources, &[piece]),
            None => drop(waiting.remove(place)),
        }
        // Of a source not begun nothing is known.
        let unfinished: Vec<(u32, Timestamp)> =
            waiting.iter().map(|(number, _)| (*number, Timestamp::MIN)).collect();
        sums.reached(&unfinished);
    }
    let counts = sums.counts.iter().fold(Counts::default(), |mut sum, counts| {
        sum.merge(counts.clone());
        sum
    });
    let mut rows = Rows::new();
    for tally in sums.into_tallies() {
        for ((host, destination), cell) in tally.windows().flat_map(|(_, cells)| cells.iter()) {
            let name = (tally.host_name(*host).to_owned(), tally.destination_name(*destination).to_owned());
            assert!(rows.insert(name, (cell.out, cell.back)).is_none());
        }
    }
    (rows, counts)
}

fn row(host: &str, destination: &str, bytes: (u64, u64)) -> ((String, String), (u64, u64)) {
    ((host.into(), destination.into()), bytes)
}

fn clock(second: i64) -> String {
    Timestamp::from_seconds(START + second).unwrap().to_string().trim_end_matches('Z').to_owned()
}

/// A line of Zeek's conn.log, from the second at which it began.
fn conn(second: i64, length: i64, client: &str, port: u16, out: u64, back: u64) -> String {
    format!(
        r#"{{"ts":{}.0,"uid":"C1","id.orig_h":"{client}","id.orig_p":{port},"id.resp_h":"203.0.113.9","id.resp_p":443,"duration":{length}.0,"orig_bytes":{out},"resp_bytes":{back}}}"#,
        START + second
    )
}

fn http(second: i64, port: u16, out: u64) -> String {
    format!(
        r#"{{"ts":{}.0,"id.orig_h":"10.1.2.3","id.orig_p":{port},"id.resp_h":"203.0.113.9","id.resp_p":443,"trans_depth":1,"method":"PUT","host":"files.example","uri":"/","request_body_len":{out},"response_body_len":10,"status_code":200}}"#,
        START + second
    )
}

/// A line of FortiGate, from the second at which it was written.
fn fortigate(second: i64, length: i64, id: usize, port: u16, out: u64, back: u64) -> String {
    let at = START + second;
    format!(
        "eventtime={at} logid=\"0000000013\" type=\"traffic\" vd=\"root\" devid=\"F\" srcip=10.1.2.3 srcport={port} dstip=203.0.113.9 dstport=443 sessionid={id} proto=6 action=\"close\" duration={length} sentbyte={out} rcvdbyte={back}"
    )
}

fn asa(second: i64, text: &str) -> String {
    format!("<166>{}Z asa-1 : %ASA-6-{text}", clock(second))
}

fn squid(second: i64, length: i64, client: &str, out: u64) -> String {
    let (at, millis) = (START + second, length * 1000);
    format!(
        "{at}.000 {millis} {client} TCP_TUNNEL/200 39 CONNECT files.example:443 - HIER_DIRECT/203.0.113.9 - {out}"
    )
}

const SQUID: &str = "squid:%ts.%03tu %6tr %>a %Ss/%03>Hs %<st %rm %ru %[un %Sh/%<a %mt %>st";

#[test]
fn a_teardown_finds_the_line_that_opened_it() {
    let built = |id: u32, way: &str| {
        format!(
            "302013: Built {way} TCP connection {id} for outside:203.0.113.9/443 (203.0.113.9/443) to inside:10.1.2.3/50123 (198.51.100.1/40001)"
        )
    };
    let down = |id: u32, bytes: u64| {
        format!(
            "302014: Teardown TCP connection {id} for outside:203.0.113.9/443 to inside:10.1.2.3/50123 duration 0:00:30 bytes {bytes} TCP FINs"
        )
    };
    let lines = vec![
        asa(0, &built(1, "outbound")),
        asa(1, &built(2, "inbound")),
        asa(30, &down(1, 1000)),
        asa(31, &down(2, 200)),
        asa(32, &down(3, 30)),
    ];
    for files in [1, 2, 5] {
        let road = Road { files, ..Road::straight() };
        let (rows, counts) = read(&[("cisco-asa", lines.clone())], &[], &road);
        assert_eq!(rows, Rows::from([row("10.1.2.3", "203.0.113.0/24", (1230, 0))]));
        assert_eq!((counts.events, counts.aside, counts.either_way, counts.unpaired), (3, 2, 3, 1));
        assert_eq!(counts.blind, 0);
    }
}

#[test]
fn a_total_beside_a_sensor_that_knows_directions() {
    let down = "302014: Teardown TCP connection 1 for outside:203.0.113.9/443 to inside:10.1.2.3/50123 duration 0:01:00 bytes 1080 TCP FINs";
    let logs =
        [("cisco-asa", vec![asa(60, down)]), ("zeek-conn", vec![conn(0, 62, "10.1.2.3", 50123, 900, 150)])];
    for order in [vec![0], vec![1]] {
        let (rows, counts) = read(&logs, &[], &Road { order, ..Road::straight() });
        // What the total is more than both directions were headers, of one of the two.
        assert_eq!(rows, Rows::from([row("10.1.2.3", "203.0.113.0/24", (930, 150))]));
        assert_eq!((counts.events, counts.either_way), (2, 1));
    }
}

#[test]
fn totals_so_far_become_differences() {
    let lines = vec![
        fortigate(0, 120, 7, 50123, 1000, 10),
        fortigate(120, 240, 7, 50123, 5000, 20),
        // Another session over the same ports, with more at once than the first has so far.
        fortigate(130, 1, 8, 50123, 6000, 5),
        fortigate(240, 360, 7, 50123, 9000, 30),
    ];
    for files in [1, 2, 4] {
        let (rows, counts) = read(&[("fortigate", lines.clone())], &[], &Road { files, ..Road::straight() });
        assert_eq!(rows, Rows::from([row("10.1.2.3", "203.0.113.0/24", (15_000, 35))]));
        assert_eq!(counts.events, 4);
    }
}

#[test]
fn differences_and_a_total_at_the_end() {
    let delta = |second, so_far, delta: u64| {
        format!("{} sentdelta={delta} rcvddelta=1", fortigate(second, second + 120, 7, 50123, so_far, 10))
    };
    let mut lines = vec![delta(0, 1000, 1000), delta(120, 5000, 4000)];
    let sum = |lines: &[String]| read(&[("fortigate", lines.to_vec())], &[], &Road::straight()).0;
    assert_eq!(sum(&lines), Rows::from([row("10.1.2.3", "203.0.113.0/24", (5000, 2))]));
    // The last line has no difference.
    lines.push(fortigate(240, 360, 7, 50123, 9000, 30));
    assert_eq!(sum(&lines), Rows::from([row("10.1.2.3", "203.0.113.0/24", (9000, 30))]));
}

#[test]
fn a_file_and_the_flow_it_went_through() {
    let eve = |kind: &str, from: &str, to: &str, rest: &str| {
        format!(
            r#"{{"timestamp":"{}+0000","flow_id":4711,"event_type":"{kind}",{from},{to},"proto":"TCP",{rest}}}"#,
            clock(9)
        )
    };
    let (client, server) =
        (r#""src_ip":"10.1.2.3","src_port":50123"#, r#""dest_ip":"203.0.113.9","dest_port":80"#);
    let (from_server, to_client) =
        (r#""src_ip":"203.0.113.9","src_port":80"#, r#""dest_ip":"10.1.2.3","dest_port":50123"#);
    let http =
        eve("http", client, server, r#""http":{"hostname":"files.example","http_method":"PUT","length":70}"#);
    let up = eve("fileinfo", client, server, r#""fileinfo":{"size":5000}"#);
    let down = eve("fileinfo", from_server, to_client, r#""fileinfo":{"size":70}"#);
    let alert = eve("alert", from_server, to_client, r#""alert":{"action":"allowed"}"#);
    let flow = eve("flow", client, server, r#""flow":{"bytes_toserver":5200,"bytes_toclient":300}"#);
    let sums = |spec: &'static str, lines: &[&String]| {
        let lines = lines.iter().map(|line| (*line).clone()).collect();
        let (rows, counts) = read(&[(spec, lines)], &[], &Road::straight());
        let sum = rows.values().fold((0, 0), |sum, row| (sum.0 + row.0, sum.1 + row.1));
        (sum.0, sum.1, counts.repeated)
    };
    // No flow records: files, each once.
    assert_eq!(sums("suricata-eve:fileinfo", &[&http, &up, &down, &alert]), (5000, 70, 0));
    // The flow comes last, as it does; or first, from another file.
    assert_eq!(sums("suricata-eve:fileinfo", &[&http, &up, &down, &alert, &flow]), (5200, 300, 0));
    assert_eq!(sums("suricata-eve:fileinfo", &[&flow, &http, &up, &down]), (5200, 300, 2));
    // Only bodies of responses are known.
    assert_eq!(sums("suricata-eve:http", &[&http, &alert]), (0, 70, 0));
    assert_eq!(sums("suricata-eve", &[&http, &up, &alert, &flow]), (5200, 300, 0));
}

#[test]
fn a_request_and_its_connection() {
    // Two requests over one connection, with a long pause, and one whose connection is in no log.
    let logs = [
        ("zeek-http", vec![http(0, 50123, 1000), http(300, 50123, 2000), http(400, 50999, 70)]),
        ("zeek-conn", vec![conn(0, 320, "10.1.2.3", 50123, 3300, 20)]),
    ];
    for order in [vec![0], vec![1, 0], vec![0, 1]] {
        let (rows, counts) = read(&logs, &[], &Road { order, ..Road::straight() });
        let out: u64 = rows.values().map(|row| row.0).sum();
        assert_eq!(out, 3370, "{rows:?}");
        assert_eq!(rows[&("10.1.2.3".into(), "files.example".into())].0, 3070);
        assert_eq!(counts.events, 4);
    }
}

#[test]
fn a_proxys_flows_count_beyond_its_log_only() {
    let by = |client: &str, out| conn(0, 60, client, 50123, out, 0);
    let log = |lines| (SQUID, lines);
    let sums = |proxied: Vec<String>, flows: Vec<String>, proxies: &[&str]| {
        let mut both = Vec::new();
        for order in [vec![0], vec![1]] {
            for booking in [Booking::Stamp, Booking::Close { lateness: Span::MINUTE.times(5) }] {
                let logs = [log(proxied.clone()), ("zeek-conn", flows.clone())];
                let road = Road { order: order.clone(), booking, ..Road::straight() };
                both.push(read(&logs, proxies, &road).0);
            }
        }
        assert!(both.windows(2).all(|two| two[0] == two[1]), "{both:?}");
        both.remove(0).into_iter().map(|((host, _), (out, _))| (host, out)).collect::<Vec<_>>()
    };
    let row = |host: &str, out: u64| (host.to_owned(), out);
    let line = || vec![squid(60, 60, "10.1.2.3", 10_000)];
    // The proxy is told: what its flow carried beyond the line is headers.
    assert_eq!(
        sums(line(), vec![by("10.0.0.8", 10_300)], &["10.0.0.8"]),
        [row("10.0.0.8", 300), row("10.1.2.3", 10_000)]
    );
    // Nobody said that it is a proxy.
    assert_eq!(
        sums(line(), vec![by("10.0.0.8", 10_300)], &[]),
        [row("10.0.0.8", 10_300), row("10.1.2.3", 10_000)]
    );
    // A transparent proxy: the firewall sees the client. A second flow of the same size is another transfer.
    assert_eq!(sums(line(), vec![by("10.1.2.3", 10_000)], &[]), [row("10.1.2.3", 10_000)]);
    let two = vec![by("10.1.2.3", 10_000), conn(1, 50, "10.1.2.3", 50124, 10_000, 0)];
    assert_eq!(sums(line(), two, &[]), [row("10.1.2.3", 10_000), row("10.1.2.3", 10_000)]);
    // A proxy in a cloud: the firewall sees what clients send it.
    assert_eq!(
        sums(line(), vec![by("10.1.2.3", 10_300)], &["203.0.113.9"]),
        [row("10.1.2.3", 300), row("10.1.2.3", 10_000)]
    );
    // One line stands for the way to the proxy and the way from it.
    let mut through =
        vec![by("10.0.0.8", 10_000), by("10.1.2.3", 10_000).replace("203.0.113.9", "198.51.100.8")];
    assert_eq!(sums(line(), through.clone(), &["10.0.0.8", "198.51.100.8"]), [row("10.1.2.3", 10_000)]);
    through.push(by("10.1.2.4", 10_000).replace("203.0.113.9", "198.51.100.8"));
    assert_eq!(
        sums(line(), through, &["10.0.0.8", "198.51.100.8"]),
        [row("10.1.2.3", 10_000), row("10.1.2.4", 10_000)],
        "another client's flow to the proxy"
    );
    // Another time, another transfer.
    assert_eq!(
        sums(vec![squid(1000, 60, "10.1.2.3", 10_000)], vec![by("10.0.0.8", 10_300)], &["10.0.0.8"]),
        [row("10.0.0.8", 10_300), row("10.1.2.3", 10_000)]
    );
}

#[test]
fn reporters_of_one_conversation() {
    let line = |reporter: &str, bytes: u64| {
        format!(
            r#"{{"bytes_sent":{bytes},"connection":{{"src_ip":"10.1.2.3","src_port":50123,"dest_ip":"203.0.113.9","dest_port":443,"protocol":6}},"reporter":"{reporter}","start_time":"{}Z","end_time":"{}Z"}}"#,
            clock(0),
            clock(5)
        )
    };
    for lines in [[line("SRC", 1000), line("DEST", 1000)], [line("DEST", 1000), line("SRC", 1000)]] {
        let (rows, counts) = read(&[("gcp-vpc", lines.to_vec())], &[], &Road::straight());
        assert_eq!(rows.values().map(|row| row.0).sum::<u64>(), 1000);
        assert_eq!(counts.repeated, 1);
    }
}

#[test]
fn both_directions_of_a_flow_meet() {
    let row = |src: &str, dst: &str, bytes: u64| {
        let (start, end) = (START, START + 60);
        format!("2 1 eni-1 {src} {dst} 6 9 {bytes} {start} {end} ACCEPT OK")
            .replace("10.1.2.3 203.0.113.9", "10.1.2.3 203.0.113.9 50123 443")
            .replace("203.0.113.9 10.1.2.3", "203.0.113.9 10.1.2.3 443 50123")
    };
    let lines = vec![row("10.1.2.3", "203.0.113.9", 9000), row("203.0.113.9", "10.1.2.3", 400)];
    let (rows, counts) = read(&[("vpc-flow", lines)], &[], &Road::straight());
    assert_eq!(rows, Rows::from([self::row("10.1.2.3", "203.0.113.0/24", (9000, 400))]));
    assert_eq!((counts.events, counts.blind), (2, 0));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Two sensors see connections over a few ports that are used again and again; each misses some.
    #[test]
    fn the_most_that_one_of_two_sensors_says(
        connections in proptest::collection::vec((0u16..3, 1i64..300, 1u64..1 << 30, any::<bool>(), any::<bool>(), 1u64..4), 1..40),
        cut in 1usize..10,
        files in 1usize..4,
        shards in 1usize..4,
        order in proptest::collection::vec(0usize..4, 1..9),
        close in any::<bool>(),
    ) {
        let (mut zeek, mut firewall, mut expected) = (Vec::new(), Vec::new(), 0);
        for (place, (port, length, bytes, by_zeek, by_firewall, parts)) in connections.iter().enumerate() {
            let began = i64::try_from(place).unwrap() * 600;
            if *by_zeek {
                zeek.push(conn(began, *length, "10.1.2.3", 50_000 + port, *bytes, 5));
            }
            // With headers, and total so far told again and again.
            let with_headers = bytes + bytes / 30;
            for part in 1..=(*parts * u64::from(*by_firewall)) {
                let so_far = with_headers / parts * part + with_headers % parts * u64::from(part == *parts);
                let passed = length * i64::try_from(part).unwrap() / i64::try_from(*parts).unwrap();
                firewall.push(fortigate(began + passed, passed, place, 50_000 + port, so_far, 5));
            }
            expected += (bytes * u64::from(*by_zeek)).max(with_headers * u64::from(*by_firewall));
        }
        let logs = [("zeek-conn", zeek), ("fortigate", firewall)];
        let booking = if close { Booking::Close { lateness: Span::MINUTE.times(5) } } else { Booking::Stamp };
        let (simple, counts) = read(&logs, &[], &Road { booking, ..Road::straight() });
        prop_assert_eq!(simple.values().map(|row| row.0).sum::<u64>(), expected);
        let road = Road { cut, files, shards, order, booking };
        let (got, others) = read(&logs, &[], &road);
        prop_assert_eq!(got, simple);
        prop_assert_eq!((others.events, others.repeated, others.late), (counts.events, counts.repeated, counts.late));
    }
}
