//! Varnish before nginx: what varnishncsa writes by default, and with the bytes of both directions.

use crate::capture::{Capture, Driven, Line, Watched, quoted_parts};
use crate::checks;
use crate::client::{body, curl, curl_expecting, send, take_and_hang_up};
use crate::outflow::{Format, outflow};
use crate::servers::{Nginx, Server, folder, free_port, read, wait_until};
use std::fs;
use std::sync::LazyLock;

/// The default, then the bytes in and out and whether the cache had it.
const UPLOAD: &str = r#"%h %l %u %t "%r" %s %b "%{Referer}i" "%{User-agent}i" %I %O %D %{Varnish:hitmiss}x"#;

/// Agents as they are sent; varnishncsa writes `\"`, `\\`, `\t` and `\xHH`.
const ODD_AGENTS: &[&str] = &["say \"hello\"", "back\\slash \\x41", "tab\there", "Größe/1.0 ☃", "-", "a  b"];

/// The last request: a log that has it is whole.
const LAST: &str = "/the-last";

struct Run {
    default: Capture,
    upload: Capture,
    driven: Vec<Driven>,
}

static RUN: LazyLock<Run> = LazyLock::new(|| {
    let (dir, port, nginx) = (folder(), free_port(), Nginx::start());
    let config = format!("vcl 4.1;\nbackend web {{ .host = \"127.0.0.1\"; .port = \"{}\"; }}\n", nginx.port);
    fs::write(dir.path().join("web.vcl"), config).expect("web.vcl");
    let name = dir.path().join("tmp/varnish").display().to_string();
    let path = |file: &str| dir.path().join(file).display().to_string();
    let args =
        format!("-F -j none -T none -a 127.0.0.1:{port} -f {} -n {name} -s malloc,16m", path("web.vcl"));
    let args: Vec<&str> = args.split(' ').collect();
    let server = Server::start("varnishd", &args, "TERM", dir.path(), &[port]);
    let driven = drive(port);
    // From the beginning of the log in shared memory, which is larger than what was said.
    for (file, format) in [("default.log", None), ("upload.log", Some(UPLOAD))] {
        let mut args = vec!["-n", &name, "-d", "-w"];
        let log = path(file);
        args.push(&log);
        args.extend(format.into_iter().flat_map(|format| ["-F", format]));
        let reader = Server::start("varnishncsa", &args, "TERM", dir.path(), &[]);
        wait_until("varnishncsa has written all", || {
            fs::read_to_string(&log).is_ok_and(|log| log.contains(LAST))
        });
        reader.stop();
    }
    server.stop();
    let capture = |name, format: &str, file, read_line| Capture {
        name,
        format: format.into(),
        watched: Watched::Server("web-01"),
        log: read(&dir, file),
        read: read_line,
    };
    Run {
        default: capture("varnish-default", "varnish", "default.log", default_line),
        upload: capture("varnish-upload", &format!("varnish:{UPLOAD}"), "upload.log", upload_line),
        driven,
    }
});

fn drive(port: u16) -> Vec<Driven> {
    let files = tempfile::tempdir().expect("a folder for bodies");
    let at = |path: &str| format!("http://127.0.0.1:{port}{path}");

    let mut down = Driven::by("127.0.90.1");
    for path in ["/empty.bin", "/one.bin", "/million.bin", "/text.txt", "/million.bin"] {
        down.add(curl_expecting(200, &["--interface", down.client, &at(path)]));
    }
    down.add_all(curl(&["--interface", down.client, &at("/one.bin"), &at("/missing"), &at("/one.bin")])); // keep-alive
    down.add(curl_expecting(206, &["--interface", down.client, "-r", "0-99", &at("/million.bin")]));
    down.add(curl_expecting(200, &["--interface", down.client, "-I", &at("/million.bin")]));

    let mut up = Driven::by("127.0.91.1");
    for size in [1, 1_000_000, 3_000_000] {
        let file = body(files.path(), size);
        up.add(curl_expecting(201, &["--interface", up.client, "-T", &file, &at(&format!("/put/{size}"))]));
    }

    for (number, agent) in ODD_AGENTS.iter().enumerate() {
        let client = format!("127.0.93.{}", number + 1);
        curl_expecting(200, &["--interface", &client, "-A", agent, &at("/one.bin")]);
    }
    for target in ["/a%20b?q=%22x%22", "/a\"b", "/smörgås/☃", "/one.bin?a=[1]&b={2}|c"] {
        curl(&["--interface", "127.0.94.1", "--request-target", target, &at("/")]);
    }
    curl(&["--interface", "127.0.94.2", "-u", "j doe:secret", &at("/one.bin")]);
    send(port, b"no such request\r\n\r\n");
    send(port, b"GET /one.bin HTTP/1.0\r\n\r\n"); // neither agent nor host
    take_and_hang_up(port, b"GET /ten-million.bin HTTP/1.1\r\nHost: x\r\n\r\n", 50_000);
    curl_expecting(404, &[&at(LAST)]);
    vec![down, up]
}

/// Reads a line of the default; the first word of the request is its method.
fn default_line(line: &str) -> Line {
    let parts = quoted_parts(line);
    let method = parts.get(1).and_then(|request| request.split(' ').next());
    Line { method: method.filter(|method| *method != "-").map(str::to_owned), ..Line::combined(line) }
}

/// Reads a line of [`UPLOAD`].
fn upload_line(line: &str) -> Line {
    let mut tail = line.rsplit(' ').skip(2);
    let bytes_back = tail.next().expect("%O").parse().ok();
    let bytes_sent = tail.next().expect("%I").parse().ok();
    Line { bytes_back, bytes_sent, ..default_line(line) }
}

/// The logs of the run.
pub(crate) fn captures() -> [&'static Capture; 2] {
    [&RUN.default, &RUN.upload]
}

#[test]
fn volumes_are_what_varnish_logged() {
    for capture in captures() {
        checks::volumes_are_what_was_logged(capture, Format::Given);
        checks::log_holds_what_was_driven(capture, &RUN.driven);
    }
}

/// A forward proxy's log looks the same and has its egress on the other side: the operator is asked.
#[test]
fn varnish_is_asked_for() {
    let answer = outflow(&["volumes"], &RUN.default, Format::Detected);
    assert_eq!(answer.exit_code, Some(2), "{}", answer.errors);
    assert!(answer.errors.contains("--format varnish"), "{}", answer.errors);
}

#[test]
fn parse_reads_what_varnish_logged() {
    for capture in captures() {
        checks::parse_reads_what_was_logged(capture);
        checks::agents_are_read_as_sent(capture, "127.0.93", ODD_AGENTS);
        checks::scan_accounts_for_every_line(capture, None);
    }
}
