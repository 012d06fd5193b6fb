//! How often something happened in the last seven days: after a week a newcomer is none any more.

use crate::units::{Span, Timestamp};
use serde::{Deserialize, Serialize};

const DAYS: i64 = 7;

/// Counts of seven days.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub(super) struct Week {
    /// By day of the week.
    counts: [u32; DAYS as usize],
    /// The last day counted, since the epoch.
    last: i64,
}

impl Week {
    /// It happened now; time does not go back.
    pub(super) fn count(&mut self, now: Timestamp) {
        let day = now.0.div_euclid(Span::DAY.0);
        if day - self.last >= DAYS {
            self.counts = Default::default();
        }
        for passed in (self.last + 1).max(day - DAYS + 1)..=day {
            self.counts[place(passed)] = 0;
        }
        self.last = day;
        let count = &mut self.counts[place(day)];
        *count = count.saturating_add(1);
    }

    /// How often in the seven days that end with today.
    pub(super) fn sum(&self, now: Timestamp) -> u32 {
        let day = now.0.div_euclid(Span::DAY.0);
        (self.last - DAYS + 1..=self.last)
            .filter(|counted| day - counted < DAYS)
            .map(|counted| self.counts[place(counted)])
            .fold(0, u32::saturating_add)
    }
}

fn place(day: i64) -> usize {
    usize::try_from(day.rem_euclid(DAYS)).unwrap_or_default()
}
