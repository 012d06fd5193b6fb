//! apache2 as the server watched: `common`, `combined` and `combinedio` of one run.

use crate::capture::{Capture, Driven, Line, Watched};
use crate::checks;
use crate::client::{body, curl, curl_expecting, rclone, send, take_and_hang_up};
use crate::outflow::Format;
use crate::servers::{APACHE_COMBINED, APACHE_COMBINEDIO, APACHE_COMMON, Apache, has_ipv6};
use std::sync::LazyLock;

/// Agents as they are sent; Apache writes `\"`, `\\`, `\t` and `\xhh`.
const ODD_AGENTS: &[&str] =
    &["say \"hello\"", "back\\slash \\x41", "tab\there", "Größe/1.0 ☃", "-", "a  b", "ends in \\"];

struct Run {
    common: Capture,
    combined: Capture,
    combinedio: Capture,
    driven: Vec<Driven>,
}

static RUN: LazyLock<Run> = LazyLock::new(|| {
    let server = Apache::start();
    let driven = drive(&server);
    let logs = server.into_logs();
    let capture = |name, format: &str, log, read| Capture {
        name,
        format: format!("apache:{format}"),
        watched: Watched::Server("web-01"),
        log,
        read,
    };
    Run {
        common: capture("apache-common", APACHE_COMMON, logs.common, Line::common),
        combined: capture("apache-combined", APACHE_COMBINED, logs.combined, Line::combined),
        combinedio: capture("apache-combinedio", APACHE_COMBINEDIO, logs.combinedio, combinedio_line),
        driven,
    }
});

fn drive(server: &Apache) -> Vec<Driven> {
    let files = tempfile::tempdir().expect("a folder for bodies");
    let at = |path: &str| format!("http://127.0.0.1:{}{path}", server.port);
    let tls = |path: &str| format!("https://127.0.0.1:{}{path}", server.tls_port);
    let mut driven = Vec::new();

    let mut down = Driven::by("127.0.20.1");
    for path in ["/empty.bin", "/one.bin", "/million.bin", "/ten-million.bin", "/text.txt", "/"] {
        down.add(curl_expecting(200, &["--interface", down.client, &at(path)]));
    }
    down.add_all(curl(&["--interface", down.client, &at("/one.bin"), &at("/missing"), &at("/index.html")])); // keep-alive
    down.add(curl_expecting(
        200,
        &["--interface", down.client, "-H", "Accept-Encoding: gzip", &at("/text.txt")],
    ));
    driven.push(down);

    let million = body(files.path(), 1_000_000);
    let mut encrypted = Driven::by("127.0.21.1");
    encrypted.add(curl_expecting(200, &["--interface", encrypted.client, &tls("/million.bin")]));
    encrypted.add(curl_expecting(201, &["--interface", encrypted.client, "-T", &million, &tls("/put/tls")]));
    driven.push(encrypted);

    let mut up = Driven::by("127.0.22.1");
    for size in [1, 1_000_000, 10_000_000] {
        let file = body(files.path(), size);
        up.add(curl_expecting(201, &["--interface", up.client, "-T", &file, &at(&format!("/put/{size}"))]));
    }
    driven.push(up);

    let mut odd = Driven::by("127.0.23.1");
    odd.add(curl_expecting(206, &["--interface", odd.client, "-r", "0-99", &at("/million.bin")]));
    odd.add(curl_expecting(206, &["--interface", odd.client, "-r", "0-9,100-109", &at("/million.bin")]));
    odd.add(curl_expecting(416, &["--interface", odd.client, "-r", "5000000-", &at("/million.bin")]));
    odd.add(curl_expecting(200, &["--interface", odd.client, "-I", &at("/million.bin")]));
    odd.add(curl_expecting(204, &["--interface", odd.client, "-X", "DELETE", &at("/put/1")]));
    odd.add(curl_expecting(301, &["--interface", odd.client, &at("/moved")]));
    odd.add(curl_expecting(401, &["--interface", odd.client, &at("/private/report.bin")]));
    odd.add(curl_expecting(401, &["--interface", odd.client, "-u", "mallory:x", &at("/private/report.bin")]));
    for user in ["jdoe:secret", "j doe:secret"] {
        odd.add(curl_expecting(200, &["--interface", odd.client, "-u", user, &at("/private/report.bin")]));
    }
    let known = "If-None-Match: *";
    odd.add(curl_expecting(304, &["--interface", odd.client, "-H", known, &at("/one.bin")]));
    driven.push(odd);

    // A body that the server refuses: how much of it is sent is up to both.
    curl(&["--interface", "127.0.24.1", "-T", &million, &at("/index.html")]);

    for (number, agent) in ODD_AGENTS.iter().enumerate() {
        let client = format!("127.0.25.{}", number + 1);
        curl_expecting(
            200,
            &[
                "--interface",
                &client,
                "-A",
                agent,
                "-e",
                "https://search.example/?q=\"a b\"",
                &at("/one.bin"),
            ],
        );
    }
    let long = format!("/{}", "long/".repeat(1_200));
    for target in
        ["/a%20b?q=%22x%22", "/a\"b", "/a\\b", "/smörgås/☃", "/one.bin?a=[1]&b={2}|c", "//..//one.bin", &long]
    {
        curl(&["--interface", "127.0.26.1", "--request-target", target, &at("/")]);
    }
    curl(&["--interface", "127.0.26.1", &at(&format!("/{}", "x".repeat(9_000)))]); // longer than its buffer

    send(server.port, b"\x16\x03\x01\x00\xc4\x01\x00\x00\xc0\x03\x03\r\n"); // TLS to the plain port
    send(server.port, b"GET /one.bin\r\n"); // HTTP/0.9
    send(server.port, b"GET /with space HTTP/1.1\r\nHost: x\r\n\r\n");
    send(server.port, b"GET /one.bin HTTP/1.0\r\n\r\n"); // neither agent nor referrer
    send(server.port, b"GET / HTTP/1.1\r\nHost: x\r\nUser-Agent: bell\x07\r\n\r\n");
    send(server.port, b"G\x00T / HTTP/1.1\r\n\r\n");
    send(server.port, b"PUT /put/cut HTTP/1.1\r\nHost: x\r\nContent-Length: 500000\r\n\r\ncut short");
    take_and_hang_up(server.port, b"GET /ten-million.bin HTTP/1.1\r\nHost: x\r\n\r\n", 50_000);
    if has_ipv6() {
        curl_expecting(200, &[format!("http://[::1]:{}/million.bin", server.port)]);
    }
    rclone(&["copyurl", &at("/million.bin"), &files.path().join("copy").display().to_string()], None);
    driven
}

