//! `outflow synth`.

use super::{Ending, say};
use crate::synth::{self, Shelf, Stream, command::Request};
use crate::units::{Bytes, Span, Timestamp};
use anyhow::{Context, Result};
use clap::Args;
use std::fs::{self, File};
use std::io::{self, BufWriter, Write, sink, stdout};
use std::path::{Path, PathBuf};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Hosts of the estate
    #[arg(long, value_name = "N", default_value_t = Request::default().hosts)]
    hosts: u32,
    /// Days of log
    #[arg(long, value_name = "N", default_value_t = Request::default().days)]
    days: u32,
    /// The same seed and settings give the same bytes
    #[arg(long, value_name = "N", default_value_t = Request::default().seed)]
    seed: u64,
    /// The first day (UTC)
    #[arg(long, value_name = "DATE", default_value_t = Request::default().start)]
    start: Timestamp,
    /// Thefts, by comma, or all
    #[arg(long, value_name = "NAME", value_delimiter = ',', default_values_t = Request::default().scenarios)]
    scenario: Vec<String>,
    /// How the log is written [default: zeek-conn; with --out zeek-conn,zeek-dns,nginx,s3-access]
    #[arg(long, value_name = "FORMAT", value_delimiter = ',')]
    format: Vec<String>,
    /// Write the logs as files into this folder, which must be new or empty, and not to standard output
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Thefts of each scenario, over the hosts and the weeks
    #[arg(long, value_name = "N", default_value_t = Request::default().thefts)]
    thefts: u32,
    /// Nothing is stolen for so long; 0h: thefts from day one; default: a third of the log, at most ten days
    #[arg(long, value_name = "SPAN")]
    learning: Option<Span>,
    /// Hosts that leak, for each theft; default: as the scenario says
    #[arg(long, value_name = "N")]
    leaking: Option<u32>,
    /// Bytes stolen, for each theft, as in 974GB; default: the scenario's own figure
    #[arg(long, value_name = "SIZE")]
    bytes: Option<Bytes>,
    /// Writes fewer lines, not fewer bytes: n connections a day become n^POWER lines (above 0, at most 1)
    #[arg(long, value_name = "POWER", default_value_t = Request::default().line_power)]
    lines: f64,
    /// No gaps, late or double lines, clocks that are off, or addresses that move
    #[arg(long)]
    tidy: bool,
    /// Where the truth goes: one JSON object a theft and host
    #[arg(long, value_name = "FILE")]
    labels: Option<PathBuf>,
}

pub(super) fn run(arguments: &Arguments) -> Result<Ending> {
    let settings = Request {
        hosts: arguments.hosts,
        days: arguments.days,
        seed: arguments.seed,
        start: arguments.start,
        scenarios: arguments.scenario.clone(),
        formats: arguments.format.clone(),
        in_folder: arguments.out.is_some(),
        thefts: arguments.thefts,
        learning: arguments.learning,
        leaking: arguments.leaking,
        is_tidy: arguments.tidy,
        bytes: arguments.bytes,
        line_power: arguments.lines,
    }
    .resolve()?;
    let mut labels: Box<dyn Write> = match &arguments.labels {
        None => Box::new(sink()),
        Some(path) => {
            let file = File::create(path).with_context(|| format!("--labels {}", path.display()))?;
            Box::new(BufWriter::new(file))
        }
    };
    let mut shelf: Box<dyn Shelf> = match &arguments.out {
        None => Box::new(Stream(stdout().lock())),
        Some(folder) => Box::new(Folder::new(folder).with_context(|| format!("--out {}", folder.display()))?),
    };
    let totals = synth::run(&settings, &mut *shelf, &mut *labels)?;
    drop(shelf);
    stdout().flush()?;
    say(&format!(
        "{} transfers, {} of log, {} stolen, {} labels",
        totals.transfers, totals.written, totals.stolen, totals.labels
    ));
    Ok(Ending::Nothing)
}

/// Files in a folder. Each is opened for every piece of text: there may be more of them than a process may hold open.
struct Folder(PathBuf);

impl Folder {
    fn new(folder: &Path) -> io::Result<Folder> {
        fs::create_dir_all(folder)?;
        if fs::read_dir(folder)?.next().is_some() {
            return Err(io::Error::new(
                io::ErrorKind::DirectoryNotEmpty,
                "it holds files already: give a new folder",
            ));
        }
        Ok(Folder(folder.to_path_buf()))
    }
}

impl Shelf for Folder {
    fn add(&mut self, file: &str, text: &[u8]) -> io::Result<()> {
        let path = self.0.join(file);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent)?;
        }
        File::options().create(true).append(true).open(path)?.write_all(text)
    }
}
