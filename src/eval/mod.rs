//! How good a list of incidents is, against labels that say what was stolen: `outflow eval`. Reads what `outflow scan
//! --json --all` printed, so it judges any list of that shape, whoever made it.
//!
//! **A theft** is all label rows with the same `scenario` and `theft` number; rows without a number are a theft per
//! scenario and host. One theft may use several hosts or destinations; it is found when one of its hosts is told. Rows of
//! different `log`s tell of the same bytes: the log that shows most of them counts.
//!
//! **An incident matches a theft** when its host is a host of the theft; its destination is the group (registered domain,
//! /24 or /48) of a destination that this host stole to, or none; it was raised after the theft had begun; and what it
//! tells of had begun before the theft was over. So an incident that names no destination counts by its host, which is
//! how a theft over many destinations is found. An incident of the right host towards the wrong place is false.
//!
//! **Rank** is an incident's place among those raised on the same day of event time (UTC), by `score_at_detection`, ties
//! by `bytes_out_at_detection`: what was known then. A theft is *found at K* when a matching incident is among the first
//! K of its day; K is for 10,000 hosts and scales with the estate. *Causal* is what a user gets: `in_budget` as told.
//!
//! **Bytes gone** at the moment of detection are those of the theft's rows, each taken to flow evenly from its start to its
//! end, since labels say no more.

mod interval;
mod read;
mod thefts;

pub use interval::{Interval, across_seeds, median_interval, wilson};
pub use read::{EvalError, Incident, Label, Scan, labels, scan};
pub use thefts::{Row, Theft, thefts};

use crate::units::Span;
use std::collections::BTreeMap;

/// Budgets at which recall is told, in incidents a day per 10,000 hosts.
pub const BUDGETS: [u32; 3] = [5, 10, 50];
/// Place in [`BUDGETS`] of the one that time, bytes and rank are told for.
const USUAL: usize = 1;
/// Hosts that budgets and false incidents are told per.
const PER_HOSTS: u64 = 10_000;

/// One estate: what was stolen and what was told.
#[derive(Clone, Debug)]
pub struct Seed {
    /// What was stolen.
    pub labels: Vec<Label>,
    /// What was told.
    pub scan: Scan,
}

/// What became of a theft.
#[derive(Clone, Debug, PartialEq)]
pub struct Fate {
    /// The theft.
    pub theft: Theft,
    /// Number of its estate, from 1.
    pub seed: usize,
    /// The best rank of a matching incident on its day, from 1; `None`: never told.
    pub rank: Option<u64>,
    /// Found at each of [`BUDGETS`].
    pub found: [bool; BUDGETS.len()],
    /// A matching incident was told within the budget of the scan.
    pub causal: bool,
    /// From the first stolen byte to the first matching incident that the usual budget would have shown.
    pub time_to_detect: Option<Span>,
    /// Stolen bytes gone by then.
    pub bytes_gone: Option<u64>,
}

/// A scenario over all estates.
#[derive(Clone, Debug, PartialEq)]
pub struct ScenarioFigures {
    /// As the labels call it.
    pub name: String,
    /// Thefts.
    pub thefts: u64,
    /// How many of them are found at the usual budget.
    pub found: u64,
    /// Share of them found at each of [`BUDGETS`], with Wilson's interval.
    pub recall: [Interval; BUDGETS.len()],
    /// Share of them told within the scan's own budget.
    pub causal: Interval,
    /// Median best rank on its day, of those told at all.
    pub rank: Option<f64>,
    /// Median time to detect, of those found at the usual budget.
    pub time_to_detect: Option<Span>,
    /// Median of the bytes gone by then.
    pub bytes_gone: Option<u64>,
    /// Median of their share of all that was stolen, 0 to 1.
    pub share_gone: Option<f64>,
}

/// Over all scenarios and estates. Intervals are 95 %: over seeds where there are two or more, otherwise within the one.
#[derive(Clone, Debug, PartialEq)]
pub struct Figures {
    /// Share of all thefts found at each of [`BUDGETS`], each scenario with the same weight.
    pub macro_recall: [Interval; BUDGETS.len()],
    /// Share of all thefts found at each of [`BUDGETS`].
    pub recall: [Interval; BUDGETS.len()],
    /// As `macro_recall`, told within the scan's own budget.
    pub macro_causal: Interval,
    /// Incidents within the scan's budget that match no theft, a day per 10,000 hosts.
    pub false_per_day: Interval,
    /// Share of the incidents within the scan's budget that match a theft; 0 where none was told.
    pub precision: Interval,
    /// Average precision of all incidents by `score_at_detection`; an incident that tells of a theft told before is right
    /// but finds nothing new, a theft that is never told counts 0.
    pub average_precision: Interval,
}

