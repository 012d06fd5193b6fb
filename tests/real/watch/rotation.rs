//! nginx and squid write under load, and logrotate and squid itself rotate: no line twice, none lost.

use crate::daemon::{Daemon, Place, events};
use crate::servers::{NGINX_UPLOAD, Nginx, SQUID_UPLOAD, Server, free_port, wait_until, website};
use std::fs;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::slice::from_ref;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{scope, sleep};
use std::time::Duration;

/// How often a log is rotated, and how long it is written to in between: longer than a second, the unit of names by date.
const ROTATIONS: u32 = 4;
const BETWEEN: Duration = Duration::from_millis(1_100);

/// Bytes of the longest line that nginx writes here.
const LONGEST: u64 = 1_000;

/// Sends a request and gives the answer; the server hangs up.
fn ask(port: u16, request: &[u8]) -> Vec<u8> {
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).expect("the server listens");
    stream.set_read_timeout(Some(Duration::from_secs(60))).expect("a timeout");
    stream.write_all(request).expect("a request is taken");
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).expect("an answer");
    answer
}

/// How often one text stands in another.
fn count(text: &[u8], word: &[u8]) -> u64 {
    text.windows(word.len()).filter(|window| *window == word).count() as u64
}

/// nginx that writes each line twice: into `logs/access.log`, and into `whole.log`, which nobody rotates.
fn nginx(place: &Place, port: u16) -> Server {
    website(place.path());
    let config = format!(
        "worker_processes 2; pid nginx.pid; error_log error.log;\nevents {{ worker_connections 64; }}\n\
         http {{ client_body_temp_path tmp; proxy_temp_path tmp; fastcgi_temp_path tmp; uwsgi_temp_path tmp; scgi_temp_path tmp;\n\
         log_format upload '{NGINX_UPLOAD}'; access_log logs/access.log upload; access_log whole.log upload;\n\
         server {{ listen 127.0.0.1:{port}; root www; }} }}"
    );
    fs::write(place.path().join("nginx.conf"), config).expect("nginx.conf");
    let path = format!("{}/", place.path().display());
    let arguments = ["-p", &path, "-e", "error.log", "-c", "nginx.conf", "-g", "daemon off;"];
    Server::start("nginx", &arguments, "QUIT", place.path(), &[port])
}

/// A few requests of different lengths over one connection; gives how many were answered.
fn ask_nginx(port: u16, round: usize) -> u64 {
    let mut requests = String::new();
    for number in 0..20 {
        // No line comes twice: logs that are the same in every byte are one.
        let unique = round * 20 + number;
        let (length, last) = (unique % 700, if number == 19 { "close" } else { "keep-alive" });
        requests += &format!(
            "GET /one.bin?{unique:0>length$} HTTP/1.1\r\nHost: web-01\r\nConnection: {last}\r\n\r\n"
        );
    }
    count(&ask(port, requests.as_bytes()), b"HTTP/1.1 200 ")
}

/// Asks on and on while `meanwhile` runs; gives how often there was an answer.
fn under_load(ask: impl Fn(usize) -> u64 + Sync, meanwhile: impl FnOnce()) -> u64 {
    let done = AtomicBool::new(false);
    scope(|scope| {
        let load = scope.spawn(|| {
            let rounds = (0..).take_while(|_| !done.load(Ordering::Relaxed));
            rounds.map(|round| (ask(round), sleep(Duration::from_millis(2))).0).sum()
        });
        let ended = catch_unwind(AssertUnwindSafe(meanwhile));
        done.store(true, Ordering::Relaxed);
        ended.unwrap_or_else(|panic| resume_unwind(panic));
        load.join().expect("every request is answered")
    })
}

/// One run of logrotate over `logs/access.log`, with these lines in its configuration.
fn logrotate(place: &Place, lines: &str) {
    let config = place.path().join("logrotate.conf");
    let lines = lines.replace("PLACE", &place.path().display().to_string());
    fs::write(&config, format!("{} {{\nrotate 100\n{lines}\n}}\n", place.log().display())).expect("a file");
    let output = Command::new("logrotate")
        .args(["--force", "--state"])
        .arg(place.path().join("logrotate.state"))
        .arg(&config)
        .env("PATH", path())
        .output()
        .expect("logrotate runs; tests/run installs it");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && !said.contains("error"), "logrotate: {said}");
}

/// Tells nginx to open its logs anew.
const NGINX_REOPENS: &str = "postrotate\nkill -USR1 $(cat PLACE/nginx.pid)\nendscript";

