//! rsyslog between a server and its file: HAProxy sends to it, nginx's file is followed by it, and it writes the file
//! templates that are found in the field. What is inside must read as it does outside.

use crate::capture::Capture;
use crate::checks;
use crate::client::{body, curl_expecting};
use crate::nginx;
use crate::outflow::{Format, outflow};
use crate::servers::{Nginx, Server, folder, free_port, read, wait_until};
use serde_json::Value;
use std::fs;
use std::net::{Ipv4Addr, UdpSocket};
use std::path::Path;
use std::sync::LazyLock;

/// What `/var/log` holds as Debian 11 wrote it, as it does since Debian 12, and RFC 5424.
const TEMPLATES: [&str; 3] =
    ["RSYSLOG_TraditionalFileFormat", "RSYSLOG_FileFormat", "RSYSLOG_SyslogProtocol23Format"];

const CLIENTS: [&str; 2] = ["127.0.95.1", "127.0.95.2"];

/// To each of HAProxy's frontends: a download and an upload of each client.
const REQUESTS: usize = 4;

struct Run {
    /// HAProxy's lines as it sent them, and in each template.
    haproxy: (Capture, [Capture; 3]),
    /// HAProxy's lines without a layout, in each template.
    bare: [Capture; 3],
    nginx: [Capture; 3],
}

static RUN: LazyLock<Run> = LazyLock::new(|| {
    let (dir, nginx) = (folder(), Nginx::start());
    let (syslog, alive, http, bare) = (free_port(), free_port(), free_port(), free_port());
    let path = dir.path().display();
    let rulesets: String = ["http", "bare", "nginx"]
        .iter()
        .map(|name| {
            let actions: String = TEMPLATES
                .iter()
                .map(|template| {
                    format!(
                        " action(type=\"omfile\" file=\"{path}/{name}.{template}\" template=\"{template}\")\n"
                    )
                })
                .collect();
            format!("ruleset(name=\"{name}\") {{\n{actions}}}\n")
        })
        .collect();
    let config = format!(
        "global(workDirectory=\"{path}/tmp\" maxMessageSize=\"64k\")\nmodule(load=\"imudp\")\nmodule(load=\"imtcp\")\n\
         module(load=\"imfile\" mode=\"polling\" pollingInterval=\"1\")\n{rulesets}\
         ruleset(name=\"haproxy\") {{\n if $syslogfacility-text == \"local0\" then call http\n else call bare\n}}\n\
         input(type=\"imudp\" address=\"127.0.0.1\" port=\"{syslog}\" ruleset=\"haproxy\")\n\
         input(type=\"imtcp\" address=\"127.0.0.1\" port=\"{alive}\" ruleset=\"haproxy\")\n\
         input(type=\"imfile\" file=\"{path}/nginx.log\" tag=\"nginx:\" ruleset=\"nginx\")\n"
    );
    fs::write(dir.path().join("rsyslog.conf"), config).expect("rsyslog.conf");
    let conf = dir.path().join("rsyslog.conf").display().to_string();
    let args = ["-n", "-f", &conf, "-i", "NONE"];
    let rsyslog = Server::start("rsyslogd", &args, "TERM", dir.path(), &[alive]);

    let plain = nginx::captures()[0];
    fs::write(dir.path().join("nginx.log"), &plain.log).expect("nginx.log");
    let raw = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port for the log");
    raw.set_nonblocking(true).expect("a socket that does not wait");
    let sent_to = raw.local_addr().expect("an address");
    let config = format!(
        "global\n maxconn 100\ndefaults\n mode http\n timeout client 20s\n timeout server 20s\n timeout connect 5s\n\
         backend web\n server web-01 127.0.0.1:{}\n\
         frontend http\n bind 127.0.0.1:{http}\n log 127.0.0.1:{syslog} local0\n log {sent_to} format raw local0\n\
          option httplog\n default_backend web\n\
         frontend bare\n bind 127.0.0.1:{bare}\n log 127.0.0.1:{syslog} local1\n default_backend web\n",
        nginx.port
    );
    fs::write(dir.path().join("haproxy.cfg"), config).expect("haproxy.cfg");
    let haproxy = Server::start("haproxy", &["-db", "-f", "haproxy.cfg"], "USR1", dir.path(), &[http, bare]);
    let files = tempfile::tempdir().expect("a folder for bodies");
    let file = body(files.path(), 100_000);
    for port in [http, bare] {
        for (number, client) in CLIENTS.iter().enumerate() {
            let at = |path: &str| format!("http://127.0.0.1:{port}{path}");
            curl_expecting(200, &["--interface", client, &at("/million.bin")]);
            curl_expecting(201, &["--interface", client, "-T", &file, &at(&format!("/put/{port}-{number}"))]);
        }
    }
    haproxy.stop();
    let lines = |name: &str, count: usize| wait_for_lines(dir.path(), name, count);
    let sent = datagrams(&raw);
    lines("http", sent.iter().filter(|&&byte| byte == b'\n').count());
    // Beside the requests: the test that asked whether it was up.
    lines("bare", REQUESTS + 1);
    lines("nginx", plain.lines().len());
    rsyslog.stop();
    let within = |of: &'static str, format: &str, like: &Capture| {
        TEMPLATES.map(|template| Capture {
            name: of,
            format: format.into(),
            log: read(&dir, &format!("{of}.{template}")),
            ..like.clone()
        })
    };
    let outside = Capture { name: "http", format: "haproxy".into(), log: sent, ..plain.clone() };
    Run {
        nginx: within("nginx", "syslog+nginx", plain),
        bare: within("bare", "syslog+haproxy:connect", &outside),
        haproxy: (outside.clone(), within("http", "syslog+haproxy", &outside)),
    }
});

