//! What all commands that judge logs have in common: their arguments, and the scan that these ask for.

use super::read::{Opened, Prepared, ReadArguments};
use crate::batch::{Sink, threads};
use crate::config::LimitsConfig;
use crate::estate::Estate;
use crate::event::catalogue::Catalogue;
use crate::event::owner::Owners;
use crate::formats::Detail;
use crate::incidents::Budget;
use crate::pipeline::{Guidance, Piece, Scan, Scanned, Source, Take};
use crate::tally::Settings;
use crate::units::{Span, Timestamp};
use anyhow::{Context, Result, anyhow};
use clap::Args;
use std::path::PathBuf;

/// How long a window stays open where nothing else is said.
const LATENESS: Span = Span(5 * Span::MINUTE.0);

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
    /// Most hosts told apart; the rest are summed as one [default: 4000000]
    #[arg(long, value_name = "N")]
    hosts_max: Option<usize>,
    /// Most destination groups told apart; the rest are summed as one [default: 4000000]
    #[arg(long, value_name = "N")]
    destinations_max: Option<usize>,
}

impl Default for JudgeArguments {
    /// As when nothing is passed.
    fn default() -> Self {
        JudgeArguments {
            budget: None,
            lateness: LATENESS,
            asn: None,
            hosts_max: None,
            destinations_max: None,
        }
    }
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
        let catalogue = self.catalogue(std::mem::take(&mut opened.catalogue), opened.asn.as_ref())?;
        let (budget, sources) = (self.budget(opened), opened.batch.sources.len());
        let scan = self.scan_of(sources, (opened.estate.clone(), opened.take.clone()), budget, opened.limits);
        Ok(scan.with_catalogue(catalogue).with_rules(opened.allow.clone()))
    }

    /// Opens, reads and judges everything.
    pub(super) fn scanned(&self, read: &ReadArguments) -> Result<(Opened, Scanned)> {
        let mut opened = read.open(Detail::Judged)?;
        let mut scan = self.scan(&mut opened)?;
        opened.read(&mut scan);
        Ok((opened, scan.finish()))
    }

    /// How long a window stays open for lines that come late.
    pub(super) fn lateness(&self) -> Span {
        self.lateness
    }

    /// The scan that a daemon goes on with for ever.
    pub(super) fn endless(&self, prepared: &Prepared) -> Result<Scan> {
        let Prepared { take, estate, .. } = prepared;
        let Guidance { budget, rules, catalogue } = self.guidance(prepared)?;
        let scan = self.scan_of(0, (estate.clone(), take.clone()), budget, prepared.config.limits);
        let scan = scan.with_catalogue(catalogue).with_days();
        // Who names no configuration has not said that there are no rules: what was allowed stays so.
        Ok(if prepared.is_configured { scan.with_rules(rules) } else { scan })
    }

    /// How many incidents a day are told, which are not, and what is known of destinations.
    pub(super) fn guidance(&self, prepared: &Prepared) -> Result<Guidance> {
        Ok(Guidance {
            budget: self.budget.or(prepared.config.budget).unwrap_or_default(),
            rules: prepared.config.allow.clone(),
            catalogue: self.catalogue(prepared.catalogue.clone(), prepared.config.asn.as_ref())?,
        })
    }

    fn scan_of(
        &self,
        sources: usize,
        (estate, take): (Estate, Take),
        budget: Budget,
        limits: LimitsConfig,
    ) -> Scan {
        let settings = Settings {
            hosts_max: self.hosts_max.unwrap_or(limits.hosts),
            destinations_max: self.destinations_max.unwrap_or(limits.destinations),
            ..Settings::default()
        };
        Scan::new(settings, self.lateness, threads(), sources, estate, take, budget)
    }

    /// The catalogue with whose networks addresses lie in, as far as a file says.
    fn catalogue(&self, catalogue: Catalogue, asn: Option<&PathBuf>) -> Result<Catalogue> {
        let Some(path) = self.asn.as_ref().or(asn) else { return Ok(catalogue) };
        let bytes = std::fs::read(path).with_context(|| format!("--asn {}", path.display()))?;
        let owners = Owners::read(bytes).map_err(|error| anyhow!("--asn {}: {error}", path.display()))?;
        Ok(catalogue.with_owners(owners))
    }
}
