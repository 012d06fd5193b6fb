//! Closed windows → findings: a file per detector, one table.
//!
//! A detector looks at what the baseline says of a host, or of a host towards a destination group, and gives a tail
//! probability in bits, never a threshold of its own. It keeps no state and does not know the other detectors. To add one:
//! write its file with its manual, add its row to [`DETECTORS`], add a case that fires and one that stays silent.

mod first_bulk;
mod known_tool;
mod rare_destination;
mod shared_destination;
mod volume_spike;

use crate::baseline::{Baseline, Class, Destination, Host, Pair, SCALES, Unit};
use crate::incident::Finding;
use crate::units::Timestamp;

/// A row of the table.
#[derive(Debug)]
pub struct Detector {
    /// The name in findings and on the command line.
    pub name: &'static str,
    /// The technique of MITRE ATT&CK it speaks for.
    pub technique: &'static str,
    /// What it sees, what fools it, its formula and where that comes from: the text that `outflow explain NAME` prints.
    pub manual: &'static str,
    /// What it looks at, and how.
    pub judge: Judge,
}

/// What a detector looks at.
#[derive(Debug)]
pub enum Judge {
    /// A host's volume towards everybody.
    Host(fn(&Case<'_>) -> Option<Seen>),
    /// A host's volume towards one destination group.
    Pair(fn(&Case<'_>, &Pair, &Destination) -> Option<Seen>),
    /// What raises what others found of a pair, in bits; says nothing alone.
    Booster(fn(&Case<'_>, &Pair, &Destination) -> f64),
}

/// A host when a window closes.
#[derive(Clone, Copy, Debug)]
pub struct Case<'a> {
    /// What is usual.
    pub baseline: &'a Baseline,
    /// The host.
    pub host: &'a Host,
    /// The start of the window.
    pub now: Timestamp,
}

/// What stood out, at the scale at which it did most.
#[derive(Clone, Copy, Debug)]
pub struct Seen {
    /// Place in [`SCALES`].
    pub scale: usize,
    /// Net bytes in that span.
    pub observed: u64,
    /// The record before.
    pub expected: u64,
    /// Improbability in bits.
    pub bits: f64,
}

/// Every detector.
pub const DETECTORS: &[&Detector] = &[
    &first_bulk::DETECTOR,
    &volume_spike::DETECTOR,
    &rare_destination::DETECTOR,
    &shared_destination::DETECTOR,
    &known_tool::DETECTOR,
];

/// The row with this name.
pub fn detector(name: &str) -> Option<&'static Detector> {
    DETECTORS.iter().copied().find(|detector| detector.name == name)
}

impl Detector {
    /// As a finding of this detector.
    pub fn finding(&self, seen: Seen) -> Finding {
        Finding {
            detector: self.name,
            technique: self.technique,
            window: SCALES.get(seen.scale).copied().unwrap_or_default(),
            observed: seen.observed,
            expected: seen.expected,
            bits: seen.bits,
        }
    }
}

/// The scale at which a unit stands out most among its class, if it does at any. Looking at several scales and telling the
/// best costs log2 of their number (Bonferroni).
/// `class` gives `None` for a scale at which the unit cannot be judged.
fn best_scale(baseline: &Baseline, unit: &Unit, class: impl Fn(usize) -> Option<Class>) -> Option<Seen> {
    let mut best: Option<Seen> = None;
    for (scale, now) in unit.now.iter().enumerate() {
        let Some(class) = class(scale) else { continue };
        if now.excess < baseline.pools.cut(class) {
            continue;
        }
        let bits = -baseline.pools.tail(class, now.excess, now.record).log2() - (SCALES.len() as f64).log2();
        if best.is_none_or(|best| bits > best.bits) {
            best = Some(Seen { scale, observed: now.net, expected: now.record, bits });
        }
    }
    best
}
