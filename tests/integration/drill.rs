//! Thefts laid over logs: what is loud is told, what is next to nothing is not, and what a log cannot show is said.

use crate::outflow::{Run, repository, run};
use serde_json::Value;
use std::collections::BTreeSet;
use tempfile::tempdir;

fn drill(arguments: &[&str]) -> Run {
    let sample = repository("sample-logs/estate-3-of-3000").to_string_lossy().into_owned();
    run(&[&["drill", "-q"], arguments, &[&sample]].concat())
}

fn row(run: &Run) -> Value {
    let mut rows = run.rows("drill");
    assert_eq!(rows.len(), 1, "{}{}", run.stdout, run.stderr);
    rows.remove(0)
}

#[test]
fn a_loud_theft_is_caught_and_a_kilobyte_is_not() {
    let sample = repository("sample-logs/estate-3-of-3000/conn.log.zst");
    let before = std::fs::read(&sample).unwrap();
    let loud = drill(&["--json", "--runs", "3", "capita"]);
    assert_eq!(loud.code, 0, "{}", loud.stderr);
    let capita = row(&loud);
    assert_eq!((&capita["schema"], &capita["scenario"]), (&"outflow/1".into(), &"capita-2023".into()));
    assert_eq!((&capita["caught"], &capita["runs"]), (&3.into(), &3.into()));
    let seconds = capita["median_time_to_detect_s"].as_f64().unwrap();
    assert!(seconds > 60.0 && seconds < 6.0 * 3600.0, "{seconds}");
    let share = capita["median_share_gone"].as_f64().unwrap();
    assert!(share > 0.0 && share < 0.05, "{share}");
    assert_eq!(capita["median_bytes"], 974e9);
    assert!(capita["recall"]["low"].as_f64().unwrap() < 1.0 && capita["recall"]["value"] == 1.0);

    let thefts = loud.rows("theft");
    assert_eq!(thefts.len(), 3);
    let mut hosts = BTreeSet::new();
    for theft in &thefts {
        let own: Vec<&str> =
            theft["hosts"].as_array().unwrap().iter().map(|host| host.as_str().unwrap()).collect();
        // A thousandth of 3,000, all of them of that estate, none twice in a reading.
        assert!(own.len() == 3 && own.iter().all(|host| host.starts_with("10.")), "{own:?}");
        hosts.extend(own);
        assert_eq!(theft["bytes"], 974_000_000_000_u64);
    }
    assert!(hosts.len() > 3, "each run takes hosts of its own");

    assert_eq!(drill(&["--json", "--runs", "3", "capita"]).stdout, loud.stdout, "same seed, same answer");
    let other = drill(&["--json", "--runs", "3", "--seed", "2", "capita"]);
    assert_ne!(other.rows("theft"), thefts);

    let tiny = row(&drill(&["--json", "--runs", "3", "--bytes", "1kB", "capita"]));
    assert_eq!((&tiny["caught"], &tiny["runs"]), (&0.into(), &3.into()));
    assert_eq!(tiny["median_time_to_detect_s"], Value::Null);
    assert!(before == std::fs::read(&sample).unwrap(), "the log was changed");
}

#[test]
fn alone_or_not_the_loud_are_told() {
    let alone = drill(&["--json", "--runs", "2", "--alone", "capita", "backup-new"]);
    let rows = alone.rows("drill");
    assert_eq!(rows.len(), 2, "{}", alone.stdout);
    assert!(rows.iter().all(|row| row["caught"] == 2 && row["runs"] == 2), "{}", alone.stdout);
    assert_eq!(alone.rows("summary")[0]["readings"], 4);
}

#[test]
fn the_exit_code_says_whether_enough_was_told() {
    let code = |arguments: &[&str]| drill(&[&["--runs", "2"], arguments].concat()).code;
    assert_eq!(code(&["--require", "0.9", "capita"]), 0);
    assert_eq!(code(&["--require", "0.9", "--bytes", "1kB", "capita"]), 1);
    assert_eq!(code(&["--bytes", "1kB", "capita"]), 0);
    // What was asked for and cannot be shown was not told.
    assert_eq!(code(&["--require", "0.9", "capita", "dns-tunnel"]), 1);
    assert_eq!(code(&["--require", "9", "capita"]), 2);
    assert_eq!(code(&["no-such-scenario"]), 2);
    let piped = run(&["drill", "capita"]);
    assert!(piped.code == 2 && piped.stderr.contains("name files or folders"), "{}", piped.stderr);
}

#[test]
fn what_a_log_cannot_show_is_said() {
    let flows = drill(&["--runs", "1", "dns-tunnel-fast", "open-bucket"]);
    assert!(
        flows.stdout.contains("dns-tunnel-fast  cannot be shown: no log of DNS questions"),
        "{}",
        flows.stdout
    );
    assert!(
        flows.stdout.contains("open-bucket      cannot be shown: no log of a bucket"),
        "{}",
        flows.stdout
    );
    let squid = repository("sample-logs/squid-native").to_string_lossy().into_owned();
    let blind = row(&run(&["drill", "-q", "--json", "capita", &squid]));
    let why = blind["unseen"].as_str().unwrap();
    assert!(blind["runs"] == 0 && why.contains("%>st"), "{why}");
}

#[test]
fn each_kind_of_log_gets_its_thefts() {
    let folder = tempdir().unwrap();
    let logs = folder.path().join("logs").to_string_lossy().into_owned();
    let made = run(&[
        "synth",
        "--hosts",
        "500",
        "--days",
        "12",
        "--lines",
        "0.1",
        "--scenario",
        "quiet",
        "--seed",
        "5",
        "--out",
        &logs,
    ]);
    assert_eq!(made.code, 0, "{}", made.stderr);
    let told = run(&["drill", "-q", "--json", "--runs", "2", "dns-tunnel", "web-pull", "open-bucket", &logs]);
    let rows = told.rows("drill");
    let names: Vec<&str> = rows.iter().map(|row| row["scenario"].as_str().unwrap()).collect();
    assert_eq!(names, ["dns-tunnel-slow", "dns-tunnel-medium", "dns-tunnel-fast", "web-pull", "open-bucket"]);
    assert!(rows.iter().all(|row| row["runs"] == 2), "{}", told.stdout);
    let caught = |name: &str| rows.iter().find(|row| row["scenario"] == name).unwrap()["caught"].as_u64();
    assert_eq!((caught("dns-tunnel-fast"), caught("open-bucket")), (Some(2), Some(2)), "{}", told.stdout);
    let hosts = |name: &str| {
        let theft = told.rows("theft").into_iter().find(|theft| theft["scenario"] == name).unwrap();
        theft["hosts"][0].as_str().unwrap().to_owned()
    };
    assert!(hosts("web-pull").starts_with("web-server-"), "{}", hosts("web-pull"));
    assert!(hosts("open-bucket").starts_with("bucket-"), "{}", hosts("open-bucket"));
}
