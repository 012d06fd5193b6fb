//! HAProxy in front of nginx: `httplog`, `tcplog`, and a `log-format` with the bytes of both directions.

use crate::capture::{Capture, Driven, Line, Watched, quoted_parts};
use crate::checks;
use crate::client::{body, curl, curl_expecting, send, take_and_hang_up};
use crate::outflow::{Format, outflow};
use crate::servers::{Nginx, Server, folder, free_port};
use jiff::Timestamp;
use std::net::{Ipv4Addr, UdpSocket};
use std::sync::LazyLock;

/// `httplog` has what went to the client; this has what came from it, too.
const UPLOAD: &str =
    "%ci:%cp [%tr] %ft %b/%s %TR/%Tw/%Tc/%Tr/%Ta %ST %B %U %tsc %ac/%fc/%bc/%sc/%rc %sq/%bq %{+Q}r";

/// A frontend of its own for each layout, all to the same nginx.
const FRONTENDS: [(&str, &str); 3] = [
    ("http", "mode http\n option httplog"),
    ("tcp", "mode tcp\n option tcplog"),
    ("upload", "mode http\n log-format \"{UPLOAD}\""),
];

struct Run {
    http: Capture,
    tcp: Capture,
    upload: Capture,
    /// The clients of each frontend, as they stand in [`FRONTENDS`].
    driven: [Vec<Driven>; 3],
}

