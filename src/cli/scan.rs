//! `outflow scan`.

use super::judge::JudgeArguments;
use super::read::ReadArguments;
use super::{Ending, compare, say};
use crate::daemon::Kept;
use crate::formats::Detail;
use crate::outputs::{self, Style};
use crate::store::{self, StoreError};
use crate::units::Timestamp;
use anyhow::Result;
use clap::Args;
use std::io::{BufWriter, IsTerminal, Write, stdout};
use std::path::PathBuf;
use std::time::Instant;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    read: ReadArguments,
    #[command(flatten)]
    judge: JudgeArguments,
    /// Judge by what a daemon has learned, in the folder of its store: lines from where it stopped judging on
    #[arg(long, value_name = "DIR")]
    history: Option<PathBuf>,
    /// Which incidents would appear or vanish under this other configuration? Reads the logs twice; exit code 1 if any
    #[arg(long, value_name = "OTHER.toml", conflicts_with_all = ["history", "all"])]
    compare: Option<PathBuf>,
    /// Also print what lies beyond the budget, and what rules allow
    #[arg(long)]
    all: bool,
}

pub(super) fn run(arguments: &Arguments) -> Result<Ending> {
    if let Some(other) = &arguments.compare {
        return compare::run(&arguments.read, &arguments.judge, other);
    }
    let began = Instant::now();
    let mut opened = arguments.read.open(Detail::Judged)?;
    let mut scan = arguments.judge.scan(&mut opened)?;
    let mut from = Timestamp::MIN;
    if let Some(folder) = &arguments.history {
        let kept = Kept::read(&store::read(folder)?)?.ok_or(StoreError::Empty)?;
        let (with_history, sources);
        (with_history, sources, from) = kept.into_history(scan);
        scan = with_history;
        opened.batch.precede(sources);
    }
    opened.read(&mut scan);
    let mut scanned = scan.finish();
    scanned.incidents.retain(|incident| incident.last_seen > from);
    let mut report = scanned.report(&opened.batch.sources, &opened.estate.inventory, began.elapsed());
    // Those that the history names were read by the daemon.
    report.sources.retain(|source| arguments.history.is_none() || source.counts.lines > 0);
    let to = stdout();
    let style =
        Style { all: arguments.all, colour: to.is_terminal() && std::env::var_os("NO_COLOR").is_none() };
    let mut to = BufWriter::new(to.lock());
    let first = scanned.counts.iter().filter_map(|counts| Some(counts.span?.0)).min();
    for rule in scanned.idle_rules.iter().filter(|_| arguments.read.verbose) {
        let is_over = first.is_some_and(|first| rule.is_over(first));
        let over = if is_over { "had expired before" } else { "covered nothing of" };
        say(&format!("[[allow]] of line {} {over} these logs: {}", rule.line, rule.reason));
    }
    outputs::write(if arguments.read.json { "jsonl" } else { "terminal" }, &report, style, &mut to)?;
    to.flush()?;
    let found = if report.summary.in_budget > 0 { Ending::Found } else { Ending::Nothing };
    Ok(match opened.ending() {
        Ending::Nothing => found,
        trouble => trouble,
    })
}
