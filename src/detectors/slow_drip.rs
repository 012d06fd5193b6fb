//! `slow-drip`: hour after hour something leaves to a new place.

use super::{Case, Detector, Judge, Seen, bits};
use crate::baseline::{Class, Destination, Pair, Rarity, What};

/// The row of this detector.
pub(super) const DETECTOR: Detector =
    Detector { name: "slow-drip", technique: "T1029", manual: MANUAL, judge: Judge::Pair(judge) };

/// The span that is told with a finding, a day, as the place in `SCALES`: three days are looked at.
const SCALE: usize = crate::baseline::DAY_SCALE;

const MANUAL: &str = "\
slow-drip: hour after hour something leaves to a new place (ATT&CK T1029, T1030)

What it sees
  A host that in many of the last 72 hours sent more than it received to one destination group that hardly anybody uses
  and that is new to it: a beacon, a drip, a throttled theft. How much it was does not matter.

How
  H  the hours of the last 72 with net upload to the group; p how often hosts that speak to as many groups (at most 10; at
  most 100; more) reached so many hours towards any such group on a day of the last two weeks; the finding is -log2 p bits.

What fools it
  One burst a day. A place that many use. A new agent of the operator's on a few hosts looks the same, until a week has
  passed.

Source: persistence of young rare pairs (DETECTION, point 5).";

fn judge(case: &Case<'_>, pair: &Pair, group: &Destination) -> Option<Seen> {
    let channel = case.host.channel;
    let rare = case.baseline.rarity(group, channel) == Rarity::Rare;
    if !case.known() || !rare || case.host.serves() || !pair.young(case.now) {
        return None;
    }
    let class = Class { channel, what: What::Hours(case.host.reach()), scale: 0 };
    let weighty = pair.weighty.as_ref()?;
    let bits = bits(case.baseline, class, weighty.hours(), 0)?;
    let now = weighty.unit.now()[SCALE];
    Some(Seen { scale: SCALE, observed: now.net, expected: now.record, bits })
}
