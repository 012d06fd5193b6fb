//! `outflow incidents`: what a daemon's store holds.

use super::judge::JudgeArguments;
use super::read::ReadArguments;
use super::{Ending, store};
use crate::daemon::Kept;
use crate::estate::Inventory;
use crate::formats::Detail;
use crate::outputs::{self, Style};
use crate::pipeline::{Scanned, Source};
use crate::store::StoreError;
use anyhow::Result;
use clap::Args;
use std::io::{BufWriter, IsTerminal, Write, stdout};
use std::time::Instant;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    store: store::StoreArguments,
    /// Also print what lies beyond the budget, and what rules allow
    #[arg(long)]
    all: bool,
    /// Print JSON lines
    #[arg(long)]
    json: bool,
}

/// A store's scan brought to its end, its sources, and the inventory that names roles.
pub(super) fn finished(store: &store::StoreArguments) -> Result<(Scanned, Vec<Source>, Inventory)> {
    let (read, judge) = (ReadArguments::of_config(store.config.clone()), JudgeArguments::default());
    let prepared = read.prepare(Detail::Judged)?;
    let snapshot = store.snapshot(&prepared.config)?;
    let kept = Kept::read(&snapshot)?.ok_or(StoreError::Empty)?;
    let (mut scan, sources) = kept.into_scan(judge.endless(&prepared)?);
    scan.acknowledge(store.acks(&prepared.config)?);
    Ok((scan.finish(), sources, prepared.estate.inventory))
}

pub(super) fn run(arguments: &Arguments) -> Result<Ending> {
    let began = Instant::now();
    let (scanned, sources, inventory) = finished(&arguments.store)?;
    let report = scanned.report(&sources, &inventory, began.elapsed());
    let to = stdout();
    let style =
        Style { all: arguments.all, colour: to.is_terminal() && std::env::var_os("NO_COLOR").is_none() };
    let mut to = BufWriter::new(to.lock());
    outputs::write(if arguments.json { "jsonl" } else { "terminal" }, &report, style, &mut to)?;
    to.flush()?;
    Ok(if report.summary.unanswered > 0 { Ending::Found } else { Ending::Nothing })
}
