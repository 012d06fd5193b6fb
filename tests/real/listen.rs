//! A real rsyslogd and a real syslog-ng send a log to `outflow watch`, over UDP, TCP in both framings, and TLS: every line counts
//! once.

use crate::daemon::{Place, Volumes};
use crate::programs::borrow_syslog_ng;
use crate::servers::{Server, free_port, give_to_servers, signed_certificate};
use std::fmt::Write as _;
use std::fs;
use std::net::{Ipv4Addr, TcpStream};
use std::path::Path;

/// Lines of the log that is sent.
const LINES: usize = 400;

/// Zeek's conn.log in JSON, of three hosts.
fn log() -> String {
    (0..LINES).fold(String::new(), |mut log, number| {
        let _ = writeln!(
            log,
            "{{\"ts\":{}.5,\"uid\":\"C{number}\",\"id.orig_h\":\"10.0.0.{}\",\"id.orig_p\":{},\"id.resp_h\":\"192.0.2.7\",\
             \"id.resp_p\":443,\"proto\":\"tcp\",\"duration\":1.0,\"orig_bytes\":{},\"resp_bytes\":6,\"conn_state\":\"SF\"}}",
            1_680_000_000 + number,
            1 + number % 3,
            10_000 + number,
            1_000 + number * number,
        );
        log
    })
}

/// Listeners by name, and the ports at which they listen.
struct Ports {
    udp: u16,
    tcp: u16,
    tls: u16,
}

/// Listens in three ways to each of these.
fn listeners(senders: &[&str]) -> (String, Vec<Ports>) {
    let mut config = String::new();
    let ports: Vec<Ports> =
        senders.iter().map(|_| Ports { udp: free_port(), tcp: free_port(), tls: free_port() }).collect();
    for (name, Ports { udp, tcp, tls }) in senders.iter().zip(&ports) {
        for (scheme, port) in [("udp", udp), ("tcp", tcp), ("tls", tls)] {
            let _ = writeln!(
                config,
                "[[listen]]\nname = \"{name}-{scheme}\"\nsyslog = \"{scheme}://127.0.0.1:{port}\""
            );
            if scheme == "tls" {
                config.push_str("cert = \"cert.pem\"\nkey = \"key.pem\"\n");
            }
        }
    }
    (config, ports)
}

/// Sends the file over UDP, TCP with newlines, TCP with lengths, and TLS.
fn rsyslog(dir: &Path, Ports { udp, tcp, tls }: &Ports) -> Server {
    let path = dir.display();
    let to = |port: &u16, more: &str| {
        format!(
            "action(type=\"omfwd\" target=\"127.0.0.1\" port=\"{port}\" template=\"RSYSLOG_SyslogProtocol23Format\" \
             queue.type=\"LinkedList\" {more})\n"
        )
    };
    let tls_options = "protocol=\"tcp\" TCP_Framing=\"octet-counted\" StreamDriver=\"gtls\" StreamDriverMode=\"1\" \
                       StreamDriverAuthMode=\"x509/name\" StreamDriverPermittedPeers=\"localhost\"";
    let config = format!(
        "global(workDirectory=\"{path}/tmp\" maxMessageSize=\"64k\" DefaultNetstreamDriverCAFile=\"{path}/ca.pem\")\n\
         module(load=\"imfile\" mode=\"polling\" pollingInterval=\"1\")\n\
         ruleset(name=\"all\") {{\n{}{}{}{}}}\n\
         input(type=\"imfile\" file=\"{path}/conn.log\" tag=\"zeek:\" ruleset=\"all\")\n",
        to(udp, "protocol=\"udp\" UDP.SendDelay=\"500\""),
        to(tcp, "protocol=\"tcp\" TCP_Framing=\"traditional\""),
        to(tcp, "protocol=\"tcp\" TCP_Framing=\"octet-counted\""),
        to(tls, tls_options),
    );
    fs::write(dir.join("rsyslog.conf"), config).expect("rsyslog.conf");
    let conf = dir.join("rsyslog.conf").display().to_string();
    Server::start("rsyslogd", &["-n", "-f", &conf, "-i", "NONE"], "TERM", dir, &[])
}

/// Sends the file over UDP and TCP as RFC 3164 has it, over TCP as RFC 5424 does, and over TLS.
fn syslog_ng(dir: &Path, Ports { udp, tcp, tls }: &Ports) -> Server {
    let path = dir.display();
    let config = format!(
        "@version: 3.38\noptions {{ stats-freq(0); }};\n\
         source s {{ file(\"{path}/conn.log\" flags(no-parse) read-old-records(yes) follow-freq(1) program-override(\"zeek\")); }};\n\
         destination udp {{ network(\"127.0.0.1\" port({udp}) transport(\"udp\")); }};\n\
         destination tcp {{ network(\"127.0.0.1\" port({tcp}) transport(\"tcp\")); }};\n\
         destination counted {{ syslog(\"127.0.0.1\" port({tcp}) transport(\"tcp\") persist-name(\"counted\")); }};\n\
         destination tls {{ syslog(\"127.0.0.1\" port({tls}) transport(\"tls\") tls(ca-file(\"{path}/ca.pem\"))); }};\n\
         log {{ source(s); destination(tcp); destination(counted); destination(tls); }};\n\
         log {{ source(s); destination(udp); flags(flow-control); }};\n"
    );
    fs::write(dir.join("syslog-ng.conf"), config).expect("syslog-ng.conf");
    let mut args = borrow_syslog_ng(dir);
    args.extend(["-F", "--no-caps"].map(str::to_owned));
    for (option, file) in
        [("-f", "syslog-ng.conf"), ("-R", "tmp/persist"), ("-p", "tmp/pid"), ("-c", "tmp/control")]
    {
        args.extend([option.to_owned(), dir.join(file).display().to_string()]);
    }
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    Server::start("env", &args, "TERM", dir, &[])
}

#[test]
fn what_rsyslog_and_syslog_ng_send_counts_once() {
    let (config, ports) = listeners(&["rsyslog", "syslog-ng"]);
    let place = Place::listening(&config);
    let dir = place.path();
    fs::write(dir.join("conn.log"), log()).expect("conn.log");
    signed_certificate(dir, "localhost");
    for name in ["ca.pem", "cert.pem", "key.pem", "conn.log"] {
        give_to_servers(&dir.join(name));
    }
    let daemon = place.start();
    let listens = |port: u16| TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_ok();
    daemon.wait_until("it listens", || ports.iter().all(|ports| listens(ports.tls)));
    let of_file = place.read(&[dir.join("conn.log")]);
    let times = |count: u64| -> Volumes {
        of_file.iter().map(|(pair, sums)| (pair.clone(), sums.map(|sum| sum * count))).collect()
    };
    // Each sends it in four ways.
    let rsyslog = rsyslog(dir, &ports[0]);
    daemon.wait_until("all that rsyslog sent is counted", || place.kept() == times(4));
    rsyslog.stop();
    let syslog_ng = syslog_ng(dir, &ports[1]);
    daemon.wait_until("all that syslog-ng sent is counted", || place.kept() == times(8));
    syslog_ng.stop();
    place.holds(daemon, &times(8));
}
