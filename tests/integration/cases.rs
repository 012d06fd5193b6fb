//! One case for each detector that fires and one that stays silent: traffic written down as a table.

use crate::outflow::{feed, repository};
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeSet;

/// A file of `tests/cases/`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Case {
    /// What it shows; for the reader.
    #[serde(rename = "about")]
    _about: String,
    /// The detector it is about.
    detector: String,
    traffic: Vec<Traffic>,
    /// The incidents that must be within the budget, the worst first; empty: silent.
    incidents: Vec<Expected>,
}

/// Transfers at even distances.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Traffic {
    /// `10.1.2.3`, or `10.1.2.3+5` for so many hosts from there on.
    host: String,
    destination: String,
    from: jiff::Timestamp,
    to: jiff::Timestamp,
    /// Minutes.
    every: i64,
    bytes_out: u64,
    #[serde(default)]
    bytes_in: u64,
    #[serde(default)]
    agent: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Expected {
    host: String,
    destination: String,
    bytes_out: u64,
    /// All of these speak.
    detectors: Vec<String>,
    /// At the latest.
    detected_by: jiff::Timestamp,
}

impl Case {
    /// As a log in the W3C extended format, which names its columns.
    pub(crate) fn log(&self) -> String {
        let mut rows: Vec<(jiff::Timestamp, String)> = Vec::new();
        for (traffic, number) in self.traffic.iter().zip(0i64..) {
            let (first, count) = traffic.host.split_once('+').unwrap_or((&traffic.host, "1"));
            let first: std::net::Ipv4Addr = first.parse().unwrap();
            for host in 0..count.parse().unwrap() {
                let ip = std::net::Ipv4Addr::from_bits(first.to_bits() + host);
                let agent = if traffic.agent.is_empty() { "-" } else { &traffic.agent };
                // Hosts do not tick in step.
                let shift = i64::from(host * 37 % 60) + number;
                let mut at = traffic.from + jiff::SignedDuration::from_secs(shift);
                while at < traffic.to {
                    let stamp = at.strftime("%Y-%m-%d %H:%M:%S");
                    let Traffic { destination, bytes_out, bytes_in, .. } = traffic;
                    let row = format!(
                        "{stamp} {ip} {destination} PUT 200 {bytes_out} {bytes_in} {agent} TCP_MISS\n"
                    );
                    rows.push((at, row));
                    at += jiff::SignedDuration::from_mins(traffic.every);
                }
            }
        }
        rows.sort();
        let head = "#Software: SGOS\n#Fields: date time c-ip cs-host cs-method sc-status cs-bytes sc-bytes cs(User-Agent) s-action\n";
        head.to_owned() + &rows.into_iter().map(|(_, row)| row).collect::<String>()
    }
}

/// All cases, by file name.
pub(crate) fn all() -> Vec<(String, Case)> {
    let mut cases: Vec<(String, Case)> = std::fs::read_dir(repository("tests/cases"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| {
            let text = std::fs::read_to_string(&path).unwrap();
            let case = toml::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            (path.file_stem().unwrap().to_string_lossy().into_owned(), case)
        })
        .collect();
    cases.sort_by(|a, b| a.0.cmp(&b.0));
    cases
}

fn speaking(incident: &Value) -> BTreeSet<String> {
    let names =
        incident["detectors"].as_array().unwrap().iter().map(|row| row["name"].as_str().unwrap().to_owned());
    names.collect()
}

#[test]
fn every_case_gives_its_incidents() {
    for (name, case) in all() {
        let run = feed(&["scan", "--json"], &[case.log().as_bytes()]);
        let incidents = run.rows("incident");
        assert_eq!(incidents.len(), case.incidents.len(), "{name}: {incidents:#?}");
        assert_eq!(run.code, i32::from(!incidents.is_empty()), "{name}: {}", run.stderr);
        for (incident, expected) in incidents.iter().zip(&case.incidents) {
            assert_eq!(incident["host"], expected.host.as_str(), "{name}");
            assert_eq!(incident["destination"], expected.destination.as_str(), "{name}");
            assert_eq!(incident["bytes_out"], expected.bytes_out, "{name}");
            let speaking = speaking(incident);
            assert!(expected.detectors.iter().all(|name| speaking.contains(name)), "{name}: {speaking:?}");
            let detected: jiff::Timestamp = incident["detected_at"].as_str().unwrap().parse().unwrap();
            assert!(detected <= expected.detected_by, "{name}: {detected}");
        }
    }
}

#[test]
fn every_detector_has_a_case_that_fires_and_one_that_is_silent() {
    let cases = all();
    for detector in outflow::detectors::DETECTORS {
        let of = |fires: bool| {
            cases.iter().any(|(_, case)| case.detector == detector.name && case.incidents.is_empty() != fires)
        };
        assert!(of(true) && of(false), "{} needs a case of each kind in tests/cases", detector.name);
        for part in ["What it sees", "How", "What fools it", "Source:"] {
            assert!(detector.manual.contains(part), "{}: the manual has no \"{part}\"", detector.name);
        }
    }
}
