//! `known-tool`: the program that carries the data is known for it.

use super::{Case, Detector, Judge};
use crate::baseline::{Destination, Pair};

/// The row of this detector.
pub(super) const DETECTOR: Detector =
    Detector { name: "known-tool", technique: "T1567.002", manual: MANUAL, judge: Judge::Booster(boost) };

/// How much a hit adds, in bits: among uploads that stand out already, such a tool is taken to be 64 times as frequent in
/// a theft as in honest work.
const BITS: f64 = 6.0;

const MANUAL: &str = "\
known-tool: the program that carries the data is known for it (ATT&CK T1567.002)

What it sees
  rclone, MEGA, AzCopy, restic, Cyberduck, WinSCP and others by what they call themselves in the user agent.

How
  Adds 6 bits to what other detectors found for the same host and destination: among uploads that already stand out, such
  a tool is taken to be 64 times as frequent in a theft as in honest work. It never speaks alone, so an administrator's
  small rclone job is not told.

What fools it
  A changed agent, or a log without agents (CONNECT tunnels show none): a hit raises, absence never clears.

Source: MITRE ATT&CK S1040 (Rclone) and T1567.002; default agents from the programs' documentation.";

fn boost(_case: &Case<'_>, pair: &Pair, _group: &Destination) -> f64 {
    if pair.tools == 0 { 0.0 } else { BITS }
}
