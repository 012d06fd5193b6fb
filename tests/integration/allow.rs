//! `[[allow]]`: what a rule covers is judged and listed, but not told; whoever hides behind one is told beyond its bounds.

use crate::cases::{self, Log, Traffic};
use crate::outflow::{Run, run};
use crate::watch::essence;
use serde::Deserialize;
use serde_json::Value;
use std::fs;
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::Duration;
use tempfile::TempDir;

/// Twenty hosts that ask one monitor every half hour, in these days.
pub(crate) fn monitored(from: &str, to: &str) -> String {
    format!(
        "[[traffic]]\nhost = \"10.0.0.1+20\"\ndestination = \"198.51.100.7\"\nfrom = \"{from}T00:00:00Z\"\nto = \"{to}T00:00:00Z\"\n\
         every = 30\nbytes_out = 20000\nbytes_in = 300\n"
    )
}

/// One of them sends so much every ten minutes, from one to five at night, in these days.
pub(crate) fn nights(from: &str, to: &str, bytes: u64) -> String {
    format!(
        "[[traffic]]\nhost = \"10.0.0.5\"\ndestination = \"203.0.113.9\"\nfrom = \"{from}T01:00:00Z\"\nto = \"{to}T00:00:00Z\"\n\
         every = 10\nhours = [1, 5]\nbytes_out = {bytes}\n"
    )
}

const INVENTORY: &str = "host,role,subnet\nbackup-01,backup,10.0.0.5\n,server,10.0.0.0/16\n";

#[derive(Deserialize)]
struct Estate {
    traffic: Vec<Traffic>,
}

/// A folder with a log and configurations.
pub(crate) struct Site {
    folder: TempDir,
}

impl Site {
    /// The estate, and this beside it.
    pub(crate) fn new(more: &str) -> Site {
        let site = Site { folder: tempfile::tempdir().unwrap() };
        let usual =
            monitored("2023-03-18", "2023-04-02") + &nights("2023-03-29", "2023-04-01", 1_000_000_000);
        let estate: Estate = toml::from_str(&(usual + more)).unwrap();
        let rows = cases::rows(Log::Flow, &estate.traffic).into_iter().map(|(_, row)| row);
        fs::write(site.path("conn.log"), rows.collect::<String>()).unwrap();
        fs::write(site.path("hosts.csv"), INVENTORY).unwrap();
        site
    }

    pub(crate) fn path(&self, name: &str) -> String {
        self.folder.path().join(name).to_string_lossy().into_owned()
    }

    /// The log's lines.
    pub(crate) fn lines(&self) -> Vec<String> {
        let text = fs::read_to_string(self.path("conn.log")).unwrap();
        text.split_inclusive('\n').map(str::to_owned).collect()
    }

    /// A configuration with these rules.
    pub(crate) fn rules(&self, rules: &str) -> String {
        let path = self.path("outflow.toml");
        fs::write(&path, format!("inventory = \"hosts.csv\"\n{rules}")).unwrap();
        path
    }

    fn scan(&self, rules: &str, with: &[&str]) -> Run {
        run(&[&["scan", "-c", &self.rules(rules), &self.path("conn.log")], with].concat())
    }

    /// Whom the scan tells of, each with the destination.
    fn told(&self, rules: &str) -> Vec<(String, String)> {
        let scan = self.scan(rules, &["--json"]);
        let told = scan.rows("incident");
        assert_eq!(scan.code, i32::from(!told.is_empty()), "{}", scan.stderr);
        let text = |row: &Value, key: &str| row[key].as_str().unwrap_or_default().to_owned();
        told.iter().map(|row| (text(row, "host"), text(row, "destination"))).collect()
    }
}

/// A rule with these keys.
pub(crate) fn rule(keys: &str) -> String {
    format!("[[allow]]\nreason = \"nightly off-site copy\"\n{keys}\n")
}

fn pair(host: &str, destination: &str) -> (String, String) {
    (host.to_owned(), destination.to_owned())
}

