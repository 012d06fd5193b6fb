//! `bucket-exposed`: a bucket's walls come down.

use super::{Case, Detector, Judge, Seen, bits};
use crate::baseline::{Class, What};

/// The row of this detector.
pub(super) const DETECTOR: Detector =
    Detector { name: "bucket-exposed", technique: "T1530", manual: MANUAL, judge: Judge::Host(judge) };

const MANUAL: &str = "\
bucket-exposed: a bucket's walls come down (ATT&CK T1530, T1537, T1562.008)

What it sees
  A call that was carried out and makes a bucket public (a policy that allows everybody, an access list for all users),
  takes a block on public access away, switches the access log off, or changes who may read without saying to whom. From
  CloudTrail, which shows what was set; from the access logs of S3, Google and Azure, which show only that something was.

How
  Each kind is taken to be ten times as rare as the one before: changed 1, log off 10, block away 100, public 1000. p is how
  often a bucket showed as much on a day of the last two weeks, and the finding is -log2 p bits, and more where few hosts
  are buckets. Where buckets are opened every day by those who publish, one more says little. Before there is a past, one
  bucket in thirty is taken to be changed on a day.

What fools it
  A log of data events only: CloudTrail has these calls among its management events. A condition in a policy that lets
  everybody in all the same. Sharing with one other account, and links signed in advance: those name somebody. What was
  public before the log began: open-bucket sees who reads it.

Source: names of calls from Amazon's, Google's and Microsoft's references; MITRE ATT&CK T1530 and T1562.008.";

fn judge(case: &Case<'_>) -> Option<Seen> {
    let exposure = case.host.exposed.as_ref()?.0;
    let class = Class { channel: case.host.channel, what: What::Exposed, scale: 0 };
    let bits = bits(case.baseline, class, crate::baseline::weight(exposure), 0)?;
    Some(Seen { scale: 0, observed: 0, expected: 0, bits })
}
