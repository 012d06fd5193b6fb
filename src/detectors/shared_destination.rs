//! `shared-destination`: several suspect hosts newly send to one rare destination.

use super::{Case, Detector, Judge};
use crate::baseline::{Destination, Pair, Rarity};

/// The row of this detector.
pub(super) const DETECTOR: Detector =
    Detector { name: "shared-destination", technique: "T1567", manual: MANUAL, judge: Judge::Booster(boost) };

/// What each other suspect host adds, in bits: that a second host stands out towards the same rare place on the same days is
/// taken to be eight times as frequent in one theft as by chance.
const BITS: f64 = 3.0;

/// Beyond so many others nothing is added: a new company service would look the same.
const OTHERS_MAX: u32 = 3;

const MANUAL: &str = "\
shared-destination: several suspect hosts newly send to one rare destination (ATT&CK T1567, T1048)

What it sees
  A host that has lately begun to send to a group that at most three hosts, or one in a thousand, use, while others of
  them have an open incident for the same group: one theft from several servers.

How
  Adds 3 bits for each other such host, 9 at most, to what other detectors found for the pair. It never speaks alone.

What fools it
  One destination per host. Destinations used since before the log began count as old.

Source: destinations over the estate as a unit of judgement (DETECTION, points 3 and 4); the breach of 2023 in which some
26 of 26,000 servers sent to one place.";

fn boost(case: &Case<'_>, pair: &Pair, group: &Destination) -> f64 {
    let rare = Rarity::of(group.hosts, case.baseline.hosts.len()) == Rarity::Rare;
    let young = case.host.first.is_some_and(|first| pair.young(first, case.now));
    let others = group.suspects.saturating_sub(u32::from(pair.unit.suspect)).min(OTHERS_MAX);
    if rare && young { BITS * f64::from(others) } else { 0.0 }
}
