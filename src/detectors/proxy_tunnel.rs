//! `proxy-tunnel`: through a tunnel of the proxy far more goes up than comes down.

use super::{Case, Detector, Judge, Seen, bits};
use crate::baseline::{Class, DAY_SCALE, Destination, Pair, What};

/// The row of this detector.
pub(super) const DETECTOR: Detector =
    Detector { name: "proxy-tunnel", technique: "T1572", manual: MANUAL, judge: Judge::Pair(judge) };

const MANUAL: &str = "\
proxy-tunnel: through a tunnel of the proxy far more goes up than comes down (ATT&CK T1572, T1090)

What it sees
  A host that opens tunnels (CONNECT) to one destination group and sends into them what no tunnel of its ever carried: what
  is inside the proxy cannot see, and browsing brings more than it takes.

How
  L  of the last 24 hours' CONNECT lines of the host for the group: (up - down)^2 / (up + down) bytes, 0 where less went up
     than came down. It is all of an upload to which nothing is answered, and nothing of browsing.
  E  max(0, L - R), where R is the largest L of any tunnel of the host up to two days ago. p is how often hosts that speak to
     as many groups (at most 10; at most 100; more) showed so large an E on a day of the last two weeks, among hosts that
     open tunnels at all; the finding is -log2 p bits.

What fools it
  Padding: a tunnel that fetches as much as it sends. A log that tells no method, or no bytes of the upload: such a source
  is reported as blind. A host whose tunnels always carried uploads as large.

Source: producer-consumer ratio of Bullard and Gerth 2014, as excess over the record (DETECTION, points 1 and 2).";

fn judge(case: &Case<'_>, pair: &Pair, _group: &Destination) -> Option<Seen> {
    let now = pair.weighty.as_ref()?.tunnel.as_ref().filter(|_| case.known())?.now;
    let class = Class { channel: case.host.channel, what: What::Tunnel(case.host.reach()), scale: 0 };
    let bits = bits(case.baseline, class, now.excess, now.record)?;
    Some(Seen { scale: DAY_SCALE, observed: now.net, expected: now.record, bits })
}
