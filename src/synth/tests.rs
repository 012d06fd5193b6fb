//! The promises of the generator, tried on every scenario and every writer, by reading back the text with a splitter
//! that knows nothing of the generator.

use super::*;
use crate::units::Bytes;
use command::Request;
use std::collections::BTreeMap;

/// The log, the labels, the totals.
fn generate(change: impl Fn(&mut Request)) -> (String, Vec<serde_json::Value>, Totals) {
    let mut request = Request { hosts: 300, days: 4, line_power: 0.3, ..Request::default() };
    change(&mut request);
    let (mut log, mut labels) = (Vec::new(), Vec::new());
    let totals = run(&request.resolve().unwrap(), &mut log, &mut labels).unwrap();
    let labels = String::from_utf8(labels).unwrap();
    let labels = labels.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    (String::from_utf8(log).unwrap(), labels, totals)
}

fn every_writer(mut check: impl FnMut(&'static str)) {
    writers::WRITERS.iter().for_each(|writer| check(writer.name));
}

/// Host, destination, bytes sent by the host, and the moment of writing in milliseconds; `None` for a header or for
/// what the host did not open.
fn split(format: &str, line: &str) -> Option<(String, String, u64, i64)> {
    if line.starts_with('#') || line.starts_with("version") {
        return None;
    }
    let f: Vec<&str> =
        line.split(if format == "zeek-conn" { '\t' } else { ' ' }).filter(|f| !f.is_empty()).collect();
    let (host, destination, bytes, written) = match format {
        "zeek-conn" => {
            assert_eq!(f.len(), 21, "{line}");
            let millis = |text: &str| (text.parse::<f64>().unwrap() * 1000.0).round() as i64;
            (f[2], f[4], f[9], millis(f[0]) + millis(f[8]))
        }
        "squid" => {
            assert_eq!(f.len(), 11, "{line}");
            let name = f[6].trim_start_matches("http://").split([':', '/']).next().unwrap();
            (f[2], name, f[10], f[0].replace('.', "").parse().unwrap())
        }
        "w3c" => {
            let stamp: Timestamp = format!("{}T{}Z", f[0], f[1]).parse().unwrap();
            (f[3], line.split(" tcp ").nth(1)?.split(' ').next().unwrap(), f[f.len() - 3], stamp.0 / 1000)
        }
        "vpc" => {
            assert_eq!(f.len(), 14, "{line}");
            (f[3], f[4], f[9], f[11].parse::<i64>().unwrap() * 1000)
        }
        other => panic!("no splitter for {other}"),
    };
    Some((host.to_owned(), destination.to_owned(), bytes.parse().unwrap(), written))
}

fn sums(format: &str, log: &str) -> BTreeMap<(String, String), u64> {
    let mut sums = BTreeMap::new();
    for (host, destination, bytes, _) in log.lines().filter_map(|line| split(format, line)) {
        *sums.entry((host, destination)).or_default() += bytes;
    }
    sums
}

#[test]
fn labels_are_the_sums_of_the_lines() {
    for scenario in scenarios::SCENARIOS {
        every_writer(|format| {
            let (log, labels, totals) = generate(|request| {
                request.scenarios = vec![scenario.name.to_owned()];
                request.format = format.to_owned();
                request.leaking = Some(4);
            });
            let sums = sums(format, &log);
            for label in &labels {
                let key = ["host", "destination"].map(|field| label[field].as_str().unwrap().to_owned());
                assert_eq!(sums.get(&key.into()), label["bytes"].as_u64().as_ref(), "{format} {label}");
                assert_eq!(label["scenario"], scenario.name);
                let [start, end] =
                    ["start", "end"].map(|at| label[at].as_str().unwrap().parse::<Timestamp>().unwrap());
                assert!(start < end);
            }
            let labelled: u64 = labels.iter().filter_map(|label| label["bytes"].as_u64()).sum();
            assert_eq!(Bytes(labelled), totals.stolen);
            assert_eq!(totals.labels, labels.len() as u64);
            let expected = if scenario.name == "quiet" { (0, 0) } else { (4, 974_000_000_000) };
            assert_eq!((labels.len(), labelled), expected, "{} {format}", scenario.name);
        });
    }
}

#[test]
fn lines_are_in_the_order_of_writing() {
    every_writer(|format| {
        let (log, _, totals) = generate(|request| request.format = format.to_owned());
        let written: Vec<i64> =
            log.lines().filter_map(|line| split(format, line)).map(|line| line.3).collect();
        assert!(written.len() > 1000, "{format}: {}", written.len());
        assert!(written.is_sorted(), "{format}");
        assert_eq!(totals.written, Bytes(log.len() as u64));
    });
}

#[test]
fn the_seed_decides() {
    every_writer(|format| {
        let of_seed = |seed: u64| generate(|r| (r.seed, r.format) = (seed, format.to_owned()));
        let (first, again, other) = (of_seed(7), of_seed(7), of_seed(8));
        assert!(first == again, "{format}");
        assert_ne!(first.0, other.0);
        assert_ne!(first.1, other.1);
    });
}

#[test]
fn a_theft_changes_nothing_else() {
    // Without the uids, which are counted, every line of the quiet log is in the other one too.
    let lines = |scenario: &str| -> BTreeMap<String, u32> {
        let (log, ..) = generate(|request| request.scenarios = vec![scenario.to_owned()]);
        let mut lines = BTreeMap::new();
        for line in log.lines() {
            let fields: Vec<&str> =
                line.split('\t').enumerate().filter(|(at, _)| *at != 1).map(|(_, f)| f).collect();
            *lines.entry(fields.join("\t")).or_default() += 1;
        }
        lines
    };
    let (quiet, theft) = (lines("quiet"), lines("capita-2023"));
    assert!(quiet.iter().all(|(line, count)| theft.get(line) >= Some(count)));
    assert!(theft.len() > quiet.len());
}

#[test]
fn the_sample_is_what_its_command_makes() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("sample-logs/estate-3-of-3000");
    let sample = zstd::decode_all(std::fs::File::open(folder.join("conn.log.zst")).unwrap()).unwrap();
    let request = Request { line_power: 0.03, ..Request::default() };
    let (mut log, mut labels) = (Vec::new(), Vec::new());
    run(&request.resolve().unwrap(), &mut log, &mut labels).unwrap();
    assert!(log == sample, "conn.log.zst is not what its README says: make it again");
    assert_eq!(
        String::from_utf8(labels).unwrap(),
        std::fs::read_to_string(folder.with_extension("labels.jsonl")).unwrap()
    );
}