/// The same, and waits until it has: compressed at once, what it writes in between would be lost.
const NGINX_REOPENED: &str = "postrotate\nkill -USR1 $(cat PLACE/nginx.pid)\nsleep 0.5\nendscript";

/// `create`: with the owner that the server runs as.
fn create(place: &Place) -> String {
    let owner =
        Command::new("stat").args(["-c", "%U %G"]).arg(place.logs()).output().expect("stat (coreutils)");
    format!("create 0644 {}", String::from_utf8_lossy(&owner.stdout).trim_end())
}

/// How large files are together.
fn size(files: &[PathBuf]) -> u64 {
    files.iter().map(|path| fs::metadata(path).map_or(0, |file| file.len())).sum()
}

/// The files that the glob stands for.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> =
        fs::read_dir(folder).expect("logs").map(|file| file.expect("a file").path()).collect();
    files.sort();
    files
}

fn nginx_place() -> Place {
    Place::new(&format!("nginx:{NGINX_UPLOAD}"), Some("web-01"))
}

/// Rotates under load: nothing is lost in rotating, nor read twice.
fn nginx_rotated(lines: &str, ending: &str) {
    let (place, port) = (nginx_place(), free_port());
    let server = nginx(&place, port);
    let daemon = place.start();
    let lines = format!("{}\n{lines}", create(&place));
    let answered = under_load(
        |round| ask_nginx(port, round),
        || {
            for _ in 0..ROTATIONS {
                sleep(BETWEEN);
                logrotate(&place, &lines);
            }
        },
    );
    server.stop();
    rotated_exactly(&place, daemon, answered, ending);
}

/// As many lines were written as answers came, they are all in the rotated files, and the daemon has read just these.
fn rotated_exactly(place: &Place, daemon: Daemon<'_>, answered: u64, ending: &str) {
    let written = place.read(&[place.path().join("whole.log")]);
    assert!(answered > 100 && events(&written) == answered, "{answered} answers, {} lines", events(&written));
    let there = files(&place.logs());
    let rotated = there.iter().filter(|path| path.to_string_lossy().ends_with(ending)).count();
    assert!(there.len() == ROTATIONS as usize + 1 && rotated > 2, "{there:?}");
    assert_eq!(place.read(&there), written, "nothing was lost in rotating");
    place.holds(daemon, &written);
}

#[test]
fn nginx_under_create() {
    nginx_rotated(NGINX_REOPENS, "");
}

#[test]
fn nginx_under_compress_one_rotation_later() {
    nginx_rotated(&format!("compress\ndelaycompress\n{NGINX_REOPENS}"), ".gz");
}

#[test]
fn nginx_under_compress_at_once() {
    nginx_rotated(&format!("compress\n{NGINX_REOPENED}"), ".gz");
}

#[test]
fn nginx_under_names_by_date() {
    nginx_rotated(
        &format!("dateext\ndateformat -%Y%m%d-%s\ncompress\ndelaycompress\n{NGINX_REOPENS}"),
        ".gz",
    );
}

/// Copied and truncated while nobody writes, but before the daemon has read all: the rest is read from the copy.
#[test]
fn nginx_under_copytruncate() {
    let (place, port) = (nginx_place(), free_port());
    let server = nginx(&place, port);
    let daemon = place.start();
    for round in 0..20 {
        (0..20).for_each(|part| _ = ask_nginx(port, round * 20 + part));
        // The log's last lines are written a moment after the answers, into one file before the other.
        let whole = place.path().join("whole.log");
        let lines =
            |path| fs::read(path).map_or(0, |text| text.iter().filter(|byte| **byte == b'\n').count());
        wait_until("nginx has written", || {
            lines(&whole) == (round + 1) * 400 && size(&files(&place.logs())) == size(from_ref(&whole))
        });
        logrotate(&place, "copytruncate");
    }
    server.stop();
    let written = place.read(&[place.path().join("whole.log")]);
    assert_eq!(events(&written), 8_000);
    place.holds(daemon, &written);
}

