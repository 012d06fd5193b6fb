//! `dns-tunnel`: bytes carried out in the names that are asked for.

use super::{Case, Detector, Judge, Seen, best_group};
use crate::baseline::{Destination, Pair};
use crate::event::Channel;

/// The row of this detector.
pub(super) const DETECTOR: Detector =
    Detector { name: "dns-tunnel", technique: "T1071.004", manual: MANUAL, judge: Judge::Pair(judge) };

const MANUAL: &str = "\
dns-tunnel: bytes carried out in the names that are asked for (ATT&CK T1071.004, T1048.003)

What it sees
  A host that asks for so many and so long names below one registered domain as hosts like it never do: each name carries
  what stands left of the domain to the domain's owner.

How
  V is the length of the labels left of the registered domain, summed over all questions of the host for the domain; R, E
  and p as in rare-destination, among hosts in DNS logs only. What is small in a proxy's log is much here.

What fools it
  A few bytes a minute for weeks; many domains with little each. Content networks, reputation services and trackers put data
  into names too: where a host asks them as never before, it is told. Answers are not counted: they come in.

Source: bytes in labels per domain over long windows, Nadler et al. 2019; pooled calibration as measured for outflow
(DETECTION, point 3).";

fn judge(case: &Case<'_>, pair: &Pair, group: &Destination) -> Option<Seen> {
    (case.host.channel == Channel::Names).then(|| best_group(case, pair, group)).flatten()
}
