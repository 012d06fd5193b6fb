//! `off-hours`: a host sends at an hour at which it never did.

use super::{Case, Detector, Judge, Trait};
use crate::baseline::{Destination, Pair};

/// The row of this detector.
pub(super) const DETECTOR: Detector =
    Detector { name: "off-hours", technique: "T1029", manual: MANUAL, judge: Judge::Trait(TRAIT) };

const TRAIT: Trait = Trait { shows, most: 2.0 };

const MANUAL: &str = "\
off-hours: a host sends at an hour at which it never did (ATT&CK T1029)

What it sees
  Something that stands out anyway, and leaves at an hour that the host's own timetable leaves out: a workstation at night,
  a server of office hours on a day off. A machine that sends day and night has no timetable, and shows nothing.

How
  A bit for each of the 168 hours of the week (UTC) in which the host sent 16 kB, remembered for four to eight weeks, from
  the eighth day on; 32 such hours make a timetable. An hour is left out where the host sent on no day of the week within an
  hour of this time of the day, or never within four hours of this hour of the week. What is new is learned after two days,
  for its hour of the week, but not while the host is told of.
  Adds at most 2 bits, and less where incidents of the last two weeks often show it: -log2 of the share that does. Several
  such traits add -log2 of the share of incidents that show them all, at most 6 bits. It never speaks alone.

What fools it
  A theft in working hours; a host that works day and night; a thief who waits a week. Clocks that are put back move
  hours by one, which is near enough; a new shift is off hours for a week, for all who have it, and so says little.

Source: a host's own activity profile (DETECTION, point 5); MITRE ATT&CK T1029.";

fn shows(case: &Case<'_>, _pair: &Pair, _group: &Destination) -> bool {
    case.host.timetable.as_ref().is_some_and(|table| table.leaves_out(case.now))
}
