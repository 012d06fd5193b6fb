//! `odd-port`: a port that is new to the host and that hardly anybody uses.

use super::{Case, Detector, Judge, Trait};
use crate::baseline::{Destination, Pair, Rarity};
use crate::units::Span;

/// The row of this detector.
pub(super) const DETECTOR: Detector =
    Detector { name: "odd-port", technique: "T1571", manual: MANUAL, judge: Judge::Trait(TRAIT) };

const TRAIT: Trait = Trait { shows, most: 3.0 };

/// A port is new for as long as a destination is.
const NEW: Span = Span::DAY.times(7);

const MANUAL: &str = "\
odd-port: a port that is new to the host and that hardly anybody uses (ATT&CK T1571)

What it sees
  Something that stands out anyway, and goes to a port of the other end that the host came to use in the last seven days and
  that at most three hosts, or one in a thousand, use: 5000, 8443, 4001, where all others use 443.

How
  The port of the window's line with the most bytes, in logs that tell ports; up to 24 ports are remembered of a host, and one
  that uses more has no usual ones. Ports used on the first day that a host was watched count as old.
  Adds at most 3 bits, and less where incidents of the last two weeks often show it: -log2 of the share that does. Several
  such traits add -log2 of the share of incidents that show them all, at most 6 bits. It never speaks alone.

What fools it
  Port 443. Logs without ports, and protocols without ports (ICMP, GRE). A host that uses many ports: scanners, games, calls.
  New software of a few hosts looks the same.

Source: popularity and age of destinations (DETECTION, point 4), taken of ports; MITRE ATT&CK T1571.";

fn shows(case: &Case<'_>, pair: &Pair, _group: &Destination) -> bool {
    let Some(port) = pair.weighty.as_ref().map(|weighty| weighty.port).filter(|port| *port > 0) else {
        return false;
    };
    let new = case.host.ports.since(port).is_some_and(|since| case.now - since < NEW);
    new && case.known() && case.baseline.port_rarity(port, case.host.channel) == Rarity::Rare
}