/// Lines that come between copying and truncating are lost to everybody who has not read them until then.
#[test]
fn nginx_under_copytruncate_and_load() {
    let (place, port) = (nginx_place(), free_port());
    let server = nginx(&place, port);
    let daemon = place.start();
    let answered = under_load(
        |round| ask_nginx(port, round),
        || {
            for _ in 0..8 {
                sleep(Duration::from_millis(600));
                logrotate(&place, "copytruncate\ncompress\ndelaycompress");
            }
        },
    );
    server.stop();
    let (whole, there) = (place.path().join("whole.log"), files(&place.logs()));
    let (written, left) = (place.read(from_ref(&whole)), place.read(&there));
    assert_eq!(events(&written), answered);
    daemon.wait_until("what is left was read", || events(&place.kept()) >= events(&left));
    daemon.stop();
    let kept = place.kept();
    for (pair, written) in &written {
        let (left, kept) = (left[pair], kept[pair]);
        for ((left, kept), written) in left.iter().zip(kept).zip(written) {
            assert!(*left <= kept && kept <= *written, "{left} {kept} {written}: {}", place.said());
        }
    }
    // What is said to be lost is at most what is missing.
    let lost = |line: &str| {
        line.split(" bytes were written and removed").next()?.rsplit(' ').next()?.parse::<u64>().ok()
    };
    let said: u64 = place.said().lines().filter_map(lost).sum();
    let (lines, read) = (events(&written), events(&kept));
    assert!(said <= (lines - read) * LONGEST, "{said} bytes, {lines} lines, {read} read: {}", place.said());
}

/// squid that writes each line twice: into `logs/access.log`, and into `whole.log`, which it does not rotate.
fn squid(place: &Place, port: u16, rotate: u32) -> Server {
    let path = place.path().display();
    let names: String = (0..10).map(|number| format!(" dest-{number}.example")).collect();
    fs::write(place.path().join("hosts"), format!("127.0.0.1{names}\n")).expect("hosts");
    let config = format!(
        "http_port 127.0.0.1:{port}\nvisible_hostname proxy-01.example\nhosts_file {path}/hosts\ndns_nameservers 127.0.0.1\n\
         pid_filename {path}/tmp/squid.pid\nnetdb_filename none\npinger_enable off\ncoredump_dir {path}\n\
         cache_log {path}/tmp/cache.log\ncache_mem 8 MB\ncache_effective_user nobody\nshutdown_lifetime 1 second\nhttp_access allow all\n\
         logfile_rotate {rotate}\nlogformat upload {SQUID_UPLOAD}\n\
         access_log stdio:{path}/logs/access.log upload\naccess_log stdio:{path}/whole.log logformat=upload rotate=0\n"
    );
    fs::write(place.path().join("squid.conf"), config).expect("squid.conf");
    let config = place.path().join("squid.conf").display().to_string();
    Server::start("squid", &["-N", "-f", &config], "TERM", place.path(), &[port])
}

/// Uploads through squid to one of ten names.
fn ask_squid(port: u16, origin: u16, round: usize) -> u64 {
    let (number, length) = (round % 10, round * 7 % 900);
    let request = format!(
        "POST http://dest-{number}.example:{origin}/post HTTP/1.1\r\nHost: dest-{number}.example:{origin}\r\n\
         Connection: close\r\nContent-Length: {length}\r\n\r\n{}",
        "x".repeat(length)
    );
    count(&ask(port, request.as_bytes()), b"HTTP/1.1 201 ")
}

fn squid_rotated(rotate: u32, rotates: impl Fn(&Place)) {
    let (place, port) = (Place::new(&format!("squid:{SQUID_UPLOAD}"), None), free_port());
    let (origin, server) = (Nginx::start(), squid(&place, port, rotate));
    let daemon = place.start();
    let answered = under_load(
        |round| ask_squid(port, origin.port, round),
        || {
            for _ in 0..ROTATIONS {
                sleep(BETWEEN);
                rotates(&place);
            }
        },
    );
    server.stop();
    // It logs a connection without a request: that of [`Server::start`], which sees whether it listens.
    rotated_exactly(&place, daemon, answered + 1, "");
}

/// What `squid -k rotate` is told by: its configuration says where its process is written down.
const SQUID_ROTATES: &str = "squid -k rotate -f PLACE/squid.conf";

#[test]
fn squid_rotates_itself() {
    squid_rotated(10, |place| {
        let command = SQUID_ROTATES.replace("PLACE", &place.path().display().to_string());
        let status = Command::new("sh").args(["-c", &command]).env("PATH", path()).status().expect("sh");
        assert!(status.success(), "{command}");
    });
}

#[test]
fn squid_under_create() {
    squid_rotated(0, |place| {
        logrotate(place, &format!("{}\npostrotate\n{SQUID_ROTATES}\nendscript", create(place)));
    });
}

/// Programs of administrators are in sbin, which is not on everyone's path.
fn path() -> String {
    format!("{}:/usr/sbin", std::env::var("PATH").unwrap_or_default())
}
