//! `boiling-frog`: what a host sends to one place grows from week to week.

use super::{Case, Detector, Judge, Seen, bits};
use crate::baseline::{Class, Destination, Pair, What};
use crate::event::Channel;
use crate::units::Span;

/// The row of this detector.
pub(super) const DETECTOR: Detector =
    Detector { name: "boiling-frog", technique: "T1030", manual: MANUAL, judge: Judge::Pair(judge) };

/// How long an estate is watched before growth says something: two weeks to see it, and one to see how others grow.
const KNOWN: Span = Span::DAY.times(21);

/// Place in `SCALES` of the span that is compared: seven days.
const WEEK: usize = 3;

const MANUAL: &str = "\
boiling-frog: what a host sends to one place grows from week to week (ATT&CK T1030)

What it sees
  A theft that hides behind its own past: a few percent more each day, so that no day breaks a record by much.

How
  Each day is compared with the same weekday of the other of the last two to four weeks (seasonal Kendall test). Where
  they rise, with one chance in a hundred of being wrong, G is the last week's net bytes less those of the first. p is how
  often hosts that usually send as much showed so large a G towards any group on a day of the last two weeks. Looked at
  once a day, when it is over.

What fools it
  A log shorter than three weeks: two to see it, one to see how others grow. Servers, buckets and names are not judged. Business that grows looks the same: it is told where it grows more than others' does.

Source: Hirsch, Slack and Smith 1982; trend of a pair's days (DETECTION, point 5).";

fn judge(case: &Case<'_>, pair: &Pair, _group: &Destination) -> Option<Seen> {
    let known = case.baseline.begins.is_some_and(|begins| case.now - begins >= KNOWN);
    if !known || case.host.channel != Channel::Transfer {
        return None;
    }
    let what = What::Growth(case.host.level(case.baseline.begins, case.now));
    let class = Class { channel: case.host.channel, what, scale: 0 };
    let weighty = pair.weighty.as_ref().filter(|weighty| weighty.growth > 0)?;
    let bits = bits(case.baseline, class, weighty.growth, 0)?;
    let week = weighty.unit.now.get(WEEK)?.net;
    Some(Seen { scale: WEEK, observed: week, expected: week.saturating_sub(weighty.growth), bits })
}
