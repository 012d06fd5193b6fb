//! A unit of judgement: its rolling volumes and its records.

use super::{Excess, Rolling, SCALES, Volume};
use crate::units::Timestamp;

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

/// Net bytes that are usual in a span of each scale; 0 where nothing is.
pub type Usual = [u64; SCALES.len()];

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
    /// Takes in a volume that is to be judged by its own records, and by what is `usual` of others where there are any.
    pub(super) fn take(&mut self, start: Timestamp, volume: Volume, usual: &Usual) {
        for (scale, net) in self.add(start, volume).into_iter().enumerate() {
            let (Some(span), Some(records)) = (SCALES.get(scale), self.records.get_mut(scale)) else {
                continue;
            };
            let usual = usual.get(scale).copied().unwrap_or(0);
            let (excess, record) = records.take(*span, start, net, usual);
            self.observe(scale, Observed { net, excess, record });
        }
    }

    /// Takes in a volume that is to be judged by the records of others; gives the net bytes of each span that ends with it.
    pub(super) fn add(&mut self, start: Timestamp, volume: Volume) -> [u64; SCALES.len()] {
        self.rolling.add(start, volume);
        self.last = Some(start);
        std::array::from_fn(|scale| self.rolling.trailing(scale, start).0.net)
    }

    pub(super) fn observe(&mut self, scale: usize, observed: Observed) {
        if let Some(now) = self.now.get_mut(scale) {
            *now = observed;
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
