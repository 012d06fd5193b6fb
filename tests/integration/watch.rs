//! The daemon: whatever happens to it or to its logs, its answers are those of one scan of everything that was written.

use crate::outflow::{Run, run};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::sleep;
use std::time::Duration;
use tempfile::{TempDir, tempdir};

/// Eight days of an invented estate with a theft in it: header and lines.
pub(crate) fn estate() -> (String, Vec<String>) {
    let arguments = ["--hosts", "60", "--days", "8", "--lines", "0.55", "--tidy", "--format", "zeek-conn"];
    let text = run(&[&["synth"], &arguments[..]].concat()).stdout;
    let (header, rows): (Vec<&str>, Vec<&str>) =
        text.split_inclusive('\n').partition(|line| line.starts_with('#'));
    let header = header.iter().filter(|line| !line.starts_with("#close")).copied().collect();
    (header, rows.iter().map(|row| (*row).to_owned()).collect())
}

/// What an answer must not depend on: where the lines stood, and how long it took.
pub(crate) fn essence(run: &Run) -> Vec<Value> {
    assert!(run.code < 2, "{}", run.stderr);
    let rows = run.rows("").into_iter().filter(|row| row["type"] != "source");
    rows.map(|mut row| {
        let object = row.as_object_mut().unwrap();
        for key in ["elapsed_s", "lines", "bytes_read"] {
            object.remove(key);
        }
        if let Some(evidence) = object.get_mut("evidence") {
            for line in evidence.as_array_mut().unwrap() {
                for key in ["file", "offset", "line"] {
                    line.as_object_mut().unwrap().remove(key);
                }
            }
        }
        row
    })
    .collect()
}

/// (host, destination) → (bytes out, events).
pub(crate) fn sums(run: &Run) -> BTreeMap<(String, String), (u64, u64)> {
    assert_eq!(run.code, 0, "{}", run.stderr);
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let row = |row: Value| {
        let sums = (row["bytes_out"].as_u64().unwrap(), row["events"].as_u64().unwrap());
        ((text(&row["host"]), text(&row["destination"])), sums)
    };
    run.rows("").into_iter().map(row).collect()
}

/// A folder with logs, and a daemon's store beside them.
pub(crate) struct Place {
    pub(crate) folder: TempDir,
}

impl Place {
    pub(crate) fn new() -> Place {
        let place = Place { folder: tempdir().unwrap() };
        fs::create_dir(place.logs()).unwrap();
        place
    }

    pub(crate) fn logs(&self) -> PathBuf {
        self.folder.path().join("logs")
    }

    fn log(&self) -> PathBuf {
        self.logs().join("conn.log")
    }

    pub(crate) fn store(&self) -> String {
        self.folder.path().join("store").to_string_lossy().into_owned()
    }

    fn pattern(&self) -> String {
        self.logs().join("conn.log*").to_string_lossy().into_owned()
    }

    fn start(&self) -> Child {
        Command::new(env!("CARGO_BIN_EXE_outflow"))
            .args(["watch", "--commit-every", "20ms", "--store", &self.store(), &self.pattern()])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(
                OpenOptions::new().create(true).append(true).open(self.folder.path().join("said")).unwrap(),
            )
            .spawn()
            .unwrap()
    }

    /// Reads what is left.
    fn catch_up(&self) -> Run {
        let caught_up = run(&["watch", "--once", "--store", &self.store(), &self.pattern()]);
        assert!(caught_up.code < 2, "{}", caught_up.stderr);
        caught_up
    }

    pub(crate) fn said(&self) -> String {
        fs::read_to_string(self.folder.path().join("said")).unwrap_or_default()
    }

    /// Its answers are those of a scan of this text.
    pub(crate) fn answers_as(&self, text: &str) {
        let whole = self.folder.path().join("whole.log");
        fs::write(&whole, text).unwrap();
        let whole = whole.to_string_lossy();
        let scan = run(&["scan", "--json", "-q", &whole]);
        assert!(!scan.rows("incident").is_empty(), "the theft is told: {}", scan.stdout);
        let by = ["--json", "--by", "host,destination"];
        let read = sums(&run(&[&["volumes", "-q"], &by[..], &[&whole]].concat()));
        let kept = sums(&run(&[&["volumes", "--store", &self.store()], &by[..]].concat()));
        let missing: Vec<_> =
            read.iter().filter(|(pair, sums)| kept.get(*pair) != Some(*sums)).take(5).collect();
        assert!(
            missing.is_empty() && read.len() == kept.len(),
            "{missing:?} {} {}\n{}",
            read.len(),
            kept.len(),
            self.said()
        );
        let incidents = run(&["incidents", "--json", "--store", &self.store()]);
        assert_eq!(essence(&incidents), essence(&scan), "{}", self.said());
    }
}

