//! `outflow report`.

use super::incidents::finished;
use super::judge::JudgeArguments;
use super::read::ReadArguments;
use super::{Ending, store};
use crate::outputs::{self, Report, Style};
use anyhow::{Context, Result, bail};
use clap::Args;
use serde_json::Value;
use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::time::Instant;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    read: ReadArguments,
    #[command(flatten)]
    judge: JudgeArguments,
    /// Where the page goes: one file that loads nothing and runs nothing
    #[arg(long, value_name = "FILE")]
    html: PathBuf,
    /// Of what a daemon has found, in the folder of its store, instead of reading logs
    #[arg(long, value_name = "DIR")]
    store: Option<PathBuf>,
    /// Show also what a drill said: what outflow drill --json printed
    #[arg(long, value_name = "FILE")]
    drill: Option<PathBuf>,
    /// Show also how much could leave: what outflow floor --json printed
    #[arg(long, value_name = "FILE")]
    floor: Option<PathBuf>,
    /// Also what lies beyond the budget, and what rules allow
    #[arg(long)]
    all: bool,
}

pub(super) fn run(arguments: &Arguments) -> Result<Ending> {
    let began = Instant::now();
    let mut exercises = Vec::new();
    for (name, file, kind) in
        [("--drill", &arguments.drill, "drill"), ("--floor", &arguments.floor, "floor_estate")]
    {
        if let Some(path) = file {
            exercises.extend(rows(path, kind).with_context(|| format!("{name} {}", path.display()))?);
        }
    }
    if let Some(folder) = &arguments.store {
        let store = store::StoreArguments { store: Some(folder.clone()), config: arguments.read.config() };
        let (scanned, sources, inventory) = finished(&store)?;
        return write(arguments, scanned.report(&sources, &inventory, began.elapsed()), exercises);
    }
    let (opened, scanned) = arguments.judge.scanned(&arguments.read)?;
    let report = scanned.report(&opened.batch.sources, &opened.estate.inventory, began.elapsed());
    let found = write(arguments, report, exercises)?;
    Ok(match opened.ending() {
        Ending::Nothing => found,
        trouble => trouble,
    })
}

/// The rows of a file of JSON lines, among them at least one of this type. Those of single hosts and thefts are many, and not shown.
fn rows(path: &Path, kind: &str) -> Result<Vec<Value>> {
    let mut rows = Vec::new();
    for line in BufReader::new(File::open(path)?).lines() {
        let line = line?;
        if line.trim().is_empty() {
            continue;
        }
        let row: Value = serde_json::from_str(&line).context("it is no file of JSON lines")?;
        if !matches!(row["type"].as_str(), Some("theft" | "floor")) {
            rows.push(row);
        }
    }
    if !rows.iter().any(|row| row["type"] == kind) {
        bail!("there is no row of type \"{kind}\" in it: write it with --json");
    }
    Ok(rows)
}

fn write(arguments: &Arguments, mut report: Report<'_>, exercises: Vec<Value>) -> Result<Ending> {
    report.exercises = exercises;
    let path: &Path = &arguments.html;
    let page = || -> Result<()> {
        let mut to = BufWriter::new(File::create(path)?);
        outputs::write("html", &report, Style { all: arguments.all, colour: false }, &mut to)?;
        Ok(to.flush()?)
    };
    page().with_context(|| format!("--html {}", path.display()))?;
    Ok(if report.summary.unanswered > 0 { Ending::Found } else { Ending::Nothing })
}