/// Waits until each file of `name` has `count` lines.
fn wait_for_lines(dir: &Path, name: &str, count: usize) {
    for template in TEMPLATES {
        let path = dir.join(format!("{name}.{template}"));
        let lines = || fs::read(&path).map_or(0, |log| log.iter().filter(|&&byte| byte == b'\n').count());
        wait_until(&format!("{} has {count} lines", path.display()), || lines() >= count);
    }
}

/// What HAProxy sent, a line each; nothing more will come, as the sender is gone.
fn datagrams(socket: &UdpSocket) -> Vec<u8> {
    let (mut log, mut buffer) = (Vec::new(), vec![0; 65_536]);
    while let Ok(size) = socket.recv(&mut buffer) {
        log.extend_from_slice(buffer[..size].trim_ascii_end());
        log.push(b'\n');
    }
    log
}

/// The events of a log, without the host that syslog adds.
fn inside(capture: &Capture) -> Vec<Value> {
    let mut events = checks::events(capture);
    for event in &mut events {
        event.as_object_mut().expect("an object").remove("observer");
    }
    events
}

#[test]
fn what_rsyslog_wrote_reads_as_it_did_before() {
    let plain = nginx::captures()[0];
    for (outside, enveloped) in [(plain, &RUN.nginx), (&RUN.haproxy.0, &RUN.haproxy.1)] {
        let expected = inside(outside);
        assert!(expected.len() >= REQUESTS, "{}", outside.name);
        for (capture, template) in enveloped.iter().zip(TEMPLATES) {
            let found = inside(capture);
            assert_eq!(found.len(), expected.len(), "{} {template}", capture.name);
            for (found, expected) in found.iter().zip(&expected) {
                assert_eq!(found, expected, "{} {template}", capture.name);
            }
        }
    }
}

#[test]
fn the_envelope_is_found_out() {
    for (captures, format) in [(&RUN.nginx, "nginx"), (&RUN.haproxy.1, "haproxy"), (&RUN.bare, "haproxy")] {
        for capture in captures {
            let answer = outflow(&["scan"], capture, Format::Detected);
            let source = answer.rows.iter().find(|row| row["type"] == "source");
            let source = source.unwrap_or_else(|| panic!("{}: {}", capture.name, answer.errors));
            assert_eq!((&source["format"], checks::rejected(source)), (&format.into(), 0), "{source}");
        }
    }
}

/// Without a layout HAProxy says who came, in a line whose only stamp is syslog's: no bytes, and that is said.
#[test]
fn haproxy_without_a_layout_is_blind() {
    for capture in &RUN.bare {
        let answer = outflow(&["scan"], capture, Format::Detected);
        let source = answer.rows.iter().find(|row| row["type"] == "source").expect("a source line");
        assert!(source["blind"].as_str().is_some_and(|blind| blind.contains("option httplog")), "{source}");
        let events = checks::events(capture);
        assert!(events.iter().all(|event| event.pointer("/destination/bytes").is_none()), "{events:?}");
        let of_clients = |event: &&Value| {
            let client = event.pointer("/source/ip").and_then(Value::as_str);
            client.is_some_and(|client| CLIENTS.contains(&client))
        };
        assert_eq!(events.iter().filter(of_clients).count(), REQUESTS, "{events:?}");
    }
}
