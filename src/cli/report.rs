//! `outflow report`.

use super::incidents::finished;
use super::judge::JudgeArguments;
use super::read::ReadArguments;
use super::{Ending, store};
use crate::outputs::{self, Report, Style};
use anyhow::{Context, Result};
use clap::Args;
use std::fs::File;
use std::io::{BufWriter, Write};
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
    /// Also what lies beyond the budget, and what rules allow
    #[arg(long)]
    all: bool,
}

pub(super) fn run(arguments: &Arguments) -> Result<Ending> {
    let began = Instant::now();
    if let Some(folder) = &arguments.store {
        let store = store::StoreArguments { store: Some(folder.clone()), config: arguments.read.config() };
        let (scanned, sources, inventory) = finished(&store)?;
        return write(arguments, &scanned.report(&sources, &inventory, began.elapsed()));
    }
    let (opened, scanned) = arguments.judge.scanned(&arguments.read)?;
    let report = scanned.report(&opened.batch.sources, &opened.estate.inventory, began.elapsed());
    let found = write(arguments, &report)?;
    Ok(match opened.ending() {
        Ending::Nothing => found,
        trouble => trouble,
    })
}

fn write(arguments: &Arguments, report: &Report<'_>) -> Result<Ending> {
    let path: &Path = &arguments.html;
    let page = || -> Result<()> {
        let mut to = BufWriter::new(File::create(path)?);
        outputs::write("html", report, Style { all: arguments.all, colour: false }, &mut to)?;
        Ok(to.flush()?)
    };
    page().with_context(|| format!("--html {}", path.display()))?;
    Ok(if report.summary.unanswered > 0 { Ending::Found } else { Ending::Nothing })
}
