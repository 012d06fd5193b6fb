//! `silent-source`: a log, or a host in a log, stopped telling.

use super::{Case, Detector, Judge, Seen, bits};
use crate::baseline::{Class, DAY_SCALE, What};
use crate::incident::Fault;

/// The row of this detector.
pub(super) const DETECTOR: Detector =
    Detector { name: "silent-source", technique: "T1562", manual: MANUAL, judge: Judge::Day(judge) };

const MANUAL: &str = "\
silent-source: a log, or a host in a log, stopped telling (ATT&CK T1562)

What it sees
  A host that was in a log on each of the last seven days and is in it no more, while another log still tells of it: its
  agent was stopped, not the machine. A log (all sources of one format) that paused, whose lines cannot be read any more, or
  that stopped saying how much left. What is about a log has the format's name where others have a host.

How
  Looked at once a day, when it is over. Of a host: the fewest records it had on any of the seven days, all of which are
  missing now. Of a log: by how many hours the pause, or by how many lines of a million what was rejected or blind, exceeds
  the worst of all its days before (three at least; as if a hundred lines more had been read well). p is how often a host,
  or a log, showed as much on a day of the last two weeks, and the finding is -log2 p bits; of a host with n records a day no
  more than n log2 e, as where little happens nothing happens by chance (Poisson). A log has no more to say for being
  one of few: maintenance makes pauses and new versions make bad lines, so that in an estate of thousands a pause of some
  hours is not told, and one of days or a log gone blind is.

What fools it
  A host that is in one log only: nobody can tell that it is not switched off. A log that never speaks again: the end of a
  file is no silence, so a pause is told when it is over. Where most hosts of a log fall silent at once the log is at fault,
  and none of them is told. A host that is not heard every day, such as a desk at weekends.

Source: MITRE ATT&CK T1562.008, T1562.012; missing records as excess over the record (DETECTION, points 1 and 2).";

fn judge(case: &Case<'_>) -> Option<Seen> {
    let missing = case.host.missing.as_ref().filter(|missing| missing.excess > 0)?;
    let class = Class { channel: case.host.channel, what: What::Missing(missing.fault), scale: 0 };
    let bits = bits(case.baseline, class, missing.excess, 0)?;
    let bits = match missing.fault {
        // No less probable than that nothing happens where so much does by chance (Poisson): e^-n.
        Fault::Silent => bits.min(missing.expected as f64 * std::f64::consts::LOG2_E),
        _ => bits - case.baseline.pools.share(class),
    };
    Some(Seen { scale: DAY_SCALE, observed: missing.observed, expected: missing.expected, bits })
}
