//! Squid as the proxy watched: its native log, and the same run with `%>st` at the end.

use crate::capture::{Capture, Driven, Line, Watched};
use crate::checks;
use crate::client::{body, curl, curl_expecting, rclone, send, take_and_hang_up};
use crate::outflow::Format;
use crate::servers::{Nginx, SQUID_UPLOAD, Squid, WebDav, free_port, has_ipv6};
use std::sync::LazyLock;

const NAMES: &[&str] = &["files.example", "tls.example", "dav.example", "dead.example", "blocked.example"];

/// Sizes of the files that rclone copies to a WebDAV server outside.
const STOLEN: [usize; 3] = [1_000, 400_000, 3_000_000];

struct Run {
    native: Capture,
    upload: Capture,
    driven: Vec<Driven>,
}

static RUN: LazyLock<Run> = LazyLock::new(|| {
    let squid = Squid::start(NAMES);
    let driven = drive(&squid, &Nginx::start(), &WebDav::start());
    let (native, upload) = squid.into_logs();
    Run {
        native: Capture {
            name: "squid-native",
            format: "squid".into(),
            watched: Watched::Clients,
            log: native,
            read: native_line,
        },
        upload: Capture {
            name: "squid-upload",
            format: format!("squid:{SQUID_UPLOAD}"),
            watched: Watched::Clients,
            log: upload,
            read: upload_line,
        },
        driven,
    }
});

fn drive(squid: &Squid, nginx: &Nginx, webdav: &WebDav) -> Vec<Driven> {
    let files = tempfile::tempdir().expect("a folder for bodies");
    let proxy = format!("http://127.0.0.1:{}", squid.port);
    let at = |path: &str| format!("http://files.example:{}{path}", nginx.port);
    let tls = |path: &str| format!("https://tls.example:{}{path}", nginx.tls_port);
    let through = |client: &str, args: &[&str]| {
        let mut all = vec!["--proxy", &proxy, "--interface", client];
        all.extend(args);
        curl(&all)
    };
    let mut driven = Vec::new();

    // Each upload has a client of its own, so that the log line of each can be held against what was sent.
    for (number, size) in [1, 1_000_000, 10_000_000].into_iter().enumerate() {
        let file = body(files.path(), size);
        let put = |url: &str| ["-T", &file, url].map(str::to_owned);
        let post = |url: &str| ["--data-binary", &format!("@{file}"), url].map(str::to_owned);
        let ways = [
            put(&at(&format!("/put/{size}"))),
            post(&at("/post")),
            put(&tls(&format!("/put/tls-{size}"))),
            post(&tls("/post")),
        ];
        for (way, args) in ways.iter().enumerate() {
            let mut up = Driven::by(UPLOADERS[way][number]);
            let args: Vec<&str> = args.iter().map(String::as_str).collect();
            up.add_all(through(up.client, &args));
            assert_eq!(up.transfers.iter().map(|t| t.status).collect::<Vec<_>>(), [201], "{args:?}");
            driven.push(up);
        }
    }

    let mut down = Driven::by("127.0.35.1");
    for path in
        ["/empty.bin", "/one.bin", "/million.bin", "/ten-million.bin", "/text.txt", "/missing", "/moved"]
    {
        down.add_all(through(down.client, &[&at(path)]));
    }
    down.add_all(through(down.client, &[&at("/one.bin"), &at("/one.bin"), &at("/index.html")])); // keep-alive; a hit
    down.add_all(through(down.client, &["-r", "0-99", &at("/million.bin")]));
    down.add_all(through(down.client, &["-I", &at("/million.bin")]));
    for version in ["--http1.1", "--http2"] {
        down.add_all(through(down.client, &[version, &tls("/million.bin"), &tls("/missing")]));
    }
    driven.push(down);

    let refused = "127.0.36.1";
    through(refused, &["http://blocked.example/"]);
    through(refused, &["https://blocked.example/"]);
    through(refused, &[&format!("http://dead.example:{}/", free_port())]);
    through(refused, &[&format!("https://dead.example:{}/", free_port())]);
    through(refused, &["-T", &body(files.path(), 1_000_000), "http://blocked.example/take"]);

    let login = format!("http://127.0.0.1:{}", squid.login_port);
    curl(&["--proxy", &login, "--interface", "127.0.37.1", &at("/one.bin")]);
    for user in ["jdoe:secret", "j doe:secret", "jdoe:wrong"] {
        curl(&["--proxy", &login, "--interface", "127.0.37.1", "--proxy-user", user, &at("/one.bin")]);
    }

    for path in ["/a%20b?q=%22x%22", "/a\"b", "/smörgås/☃", "/one.bin?a=[1]&b={2}|c", "/a b"] {
        through("127.0.38.1", &["--request-target", &at(path), &at("/")]);
    }
    through("127.0.38.1", &[&at(&format!("/{}", "long/".repeat(1_200)))]);

    let head =
        |method: &str, path: &str| format!("{method} {} HTTP/1.1\r\nHost: files.example\r\n", at(path));
    let cut = format!("{}Content-Length: 5000000\r\n\r\n{}", head("PUT", "/put/cut"), "x".repeat(300_000));
    send(squid.port, cut.as_bytes());
    take_and_hang_up(squid.port, format!("{}\r\n", head("GET", "/ten-million.bin")).as_bytes(), 50_000);
    send(squid.port, b"no such request\r\n\r\n");
    send(squid.port, b"\x16\x03\x01\x00\xc4\x01\x00\x00\xc0\x03\x03");
    if has_ipv6() {
        curl_expecting(
            200,
            &["--proxy".to_owned(), format!("http://[::1]:{}", squid.port), at("/million.bin")],
        );
    }

    let stolen = files.path().join("stolen");
    std::fs::create_dir(&stolen).expect("a folder");
    for size in STOLEN {
        body(&stolen, size);
    }
    let remote = format!(":webdav,url='http://dav.example:{}':", webdav.port);
    rclone(&["copy", &stolen.display().to_string(), &remote], Some(squid.port));
    driven
}

