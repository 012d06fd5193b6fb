//! `stage-then-send`: a host pulls from inside, then pushes outside.

use super::{Case, Detector, Judge, bits};
use crate::baseline::{Class, DAY_SCALE, Destination, Pair, What};
use crate::event::Channel;
use crate::units::Span;

/// The row of this detector.
pub(super) const DETECTOR: Detector =
    Detector { name: "stage-then-send", technique: "T1074", manual: MANUAL, judge: Judge::Booster(boost) };

/// How long an estate is watched before it is judged: a host has a record inside after three days, and then it must show how
/// often others break theirs.
const KNOWN: Span = Span::DAY.times(7);

/// The most that it adds, in bits: among uploads that stand out already, a copy gathered inside is taken to be at most 16 times
/// as frequent before a theft as before honest work. Backup servers do just that every night, and some nights more.
const BITS_MAX: f64 = 4.0;

const MANUAL: &str = "\
stage-then-send: a host pulls from inside, then pushes outside (ATT&CK T1074, T1039)

What it sees
  A host that receives more from other hosts of ours than it ever did in 24 hours, and within seven days sends more to one
  place outside than it ever did: a copy gathered on one machine and carried off from there. From flow logs, which tell of
  both ends inside. The second host of a relay is seen too: it receives from the first.

How
  I  by how much what came from inside in any 24 hours of the last seven days exceeded the most that came before (of a host
     watched inside for three days or more); O by how much what left for the group in the last 24 hours, net, exceeds its
     record, as in rare-destination. S = min(I, O): neither a download inside nor an upload outside alone counts, and what was
     packed before it was sent counts as what was sent. p is how often a host that receives from inside and usually sends
     as much (new; up to 10 kB, 1 MB, 100 MB, 10 GB a day; more) reached so large an S towards any group on a day of the
     last two weeks. Where that is improbable enough to be told, it adds -log2 p bits, but no more than 4, to what other
     detectors found for the same host and group. It never speaks alone: backup servers gather and send every night, and
     speaking alone it told of those that did more than ever. Judged from the eighth day on.

What fools it
  A sensor at the border alone, which sees nothing of the inside. A copy inside that is no larger than those of every night.
  More than a week between both. Flows inside that two sensors tell count twice, in the record too.

Source: the sequence of T1074 and T1048, as in the AWS case of 2025 with 718 GB; record-breaking excess (DETECTION, point 1).";

fn boost(case: &Case<'_>, pair: &Pair, _group: &Destination) -> f64 {
    let known = case.baseline.begins.is_some_and(|begins| case.now - begins >= KNOWN);
    let judged = |staged: u64| {
        let level = case.host.level(case.baseline.begins, case.now);
        let class = Class { channel: case.host.channel, what: What::Staged(level), scale: 0 };
        bits(case.baseline, class, staged.min(pair.unit()?.now()[DAY_SCALE].excess), 0)
    };
    let staging = case.host.staging.as_ref().filter(|_| known && case.host.channel == Channel::Transfer);
    staging.and_then(|staging| judged(staging.staged(case.now))).map_or(0.0, |bits| bits.min(BITS_MAX))
}