/// Numbers that look random: the same in every run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        // Xorshift, Marsaglia 2003.
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % sides
    }
}

/// Moves `conn.log.1`, `.2`, … one up, compressed or not.
fn shift(place: &Place) {
    let name = |number: usize, ending: &str| place.logs().join(format!("conn.log.{number}{ending}"));
    for number in (1..200).rev() {
        for ending in ["", ".gz"] {
            if name(number, ending).exists() {
                fs::rename(name(number, ending), name(number + 1, ending)).unwrap();
            }
        }
    }
}

fn compress(from: &Path) {
    let mut text = Vec::new();
    File::open(from).unwrap().read_to_end(&mut text).unwrap();
    let to = PathBuf::from(format!("{}.gz", from.display()));
    let mut encoder = flate2::write::GzEncoder::new(File::create(&to).unwrap(), flate2::Compression::fast());
    encoder.write_all(&text).unwrap();
    encoder.finish().unwrap();
    fs::remove_file(from).unwrap();
}

/// Writes all rows a few at a time, and rotates in every way that logrotate knows.
fn write_and_rotate(place: &Place, header: &str, rows: &[String], dice: &mut Dice, pause: Duration) {
    let mut log = File::create(place.log()).unwrap();
    log.write_all(header.as_bytes()).unwrap();
    let mut left = rows;
    while !left.is_empty() {
        let (now, later) = left.split_at(left.len().min(1 + usize::try_from(dice.roll(200)).unwrap()));
        left = later;
        let text = now.concat();
        // A line is often written in two parts.
        let cut = usize::try_from(dice.roll(text.len() as u64)).unwrap();
        log.write_all(&text.as_bytes()[..cut]).unwrap();
        sleep(pause);
        log.write_all(&text.as_bytes()[cut..]).unwrap();
        match dice.roll(40) {
            0 => {
                shift(place);
                fs::rename(place.log(), place.logs().join("conn.log.1")).unwrap();
                log = File::create(place.log()).unwrap();
                log.write_all(header.as_bytes()).unwrap();
            }
            1 => {
                shift(place);
                fs::copy(place.log(), place.logs().join("conn.log.1")).unwrap();
                sleep(pause);
                File::create(place.log()).unwrap();
                log = OpenOptions::new().append(true).open(place.log()).unwrap();
                log.write_all(header.as_bytes()).unwrap();
            }
            2 => {
                shift(place);
                let rotated = place.logs().join("conn.log.1");
                fs::rename(place.log(), &rotated).unwrap();
                log = File::create(place.log()).unwrap();
                log.write_all(header.as_bytes()).unwrap();
                compress(&rotated);
            }
            _ => {}
        }
    }
}

#[test]
fn a_finished_log_gives_what_a_scan_gives() {
    let (header, rows) = estate();
    let place = Place::new();
    let text = header + &rows.concat();
    fs::write(place.log(), &text).unwrap();
    let told = place.catch_up();
    assert!(!told.rows("incident").is_empty(), "what is told is printed as it is told");
    place.answers_as(&text);
}

#[test]
fn killed_two_hundred_times_while_logs_rotate_nothing_is_lost_or_counted_twice() {
    let (header, rows) = estate();
    let place = Place::new();
    let done = AtomicBool::new(false);
    let mut kills = 0;
    std::thread::scope(|scope| {
        scope.spawn(|| {
            write_and_rotate(&place, &header, &rows, &mut Dice(42), Duration::from_millis(30));
            done.store(true, Ordering::Relaxed);
        });
        let mut dice = Dice(7);
        while kills < 200 || !done.load(Ordering::Relaxed) {
            let mut daemon = place.start();
            sleep(Duration::from_millis(20 + dice.roll(180)));
            daemon.kill().unwrap();
            daemon.wait().unwrap();
            kills += 1;
        }
    });
    place.catch_up();
    place.answers_as(&(header + &rows.concat()));
}

pub(crate) fn signal(daemon: &Child, name: &str) {
    let pid = daemon.id().to_string();
    assert!(Command::new("kill").args([name, &pid]).status().unwrap().success());
}

