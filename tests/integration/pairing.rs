//! Transfers that several lines or several logs tell are counted once, down every road.

use crate::outflow::{Run, feed, run};
use serde_json::Value;
use std::fs;
use std::path::Path;

/// 2023-03-29T01:02:03Z.
const START: i64 = 1_680_051_723;

fn asa(second: i64, text: &str) -> String {
    let at = jiff::Timestamp::from_second(START + second).unwrap();
    format!("<166>{at} asa-1 : %ASA-6-{text}\n")
}

/// Forty hosts send small things all day, each connection with the line that opened it; the last sends 60 GB.
fn firewall() -> Vec<String> {
    let mut lines = Vec::new();
    for second in (0..5 * 86_400).step_by(60) {
        let host = second / 60 % 40;
        let (id, bytes) =
            (second / 60, if second == 5 * 86_400 - 3600 { 60_000_000_000 } else { 20_000 + second });
        let ends = format!("connection {id} for outside:203.0.113.{host}/443");
        let inside = format!("to inside:10.1.2.{host}/50123");
        lines.push(asa(
            second,
            &format!("302013: Built outbound TCP {ends} (203.0.113.{host}/443) {inside} (198.51.100.1/1)"),
        ));
        lines.push(asa(
            second + 50,
            &format!("302014: Teardown TCP {ends} {inside} duration 0:00:50 bytes {bytes} TCP FINs"),
        ));
    }
    lines
}

fn write(folder: &Path, name: &str, lines: &[String]) -> String {
    let path = folder.join(name);
    fs::write(&path, lines.concat()).unwrap();
    path.to_string_lossy().into_owned()
}

/// What a scan says, without what tells the road.
fn told(run: &Run) -> Vec<Value> {
    assert!(run.code < 2, "{}", run.stderr);
    let mut rows = run.rows("incident");
    for row in &mut rows {
        let evidence = row.as_object_mut().unwrap().remove("evidence").unwrap();
        assert_eq!(evidence[0]["either_way"], true, "{evidence}");
        assert_eq!(evidence[0]["opened_by_host"], true, "{evidence}");
    }
    rows
}

fn count(run: &Run, name: &str) -> u64 {
    run.rows("source").iter().map(|row| row[name].as_u64().unwrap()).sum()
}

#[test]
fn a_firewalls_totals_down_every_road() {
    let folder = tempfile::tempdir().unwrap();
    let lines = firewall();
    let whole = write(folder.path(), "asa.log", &lines);
    let arguments = |rest: &[&str]| {
        [&["scan", "--json", "--all"], rest]
            .concat()
            .iter()
            .map(|word| (*word).to_owned())
            .collect::<Vec<_>>()
    };
    let scan = |rest: &[&str]| run(&arguments(rest).iter().map(String::as_str).collect::<Vec<_>>());
    let first = scan(&["--threads", "1", &whole]);
    let expected = told(&first);
    assert!(!expected.is_empty());
    assert_eq!((count(&first, "either_way"), count(&first, "unpaired")), (7200, 0));
    assert!(first.rows("source")[0]["blind"].as_str().unwrap().contains("NSEL"));
    for threads in ["2", "5"] {
        assert_eq!(told(&scan(&["--threads", threads, &whole])), expected, "{threads}");
    }
    let text = lines.concat();
    let pieces: Vec<&[u8]> = text.as_bytes().chunks(7_919).collect();
    assert_eq!(told(&feed(&["scan", "--json", "--all"], &pieces)), expected);
    // Rotated between a line that opens and the one that closes; the later file is named first.
    let rotated =
        [write(folder.path(), "b.log", &lines[7201..]), write(folder.path(), "c.log", &lines[..7201])];
    let cut = scan(&[&rotated[0], &rotated[1]]);
    assert_eq!(told(&cut), expected);
    assert_eq!(count(&cut, "unpaired"), 0);
    // Without the opening lines nothing is known of them.
    let closing: Vec<String> = lines.iter().filter(|line| line.contains("Teardown")).cloned().collect();
    let closing = write(folder.path(), "closing.log", &closing);
    let alone = scan(&[&closing]);
    assert_eq!(count(&alone, "unpaired"), 7200);
    assert!(alone.rows("incident")[0]["evidence"][0]["opened_by_host"].is_null());
    let doctor = run(&["doctor", "--json", &closing]);
    assert_eq!(doctor.rows("diagnosis")[0]["unpaired"], 7200);
}

