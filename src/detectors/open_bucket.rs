//! `open-bucket`: somebody takes more from a bucket than anybody did before.

use super::{Case, Detector, Judge, Seen, best_client};
use crate::baseline::{Destination, Pair};
use crate::event::Channel;

/// The row of this detector.
pub(super) const DETECTOR: Detector =
    Detector { name: "open-bucket", technique: "T1530", manual: MANUAL, judge: Judge::Pair(judge) };

const MANUAL: &str = "\
open-bucket: somebody takes more from a bucket than anybody did before (ATT&CK T1530)

What it sees
  In the access log of an object store, a requester (the /24 or /48 of its address) that reads more from a bucket in an
  hour, 6 h, a day, 7 or 30 days than any requester did in the bucket's past. What strangers read is judged apart from what
  is read under a name (S3, CloudTrail, Azure), as if it were another bucket: that applications of ours take gigabytes
  every day hides no stranger, and first-bulk judges a bucket that serves strangers for the first time.

How
  As bulk-pull, among buckets, and among buckets that strangers read.

What fools it
  Google's usage logs name nobody: there all requesters are one kind. Many addresses with little each (volume-spike sees the bucket's sum), and a slow crawl below what applications of ours
  read. A bucket that was seen for less than three spans has no record: first-bulk judges its sum.

Source: bucket and requester as a unit of judgement (DETECTION, point 3).";

fn judge(case: &Case<'_>, pair: &Pair, _group: &Destination) -> Option<Seen> {
    matches!(case.host.channel, Channel::Objects | Channel::Public).then(|| best_client(case, pair)).flatten()
}
