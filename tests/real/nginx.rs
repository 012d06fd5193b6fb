//! nginx as the server watched: `combined`, and the same run with `$request_length` and `$bytes_sent`, as text and as JSON.

use crate::capture::{Capture, Driven, Line, Watched};
use crate::checks;
use crate::client::{body, curl, curl_expecting, rclone, send, take_and_hang_up};
use crate::outflow::Format;
use crate::servers::{NGINX_COMBINED, NGINX_JSON, NGINX_UPLOAD, Nginx, has_ipv6};
use serde_json::Value;
use std::sync::LazyLock;

/// Agents as they are sent; nginx writes quotes, backslashes and control characters as `\xHH`.
const ODD_AGENTS: &[&str] =
    &["say \"hello\"", "back\\slash \\x41", "tab\there", "bell\u{7}", "Größe/1.0 ☃", "-", "a  b"];

struct Run {
    combined: Capture,
    upload: Capture,
    json: Capture,
    driven: Vec<Driven>,
}

static RUN: LazyLock<Run> = LazyLock::new(|| {
    let server = Nginx::start();
    let driven = drive(&server);
    let [combined, upload, json] = server.into_logs();
    let capture = |name, format: &str, log, read| Capture {
        name,
        format: format!("nginx:{format}"),
        watched: Watched::Server("web-01"),
        log,
        read,
    };
    Run {
        combined: capture("nginx-combined", NGINX_COMBINED, combined, Line::combined),
        upload: capture("nginx-upload", NGINX_UPLOAD, upload, upload_line),
        json: Capture { format: "nginx-json".into(), ..capture("nginx-json", NGINX_JSON, json, json_line) },
        driven,
    }
});

fn drive(server: &Nginx) -> Vec<Driven> {
    let files = tempfile::tempdir().expect("a folder for bodies");
    let at = |path: &str| format!("http://127.0.0.1:{}{path}", server.port);
    let tls = |path: &str| format!("https://127.0.0.1:{}{path}", server.tls_port);
    let mut driven = Vec::new();

    let mut down = Driven::by("127.0.10.1");
    for path in ["/empty.bin", "/one.bin", "/million.bin", "/ten-million.bin", "/text.txt", "/"] {
        down.add(curl_expecting(200, &["--interface", down.client, &at(path)]));
    }
    down.add_all(curl(&["--interface", down.client, &at("/one.bin"), &at("/missing"), &at("/index.html")])); // keep-alive
    down.add(curl_expecting(
        200,
        &["--interface", down.client, "-H", "Accept-Encoding: gzip", &at("/text.txt")],
    ));
    driven.push(down);

    let mut encrypted = Driven::by("127.0.11.1");
    for version in ["--http1.1", "--http2"] {
        encrypted.add(curl_expecting(200, &["--interface", encrypted.client, version, &tls("/million.bin")]));
        let put = tls(&format!("/put/{}", &version[2..]));
        encrypted.add(curl_expecting(
            201,
            &["--interface", encrypted.client, version, "-T", &body(files.path(), 1_000_000), &put],
        ));
    }
    driven.push(encrypted);

    let mut up = Driven::by("127.0.12.1");
    for size in [1, 1_000_000, 10_000_000] {
        let file = body(files.path(), size);
        up.add(curl_expecting(201, &["--interface", up.client, "-T", &file, &at(&format!("/put/{size}"))]));
        up.add(curl_expecting(
            201,
            &["--interface", up.client, "--data-binary", &format!("@{file}"), &at("/post")],
        ));
    }
    driven.push(up);

    let million = body(files.path(), 1_000_000);
    let mut odd = Driven::by("127.0.13.1");
    odd.add(curl_expecting(206, &["--interface", odd.client, "-r", "0-99", &at("/million.bin")]));
    odd.add(curl_expecting(206, &["--interface", odd.client, "-r", "0-9,100-109", &at("/million.bin")]));
    odd.add(curl_expecting(416, &["--interface", odd.client, "-r", "5000000-", &at("/million.bin")]));
    odd.add(curl_expecting(200, &["--interface", odd.client, "-I", &at("/million.bin")]));
    odd.add(curl_expecting(405, &["--interface", odd.client, "-X", "DELETE", &at("/million.bin")]));
    odd.add(curl_expecting(301, &["--interface", odd.client, &at("/moved")]));
    odd.add(curl_expecting(500, &["--interface", odd.client, &at("/broken")]));
    let known = "If-None-Match: *";
    odd.add(curl_expecting(304, &["--interface", odd.client, "-H", known, &at("/one.bin")]));
    driven.push(odd);

    // A body that the server refuses: how much of it is sent is up to both.
    curl(&["--interface", "127.0.14.1", "-T", &million, &at("/small")]);
    curl(&["--interface", "127.0.14.1", "-T", &million, &at("/index.html")]);

    for (number, agent) in ODD_AGENTS.iter().enumerate() {
        let client = format!("127.0.15.{}", number + 1);
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
        curl(&["--interface", "127.0.16.1", "--request-target", target, &at("/")]);
    }
    curl(&["--interface", "127.0.16.1", &at(&format!("/{}", "x".repeat(9_000)))]); // longer than its buffer
    // User names come from the request and nobody checked them.
    for user in ["jdoe:x", "j doe:x", "j [01/Jan/2001:00:00:00 +0000] \"GET / HTTP/1.1\" 200 1:x"] {
        curl(&["--interface", "127.0.17.1", "-u", user, &at("/one.bin")]);
    }

    send(server.port, b"\x16\x03\x01\x00\xc4\x01\x00\x00\xc0\x03\x03"); // TLS to the plain port
    send(server.port, b"GET /one.bin\r\n"); // HTTP/0.9
    send(server.port, b"GET /with space HTTP/1.1\r\nHost: x\r\n\r\n");
    send(server.port, b"GET /one.bin HTTP/1.0\r\n\r\n"); // neither agent nor referrer
    send(server.port, b"\r\n\r\n");
    send(server.port, b"G\x00T / HTTP/1.1\r\n\r\n");
    send(server.port, b"PUT /put/cut HTTP/1.1\r\nHost: x\r\nContent-Length: 500000\r\n\r\ncut short");
    take_and_hang_up(server.port, b"GET /ten-million.bin HTTP/1.1\r\nHost: x\r\n\r\n", 50_000);
    if has_ipv6() {
        curl_expecting(200, &[format!("http://[::1]:{}/million.bin", server.port)]);
    }
    rclone(&["copyurl", &at("/million.bin"), &files.path().join("copy").display().to_string()], None);
    driven
}

