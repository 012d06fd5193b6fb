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
    let totals = run(&request.resolve().unwrap(), &mut Stream(&mut log), &mut labels).unwrap();
    let labels = String::from_utf8(labels).unwrap();
    let labels = labels.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    (String::from_utf8(log).unwrap(), labels, totals)
}

fn every_writer(mut check: impl FnMut(&'static str)) {
    writers::WRITERS.iter().for_each(|writer| check(writer.name));
}

/// Host, destination, bytes sent by the host, and the moment of writing in milliseconds; `None` for a header.
fn split(format: &str, line: &str) -> Option<(String, String, u64, i64)> {
    if line.starts_with('#') || line.starts_with("version") {
        return None;
    }
    let f: Vec<&str> =
        line.split(if format.starts_with("zeek") { '\t' } else { ' ' }).filter(|f| !f.is_empty()).collect();
    let (host, destination, bytes, written) = match format {
        "zeek-conn" => {
            assert_eq!(f.len(), 21, "{line}");
            let millis = |text: &str| (text.parse::<f64>().unwrap() * 1000.0).round() as i64;
            // Whoever calls from outside gets what our host sends.
            let (host, other, bytes) =
                if f[2].starts_with("10.") { (f[2], f[4], f[9]) } else { (f[4], f[2], f[10]) };
            (host, other, bytes, millis(f[0]) + millis(f[8]))
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
        "zeek-dns" => {
            assert_eq!(f.len(), 24, "{line}");
            let millis = |text: &str| (text.parse::<f64>().unwrap() * 1000.0).round() as i64;
            let (labels, domain) = domain(f[9]);
            return Some((f[2].to_owned(), domain, labels, millis(f[0]) + millis(f[8])));
        }
        "bind-query" => {
            let (labels, domain) = domain(f[9]);
            let stamp = jiff::fmt::strtime::parse("%d-%b-%Y %H:%M:%S%.3f", format!("{} {}", f[0], f[1]));
            let stamp = stamp.unwrap().to_datetime().unwrap().to_zoned(jiff::tz::TimeZone::UTC).unwrap();
            let host = f[6].split('#').next().unwrap();
            return Some((host.to_owned(), domain, labels, stamp.timestamp().as_millisecond()));
        }
        // Whose line it is, only the folder says.
        "nginx" => {
            assert!(f.len() > 11, "{line}");
            ("", f[0], f[9], clf(&f[3][1..]))
        }
        "s3-access" => {
            assert!(f.len() > 18, "{line}");
            (f[1], f[4], f[14], clf(&f[2][1..]))
        }
        other => panic!("no splitter for {other}"),
    };
    Some((host.to_owned(), destination.to_owned(), bytes.parse().unwrap(), written))
}

/// Bytes of data in the labels of a name, and what they stand left of.
fn domain(name: &str) -> (u64, String) {
    let mut parts: Vec<&str> = name.split('.').collect();
    let domain = parts.split_off(parts.len() - 2).join(".");
    (parts.concat().len() as u64, domain)
}

fn clf(text: &str) -> i64 {
    let civil = jiff::civil::DateTime::strptime("%d/%b/%Y:%H:%M:%S", text).unwrap();
    civil.to_zoned(jiff::tz::TimeZone::UTC).unwrap().timestamp().as_millisecond()
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
                request.formats = vec![format.to_owned()];
                (request.leaking, request.is_tidy, request.hosts) = (Some(4), true, 600);
                request.bytes = scenario.name.starts_with("dns").then_some(Bytes(2_000_000));
            });
            let sums = sums(format, &log);
            for label in &labels {
                let key = ["host", "destination"].map(|field| label[field].as_str().unwrap().to_owned());
                // Some thieves send where honest bytes go too.
                let [host, destination] = key;
                let host = if format == "nginx" { String::new() } else { host };
                let (sum, stolen) = (sums.get(&(host, destination)).copied(), label["bytes"].as_u64());
                assert!(sum >= stolen && stolen > Some(0), "{format} {label} {sum:?}");
                assert!(scenario.name != "capita-2023" || sum == stolen, "{format} {label}");
                assert_eq!((&label["scenario"], &label["theft"]), (&scenario.name.into(), &1.into()));
                let [start, end] =
                    ["start", "end"].map(|at| label[at].as_str().unwrap().parse::<Timestamp>().unwrap());
                assert!(start < end);
            }
            let labelled: u64 = labels.iter().filter_map(|label| label["bytes"].as_u64()).sum();
            assert_eq!(Bytes(labelled), totals.stolen);
            assert_eq!(totals.labels, labels.len() as u64);
            match scenario.name {
                "quiet" => assert!(labels.is_empty()),
                "capita-2023" if format == "zeek-conn" => {
                    assert_eq!((labels.len(), labelled), (4, 974_000_000_000), "{format}")
                }
                // Not every log shows every theft.
                name => {
                    let shown_by = match name {
                        "open-bucket" => "s3-access",
                        name if name.starts_with("dns") => "zeek-dns",
                        _ => "zeek-conn",
                    };
                    assert!(format != shown_by || !labels.is_empty(), "{name}");
                }
            }
        });
    }
}

