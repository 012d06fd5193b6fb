//! Caddy's JSON log, with nginx behind it for uploads.

use crate::capture::{Capture, Driven, Line, Watched};
use crate::checks;
use crate::client::{body, curl, curl_expecting, take_and_hang_up};
use crate::outflow::Format;
use crate::servers::{Nginx, Server, folder, free_port, read, website};
use jiff::Timestamp;
use serde_json::Value;
use std::sync::LazyLock;

/// Agents as they are sent.
const ODD_AGENTS: &[&str] = &["say \"hello\"", "back\\slash \\x41", "tab\there", "Größe/1.0 ☃", "a  b"];

static RUN: LazyLock<(Capture, Vec<Driven>)> = LazyLock::new(|| {
    let (dir, port, nginx) = (folder(), free_port(), Nginx::start());
    website(dir.path());
    let path = dir.path().display();
    let config = format!(
        "{{\n admin off\n auto_https off\n}}\nhttp://127.0.0.1:{port} {{\n log {{\n  output file {path}/access.log\n }}\n \
         root * {path}/www\n file_server\n reverse_proxy /put/* 127.0.0.1:{}\n}}\n",
        nginx.port
    );
    std::fs::write(dir.path().join("Caddyfile"), config).expect("Caddyfile");
    let args = ["run", "--config", "Caddyfile", "--adapter", "caddyfile"];
    let server = Server::start("caddy", &args, "TERM", dir.path(), &[port]);
    let driven = drive(port);
    server.stop();
    let log = read(&dir, "access.log");
    (
        Capture {
            name: "caddy",
            format: "caddy".into(),
            watched: Watched::Server("web-01"),
            log,
            read: json_line,
        },
        driven,
    )
});

fn drive(port: u16) -> Vec<Driven> {
    let files = tempfile::tempdir().expect("a folder for bodies");
    let at = |path: &str| format!("http://127.0.0.1:{port}{path}");

    let mut down = Driven::by("127.0.80.1");
    for path in ["/empty.bin", "/one.bin", "/million.bin", "/text.txt"] {
        down.add(curl_expecting(200, &["--interface", down.client, &at(path)]));
    }
    down.add_all(curl(&["--interface", down.client, &at("/one.bin"), &at("/missing"), &at("/one.bin")])); // keep-alive
    down.add(curl_expecting(206, &["--interface", down.client, "-r", "0-99", &at("/million.bin")]));

    let mut up = Driven::by("127.0.81.1");
    for size in [1, 1_000_000] {
        let file = body(files.path(), size);
        up.add(curl_expecting(201, &["--interface", up.client, "-T", &file, &at(&format!("/put/{size}"))]));
    }

    for (number, agent) in ODD_AGENTS.iter().enumerate() {
        let client = format!("127.0.83.{}", number + 1);
        curl_expecting(200, &["--interface", &client, "-A", agent, &at("/one.bin")]);
    }
    for target in ["/a%20b?q=%22x%22", "/a\"b", "/smörgås/☃", "/one.bin?a=[1]&b={2}|c"] {
        curl(&["--interface", "127.0.84.1", "--request-target", target, &at("/")]);
    }
    let whole = format!("GET /ten-million.bin HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n");
    take_and_hang_up(port, whole.as_bytes(), 50_000);
    vec![down, up]
}

fn json_line(line: &str) -> Line {
    let row: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
    let request = &row["request"];
    // As many digits as it takes, of which the program keeps six.
    let (_, stamp) = line.split_once("\"ts\":").expect("a stamp");
    let (seconds, fraction) =
        stamp.split(',').next().and_then(|text| text.split_once('.')).expect("a fraction");
    let micros = format!("{seconds}{:0<6.6}", fraction).parse().expect("digits");
    Line {
        client: request["remote_ip"].as_str().expect("a client").into(),
        time: Timestamp::from_microsecond(micros).expect("a time"),
        status: row["status"]
            .as_u64()
            .and_then(|status| status.try_into().ok())
            .filter(|&status: &u16| status != 0),
        bytes_back: row["size"].as_u64(),
        // Of version 2.7 and later.
        bytes_sent: row["bytes_read"].as_u64(),
        method: request["method"].as_str().map(str::to_owned),
        agent: request["headers"]["User-Agent"][0].as_str().map(str::to_owned),
    }
}

/// The log of the run.
pub(crate) fn captures() -> [&'static Capture; 1] {
    [&RUN.0]
}

#[test]
fn volumes_are_what_caddy_logged() {
    for format in [Format::Given, Format::Detected] {
        checks::volumes_are_what_was_logged(&RUN.0, format);
    }
    checks::log_holds_what_was_driven(&RUN.0, &RUN.1);
}

#[test]
fn parse_reads_what_caddy_logged() {
    checks::parse_reads_what_was_logged(&RUN.0);
    checks::agents_are_read_as_sent(&RUN.0, "127.0.83", ODD_AGENTS);
    checks::scan_accounts_for_every_line(&RUN.0, None);
}