#[test]
fn what_a_rule_covers_is_counted_and_listed_and_not_told() {
    let site = Site::new("");
    let stolen = pair("backup-01", "203.0.113.0/24");
    assert_eq!(site.told(""), std::slice::from_ref(&stolen));
    for keys in [
        "host = \"backup-01\"",
        "host = \"BACKUP-*\"",
        "host = \"10.0.0.5\"",
        "host = \"10.0.0.0/24\"",
        "role = \"backup\"",
        "destination = \"203.0.113.0/24\"",
        "destination = \"203.0.0.0/16\"",
        "host = \"backup-01\"\ndestination = \"203.0.113.0/24\"\nport = 443\nhours = \"01:00-05:00\"\nup_to = \"50GB/day\"\nuntil = \"2023-04-30\"",
    ] {
        assert!(site.told(&rule(keys)).is_empty(), "{keys}");
    }
    for keys in
        ["host = \"backup-02\"", "host = \"10.0.1.0/24\"", "role = \"server\"", "destination = \"*.example\""]
    {
        assert_eq!(site.told(&rule(keys)), std::slice::from_ref(&stolen), "{keys}");
    }

    let rules = rule("host = \"backup-01\"\nuntil = \"2023-04-30\"");
    let all = site.scan(&rules, &["--json", "--all"]);
    assert_eq!(all.code, 0);
    let allowed: Vec<Value> =
        all.rows("incident").into_iter().filter(|row| row["allowed"].is_object()).collect();
    assert_eq!(allowed.len(), 1, "{}", all.stdout);
    assert_eq!(
        allowed[0]["allowed"],
        serde_json::json!({"reason": "nightly off-site copy", "until": "2023-05-01T00:00:00Z"})
    );
    assert_eq!((&allowed[0]["in_budget"], &allowed[0]["host"]), (&false.into(), &"backup-01".into()));
    assert_eq!(allowed[0]["bytes_out"], 72_000_000_000_u64, "it is followed as any other");
    assert_eq!(
        (&all.rows("summary")[0]["allowed"], &all.rows("summary")[0]["in_budget"]),
        (&1.into(), &0.into())
    );

    let told = site.scan(&rules, &[]).stdout;
    assert!(
        told.contains("Nothing stands out")
            && told.contains("\n1 incident is allowed by rules (--all lists them).\n"),
        "{told}"
    );
    let listed = site.scan(&rules, &["--all"]).stdout;
    assert!(listed.contains("allowed until 2023-05-01T00:00:00Z: nightly off-site copy"), "{listed}");

    let page = site.path("page.html");
    let report =
        run(&["report", "-q", "--all", "-c", &site.rules(&rules), "--html", &page, &site.path("conn.log")]);
    let page = fs::read_to_string(page).unwrap();
    assert_eq!(report.code, 0, "{}", report.stderr);
    assert!(
        page.contains("1 incident is allowed by rules.") && page.contains(": nightly off-site copy.</p>")
    );
}

#[test]
fn another_host_and_another_destination_are_told() {
    let more = "[[traffic]]\nhost = \"10.0.0.9\"\ndestination = \"203.0.113.9\"\nfrom = \"2023-03-30T01:00:00Z\"\n\
                to = \"2023-03-30T05:00:00Z\"\nevery = 10\nbytes_out = 1000000000\n\
                [[traffic]]\nhost = \"10.0.0.5\"\ndestination = \"192.0.2.9\"\nfrom = \"2023-03-30T01:00:00Z\"\n\
                to = \"2023-03-30T05:00:00Z\"\nevery = 10\nbytes_out = 1000000000\n";
    let site = Site::new(more);
    let told = |keys: &str| {
        let mut told = site.told(&rule(keys));
        told.sort();
        told
    };
    let vault = "203.0.113.0/24";
    assert_eq!(told("host = \"backup-01\""), [pair("10.0.0.9", vault)]);
    assert_eq!(told(&format!("destination = \"{vault}\"")), [pair("backup-01", "192.0.2.0/24")]);
    let both = [pair("10.0.0.9", vault), pair("backup-01", "192.0.2.0/24")];
    assert_eq!(told(&format!("host = \"backup-01\"\ndestination = \"{vault}\"")), both);
}

