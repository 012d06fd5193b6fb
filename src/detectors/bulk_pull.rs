//! `bulk-pull`: one client takes more from a server than any did before.

use super::{Case, Detector, Judge, Seen, best_client};
use crate::baseline::{Destination, Pair};
use crate::event::Channel;

/// The row of this detector.
pub(super) const DETECTOR: Detector =
    Detector { name: "bulk-pull", technique: "T1213", manual: MANUAL, judge: Judge::Pair(judge) };

const MANUAL: &str = "\
bulk-pull: one client takes more from a server than any did before (ATT&CK T1213, T1505.003)

What it sees
  A server of ours, in its own log or in a flow log that says who opened the connection, from which one client (its /24 or
  /48) fetches more in an hour, 6 h, a day, 7 or 30 days than any client did in the server's past.

How
  V  what the server sent to the client less what it received; R the most that any client took from this server in such a
  span, up to two spans ago; E = max(0, V - R). p is how often servers that usually give as much showed so large an E on
  a day of the last two weeks, and the finding is -log2 p bits, less log2 5, and more where few hosts are servers: log2
  of how many times fewer they are than the hosts of the busiest kind of log. Who comes to a server is not its choice, so
  that a client is new or rare says nothing.

What fools it
  Many addresses with little each (volume-spike sees the server's sum). A server whose clients always take much.
  A server that was seen for less than three spans has no record: first-bulk judges its sum.

Source: server and client as a unit of judgement (DETECTION, point 3).";

fn judge(case: &Case<'_>, pair: &Pair, _group: &Destination) -> Option<Seen> {
    (case.host.channel == Channel::Answers).then(|| best_client(case, pair)).flatten()
}
