//! `many-places`: a host sends to many new places, little to each.

use super::{Case, Detector, Judge, Seen, best_scale, bits};
use crate::baseline::{Class, Unit, What};

/// The row of this detector.
pub(super) const DETECTOR: Detector =
    Detector { name: "many-places", technique: "T1030", manual: MANUAL, judge: Judge::NewPlaces(judge) };

/// Place in `SCALES` of seven days.
const WEEK: usize = 3;

const MANUAL: &str = "\
many-places: a host sends to many new places, little to each (ATT&CK T1030, T1048)

What it sees
  All that a host sends to destination groups that hardly anybody uses and that are new to it, taken together: a drip over
  twenty places is one stream.

How
  V, R and E as in first-bulk, but of the host towards all groups that at most three hosts, or one in a thousand, use and
  that it first used less than a week ago. p is how often hosts that are known to speak to as many groups (at most 10; at
  most 100; more) showed so large an E on a day of the last two weeks; or, if that is less, how often they turned to so many
  more such groups on a day, with more than 100 kB (100 B of names) each, than on any day before.

What fools it
  Places that many use. A host that meets new places all day by its work hides a drip among them.

Source: a host's young and rare destinations as a unit of judgement (DETECTION, point 3).";

fn judge(case: &Case<'_>) -> Option<Seen> {
    let places =
        case.host.new_places.as_ref().filter(|places| case.known() && places.last == Some(case.now))?;
    let (channel, reach) = (case.host.channel, case.host.reach());
    let volume = best_scale(case.baseline, places, |scale| {
        Some(Class { channel, what: What::NewPlaces(reach), scale })
    });
    volume.into_iter().chain(by_number(case, places)).max_by(|a, b| a.bits.total_cmp(&b.bits))
}

/// To how many, however little to each.
fn by_number(case: &Case<'_>, places: &Unit) -> Option<Seen> {
    let class = Class { channel: case.host.channel, what: What::Places(case.host.reach()), scale: 0 };
    let bits = bits(case.baseline, class, case.host.places(case.now)?, 0)?;
    let week = places.now()[WEEK];
    Some(Seen { scale: WEEK, observed: week.net, expected: week.record, bits })
}
