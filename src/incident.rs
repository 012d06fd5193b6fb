//! The words used from detectors on: a finding is what one detector says of one window; an incident is one theft as it is
//! told to a person.

use crate::event::Exposure;
use crate::state::Name;
use crate::units::{Span, Timestamp};
use serde::{Deserialize, Serialize};

/// What one detector says when a window closes.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    /// Its name, as `outflow explain NAME` takes it.
    #[serde(with = "crate::state::name")]
    pub detector: Name,
    /// The technique of MITRE ATT&CK that it speaks for.
    #[serde(with = "crate::state::name")]
    pub technique: Name,
    /// The time scale at which it stands out most.
    pub window: Span,
    /// Net bytes out in that span (bytes out - bytes in, floor 0 per destination and five minutes).
    pub observed: u64,
    /// The most that was usual before, in the same span.
    pub expected: u64,
    /// How improbable, in bits: -log2 of the tail probability.
    pub bits: f64,
}

/// A line that an incident rests on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    /// Bytes out of this one line.
    pub bytes: u64,
    /// Number of its source.
    pub source: u32,
    /// Where it begins in the decompressed source.
    pub offset: u64,
    /// Its number, from 1.
    pub line: u64,
    /// How its bytes are to be taken.
    pub sense: Sense,
    /// The port of the other end; 0 where the line does not say.
    pub port: u16,
}

/// How the bytes out of a line are to be taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Sense {
    /// They left.
    #[default]
    Out,
    /// One total for both directions, of which an unknown share left.
    EitherWay,
    /// The same, over a connection that our host opened.
    EitherWayOpenedByHost,
    /// The same, over a connection that was opened to our host.
    EitherWayOpenedToHost,
}

impl Sense {
    /// Whether the bytes are one total for both directions.
    pub fn either_way(self) -> bool {
        self != Sense::Out
    }

    /// Whether our host opened the connection, where that is known.
    pub fn opened_by_host(self) -> Option<bool> {
        match self {
            Sense::Out | Sense::EitherWay => None,
            Sense::EitherWayOpenedByHost => Some(true),
            Sense::EitherWayOpenedToHost => Some(false),
        }
    }
}

impl Evidence {
    /// Order in which evidence is kept: the most bytes first, then the place, so that the choice does not depend on the
    /// order of reading.
    pub fn weightier(&self, other: &Evidence) -> bool {
        (self.bytes, other.source, other.offset) > (other.bytes, self.source, self.offset)
    }
}

/// One theft, as far as it is known: a host and a destination group.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Incident {
    /// The host's number in the fold's directory.
    pub host: u32,
    /// The destination group's number; `None`: spread over several.
    pub destination: Option<u32>,
    /// When the window closed at which it was told; where it is not told, at which it was first raised. Allowed lateness is
    /// included.
    pub detected_at: Timestamp,
    /// When the bytes counted here began to flow.
    pub first_seen: Timestamp,
    /// The last window in which more left.
    pub last_seen: Timestamp,
    /// Bytes that left since `first_seen`.
    pub bytes_out: u64,
    /// The same at `detected_at`.
    pub bytes_out_at_detection: u64,
    /// The most the host had sent in 24 hours before, net.
    pub expected: u64,
    /// How long the host had been watched before.
    pub watched: Span,
    /// Combined improbability in bits, the highest reached.
    pub score: f64,
    /// The same at `detected_at`; never uses later lines.
    pub score_at_detection: f64,
    /// It was told: it stood out among those of its day and of the days before, within the budget.
    pub told: bool,
    /// The best finding of each detector that spoke.
    pub findings: Vec<Finding>,
    /// What is missing of the host, or of the log of this name.
    pub missing: Option<Missing>,
    /// What was done to a bucket's walls.
    pub exposure: Option<Exposure>,
    /// Known tools seen, as bits of [`crate::event::tool`].
    pub tools: u16,
    /// The weightiest lines, the most bytes first.
    pub evidence: Vec<Evidence>,
}

/// What kind of thing is missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Fault {
    /// A host has no records any more. Counted in records of a day.
    Silent,
    /// A log paused. Counted in hours.
    Gap,
    /// Lines of a log cannot be read. Counted in lines of a million.
    Rejects,
    /// Events of a log do not say how much left. Counted in events of a million.
    Blind,
}

impl Fault {
    /// All, in the order of their numbers.
    pub const ALL: [Fault; 4] = [Fault::Silent, Fault::Gap, Fault::Rejects, Fault::Blind];

    /// What it is counted in.
    pub fn unit(self) -> &'static str {
        match self {
            Fault::Silent => "records a day",
            Fault::Gap => "hours",
            Fault::Rejects => "rejected lines per million",
            Fault::Blind => "blind events per million",
        }
    }
}

/// Something that is missing.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Missing {
    /// What kind.
    pub fault: Fault,
    /// When it began.
    pub since: Timestamp,
    /// What was seen.
    pub observed: u64,
    /// The worst that was seen before; of a silent host the fewest records of a day.
    pub expected: u64,
    /// By how much it is worse.
    pub excess: u64,
}

/// How bad, for people and for the severity fields of other systems.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Worth a look when there is time.
    Low,
    /// Worth a look today.
    Medium,
    /// Look now.
    High,
    /// Look now and call for help.
    Critical,
}

impl Severity {
    /// From a score in bits. An estate of 10,000 hosts sees about one unit-day of 13 bits a day by chance, one of 20 bits
    /// in a hundred days, one of 26 in twenty years.
    pub fn of(score: f64) -> Severity {
        match score {
            score if score >= 26.0 => Severity::Critical,
            score if score >= 20.0 => Severity::High,
            score if score >= 15.0 => Severity::Medium,
            _ => Severity::Low,
        }
    }

    /// As written in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Severity::Low => "low",
            Severity::Medium => "medium",
            Severity::High => "high",
            Severity::Critical => "critical",
        }
    }
}
