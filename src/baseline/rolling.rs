//! Trailing sums of one unit at all time scales, in space that a quiet unit hardly uses.

use super::{SCALES, WINDOW};
use crate::units::{Span, Timestamp};
use std::collections::VecDeque;
use std::ops::AddAssign;

/// Bytes of one unit in some span.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Volume {
    /// Bytes out.
    pub out: u64,
    /// Bytes out minus bytes in, floored at 0 per destination and window: what is left when browsing, video and updates are
    /// taken away.
    pub net: u64,
}

impl AddAssign for Volume {
    fn add_assign(&mut self, other: Volume) {
        self.out = self.out.saturating_add(other.out);
        self.net = self.net.saturating_add(other.net);
    }
}

/// The rings: length of a bucket, and how far back they reach. Buckets are aligned to the epoch.
const RINGS: [(Span, Span); 3] =
    [(WINDOW, Span::HOUR), (Span::HOUR, Span::DAY), (Span::DAY, Span::DAY.times(30))];

/// Which ring serves each of [`SCALES`].
const RING_OF_SCALE: [usize; SCALES.len()] = [0, 1, 1, 2, 2];

/// Trailing volumes. Only buckets that hold something are kept: at most 12 + 24 + 30.
#[derive(Clone, Debug, Default)]
pub struct Rolling {
    /// (start of the bucket, volume), oldest first, for each of [`RINGS`].
    rings: [VecDeque<(Timestamp, Volume)>; RINGS.len()],
}

impl Rolling {
    /// Adds the volume of the window that began at `start`; windows come in their order.
    pub fn add(&mut self, start: Timestamp, volume: Volume) {
        for (ring, (length, reach)) in self.rings.iter_mut().zip(RINGS) {
            let bucket = start.floor(length);
            while ring.front().is_some_and(|(oldest, _)| bucket - *oldest >= reach) {
                ring.pop_front();
            }
            match ring.back_mut() {
                Some((newest, sum)) if *newest >= bucket => *sum += volume,
                _ => ring.push_back((bucket, volume)),
            }
        }
    }

    /// Adds what flowed in the hour that began at `hour`, before the last window. In the finest ring it counts at the end of
    /// that hour.
    pub fn add_earlier(&mut self, hour: Timestamp, volume: Volume) {
        for (ring, (length, reach)) in self.rings.iter_mut().zip(RINGS) {
            let bucket = (hour + Span::HOUR - length.min(Span::HOUR)).floor(length);
            if ring.back().is_some_and(|(newest, _)| *newest - bucket >= reach) {
                continue;
            }
            let place = ring.partition_point(|(start, _)| *start < bucket);
            match ring.get_mut(place) {
                Some((start, sum)) if *start == bucket => *sum += volume,
                _ => ring.insert(place, (bucket, volume)),
            }
        }
    }

    /// Net bytes of so many whole days, at most 30, up to `last`, the oldest first.
    pub fn days(&self, last: Timestamp, count: i64) -> Vec<u64> {
        let mut days = vec![0; usize::try_from(count).unwrap_or_default()];
        for (day, volume) in self.rings.last().into_iter().flatten() {
            let place = count - 1 - (last - *day).0 / Span::DAY.0;
            if let Some(net) = usize::try_from(place).ok().and_then(|place| days.get_mut(place)) {
                *net = volume.net;
            }
        }
        days
    }

    /// The volume of the span of scale number `scale` that ends with the window that began at `start`, rounded to the
    /// buckets of its ring, and the start of the first bucket that holds any of it.
    pub fn trailing(&self, scale: usize, start: Timestamp) -> (Volume, Timestamp) {
        let (Some(span), Some(ring)) = (SCALES.get(scale), RING_OF_SCALE.get(scale)) else {
            return Default::default();
        };
        let (Some((length, _)), Some(ring)) = (RINGS.get(*ring), self.rings.get(*ring)) else {
            return Default::default();
        };
        let newest = start.floor(*length);
        let mut sum = Volume::default();
        let mut first = start;
        for (bucket, volume) in ring.iter().rev().take_while(|(bucket, _)| newest - *bucket < *span) {
            sum += *volume;
            first = *bucket;
        }
        (sum, first)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trailing_sums_forget() {
        let mut rolling = Rolling::default();
        let at = |minutes: i64| Timestamp(0) + Span::MINUTE.times(minutes);
        let one = Volume { out: 2, net: 1 };
        for minutes in (0..3 * 24 * 60).step_by(5) {
            rolling.add(at(minutes), one);
        }
        let last = at(3 * 24 * 60 - 5);
        let net: Vec<u64> = (0..SCALES.len()).map(|scale| rolling.trailing(scale, last).0.net).collect();
        assert_eq!(net, [12, 6 * 12, 24 * 12, 3 * 24 * 12, 3 * 24 * 12]);
        assert_eq!(rolling.days(last, 5), [0, 0, 288, 288, 288]);
        rolling.add(at(20 * 24 * 60), one);
        let net: Vec<u64> =
            (0..SCALES.len()).map(|scale| rolling.trailing(scale, at(20 * 24 * 60)).0.net).collect();
        assert_eq!(net, [1, 1, 1, 1, 3 * 24 * 12 + 1]);
    }
}
