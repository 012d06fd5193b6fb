//! Trailing sums of one unit at all time scales, in space that a quiet unit hardly uses.
//!
//! Hundreds of thousands of units are kept, most of them with small numbers: they lie as bytes of seven bits (LEB128), and are taken
//! apart when a unit does something.

use super::{SCALES, WINDOW};
use crate::units::{Span, Timestamp};
use serde::{Deserialize, Serialize};
use std::ops::AddAssign;

/// Bytes of one unit in some span.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
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

/// The rings: length of a bucket, and how many reach back. Buckets are aligned to the epoch.
const RINGS: [(Span, i64); 3] = [(WINDOW, 12), (Span::HOUR, 24), (Span::DAY, 30)];

/// Buckets of the longest ring.
const LONGEST: usize = 30;

/// Which ring serves each of [`SCALES`], and how many of its buckets.
const BUCKETS: [(usize, i64); SCALES.len()] = [(0, 12), (1, 6), (1, 24), (2, 7), (2, 30)];

/// Trailing volumes. Only buckets that hold something are kept: at most 12 + 24 + 30.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Rolling {
    /// Of each of [`RINGS`]: how many buckets there are, then for each, the oldest first: how many lengths after the one before
    /// (the first: after the epoch), net bytes, and how many more bytes out.
    packed: Vec<u8>,
}

/// One ring, taken apart: (number of the bucket since the epoch, volume), oldest first.
#[derive(Clone, Copy, Debug)]
struct Ring {
    buckets: [(i64, Volume); LONGEST],
    count: usize,
}

impl Rolling {
    /// Adds the volume of the window that began at `start`; windows come in their order. Gives the net bytes of the span of each
    /// of [`SCALES`] that ends with it, as [`Rolling::trailing`] does.
    pub fn add(&mut self, start: Timestamp, volume: Volume) -> [u64; SCALES.len()] {
        let mut rings = self.unpack();
        for (ring, (length, reach)) in rings.iter_mut().zip(RINGS) {
            let bucket = number(start, length);
            ring.forget(bucket - reach);
            ring.add(bucket.max(ring.newest().unwrap_or(bucket)), volume);
        }
        self.pack(&rings);
        std::array::from_fn(|scale| sum(&rings, scale, start).0.net)
    }

    /// Adds what flowed in the hour that began at `hour`, before the last window. In the finest ring it counts at the end of
    /// that hour.
    pub fn add_earlier(&mut self, hour: Timestamp, volume: Volume) {
        let mut rings = self.unpack();
        for (ring, (length, reach)) in rings.iter_mut().zip(RINGS) {
            let bucket = number(hour + Span::HOUR - length.min(Span::HOUR), length);
            if ring.newest().is_none_or(|newest| newest - bucket < reach) {
                ring.forget(bucket - reach);
                ring.add(bucket, volume);
            }
        }
        self.pack(&rings);
    }

    /// Net bytes of the hours before the one of `last`, of the day that ends with it, in which something was sent.
    pub fn hours(&self, last: Timestamp) -> Vec<(Timestamp, u64)> {
        let [_, by_hour, _] = self.unpack();
        let start = |hour: i64| Timestamp(hour * Span::HOUR.0);
        let before = |hour: Timestamp| hour < last.floor(Span::HOUR) && last - hour < Span::DAY;
        let hours = by_hour.buckets().iter().map(|(hour, volume)| (start(*hour), volume.net));
        hours.filter(|(hour, net)| before(*hour) && *net > 0).collect()
    }

    /// Net bytes of so many whole days, at most 30, up to `last`, the oldest first.
    pub fn days(&self, last: Timestamp, count: i64) -> Vec<u64> {
        let mut days = vec![0; usize::try_from(count).unwrap_or_default()];
        let [.., by_day] = self.unpack();
        for (day, volume) in by_day.buckets() {
            let place = count - 1 - (number(last, Span::DAY) - day);
            if let Some(net) = usize::try_from(place).ok().and_then(|place| days.get_mut(place)) {
                *net = volume.net;
            }
        }
        days
    }

    /// The volume of the span of scale number `scale` that ends with the window that began at `start`, rounded to the
    /// buckets of its ring, and the start of the first bucket that holds any of it.
    pub fn trailing(&self, scale: usize, start: Timestamp) -> (Volume, Timestamp) {
        sum(&self.unpack(), scale, start)
    }

    fn unpack(&self) -> [Ring; RINGS.len()] {
        let mut rest = self.packed.iter();
        std::array::from_fn(|_| {
            let mut ring = Ring { buckets: [Default::default(); LONGEST], count: 0 };
            let mut bucket = 0;
            for _ in 0..take(&mut rest) {
                bucket += i64::try_from(take(&mut rest)).unwrap_or(0);
                let net = take(&mut rest);
                ring.push(bucket, Volume { net, out: net.saturating_add(take(&mut rest)) });
            }
            ring
        })
    }

