//! `peer-outlier`: a host sends what hardly any host of its kind ever did.

use super::{Case, Detector, Judge, Trait};
use crate::baseline::{Destination, Pair};

/// The row of this detector.
pub(super) const DETECTOR: Detector =
    Detector { name: "peer-outlier", technique: "T1048", manual: MANUAL, judge: Judge::Trait(TRAIT) };

const TRAIT: Trait = Trait { shows, most: 3.0 };

const MANUAL: &str = "\
peer-outlier: a host sends what hardly any host of its kind ever did (ATT&CK T1048)

What it sees
  Something that stands out anyway, of a host that now sends ten times what 99 of 100 of its peers ever did, and had not
  itself: a workstation that sends like a backup server.

How
  Peers are hosts in the same kind of traffic that are known to use about as many destination groups (up to 10, up to 100,
  more): what a host is for shows in that better than in a list of roles, which is seldom kept. Compared are the net bytes of
  24 hours with the records of 24 hours of the peers, as of yesterday; hosts that are told of and hosts of less than three
  days are not among them, and fewer than 20 are no peers. Less than 100 MB is never an outlier: where peers are perfectly
  regular, anything would be.
  Adds at most 3 bits, and less where incidents of the last two weeks often show it: -log2 of the share that does. Several
  such traits add -log2 of the share of incidents that show them all, at most 6 bits. It never speaks alone.

What fools it
  A theft of less than 100 MB, or than ten times what the noisiest hundredth of the peers sends; a host that is itself among these. In a small estate a host
  of a kind of its own has no peers.

Source: comparison with peers (DETECTION); the 99th percentile is a convention. MITRE ATT&CK T1048.";

fn shows(case: &Case<'_>, _pair: &Pair, _group: &Destination) -> bool {
    case.known() && case.baseline.peers.exceeded_by(case.host)
}