static RUN: LazyLock<Run> = LazyLock::new(|| {
    let (dir, nginx) = (folder(), Nginx::start());
    let ports = FRONTENDS.map(|_| free_port());
    let listeners = FRONTENDS.map(|_| UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port for the log"));
    let mut config = format!(
        "global\n maxconn 100\ndefaults\n timeout client 20s\n timeout server 20s\n timeout connect 5s\n\
         backend web\n mode http\n server web-01 127.0.0.1:{}\nbackend raw\n mode tcp\n server web-01 127.0.0.1:{}\n",
        nginx.port, nginx.port
    );
    for (((name, mode), port), listener) in FRONTENDS.iter().zip(ports).zip(&listeners) {
        let log = listener.local_addr().expect("an address");
        let backend = if *name == "tcp" { "raw" } else { "web" };
        let mode = mode.replace("{UPLOAD}", UPLOAD);
        config += &format!(
            "frontend {name}\n bind 127.0.0.1:{port}\n log {log} len 16384 format raw local0\n {mode}\n default_backend {backend}\n"
        );
    }
    std::fs::write(dir.path().join("haproxy.cfg"), config).expect("haproxy.cfg");
    let server = Server::start("haproxy", &["-db", "-f", "haproxy.cfg"], "USR1", dir.path(), &ports);
    let driven = ports.map(drive);
    server.stop();
    let [http, tcp, upload] = listeners.map(|listener| datagrams(&listener));
    let capture = |name, format: &str, log, read| Capture {
        name,
        format: format.into(),
        watched: Watched::Server("web-01"),
        log,
        read,
    };
    Run {
        http: capture("haproxy-http", "haproxy", http, http_line),
        tcp: capture("haproxy-tcp", "haproxy", tcp, tcp_line),
        upload: capture("haproxy-upload", &format!("haproxy:{UPLOAD}"), upload, upload_line),
        driven,
    }
});

/// What came, a line each; nothing more will, as the sender is gone. Its notices (`Proxy http stopped`) are left out.
fn datagrams(socket: &UdpSocket) -> Vec<u8> {
    socket.set_nonblocking(true).expect("a socket that does not wait");
    let (mut log, mut buffer) = (Vec::new(), vec![0; 65_536]);
    while let Ok(size) = socket.recv(&mut buffer) {
        let line = buffer[..size].trim_ascii_end();
        if !line.starts_with(b"Proxy ") {
            log.extend_from_slice(line);
            log.push(b'\n');
        }
    }
    log
}

fn drive(port: u16) -> Vec<Driven> {
    let files = tempfile::tempdir().expect("a folder for bodies");
    let at = |path: &str| format!("http://127.0.0.1:{port}{path}");
    let mut driven = Vec::new();

    let mut down = Driven::by("127.0.40.1");
    for path in ["/empty.bin", "/one.bin", "/million.bin", "/text.txt"] {
        down.add(curl_expecting(200, &["--interface", down.client, &at(path)]));
    }
    down.add_all(curl(&["--interface", down.client, &at("/one.bin"), &at("/missing"), &at("/index.html")])); // keep-alive
    down.add(curl_expecting(500, &["--interface", down.client, &at("/broken")]));
    driven.push(down);

    let mut up = Driven::by("127.0.41.1");
    for size in [1, 1_000_000, 3_000_000] {
        let file = body(files.path(), size);
        up.add(curl_expecting(
            201,
            &["--interface", up.client, "-T", &file, &at(&format!("/put/{port}-{size}"))],
        ));
    }
    driven.push(up);

    for target in ["/a%20b?q=%22x%22", "/a\"b", "/smörgås/☃", "/one.bin?a=[1]&b={2}|c"] {
        curl(&["--interface", "127.0.42.1", "--request-target", target, &at("/")]);
    }
    send(port, b"no such request\r\n\r\n");
    send(port, b"PUT /put/cut HTTP/1.1\r\nHost: x\r\nContent-Length: 500000\r\n\r\ncut short");
    take_and_hang_up(port, b"GET /ten-million.bin HTTP/1.1\r\nHost: x\r\n\r\n", 50_000);
    driven
}

/// What all layouts begin with: the client, its port, and the stamp in brackets, in UTC here. The rest is counted in words.
fn head(line: &str) -> (Line, Vec<&str>) {
    let words: Vec<&str> = line.split(' ').collect();
    let (client, _port) = words[0].rsplit_once(':').expect("an address and a port");
    let (stamp, milliseconds) = words[1].trim_matches(['[', ']']).split_once('.').expect("milliseconds");
    let seconds = Line::clf_time(&format!("{stamp} +0000")).as_millisecond();
    let milliseconds: i64 = milliseconds.parse().expect("milliseconds");
    let line = Line {
        client: client.into(),
        time: Timestamp::from_millisecond(seconds + milliseconds).expect("a time"),
        status: None,
        bytes_back: None,
        bytes_sent: None,
        method: None,
        agent: None,
    };
    (line, words)
}

/// Reads a line of `httplog`.
fn http_line(line: &str) -> Line {
    let (head, words) = head(line);
    Line {
        status: words[5].parse().ok(),
        bytes_back: words[6].parse().ok(),
        method: Line::method_of(&quoted_parts(line)[1]),
        ..head
    }
}

/// Reads a line of `tcplog`.
fn tcp_line(line: &str) -> Line {
    let (head, words) = head(line);
    Line { bytes_back: words[5].parse().ok(), ..head }
}

/// Reads a line of [`UPLOAD`].
fn upload_line(line: &str) -> Line {
    let (_, words) = head(line);
    Line { bytes_sent: words[7].parse().ok(), ..http_line(line) }
}

/// The logs of the run.
pub(crate) fn captures() -> [&'static Capture; 3] {
    [&RUN.http, &RUN.tcp, &RUN.upload]
}

#[test]
fn volumes_are_what_haproxy_logged() {
    for capture in captures() {
        checks::volumes_are_what_was_logged(capture, Format::Given);
    }
}

#[test]
fn haproxy_defaults_need_no_format() {
    checks::volumes_are_what_was_logged(&RUN.http, Format::Detected);
    checks::volumes_are_what_was_logged(&RUN.tcp, Format::Detected);
}

/// What a string of the operator's counts cannot be told from the lines: the error says what to pass.
#[test]
fn haproxy_strings_are_asked_for() {
    let answer = outflow(&["volumes"], &RUN.upload, Format::Detected);
    assert_eq!(answer.exit_code, Some(2), "{}", answer.errors);
    for advice in ["--format 'haproxy:%ci:%cp [%tr]", "%B %U", "--format-from haproxy.cfg"] {
        assert!(answer.errors.contains(advice), "{advice}: {}", answer.errors);
    }
}

#[test]
fn haproxy_logs_what_was_driven() {
    for (capture, driven) in captures().into_iter().zip(&RUN.driven) {
        checks::log_holds_what_was_driven(capture, driven);
    }
}

#[test]
fn parse_reads_what_haproxy_logged() {
    for capture in captures() {
        checks::parse_reads_what_was_logged(capture);
    }
}

#[test]
fn scan_accounts_for_every_line_of_haproxy() {
    for capture in captures() {
        checks::scan_accounts_for_every_line(capture, None);
    }
}
