//! What is remembered of a host towards one destination group.

use super::{Trail, Unit, Volume, mature};
use crate::incident::Evidence;
use crate::units::{Span, Timestamp};

/// How many lines are remembered as evidence of a pair.
const EVIDENCE_MAX: usize = 3;

/// A pair is young for a week: people and programs come back within that.
const YOUNG: Span = Span::DAY.times(7);

/// How many hours back the hours of a pair are counted.
const HOURS: u32 = 72;

/// A host towards a destination group.
#[derive(Clone, Debug)]
pub struct Pair {
    /// The first window with an event.
    pub first: Timestamp,
    /// Whether the host was known before that, so that the group is new to it. What it did on the first day that it was
    /// watched may be as old as itself, unless it came to an estate that was known.
    chosen: bool,
    /// All bytes out since then.
    pub total: u64,
    /// Volumes and records.
    pub unit: Unit,
    /// See [`Pair::hours`]; the lowest bit is the hour of this number since the epoch.
    hours: (i64, u128),
    /// By how much more it carried in the last whole week than in the first, where it grew from week to week; bytes.
    pub growth: u64,
    /// Known tools seen.
    pub tools: u16,
    /// The weightiest lines, the most bytes first.
    pub evidence: Vec<Evidence>,
}

impl Pair {
    pub(super) fn new(first: Timestamp, chosen: bool) -> Pair {
        Pair {
            first,
            chosen,
            total: 0,
            unit: Unit::default(),
            hours: (0, 0),
            growth: 0,
            tools: 0,
            evidence: Vec::new(),
        }
    }

    /// What flowed in the window, judged by the pair's own records.
    pub(super) fn take(&mut self, start: Timestamp, now: Volume) {
        self.unit.take(start, now);
        if now.net > 0 {
            let hour = start.0.div_euclid(Span::HOUR.0);
            let passed = u32::try_from(hour - self.hours.0).unwrap_or(u32::MAX);
            let before = self.hours.1.checked_shl(passed).unwrap_or(0);
            self.hours = (hour, before & ((1 << HOURS) - 1) | 1);
        }
    }

    /// What the window's lines say: all their bytes out, tools and the largest line.
    pub(super) fn note(&mut self, out: u64, trail: &Trail) {
        self.total = self.total.saturating_add(out);
        self.tools |= trail.tools;
        let line = trail.largest;
        if line.bytes == 0 {
            return;
        }
        let place = self.evidence.iter().position(|kept| line.weightier(kept)).unwrap_or(self.evidence.len());
        if place < EVIDENCE_MAX {
            self.evidence.insert(place, line);
            self.evidence.truncate(EVIDENCE_MAX);
        }
    }

    /// In how many of the 72 hours that end with its last one more left than came back.
    pub fn hours(&self) -> u64 {
        u64::from(self.hours.1.count_ones())
    }

    /// Whether the host has only lately begun to talk to the group.
    pub fn young(&self, now: Timestamp) -> bool {
        self.chosen && now - self.first < YOUNG
    }

    /// Whether it is young, or too young to have a record at this scale.
    pub fn unproven(&self, scale: usize, now: Timestamp) -> bool {
        self.young(now) || (self.chosen && !mature(scale, self.first, now))
    }
}
