//! A disk that is full, one that may not be written to, and a clock that jumps.

use crate::daemon::{Place, events, squid_line};
use crate::namespace::untested;
use crate::servers::SQUID_UPLOAD;
use std::fs::{self, File};
use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, UNIX_EPOCH};

/// A small file system in memory, in a mount namespace that ends with the shell that holds it.
struct Disk {
    shell: Child,
    to: ChildStdin,
    from: BufReader<ChildStdout>,
}

impl Disk {
    /// `None` where the machine gives no such namespace: then `what` is not tested, and the run says so.
    fn new(what: &str, size: &str) -> Option<Disk> {
        // As root, or as anyone, who is root in it.
        for way in [&["--mount"][..], &["--user", "--map-root-user", "--mount"]] {
            let mut shell = Command::new("setpriv")
                .args(["--pdeathsig", "KILL", "--", "unshare"])
                .args(way)
                .args(["--", "sh"])
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .stderr(Stdio::null())
                .spawn()
                .expect("setpriv (util-linux) starts");
            let (to, from) = (shell.stdin.take().expect("a pipe"), shell.stdout.take().expect("a pipe"));
            let mut disk = Disk { shell, to, from: BufReader::new(from) };
            if disk.run(&format!("mount -t tmpfs -o size={size} outflow /mnt")) {
                return Some(disk);
            }
        }
        untested(what, "no mount namespaces");
        None
    }

    /// Runs a command as root of the namespace; gives whether that went well.
    fn run(&mut self, command: &str) -> bool {
        let mut said = String::new();
        let asked = writeln!(self.to, "{command} && echo done || echo failed");
        asked.is_ok() && self.from.read_line(&mut said).is_ok() && said == "done\n"
    }

    /// Where it is for those outside.
    fn path(&self) -> PathBuf {
        format!("/proc/{}/root/mnt", self.shell.id()).into()
    }

    /// Fills it to the last byte.
    fn fill(&self) {
        let mut file = File::create(self.path().join("filler")).expect("a file");
        let mut piece = vec![7; 1 << 16];
        while !piece.is_empty() {
            if file.write_all(&piece).is_err() {
                piece.truncate(piece.len() / 2);
            }
        }
    }

    /// Gives back what filled it.
    fn free(&self) {
        fs::remove_file(self.path().join("filler")).expect("the filler is removed");
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = self.shell.kill();
        let _ = self.shell.wait();
    }
}

/// A place with its store on a disk.
fn on(disk: &Disk) -> Place {
    Place::new(&format!("squid:{SQUID_UPLOAD}"), None).with_store(disk.path().join("store"))
}

/// So many lines, each of another client, from this number on.
fn lines(from: i64, count: i64) -> String {
    let line = |number: i64| {
        let client = format!("10.{}.{}.{}", number >> 16 & 255, number >> 8 & 255, number & 255);
        squid_line(1_790_000_000 + number / 100, &client, &format!("dest-{}.example", number % 50), number)
    };
    (from..from + count).map(line).collect()
}

#[test]
fn a_full_disk_pauses_reading_and_costs_nothing() {
    let Some(disk) = Disk::new("a full disk", "24m") else { return };
    let place = on(&disk);
    place.append("access.log", &lines(0, 1_000));
    let daemon = place.start();
    daemon.wait_until("the first lines were read", || events(&place.kept()) == 1_000);
    disk.fill();
    place.append("access.log", &lines(1_000, 10_000));
    daemon.wait_until("it says that the disk is full", || place.said().contains("reading pauses"));
    place.append("access.log", &lines(11_000, 1_000));
    sleep(Duration::from_secs(3));
    let said = place.said();
    assert!(said.contains("No space left") && said.contains("free some space"), "{said}");
    assert_eq!(events(&place.kept()), 1_000, "the last commit is whole");
    disk.free();
    daemon.wait_until("it goes on", || place.said().contains("reading goes on"));
    place.holds(daemon, &place.read(&[place.log()]));
}