#[cfg(unix)]
#[test]
fn asked_to_stop_it_writes_down_what_it_has_read() {
    let (header, rows) = estate();
    let place = Place::new();
    let (first, rest) = rows.split_at(rows.len() / 2);
    fs::write(place.log(), header.clone() + &first.concat()).unwrap();
    let mut daemon = place.start();
    // Until the store is there: it answers while the daemon writes.
    let ask = || run(&["volumes", "--json", "--store", &place.store()]);
    while ask().code != 0 || ask().stdout.is_empty() {
        sleep(Duration::from_millis(50));
        assert!(daemon.try_wait().unwrap().is_none(), "{}", place.said());
    }
    let second = run(&["watch", "--once", "--store", &place.store(), &place.pattern()]);
    assert!(second.code == 2 && second.stderr.contains("another outflow"), "{}", second.stderr);
    signal(&daemon, "-TERM");
    assert_eq!(daemon.wait().unwrap().code(), Some(0), "{}", place.said());
    OpenOptions::new().append(true).open(place.log()).unwrap().write_all(rest.concat().as_bytes()).unwrap();
    place.catch_up();
    place.answers_as(&(header + &rows.concat()));
}

#[cfg(unix)]
#[test]
fn asked_to_read_its_configuration_again_it_goes_on_with_what_it_knows() {
    let (header, rows) = estate();
    let place = Place::new();
    let (first, rest) = rows.split_at(rows.len() / 2);
    fs::write(place.log(), header.clone() + &first.concat()).unwrap();
    let config = place.folder.path().join("outflow.toml");
    let configure = |paths: &str| fs::write(&config, format!("[[source]]\npaths = [{paths}]\n")).unwrap();
    configure("\"logs/conn.log\"");
    let mut daemon = Command::new(env!("CARGO_BIN_EXE_outflow"))
        .args(["watch", "--commit-every", "20ms", "--store", &place.store(), "-c", &config.to_string_lossy()])
        .stdout(Stdio::null())
        .stderr(File::create(place.folder.path().join("said")).unwrap())
        .spawn()
        .unwrap();
    let wait_for = |what: &dyn Fn() -> bool| {
        for _ in 0..1200 {
            if what() {
                return;
            }
            sleep(Duration::from_millis(50));
        }
        panic!("never: {}", place.said());
    };
    let events = || {
        let asked = run(&["volumes", "--json", "--store", &place.store()]);
        asked.rows("").iter().filter_map(|row| row["events"].as_u64()).sum::<u64>()
    };
    wait_for(&|| events() > 0);
    // A mistake changes nothing.
    configure("");
    signal(&daemon, "-HUP");
    wait_for(&|| place.said().contains("stays as it was"));
    fs::write(place.logs().join("other.log"), header.clone() + &rest.concat()).unwrap();
    let before = events();
    configure("\"logs/other.log\", \"logs/conn.log\"");
    signal(&daemon, "-HUP");
    wait_for(&|| events() > before);
    signal(&daemon, "-TERM");
    assert_eq!(daemon.wait().unwrap().code(), Some(0), "{}", place.said());
    let end = run(&["watch", "--once", "--store", &place.store(), "-c", &config.to_string_lossy()]);
    assert!(end.code < 2, "{}", end.stderr);
    place.answers_as(&(header + &rows.concat()));
}

#[test]
fn a_scan_with_history_judges_the_rest_as_one_scan_of_all_would() {
    let (header, rows) = estate();
    let place = Place::new();
    // Six of eight days, before the theft.
    fs::write(place.log(), header.clone() + &rows[..rows.len() * 3 / 4].concat()).unwrap();
    place.catch_up();
    let whole = place.folder.path().join("whole.log");
    fs::write(&whole, header + &rows.concat()).unwrap();
    let whole = whole.to_string_lossy();
    let incidents = |arguments: &[&str]| {
        let scan = run(&[&["scan", "--json", "-q", &whole], arguments].concat());
        let mut rows: Vec<Value> =
            essence(&scan).into_iter().filter(|row| row["type"] == "incident").collect();
        for row in &mut rows {
            // These count what else is told.
            for key in ["rank", "estate_share"] {
                row.as_object_mut().unwrap().remove(key);
            }
        }
        (rows, scan)
    };
    let (all, _) = incidents(&[]);
    let (new, scan) = incidents(&["--history", &place.store()]);
    assert!(new.len() >= 2 && new.iter().all(|row| all.contains(row)), "{new:?}");
    let stolen = |rows: &[Value]| rows.iter().map(|row| row["bytes_out"].as_u64().unwrap()).max().unwrap();
    assert_eq!(stolen(&new), stolen(&all));
    let source = &scan.rows("source")[0];
    assert!(source["outside"].as_u64().unwrap() > 1000, "what the daemon judged is left out: {source}");
    // Without a past the same days look otherwise.
    let since = source["last"].as_str().unwrap().split('T').next().unwrap();
    let (alone, _) = incidents(&["--since", &format!("{since}T00:00:00Z")]);
    assert_ne!(alone, new);
}
