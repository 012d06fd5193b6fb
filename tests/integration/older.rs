//! Stores of earlier versions: this one goes on where they stopped.

use crate::outflow::{Run, repository, run};
use std::fmt::Write;
use std::fs;
use std::path::Path;
use std::process::Command;

/// Five days of a proxy with six hosts, one of which leaks on the last.
pub(crate) fn log() -> String {
    let mut log = "#Software: SGOS\n#Fields: date time c-ip cs-host cs-bytes sc-bytes s-action\n".to_owned();
    for hour in 0..120 {
        let at =
            format!("2023-{:02}-{:02} {:02}:00:00", 3 + hour / 96, [28, 29, 30, 31, 1][hour / 24], hour % 24);
        let mut row = |host: usize, to: &str, bytes: usize| {
            writeln!(log, "{at} 10.0.0.{host} {to} {bytes} 99 TCP_MISS").unwrap();
        };
        for host in 0..6 {
            row(host, &format!("d{}.example", (host + hour) % 5), 900 + host * 7);
        }
        if hour > 106 {
            row(3, "files.test", 700_000_000);
        }
    }
    log
}

/// In a folder, because a log is remembered with its path.
fn watch(folder: &Path) -> Run {
    Command::new(env!("CARGO_BIN_EXE_outflow"))
        .args(["watch", "logs/a.log", "--once", "--store", "store"])
        .current_dir(folder)
        .output()
        .unwrap()
        .into()
}

#[test]
fn a_store_of_form_1_is_gone_on_with() {
    let folder = tempfile::tempdir().unwrap();
    let at = |path: &str| folder.path().join(path);
    fs::create_dir(at("logs")).unwrap();
    fs::create_dir(at("store")).unwrap();
    let text = log();
    fs::write(at("logs/a.log"), &text).unwrap();
    let kept = zstd::decode_all(&*fs::read(repository("tests/stores/form-1.redb.zst")).unwrap()).unwrap();
    fs::write(at("store/outflow.redb"), kept).unwrap();
    let store = at("store").to_string_lossy().into_owned();
    let by = |run: Run| {
        assert_eq!(run.code, 0, "{}", run.stderr);
        run.rows("")
            .iter()
            .map(|row| (row["host"].to_string(), row["bytes_out"].as_u64(), row["events"].as_u64()))
            .collect::<Vec<_>>()
    };
    let kept = || by(run(&["volumes", "--json", "--store", &store]));
    let before = kept();
    let went_on = watch(folder.path());
    assert!(went_on.code < 2, "{}", went_on.stderr);
    let whole = by(run(&["volumes", "--json", "-q", &at("logs/a.log").to_string_lossy()]));
    assert_eq!(kept(), whole);
    assert_ne!(before, whole);
    // It is of this form now.
    assert_eq!(watch(folder.path()).stdout, "");
    assert_eq!(kept(), whole);
}
