//! A program for each incident, with the incident on its standard input. No shell reads anything.
//!
//! Exit code 0: it was told. 65 (`EX_DATAERR` of sysexits.h): never try this one again. Anything else, or too long: again later.
//! After the time limit the program and all that it started in its process group are killed.

use super::{Failure, Item, Receiver};
use crate::units::Span;
use rustix::process::{Pid, Signal, kill_process_group};
use std::io::{self, Read, Write};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

/// So much of what it complains is kept, in bytes.
const COMPLAINT_MAX: u64 = 1_024;

/// `EX_DATAERR`.
const DATA_ERROR: i32 = 65;

/// How often it is asked whether it has ended.
const ASK_EVERY: Duration = Duration::from_millis(10);

pub(super) struct Exec {
    command: Vec<String>,
    limit: Duration,
}

impl Exec {
    pub(super) fn new(command: &[String], limit: Span) -> Exec {
        Exec { command: command.into(), limit: Duration::from_secs_f64(limit.seconds().max(0.1)) }
    }

    /// How it ended, and what it complained; `None`: it took too long.
    fn run(&self, item: &Item) -> io::Result<Option<(ExitStatus, String)>> {
        let (program, arguments) = self.command.split_first().ok_or(io::ErrorKind::NotFound)?;
        let mut child = Command::new(program)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .process_group(0)
            .spawn()?;
        let text = format!("{}\n", item.text);
        if let Some(mut stdin) = child.stdin.take() {
            // It may never read; then the thread ends when it is killed. It may also read nothing and be content.
            std::thread::spawn(move || {
                let _ = stdin.write_all(text.as_bytes());
            });
        }
        let (said, complaint) = mpsc::channel();
        if let Some(stderr) = child.stderr.take() {
            std::thread::spawn(move || {
                let mut text = Vec::new();
                let mut stderr = stderr;
                let _ = stderr.by_ref().take(COMPLAINT_MAX).read_to_end(&mut text);
                let _ = said.send(String::from_utf8_lossy(&text).trim().to_owned());
                // The rest is read, so that it is not held up, and dropped.
                let _ = io::copy(&mut stderr, &mut io::sink());
            });
        }
        let end = Instant::now() + self.limit;
        let ended = loop {
            match child.try_wait()? {
                Some(status) => break Some(status),
                None if Instant::now() >= end => {
                    kill(&mut child);
                    break None;
                }
                None => std::thread::sleep(ASK_EVERY),
            }
        };
        // What it started may hold its standard error open for long.
        let complaint = complaint.recv_timeout(Duration::from_secs(1)).unwrap_or_default();
        Ok(ended.map(|status| (status, complaint)))
    }
}

/// The program, which still runs, and all of its group.
fn kill(child: &mut Child) {
    if let Some(group) = i32::try_from(child.id()).ok().and_then(Pid::from_raw) {
        // It may just have ended.
        let _ = kill_process_group(group, Signal::KILL);
    }
    let _ = child.wait();
}

impl Receiver for Exec {
    fn deliver(&mut self, items: &[Item]) -> Result<usize, Failure> {
        let Some(item) = items.first() else { return Ok(0) };
        let program = self.command.first().map(String::as_str).unwrap_or_default();
        match self.run(item) {
            Ok(Some((status, _))) if status.success() => Ok(1),
            Ok(Some((status, complaint))) => {
                let message = format!("{program}: {status}: {complaint}");
                match status.code() {
                    Some(DATA_ERROR) => Err(Failure::Never(message)),
                    _ => Err(Failure::later(message)),
                }
            }
            Ok(None) => Err(Failure::later(format!("{program}: not done in {:?}", self.limit))),
            Err(error) => Err(Failure::later(format!("{program}: {error}"))),
        }
    }
}
