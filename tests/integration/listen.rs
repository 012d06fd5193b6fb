//! What comes in over sockets and standard input gives the answers of one scan of all that was sent.

use crate::outflow::{feed, run};
use crate::ports::free_port;
use crate::watch::{Place, estate, signal};
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs::{self, OpenOptions};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

#[test]
fn standard_input_is_a_stream() {
    let (header, rows) = estate();
    let place = Place::new();
    let text = header + &rows.concat();
    // In pieces that end anywhere.
    let pieces: Vec<&[u8]> = text.as_bytes().chunks(100_003).collect();
    let watched = feed(&["watch", "--store", &place.store(), "-"], &pieces);
    assert_eq!(watched.code, 1, "it ends with its input: {}", watched.stderr);
    assert!(!watched.rows("incident").is_empty());
    place.answers_as(&text);
}

/// A daemon that listens to syslog over TCP and UDP, and keeps little.
struct Daemon<'p> {
    place: &'p Place,
    port: u16,
    http: u16,
    child: Option<Child>,
}

impl<'p> Daemon<'p> {
    fn new(place: &'p Place) -> Daemon<'p> {
        let (port, http) = (free_port(), free_port());
        let mut daemon = Daemon { place, port, http, child: None };
        daemon.configure("");
        daemon.start();
        daemon
    }

    /// What it listens to, where it serves, and this.
    fn configure(&self, more: &str) {
        let Daemon { port, http, .. } = self;
        let config = format!(
            "[[listen]]\nname = \"tcp\"\nsyslog = \"tcp://127.0.0.1:{port}\"\n\
             [[listen]]\nname = \"udp\"\nsyslog = \"udp://127.0.0.1:{port}\"\n\
             [limits]\nspool = \"4MB\"\n[http]\nbind = \"127.0.0.1:{http}\"\n[store]\ncommit_every = \"100ms\"\n{more}"
        );
        fs::write(self.place.folder.path().join("outflow.toml"), config).unwrap();
    }

    /// Has it read its configuration again.
    fn reload(&self) {
        let times = |daemon: &Daemon<'_>| daemon.place.said().matches("onfiguration").count();
        let before = times(self);
        signal(self.child.as_ref().unwrap(), "-HUP");
        self.wait_for(|daemon| times(daemon) > before);
    }

    fn start(&mut self) {
        let said = OpenOptions::new().create(true).append(true).open(self.place.folder.path().join("said"));
        let config = self.place.folder.path().join("outflow.toml");
        let child = Command::new(env!("CARGO_BIN_EXE_outflow"))
            .args(["watch", "--store", &self.place.store(), "-c", &config.to_string_lossy()])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(said.unwrap())
            .spawn();
        self.child = Some(child.unwrap());
        // Its web server answers before its sockets are bound.
        self.wait_for(|daemon| daemon.page("/readyz").ends_with("ready\n"));
    }

    fn wait_for(&self, what: impl Fn(&Daemon<'_>) -> bool) {
        for _ in 0..3000 {
            if what(self) {
                return;
            }
            sleep(Duration::from_millis(10));
        }
        panic!("never: {}\n{}", self.page("/metrics"), self.place.said());
    }

    fn page(&self, path: &str) -> String {
        let Ok(mut stream) = TcpStream::connect(("127.0.0.1", self.http)) else { return String::new() };
        let mut page = String::new();
        let asked = write!(stream, "GET {path} HTTP/1.0\r\n\r\n");
        asked.and_then(|()| stream.read_to_string(&mut page)).map(|_| page).unwrap_or_default()
    }

    fn metric(&self, name: &str) -> Option<f64> {
        let page = self.page("/metrics");
        page.lines().find_map(|line| line.strip_prefix(name)?.trim().parse().ok())
    }

    fn of(&self, listener: &str, name: &str) -> Option<f64> {
        self.metric(&format!("outflow_listener_{name}{{listener=\"{listener}\"}}"))
    }

    /// Until so many messages were taken since the start, and stand in files.
    fn taken(&self, listener: &str, messages: usize) {
        self.wait_for(|daemon| {
            daemon.of(listener, "messages_total") == Some(messages as f64)
                && daemon.of(listener, "unwritten_bytes") == Some(0.0)
        });
    }

    fn end(&mut self, name: &str) -> Option<i32> {
        let mut child = self.child.take().unwrap();
        signal(&child, name);
        child.wait().unwrap().code()
    }
}

impl Drop for Daemon<'_> {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

#[test]
fn what_syslog_brings_survives_kills_and_counts_once() {
    let (header, rows) = estate();
    let place = Place::new();
    let mut daemon = Daemon::new(&place);
    let all: Vec<&str> = header.split_inclusive('\n').chain(rows.iter().map(String::as_str)).collect();
    let size = all.len().div_ceil(12);
    for (number, batch) in all.chunks(size).enumerate() {
        let mut stream = TcpStream::connect(("127.0.0.1", daemon.port)).unwrap();
        stream.write_all(batch.concat().as_bytes()).unwrap();
        drop(stream);
        daemon.taken("tcp", batch.len());
        // Killed with what came in unread, half read, or written down.
        sleep(Duration::from_millis(number as u64 * 40));
        daemon.end("-KILL");
        daemon.start();
    }
    // Asked to stop, what came in last is kept too.
    let late = rows.last().unwrap().as_bytes();
    let mut stream = TcpStream::connect(("127.0.0.1", daemon.port)).unwrap();
    stream.write_all(late).unwrap();
    daemon.wait_for(|daemon| daemon.of("tcp", "messages_total") == Some(1.0));
    assert_eq!(daemon.end("-TERM"), Some(0), "{}", place.said());
    daemon.start();
    let lines = all.len() as f64 + 1.0;
    daemon.wait_for(|daemon| {
        daemon.metric("outflow_lines_total") == Some(lines) && daemon.metric("outflow_late_total").is_some()
    });
    assert_eq!(daemon.end("-TERM"), Some(0), "{}", place.said());
    let spool = place.folder.path().join("store/spool/tcp/127.0.0.1");
    let kept: Vec<_> = fs::read_dir(&spool).unwrap().collect();
    assert_eq!(kept.len(), 1, "what was read is removed: {kept:?}");
    place.answers_as(&(header.clone() + &rows.concat() + rows.last().unwrap()));
}

#[test]
fn metrics_and_sources_tell_of_listeners() {
    let place = Place::new();
    let daemon = Daemon::new(&place);
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let line = |ts: u32| {
        format!(
            "<134>1 - sensor zeek - - - {{\"ts\":{ts},\"uid\":\"C{ts}\",\"id.orig_h\":\"10.0.0.1\",\"id.orig_p\":1,\
             \"id.resp_h\":\"192.0.2.1\",\"id.resp_p\":443,\"proto\":\"tcp\",\"duration\":1,\"orig_bytes\":5,\"resp_bytes\":6}}"
        )
    };
    for number in 0..10 {
        socket.send_to(line(1_680_000_000 + number).as_bytes(), ("127.0.0.1", daemon.port)).unwrap();
    }
    socket.send_to(b"<134>1 - sensor zeek - - - {\"ts\":", ("127.0.0.1", daemon.port)).unwrap();
    daemon.taken("udp", 11);
    daemon.wait_for(|daemon| daemon.metric("outflow_lines_total") == Some(11.0));
    assert_eq!(daemon.metric("outflow_events_total"), Some(10.0), "{}", daemon.page("/metrics"));
    assert_eq!(daemon.of("udp", "senders"), Some(1.0));
    assert_eq!(daemon.metric("outflow_hosts"), Some(0.0), "no window is closed yet");
    assert!(daemon.metric("outflow_window_delay_seconds").unwrap() > 0.0, "{}", daemon.page("/metrics"));
    let rejected = daemon.page("/metrics");
    assert!(rejected.contains("outflow_rejected_total{reason="), "{rejected}");
    let page = daemon.page("/api/v1/sources");
    let sources: Value = serde_json::from_str(page.split_once("\r\n\r\n").unwrap().1).unwrap();
    let source = &sources["sources"][0];
    assert_eq!((&source["events"], &source["behind"]), (&10.into(), &0.into()), "{sources}");
    assert!(source["format"].as_str().unwrap().starts_with("zeek"), "{sources}");
    assert_eq!(sources["listeners"][1]["messages"], 11, "{sources}");
}

#[test]
fn a_reload_changes_listeners_outputs_and_the_web_server() {
    let (header, rows) = estate();
    let all = header + &rows.concat();
    let place = Place::new();
    let mut daemon = Daemon::new(&place);
    let send = |port: u16, text: &str| {
        let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
        stream.write_all(text.as_bytes()).unwrap();
    };
    // A line before the theft, so that there is a past.
    let (first, rest) = all.split_at(all[..all.len() / 2].rfind('\n').unwrap() + 1);
    send(daemon.port, first);
    daemon.taken("tcp", first.lines().count());
    // What cannot begin leaves everything as it was.
    let taken = TcpListener::bind(("127.0.0.1", free_port())).unwrap();
    let busy = taken.local_addr().unwrap();
    daemon.configure(&format!("[[listen]]\nname = \"busy\"\nsyslog = \"tcp://{busy}\"\n"));
    daemon.reload();
    assert!(place.said().contains("another program listens there"), "{}", place.said());
    assert!(TcpStream::connect(("127.0.0.1", daemon.port)).is_ok());
    // Another port to listen at, another to serve at, and an output.
    (daemon.port, daemon.http) = (free_port(), free_port());
    let told = place.folder.path().join("told.jsonl");
    daemon.configure(&format!("[[output]]\nname = \"told\"\njsonl = {:?}\n", told.display().to_string()));
    daemon.reload();
    daemon.wait_for(|daemon| daemon.page("/readyz").ends_with("ready\n"));
    send(daemon.port, rest);
    daemon.taken("tcp", rest.lines().count());
    daemon.wait_for(|daemon| daemon.metric("outflow_lines_total") == Some(all.lines().count() as f64));
    assert_eq!(daemon.end("-TERM"), Some(0), "{}", place.said());
    place.answers_as(&all);
    let kept = run(&["incidents", "--json", "--store", &place.store()]);
    let id = |row: &Value| row["id"].as_str().map(str::to_owned);
    let known: BTreeSet<_> = kept.rows("incident").iter().map(id).collect();
    let text = fs::read_to_string(told).unwrap();
    let told: BTreeSet<_> = text.lines().map(|line| id(&serde_json::from_str(line).unwrap())).collect();
    assert!(!told.is_empty() && told == known, "{told:?} {known:?} {}", kept.stderr);
}
