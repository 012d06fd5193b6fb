//! A small estate with thefts of every kind that the engine finds: the figures may not fall.
//!
//! Whoever makes the engine better raises the floors, and adds the scenarios that it could not find before.

use crate::outflow::run;
use tempfile::tempdir;

/// Scenario → share of its thefts told within the budget of ten a day, as measured on 26 November 2026.
const FLOORS: &[(&str, f64)] = &[
    ("capita-2023", 1.0),
    ("aws-2025", 1.0),
    ("open-bucket", 1.0),
    ("smash-and-grab", 1.0),
    ("off-hours", 1.0),
    ("backup-new-vault", 1.0),
    ("throttled", 1.0),
    ("web-pull", 1.0),
    ("dns-tunnel-fast", 1.0),
    ("dns-tunnel-medium", 1.0),
    ("dns-tunnel-slow", 1.0),
    ("spread", 1.0),
    ("new-host", 1.0),
    ("low-and-slow", 1.0),
    ("beacon", 1.0),
];

#[test]
fn recall_does_not_fall() {
    let folder = tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_string_lossy().into_owned();
    let (logs, labels, incidents) = (path("logs"), path("labels.jsonl"), path("incidents.jsonl"));
    let scenarios = FLOORS.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(",");
    let estate = ["--hosts", "1500", "--days", "21", "--lines", "0.1", "--seed", "7", "--thefts", "2"];
    let made =
        run(&[&["synth", "--scenario", &scenarios, "--out", &logs, "--labels", &labels][..], &estate[..]]
            .concat());
    assert_eq!(made.code, 0, "{}", made.stderr);
    let scan = run(&["scan", "--json", "--all", &logs]);
    assert_eq!(scan.code, 1, "{}", scan.stderr);
    std::fs::write(&incidents, &scan.stdout).unwrap();
    let scored = run(&["eval", "--json", "--labels", &labels, &incidents]);
    assert_eq!(scored.code, 0, "{}", scored.stderr);
    let rows = scored.rows("scenario");
    assert_eq!(rows.len(), FLOORS.len());
    for (name, floor) in FLOORS {
        let row = rows.iter().find(|row| row["scenario"] == *name).expect(name);
        assert_eq!(row["thefts"], 2, "{name}");
        let recall = row["recall_in_budget"]["value"].as_f64().unwrap();
        assert!(recall >= *floor, "{name}: {recall} of its thefts are told, and {floor} were");
    }
    // Ten a day are told at most.
    let all = &scored.rows("eval")[0];
    assert!(all["precision"]["value"].as_f64().unwrap() > 0.1, "{all}");
}
