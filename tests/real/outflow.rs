//! Runs the program under test over one capture; `daemon` runs it beside logs that grow.

use crate::capture::{Capture, Watched};
use serde_json::Value;
use std::process::Command;

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
