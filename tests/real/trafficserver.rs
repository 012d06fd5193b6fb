//! Apache Traffic Server as a forward proxy before nginx: its `squid` log, which reads as Squid's, and the same with the
//! bytes of the request.

use crate::capture::{Capture, Driven, Line, Watched};
use crate::checks;
use crate::client::{body, curl, curl_expecting};
use crate::outflow::Format;
use crate::servers::{Nginx, SQUID_UPLOAD, Server, folder, free_port, give_to_servers, read, wait_until};
use std::fs;
use std::sync::LazyLock;

/// The format `squid` of its own `logging.yaml`.
const SQUID: &str =
    "%<cqtq> %<ttms> %<chi> %<crc>/%<pssc> %<psql> %<cqhm> %<cquc> %<caun> %<phr>/%<shn> %<psct>";

/// The last request: a log that has it is whole.
const LAST: &str = "/the-last";

struct Run {
    squid: Capture,
    upload: Capture,
    driven: Vec<Driven>,
}

static RUN: LazyLock<Run> = LazyLock::new(|| {
    let (dir, port, nginx) = (folder(), free_port(), Nginx::start());
    let path = dir.path().display().to_string();
    // `%<cqql>` is the whole request, as Squid's `%>st` is.
    let logging = format!(
        "logging:\n  formats:\n    - name: squid\n      format: '{SQUID}'\n    - name: upload\n      format: '{SQUID} %<cqql>'\n  \
         logs:\n    - {{ filename: squid, format: squid, mode: ascii }}\n    - {{ filename: upload, format: upload, mode: ascii }}\n"
    );
    let records = format!(
        "CONFIG proxy.config.config_dir STRING {path}\nCONFIG proxy.config.local_state_dir STRING {path}/tmp\n\
         CONFIG proxy.config.log.logfile_dir STRING {path}/tmp\nCONFIG proxy.config.admin.user_id STRING #-1\n\
         CONFIG proxy.config.http.server_ports STRING {port}:ip-in=127.0.0.1\n\
         CONFIG proxy.config.http.connect_ports STRING {}\nCONFIG proxy.config.crash_log_helper STRING NULL\n\
         CONFIG proxy.config.url_remap.remap_required INT 0\nCONFIG proxy.config.reverse_proxy.enabled INT 0\n\
         CONFIG proxy.config.log.max_secs_per_buffer INT 1\nCONFIG proxy.config.exec_thread.autoconfig INT 0\n\
         CONFIG proxy.config.exec_thread.limit INT 2\n",
        nginx.tls_port
    );
    let allow = "ip_allow:\n  - apply: in\n    ip_addrs: 0/0\n    action: allow\n    methods: ALL\n";
    let storage = format!("{path}/tmp 32M\n");
    let files = [
        ("logging.yaml", &logging[..]),
        ("records.config", &records),
        ("ip_allow.yaml", allow),
        ("storage.config", &storage),
    ];
    for (name, text) in files {
        fs::write(dir.path().join(name), text).unwrap_or_else(|error| panic!("{name}: {error}"));
        give_to_servers(&dir.path().join(name));
    }
    let config = format!("PROXY_CONFIG_CONFIG_DIR={path}");
    let server = Server::start("env", &[&config, "traffic_server"], "TERM", dir.path(), &[port]);
    let driven = drive(port, &nginx);
    for log in ["tmp/squid.log", "tmp/upload.log"] {
        wait_until("Traffic Server has written all", || {
            fs::read_to_string(dir.path().join(log)).is_ok_and(|log| log.contains(LAST))
        });
    }
    server.stop();
    let capture = |name, format: &str, file, read_line| Capture {
        name,
        format: format.into(),
        watched: Watched::Clients,
        log: read(&dir, file),
        read: read_line,
    };
    Run {
        squid: capture("trafficserver-squid", "squid", "tmp/squid.log", squid_line),
        upload: capture(
            "trafficserver-upload",
            &format!("squid:{SQUID_UPLOAD}"),
            "tmp/upload.log",
            upload_line,
        ),
        driven,
    }
});

fn drive(port: u16, nginx: &Nginx) -> Vec<Driven> {
    let files = tempfile::tempdir().expect("a folder for bodies");
    let proxy = format!("http://127.0.0.1:{port}");
    let at = |path: &str| format!("http://127.0.0.1:{}{path}", nginx.port);
    let tls = |path: &str| format!("https://127.0.0.1:{}{path}", nginx.tls_port);
    let of = |client: &'static str| ["--proxy", &proxy, "--interface", client];

    let mut down = Driven::by("127.0.96.1");
    for path in ["/one.bin", "/million.bin", "/text.txt"] {
        down.add(curl_expecting(200, &[&of(down.client)[..], &[&at(path)]].concat()));
    }
    down.add(curl_expecting(404, &[&of(down.client)[..], &[&at("/missing")]].concat()));

    let mut up = Driven::by("127.0.97.1");
    for size in [1, 1_000_000, 3_000_000] {
        let file = body(files.path(), size);
        let url = at(&format!("/put/{size}"));
        up.add(curl_expecting(201, &[&of(up.client)[..], &["-T", &file, &url]].concat()));
    }

    let mut tunnels = Driven::by("127.0.98.1");
    let file = body(files.path(), 1_000_000);
    for request in [&["-T", &file, &tls("/put/tunnel")][..], &[&tls("/million.bin")]] {
        tunnels.add_all(curl(&[&of(tunnels.client)[..], request].concat()));
    }
    curl_expecting(404, &["--proxy", &proxy, &at(LAST)]);
    vec![down, up, tunnels]
}

/// Reads a line of the format `squid`.
fn squid_line(line: &str) -> Line {
    let words: Vec<&str> = line.split(' ').collect();
    Line {
        client: words[2].into(),
        time: Line::epoch_time(words[0]),
        status: words[3]
            .split_once('/')
            .and_then(|(_, status)| status.parse().ok())
            .filter(|status| *status != 0),
        bytes_back: words[4].parse().ok(),
        bytes_sent: None,
        method: Some(words[5].into()),
        agent: None,
    }
}

/// The same with the bytes of the request behind it.
fn upload_line(line: &str) -> Line {
    Line { bytes_sent: line.rsplit(' ').next().and_then(|bytes| bytes.parse().ok()), ..squid_line(line) }
}

/// The logs of the run.
pub(crate) fn captures() -> [&'static Capture; 2] {
    [&RUN.squid, &RUN.upload]
}

#[test]
fn volumes_are_what_trafficserver_logged() {
    checks::volumes_are_what_was_logged(&RUN.squid, Format::Detected);
    for capture in captures() {
        checks::volumes_are_what_was_logged(capture, Format::Given);
        checks::log_holds_what_was_driven(capture, &RUN.driven);
    }
}

#[test]
fn parse_reads_what_trafficserver_logged() {
    for capture in captures() {
        checks::parse_reads_what_was_logged(capture);
    }
    checks::scan_accounts_for_every_line(&RUN.squid, Some("upload bytes"));
    checks::scan_accounts_for_every_line(&RUN.upload, None);
}
