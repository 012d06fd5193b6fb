//! What a host pulls from other hosts of ours: flows between our own hosts, by who receives.

use super::{DAY_SCALE, Excess, SCALES, mature};
use crate::units::{Span, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// How long what was pulled may wait before it is sent.
const KEPT: Span = Span::DAY.times(7);

/// One host's staging ground.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Staging {
    /// The first window in which it received something from inside.
    first: Timestamp,
    /// (start of the hour, bytes received), oldest first; at most 24.
    hours: VecDeque<(Timestamp, u64)>,
    /// The most it received in 24 hours.
    record: Excess,
    /// (day, the most by which that day's 24 hours exceeded the record), oldest first; at most 7.
    excess: VecDeque<(Timestamp, u64)>,
}

impl Staging {
    pub(super) fn new(first: Timestamp) -> Staging {
        Staging { first, hours: VecDeque::new(), record: Excess::default(), excess: VecDeque::new() }
    }

    /// Takes in what came from inside in the window at `start`; windows come in their order.
    pub(super) fn take(&mut self, start: Timestamp, bytes: u64) {
        let (hour, day) = (start.floor(Span::HOUR), start.floor(Span::DAY));
        while self.hours.front().is_some_and(|(oldest, _)| hour - *oldest >= Span::DAY) {
            self.hours.pop_front();
        }
        match self.hours.back_mut() {
            Some((newest, sum)) if *newest >= hour => *sum = sum.saturating_add(bytes),
            _ => self.hours.push_back((hour, bytes)),
        }
        let received = self.hours.iter().fold(0u64, |sum, (_, bytes)| sum.saturating_add(*bytes));
        let (excess, _) = self.record.take(SCALES[DAY_SCALE], start, received, 0);
        while self.excess.front().is_some_and(|(oldest, _)| day - *oldest >= KEPT) {
            self.excess.pop_front();
        }
        if excess == 0 || !mature(DAY_SCALE, self.first, start) {
            return;
        }
        match self.excess.back_mut() {
            Some((newest, most)) if *newest == day => *most = (*most).max(excess),
            _ => self.excess.push_back((day, excess)),
        }
    }

    /// The most by which what came in 24 hours of the last seven days exceeded what had ever come.
    pub fn staged(&self, now: Timestamp) -> u64 {
        let day = now.floor(Span::DAY);
        let fresh = self.excess.iter().filter(|(when, _)| day - *when < KEPT);
        fresh.map(|(_, excess)| *excess).max().unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_pulled_every_night_is_not_staged() {
        let at = |hours: i64| Timestamp(0) + Span::HOUR.times(hours);
        let mut staging = Staging::new(at(0));
        (0..10).for_each(|night| staging.take(at(24 * night + 2), 1_000));
        assert_eq!(staging.staged(at(24 * 10)), 0);
        staging.take(at(24 * 10 + 2), 1_000);
        staging.take(at(24 * 10 + 5), 4_000);
        assert_eq!(staging.staged(at(24 * 10 + 6)), 4_000);
        assert_eq!(staging.staged(at(24 * 16)), 4_000);
        assert_eq!(staging.staged(at(24 * 17)), 0);
        assert!(staging.hours.len() <= 24 && staging.excess.len() <= 7);
    }

    #[test]
    fn the_first_days_have_no_record_to_break() {
        let mut staging = Staging::new(Timestamp(0));
        staging.take(Timestamp(0) + Span::HOUR, 1_000_000);
        assert_eq!(staging.staged(Timestamp(0) + Span::HOUR), 0);
    }
}
