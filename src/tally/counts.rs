//! What became of the lines: nothing is dropped without being counted.

use crate::event::reject::{Reason, Reject};
use crate::units::Timestamp;
use serde::{Deserialize, Serialize};

/// What became of the lines of a source.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Counts {
    /// Lines read, of every kind.
    pub lines: u64,
    /// Bytes of decompressed text.
    pub bytes: u64,
    /// Events that entered the sums.
    pub events: u64,
    /// Headers, comments, blank lines and rows that hold no transfer.
    pub skipped: u64,
    /// Events that add nothing to the sums, and so are not among `events`: refused packets, bytes that another line tells.
    pub aside: u64,
    /// Events whose upload the line does not show.
    pub blind: u64,
    /// Events between two of our own hosts (flow logs).
    pub internal: u64,
    /// Events between two strangers (flow logs).
    pub external: u64,
    /// Events outside `--since` and `--until`.
    pub outside: u64,
    /// Late events, which are among `events`.
    pub late: u64,
    /// Sizes that were wrong by a known fault of the sensor and were corrected.
    pub clamped: u64,
    /// Events that tell one total for both directions, which counts as sent.
    pub either_way: u64,
    /// Events that another line told already, wholly; not among `events`.
    pub repeated: u64,
    /// Events whose other half (the line that opened the connection) was not found.
    pub unpaired: u64,
    /// Events that came when a table was full and so may be counted twice.
    pub overflowed: u64,
    /// Rejected lines by reason.
    #[serde(with = "crate::state::array")]
    pub rejected: [u64; Reason::ALL.len()],
    /// The first few rejected lines, to show.
    pub samples: Vec<Sample>,
    /// The earliest and the latest stamp of an event.
    pub span: Option<(Timestamp, Timestamp)>,
}

/// A rejected line, for showing.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Sample {
    /// Its number, from 1.
    pub line: u64,
    /// Why and where.
    pub reject: Reject,
    /// Its beginning.
    pub text: Vec<u8>,
}

/// How many rejected lines of a source are kept to show.
const SAMPLES_MAX: usize = 5;
/// How much of each, in bytes.
const SAMPLE_TEXT: usize = 160;

impl Counts {
    /// All rejected lines.
    pub fn rejected_total(&self) -> u64 {
        self.rejected.iter().sum()
    }

    /// Rejected lines by reason, without zeros.
    pub fn rejected_by_reason(&self) -> impl Iterator<Item = (&'static str, u64)> {
        Reason::ALL
            .iter()
            .zip(self.rejected)
            .filter(|(_, count)| *count > 0)
            .map(|(reason, count)| (reason.name(), count))
    }

    /// Counts a rejected line and keeps it as a sample while there is room.
    pub fn reject(&mut self, line: u64, reject: Reject, text: &[u8]) {
        if let Some(count) = self.rejected.get_mut(reject.reason as usize) {
            *count += 1;
        }
        if self.samples.len() < SAMPLES_MAX {
            let text = text.get(..text.len().min(SAMPLE_TEXT)).unwrap_or_default().to_vec();
            self.samples.push(Sample { line, reject, text });
        }
    }

    /// Widens the span of stamps.
    pub fn see(&mut self, stamp: Timestamp) {
        self.span =
            Some(self.span.map_or((stamp, stamp), |(first, last)| (first.min(stamp), last.max(stamp))));
    }

    /// Adds the counts of a later piece of the same source.
    pub fn merge(&mut self, later: Counts) {
        self.lines += later.lines;
        self.bytes += later.bytes;
        self.events += later.events;
        self.skipped += later.skipped;
        self.aside += later.aside;
        self.blind += later.blind;
        self.internal += later.internal;
        self.external += later.external;
        self.outside += later.outside;
        self.late += later.late;
        self.clamped += later.clamped;
        self.either_way += later.either_way;
        self.repeated += later.repeated;
        self.unpaired += later.unpaired;
        self.overflowed += later.overflowed;
        for (mine, theirs) in self.rejected.iter_mut().zip(later.rejected) {
            *mine += theirs;
        }
        let room = SAMPLES_MAX.saturating_sub(self.samples.len());
        self.samples.extend(later.samples.into_iter().take(room));
        if let Some((first, last)) = later.span {
            self.see(first);
            self.see(last);
        }
    }
}