/// Reads a line of `combinedio`: bytes in and out, headers included, are the last two.
fn combinedio_line(line: &str) -> Line {
    let mut numbers = line.rsplit(' ');
    let bytes_back = numbers.next().expect("%O").parse().ok();
    let bytes_sent = numbers.next().expect("%I").parse().ok();
    Line { bytes_back, bytes_sent, ..Line::combined(line) }
}

/// The logs of the run.
pub(crate) fn captures() -> [&'static Capture; 3] {
    [&RUN.common, &RUN.combined, &RUN.combinedio]
}

#[test]
fn volumes_are_what_apache_logged() {
    for capture in captures() {
        checks::volumes_are_what_was_logged(capture, Format::Given);
    }
}

#[test]
fn apache_defaults_need_no_format() {
    checks::volumes_are_what_was_logged(&RUN.common, Format::Detected);
    checks::volumes_are_what_was_logged(&RUN.combined, Format::Detected);
}

#[test]
fn apache_logs_what_was_driven() {
    for capture in captures() {
        checks::log_holds_what_was_driven(capture, &RUN.driven);
    }
}

#[test]
fn parse_reads_what_apache_logged() {
    for capture in captures() {
        checks::parse_reads_what_was_logged(capture);
    }
}

#[test]
fn apache_agents_are_read_as_sent() {
    for capture in [&RUN.combined, &RUN.combinedio] {
        checks::agents_are_read_as_sent(capture, "127.0.25", ODD_AGENTS);
    }
}

#[test]
fn scan_accounts_for_every_line_of_apache() {
    for capture in captures() {
        checks::scan_accounts_for_every_line(capture, None);
    }
}
