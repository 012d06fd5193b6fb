//! By how much a unit breaks its own record.
//!
//! E = max(0, V - max of V over its own past up to a lag of twice the span), from DETECTION: no division by a spread, so a
//! quiet server is scored, and a nightly backup, which repeats its record, is silent.

use crate::units::{Span, Timestamp};
use std::collections::VecDeque;

/// The record of one unit at one time scale.
#[derive(Clone, Debug, Default)]
pub struct Excess {
    /// The largest volume seen up to the lag.
    record: u64,
    /// (start of a bucket of one span, largest volume in it) since then, oldest first; at most four.
    recent: VecDeque<(Timestamp, u64)>,
    /// The largest excess today.
    today: u64,
}

impl Excess {
    /// Takes in the volume of the span that ends with the window at `start`; gives the excess over the record, or over what is
    /// `usual` for others where that is more, and which of these it was.
    pub fn take(&mut self, span: Span, start: Timestamp, volume: u64, usual: u64) -> (u64, u64) {
        let lag = span.times(2);
        while let Some((bucket, largest)) = self.recent.front()
            && *bucket + span + lag <= start
        {
            self.record = self.record.max(*largest);
            self.recent.pop_front();
        }
        let expected = self.record.max(usual);
        let excess = volume.saturating_sub(expected);
        let bucket = start.floor(span);
        match self.recent.back_mut() {
            Some((newest, largest)) if *newest >= bucket => *largest = (*largest).max(volume),
            _ => self.recent.push_back((bucket, volume)),
        }
        self.today = self.today.max(excess);
        (excess, expected)
    }

    /// The record: the most that is usual.
    pub fn record(&self) -> u64 {
        self.record
    }

    /// The day is over: its largest excess.
    pub fn close_day(&mut self) -> u64 {
        std::mem::take(&mut self.today)
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
