//! `rare-destination`: volume to a destination group that few hosts use or that is new to the host.

use super::{Case, Detector, Judge, Seen, best_scale};
use crate::baseline::{Class, Destination, Pair, Rarity, mature};

/// The row of this detector.
pub(super) const DETECTOR: Detector =
    Detector { name: "rare-destination", technique: "T1567", manual: MANUAL, judge: Judge::Pair(judge) };

const MANUAL: &str = "\
rare-destination: volume to a destination that few use, or that is new to the host (ATT&CK T1567, T1048)

What it sees
  Net upload to one destination group (registered domain; /24 or /48 around an address) that at most one host in fifty
  uses, or that this host first used less than a week ago, beyond what such pairs ever carry.

How
  V, R and E as in first-bulk, but of the host towards the group. p is how often pairs of the same class had so large an
  E on a day of the last two weeks; the class is how many hosts use the group (at most three or one in a thousand; at
  most one in fifty; more) and whether the pair is younger than a week. The finding is -log2 p bits, less 2.

What fools it
  A popular service that the estate already uses, from a host that uses it too (volume-spike must find that).
  Many destinations with little each. A destination that the host used on the first day it was watched counts as old, and
  what it sends there is judged only when there is a record to break (three times the span).
  A roll-out sends many hosts to one new destination: it stays quiet because hosts receive more than they send.

Source: popularity and age of destinations, as measured for outflow (DETECTION, points 3 and 4).";

fn judge(case: &Case<'_>, pair: &Pair, group: &Destination) -> Option<Seen> {
    let rarity = Rarity::of(group.hosts, case.baseline.hosts.len());
    let young = pair.young(case.host.first?, case.now);
    if rarity == Rarity::Popular && !young {
        return None;
    }
    best_scale(case.baseline, &pair.unit, |scale| {
        (young || mature(scale, pair.first, case.now)).then_some(Class::Pair { scale, rarity, young })
    })
}
