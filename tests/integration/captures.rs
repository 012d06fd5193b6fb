//! The captured logs in `sample-logs/`: what is detected, how many events there are, and the bytes each way.
//!
//! `tests/real` holds the servers themselves to this; here no server is needed. The sums were added up from the
//! columns of the files without the program; a new capture changes them.

use crate::outflow::{repository, run};
use std::collections::BTreeSet;
use std::fs;

/// One folder of `sample-logs/`.
struct Sample {
    name: &'static str,
    /// What its lines are taken for without `--format`; `None`: refused, since they do not say what their last columns
    /// count, or which side is watched.
    detected: Option<&'static str>,
    events: u64,
    /// Uploads of a proxy's clients, responses of a server; `None`: the log does not say.
    bytes_out: Option<u64>,
    /// The other way.
    bytes_in: Option<u64>,
}

const fn sample(
    name: &'static str,
    detected: Option<&'static str>,
    events: u64,
    bytes_out: Option<u64>,
    bytes_in: Option<u64>,
) -> Sample {
    Sample { name, detected, events, bytes_out, bytes_in }
}

const SAMPLES: &[Sample] = &[
    sample("squid-native", Some("squid"), 55, None, Some(15_324_781)),
    sample("squid-upload", None, 55, Some(47_811_934), Some(15_324_781)),
    sample("nginx-combined", Some("nginx"), 58, Some(19_144_134), None),
    sample("nginx-upload", None, 58, Some(19_156_946), Some(24_011_358)),
    sample("nginx-json", Some("nginx-json"), 58, Some(19_156_946), Some(24_011_358)),
    sample("apache-common", Some("apache"), 52, Some(24_219_011), None),
    sample("apache-combined", Some("apache"), 52, Some(24_219_011), None),
    sample("apache-combinedio", None, 52, Some(18_156_558), Some(13_022_412)),
    sample("lighttpd-default", Some("lighttpd"), 30, Some(4_085_659), None),
    sample("lighttpd-upload", None, 30, Some(3_828_272), Some(4_002_517)),
    sample("haproxy-http", Some("haproxy"), 19, Some(4_032_419), None),
    sample("haproxy-tcp", Some("haproxy"), 17, Some(4_185_167), None),
    sample("haproxy-upload", None, 19, Some(2_685_027), Some(4_001_536)),
    sample("varnish-default", None, 28, Some(6_850_541), None),
    sample("varnish-upload", None, 28, Some(6_858_581), Some(4_002_469)),
    sample("caddy", Some("caddy"), 20, Some(5_175_277), None),
    sample("envoy-default", Some("envoy"), 32, Some(7_163_240), Some(1_000_001)),
    sample("envoy-istio", Some("envoy"), 32, Some(7_163_240), Some(1_000_001)),
    sample("envoy-json", Some("envoy"), 32, Some(7_163_240), Some(1_000_001)),
    sample("traefik-common", Some("traefik-clf"), 30, Some(2_210_931), None),
    sample("traefik-json", Some("traefik"), 29, Some(2_210_912), Some(1_000_001)),
    sample("tinyproxy", Some("tinyproxy"), 10, None, None),
    sample("trafficserver-squid", Some("squid"), 10, None, Some(2_209_216)),
    sample("trafficserver-upload", None, 10, Some(5_007_258), Some(2_209_216)),
    sample("nfdump-each-way", Some("nfdump-csv"), 4, Some(3_004_605), Some(1_003_437)),
    sample("nfdump-joined", Some("nfdump-csv"), 2, Some(3_004_605), Some(1_003_437)),
    // What stands left of `tunnel.example`, dots not counted.
    sample("bind-query", Some("bind-query"), 6, Some(77), None),
    sample("unbound-queries", Some("unbound"), 6, Some(77), None),
    sample("unbound-replies", Some("unbound"), 6, Some(77), None),
    sample("dnsmasq-queries", Some("dnsmasq"), 6, Some(77), None),
];

/// `--format` as the table of `sample-logs/README.md` gives it, so that the table stays true.
fn format_in_readme(name: &str) -> String {
    let readme = fs::read_to_string(repository("sample-logs/README.md")).unwrap();
    let row = readme.lines().find(|line| line.starts_with(&format!("| `{name}` |")));
    let row = row.unwrap_or_else(|| panic!("sample-logs/README.md has no row for {name}"));
    let column = row.split(" | ").nth(2).unwrap();
    column.trim_matches('`').to_owned()
}

fn path(name: &str) -> String {
    repository(&format!("sample-logs/{name}/access.log")).to_string_lossy().into_owned()
}

#[test]
fn every_capture_is_held() {
    // Captures are `access.log`; what was written or generated has other names and tests of its own.
    let entries = fs::read_dir(repository("sample-logs")).unwrap().map(Result::unwrap);
    let folders = entries.filter(|entry| entry.path().join("access.log").exists());
    let folders: BTreeSet<String> = folders.map(|entry| entry.file_name().into_string().unwrap()).collect();
    let held: BTreeSet<String> = SAMPLES.iter().map(|sample| sample.name.to_owned()).collect();
    assert_eq!(folders, held);
}

#[test]
fn captures_add_up_as_the_readme_says_to_read_them() {
    for sample in SAMPLES {
        let format = format_in_readme(sample.name);
        let run = run(&["volumes", "--json", "--host", "web-01", "--format", &format, &path(sample.name)]);
        assert_eq!(run.code, 0, "{}: {}", sample.name, run.stderr);
        let rows = run.rows("");
        // A direction that no row knows stays unknown: it is not 0.
        let sum = |key: &str| rows.iter().filter_map(|row| row[key].as_u64()).reduce(|a, b| a + b);
        let found = (sum("events"), sum("bytes_out"), sum("bytes_in"));
        assert_eq!(found, (Some(sample.events), sample.bytes_out, sample.bytes_in), "{}", sample.name);
    }
}

#[test]
fn captures_are_detected_or_refused() {
    for sample in SAMPLES {
        let run = run(&["scan", "--json", "--host", "web-01", &path(sample.name)]);
        if let Some(format) = sample.detected {
            let source = &run.rows("source")[0];
            assert_eq!(source["format"], format, "{}", sample.name);
            assert_eq!(source["events"], sample.events, "{}", sample.name);
        } else {
            assert_eq!(run.code, 2, "{}: {}", sample.name, run.stdout);
            let format = format_in_readme(sample.name);
            let kind = format.split(':').next().unwrap();
            // Varnish's default needs no string.
            let advice = [format!("--format '{kind}:"), format!("--format {kind} ")];
            assert!(advice.iter().any(|say| run.stderr.contains(say)), "{}: {}", sample.name, run.stderr);
        }
    }
}
