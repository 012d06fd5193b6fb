//! `first-bulk`: the quiet host that sends in bulk for the first time.

use super::{Case, Detector, Judge, Seen, best_scale};
use crate::baseline::{Class, Level, What};

/// The row of this detector.
pub(super) const DETECTOR: Detector =
    Detector { name: "first-bulk", technique: "T1048", manual: MANUAL, judge: Judge::Host(judge) };

const MANUAL: &str = "\
first-bulk: a quiet host sends in bulk for the first time (ATT&CK T1048, T1041)

What it sees
  A host that has never sent more than 1 MB in 24 hours, or that is new, and now sends more than hosts like it ever do.
  It needs no history of its own and divides by no spread, so silence is no protection: the quieter the host, the sooner.

How
  V  net bytes out (bytes out - bytes in, floor 0 per destination and 5 minutes) of the last hour, 6 h, 24 h, 7 days.
  E  max(0, V - R), where R is the host's own largest V up to two spans ago.
  p  how often hosts of the same class (new; up to 10 kB; up to 1 MB a day) had so large an E on a day of the last two
     weeks, with Pareto's tail beyond the fifth largest. Before there are two weeks, a prior worth 100 host-days helps:
     P(E > x) = (1 + x/s)^-0.75 with s = 10 kB a day for a host known to be silent, 100 kB for a quiet one, 1 MB for a
     new one. For its first two days the whole estate is new.
  The finding is -log2 p bits at the scale where that is largest, less 2 bits for having looked at four.

What fools it
  Renumbering: a busy host under a new address looks new (give an inventory that joins the names).
  Thefts of less than some tens of megabytes; a theft split over so many hosts that each stays ordinary; a host that was
  fed harmless uploads for weeks until it counts as busy (volume-spike then judges it). Padding: as much fetched from
  the place as is sent there, since V is what left less what came back.
  On the first two days every backup server is new too, and ranks by its volume, but with a low score; it falls silent
  when its nightly volume has repeated itself.

Source: record-breaking excess with pooled calibration, as measured for outflow (DETECTION, points 1, 2 and 5).";

fn judge(case: &Case<'_>) -> Option<Seen> {
    let level = case.host.level(case.baseline.begins, case.now);
    let quiet = matches!(level, Level::New | Level::Silent | Level::Quiet);
    quiet
        .then(|| {
            best_scale(case.baseline, &case.host.unit, |scale| {
                Some(Class { channel: case.host.channel, what: What::Host(level), scale })
            })
        })
        .flatten()
}