/// By way (PUT, POST, PUT and POST through CONNECT) and size.
const UPLOADERS: [[&str; 3]; 4] = [
    ["127.0.31.1", "127.0.31.2", "127.0.31.3"],
    ["127.0.32.1", "127.0.32.2", "127.0.32.3"],
    ["127.0.33.1", "127.0.33.2", "127.0.33.3"],
    ["127.0.34.1", "127.0.34.2", "127.0.34.3"],
];

/// Reads a line of the native log: fields between blanks, of which the first seven are ever one word.
fn native_line(line: &str) -> Line {
    let words: Vec<&str> = line.split_whitespace().collect();
    let [time, _elapsed, client, result, bytes, method, ..] = words[..] else { panic!("not native: {line}") };
    let status = result.rsplit('/').next().and_then(|status| status.parse().ok());
    Line {
        client: client.into(),
        time: Line::epoch_time(time),
        status: status.filter(|&status| status != 0),
        bytes_back: bytes.parse().ok(),
        bytes_sent: None,
        method: Some(method.into()).filter(|method| method != "-"),
        agent: None,
    }
}

/// Reads a line with the upload bytes at its end.
fn upload_line(line: &str) -> Line {
    let bytes = line.rsplit(' ').next().expect("%>st");
    Line { bytes_sent: bytes.parse().ok(), ..native_line(line) }
}

/// The logs of the run.
pub(crate) fn captures() -> [&'static Capture; 2] {
    [&RUN.native, &RUN.upload]
}

#[test]
fn volumes_are_what_squid_logged() {
    for capture in captures() {
        checks::volumes_are_what_was_logged(capture, Format::Given);
    }
}

#[test]
fn squid_defaults_need_no_format() {
    checks::volumes_are_what_was_logged(&RUN.native, Format::Detected);
}

#[test]
fn squid_logs_what_was_driven() {
    for capture in captures() {
        checks::log_holds_what_was_driven(capture, &RUN.driven);
    }
}

#[test]
fn parse_reads_what_squid_logged() {
    for capture in captures() {
        checks::parse_reads_what_was_logged(capture);
    }
}

/// The default log has no upload bytes: that is said, with the remedy, and nothing is claimed.
#[test]
fn native_squid_is_reported_blind() {
    checks::scan_accounts_for_every_line(&RUN.native, Some("%>st"));
    checks::scan_accounts_for_every_line(&RUN.upload, None);
}

/// Each file that rclone copied through the proxy is a PUT of at least its size.
#[test]
fn rclone_uploads_are_in_the_log() {
    for size in STOLEN {
        let end_of_url = format!("/body-{size} ");
        let lines = RUN.upload.lines();
        let mut puts = lines.iter().filter(|line| line.contains(" PUT ") && line.contains(&end_of_url));
        let logged = puts.next().map(|line| upload_line(line).bytes_sent.expect("%>st"));
        checks::within_headers(&end_of_url, size as u64, logged.expect("a PUT"), 1);
        assert_eq!(puts.next(), None);
    }
}
