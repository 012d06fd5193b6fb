//! `outflow doctor` says what a source shows, what it lacks, and what to do.

use crate::outflow::{feed, repository, run};

#[test]
fn a_blind_source_is_said_with_the_line_that_fixes_it() {
    let path = repository("sample-logs/squid-native/access.log");
    let run = run(&["doctor", "--json", &path.to_string_lossy()]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    let row = &run.rows("diagnosis")[0];
    assert!(row["blind"].as_str().unwrap().contains("%>st"), "{row}");
    assert_eq!(row["fields"]["source.bytes"], 0.0);
    assert_eq!(row["fields"]["destination.bytes"], 1.0);
    assert_eq!(row["parsed_share"], 1.0);
}

#[test]
fn gaps_disorder_and_damage_are_told() {
    let head = "#Software: SGOS\n#Fields: date time c-ip cs-host cs-bytes s-action\n";
    let row = |clock: &str| format!("2023-03-29 {clock} 10.1.2.3 files.example 7 TCP_MISS\n");
    let log = [head, &row("01:00:00"), &row("00:58:30"), "damaged\n", &row("09:00:00")].concat();
    let run = feed(&["doctor", "--json", "--gap", "2h"], &[log.as_bytes()]);
    let diagnosis = &run.rows("diagnosis")[0];
    assert_eq!(diagnosis["gaps"][0]["from"], "2023-03-29T02:00:00Z");
    assert_eq!(diagnosis["gaps"][0]["to"], "2023-03-29T09:00:00Z");
    assert_eq!(diagnosis["out_of_order_s"], 90.0);
    assert_eq!(diagnosis["parsed_share"], 0.75);
    assert_eq!(diagnosis["samples"][0]["line"], 5);
    assert!(diagnosis["blind"].is_null());
}

#[test]
fn a_format_that_could_show_bytes_and_does_not_is_told_how() {
    let cisco = "<166>Mar 29 2023 01:02:03 asa-1 : %ASA-6-302014: Teardown TCP connection 77 for outside:203.0.113.9/443 to \
                 inside:10.1.2.3/50123 duration 0:00:30 bytes 10000408 TCP FINs\n";
    let cef = "CEF:0|Example|Wall|1.0|77|x|3|rt=Mar 29 2023 01:02:03 UTC src=10.1.2.3 dst=203.0.113.9 spt=50123 dpt=443\n";
    let leef =
        "LEEF:1.0|Example|Wall|1.0|77|devTime=Mar 29 2023 01:02:03 UTC\tsrc=10.1.2.3\tdst=203.0.113.9\n";
    let ecs = r#"{"@timestamp":"2023-03-29T01:02:03Z","ecs":{"version":"8.0"},"source":{"ip":"10.1.2.3"},"destination":{"ip":"203.0.113.9"}}"#;
    for (line, remedy) in
        [(cisco, "flow-export"), (cef, "in and out"), (leef, "srcBytes"), (ecs, "source.bytes")]
    {
        let run = feed(&["doctor", "--json"], &[line.as_bytes()]);
        let diagnosis = &run.rows("diagnosis")[0];
        let blind = diagnosis["blind"].as_str().unwrap_or_default();
        assert!(blind.starts_with("1 of 1 events") && blind.contains(remedy), "{diagnosis} {}", run.stderr);
    }
}

#[test]
fn lines_sent_twice_are_told_and_counted() {
    let head = "#Software: SGOS\n#Fields: date time c-ip cs-host cs-bytes s-action\n";
    let row = |n: usize| {
        format!("2023-03-29 01:{:02}:{:02} 10.1.2.3 files.example {n} TCP_MISS\n", n / 60 % 60, n % 60)
    };
    // A batch of 3,000 lines comes again behind the next one, and a file repeats its header.
    let batch = |from: usize| (from..from + 3000).map(row).collect::<String>();
    let log = [head, &batch(0), &batch(3000), &batch(0), head, &batch(6000)].concat();
    for pieces in [vec![log.as_bytes()], log.as_bytes().chunks(70_001).collect()] {
        let run = feed(&["doctor", "--json"], &pieces);
        let diagnosis = &run.rows("diagnosis")[0];
        assert_eq!(diagnosis["repeated_lines"], 3000);
        assert_eq!(diagnosis["events"], 12_000);
    }
    let text = feed(&["doctor"], &[log.as_bytes()]).stdout;
    assert!(text.contains("3000 lines are the same"), "{text}");
}

#[test]
fn a_copied_file_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let log = "#Software: SGOS\n#Fields: date time c-ip cs-host cs-bytes s-action\n\
               2023-03-29 01:00:00 10.1.2.3 files.example 7 TCP_MISS\n";
    let paths = ["a.log", "b.log", "c.log"].map(|name| folder.path().join(name));
    std::fs::write(&paths[0], log).unwrap();
    std::fs::write(&paths[1], zstd::encode_all(log.as_bytes(), 1).unwrap()).unwrap();
    std::fs::write(&paths[2], log.replace("10.1.2.3", "10.1.2.4")).unwrap();
    let run = run(&["doctor", "--json", &folder.path().to_string_lossy()]);
    let copies: Vec<bool> = run
        .rows("diagnosis")
        .iter()
        .map(|row| row["chosen"].as_str().unwrap().contains("a copy counts again"))
        .collect();
    assert_eq!(copies, [false, true, false], "{}", run.stdout);
}