/// All of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Evaluation {
    /// By estate, in the order of the labels.
    pub fates: Vec<Fate>,
    /// By name.
    pub scenarios: Vec<ScenarioFigures>,
    /// Over all; all 0 where nothing was stolen.
    pub figures: Figures,
    /// Estates.
    pub seeds: usize,
    /// Incidents that the scans counted but did not print: without `--all` recall beyond the budget is too low.
    pub withheld: u64,
}

/// What one estate comes to.
struct Scored {
    fates: Vec<Fate>,
    false_per_day: f64,
    precision: f64,
    average_precision: f64,
}

/// Scores every estate and sums up.
pub fn evaluate(seeds: &[Seed]) -> Evaluation {
    let scored: Vec<Scored> = seeds.iter().zip(1..).map(|(seed, number)| score(seed, number)).collect();
    let fates: Vec<Fate> = scored.iter().flat_map(|scored| scored.fates.iter().cloned()).collect();
    let of_seeds = |value: &dyn Fn(&Scored) -> f64, within: Option<f64>| {
        across_seeds(&scored.iter().map(value).collect::<Vec<f64>>(), within)
    };
    let recall = |found: &dyn Fn(&Fate) -> bool, each_scenario_alike: bool| {
        let of_seed = |scored: &Scored| mean_recall(&scored.fates, found, each_scenario_alike).0;
        let within = mean_recall(&fates, found, each_scenario_alike).1;
        across_seeds(&scored.iter().map(of_seed).collect::<Vec<f64>>(), Some(within))
    };
    let figures = Figures {
        macro_recall: std::array::from_fn(|at| recall(&|fate| fate.found[at], true)),
        recall: std::array::from_fn(|at| recall(&|fate| fate.found[at], false)),
        macro_causal: recall(&|fate| fate.causal, true),
        false_per_day: of_seeds(&|scored| scored.false_per_day, None),
        precision: of_seeds(&|scored| scored.precision, Some(0.0)),
        average_precision: of_seeds(&|scored| scored.average_precision, Some(0.0)),
    };
    let scenarios = by_scenario(&fates).into_iter().map(|(name, fates)| scenario(name, &fates)).collect();
    let withheld = seeds.iter().map(|seed| seed.scan.withheld()).sum();
    Evaluation { fates, scenarios, figures, seeds: seeds.len(), withheld }
}

/// Scores one estate.
fn score(seed: &Seed, number: usize) -> Scored {
    let scan = &seed.scan;
    let thefts = thefts(&seed.labels);
    // The worst of each day first, days in order; an incident's rank is its place within its day.
    let mut order: Vec<&Incident> = scan.incidents.iter().collect();
    let by_score = |a: &Incident, b: &Incident| {
        b.score_at_detection
            .total_cmp(&a.score_at_detection)
            .then(b.bytes_out_at_detection.cmp(&a.bytes_out_at_detection))
    };
    order.sort_by(|a, b| a.day().cmp(&b.day()).then_with(|| by_score(a, b)));
    let ranked: Vec<(u64, &Incident)> =
        order.chunk_by(|a, b| a.day() == b.day()).flat_map(|day| (1..).zip(day.iter().copied())).collect();

    let per_hosts = scan.hosts as f64 / PER_HOSTS as f64;
    // Part of an incident cannot be read, so it is rounded up.
    let allowed = BUDGETS.map(|budget| (u64::from(budget) * scan.hosts).div_ceil(PER_HOSTS));
    let fates = thefts.iter().map(|theft| {
        let matching: Vec<&(u64, &Incident)> =
            ranked.iter().filter(|(_, incident)| theft.matches(incident)).collect();
        let shown = matching.iter().filter(|(rank, _)| *rank <= allowed[USUAL]);
        let detected_at = shown.map(|(_, incident)| incident.detected_at).min();
        Fate {
            theft: theft.clone(),
            seed: number,
            rank: matching.iter().map(|(rank, _)| *rank).min(),
            found: allowed.map(|allowed| matching.iter().any(|(rank, _)| *rank <= allowed)),
            causal: matching.iter().any(|(_, incident)| incident.in_budget),
            time_to_detect: detected_at.map(|at| at - theft.start),
            bytes_gone: detected_at.map(|at| theft.gone_by(at)),
        }
    });
    let fates: Vec<Fate> = fates.collect();

    let is_right = |incident: &Incident| thefts.iter().any(|theft| theft.matches(incident));
    let told: Vec<&Incident> = scan.incidents.iter().filter(|incident| incident.in_budget).collect();
    let right = told.iter().filter(|incident| is_right(incident)).count();
    let false_per_day = (told.len() - right) as f64 / scan.days.max(f64::MIN_POSITIVE) / per_hosts;
    order.sort_by(|a, b| by_score(a, b));
    Scored {
        fates,
        false_per_day,
        precision: right as f64 / told.len().max(1) as f64,
        average_precision: average_precision(&order, &thefts),
    }
}

