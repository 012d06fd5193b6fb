//! `boiling-frog`: what a host sends to one place grows and grows.

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
boiling-frog: what a host sends to one place grows and grows (ATT&CK T1030)

What it sees
  A theft that hides behind its own past: a few percent more each day, so that no day breaks a record by much; or a little
  more every night to where the backups go anyway.

How
  Each of the last 14 to 28 days is compared with all later ones (Mann-Kendall test). G is one over the probability that days
  without a trend rise so steadily. p is how often hosts showed so large a G towards any group on a day of the last two
  weeks. Bytes are ranked and not summed, so a single large day is no trend. Looked at once a day, when it is over.

What fools it
  A log shorter than three weeks: two to see it, one to see how others grow. Servers, buckets and names are not judged. Business that grows looks the same: it is told where it grows more steadily than others' does.

Source: Mann 1945, Kendall 1975; trend of a pair's days (DETECTION, point 5).";

fn judge(case: &Case<'_>, pair: &Pair, _group: &Destination) -> Option<Seen> {
    let known = case.baseline.begins.is_some_and(|begins| case.now - begins >= KNOWN);
    if !known || case.host.channel != Channel::Transfer {
        return None;
    }
    let class = Class { channel: case.host.channel, what: What::Growth, scale: 0 };
    let weighty = pair.weighty.as_ref()?;
    let bits = bits(case.baseline, class, weighty.growth, 0)?;
    let observed = weighty.unit.now()[WEEK].net;
    Some(Seen { scale: WEEK, observed, expected: weighty.first_week, bits })
}
