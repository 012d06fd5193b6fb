//! `direction-flip`: a host that takes begins to give.

use super::{Case, Detector, Judge, Seen, bits};
use crate::baseline::{Class, DAY_SCALE, What, mature};
use crate::event::Channel;

/// The row of this detector.
pub(super) const DETECTOR: Detector =
    Detector { name: "direction-flip", technique: "T1041", manual: MANUAL, judge: Judge::Host(judge) };

const MANUAL: &str = "\
direction-flip: a host that takes begins to give (ATT&CK T1041)

What it sees
  A host whose producer-consumer ratio, (out - in) / (out + in), was below 0 for weeks, and is above 0 over a day, with a
  volume that such hosts do not reach when theirs turns: a desk that fetched all year and now sends.

How
  B  all bytes out less all bytes in, of the last 24 hours and towards everybody, at least 0; E = max(0, B - R), where R is
  the largest B up to two days ago. Judged is who took more than it gave until a day ago. p is how often such hosts that
  speak to as many groups (at most 10; at most 100; more) showed so large an E on a day of the last two weeks; the finding is
  -log2 p bits. Bytes in are taken off the whole here, and place by place elsewhere, so little to each of many places does
  not add up.

What fools it
  Downloads as large as the theft, in the same 24 hours: padding keeps the ratio down (rare-destination and volume-spike take
  bytes in off for each place alone). Servers give by profession. Logs without bytes in say nothing; a sensor that swaps the
  ends of a connection makes a download look like an upload.

Source: producer-consumer ratio, Bullard and Gerth 2014; record-breaking excess with pooled calibration (DETECTION, points 1
and 2).";

fn judge(case: &Case<'_>) -> Option<Seen> {
    let first = case.host.first.filter(|_| case.known())?;
    let balance = case.host.balance.as_ref().filter(|balance| balance.consumes())?;
    let class = Class { channel: Channel::Transfer, what: What::Flip(case.host.reach()), scale: DAY_SCALE };
    let bits = bits(case.baseline, class, balance.now.excess, balance.now.record)?;
    let seen = Seen { scale: DAY_SCALE, observed: balance.now.net, expected: balance.now.record, bits };
    mature(DAY_SCALE, first, case.now).then_some(seen)
}