fn average_precision(order: &[&Incident], thefts: &[Theft]) -> f64 {
    let mut known = vec![false; thefts.len()];
    let (mut right, mut sum) = (0.0, 0.0);
    for (place, incident) in (1..).zip(order) {
        let matching = thefts.iter().zip(&mut known).filter(|(theft, _)| theft.matches(incident));
        let (mut any, mut new) = (false, 0.0);
        for (_, known) in matching {
            any = true;
            new += f64::from(u8::from(!std::mem::replace(known, true)));
        }
        right += f64::from(u8::from(any));
        sum += new * right / f64::from(place);
    }
    sum / thefts.len().max(1) as f64
}

fn by_scenario(fates: &[Fate]) -> BTreeMap<&str, Vec<&Fate>> {
    let mut scenarios: BTreeMap<&str, Vec<&Fate>> = BTreeMap::new();
    for fate in fates {
        scenarios.entry(&fate.theft.scenario).or_default().push(fate);
    }
    scenarios
}

/// Mean share found, and its standard error within these fates.
fn mean_recall(fates: &[Fate], found: &dyn Fn(&Fate) -> bool, each_scenario_alike: bool) -> (f64, f64) {
    let groups: Vec<Vec<&Fate>> = if each_scenario_alike {
        by_scenario(fates).into_values().collect()
    } else {
        vec![fates.iter().collect()]
    };
    let (mut mean, mut variance) = (0.0, 0.0);
    for group in &groups {
        let of = group.len() as f64;
        let hits = group.iter().filter(|fate| found(fate)).count() as f64;
        mean += hits / of.max(1.0);
        // Two of each added (Agresti and Coull 1998), so that three of three is not taken for certain.
        let share = (hits + 2.0) / (of + 4.0);
        variance += share * (1.0 - share) / (of + 4.0);
    }
    let count = groups.len().max(1) as f64;
    (mean / count, variance.sqrt() / count)
}

#[expect(clippy::cast_sign_loss, reason = "a median of bytes is not negative")]
fn scenario(name: &str, fates: &[&Fate]) -> ScenarioFigures {
    let share = |found: &dyn Fn(&Fate) -> bool| {
        wilson(fates.iter().filter(|fate| found(fate)).count() as u64, fates.len() as u64)
    };
    let bytes = |fate: &&Fate| fate.bytes_gone.map(|bytes| bytes as f64);
    let gone = |fate: &&Fate| Some(bytes(fate)? / fate.theft.bytes.max(1) as f64);
    let seconds = |fate: &&Fate| fate.time_to_detect.map(Span::seconds);
    ScenarioFigures {
        name: name.to_owned(),
        thefts: fates.len() as u64,
        found: fates.iter().filter(|fate| fate.found[USUAL]).count() as u64,
        recall: std::array::from_fn(|at| share(&|fate| fate.found[at])),
        causal: share(&|fate| fate.causal),
        rank: median(fates.iter().filter_map(|fate| fate.rank.map(|rank| rank as f64)).collect()),
        time_to_detect: median(fates.iter().filter_map(seconds).collect())
            .map(|seconds| Span((seconds * 1e6).round() as i64)),
        bytes_gone: median(fates.iter().filter_map(bytes).collect()).map(|bytes| bytes.round() as u64),
        share_gone: median(fates.iter().filter_map(gone).collect()),
    }
}

/// The middle one; the mean of the two in the middle of an even number; `None` of none.
pub fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    let upper = *values.get(middle)?;
    let lower = if values.len().is_multiple_of(2) { values.get(middle.checked_sub(1)?)? } else { &upper };
    Some((lower + upper) / 2.0)
}

#[cfg(test)]
mod tests;
