//! `outflow scan --compare`: which incidents would another configuration tell?

use super::Ending;
use super::judge::JudgeArguments;
use super::read::ReadArguments;
use crate::outputs::{Change, Told, comparison_json, comparison_table};
use anyhow::{Result, bail};
use std::collections::BTreeSet;
use std::io::{BufWriter, Write, stdout};
use std::path::Path;
use std::time::Duration;

/// Reads the same logs under both configurations and prints what differs.
pub(super) fn run(read: &ReadArguments, judge: &JudgeArguments, other: &Path) -> Result<Ending> {
    if !read.names_files() {
        bail!("--compare reads the logs twice: name files, not standard input");
    }
    let (this_opened, this) = judge.scanned(read)?;
    let (other_opened, other) = judge.scanned(&read.with_config(other))?;
    let ours = this.report(&this_opened.batch.sources, &this_opened.estate.inventory, Duration::ZERO);
    let theirs = other.report(&other_opened.batch.sources, &other_opened.estate.inventory, Duration::ZERO);
    let told = |incidents: &'_ [Told<'_>]| -> BTreeSet<String> {
        incidents.iter().filter(|told| told.in_budget).map(|told| told.id.clone()).collect()
    };
    let (before, after) = (told(&ours.incidents), told(&theirs.incidents));
    let mut rows: Vec<(Change, &Told<'_>)> = Vec::new();
    for told in theirs.incidents.iter().filter(|told| told.in_budget) {
        rows.push((if before.contains(&told.id) { Change::Stays } else { Change::Appears }, told));
    }
    let vanished = |told: &&Told<'_>| told.in_budget && !after.contains(&told.id);
    rows.extend(ours.incidents.iter().filter(vanished).map(|told| (Change::Vanishes, told)));
    rows.sort_by(|(a, x), (b, y)| a.cmp(b).then(y.incident.score.total_cmp(&x.incident.score)));
    let mut to = BufWriter::new(stdout().lock());
    if read.json {
        comparison_json(&rows, theirs.summary.hosts, &mut to)?;
    } else {
        comparison_table(&rows, &mut to)?;
    }
    to.flush()?;
    let differs = rows.iter().any(|(change, _)| *change != Change::Stays);
    let found = if differs { Ending::Found } else { Ending::Nothing };
    Ok(match (this_opened.ending(), other_opened.ending()) {
        (Ending::Nothing, Ending::Nothing) => found,
        // What one of them could not read may be why they differ.
        _ => Ending::Trouble,
    })
}
