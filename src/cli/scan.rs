//! `outflow scan`.

use super::Ending;
use super::read::ReadArguments;
use crate::batch::Sink;
use crate::event::owner::Owners;
use crate::formats::Detail;
use crate::incidents::Budget;
use crate::outputs::{self, Style};
use crate::pipeline::{Piece, Scan, Source};
use crate::tally::Settings;
use crate::units::{Span, Timestamp};
use anyhow::{Context, Result, anyhow};
use clap::Args;
use std::io::{BufWriter, IsTerminal, Write, stdout};
use std::path::PathBuf;
use std::time::Instant;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    read: ReadArguments,
    /// How many incidents a day you can read [default: 10/day]
    #[arg(long, value_name = "N/day")]
    budget: Option<Budget>,
    /// Also print what lies beyond the budget
    #[arg(long)]
    all: bool,
    /// How long a window stays open for lines that come late
    #[arg(long, value_name = "SPAN", default_value = "5m")]
    lateness: Span,
    /// MMDB file that names the autonomous systems of addresses, such as GeoLite2-ASN
    #[arg(long, value_name = "FILE.mmdb")]
    asn: Option<PathBuf>,
    /// Most hosts told apart; the rest are summed as one
    #[arg(long, value_name = "N", default_value_t = Settings::default().hosts_max)]
    hosts_max: usize,
    /// Most destination groups told apart; the rest are summed as one
    #[arg(long, value_name = "N", default_value_t = Settings::default().destinations_max)]
    destinations_max: usize,
}

impl Sink for Scan {
    fn add(&mut self, sources: &[Source], pieces: &[Piece]) {
        Scan::add(self, sources, pieces);
    }

    fn reached(&mut self, unfinished: &[(u32, Timestamp)]) {
        Scan::reached(self, unfinished);
    }
}

pub(super) fn run(arguments: &Arguments) -> Result<Ending> {
    let began = Instant::now();
    let mut opened = arguments.read.open(Detail::Judged)?;
    let settings = Settings {
        hosts_max: arguments.hosts_max,
        destinations_max: arguments.destinations_max,
        ..Settings::default()
    };
    let mut catalogue = std::mem::take(&mut opened.catalogue);
    if let Some(path) = arguments.asn.as_ref().or(opened.asn.as_ref()) {
        let bytes = std::fs::read(path).with_context(|| format!("--asn {}", path.display()))?;
        let owners = Owners::read(bytes).map_err(|error| anyhow!("--asn {}: {error}", path.display()))?;
        catalogue = catalogue.with_owners(owners);
    }
    let scan = Scan::new(
        settings,
        arguments.lateness,
        opened.threads,
        opened.batch.sources.len(),
        opened.estate.clone(),
        opened.take.clone(),
        arguments.budget.or(opened.budget).unwrap_or_default(),
    );
    let mut scan = scan.with_catalogue(catalogue);
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
