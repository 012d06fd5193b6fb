//! `--format-from` with the configurations as Debian installs them.

use serde_json::Value;
use std::fs;
use std::process::Command;

/// What `outflow doctor` says of a line in a log of this name, told the configuration.
fn diagnosis(conf: &str, log: &str, line: &str) -> Value {
    assert!(fs::exists(conf).unwrap_or(false), "{conf} is missing: tests/run installs its package");
    let folder = tempfile::tempdir().expect("a folder for the log");
    let path = folder.path().join(log);
    fs::write(&path, line).expect("a log");
    let mut outflow = Command::new(env!("CARGO_BIN_EXE_outflow"));
    let output =
        outflow.args(["doctor", "--json", "--format-from", conf]).arg(&path).output().expect("outflow runs");
    serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|_| panic!("{conf}: {}", String::from_utf8_lossy(&output.stderr)))
}

#[test]
fn configurations_as_installed() {
    let combined = "192.0.2.1 - - [29/Mar/2023:01:02:03 +0000] \"GET / HTTP/1.1\" 200 10 \"-\" \"x\"\n";
    let native = "1680051723.456     12 10.1.2.3 TCP_MISS/200 296 GET http://files.example/a - HIER_DIRECT/203.0.113.9 -\n";
    let httplog = "Mar 29 01:02:03 lb-1 haproxy[77]: 192.0.2.1:50123 [29/Mar/2023:01:02:03.456] web web/<NOSRV> \
                   0/-1/-1/-1/0 200 170 - - LR-- 1/1/0/0/0 0/0 \"GET / HTTP/1.1\"\n";
    for (conf, log, line, chosen) in [
        ("/etc/nginx/nginx.conf", "access.log.1", combined, "writes /var/log/nginx/access.log as combined"),
        (
            "/etc/apache2/apache2.conf",
            "access.log",
            combined,
            "writes ${APACHE_LOG_DIR}/access.log as combined",
        ),
        ("/etc/squid/squid.conf", "access.log", native, "writes access.log as squid"),
        ("/etc/haproxy/haproxy.cfg", "haproxy.log", httplog, "writes no log but as defaults"),
    ] {
        let diagnosis = diagnosis(conf, log, line);
        assert_eq!(diagnosis["events"], 1, "{diagnosis}");
        assert!(diagnosis["chosen"].as_str().is_some_and(|said| said.contains(chosen)), "{diagnosis}");
    }
}
