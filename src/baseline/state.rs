//! What is remembered of a host, of a host towards a destination group, and of a destination group.

use super::pool::Level;
use super::{COLD, DAY_SCALE, Excess, Rolling, SCALES, Trail, Volume, mature};
use crate::incident::Evidence;
use crate::units::{Span, Timestamp};
use hashbrown::HashMap;

/// How many lines are remembered as evidence of a pair.
const EVIDENCE_MAX: usize = 3;

/// A pair is young for a week: people and programs come back within that.
const YOUNG: Span = Span::DAY.times(7);

/// Rolling volumes and records of one unit of judgement.
#[derive(Clone, Debug, Default)]
pub struct Unit {
    /// Trailing volumes.
    pub rolling: Rolling,
    records: [Excess; SCALES.len()],
    /// What the last window showed, by scale.
    pub now: [Observed; SCALES.len()],
    /// When the last window with bytes began.
    pub last: Option<Timestamp>,
    /// It has an open incident: what it does now must not become what is usual.
    pub suspect: bool,
}

/// What a unit did in the span that ends with its last window.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Observed {
    /// Net bytes.
    pub net: u64,
    /// By how much they exceed the record.
    pub excess: u64,
    /// The record.
    pub record: u64,
}

impl Unit {
    pub(super) fn take(&mut self, start: Timestamp, volume: Volume) {
        self.rolling.add(start, volume);
        self.last = Some(start);
        for (scale, ((record, now), span)) in
            self.records.iter_mut().zip(&mut self.now).zip(SCALES).enumerate()
        {
            let net = self.rolling.trailing(scale, start).0.net;
            let (excess, usual) = record.take(span, start, net);
            *now = Observed { net, excess, record: usual };
        }
    }

    /// The most that is usual in a span.
    pub fn record(&self, scale: usize) -> u64 {
        self.records.get(scale).map_or(0, Excess::record)
    }

    pub(super) fn active_on(&self, day: Timestamp) -> bool {
        self.last.is_some_and(|last| last >= day)
    }

    /// Hands over the day's largest excess at each scale, unless the unit is under suspicion.
    pub(super) fn close_day(&mut self, mut give: impl FnMut(usize, u64)) {
        for (scale, record) in self.records.iter_mut().enumerate() {
            let excess = record.close_day();
            if !self.suspect {
                give(scale, excess);
            }
        }
    }
}

/// A watched host.
#[derive(Clone, Debug, Default)]
pub struct Host {
    /// The first window in which it was seen.
    pub first: Option<Timestamp>,
    /// Its volume towards everybody.
    pub unit: Unit,
    /// Towards each destination group, by number.
    pub pairs: HashMap<u32, Pair, foldhash::fast::RandomState>,
}

impl Host {
    /// How much it usually sends: the class of hosts among which it is judged, in an estate first seen at `begins`.
    pub fn level(&self, begins: Option<Timestamp>, now: Timestamp) -> Level {
        let cold = begins.is_none_or(|begins| now - begins < COLD);
        match self.first {
            Some(first) if !cold && mature(DAY_SCALE, first, now) => Level::of(self.unit.record(DAY_SCALE)),
            // Its record of a day is not one yet; shorter ones tell a backup server from a silent host.
            Some(first) if !cold && now - first >= Level::KNOWN_AFTER => {
                Level::of((0..=DAY_SCALE).map(|scale| self.unit.record(scale)).max().unwrap_or(0))
            }
            _ => Level::New,
        }
    }

    /// Lets the pair with the fewest bytes go that is not under suspicion; the youngest of equals, then the highest number.
    pub(super) fn let_go(&mut self) -> bool {
        let least = self
            .pairs
            .iter()
            .filter(|(_, pair)| !pair.unit.suspect)
            .min_by_key(|(destination, pair)| (pair.total, std::cmp::Reverse((pair.first, **destination))))
            .map(|(destination, _)| *destination);
        least.is_some_and(|destination| self.pairs.remove(&destination).is_some())
    }
}

/// A host towards a destination group.
#[derive(Clone, Debug)]
pub struct Pair {
    /// The first window with an event.
    pub first: Timestamp,
    /// All bytes out since then.
    pub total: u64,
    /// Volumes and records.
    pub unit: Unit,
    /// Known tools seen.
    pub tools: u16,
    /// The weightiest lines, the most bytes first.
    pub evidence: Vec<Evidence>,
}

impl Pair {
    pub(super) fn new(first: Timestamp) -> Pair {
        Pair { first, total: 0, unit: Unit::default(), tools: 0, evidence: Vec::new() }
    }

    /// `out` is all that the window's lines say, `now` the part of it that flowed in the window.
    pub(super) fn take(&mut self, start: Timestamp, out: u64, now: Volume, trail: &Trail) {
        self.total = self.total.saturating_add(out);
        self.tools |= trail.tools;
        self.unit.take(start, now);
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

    /// Whether the host, first seen at `host`, has only lately begun to talk to the group. What it did on the first day
    /// that it was watched may be as old as itself.
    pub fn young(&self, host: Timestamp, now: Timestamp) -> bool {
        now - self.first < YOUNG && self.first - host >= Span::DAY
    }
}

/// A destination group.
#[derive(Clone, Debug, Default)]
pub struct Destination {
    /// The first window in which any host was seen to use it.
    pub first: Option<Timestamp>,
    /// How many hosts newly send to it and have an open incident for that.
    pub suspects: u32,
    /// How many hosts have used it; a host whose pair was let go counts again when it comes back.
    pub hosts: u32,
}
