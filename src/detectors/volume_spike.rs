//! `volume-spike`: a host sends far more than it ever did.

use super::{Case, Detector, Judge, Seen, best_scale};
use crate::baseline::{Class, Level, What, mature};

/// The row of this detector.
pub(super) const DETECTOR: Detector =
    Detector { name: "volume-spike", technique: "T1048", manual: MANUAL, judge: Judge::Host(judge) };

const MANUAL: &str = "\
volume-spike: a host sends far more than it ever did (ATT&CK T1048)

What it sees
  A host that usually sends something (more than 1 MB in 24 hours) and now breaks its own record by more than hosts of
  its size do, within an hour or spread over up to seven days. A nightly backup repeats its record and stays silent.

How
  V  net bytes out of the last hour, 6 h, 24 h and 7 days; R the host's own largest V up to two spans ago;
  E  max(0, V - R);  p  how often hosts of the same class (up to 100 MB, 10 GB, more a day) had so large an E on a day of
  the last two weeks, empirically, with Pareto's tail beyond the fifth largest; the finding is -log2 p bits, less 2.

What fools it
  Hiding under the host's own record: a theft no larger than the nightly backup, or one grown by a few percent a day.
  A host in the noisiest class must send much before it is rare. Padding: as much fetched from the place as is sent there.

Source: record-breaking excess with pooled calibration, as measured for outflow (DETECTION, points 1, 2 and 5).";

fn judge(case: &Case<'_>) -> Option<Seen> {
    let level = case.host.level(case.baseline.begins, case.now);
    let first = case.host.first.filter(|_| matches!(level, Level::Ordinary | Level::Busy | Level::Heavy))?;
    best_scale(case.baseline, &case.host.unit, |scale| {
        mature(scale, first, case.now).then_some(Class {
            channel: case.host.channel,
            what: What::Host(level),
            scale,
        })
    })
}