    fn pack(&mut self, rings: &[Ring; RINGS.len()]) {
        self.packed.clear();
        for ring in rings {
            put(&mut self.packed, ring.count as u64);
            let mut before = 0;
            for (bucket, volume) in ring.buckets() {
                // Nothing before 1970 is kept apart: a log with such stamps has no days to compare.
                put(&mut self.packed, u64::try_from(bucket - before).unwrap_or(0));
                put(&mut self.packed, volume.net);
                put(&mut self.packed, volume.out.saturating_sub(volume.net));
                before = *bucket;
            }
        }
        // Room to grow by a few buckets, not by as much again.
        self.packed.shrink_to(self.packed.len() + 16);
    }
}

impl Ring {
    fn buckets(&self) -> &[(i64, Volume)] {
        self.buckets.get(..self.count).unwrap_or_default()
    }

    fn newest(&self) -> Option<i64> {
        self.buckets().last().map(|(bucket, _)| *bucket)
    }

    fn push(&mut self, bucket: i64, volume: Volume) {
        if let Some(free) = self.buckets.get_mut(self.count) {
            *free = (bucket, volume);
            self.count += 1;
        }
    }

    /// Lets go of the buckets up to this one.
    fn forget(&mut self, last: i64) {
        let old = self.buckets().partition_point(|(bucket, _)| *bucket <= last);
        self.buckets.copy_within(old..self.count, 0);
        self.count -= old;
    }

    fn add(&mut self, bucket: i64, volume: Volume) {
        let place = self.buckets().partition_point(|(earlier, _)| *earlier < bucket);
        match self.buckets.get_mut(place) {
            Some((there, sum)) if place < self.count && *there == bucket => *sum += volume,
            _ if self.count < LONGEST => {
                self.buckets.copy_within(place..self.count, place + 1);
                self.buckets[place] = (bucket, volume);
                self.count += 1;
            }
            _ => {}
        }
    }
}

fn sum(rings: &[Ring; RINGS.len()], scale: usize, start: Timestamp) -> (Volume, Timestamp) {
    let Some((place, count)) = BUCKETS.get(scale) else { return Default::default() };
    let (ring, (length, _)) = (&rings[*place], RINGS[*place]);
    let newest = number(start, length);
    let mut all = Volume::default();
    let mut first = start;
    for (bucket, volume) in ring.buckets().iter().rev().take_while(|(bucket, _)| newest - bucket < *count) {
        all += *volume;
        first = Timestamp(0) + length.times(*bucket);
    }
    (all, first)
}

/// The number of the bucket of this length, since the epoch.
fn number(at: Timestamp, length: Span) -> i64 {
    at.0.div_euclid(length.0)
}

/// Appends a number, seven bits a byte, the lowest first; the highest bit says that more follow.
fn put(to: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        to.push(number.to_le_bytes()[0] | 0x80);
        number >>= 7;
    }
    to.push(number.to_le_bytes()[0]);
}

/// Takes the next number; 0 at the end.
fn take<'a>(from: &mut impl Iterator<Item = &'a u8>) -> u64 {
    let mut number = 0;
    for (byte, shift) in from.zip((0..64).step_by(7)) {
        number |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            break;
        }
    }
    number
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

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
        assert_eq!(rolling.add(at(20 * 24 * 60), one), [1, 1, 1, 1, 3 * 24 * 12 + 1]);
    }

    #[test]
    fn scales_are_whole_buckets() {
        for ((ring, count), span) in BUCKETS.into_iter().zip(SCALES) {
            assert_eq!(RINGS[ring].0.times(count), span);
        }
    }

    proptest! {
        /// Against sums over all that was ever added.
        #[test]
        fn sums_are_exact(steps in prop::collection::vec((1i64..400, 0u64.., 0u64..1 << 40, 0i64..30), 1..60)) {
            let mut rolling = Rolling::default();
            let mut all: Vec<(Timestamp, Volume)> = Vec::new();
            let mut now = Timestamp(0) + Span::DAY.times(100);
            for (gap, net, more, earlier) in steps {
                now = now + WINDOW.times(gap);
                let net = net >> 24;
                let volume = Volume { net, out: net + more };
                let hour = (now - Span::HOUR.times(earlier)).floor(Span::HOUR);
                if earlier > 0 && !all.is_empty() {
                    // As for a transfer that ends in this window: what flowed before it comes first.
                    rolling.add_earlier(hour, volume);
                    all.push((hour + Span::HOUR - WINDOW, volume));
                }
                let nets = rolling.add(now, volume);
                all.push((now, volume));
                for (scale, ((ring, count), net)) in BUCKETS.into_iter().zip(nets).enumerate() {
                    let length = RINGS[ring].0;
                    let within = |at: Timestamp| (0..count).contains(&(number(now, length) - number(at, length)));
                    let mut expected = Volume::default();
                    all.iter().filter(|(at, _)| within(*at)).for_each(|(_, volume)| expected += *volume);
                    prop_assert_eq!(net, expected.net, "{}", scale);
                    prop_assert_eq!(rolling.trailing(scale, now).0, expected);
                }
            }
        }
    }
}