#[test]
fn beyond_the_bounds_of_a_rule_it_is_told() {
    let theft = |keys: &str| {
        format!("[[traffic]]\nhost = \"10.0.0.5\"\ndestination = \"203.0.113.9\"\nevery = 10\n{keys}\n")
    };
    let day = "from = \"2023-03-31T05:00:00Z\"\nto = \"2023-03-31T09:00:00Z\"";
    let first = |site: &Site, keys: &str| {
        let scan = site.scan(
            &rule(&format!("host = \"backup-01\"\ndestination = \"203.0.113.0/24\"\n{keys}")),
            &["--json"],
        );
        let told = scan.rows("incident");
        assert!(told.len() < 2, "{}", scan.stdout);
        told.first().map(|row| {
            (row["detected_at"].as_str().unwrap().to_owned(), row["bytes_out_at_detection"].as_u64().unwrap())
        })
    };
    // What is within the bounds is not.
    let site = Site::new("");
    for keys in
        ["up_to = \"24GB/day\"", "port = [443, 8443]", "hours = \"01:00-05:00\"", "until = \"2023-04-01\""]
    {
        assert_eq!(first(&site, keys), None, "{keys}");
    }
    // More than its cap: from the hour in which that is reached.
    let (at, gone) = first(&site, "up_to = \"20GB/day\"").unwrap();
    assert!(
        at.starts_with("2023-03-29T04:") && gone > 20_000_000_000 && gone < 24_000_000_000,
        "{at} {gone}"
    );
    let (at, _) = first(&site, "up_to = \"5GB/hour\"").unwrap();
    assert!(at.starts_with("2023-03-29T0"), "{at}");
    let (at, gone) = first(&site, "up_to = \"50GB/week\"").unwrap();
    assert!(at.starts_with("2023-03-31T0") && gone > 50_000_000_000, "{at} {gone}");
    // Past its end.
    let (at, _) = first(&site, "until = \"2023-03-29T02:30:00Z\"").unwrap();
    assert!(at.as_str() > "2023-03-29T02:30" && at.as_str() < "2023-03-29T02:50", "{at}");
    let (at, _) = first(&site, "until = \"2023-03-01\"").unwrap();
    assert!(at.starts_with("2023-03-29T01:"), "{at}");
    // In other hours: of the night, and over midnight.
    let (at, _) = first(&site, "hours = \"22:00-03:00\"").unwrap();
    assert!(at.starts_with("2023-03-29T03:"), "{at}");
    let by_day = Site::new(&theft(&format!("{day}\nbytes_out = 2000000000")));
    let (at, _) = first(&by_day, "hours = \"01:00-05:00\"").unwrap();
    assert!(at.starts_with("2023-03-31T05:"), "{at}");
    // The zone is the configuration's: at 04:59 UTC it is 05:59 in London.
    let london =
        format!("timezone = \"Europe/London\"\n{}", rule("host = \"backup-01\"\nhours = \"02:00-06:00\""));
    assert!(site.told(&london).is_empty());
    assert_eq!(site.told(&london.replace("Europe/London", "UTC")).len(), 1);
    // By another port.
    let by_port = Site::new(&theft(&format!("{day}\nbytes_out = 2000000000\nport = 5000")));
    let (at, _) = first(&by_port, "port = 443").unwrap();
    assert!(at.starts_with("2023-03-31T05:"), "{at}");
    assert_eq!(first(&by_port, "port = [443, 5000]"), None);
}

#[test]
fn what_is_allowed_takes_no_room_in_the_budget() {
    // Less than the backup sends, on the same day.
    let more = "[[traffic]]\nhost = \"10.0.0.9\"\ndestination = \"192.0.2.9\"\nfrom = \"2023-03-29T06:00:00Z\"\n\
                to = \"2023-03-29T08:00:00Z\"\nevery = 10\nbytes_out = 20000000\n";
    let site = Site::new(more);
    let one = |rules: &str| site.told(&format!("budget = \"1/day\"\n{rules}"));
    assert_eq!(one(""), [pair("backup-01", "203.0.113.0/24")]);
    assert_eq!(one(&rule("host = \"backup-01\"")), [pair("10.0.0.9", "192.0.2.0/24")]);
}

