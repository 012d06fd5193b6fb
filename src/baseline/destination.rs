//! What is remembered of a destination group.

use super::Unit;
use crate::event::catalogue::Sort;
use crate::units::{Span, Timestamp};

/// Days of a week, after which a host is no newcomer any more.
const WEEK: i64 = 7;

/// A destination group.
#[derive(Clone, Debug, Default)]
pub struct Destination {
    /// The first window in which any host was seen to use it.
    pub first: Option<Timestamp>,
    /// How many hosts have used it; a host whose pair was let go counts again when it comes back.
    pub hosts: u32,
    /// What it is for, where the catalogue of services knows it.
    pub service: Option<Sort>,
    /// What hosts to which it is new send to it together.
    pub campaign: Option<Box<Unit>>,
    /// Of these, the one that sent most, and how much: it speaks for all.
    pub lead: Option<(u64, u32)>,
    /// How many hosts came to it on each of the last days, by day of the week, and the last of those days.
    came: [u32; WEEK as usize],
    last_came: i64,
}

impl Destination {
    /// A host that was known before uses it for the first time.
    pub(super) fn newcomer(&mut self, now: Timestamp) {
        let day = now.0.div_euclid(Span::DAY.0);
        if day - self.last_came >= WEEK {
            self.came = Default::default();
        }
        for passed in (self.last_came + 1).max(day - WEEK + 1)..=day {
            *self.on(passed) = 0;
        }
        self.last_came = day;
        *self.on(day) += 1;
    }

    fn on(&mut self, day: i64) -> &mut u32 {
        &mut self.came[usize::try_from(day.rem_euclid(WEEK)).unwrap_or_default()]
    }

    /// How many hosts came to it in the last seven days.
    pub fn newcomers(&self, now: Timestamp) -> u32 {
        let day = now.0.div_euclid(Span::DAY.0);
        (self.last_came - WEEK + 1..=self.last_came)
            .filter(|came| day - came < WEEK)
            .map(|came| self.came[usize::try_from(came.rem_euclid(WEEK)).unwrap_or_default()])
            .sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn newcomers_of_a_week() {
        let mut group = Destination::default();
        let day = |day: i64| Timestamp(0) + Span::DAY.times(day);
        group.newcomer(day(10));
        group.newcomer(day(12));
        group.newcomer(day(12));
        assert_eq!([12, 16, 17, 18, 19].map(|at| group.newcomers(day(at))), [3, 3, 2, 2, 0]);
        group.newcomer(day(18));
        assert_eq!(group.newcomers(day(18)), 3);
        group.newcomer(day(40));
        assert_eq!(group.newcomers(day(40)), 1);
    }
}
