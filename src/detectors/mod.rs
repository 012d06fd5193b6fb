//! Closed windows → findings: a file per detector, one table.
//!
//! A detector looks at what the baseline says of a host, or of a host towards a destination group, and gives a tail
//! probability in bits, never a threshold of its own. It keeps no state and does not know the other detectors. To add one:
//! write its file with its manual, add its row to [`DETECTORS`], add a case that fires and one that stays silent.

mod boiling_frog;
mod bucket_exposed;
mod bulk_pull;
mod direction_flip;
mod dns_tunnel;
mod first_bulk;
mod known_tool;
mod many_places;
mod odd_port;
mod off_hours;
mod open_bucket;
mod peer_outlier;
mod proxy_tunnel;
mod rare_destination;
mod shared_destination;
mod silent_source;
mod slow_drip;
mod steady_rate;
mod uniform_chunks;
mod stage_then_send;
mod volume_spike;

use crate::baseline::{Baseline, COLD, Class, Destination, Host, Pair, SCALES, Unit, What, mature};
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
    /// What is missing of a host or a log, when a day is over.
    Day(fn(&Case<'_>) -> Option<Seen>),
    /// A host's volume towards all the rare groups that are new to it.
    NewPlaces(fn(&Case<'_>) -> Option<Seen>),
    /// A host's volume towards one destination group.
    Pair(fn(&Case<'_>, &Pair, &Destination) -> Option<Seen>),
    /// What raises what others found of a pair, in bits; says nothing alone.
    Booster(fn(&Case<'_>, &Pair, &Destination) -> f64),
    /// The same, by how seldom what others find shows it.
    Trait(Trait),
}

/// A trait of a pair that thefts show more often than honest work.
#[derive(Debug)]
pub struct Trait {
    /// Whether the pair shows it.
    pub shows: fn(&Case<'_>, &Pair, &Destination) -> bool,
    /// What that adds at most, in bits: less where the estate's own incidents often show it.
    pub most: f64,
}

/// A host when a window closes.
#[derive(Clone, Copy, Debug)]
pub struct Case<'a> {
    /// What is usual.
    pub baseline: &'a Baseline,
    /// Its number.
    pub number: u32,
    /// The host.
    pub host: &'a Host,
    /// The start of the window.
    pub now: Timestamp,
}

impl Case<'_> {
    /// Whether the estate is known: before, what is new in it may be as old as itself, and only volumes of hosts are judged.
    fn known(&self) -> bool {
        self.baseline.begins.is_some_and(|begins| self.now - begins >= COLD)
    }
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
    &direction_flip::DETECTOR,
    &rare_destination::DETECTOR,
    &many_places::DETECTOR,
    &slow_drip::DETECTOR,
    &boiling_frog::DETECTOR,
    &shared_destination::DETECTOR,
    &stage_then_send::DETECTOR,
    &dns_tunnel::DETECTOR,
    &proxy_tunnel::DETECTOR,
    &bulk_pull::DETECTOR,
    &open_bucket::DETECTOR,
    &bucket_exposed::DETECTOR,
    &silent_source::DETECTOR,
    &known_tool::DETECTOR,
    &off_hours::DETECTOR,
    &odd_port::DETECTOR,
    &steady_rate::DETECTOR,
    &uniform_chunks::DETECTOR,
    &peer_outlier::DETECTOR,
];

/// The row with this name.
pub fn detector(name: &str) -> Option<&'static Detector> {
    DETECTORS.iter().copied().find(|detector| detector.name == name)
}

impl Detector {
    /// Whether it only raises what others found.
    pub fn boosts(&self) -> bool {
        matches!(self.judge, Judge::Booster(_) | Judge::Trait(_))
    }

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
    let looks = (SCALES.len() as f64).log2();
    let seen = unit.now().into_iter().enumerate().filter_map(|(scale, now)| {
        let class = class(scale)?;
        let bits = bits(baseline, class, now.excess, now.record)? - looks;
        Some(Seen { scale, observed: now.net, expected: now.record, bits })
    });
    seen.max_by(|a, b| a.bits.total_cmp(&b.bits).then(b.scale.cmp(&a.scale)))
}

/// What a host sends to one destination group, among hosts and groups like them.
fn best_group(case: &Case<'_>, pair: &Pair, group: &Destination) -> Option<Seen> {
    let (channel, reach) = (case.host.channel, case.host.reach());
    if !case.known() {
        return None;
    }
    let rarity = case.baseline.rarity(group, channel);
    best_scale(case.baseline, pair.unit()?, |scale| {
        let what = if pair.unproven(scale, case.now) {
            Some(What::Young(rarity, reach))
        } else {
            mature(scale, pair.first, case.now).then_some(What::Old(rarity, pair.level()))
        };
        Some(Class { channel, what: what?, scale })
    })
}

/// What a client takes beyond all others, among servers like this one.
fn best_client(case: &Case<'_>, pair: &Pair) -> Option<Seen> {
    let (channel, first) = (case.host.channel, case.host.first?);
    if !case.known() {
        return None;
    }
    let what = What::Client(case.host.level(case.baseline.begins, case.now));
    best_scale(case.baseline, pair.unit()?, |scale| {
        mature(scale, first, case.now).then_some(Class { channel, what, scale })
    })
}

/// How improbable such an excess is in its class, in bits, and how few hosts its kind of traffic has; `None` for what is too
/// common to be told.
fn bits(baseline: &Baseline, class: Class, excess: u64, record: u64) -> Option<f64> {
    let pools = &baseline.pools;
    (excess >= pools.cut(class)).then(|| pools.share(class) - pools.tail(class, excess, record).log2())
}