fn conn(second: i64, client: &str, port: u16, out: u64) -> String {
    format!(
        "{{\"ts\":{}.0,\"id.orig_h\":\"{client}\",\"id.orig_p\":{port},\"id.resp_h\":\"203.0.113.9\",\"id.resp_p\":443,\"duration\":50.0,\"orig_bytes\":{out},\"resp_bytes\":0}}\n",
        START + second
    )
}

fn fortigate(second: i64, client: &str, port: u16, out: u64) -> String {
    format!(
        "eventtime={} logid=\"0000000013\" type=\"traffic\" vd=\"root\" devname=\"fw\" srcip={client} srcport={port} dstip=203.0.113.9 dstport=443 sessionid={port} proto=6 action=\"close\" duration=50 sentbyte={out} rcvdbyte=0\n",
        START + second + 50
    )
}

/// A line of a proxy whose log names the server's address.
fn proxied(second: i64, client: &str, out: u64) -> String {
    let at = jiff::Timestamp::from_second(START + second + 50).unwrap().strftime("%Y-%m-%d %H:%M:%S");
    format!("{at} 50000 {client} files.example 203.0.113.9 {out} 39 TCP_TUNNELED\n")
}

const PROXY: &str =
    "#Software: SGOS\n#Fields: date time time-taken c-ip cs-host r-ip cs-bytes sc-bytes s-action\n";

/// Bytes out by host, whatever the destination.
fn out(run: &Run) -> Vec<(String, u64)> {
    assert_eq!(run.code, 0, "{}", run.stderr);
    let mut rows: Vec<(String, u64)> = run
        .rows("")
        .iter()
        .map(|row| (row["host"].as_str().unwrap().to_owned(), row["bytes_out"].as_u64().unwrap()))
        .collect();
    rows.sort();
    rows
}

#[test]
fn two_sensors_of_one_connection() {
    let folder = tempfile::tempdir().unwrap();
    let bytes = |n: u64| if n == 7000 { 60_000_000_000 } else { 20_000 + n };
    let seen = |sensor: fn(i64, &str, u16, u64) -> String, headers: u64| -> Vec<String> {
        let port = |n: i64| 40_000 + u16::try_from(n % 9).unwrap();
        let line = |n: i64| {
            sensor(n * 60, &format!("10.1.2.{}", n % 40), port(n), bytes(n.cast_unsigned()) + headers)
        };
        (0..8000).map(line).collect()
    };
    let zeek = write(folder.path(), "conn.log", &seen(conn, 0));
    let mut lines = seen(fortigate, 40);
    lines.push(fortigate(7010 * 60, "10.1.2.0", 1, 50_000_000_000));
    let firewall = write(folder.path(), "firewall.log", &lines);
    let all = lines.len() as u64 * 40 - 40 + (0..8000).map(bytes).sum::<u64>() + 50_000_000_000;
    for road in [["1", &zeek, &firewall], ["3", &firewall, &zeek]] {
        for by in ["host", "host,destination"] {
            let got = run(&["volumes", "--json", "--by", by, "--threads", road[0], road[1], road[2]]);
            assert_eq!(out(&got).iter().map(|row| row.1).sum::<u64>(), all, "{by}");
        }
    }
    // Rotated, each at other moments.
    let cut = |name: &str, lines: &[String], size: usize| -> Vec<String> {
        let parts = lines.chunks(size).enumerate();
        parts.map(|(place, part)| write(folder.path(), &format!("{place}-{name}"), part)).collect()
    };
    let mut parts = cut("firewall.log", &lines, 3001);
    parts.extend(cut("conn.log", &seen(conn, 0), 2003));
    let incidents = |arguments: &[&str], files: &[String]| {
        let files: Vec<&str> = files.iter().map(String::as_str).collect();
        let run = run(&[&["scan", "--json", "--all"], arguments, &files].concat());
        let mut rows = run.rows("incident");
        rows.iter_mut().for_each(|row| _ = row.as_object_mut().unwrap().remove("evidence"));
        (rows, count(&run, "events"), count(&run, "repeated"))
    };
    let whole = incidents(&["--threads", "1"], &[zeek.clone(), firewall.clone()]);
    assert!(!whole.0.is_empty() && whole.1 > 8000);
    assert_eq!(incidents(&["--threads", "3"], &[firewall.clone(), zeek.clone()]), whole);
    assert_eq!(incidents(&[], &parts), whole);
    // Evidence names both.
    let scan = run(&["scan", "--json", "--all", &zeek, &firewall]);
    let evidence: Vec<Value> =
        scan.rows("incident").iter().flat_map(|row| row["evidence"].as_array().unwrap().clone()).collect();
    assert!(evidence.len() > 1, "{evidence:?}");
    for line in evidence {
        let file = line["file"].as_str().unwrap();
        match line["bytes_out"].as_u64().unwrap() {
            50_000_000_000 => assert!(line["also"].is_null(), "only one told it: {line}"),
            _ => assert_ne!(line["also"]["file"].as_str().unwrap(), file),
        }
    }
}

