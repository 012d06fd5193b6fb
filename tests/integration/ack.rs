//! `outflow ack`: what somebody has answered for is not told again until then, whatever becomes of the daemon.

use crate::allow::{Site, monitored, nights};
use crate::outflow::{Run, run};
use serde_json::Value;
use std::fs;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

/// Lines before this second since 1970.
fn before(lines: &[String], second: u64) -> String {
    let stamp = |line: &String| line.split(&[':', '.'][..]).nth(1).unwrap().parse::<u64>().unwrap();
    lines.iter().filter(|line| stamp(line) < second).cloned().collect()
}

struct Watched {
    site: Site,
    lines: Vec<String>,
}

impl Watched {
    fn new() -> Watched {
        // Nights of the same, eleven days later: the incident of before is over then.
        let again =
            monitored("2023-04-02", "2023-04-14") + &nights("2023-04-10", "2023-04-13", 3_000_000_000);
        let site = Site::new(&again);
        Watched { lines: site.lines(), site }
    }

    /// What a run that reads all before this second tells.
    fn until(&self, second: u64) -> Vec<Value> {
        fs::write(self.site.path("live.log"), before(&self.lines, second)).unwrap();
        let watch = run(&["watch", "--once", "--store", &self.store(), &self.site.path("live.log")]);
        assert!(watch.code < 2, "{}", watch.stderr);
        watch.rows("incident")
    }

    fn store(&self) -> String {
        self.site.path("store")
    }

    fn ack(&self, with: &[&str]) -> Run {
        run(&[&["ack", "--store", &self.store()], with].concat())
    }

    fn incidents(&self) -> Run {
        run(&["incidents", "--json", "--store", &self.store()])
    }
}

/// 30 March, in the afternoon; 9 and 14 April.
const FIRST: u64 = 1_680_180_000;
const PAUSE: u64 = 1_681_000_000;
const END: u64 = 1_681_430_400;

#[test]
fn what_is_acknowledged_is_not_told_again_until_then() {
    let watched = Watched::new();
    let told = watched.until(FIRST);
    assert_eq!((told.len(), &told[0]["host"]), (1, &"10.0.0.5".into()));
    let id = told[0]["id"].as_str().unwrap();
    assert_eq!(watched.incidents().code, 1);
    let ack = watched.ack(&[&id[..6], "--until", "2023-04-11T02:00:00Z", "--reason", "moved by hand"]);
    assert_eq!((ack.code, ack.stderr.as_str()), (0, ""));
    let line = format!("{id} 10.0.0.5 to 203.0.113.0/24, until 2023-04-11T02:00:00Z: moved by hand\n");
    assert_eq!(ack.stdout, line);
    assert_eq!(watched.ack(&["--list"]).stdout, line);

    let asked = watched.incidents();
    assert_eq!(asked.code, 0, "nothing is left that nobody has answered for");
    let row = &asked.rows("incident")[0];
    assert_eq!(
        row["acknowledged"],
        serde_json::json!({"reason": "moved by hand", "until": "2023-04-11T02:00:00Z"})
    );
    assert_eq!((&row["in_budget"], &asked.rows("summary")[0]["acknowledged"]), (&true.into(), &1.into()));
    let table = run(&["incidents", "--store", &watched.store()]).stdout;
    assert!(table.contains("acknowledged until 2023-04-11T02:00:00Z: moved by hand"), "{table}");

    // It goes on, ends, and another of the same begins: nobody is told.
    assert_eq!(watched.until(PAUSE), [] as [Value; 0]);
    assert_eq!(watched.until(1_681_171_200), [] as [Value; 0], "to the end of 10 April");
    let all = run(&["incidents", "--json", "--all", "--store", &watched.store()]);
    let acknowledged = all.rows("incident").iter().filter(|row| row["acknowledged"].is_object()).count();
    assert_eq!(acknowledged, 2, "{}", all.stdout);
    // After that time it is, once.
    let told = watched.until(END);
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0]["detected_at"].as_str().unwrap() > "2023-04-11T02:00", "{}", told[0]["detected_at"]);
    assert_ne!(told[0]["id"], id);
    assert_eq!(watched.incidents().code, 1);
}

#[test]
fn without_it_the_same_is_told_at_once() {
    let watched = Watched::new();
    assert_eq!(watched.until(PAUSE).len(), 1);
    assert_eq!(watched.until(1_681_171_200).len(), 1);
}

