//! To how many new places a host turns on a day, against its own record: machines that fetch from everywhere do so every day.

use super::Excess;
use crate::units::{Span, Timestamp};
use serde::{Deserialize, Serialize};

/// Rare destination groups that were new to a host and got something for the first time, by day.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Places {
    /// Of the last day with any.
    count: u64,
    day: Timestamp,
    record: Excess,
    /// How many more than the record these are.
    excess: u64,
}

impl Places {
    /// One more.
    pub(super) fn count(&mut self, now: Timestamp) {
        let day = now.floor(Span::DAY);
        self.count = if day == self.day { self.count + 1 } else { 1 };
        self.day = day;
        (self.excess, _) = self.record.take(Span::DAY, now, self.count, 0);
    }

    /// How many more today than on any day up to the day before yesterday.
    pub(super) fn excess(&self, now: Timestamp) -> u64 {
        if now.floor(Span::DAY) == self.day { self.excess } else { 0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_always_turns_to_new_places_turns_to_more() {
        let mut places = Places::default();
        let at = |day: i64, minute: i64| Timestamp(0) + Span::DAY.times(day) + Span::MINUTE.times(minute);
        for day in 0..6 {
            (0..4).for_each(|minute| places.count(at(day, minute)));
        }
        assert_eq!(places.excess(at(5, 9)), 0);
        (0..7).for_each(|minute| places.count(at(6, minute)));
        assert_eq!(places.excess(at(6, 9)), 3);
        assert_eq!(places.excess(at(7, 0)), 0);
    }
}