#[test]
fn a_proxy_and_the_firewall_behind_it() {
    let folder = tempfile::tempdir().unwrap();
    let lines = |line: &dyn Fn(i64) -> String| -> Vec<String> { (0..500).map(|n| line(n * 300)).collect() };
    let mut log = lines(&|at| proxied(at, "10.1.2.3", 100_000 + at.cast_unsigned()));
    log.insert(0, PROXY.into());
    let proxy = write(folder.path(), "access.log", &log);
    let port = |at: i64| 40_000 + u16::try_from(at / 300).unwrap();
    let mut flows = lines(&|at| conn(at, "10.0.0.8", port(at), 100_100 + at.cast_unsigned()));
    // What the proxy's host sends itself is in no proxy's log.
    flows.push(conn(200_000, "10.0.0.8", 7, 9_000_000_000));
    let flows = write(folder.path(), "conn.log", &flows);
    let clients = 500 * 100_000 + (0..500).map(|n| n * 300).sum::<u64>();
    for order in [[&proxy, &flows], [&flows, &proxy]] {
        for by in ["host", "host,destination"] {
            let got = run(&["volumes", "--json", "--by", by, "--proxy", "10.0.0.8", order[0], order[1]]);
            let mut sums: std::collections::BTreeMap<String, u64> = std::collections::BTreeMap::new();
            out(&got).into_iter().for_each(|(host, bytes)| *sums.entry(host).or_default() += bytes);
            assert_eq!(sums["10.1.2.3"], clients, "{by}");
            assert_eq!(sums["10.0.0.8"], 500 * 100 + 9_000_000_000, "{by}");
        }
    }
}

/// A log of Check Point's with accounting comes again with all that was sent so far: the last total counts.
#[test]
fn updates_of_one_log_count_once() {
    let line = |second: i64, id: &str, sent: u64| {
        let at = jiff::Timestamp::from_second(START + second).unwrap();
        format!(
            "<134>1 {at} gw-1 CheckPoint 77 - [action:\"Accept\"; loguid:\"{{0x{id}}}\"; origin:\"198.51.100.1\"; time:\"{}\"; \
             client_inbound_bytes:\"{sent}\"; client_outbound_bytes:\"224\"; dst:\"203.0.113.9\"; proto:\"6\"; s_port:\"50123\"; \
             service:\"443\"; src:\"10.1.2.3\"]\n",
            START + second
        )
    };
    let lines = [line(0, "1", 4_000), line(600, "1", 9_000), line(1200, "1", 9_500), line(1300, "2", 70)];
    let folder = tempfile::tempdir().unwrap();
    let path = write(folder.path(), "gw.log", &lines);
    let run = run(&["volumes", "--json", "--by", "host", &path]);
    let sent: u64 = run.rows("").iter().filter_map(|row| row["bytes_out"].as_u64()).sum();
    assert_eq!(sent, 9_570, "{}", run.stdout);
}
