//! The scorer, asked as its users ask it.

use crate::outflow::{feed, repository, run};
use std::fs;

#[test]
fn the_sample_is_scored_from_a_pipe_and_from_files() {
    let sample = repository("sample-logs/estate-3-of-3000");
    let labels = sample.with_extension("labels.jsonl").to_string_lossy().into_owned();
    let scan = run(&["scan", "--json", "--all", &sample.to_string_lossy()]);
    let piped = feed(&["eval", "--json", "--labels", &labels], &[scan.stdout.as_bytes()]);
    assert_eq!((piped.code, piped.stderr.as_str()), (0, ""));
    let all = &piped.rows("eval")[0];
    assert_eq!(all["macro_recall"]["50"]["value"], 1.0, "{all}");
    assert_eq!(all["macro_recall_in_budget"]["value"], 1.0);
    assert!(all["precision"]["value"].as_f64().unwrap() < 1.0);
    let thefts = piped.rows("theft");
    assert_eq!((thefts.len(), thefts[0]["hosts"].as_array().map(Vec::len)), (1, Some(3)));
    assert!(thefts.iter().all(|theft| theft["in_budget"] == true && theft["rank"].as_u64() <= Some(15)));

    let folder = tempfile::tempdir().unwrap();
    let incidents = folder.path().join("incidents.jsonl").to_string_lossy().into_owned();
    fs::write(&incidents, &scan.stdout).unwrap();
    let twice = run(&["eval", "--labels", &labels, &incidents, "--labels", &labels, &incidents]);
    assert_eq!(twice.code, 0, "{}", twice.stderr);
    assert!(twice.stdout.contains("in 2 estates"), "{}", twice.stdout);

    let odd = run(&["eval", "--labels", &labels, "--labels", &labels, &incidents]);
    assert_eq!(odd.code, 2);
    assert!(odd.stderr.contains("2 labels but 1 lists of incidents"), "{}", odd.stderr);
}

#[test]
fn what_was_not_printed_is_said() {
    let sample = repository("sample-logs/estate-3-of-3000");
    let labels = sample.with_extension("labels.jsonl").to_string_lossy().into_owned();
    let scan = run(&["scan", "--json", &sample.to_string_lossy()]);
    let scored = feed(&["eval", "--labels", &labels], &[scan.stdout.as_bytes()]);
    assert!(scored.stderr.contains("scan with --all"), "{}", scored.stderr);
    assert!(scored.stdout.starts_with("SCENARIO"), "{}", scored.stdout);
}
