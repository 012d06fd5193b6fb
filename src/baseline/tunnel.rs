//! What a host sends and gets through tunnels (CONNECT) to one destination group.

use super::unit::Observed;
use super::{Flowed, Volume};
use crate::units::{Span, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// One pair's tunnels, over the last 24 hours.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Tunnel {
    /// (start of the hour, bytes), oldest first; at most 24.
    hours: VecDeque<(Timestamp, Flowed)>,
    /// How lopsided it was when the last window closed, and by how much that exceeds any tunnel of the host before.
    pub now: Observed,
}

impl Tunnel {
    /// Takes in what flowed in the window at `start`; gives how lopsided the 24 hours were that end with it.
    pub(super) fn take(&mut self, start: Timestamp, flowed: Flowed) -> u64 {
        let hour = start.floor(Span::HOUR);
        while self.hours.front().is_some_and(|(oldest, _)| hour - *oldest >= Span::DAY) {
            self.hours.pop_front();
        }
        match self.hours.back_mut() {
            Some((newest, sum)) if *newest >= hour => sum.add(flowed),
            _ => self.hours.push_back((hour, flowed)),
        }
        let mut day = Flowed::default();
        self.hours.iter().for_each(|(_, hour)| day.add(*hour));
        lopsided(day)
    }
}

/// By how much more went up than came down, weighed by how one-sided that is: (up - down)² / (up + down); 0 where less went
/// up. All of it counts where nothing came back, a third of an upload of which half came back, nothing of browsing.
pub(super) fn lopsided(flowed: Flowed) -> u64 {
    let Volume { out, net } = flowed.volume();
    let both = u128::from(out) + u128::from(flowed.back);
    u64::try_from(u128::from(net) * u128::from(net) / both.max(1)).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_sided_bytes_of_a_day() {
        let flowed = |out, back| Flowed { out, back };
        assert_eq!(
            [(9, 0), (900, 450), (5, 9), (0, 0)].map(|(out, back)| lopsided(flowed(out, back))),
            [9, 150, 0, 0]
        );
        assert_eq!(lopsided(flowed(u64::MAX, 0)), u64::MAX);
        let mut tunnel = Tunnel::default();
        let at = |hours: i64| Timestamp(0) + Span::HOUR.times(hours);
        let lopsided: Vec<u64> = (0..30).map(|hour| tunnel.take(at(hour), flowed(2, 0))).collect();
        assert_eq!((lopsided[0], lopsided[23], lopsided[29]), (2, 48, 48));
        assert_eq!(tunnel.hours.len(), 24);
        assert_eq!(tunnel.take(at(100), flowed(1, 0)), 1);
    }
}
