//! `outflow explain` of an incident: its lines are read again, whatever became of their file.

use crate::older::log;
use crate::outflow::{Run, run};
use serde_json::Value;
use std::fs;
use std::io::Write;
use std::path::PathBuf;

/// A log with a theft in it, and the incident that a scan tells.
struct Case {
    folder: tempfile::TempDir,
    id: String,
}

impl Case {
    fn new(name: &str) -> Case {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(name), log()).unwrap();
        let scan = run(&["scan", "-q", "--json", &folder.path().join(name).to_string_lossy()]);
        fs::write(folder.path().join("incidents.jsonl"), &scan.stdout).unwrap();
        let id = scan.rows("incident")[0]["id"].as_str().unwrap().to_owned();
        Case { folder, id }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn explain(&self, more: &[&str]) -> Run {
        let incidents = self.path("incidents.jsonl").to_string_lossy().into_owned();
        run(&[&["explain", "-q", &self.id[..6], "--incidents", &incidents], more].concat())
    }

    /// States of its lines, what they say now, and what left in all, by its exit code.
    fn states(&self) -> (i32, Vec<String>, Vec<Option<u64>>, u64) {
        let explained = self.explain(&["--json"]);
        let row: Value = serde_json::from_str(&explained.stdout).expect(&explained.stderr);
        let lines = row["evidence"].as_array().unwrap();
        let hours = row["hours"].as_array().unwrap().iter().map(|hour| hour["bytes_out"].as_u64().unwrap());
        (
            explained.code,
            lines.iter().map(|line| line["state"].as_str().unwrap().to_owned()).collect(),
            lines.iter().map(|line| line["bytes_out_now"].as_u64()).collect(),
            hours.sum(),
        )
    }
}

const ALL: u64 = 13 * 700_000_000;

#[test]
fn lines_are_found_where_they_were_and_where_rotation_put_them() {
    let case = Case::new("access.log");
    let whole = (0, vec!["re-derived".to_owned(); 3], vec![Some(700_000_000); 3], ALL);
    assert_eq!(case.states(), whole);
    let text = case.explain(&[]).stdout;
    for part in
        ["rare-destination", "re-derived", "9.10 GB", "usual: 19.7 kB a day", "2023-04-01 11:00", "tail -c +"]
    {
        assert!(text.contains(part), "{part} is not in\n{text}");
    }
    // A copy does not count twice.
    fs::copy(case.path("access.log"), case.path("access.log.1")).unwrap();
    assert_eq!(case.states(), whole);
    // Rotated twice and compressed, with a new log in its place.
    fs::remove_file(case.path("access.log.1")).unwrap();
    let file = fs::File::create(case.path("access.log.2.gz")).unwrap();
    let mut gzip = flate2::write::GzEncoder::new(file, flate2::Compression::fast());
    gzip.write_all(log().as_bytes()).unwrap();
    gzip.finish().unwrap();
    let head: String = log().split_inclusive('\n').take(4).collect();
    fs::write(case.path("access.log"), head).unwrap();
    assert_eq!(case.states(), whole);
    assert!(case.explain(&[]).stdout.contains("zcat -- '"));
}

#[test]
fn lines_that_changed_or_are_gone_are_said() {
    let case = Case::new("access.log");
    // One digit less is one byte less for all that follows, so a digit is changed.
    fs::write(case.path("access.log"), log().replacen(" 700000000 ", " 700000001 ", 1)).unwrap();
    let (code, states, bytes, _) = case.states();
    assert_eq!((code, states[0].as_str(), bytes[0]), (1, "differs", Some(700_000_001)));
    assert_eq!(states[1..], ["re-derived", "re-derived"]);
    // The last two lines of evidence are cut off.
    let text = log();
    let second = text.match_indices("files.test").nth(1).unwrap().0;
    let end = text[..second].rfind('\n').unwrap() + 1;
    fs::write(case.path("access.log"), &text[..end]).unwrap();
    let (code, states, ..) = case.states();
    assert_eq!((code, states), (1, vec!["re-derived".into(), "gone".into(), "gone".into()]));
    // What cannot be read is said.
    fs::write(case.path("access.log"), "neither this nor that\n").unwrap();
    let junk = case.explain(&[]);
    assert!(junk.code == 2 && junk.stderr.contains("access.log: "), "{}", junk.stderr);
    fs::remove_file(case.path("access.log")).unwrap();
    let explained = case.explain(&[]);
    assert_eq!(explained.code, 1, "{}", explained.stderr);
    assert!(
        explained.stdout.contains("3 lines are gone: 2.10 GB can no longer be re-derived"),
        "{}",
        explained.stdout
    );
}

#[test]
fn incidents_come_from_a_scan_or_a_store_too() {
    let case = Case::new("it's; a log.txt");
    let log = case.path("it's; a log.txt").to_string_lossy().into_owned();
    let scanned = run(&["explain", "-q", &case.id, &log]);
    assert_eq!(scanned.code, 0, "{}", scanned.stderr);
    assert!(scanned.stdout.contains("it'\\''s; a log.txt'"), "{}", scanned.stdout);
    let store = case.path("store").to_string_lossy().into_owned();
    assert_eq!(run(&["watch", "--once", "--store", &store, &log]).code, 1);
    let stored = run(&["explain", "-q", &case.id, "--store", &store]);
    assert_eq!((stored.code, stored.stdout), (0, scanned.stdout), "{}", stored.stderr);
}

#[test]
fn which_incident_is_meant_must_be_clear() {
    let case = Case::new("access.log");
    let incidents = case.path("incidents.jsonl").to_string_lossy().into_owned();
    let unknown = run(&["explain", "zzz", "--incidents", &incidents]);
    assert!(unknown.code == 2 && unknown.stderr.contains("none of the 1 incidents"), "{}", unknown.stderr);
    let twice = fs::read_to_string(case.path("incidents.jsonl")).unwrap();
    fs::write(case.path("incidents.jsonl"), twice.clone() + &twice.replace(&case.id, "640127zz")).unwrap();
    let two = run(&["explain", "6", "--incidents", &incidents]);
    assert!(two.code == 2 && two.stderr.contains("2 incidents"), "{}", two.stderr);
    let nowhere = run(&["explain", "6401"]);
    assert!(nowhere.code == 2 && nowhere.stderr.contains("--incidents FILE"), "{}", nowhere.stderr);
}
