//! `outflow drill`.

use super::judge::JudgeArguments;
use super::read::{Opened, ReadArguments};
use super::{Ending, say};
use crate::drill::{self, CATALOGUE, Drill, Settings};
use crate::eval::wilson;
use crate::formats::Detail;
use crate::outputs::{self, DrillSummary};
use crate::pipeline::Scanned;
use crate::units::{Bytes, Span};
use anyhow::{Result, bail};
use clap::Args;
use std::io::{BufWriter, Write, stdout};
use std::time::Duration;

const ABOUT: &str = "Thefts are played by hosts of your logs, among their own traffic: quiet ones, backup servers, desks; to places that nobody has been \
to, or to those that the host or everybody uses. Each reading of the logs carries several, on hosts and days of their own; no file is \
changed. What the logs cannot show at all is said. Files are read several times, so standard input will not do.

SCENARIO is a name, or the beginning of some (capita, dns-tunnel, backup); all of them if none is named:
";

const ENDING: &str = "Exit code: 0; with --require 1 where fewer were told; 2 trouble.";

#[derive(Debug, Args)]
#[command(override_usage = "outflow drill [OPTIONS] [SCENARIO]... [PATH]...", after_help = about())]
pub(super) struct Arguments {
    #[command(flatten)]
    read: ReadArguments,
    #[command(flatten)]
    judge: JudgeArguments,
    /// Thefts of each scenario, each with other hosts and hours
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    runs: u32,
    /// The same seed on the same logs gives the same answer
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// Stolen per theft, as in 974GB [default: as the scenario says]
    #[arg(long, value_name = "SIZE")]
    bytes: Option<Bytes>,
    /// Nothing is stolen for so long [default: a third of the logs, at least two days and at most ten]
    #[arg(long, value_name = "SPAN")]
    learning: Option<Span>,
    /// Exit with 1 unless this share of the thefts is told, 0 to 1
    #[arg(long, value_name = "SHARE")]
    require: Option<f64>,
    /// A reading of the logs for each theft: they then disturb each other not even a little, and it takes longer
    #[arg(long)]
    alone: bool,
}

fn about() -> String {
    let names: Vec<&str> = CATALOGUE.iter().map(|(name, _)| *name).collect();
    format!("{ABOUT}{}\n\n{ENDING}", names.join(", "))
}

pub(super) fn run(arguments: &Arguments) -> Result<Ending> {
    if arguments.require.is_some_and(|share| !(0.0..=1.0).contains(&share)) {
        bail!("--require is a share: write 0.9 for nine of ten");
    }
    let mut read = arguments.read.clone();
    let words = read.take_leading(|word| !drill::meant(word).is_empty());
    let named: Vec<&str> = words.iter().flat_map(|word| drill::meant(word)).collect();
    if !read.names_files() {
        bail!("a drill reads the logs several times: name files or folders");
    }
    let settings = Settings {
        scenarios: if named.is_empty() { CATALOGUE.iter().map(|row| row.0).collect() } else { named.clone() },
        runs: arguments.runs,
        seed: arguments.seed,
        learning: arguments.learning,
        bytes: arguments.bytes,
        alone: arguments.alone,
    };

    let mut first = read.open(Detail::Judged)?;
    let budget = arguments.judge.budget(&first);
    let scanned = scan(arguments, &mut first)?;
    let (sources, inventory) = (&first.batch.sources, &first.estate.inventory);
    let before = drill::incidents(&scanned.report(sources, inventory, Duration::ZERO));
    let mut drill = Drill::plan(scanned, &before, sources, inventory, budget, settings);
    if !read.quiet {
        say(&format!("{} thefts in {} readings", drill.planned(), drill.readings()));
    }
    for reading in 0..drill.readings() {
        let mut opened = read.open(Detail::Judged)?;
        drill.lay(reading, &mut opened.batch);
        let scanned = scan(arguments, &mut opened)?;
        let report = scanned.report(&opened.batch.sources, &opened.estate.inventory, Duration::ZERO);
        drill.judge(reading, &drill::incidents(&report));
    }

    let rows = drill.rows();
    let sum = |of: fn(&outputs::DrillRow) -> u64| rows.iter().map(of).sum::<u64>();
    let unseen = rows.iter().filter(|row| row.runs == 0 && named.contains(&row.scenario)).count() as u64;
    let summary = DrillSummary {
        recall: wilson(sum(|row| row.caught), sum(|row| row.runs) + unseen),
        require: arguments.require,
        readings: drill.readings(),
        seed: arguments.seed,
    };
    let mut to = BufWriter::new(stdout().lock());
    if read.json {
        outputs::drill_json(drill.thefts(), &rows, &summary, &mut to)?;
    } else {
        outputs::drill_table(&rows, &summary, &mut to)?;
    }
    to.flush()?;
    Ok(match first.ending() {
        Ending::Nothing if summary.met() == Some(false) => Ending::Found,
        ending => ending,
    })
}

fn scan(arguments: &Arguments, opened: &mut Opened) -> Result<Scanned> {
    let mut scan = arguments.judge.scan(opened)?;
    opened.read(&mut scan);
    Ok(scan.finish())
}
