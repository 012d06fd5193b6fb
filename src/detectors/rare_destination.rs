//! `rare-destination`: volume to a destination group that few hosts use or that is new to the host.

use super::{Case, Detector, Judge, Seen, best_group};
use crate::baseline::{Destination, Pair};
use crate::event::Channel;

/// The row of this detector.
pub(super) const DETECTOR: Detector =
    Detector { name: "rare-destination", technique: "T1567", manual: MANUAL, judge: Judge::Pair(judge) };

const MANUAL: &str = "\
rare-destination: volume to a destination that few use, or that is new to the host (ATT&CK T1567, T1048)

What it sees
  Net upload to one destination group (registered domain; /24 or /48 around an address) beyond what hosts like this one
  ever send to groups like that one. A host that speaks to few groups and turns to one that nobody uses is judged most
  sharply; one that sends more than ever to a service it uses every day, most mildly.

How
  V and E as in first-bulk, but of the host towards the group; R is the larger of its own record there and of what three in
  four of the group's other users do not exceed, where there are eight or more of them. p is how often a host of the same
  class had so large an E towards any group of the same class on a day of the last two weeks. Classes of groups: how many
  hosts use them (at most three or one in a thousand; at most one in fifty; more). Where the host is new to the group (less
  than a week, or less than three times the span), hosts are compared that are known to use as many groups (at most 10;
  at most 100; more); else hosts that usually send as much to a group that they know (in powers of a hundred).
  The finding is -log2 p bits, less log2 5 for having looked at five spans.

What fools it
  Many destinations with little each (many-places sees those together). A destination that the host used on the first day
  it was watched counts as old, and what it sends there is judged only when there is a record to break.
  A theft to the place of the nightly backup, no larger than that, also by a host that had no backup before.
  Padding: as much fetched from the place as is sent there, within the same minutes.
  A roll-out sends many hosts to one new destination: it stays quiet because hosts receive more than they send.

Source: popularity and age of destinations, as measured for outflow (DETECTION, points 3 and 4).";

fn judge(case: &Case<'_>, pair: &Pair, group: &Destination) -> Option<Seen> {
    (case.host.channel == Channel::Transfer).then(|| best_group(case, pair, group)).flatten()
}
