//! What people get wrong gets a sentence that helps, and what senders get wrong is counted.

use crate::outflow::{feed, run};

const HEAD: &str = "#Software: SGOS\n#Fields: date time c-ip cs-host cs-bytes sc-bytes s-action\n";

fn row(second: u32, bytes: &str) -> String {
    format!("2023-03-29 01:02:{second:02} 10.1.2.3 files.example {bytes} 10 TCP_MISS\n")
}

#[test]
fn mistakes_are_said_and_the_rest_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let good = folder.path().join("good.log");
    std::fs::write(&good, HEAD.to_owned() + &row(1, "7")).unwrap();
    let good = good.to_string_lossy().into_owned();
    let missing = run(&["volumes", "--json", "/nonexistent/access.log", &good]);
    assert_eq!(missing.code, 2);
    assert!(missing.stderr.contains("/nonexistent/access.log: no such file"), "{}", missing.stderr);
    assert_eq!(missing.rows("")[0]["bytes_out"], 7);

    let unknown = feed(&["scan"], &[b"one two three\nfour\n"]);
    assert_eq!(unknown.code, 2);
    assert!(unknown.stderr.contains("line 1: "), "{}", unknown.stderr);

    let misspelt = run(&["volumes", "--format", "sqiud", &good]);
    assert_eq!(misspelt.code, 2);
    assert!(misspelt.stderr.contains("squid"), "{}", misspelt.stderr);

    assert_eq!(run(&["volumes", "--window", "5 parsecs"]).code, 2);
    assert_eq!(run(&["explain", "no-such-detector"]).code, 2);
}

#[test]
fn damaged_lines_are_counted_by_reason() {
    let log = [
        HEAD,
        &row(1, "7"),
        "2023-03-29 01:02:99 10.1.2.3 files.example 7 10 TCP_MISS\n",
        &row(2, "99999999999999999999999"),
        &row(3, "281474976710657"),
        "short\n",
        "\0\u{1b}[2J\n",
        &row(4, "5"),
    ]
    .concat();
    let long = "x".repeat(3 << 20);
    let run = feed(&["scan", "--json"], &[log.as_bytes(), long.as_bytes(), b"\n", row(5, "3").as_bytes()]);
    let source = &run.rows("source")[0];
    assert_eq!(source["lines"], 11);
    assert_eq!(source["events"], 3);
    let rejected = source["rejected"].as_object().unwrap();
    assert_eq!(rejected.values().map(|count| count.as_u64().unwrap()).sum::<u64>(), 6, "{rejected:?}");
    assert_eq!(rejected["line_too_long"], 1);
    assert_eq!(rejected["bad_number"], 2);
    assert_eq!(rejected["bad_timestamp"], 1);
    assert_eq!(run.rows("summary")[0]["bytes_out"], 15);
    assert_eq!(run.code, 0);
}

#[test]
fn a_stamp_from_the_future_does_not_drag_time() {
    let log =
        [HEAD, &row(1, "7"), "2999-01-01 00:00:00 10.1.2.3 files.example 7 10 TCP_MISS\n", &row(2, "7")]
            .concat();
    let run = feed(&["scan", "--json"], &[log.as_bytes()]);
    let source = &run.rows("source")[0];
    assert_eq!(source["rejected"]["future_timestamp"], 1);
    assert_eq!(source["late"], 0);
}

#[test]
fn terminal_output_is_safe_to_look_at() {
    let log = HEAD.to_owned() + "2023-03-29 01:02:03 10.1.2.3 a\u{1b}[31m\u{202e}b 7 10 TCP_MISS\n";
    let run = feed(&["volumes", "--by", "host,destination"], &[log.as_bytes()]);
    assert!(
        run.stdout.contains("\\u{1b}") && !run.stdout.contains('\u{1b}') && !run.stdout.contains('\u{202e}')
    );
}

#[test]
fn a_closed_pipe_is_no_trouble() {
    let log: String =
        HEAD.to_owned() + &(0..60).map(|second| row(second, "7").repeat(2_000)).collect::<String>();
    let script = format!("'{}' parse | head -n 1", env!("CARGO_BIN_EXE_outflow"));
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log");
    std::fs::write(&path, log).unwrap();
    let output = std::process::Command::new("bash")
        .args(["-c", &format!("set -o pipefail; {script} < '{}'", path.display())])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(output.stdout.iter().filter(|byte| **byte == b'\n').count(), 1);
}
