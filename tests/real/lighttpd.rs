//! lighttpd, with nginx behind it for uploads: its default log, and the same run with `%I` and `%O`.

use crate::capture::{Capture, Driven, Line, Watched};
use crate::checks;
use crate::client::{body, curl, curl_expecting, send, take_and_hang_up};
use crate::outflow::Format;
use crate::servers::{Nginx, Server, folder, free_port, read, website};
use std::sync::LazyLock;

/// lighttpd's default, which is Apache's `combined` with the host asked for, and then the bytes in and out.
const UPLOAD: &str = r#"%h %V %u %t "%r" %>s %b "%{Referer}i" "%{User-Agent}i" %I %O"#;

/// Agents as they are sent; lighttpd writes `\"`, `\\`, `\t` and `\xHH`.
const ODD_AGENTS: &[&str] = &["say \"hello\"", "back\\slash \\x41", "tab\there", "Größe/1.0 ☃", "-", "a  b"];

struct Run {
    default: Capture,
    upload: Capture,
    driven: Vec<Driven>,
}

static RUN: LazyLock<Run> = LazyLock::new(|| {
    // One process writes one log: two servers are driven alike.
    let (default, _) = log_of("");
    let (upload, driven) = log_of(&format!("accesslog.format = \"{}\"\n", UPLOAD.replace('"', "\\\"")));
    let capture = |name, format: &str, log, read| Capture {
        name,
        format: format.into(),
        watched: Watched::Server("web-01"),
        log,
        read,
    };
    Run {
        default: capture("lighttpd-default", "lighttpd", default, Line::combined),
        upload: capture("lighttpd-upload", &format!("lighttpd:{UPLOAD}"), upload, upload_line),
        driven,
    }
});

/// Starts a server with these settings, drives it, and gives its log.
fn log_of(settings: &str) -> (Vec<u8>, Vec<Driven>) {
    let (dir, port, nginx) = (folder(), free_port(), Nginx::start());
    website(dir.path());
    let path = dir.path().display();
    let config = format!(
        "server.modules = (\"mod_accesslog\", \"mod_proxy\")\n\
         server.document-root = \"{path}/www\"\nserver.bind = \"127.0.0.1\"\nserver.port = {port}\n\
         server.upload-dirs = (\"{path}/tmp\")\naccesslog.filename = \"{path}/access.log\"\n{settings}\
         $HTTP[\"url\"] =~ \"^/put/\" {{ proxy.server = (\"\" => ((\"host\" => \"127.0.0.1\", \"port\" => {}))) }}\n",
        nginx.port
    );
    std::fs::write(dir.path().join("lighttpd.conf"), config).expect("lighttpd.conf");
    let server = Server::start("lighttpd", &["-D", "-f", "lighttpd.conf"], "INT", dir.path(), &[port]);
    let driven = drive(port);
    server.stop();
    (read(&dir, "access.log"), driven)
}

fn drive(port: u16) -> Vec<Driven> {
    let files = tempfile::tempdir().expect("a folder for bodies");
    let at = |path: &str| format!("http://127.0.0.1:{port}{path}");
    let mut driven = Vec::new();

    let mut down = Driven::by("127.0.50.1");
    for path in ["/empty.bin", "/one.bin", "/million.bin", "/text.txt"] {
        down.add(curl_expecting(200, &["--interface", down.client, &at(path)]));
    }
    down.add_all(curl(&["--interface", down.client, &at("/one.bin"), &at("/missing"), &at("/one.bin")])); // keep-alive
    down.add(curl_expecting(206, &["--interface", down.client, "-r", "0-99", &at("/million.bin")]));
    down.add(curl_expecting(200, &["--interface", down.client, "-I", &at("/million.bin")]));
    driven.push(down);

    let mut up = Driven::by("127.0.51.1");
    for size in [1, 1_000_000, 3_000_000] {
        let file = body(files.path(), size);
        up.add(curl_expecting(201, &["--interface", up.client, "-T", &file, &at(&format!("/put/{size}"))]));
    }
    driven.push(up);

    for host in ["www.example", "www.example:8080", "[2001:db8::7]:80", "intranet"] {
        curl(&["--interface", "127.0.52.1", "-H", &format!("Host: {host}"), &at("/one.bin")]);
    }
    for (number, agent) in ODD_AGENTS.iter().enumerate() {
        let client = format!("127.0.53.{}", number + 1);
        curl_expecting(200, &["--interface", &client, "-A", agent, &at("/one.bin")]);
    }
    for target in ["/a%20b?q=%22x%22", "/a\"b", "/smörgås/☃", "/one.bin?a=[1]&b={2}|c"] {
        curl(&["--interface", "127.0.54.1", "--request-target", target, &at("/")]);
    }
    send(port, b"\x16\x03\x01\x00\xc4\x01\x00\x00\xc0\x03\x03\r\n\r\n"); // TLS to the plain port
    send(port, b"no such request\r\n\r\n");
    send(port, b"GET /one.bin HTTP/1.0\r\n\r\n"); // neither agent nor host
    take_and_hang_up(port, b"GET /ten-million.bin HTTP/1.1\r\nHost: x\r\n\r\n", 50_000);
    driven
}

/// Reads a line of [`UPLOAD`]: bytes in and out, headers included, are the last two.
fn upload_line(line: &str) -> Line {
    let mut numbers = line.rsplit(' ');
    let bytes_back = numbers.next().expect("%O").parse().ok();
    let bytes_sent = numbers.next().expect("%I").parse().ok();
    Line { bytes_back, bytes_sent, ..Line::combined(line) }
}

/// The logs of the run.
pub(crate) fn captures() -> [&'static Capture; 2] {
    [&RUN.default, &RUN.upload]
}

#[test]
fn volumes_are_what_lighttpd_logged() {
    for capture in captures() {
        checks::volumes_are_what_was_logged(capture, Format::Given);
    }
    checks::volumes_are_what_was_logged(&RUN.default, Format::Detected);
}

#[test]
fn lighttpd_logs_what_was_driven() {
    for capture in captures() {
        checks::log_holds_what_was_driven(capture, &RUN.driven);
    }
}

#[test]
fn parse_reads_what_lighttpd_logged() {
    for capture in captures() {
        checks::parse_reads_what_was_logged(capture);
        checks::agents_are_read_as_sent(capture, "127.0.53", ODD_AGENTS);
        checks::scan_accounts_for_every_line(capture, None);
    }
}
