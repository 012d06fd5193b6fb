//! Hosts that fall silent in one log while another still tells of them, over every road.

use crate::cases::Case;
use crate::outflow::{Run, run};
use std::fmt::Write;
use std::fs;
use std::path::Path;

const HOSTS: u32 = 40;

/// The questions of the estate for ten days; host 7 asks nothing from the ninth day on, or nobody does.
fn questions(silent: bool, all: bool) -> String {
    let mut text =
        String::from("about = \"\"\ndetector = \"silent-source\"\nlog = \"dns\"\nincidents = []\n");
    let mut traffic = |host: &str, to: &str| {
        let to = format!("2023-03-{to}T00:00:00Z");
        write!(
            text,
            "[[traffic]]\nhost = \"{host}\"\ndestination = \"example.org\"\nfrom = \"2023-03-20T00:00:00Z\"\nto = \"{to}\"\nevery = 20\nbytes_out = 12\n"
        )
        .unwrap();
    };
    traffic("10.1.0.10+30", if all { "28" } else { "31" });
    traffic("10.1.0.7", if silent { "28" } else { "31" });
    toml::from_str::<Case>(&text).unwrap().log()
}

/// What all of them send, host 7 too.
fn flows() -> String {
    let text = format!(
        "about = \"\"\ndetector = \"silent-source\"\nlog = \"flows\"\nincidents = []\n[[traffic]]\nhost = \"10.1.0.1+{HOSTS}\"\ndestination = \"198.51.100.9\"\nfrom = \"2023-03-20T00:00:00Z\"\nto = \"2023-03-31T00:00:00Z\"\nevery = 30\nbytes_out = 2048\nbytes_in = 300\n"
    );
    toml::from_str::<Case>(&text).unwrap().log()
}

fn scan(folder: &Path, logs: &[(&str, String)], threads: &str) -> Run {
    for (name, log) in logs {
        fs::write(folder.join(name), log).unwrap();
    }
    run(&["scan", "--json", "--threads", threads, &folder.to_string_lossy()])
}

#[test]
fn a_host_that_stops_asking_while_it_still_sends() {
    let mut seen = Vec::new();
    for threads in ["1", "3"] {
        let folder = tempfile::tempdir().unwrap();
        let run = scan(folder.path(), &[("dns.log", questions(true, false)), ("conn.log", flows())], threads);
        let incidents = run.rows("incident");
        assert_eq!(incidents.len(), 1, "{}", run.stdout);
        let incident = &incidents[0];
        assert_eq!((incident["host"].as_str(), incident["destination"].as_str()), (Some("10.1.0.7"), None));
        let row = &incident["detectors"][0];
        assert_eq!(
            (row["name"].as_str(), row["unit"].as_str()),
            (Some("silent-source"), Some("records a day"))
        );
        assert_eq!((row["observed"].as_u64(), row["expected"].as_u64()), (Some(0), Some(72)));
        assert!(incident["summary"].as_str().unwrap().starts_with("10.1.0.7 is silent in a log"));
        assert!(incident["detected_at"].as_str().unwrap().starts_with("2023-03-29T00:"));
        seen.push(incident.clone());
    }
    assert_eq!(seen[0], seen[1]);
}

#[test]
fn no_silence_where_nobody_speaks_or_nobody_else_would_know() {
    // The whole log ends: that is not the hosts' doing.
    let folder = tempfile::tempdir().unwrap();
    let run = scan(folder.path(), &[("dns.log", questions(true, true)), ("conn.log", flows())], "2");
    assert_eq!(run.rows("incident").len(), 0, "{}", run.stdout);
    // No other log tells of the host.
    let folder = tempfile::tempdir().unwrap();
    let run = scan(folder.path(), &[("dns.log", questions(true, false))], "2");
    assert_eq!(run.rows("incident").len(), 0, "{}", run.stdout);
    // It goes on.
    let folder = tempfile::tempdir().unwrap();
    let run = scan(folder.path(), &[("dns.log", questions(false, false)), ("conn.log", flows())], "2");
    assert_eq!(run.rows("incident").len(), 0, "{}", run.stdout);
}
