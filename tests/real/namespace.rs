//! A network of its own for one run: addresses that this machine does not have, packets to count, tunnels to open.
//!
//! It takes a kernel that gives a network namespace to everyone, as Debian's does, or to root. Some containers refuse
//! both: what needs one is not tested there, and the run says so.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::LazyLock;

/// Seconds until a script that waits for something in vain is ended.
const PATIENCE: &str = "300";

/// How `unshare` gets a network: as anyone, who is root in it, or as root.
const WAYS: [&[&str]; 2] = [&["--user", "--map-root-user", "--net"], &["--net"]];

/// The way that this machine allows.
static WAY: LazyLock<Option<&[&str]>> = LazyLock::new(|| {
    let allowed = |way: &&&[&str]| {
        let status = unshare(way).args(["--", "true"]).stderr(Stdio::null()).status();
        status.expect("unshare (util-linux) starts").success()
    };
    WAYS.iter().find(allowed).copied()
});

fn unshare(way: &[&str]) -> Command {
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "KILL", "--", "unshare"]).args(way);
    // Programs of administrators are in sbin, which is not on everyone's path.
    command.env("PATH", format!("{}:/usr/sbin:/sbin", std::env::var("PATH").unwrap_or_default()));
    command.env("TZ", "UTC").stdin(Stdio::null());
    command
}

/// Runs a shell script in `dir`, as root of a network that has nothing but its own loopback, and gives what it said. All
/// that the script starts ends with it. `None` where the machine gives no such network: then `what` is not tested.
pub(crate) fn run(what: &str, script: &str, dir: &Path) -> Option<String> {
    let Some(way) = *WAY else {
        untested(what, "no network namespaces");
        return None;
    };
    let mut command = unshare(way);
    command.args([
        "--ipc",
        "--pid",
        "--fork",
        "--kill-child",
        "--",
        "timeout",
        PATIENCE,
        "sh",
        "-euc",
        script,
    ]);
    let output = command.current_dir(dir).env("HOME", dir).output().expect("setpriv (util-linux) starts");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let logs = || {
        let files = std::fs::read_dir(dir).expect("a folder").filter_map(Result::ok);
        let logs = files.filter(|file| file.path().extension().is_some_and(|end| end == "log"));
        logs.filter_map(|file| std::fs::read_to_string(file.path()).ok()).collect::<String>()
    };
    assert!(
        output.status.success(),
        "{what}: {}; tests/run installs what is missing. It said:\n{said}{}{}",
        output.status,
        String::from_utf8_lossy(&output.stderr),
        logs()
    );
    Some(said)
}

/// Says what this machine cannot test. Written past the harness, which hides what passing tests print, and in one piece,
/// as it writes beside: `tests/run` shows it once more at its end.
pub(crate) fn untested(what: &str, why: &str) {
    let line = format!("not tested here: {what} ({why})\n");
    let _ = std::io::stderr().write_all(line.as_bytes());
}