#[test]
fn one_host_in_a_thousand_leaks() {
    for (hosts, leaking) in [(300, 1), (3000, 3), (5200, 6)] {
        let (_, labels, _) = generate(|request| (request.hosts, request.days) = (hosts, 2));
        assert_eq!(labels.len(), leaking);
    }
}

#[test]
fn leaking_hosts_were_quiet_and_their_destination_is_new() {
    let (log, labels, _) = generate(|request| request.days = 6);
    let start = labels.iter().map(|label| label["start"].as_str().unwrap()).min().unwrap();
    let start = start.parse::<Timestamp>().unwrap().0 / 1000;
    let before: Vec<_> =
        log.lines().filter_map(|line| split("zeek-conn", line)).filter(|l| l.3 < start).collect();
    for label in &labels {
        let own = before.iter().filter(|(host, to, ..)| label["host"] == **host && !to.starts_with("10."));
        let sent: u64 = own.map(|line| line.2).sum();
        assert!((1..5_000_000_000).contains(&sent), "{label}: {sent}");
        assert!(before.iter().all(|(_, to, ..)| label["destination"] != **to));
    }
}

#[test]
fn memory_does_not_grow_with_days() {
    let held = |days| generate(|request| (request.days, request.line_power) = (days, 0.6)).2.held;
    // The same weekdays and hours are the busiest ones in one week and in four.
    assert!(held(28) < held(7) * 3 / 2, "{} {}", held(28), held(7));
}
