//! BIND, Unbound and dnsmasq as resolvers, asked by dig for names that carry data: their query logs.
//!
//! DNS logs count no bytes: what leaves is what stands left of the registered domain, so the checks of the other servers
//! do not fit, and each query is held against the name that dig was told to ask.

use crate::capture::{Capture, Line, Watched};
use crate::outflow::{Format, outflow};
use crate::servers::{Server, folder, free_port, read};
use serde_json::Value;
use std::path::Path;
use std::process::Command;
use std::sync::LazyLock;
use std::{fs, thread, time::Duration};

/// Who asks for what, and the bytes left of the registered domain.
const QUERIES: [(&str, &str, &str, u64); 6] = [
    ("127.0.60.1", "TXT", "0123456789abcdef0123456789abcdef.tunnel.example", 32),
    ("127.0.60.1", "TXT", "0123456789abcdef.fedcba9876543210.tunnel.example", 32),
    ("127.0.60.2", "A", "www.tunnel.example", 3),
    ("127.0.60.2", "AAAA", "tunnel.example", 0),
    ("127.0.60.3", "HTTPS", "MiXed.tunnel.example", 5),
    ("127.0.60.3", "MX", "x-1_2.tunnel.example", 5),
];

struct Run {
    bind: Capture,
    unbound: Capture,
    replies: Capture,
    dnsmasq: Capture,
}

static RUN: LazyLock<Run> = LazyLock::new(|| Run {
    bind: capture("bind-query", "bind-query", bind()),
    unbound: capture("unbound-queries", "unbound", unbound("log-queries: yes\n log-replies: yes")),
    replies: capture("unbound-replies", "unbound:replies", unbound("log-replies: yes")),
    dnsmasq: capture("dnsmasq-queries", "dnsmasq", dnsmasq()),
});

fn capture(name: &'static str, format: &str, log: Vec<u8>) -> Capture {
    let read: fn(&str) -> Line = |line| panic!("a DNS log is not read so: {line}");
    Capture { name, format: format.into(), watched: Watched::Clients, log, read }
}

/// Asks a resolver everything, each client from its own address; the last by TCP.
fn ask(port: u16) {
    for (number, (client, kind, name, _)) in QUERIES.iter().enumerate() {
        let mut dig = Command::new("dig");
        dig.args(["+tries=1", "+time=5", "+noidnin", "-b", client, "-p", &port.to_string(), "@127.0.0.1"]);
        if number + 1 == QUERIES.len() {
            dig.arg("+tcp");
        }
        let status = dig.args([name, kind]).output().expect("dig (bind9-dnsutils) runs").status;
        assert!(status.success(), "dig {name} {kind}: {status}");
    }
    // A log that is written with a delay.
    thread::sleep(Duration::from_millis(200));
}

fn bind() -> Vec<u8> {
    let (dir, port) = (folder(), free_port());
    let path = dir.path().display();
    let zone = "$TTL 60\n@ IN SOA ns1 root 1 60 60 60 60\n@ IN NS ns1\nns1 IN A 127.0.0.1\n* IN TXT \"ok\"\n";
    write(dir.path(), "zone", zone);
    let config = format!(
        "options {{ directory \"{path}\"; listen-on port {port} {{ 127.0.0.1; }}; listen-on-v6 {{ none; }};\n\
         recursion no; pid-file none; session-keyfile none; dnssec-validation no; }};\ncontrols {{ }};\n\
         logging {{ channel queries {{ file \"query.log\"; print-time yes; print-category yes; print-severity yes; }};\n\
         category queries {{ queries; }}; }};\nzone \"tunnel.example\" {{ type primary; file \"zone\"; }};\n"
    );
    write(dir.path(), "named.conf", &config);
    let server = Server::start("named", &["-f", "-c", "named.conf"], "TERM", dir.path(), &[port]);
    ask(port);
    server.stop();
    read(&dir, "query.log")
}

fn unbound(log: &str) -> Vec<u8> {
    let (dir, port) = (folder(), free_port());
    let path = dir.path().display();
    let config = format!(
        "server:\n interface: 127.0.0.1@{port}\n do-daemonize: no\n username: \"\"\n chroot: \"\"\n directory: \"{path}\"\n \
         pidfile: \"\"\n logfile: \"{path}/queries.log\"\n use-syslog: no\n {log}\n module-config: \"iterator\"\n \
         local-zone: \"tunnel.example.\" redirect\n local-data: \"tunnel.example. 60 IN TXT ok\"\n"
    );
    write(dir.path(), "unbound.conf", &config);
    let server = Server::start("unbound", &["-d", "-c", "unbound.conf"], "TERM", dir.path(), &[port]);
    ask(port);
    server.stop();
    read(&dir, "queries.log")
}

fn dnsmasq() -> Vec<u8> {
    let (dir, port) = (folder(), free_port());
    let path = dir.path().display();
    let config = format!(
        "port={port}\nlisten-address=127.0.0.1\nbind-interfaces\nno-resolv\nno-hosts\nlog-queries\nuser=\npid-file=\n\
         log-facility={path}/queries.log\naddress=/tunnel.example/192.0.2.1\n"
    );
    write(dir.path(), "dnsmasq.conf", &config);
    let server = Server::start("dnsmasq", &["-k", "-C", "dnsmasq.conf"], "TERM", dir.path(), &[port]);
    ask(port);
    server.stop();
    read(&dir, "queries.log")
}

fn write(dir: &Path, name: &str, text: &str) {
    fs::write(dir.join(name), text).unwrap_or_else(|error| panic!("{name}: {error}"));
}

/// The logs of the run.
pub(crate) fn captures() -> [&'static Capture; 4] {
    [&RUN.bind, &RUN.unbound, &RUN.replies, &RUN.dnsmasq]
}

/// Every query that was asked is told once, by client, type and name, with the bytes it carries out; nothing else is.
#[test]
fn queries_are_what_was_asked() {
    for capture in captures() {
        for format in [Format::Given, Format::Detected] {
            let answer = outflow(&["parse"], capture, format);
            let text = |row: &Value, path: &str| row.pointer(path).and_then(Value::as_str).map(str::to_owned);
            let rows = answer.rows.iter().filter(|row| row.get("@timestamp").is_some());
            let told: Vec<_> = rows
                .map(|row| {
                    let part = |path| text(row, path).unwrap_or_else(|| panic!("{path}: {row}"));
                    let name = part("/dns/question/name").to_ascii_lowercase();
                    let out = row.pointer("/outflow/bytes_out").and_then(Value::as_u64);
                    (part("/source/ip"), part("/dns/question/type"), name, out)
                })
                .collect();
            let asked: Vec<_> = QUERIES
                .iter()
                .map(|(client, kind, name, out)| {
                    ((*client).to_owned(), (*kind).to_owned(), name.to_ascii_lowercase(), Some(*out))
                })
                .collect();
            assert_eq!(told, asked, "{}: {}", capture.name, answer.errors);
        }
    }
}

/// What else stands in these logs (starts, replies) is left out and not taken for damage.
#[test]
fn nothing_in_a_dns_log_is_rejected() {
    for capture in captures() {
        let answer = outflow(&["scan"], capture, Format::Detected);
        let source = answer.rows.iter().find(|row| row["type"] == "source").expect("a source line");
        assert_eq!(source["events"], QUERIES.len(), "{}: {source}", capture.name);
        let rejected = source["rejected"].as_object().map_or(0, |by_reason| by_reason.len());
        assert_eq!(rejected, 0, "{}: {source}", capture.name);
    }
}
