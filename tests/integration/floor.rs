//! Floors: each host has one, thefts laid over the logs prove it, and what hides everything is said.

use crate::outflow::{Run, run};
use serde_json::Value;
use std::path::Path;
use tempfile::tempdir;

/// An estate without thefts, of all kinds of logs.
fn estate(folder: &Path) {
    let arguments =
        ["--hosts", "150", "--days", "8", "--lines", "0.4", "--scenario", "quiet", "--seed", "11"];
    let made = run(&[&["synth"], arguments.as_slice(), &["--out", &folder.to_string_lossy()]].concat());
    assert_eq!(made.code, 0, "{}", made.stderr);
}

fn floor(folder: &Path, arguments: &[&str]) -> Run {
    run(&[&["floor", "-q"], arguments, &[&folder.to_string_lossy()]].concat())
}

fn bytes(row: &Value, key: &str) -> Option<u64> {
    row[key].as_u64()
}

#[test]
fn every_host_has_a_floor_and_thefts_prove_it() {
    let folder = tempdir().unwrap();
    estate(folder.path());
    let found = floor(folder.path(), &["--json", "--proofs", "3"]);
    assert_eq!(found.code, 0, "{}", found.stderr);
    assert!(found.stdout.lines().all(|line| line.starts_with("{\"type\":\"")), "{}", found.stdout);

    let rows = found.rows("floor");
    let scan = run(&["scan", "-q", "--json", &folder.path().to_string_lossy()]);
    let hosts = usize::try_from(scan.rows("summary")[0]["hosts"].as_u64().unwrap()).unwrap();
    assert!(rows.len() <= hosts && rows.len() * 10 >= hosts * 9, "{} of {hosts}", rows.len());
    let mut ways = [0; 4];
    for row in &rows {
        assert_eq!(row["schema"], "outflow/1");
        for (way, count) in
            ["new_destination", "known_destination", "dns", "new_client"].into_iter().zip(&mut ways)
        {
            assert!(way == "new_client" || row.get(format!("{way}_per_day")).is_some(), "{row}");
            let [hour, day, month] =
                ["hour", "day", "month"].map(|within| bytes(row, &format!("{way}_per_{within}")));
            if let (Some(hour), Some(day)) = (hour, day) {
                assert!(hour <= day && month.is_none_or(|month| day <= month), "{row}");
                *count += 1;
            }
        }
    }
    assert!(ways.iter().all(|count| *count > 10), "{ways:?}");

    // Three hosts by each of five ways, in an hour and in a day.
    let proofs = found.rows("floor_proof");
    assert!(proofs.len() >= 24, "{proofs:?}");
    for proof in &proofs {
        assert_eq!((&proof["below_told"], &proof["above_told"]), (&false.into(), &true.into()), "{proof}");
        let row = rows.iter().find(|row| row["host"] == proof["host"]).unwrap();
        let way = format!("{}_per_{}", proof["way"].as_str().unwrap(), proof["within"].as_str().unwrap());
        assert_eq!(row[way], proof["bytes"], "{row}");
    }

    // The estate's highest floor is that of one of its hosts.
    let estate = &found.rows("floor_estate")[0]["new_destination_per_day"];
    let highest = rows.iter().filter_map(|row| bytes(row, "new_destination_per_day")).max();
    assert_eq!(bytes(estate, "highest"), highest);
    assert!(bytes(estate, "median") <= highest && bytes(estate, "median") > Some(0), "{estate}");
    let summary = &found.rows("summary")[0];
    assert_eq!((&summary["proofs"], &summary["proofs_held"]), (&proofs.len().into(), &proofs.len().into()));
    assert_eq!(summary["day"], "2023-03-30T00:00:00Z");

    // A budget that is read more of lets less go unnoticed.
    let more = floor(folder.path(), &["--json", "--proofs", "0", "--budget", "1/day"]);
    let strict = bytes(&more.rows("floor_estate")[0]["new_destination_per_day"], "median");
    assert!(strict > bytes(estate, "median"), "{strict:?} {estate}");
}

#[test]
fn hosts_that_are_alike_share_a_floor() {
    let folder = tempdir().unwrap();
    estate(folder.path());
    let exact = floor(folder.path(), &["--json", "--proofs", "0"]);
    let shared = floor(folder.path(), &["--json", "--proofs", "0", "--exact", "150"]);
    let computed = |run: &Run| run.rows("summary")[0]["computed"].as_u64().unwrap();
    assert!(computed(&shared) < computed(&exact), "{} {}", computed(&shared), computed(&exact));
    let (exact, shared) = (exact.rows("floor"), shared.rows("floor"));
    assert_eq!(exact.len(), shared.len());
    let key = "new_destination_per_day";
    let near = exact.iter().zip(&shared).filter(|(exact, shared)| {
        let (a, b) = (bytes(exact, key).unwrap_or(0) as f64, bytes(shared, key).unwrap_or(0) as f64);
        exact["host"] == shared["host"] && a <= 2.0 * b + 1.0 && b <= 2.0 * a + 1.0
    });
    let near = near.count();
    assert!(near * 10 >= exact.len() * 9, "{near} of {}", exact.len());
}

