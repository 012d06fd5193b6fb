//! Runs the program under test over one capture; `daemon` runs it beside logs that grow.

use crate::capture::{Capture, Watched};
use serde_json::Value;
use std::fs::{self, OpenOptions};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

/// What a command of `outflow` said about one capture.
pub(crate) struct Answer {
    /// The objects on stdout, one a line.
    pub(crate) rows: Vec<Value>,
    pub(crate) exit_code: Option<i32>,
    pub(crate) errors: String,
}

/// How the program learns the format of the log.
#[derive(Clone, Copy)]
pub(crate) enum Format {
    /// It is told.
    Given,
    /// It finds out.
    Detected,
}

/// Runs `outflow COMMAND --json` on the capture's log, written to a file as an operator has it.
pub(crate) fn outflow(command: &[&str], capture: &Capture, format: Format) -> Answer {
    let folder = tempfile::tempdir().expect("a folder for the log");
    capture.write_into(folder.path());
    let mut outflow = Command::new(env!("CARGO_BIN_EXE_outflow"));
    outflow.args(command).arg("--json");
    if let Format::Given = format {
        outflow.args(["--format", &capture.format]);
    }
    if let Watched::Server(name) = capture.watched {
        outflow.args(["--host", name]);
    }
    outflow.arg(folder.path().join(capture.name).join("access.log"));
    let output = outflow.output().expect("outflow runs");
    let read =
        |line: &str| serde_json::from_str(line).unwrap_or_else(|error| panic!("not JSON ({error}): {line}"));
    Answer {
        rows: String::from_utf8(output.stdout).expect("UTF-8").lines().map(read).collect(),
        exit_code: output.status.code(),
        errors: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

/// By host: bytes out and events, as `outflow volumes` says; nothing where it says nothing yet.
pub(crate) fn volumes(what: &[&str], dir: &Path) -> Vec<(String, (u64, u64))> {
    let mut volumes = Command::new(env!("CARGO_BIN_EXE_outflow"));
    let output =
        volumes.args(["volumes", "--json"]).args(what).current_dir(dir).output().expect("outflow runs");
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    let rows = text.lines().map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
    let number = |row: &Value, key: &str| row[key].as_u64().expect("a number");
    let mut sums: Vec<(String, (u64, u64))> = rows
        .map(|row| (row["host"].to_string(), (number(&row, "bytes_out"), number(&row, "events"))))
        .collect();
    sums.sort();
    sums
}

/// `outflow watch` at work, with its store in `store` of a folder.
pub(crate) struct Watch {
    child: Child,
    dir: PathBuf,
}

impl Watch {
    pub(crate) fn start(dir: &Path, arguments: &[&str]) -> Watch {
        let said = OpenOptions::new().create(true).append(true).open(dir.join("watch.said"));
        let mut watch = Command::new(env!("CARGO_BIN_EXE_outflow"));
        watch.args(["watch", "--store", "store"]).args(arguments).current_dir(dir);
        watch.stdin(Stdio::null()).stdout(Stdio::null()).stderr(said.expect("a file for what it says"));
        Watch { child: watch.spawn().expect("outflow runs"), dir: dir.into() }
    }

    /// Waits; what it said is shown where that never comes.
    pub(crate) fn until(&self, what: &str, is_so: impl Fn() -> bool) {
        for _ in 0..300 {
            if is_so() {
                return;
            }
            sleep(Duration::from_millis(100));
        }
        let said = ["watch.said", "output.log"].map(|name| fs::read_to_string(self.dir.join(name)));
        let volumes = volumes(&["--store", "store"], &self.dir);
        panic!("{what}: never. It and the server said {said:?}; it counts {volumes:?}");
    }

    /// Asks it to end; gives its exit code.
    pub(crate) fn stop(mut self) -> Option<i32> {
        let id = self.child.id().to_string();
        let asked = Command::new("kill").args(["-TERM", &id]).status().expect("kill runs");
        assert!(asked.success());
        self.child.wait().expect("it was a child").code()
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        // It has ended, or a test failed.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
