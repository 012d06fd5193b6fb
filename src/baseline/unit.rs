//! A unit of judgement: its rolling volumes and its records.

use super::ceil::Ceil;
use super::{Excess, Rolling, SCALES, Volume};
use crate::units::Timestamp;
use serde::{Deserialize, Serialize};

/// Rolling volumes and records of one unit of judgement.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Unit {
    /// Trailing volumes.
    pub rolling: Rolling,
    records: [Excess; SCALES.len()],
    /// Net bytes of the spans that end with the last window, and what was expected of them.
    nets: [u64; SCALES.len()],
    expected: [Ceil; SCALES.len()],
    /// When the last window with bytes began.
    pub last: Option<Timestamp>,
    /// It has an open incident: what it does now must not become what is usual.
    pub suspect: bool,
}

/// Net bytes that are usual in a span of each scale; 0 where nothing is.
pub type Usual = [u64; SCALES.len()];

/// What a unit did in the span that ends with its last window.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Observed {
    /// Net bytes.
    pub net: u64,
    /// By how much they exceed the record.
    pub excess: u64,
    /// The record, rounded up by less than one in 33 million.
    pub record: u64,
}

impl Unit {
    /// Takes in a volume that is to be judged by its own records, and by what is `usual` of others where there are any.
    pub(super) fn take(&mut self, start: Timestamp, volume: Volume, usual: &Usual) {
        for (scale, net) in self.add(start, volume).into_iter().enumerate() {
            let (Some(span), Some(records)) = (SCALES.get(scale), self.records.get_mut(scale)) else {
                continue;
            };
            let usual = usual.get(scale).copied().unwrap_or(0);
            let (_, expected) = records.take(*span, start, net, usual);
            self.observe(scale, net, expected);
        }
    }

    /// Takes in a volume that is to be judged by the records of others; gives the net bytes of each span that ends with it.
    pub(super) fn add(&mut self, start: Timestamp, volume: Volume) -> [u64; SCALES.len()] {
        self.last = Some(start);
        self.rolling.add(start, volume)
    }

    pub(super) fn observe(&mut self, scale: usize, net: u64, expected: u64) {
        if let (Some(now), Some(before)) = (self.nets.get_mut(scale), self.expected.get_mut(scale)) {
            (*now, *before) = (net, Ceil::of(expected));
        }
    }

    /// What the last window showed, by scale.
    pub fn now(&self) -> [Observed; SCALES.len()] {
        std::array::from_fn(|scale| {
            let (net, record) = (self.nets[scale], self.expected[scale].bytes());
            Observed { net, excess: net.saturating_sub(record), record }
        })
    }

    /// The most that is usual in a span.
    pub fn record(&self, scale: usize) -> u64 {
        self.records.get(scale).map_or(0, Excess::record)
    }

    /// The largest excess of the day so far.
    pub(super) fn today(&self, scale: usize) -> u64 {
        self.records.get(scale).map_or(0, Excess::today)
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