#[test]
fn silence_and_open_buckets_are_never_allowed() {
    let mut seen = 0;
    for (name, case) in cases::all() {
        if !matches!(name.as_str(), "silent-source-fires" | "bucket-exposed-fires" | "volume-spike-fires") {
            continue;
        }
        let site = Site::new("");
        fs::write(site.path("case.log"), case.log()).unwrap();
        let config = site.rules(&rule("host = \"*\""));
        let told = run(&["scan", "--json", "-c", &config, &site.path("case.log")]);
        assert_eq!(told.rows("incident").is_empty(), name == "volume-spike-fires", "{name}: {}", told.stdout);
        seen += 1;
    }
    assert_eq!(seen, 3);
}

#[test]
fn every_command_that_judges_heeds_the_rules() {
    let site = Site::new("");
    let (log, config) = (site.path("conn.log"), site.rules(&rule("host = \"backup-01\"")));
    let bare = site.path("bare.toml");
    fs::write(&bare, "inventory = \"hosts.csv\"\n").unwrap();
    let compare = |from: &str, to: &str| run(&["scan", "-q", "--json", "-c", from, "--compare", to, &log]);
    assert_eq!(compare(&bare, &config).rows("comparison")[0]["vanishes"], 1);
    assert_eq!(compare(&config, &bare).rows("comparison")[0]["appears"], 1);
    // A rule for every host: no theft would be told, and the drill says so.
    let drill = |config: &str| {
        let drill = run(&["drill", "-q", "--json", "--runs", "2", "-c", config, "capita-2023", &log]);
        drill.rows("drill")[0]["caught"].as_u64()
    };
    assert_eq!(drill(&bare), Some(2));
    assert_eq!(drill(&site.rules(&rule("host = \"*\""))), Some(0));
}

#[test]
fn rules_that_cover_nothing_are_said() {
    let site = Site::new("");
    let rules = rule("host = \"backup-01\"")
        + &rule("host = \"nobody\"")
        + &rule("role = \"*\"\nuntil = \"2020-01-01\"");
    let said = site.scan(&rules, &["-v"]).stderr;
    assert!(
        said.contains("[[allow]] of line 5 covered nothing of these logs: nightly off-site copy"),
        "{said}"
    );
    assert!(said.contains("[[allow]] of line 8 had expired before these logs"), "{said}");
    assert!(!said.contains("line 2 "), "{said}");
    assert!(!site.scan(&rules, &[]).stderr.contains("[[allow]]"));
    let check = run(&["config", "check", &site.rules(&rules)]);
    assert_eq!(check.code, 0, "{}", check.stderr);
    assert!(check.stdout.contains("3 [[allow]]"), "{}", check.stdout);
    assert!(
        check.stderr.contains("line 8: this [[allow]] has expired, at 2020-01-02T00:00:00Z"),
        "{}",
        check.stderr
    );
    let printed = run(&["config", "print", &site.rules(&rules)]).stdout;
    assert!(
        printed.contains("\n[[allow]]\n") && printed.contains("host = \"nobody\" # line 7\n"),
        "{printed}"
    );
    let wrong = site.scan("[[allow]]\nhost = \"a\"\nresaon = \"x\"\n", &[]);
    assert!(
        wrong.code == 2
            && wrong
                .stderr
                .contains("line 4, column 1: there is no key \"resaon\"; did you mean \"reason\"?"),
        "{}",
        wrong.stderr
    );
}

