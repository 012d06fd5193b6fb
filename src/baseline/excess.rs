//! By how much a unit breaks its own record.
//!
//! E = max(0, V - max of V over its own past up to a lag of twice the span), from DETECTION: no division by a spread, so a
//! quiet server is scored, and a nightly backup, which repeats its record, is silent.

use super::ceil::Ceil;
use crate::units::{Span, Timestamp};
use serde::{Deserialize, Serialize};

/// Buckets of one span that are not yet part of the record: the one that fills, and those of the lag.
const RECENT: usize = 3;

/// The record of one unit at one time scale, in 24 bytes.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Excess {
    /// The largest volume seen up to the lag.
    record: Ceil,
    /// The largest volumes in the last buckets, by the bucket's number modulo three.
    recent: [Ceil; RECENT],
    /// The number of the newest bucket since the epoch.
    newest: u32,
    /// The largest excess today.
    today: Ceil,
}

impl Excess {
    /// Takes in the volume of the span that ends with the window at `start`; gives the excess over the record, or over what is
    /// `usual` for others where that is more, and which of these it was.
    pub fn take(&mut self, span: Span, start: Timestamp, volume: u64, usual: u64) -> (u64, u64) {
        let now = u32::try_from(start.0.div_euclid(span.0.max(1))).unwrap_or(0);
        let before = self.newest;
        if now > before {
            // A bucket that leaves the lag joins the record; those passed over were empty.
            for passed in (before + 1..=now).take(RECENT) {
                let leaving = &mut self.recent[passed as usize % RECENT];
                self.record = self.record.max(*leaving);
                *leaving = Ceil::default();
            }
            self.newest = now;
        }
        let expected = self.record.bytes().max(usual);
        let excess = volume.saturating_sub(expected);
        let largest = &mut self.recent[self.newest as usize % RECENT];
        *largest = Ceil::of(volume).max(*largest);
        self.today = Ceil::of(excess).max(self.today);
        (excess, expected)
    }

    /// The record: the most that is usual.
    pub fn record(&self) -> u64 {
        self.record.bytes()
    }

    /// The largest excess of the day so far.
    pub fn today(&self) -> u64 {
        self.today.bytes()
    }

    /// The day is over: its largest excess.
    pub fn close_day(&mut self) -> u64 {
        std::mem::take(&mut self.today).bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_repeated_record_is_silent_and_a_first_one_is_not() {
        let mut excess = Excess::default();
        let day = |days: i64| Timestamp(0) + Span::DAY.times(days);
        let seen: Vec<u64> = (0..6).map(|days| excess.take(Span::DAY, day(days), 50, 0).0).collect();
        assert_eq!(seen, [50, 50, 50, 0, 0, 0]);
        assert_eq!(excess.take(Span::DAY, day(6), 60, 0), (10, 50));
        assert_eq!(excess.take(Span::DAY, day(7), 60, 55), (5, 55));
        // Days without anything pass, and what was seen last becomes the record.
        assert_eq!(excess.take(Span::DAY, day(20), 61, 0), (1, 60));
    }

    #[test]
    fn a_theft_does_not_hide_behind_itself() {
        let mut excess = Excess::default();
        let hour = |hours: i64| Timestamp(0) + Span::HOUR.times(hours);
        for hours in 0..48 {
            assert_eq!(excess.take(Span::DAY, hour(hours), 1_000, 0).0, 1_000, "{hours}");
        }
    }
}
