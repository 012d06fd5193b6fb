//! What an incident says of where the data went: the service, and whose network it is.

use crate::cases;
use crate::outflow::{Run, repository, run};
use serde_json::{Value, json};
use std::fs;

/// The log of a theft of 300 MB by rclone, but to this destination and with `more` in the configuration.
fn scan(destination: &str, more: &str, arguments: &[&str]) -> Run {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_string_lossy().into_owned();
    let (_, case) = cases::all().into_iter().find(|(name, _)| name == "known-tool-fires").unwrap();
    fs::write(path("w3c.log"), case.log().replace("drive.example.net", destination)).unwrap();
    fs::write(path("outflow.toml"), more).unwrap();
    fs::copy(repository("tests/asn/documentation.mmdb"), path("asn.mmdb")).unwrap();
    run(&[&["scan", "--json", "-c", &path("outflow.toml"), &path("w3c.log")], arguments].concat())
}

#[track_caller]
fn destination(run: &Run) -> Value {
    let mut incidents = run.rows("incident");
    assert_eq!(incidents.len(), 1, "{}", run.stderr);
    let mut carrier = incidents[0]["destinations"][0].take();
    let carrier = carrier.as_object_mut().unwrap();
    for known in ["bytes_out", "first_seen", "hosts"] {
        carrier.remove(known).unwrap();
    }
    carrier.clone().into()
}

#[test]
fn a_service_of_the_catalogue_and_one_of_the_operator() {
    let mega = json!({"name": "mega.nz", "service": {"name": "MEGA", "kind": "file-sharing"}});
    assert_eq!(destination(&scan("g.api.mega.nz", "", &[])), mega);
    assert_eq!(destination(&scan("files.example", "", &[])), json!({"name": "files.example"}));
    let own = "[[service]]\nname = \"Shadow\"\nkind = \"paste\"\ndomain = [\"Files.example\"]\n";
    let run = scan("files.example", own, &[]);
    assert!(run.rows("incident")[0]["summary"].as_str().unwrap().contains("files.example (Shadow, paste)"));
    let shadow = json!({"name": "files.example", "service": {"name": "Shadow", "kind": "paste"}});
    assert_eq!(destination(&run), shadow);
}

#[test]
fn an_address_has_an_owner_where_a_file_says() {
    let asn = repository("tests/asn/documentation.mmdb");
    let asn = asn.to_string_lossy();
    let hosting = json!({"name": "203.0.113.0/24", "asn": {"number": 64496, "name": "Example Hosting"}});
    assert_eq!(destination(&scan("203.0.113.9", "", &["--asn", &asn])), hosting);
    assert_eq!(destination(&scan("203.0.113.9", "asn = \"asn.mmdb\"", &[])), hosting);
    assert_eq!(destination(&scan("203.0.113.9", "", &[])), json!({"name": "203.0.113.0/24"}));
    let six = json!({"name": "2001:db8:1::/48", "asn": {"number": 64497, "name": "Example Six"}});
    assert_eq!(destination(&scan("2001:db8:1:2::9", "", &["--asn", &asn])), six);
    let rented = destination(&scan("192.0.2.7", "", &["--asn", &asn]));
    assert_eq!(rented["service"], json!({"name": "DigitalOcean", "kind": "vps"}));
    let own = "[[service]]\nkind = \"other\"\nasn = [64496]\n";
    let named = destination(&scan("203.0.113.9", own, &["--asn", &asn]));
    assert_eq!(named["service"], json!({"name": "AS64496", "kind": "other"}));
}

#[test]
fn a_place_raises_what_stands_out() {
    let score = |destination: &str, more: &str| {
        scan(destination, more, &[]).rows("incident")[0]["score"].as_f64().unwrap()
    };
    // The larger of both counts: rclone's six bits.
    assert_eq!(score("mega.nz", ""), score("files.example", ""));
    let (_, case) = cases::all().into_iter().find(|(name, _)| name == "known-tool-place-fires").unwrap();
    let scores = |log: String| {
        let run = crate::outflow::feed(&["scan", "--json", "--all"], &[log.as_bytes()]);
        let rows = run.rows("incident");
        rows.iter().map(|row| row["score"].as_f64().unwrap()).fold(0.0, f64::max)
    };
    let (tunnel, unknown) =
        (scores(case.log()), scores(case.log().replace("calm-lake.trycloudflare.com", "calm.example")));
    assert!((tunnel - unknown - 4.0).abs() < 0.11, "{tunnel} {unknown}");
}

#[test]
fn files_that_do_not_help_are_said() {
    let countries = repository("tests/asn/countries.mmdb");
    let run = scan("203.0.113.9", "", &["--asn", &countries.to_string_lossy()]);
    assert_eq!(run.code, 2);
    assert!(run.stderr.contains("countries.mmdb") && run.stderr.contains("GeoLite2-ASN"), "{}", run.stderr);
    let run = scan("203.0.113.9", "", &["--asn", "/nowhere.mmdb"]);
    assert_eq!(run.code, 2);
    assert!(run.stderr.contains("/nowhere.mmdb"), "{}", run.stderr);
}