#[test]
fn thefts_come_after_the_learning_period_and_in_the_numbers_asked_for() {
    let (_, labels, _) = generate(|request| {
        (request.hosts, request.days, request.line_power) = (2_000, 14, 0.02);
        (request.scenarios, request.thefts) = (vec!["all".to_owned()], 3);
        (request.in_folder, request.bytes) = (true, Some(Bytes(5_000_000)));
    });
    let mut thefts: BTreeMap<&str, std::collections::BTreeSet<u64>> = BTreeMap::new();
    let mut hosts: BTreeMap<&str, (&str, u64)> = BTreeMap::new();
    for label in &labels {
        let text = |field: &str| label[field].as_str().unwrap();
        let (scenario, theft) = (text("scenario"), label["theft"].as_u64().unwrap());
        thefts.entry(scenario).or_default().insert(theft);
        assert!(text("start") >= "2023-03-27T16:00", "{label}");
        // Desks may swap addresses during a theft; servers keep theirs.
        if !text("host").starts_with("10.56.") {
            assert_eq!(*hosts.entry(text("host")).or_insert((scenario, theft)), (scenario, theft));
        }
    }
    for scenario in scenarios::SCENARIOS.iter().filter(|scenario| scenario.name != "quiet") {
        assert_eq!(thefts[scenario.name].iter().copied().collect::<Vec<_>>(), [1, 2, 3], "{}", scenario.name);
    }
}

#[test]
fn a_log_is_as_disorderly_as_said() {
    let lines = |tidy: bool| {
        let (log, ..) = generate(|request| (request.is_tidy, request.hosts, request.days) = (tidy, 300, 40));
        log.lines().filter(|line| !line.starts_with('#')).map(str::to_owned).collect::<Vec<_>>()
    };
    let (tidy, real) = (lines(true), lines(false));
    let twice = real.windows(2).filter(|pair| pair[0] == pair[1]).count();
    assert!((real.len() / 10_000..real.len() / 2_000).contains(&twice), "{twice} of {}", real.len());
    assert!(tidy.windows(2).all(|pair| pair[0] != pair[1]));
    let closed = |line: &String| split("zeek-conn", line).unwrap().3;
    let late = real.windows(2).filter(|pair| closed(&pair[1]) < closed(&pair[0]) - 200_000).count();
    assert!((real.len() / 12_000..real.len() / 2_000).contains(&late), "{late} of {}", real.len());
    assert!(real.len() < tidy.len(), "gaps take lines away");
}

#[test]
fn lines_are_in_the_order_of_writing() {
    every_writer(|format| {
        let (log, _, totals) =
            generate(|request| (request.formats, request.is_tidy) = (vec![format.to_owned()], true));
        let written: Vec<i64> =
            log.lines().filter_map(|line| split(format, line)).map(|line| line.3).collect();
        assert!(written.len() > 200, "{format}: {}", written.len());
        // These stamp the moment of the request, and write when it is answered.
        let slack = match format {
            "s3-access" => 3_600_000,
            "bind-query" => 5_000,
            _ => 0,
        };
        assert!(written.windows(2).all(|pair| pair[0] <= pair[1] + slack), "{format}");
        assert_eq!(totals.written, Bytes(log.len() as u64));
    });
}

#[test]
fn the_seed_decides() {
    every_writer(|format| {
        let scenarios = ["capita-2023", "dns-tunnel-slow", "web-pull", "open-bucket"].map(str::to_owned);
        let of_seed = |seed: u64| {
            generate(|r| {
                (r.seed, r.formats, r.scenarios) = (seed, vec![format.to_owned()], scenarios.to_vec());
            })
        };
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
    run(&request.resolve().unwrap(), &mut Stream(&mut log), &mut labels).unwrap();
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
