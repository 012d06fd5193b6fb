//! What all commands that judge logs have in common: their arguments, and the scan that these ask for.

use super::read::Opened;
use crate::batch::Sink;
use crate::event::owner::Owners;
use crate::incidents::Budget;
use crate::pipeline::{Piece, Scan, Source};
use crate::tally::Settings;
use crate::units::{Span, Timestamp};
use anyhow::{Context, Result, anyhow};
use clap::Args;
use std::path::PathBuf;

/// Arguments of every command that judges what it reads.
#[derive(Debug, Args)]
pub(super) struct JudgeArguments {
    /// How many incidents a day you can read [default: 10/day]
    #[arg(long, value_name = "N/day")]
    budget: Option<Budget>,
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

impl JudgeArguments {
    /// How many incidents a day are told.
    pub(super) fn budget(&self, opened: &Opened) -> Budget {
        self.budget.or(opened.budget).unwrap_or_default()
    }

    /// The scan of what was opened, not yet begun.
    pub(super) fn scan(&self, opened: &mut Opened) -> Result<Scan> {
        let settings = Settings {
            hosts_max: self.hosts_max,
            destinations_max: self.destinations_max,
            ..Settings::default()
        };
        let mut catalogue = std::mem::take(&mut opened.catalogue);
        if let Some(path) = self.asn.as_ref().or(opened.asn.as_ref()) {
            let bytes = std::fs::read(path).with_context(|| format!("--asn {}", path.display()))?;
            let owners = Owners::read(bytes).map_err(|error| anyhow!("--asn {}: {error}", path.display()))?;
            catalogue = catalogue.with_owners(owners);
        }
        let scan = Scan::new(
            settings,
            self.lateness,
            opened.threads,
            opened.batch.sources.len(),
            opened.estate.clone(),
            opened.take.clone(),
            self.budget(opened),
        );
        Ok(scan.with_catalogue(catalogue))
    }
}
