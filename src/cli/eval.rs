//! `outflow eval`.

use super::{Ending, say};
use crate::eval::{self, Seed};
use crate::outputs;
use anyhow::{Context, Result, bail};
use clap::Args;
use std::fs;
use std::io::{BufWriter, Write, read_to_string, stdin, stdout};
use std::path::{Path, PathBuf};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// What was stolen, as `synth` writes it; once for each list of incidents, in the same order
    #[arg(long, value_name = "FILE", required = true)]
    labels: Vec<PathBuf>,
    /// What `scan --json --all` printed, one for each --labels; default: standard input
    #[arg(value_name = "INCIDENTS")]
    incidents: Vec<PathBuf>,
    /// Hosts of each estate; default: what the scan's summary says
    #[arg(long, value_name = "N")]
    hosts: Option<u64>,
    /// Days of each log; default: what the scan's sources say
    #[arg(long, value_name = "N")]
    days: Option<f64>,
    /// Print JSON, one object a line: every theft, every scenario, then all together
    #[arg(long)]
    json: bool,
}

pub(super) fn run(arguments: &Arguments) -> Result<Ending> {
    let standard = [PathBuf::from("-")];
    let incidents =
        if arguments.incidents.is_empty() { &standard[..] } else { arguments.incidents.as_slice() };
    if incidents.len() != arguments.labels.len() {
        bail!(
            "{} labels but {} lists of incidents: give one --labels for each list, in the same order",
            arguments.labels.len(),
            incidents.len()
        );
    }
    if arguments.days.is_some_and(|days| !days.is_finite() || days <= 0.0) {
        bail!("--days must be above 0");
    }
    let mut seeds = Vec::new();
    for (labels, incidents) in arguments.labels.iter().zip(incidents) {
        let wrong = |path: &Path| path.display().to_string();
        let labels = text(labels).and_then(|text| Ok(eval::labels(&text)?)).with_context(|| wrong(labels))?;
        let scan = text(incidents)
            .and_then(|text| Ok(eval::scan(&text, arguments.hosts, arguments.days)?))
            .with_context(|| wrong(incidents))?;
        seeds.push(Seed { labels, scan });
    }
    let evaluation = eval::evaluate(&seeds);
    if evaluation.withheld > 0 {
        say(&format!(
            "{} incidents beyond the budget are not in the list: recall at larger budgets is too low; scan with --all",
            evaluation.withheld
        ));
    }
    let mut to = BufWriter::new(stdout().lock());
    if arguments.json {
        outputs::evaluation_json(&evaluation, &mut to)?;
    } else {
        outputs::evaluation_table(&evaluation, &mut to)?;
    }
    to.flush()?;
    Ok(Ending::Nothing)
}

fn text(path: &Path) -> Result<String> {
    Ok(if path == Path::new("-") { read_to_string(stdin().lock())? } else { fs::read_to_string(path)? })
}
