//! `outflow scan`.

use super::Ending;
use super::judge::JudgeArguments;
use super::read::ReadArguments;
use crate::formats::Detail;
use crate::outputs::{self, Style};
use anyhow::Result;
use clap::Args;
use std::io::{BufWriter, IsTerminal, Write, stdout};
use std::time::Instant;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    read: ReadArguments,
    #[command(flatten)]
    judge: JudgeArguments,
    /// Also print what lies beyond the budget
    #[arg(long)]
    all: bool,
}

pub(super) fn run(arguments: &Arguments) -> Result<Ending> {
    let began = Instant::now();
    let mut opened = arguments.read.open(Detail::Judged)?;
    let mut scan = arguments.judge.scan(&mut opened)?;
    opened.read(&mut scan);
    let scanned = scan.finish();
    let report = scanned.report(&opened.batch.sources, &opened.estate.inventory, began.elapsed());
    let to = stdout();
    let style =
        Style { all: arguments.all, colour: to.is_terminal() && std::env::var_os("NO_COLOR").is_none() };
    let mut to = BufWriter::new(to.lock());
    outputs::write(if arguments.read.json { "jsonl" } else { "terminal" }, &report, style, &mut to)?;
    to.flush()?;
    let found = if report.summary.in_budget > 0 { Ending::Found } else { Ending::Nothing };
    Ok(match opened.ending() {
        Ending::Nothing => found,
        trouble => trouble,
    })
}