/// Reads a line of `combined` with request bytes and response bytes after it.
fn upload_line(line: &str) -> Line {
    let mut numbers = line.rsplit(' ');
    let bytes_back = numbers.next().expect("bytes_sent").parse().ok();
    let bytes_sent = numbers.next().expect("request_length").parse().ok();
    Line { bytes_back, bytes_sent, ..Line::combined(line) }
}

/// Reads a line of JSON.
fn json_line(line: &str) -> Line {
    let row: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
    let text = |key: &str| row[key].as_str().unwrap_or_else(|| panic!("no {key}: {line}"));
    Line {
        client: text("remote_addr").into(),
        time: text("time_iso8601").parse().expect("a time"),
        status: row["status"].as_u64().and_then(|status| status.try_into().ok()),
        bytes_back: row["bytes_sent"].as_u64(),
        bytes_sent: row["request_length"].as_u64(),
        method: Line::method_of(text("request")),
        agent: Some(text("http_user_agent").into())
            .filter(|agent: &String| !agent.is_empty() && agent != "-"),
    }
}

/// The logs of the run.
pub(crate) fn captures() -> [&'static Capture; 3] {
    [&RUN.combined, &RUN.upload, &RUN.json]
}

#[test]
fn volumes_are_what_nginx_logged() {
    for capture in captures() {
        checks::volumes_are_what_was_logged(capture, Format::Given);
    }
}

#[test]
fn nginx_defaults_need_no_format() {
    checks::volumes_are_what_was_logged(&RUN.combined, Format::Detected);
    checks::volumes_are_what_was_logged(&RUN.json, Format::Detected);
}

/// One request, logged as text and as JSON, is one event: by the format string, and by the names of the keys.
#[test]
fn nginx_text_and_json_are_equal_events() {
    let by_string = Capture { format: format!("nginx:{NGINX_JSON}"), ..RUN.json.clone() };
    let text = checks::events(&RUN.upload);
    assert_eq!(text.len(), RUN.upload.lines().len());
    for json in [&RUN.json, &by_string] {
        assert_eq!(checks::events(json), text, "{}", json.format);
    }
}

#[test]
fn nginx_logs_what_was_driven() {
    for capture in captures() {
        checks::log_holds_what_was_driven(capture, &RUN.driven);
    }
}

#[test]
fn parse_reads_what_nginx_logged() {
    for capture in captures() {
        checks::parse_reads_what_was_logged(capture);
    }
}

#[test]
fn nginx_agents_are_read_as_sent() {
    for capture in captures() {
        checks::agents_are_read_as_sent(capture, "127.0.15", ODD_AGENTS);
    }
}

#[test]
fn scan_accounts_for_every_line_of_nginx() {
    for capture in captures() {
        checks::scan_accounts_for_every_line(capture, None);
    }
}