#[test]
fn what_rules_cost_is_said() {
    let folder = tempdir().unwrap();
    estate(folder.path());
    let rules = "[[allow]]\nhost = \"10.0.0.0/8\"\nup_to = \"5TB/day\"\nreason = \"a test\"\n\
                 [[allow]]\nhost = \"10.16.0.10\"\nreason = \"anything\"\n\
                 [[allow]]\nhost = \"10.0.0.0/8\"\nuntil = \"2023-03-29\"\nreason = \"over\"\n";
    let config = folder.path().join("rules.toml");
    std::fs::write(&config, rules).unwrap();
    let config = config.to_string_lossy().into_owned();
    let found = floor(folder.path(), &["--json", "--proofs", "0", "-c", &config]);
    let prices = found.rows("floor_allow");
    assert_eq!(prices.len(), 2, "what is over costs nothing: {prices:?} {}", found.stderr);
    assert_eq!((&prices[0]["line"], &prices[0]["with_per_day"]), (&1.into(), &5_000_000_000_000_u64.into()));
    assert!(bytes(&prices[0], "without_per_day") < Some(1_000_000_000_000), "{}", prices[0]);
    assert!(prices[0]["hosts"].as_u64() > Some(50), "{}", prices[0]);
    assert_eq!((&prices[1]["hosts"], &prices[1]["with_per_day"]), (&1.into(), &Value::Null));
    // The floors themselves are those without rules.
    let plain = floor(folder.path(), &["--json", "--proofs", "0"]);
    assert_eq!(found.rows("floor"), plain.rows("floor"));
    let people = floor(folder.path(), &["--proofs", "0", "-c", &config]).stdout;
    assert!(
        people.contains("WHAT RULES COST") && people.contains("line 1 (a test): 5.00 TB instead of"),
        "{people}"
    );
}

#[test]
fn what_hides_everything_is_said() {
    let folder = tempdir().unwrap();
    estate(folder.path());
    // Squid's own format says nothing of uploads.
    let lines: String = (0..40)
        .map(|hour| {
            let at = 1_680_048_000 + hour * 3600;
            format!("{at}.000 5 10.9.9.9 TCP_MISS/200 512 GET http://a.example/ - HIER_DIRECT/203.0.113.9 text/html\n")
        })
        .collect();
    std::fs::write(folder.path().join("access.log"), lines).unwrap();
    std::fs::remove_file(folder.path().join("dns.log")).unwrap();
    let inventory = folder.path().join("hosts.csv");
    std::fs::write(&inventory, "host,role,subnet\n,desk,10.0.0.0/8\n").unwrap();
    let inventory = inventory.to_string_lossy().into_owned();
    let (squid, conn) = (folder.path().join("access.log"), folder.path().join("conn.log"));
    let paths = [&*squid.to_string_lossy(), &*conn.to_string_lossy()].map(str::to_owned);
    let arguments = ["floor", "-q", "--proofs", "0", "--inventory", &inventory, &paths[0], &paths[1]];
    let found = run(&[arguments.as_slice(), &["--json"]].concat());
    let spots = found.rows("blind_spot");
    let blind = spots.iter().find(|spot| spot["path"] == paths[0]).expect("a blind spot");
    assert!(blind["why"].as_str().unwrap().contains("%>st"), "{blind}");
    assert!(found.rows("summary")[0]["unseen"]["dns"].as_str().is_some(), "{}", found.stdout);
    let role = &found.rows("floor_role")[0];
    assert_eq!(role["role"], "desk");
    assert_eq!(role["hosts"], found.rows("floor_estate")[0]["hosts"]);

    let people = run(&arguments);
    for expected in ["as of 2023-03-30", "BLIND SPOTS", "%>st", "dns: no log of DNS questions", "desk"] {
        assert!(people.stdout.contains(expected), "{expected}: {}", people.stdout);
    }
}

#[test]
fn what_cannot_be_computed_is_said() {
    let piped = run(&["floor"]);
    assert!(piped.code == 2 && piped.stderr.contains("name files or folders"), "{}", piped.stderr);
    let folder = tempdir().unwrap();
    let log = folder.path().join("access.log");
    let line = "1680048000.000 5 10.9.9.9 TCP_MISS/200 512 GET http://a.example/ - HIER_DIRECT/203.0.113.9 text/html\n";
    std::fs::write(&log, line.repeat(3)).unwrap();
    let short = run(&["floor", &log.to_string_lossy()]);
    assert!(short.code == 2 && short.stderr.contains("a floor needs"), "{}", short.stderr);
}