#[test]
fn the_same_incident_is_told_again_when_it_outlasts_its_acknowledgement() {
    let watched = Watched::new();
    let told = watched.until(1_680_070_000);
    let id = told[0]["id"].as_str().unwrap();
    watched.ack(&[id, "--until", "2023-03-31T02:00:00Z", "--reason", "x"]);
    let again = watched.until(PAUSE);
    assert_eq!((again.len(), &again[0]["id"]), (1, &id.into()), "{again:?}");
    assert!(again[0]["detected_at"].as_str().unwrap() > "2023-03-31T02:00");
    assert!(again[0]["acknowledged"].is_null());
    // Taken back before it ends.
    let watched = Watched::new();
    let told = watched.until(1_680_070_000);
    let id = told[0]["id"].as_str().unwrap();
    watched.ack(&[id, "--until", "2030-01-01", "--reason", "x"]);
    watched.ack(&[id, "--until", "2023-03-01", "--reason", "it was a theft"]);
    assert_eq!(watched.incidents().code, 1);
    watched.until(PAUSE);
    assert_eq!(watched.until(1_681_171_200).len(), 1);
}

#[test]
fn mistakes_say_what_to_do() {
    let watched = Watched::new();
    watched.until(FIRST);
    for (arguments, words) in [
        (
            &["zzz", "--until", "30d", "--reason", "x"][..],
            "begins with \"zzz\": outflow incidents --all --json",
        ),
        (&["zzz", "--until", "soon", "--reason", "x"], "\"soon\" is no time: write a date"),
        (&["zzz", "--until", "30d", "--reason", " "], "1 to 500 bytes"),
        (&["zzz", "--until", "30d"], "--reason"),
        (&[], "ID"),
    ] {
        let run = watched.ack(arguments);
        assert!(run.code == 2 && run.stderr.contains(words), "{arguments:?}: {}", run.stderr);
    }
    let nowhere =
        run(&["ack", "a", "--until", "30d", "--reason", "x", "--store", &watched.site.path("nowhere")]);
    assert!(nowhere.code == 2 && nowhere.stderr.contains("nowhere"), "{}", nowhere.stderr);
    assert!(!fs::exists(watched.site.path("nowhere")).unwrap());
}

#[cfg(unix)]
#[test]
fn a_daemon_at_work_heeds_it() {
    let watched = Watched::new();
    let id = watched.until(FIRST)[0]["id"].as_str().unwrap().to_owned();
    let start = || -> Child {
        Command::new(env!("CARGO_BIN_EXE_outflow"))
            .args([
                "watch",
                "--commit-every",
                "20ms",
                "--store",
                &watched.store(),
                &watched.site.path("live.log"),
            ])
            .stdin(Stdio::null())
            .stdout(
                fs::OpenOptions::new().create(true).append(true).open(watched.site.path("printed")).unwrap(),
            )
            .stderr(fs::OpenOptions::new().create(true).append(true).open(watched.site.path("said")).unwrap())
            .spawn()
            .unwrap()
    };
    let mut daemon = start();
    sleep(Duration::from_millis(500));
    let ack = watched.ack(&[&id, "--until", "2023-04-30", "--reason", "a new vault"]);
    assert_eq!(ack.code, 0, "{}", ack.stderr);
    assert_eq!(watched.incidents().code, 0, "{}", fs::read_to_string(watched.site.path("said")).unwrap());
    sleep(Duration::from_millis(1500));
    let text = before(&watched.lines, END);
    fs::write(watched.site.path("live.log"), &text).unwrap();
    let events = || {
        let asked = run(&["volumes", "--json", "--store", &watched.store()]);
        asked.rows("").iter().filter_map(|row| row["events"].as_u64()).sum::<u64>()
    };
    let all = text.lines().count() as u64;
    for round in 0.. {
        if events() == all {
            break;
        }
        assert!(round < 600, "{} of {all}", events());
        sleep(Duration::from_millis(100));
        if round % 10 == 9 {
            daemon.kill().unwrap();
            daemon.wait().unwrap();
            daemon = start();
        }
    }
    daemon.kill().unwrap();
    daemon.wait().unwrap();
    let rest = watched.until(END);
    assert!(
        rest.is_empty() && fs::read_to_string(watched.site.path("printed")).unwrap().is_empty(),
        "{rest:?}"
    );
}
