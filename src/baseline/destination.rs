//! What is remembered of a destination group.

use super::week::Week;
use super::{Unit, Usual};
use crate::event::catalogue::Sort;
use crate::units::Timestamp;
use serde::{Deserialize, Serialize};

/// A destination group.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Destination {
    /// The first window in which any host was seen to use it.
    pub first: Option<Timestamp>,
    /// How many hosts have used it; a host whose pair was let go counts again when it comes back.
    pub hosts: u32,
    /// What it is for, where the catalogue of services knows it.
    pub service: Option<Sort>,
    /// What hosts to which it is new send to it together.
    pub campaign: Option<Box<Unit>>,
    /// What three of four of its users do not exceed, as of yesterday; 0 of a group that few use.
    pub usual: Usual,
    /// Of the newcomers, the one that sent most, and how much: it speaks for all.
    pub lead: Option<(u64, u32)>,
    /// The hosts that came to it.
    came: Week,
}

impl Destination {
    /// A host that was known before uses it for the first time.
    pub(super) fn newcomer(&mut self, now: Timestamp) {
        self.came.count(now);
    }

    /// How many hosts came to it in the last seven days.
    pub fn newcomers(&self, now: Timestamp) -> u32 {
        self.came.sum(now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::Span;

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