#[test]
fn killed_while_the_disk_is_full() {
    let Some(disk) = Disk::new("killed while the disk is full", "24m") else { return };
    let place = on(&disk);
    disk.fill();
    place.append("access.log", &lines(0, 10));
    let (code, said) = place.once();
    assert!(code == Some(2) && said.contains("No space left") && said.contains("store"), "{code:?} {said}");
    disk.free();
    place.append("access.log", &lines(10, 990));
    let daemon = place.start();
    daemon.wait_until("the first lines were read", || events(&place.kept()) == 1_000);
    disk.fill();
    place.append("access.log", &lines(1_000, 10_000));
    daemon.wait_until("it says that the disk is full", || place.said().contains("reading pauses"));
    drop(daemon);
    disk.free();
    place.holds(place.start(), &place.read(&[place.log()]));
}

#[test]
fn a_store_that_may_not_be_written_is_said_and_can_be_read() {
    let Some(mut disk) = Disk::new("a read-only store", "24m") else { return };
    let place = on(&disk);
    place.append("access.log", &lines(0, 1_000));
    let daemon = place.start();
    daemon.wait_until("the lines were read", || events(&place.kept()) == 1_000);
    daemon.stop();
    assert!(disk.run("mount -o remount,bind,ro /mnt"));
    let (code, said) = place.once();
    assert!(code == Some(2) && said.contains("Read-only") && said.contains("--store"), "{code:?} {said}");
    assert_eq!(place.kept(), place.read(&[place.log()]), "who only asks need not write");
    place.append("access.log", &lines(1_000, 1_000));
    assert!(disk.run("mount -o remount,bind,rw /mnt"));
    place.holds(place.start(), &place.read(&[place.log()]));
}

/// What a look at the clock must not decide: the machine's own jumps by months, forth and back, and so do the stamps of a log
/// that is written here, while another machine's go on as they should.
#[test]
fn a_clock_that_jumps_costs_no_line() {
    let library = glob("/usr/lib", "faketime/libfaketimeMT.so.1");
    let mut place = Place::new(&format!("squid:{SQUID_UPLOAD}"), None);
    let clock = place.path().join("clock");
    let set = |days: i64| fs::write(&clock, format!("{:+}d\n", days)).expect("a file");
    for (name, value) in [
        ("LD_PRELOAD", library.display().to_string()),
        ("FAKETIME_TIMESTAMP_FILE", clock.display().to_string()),
        ("FAKETIME_NO_CACHE", "1".into()),
        // These never jump: not the clock that only goes forward, and not what the kernel writes beside a file.
        ("FAKETIME_DONT_FAKE_MONOTONIC", "1".into()),
        ("NO_FAKE_STAT", "1".into()),
    ] {
        place.environment.push((name.into(), value));
    }
    set(0);
    let daemon = place.start();
    let now = fs::metadata(&clock).and_then(|file| file.modified()).expect("the time of day");
    let now = now.duration_since(UNIX_EPOCH).expect("after 1970").as_secs().cast_signed();
    let mut wanted = 0;
    for (round, days) in (0..).zip([0, 40, -400, 0, 3, -1, 0]) {
        set(days);
        // Long enough for a look.
        sleep(Duration::from_millis(1_200));
        for number in 0..20 {
            let at = now + round * 60 + number;
            place.append(
                "access.log",
                &squid_line(at + days * 86_400, "10.1.1.1", "local.example", 1_000 + number),
            );
            place.append("access.log-other", &squid_line(at, "10.2.2.2", "other.example", 2_000 + number));
        }
        wanted += 40;
        let all = || events(&place.kept()) == wanted;
        daemon.wait_until(&format!("{days} days on, {wanted} lines are counted"), all);
    }
    // A scan would say today that what is stamped in forty days is not to be believed.
    let sums = |first: u64| [7 * 20, 7 * (0..20).map(|number| first + number).sum::<u64>(), 7 * 20 * 500];
    let pair = |host: &str, destination: &str| (host.to_owned(), destination.to_owned());
    let written =
        [(pair("10.1.1.1", "local.example"), sums(1_000)), (pair("10.2.2.2", "other.example"), sums(2_000))];
    place.holds(daemon, &written.into());
}

/// A file in one of the folders of a folder.
fn glob(folder: &str, path: &str) -> PathBuf {
    let mut folders = fs::read_dir(folder).expect("a folder").filter_map(Result::ok);
    let found = folders.find_map(|folder| Some(folder.path().join(path)).filter(|path| path.exists()));
    found.unwrap_or_else(|| panic!("no {path} under {folder}: tests/run installs it"))
}
