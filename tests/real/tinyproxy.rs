//! tinyproxy before nginx: a log that tells who came and not what they sent.

use crate::capture::{Capture, Line, Watched};
use crate::checks;
use crate::client::{body, curl_expecting};
use crate::outflow::{Format, outflow};
use crate::servers::{Nginx, Server, folder, free_port, read};
use std::sync::LazyLock;

const CLIENTS: [&str; 3] = ["127.0.70.1", "127.0.70.2", "127.0.70.3"];

static RUN: LazyLock<Capture> = LazyLock::new(|| {
    let (dir, port, nginx) = (folder(), free_port(), Nginx::start());
    let path = dir.path().display();
    let config = format!(
        "Port {port}\nListen 127.0.0.1\nTimeout 10\nLogFile \"{path}/proxy.log\"\nLogLevel Connect\nMaxClients 10\nAllow 127.0.0.0/8\n"
    );
    std::fs::write(dir.path().join("tinyproxy.conf"), config).expect("tinyproxy.conf");
    let server = Server::start("tinyproxy", &["-d", "-c", "tinyproxy.conf"], "TERM", dir.path(), &[port]);
    let (files, proxy) =
        (tempfile::tempdir().expect("a folder for bodies"), format!("http://127.0.0.1:{port}"));
    let at = |path: &str| format!("http://127.0.0.1:{}{path}", nginx.port);
    let million = body(files.path(), 1_000_000);
    for client in CLIENTS {
        let through = ["--proxy", &proxy, "--interface", client];
        let (one, put, missing) = (at("/one.bin"), at(&format!("/put/{client}")), at("/missing"));
        for (status, request) in [(200, &[&*one][..]), (201, &["-T", &million, &put]), (404, &[&missing])] {
            curl_expecting(status, &[&through[..], request].concat());
        }
    }
    server.stop();
    Capture {
        name: "tinyproxy",
        format: "tinyproxy".into(),
        watched: Watched::Clients,
        log: read(&dir, "proxy.log"),
        read: |line| -> Line { panic!("its lines are no transfers: {line}") },
    }
});

/// The log of the run.
pub(crate) fn captures() -> [&'static Capture; 1] {
    [&RUN]
}

/// Each request is one client that came; that a million bytes left three times is nowhere in the log, and that is said.
#[test]
fn tinyproxy_tells_who_came_and_is_blind() {
    for format in [Format::Given, Format::Detected] {
        let answer = outflow(&["volumes", "--by", "host"], &RUN, format);
        for client in CLIENTS {
            let row =
                answer.rows.iter().find(|row| row["host"] == client).unwrap_or_else(|| panic!("{client}"));
            assert_eq!((&row["events"], row["bytes_out"].as_u64()), (&3.into(), None), "{row}");
        }
    }
    let answer = outflow(&["scan"], &RUN, Format::Detected);
    let source = answer.rows.iter().find(|row| row["type"] == "source").expect("a source line");
    assert!(source["blind"].as_str().is_some_and(|blind| blind.contains("tinyproxy cannot")), "{source}");
    assert_eq!(checks::rejected(source), 0, "{source}");
}