#[test]
fn a_daemon_allows_what_a_scan_allows_whatever_happens_to_it() {
    let site = Site::new("");
    let rules = rule("host = \"backup-01\"\nup_to = \"60GB/week\"");
    let config = site.rules(&rules);
    let scan = site.scan(&rules, &["--json", "--all", "-q"]);
    let lines = site.lines();
    fs::create_dir(site.path("logs")).unwrap();
    let log = site.path("logs/conn.log");
    let watch = ["watch", "--commit-every", "20ms", "-c", &config, "--store", &site.path("store"), &log];
    let incidents = |with: &[&str]| {
        let store = site.path("store");
        run(&[&["incidents", "--json", "--all", "--store", &store], with].concat())
    };
    // Up to the second night, killed at any moment.
    let until = lines.iter().position(|line| line.contains(":1680224400.")).unwrap();
    for part in lines[..until].chunks(until / 20 + 1) {
        let text = fs::read_to_string(&log).unwrap_or_default() + &part.concat();
        fs::write(&log, text).unwrap();
        let mut daemon = Command::new(env!("CARGO_BIN_EXE_outflow"))
            .args(watch)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        sleep(Duration::from_millis(60));
        daemon.kill().unwrap();
        daemon.wait().unwrap();
    }
    let once = [&watch[..], &["--once"]].concat();
    let quiet = run(&once);
    assert_eq!((quiet.code, quiet.stdout.as_str()), (0, ""), "{}", quiet.stderr);
    let allowed = |run: &Run| run.rows("incident").iter().filter(|row| row["allowed"].is_object()).count();
    // Also for who asks without the configuration.
    assert_eq!((allowed(&incidents(&["-c", &config])), allowed(&incidents(&[]))), (1, 1));
    assert_eq!((incidents(&[]).code, &incidents(&[]).rows("summary")[0]["allowed"]), (0, &1.into()));
    // On the third night it is more than the cap.
    fs::write(&log, lines.concat()).unwrap();
    let told = run(&once);
    assert_eq!(told.code, 1, "{}", told.stderr);
    let told: Vec<Value> = told.rows("incident");
    assert_eq!((told.len(), &told[0]["host"]), (1, &"backup-01".into()));
    let gone = told[0]["bytes_out_at_detection"].as_u64().unwrap();
    // The rule counts all that the host sends, the incident what goes there.
    assert!(gone >= 60_000_000_000, "{gone}");
    assert_eq!(essence(&incidents(&["-c", &config])), essence(&scan));
    assert_eq!(allowed(&scan), 0, "what was told is not allowed");
}

#[cfg(unix)]
#[test]
fn a_daemon_heeds_new_rules_when_it_is_asked_to() {
    let site = Site::new("");
    let config = site.rules("");
    let lines = site.lines();
    let night = lines.iter().position(|line| line.contains(":1680051600.")).unwrap();
    let log = site.path("live.log");
    fs::write(&log, lines[..night].concat()).unwrap();
    let (printed, said) = (site.path("printed"), site.path("said"));
    let mut daemon = Command::new(env!("CARGO_BIN_EXE_outflow"))
        .args(["watch", "--commit-every", "20ms", "-c", &config, "--store", &site.path("store"), &log])
        .stdin(Stdio::null())
        .stdout(fs::File::create(&printed).unwrap())
        .stderr(fs::File::create(&said).unwrap())
        .spawn()
        .unwrap();
    let wait_for = |what: &dyn Fn() -> bool| {
        (0..1200).find(|_| {
            sleep(Duration::from_millis(50));
            what()
        });
        assert!(what(), "{}", fs::read_to_string(&said).unwrap());
    };
    let events = || {
        let asked = run(&["volumes", "--json", "--store", &site.path("store")]);
        asked.rows("").iter().filter_map(|row| row["events"].as_u64()).sum::<u64>()
    };
    wait_for(&|| events() == night as u64);
    site.rules(&rule("host = \"backup-01\""));
    crate::watch::signal(&daemon, "-HUP");
    wait_for(&|| fs::read_to_string(&said).unwrap().contains("was read again"));
    fs::write(&log, lines.concat()).unwrap();
    wait_for(&|| events() == lines.len() as u64);
    crate::watch::signal(&daemon, "-TERM");
    assert_eq!(daemon.wait().unwrap().code(), Some(0));
    assert_eq!(fs::read_to_string(&printed).unwrap(), "");
    let asked = run(&["incidents", "--json", "--store", &site.path("store"), "-c", &config]);
    assert_eq!((asked.code, &asked.rows("summary")[0]["allowed"]), (0, &1.into()), "{}", asked.stdout);
}
