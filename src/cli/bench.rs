//! `outflow bench`: how fast this machine reads these logs, stage by stage.

mod memory;
mod stages;

use super::Ending;
use super::read::ReadArguments;
use anyhow::{Result, ensure};
use clap::Args;
use serde::Serialize;
use stages::{STAGES, Spent};
use std::io::{BufWriter, Write, stdout};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    read: ReadArguments,
    /// How often each stage is run; the median counts
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=101))]
    rounds: u32,
    /// Read nothing: remember so many invented hosts for 28 days, and say what each takes
    #[arg(long, value_name = "N", conflicts_with_all = ["paths", "rounds"], value_parser = clap::value_parser!(u32).range(1..=100_000_000))]
    hosts: Option<u32>,
}

/// A stage's row. Each stage contains those above it that it needs; newlines are counted in the bytes after decompression.
#[derive(Serialize)]
struct Row {
    r#type: &'static str,
    schema: &'static str,
    stage: &'static str,
    /// Of all threads, seconds.
    cpu_s: f64,
    elapsed_s: f64,
    /// After decompression.
    bytes: u64,
    lines: u64,
    /// Bytes a second of CPU time.
    bytes_per_cpu_s: f64,
    /// CPU time in that of counting newlines; the median of the rounds' ratios.
    newlines: f64,
}

pub(super) fn run(arguments: &Arguments) -> Result<Ending> {
    if let Some(hosts) = arguments.hosts {
        return memory::run(hosts, arguments.read.json);
    }
    ensure!(
        arguments.read.names_files(),
        "bench reads its logs several times: name files, or a configuration with sources (-c)"
    );
    // In turn, so that what else the machine does hits all stages alike.
    let mut rounds: Vec<Vec<Spent>> = Vec::new();
    for _ in 0..arguments.rounds {
        let mut round = Vec::new();
        for stage in STAGES {
            let (spent, ending) = (stage.run)(&arguments.read)?;
            // What cannot be read was said, once.
            if ending == Ending::Trouble {
                return Ok(ending);
            }
            round.push(spent);
        }
        rounds.push(round);
    }
    let rows = STAGES.iter().enumerate().map(|(place, stage)| {
        let of = |value: fn(&Spent) -> f64| median(rounds.iter().map(|round| value(&round[place])).collect());
        let cpu_s = of(|spent| spent.cpu_s);
        let newlines =
            rounds.iter().map(|round| round[place].cpu_s / round[0].cpu_s.max(f64::EPSILON)).collect();
        let first = rounds[0][place];
        Row {
            r#type: "bench",
            schema: "outflow/1",
            stage: stage.name,
            cpu_s,
            elapsed_s: of(|spent| spent.elapsed_s),
            bytes: first.bytes,
            lines: first.lines,
            bytes_per_cpu_s: first.bytes as f64 / cpu_s.max(f64::EPSILON),
            newlines: median(newlines),
        }
    });
    let mut to = BufWriter::new(stdout().lock());
    if arguments.read.json {
        for row in rows {
            serde_json::to_writer(&mut to, &row)?;
            writeln!(to)?;
        }
    } else {
        writeln!(to, "{:<28} {:>9} {:>9} {:>9} {:>10}", "STAGE", "CPU", "ELAPSED", "MB/S", "× NEWLINES")?;
        for row in rows {
            let rate = row.bytes_per_cpu_s / 1e6;
            writeln!(
                to,
                "{:<28} {:>7.3} s {:>7.3} s {:>9.0} {:>10.1}",
                row.stage, row.cpu_s, row.elapsed_s, rate, row.newlines
            )?;
        }
        let (bytes, lines) = (rounds[0][0].bytes, rounds[0][0].lines);
        writeln!(
            to,
            "{lines} lines, {:.1} MB after decompression; CPU of all threads, medians of {} rounds in turn",
            bytes as f64 / 1e6,
            arguments.rounds
        )?;
    }
    to.flush()?;
    Ok(Ending::Nothing)
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}
