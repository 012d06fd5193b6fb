//! The benchmark for users: what it measures is what the other commands do. How long that takes is no test's business.

use crate::outflow::{feed, repository, run};

#[test]
fn every_stage_reads_all_of_the_log() {
    let sample = repository("sample-logs/estate-3-of-3000").to_string_lossy().into_owned();
    let bench = run(&["bench", "--json", "--rounds", "1", &sample]);
    assert_eq!((bench.code, bench.stderr.as_str()), (0, ""));
    let rows = bench.rows("bench");
    let stages: Vec<&str> = rows.iter().filter_map(|row| row["stage"].as_str()).collect();
    assert_eq!(
        stages,
        ["newlines counted", "lines parsed", "volumes by host", "volumes by host, destination", "scan"]
    );
    let scan = run(&["scan", "--json", &sample]);
    let summary = &scan.rows("summary")[0];
    for row in &rows {
        assert_eq!((&row["lines"], &row["bytes"]), (&summary["lines"], &summary["bytes_read"]), "{row}");
        assert!(row["cpu_s"].as_f64() > Some(0.0) && row["newlines"].as_f64() > Some(0.0), "{row}");
    }
    assert_eq!(rows[0]["newlines"], 1.0);
}

#[test]
fn remembering_a_host_takes_little() {
    let bench = run(&["bench", "--hosts", "20000", "--json"]);
    assert_eq!(bench.code, 0, "{}", bench.stderr);
    let memory = &bench.rows("memory")[0];
    assert_eq!((&memory["hosts"], &memory["days"]), (&20_000.into(), &28.into()));
    // Destination groups, of which there are 50,000 for any number of hosts, are among it.
    let per_host = memory["resident_per_host"].as_f64().unwrap();
    assert!((300.0..4096.0).contains(&per_host), "{per_host}");
}

#[test]
fn a_pipe_cannot_be_read_twice() {
    let piped = feed(&["bench"], &[b"line\n"]);
    assert_eq!(piped.code, 2);
    assert!(piped.stderr.contains("name files"), "{}", piped.stderr);
    assert_eq!(run(&["bench", "/nowhere/at-all.log"]).code, 2);
}
