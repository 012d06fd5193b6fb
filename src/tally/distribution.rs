//! Bytes per event as a histogram that is small for quiet hosts and converts exactly to HdrHistogram's.
//!
//! Buckets are those of an HdrHistogram with two significant digits: 256 for the smallest values, then 128 for each
//! doubling. Only buckets that hold something are kept, so a host with 32 events costs about 100 bytes and not the 18 kB of
//! a dense one; merging is addition.

use super::{Measure, Record};

/// Sub-buckets of the lowest range; HdrHistogram's count for two significant digits (the power of two at or above
/// 2 × 10²).
const SUB_BUCKETS: u64 = 256;

/// Samples are gathered and then sorted into the buckets together: the hot path only appends.
const PENDING_MAX: usize = 64;

/// The distribution of a number of bytes per event.
#[derive(Clone, Debug, Default)]
pub struct Distribution {
    /// Bucket numbers not yet sorted in, at most [`PENDING_MAX`].
    pending: Vec<u16>,
    /// (bucket, count), sorted by bucket.
    buckets: Vec<(u16, u64)>,
    /// The largest value, exactly.
    max: u64,
    /// How many values.
    count: u64,
}

impl Distribution {
    /// The greatest relative error of [`Distribution::quantile`]: 1/128.
    pub const RELATIVE_ERROR: f64 = 1.0 / 128.0;

    /// Takes in one value.
    pub fn add(&mut self, value: u64) {
        self.max = self.max.max(value);
        self.count += 1;
        if self.pending.len() == PENDING_MAX {
            self.settle();
        }
        self.pending.push(bucket(value));
    }

    /// Adds another distribution.
    pub fn merge(&mut self, other: &Distribution) {
        self.max = self.max.max(other.max);
        self.count += other.count;
        self.settle();
        let mut theirs = other.clone();
        theirs.settle();
        self.add_buckets(&theirs.buckets);
    }

    /// How many values.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// The largest value, exactly; 0 where there is none.
    pub fn max(&self) -> u64 {
        self.max
    }

    /// The value of rank ceil(q·n), at most 1/128 too high: the largest value that its bucket can hold, as HdrHistogram
    /// defines it for 0 < q ≤ 1, and never above the maximum. `None` where there are no values.
    pub fn quantile(&self, q: f64) -> Option<u64> {
        let mut sorted = self.clone();
        sorted.settle();
        #[expect(clippy::cast_sign_loss, reason = "q and n are not negative")]
        let rank = ((q.clamp(0.0, 1.0) * self.count as f64).ceil() as u64).max(1);
        let mut seen = 0;
        for (bucket, count) in sorted.buckets {
            seen += count;
            if seen >= rank {
                return Some(highest(bucket).min(self.max));
            }
        }
        None
    }

    /// How many values are at least `value`, to within the bucket that holds it, which counts whole.
    pub fn count_from(&self, value: u64) -> u64 {
        let from = bucket(value);
        let settled =
            self.buckets.iter().rev().take_while(|(bucket, _)| *bucket >= from).map(|(_, count)| count);
        settled.sum::<u64>() + self.pending.iter().filter(|bucket| **bucket >= from).count() as u64
    }

    /// The value of rank `rank` from the top (1: the largest), at most 1/128 too high; `None` where there are fewer.
    pub fn nth_largest(&self, rank: u64) -> Option<u64> {
        let mut sorted = self.clone();
        sorted.settle();
        let mut seen = 0;
        for (bucket, count) in sorted.buckets.iter().rev() {
            seen += count;
            if seen >= rank {
                return Some(highest(*bucket).min(self.max));
            }
        }
        None
    }

    /// The same counts as a dense HdrHistogram of two significant digits.
    pub fn to_hdr(&self) -> hdrhistogram::Histogram<u64> {
        // Bounds are those of u64 and the crate's own limits, so creation cannot fail; an empty one is the safe answer.
        let mut hdr = hdrhistogram::Histogram::new_with_bounds(1, u64::MAX >> 1, 2)
            .unwrap_or_else(|_| unreachable!("1 ≤ high/2 and 2 digits are inside hdrhistogram's bounds"));
        let mut sorted = self.clone();
        sorted.settle();
        for (bucket, count) in sorted.buckets {
            hdr.saturating_record_n(highest(bucket), count);
        }
        hdr
    }

    /// Sorts the pending samples into the buckets.
    fn settle(&mut self) {
        if self.pending.is_empty() {
            return;
        }
        self.pending.sort_unstable();
        let mut added: Vec<(u16, u64)> = Vec::with_capacity(self.pending.len());
        for bucket in self.pending.drain(..) {
            match added.last_mut() {
                Some((last, count)) if *last == bucket => *count += 1,
                _ => added.push((bucket, 1)),
            }
        }
        self.add_buckets(&added);
    }

    /// Merges two sorted lists of buckets, from the back so that it happens in place.
    fn add_buckets(&mut self, added: &[(u16, u64)]) {
        let mut merged = Vec::with_capacity(self.buckets.len() + added.len());
        let (mut mine, mut theirs) = (self.buckets.iter().peekable(), added.iter().peekable());
        loop {
            let next = match (mine.peek(), theirs.peek()) {
                (Some(a), Some(b)) if a.0 == b.0 => {
                    let sum = (a.0, a.1 + b.1);
                    mine.next();
                    theirs.next();
                    sum
                }
                (Some(a), Some(b)) if a.0 > b.0 => {
                    let next = **b;
                    theirs.next();
                    next
                }
                (Some(a), _) => {
                    let next = **a;
                    mine.next();
                    next
                }
                (None, Some(b)) => {
                    let next = **b;
                    theirs.next();
                    next
                }
                (None, None) => break,
            };
            merged.push(next);
        }
        self.buckets = merged;
    }
}

impl PartialEq for Distribution {
    fn eq(&self, other: &Self) -> bool {
        let settled = |distribution: &Distribution| {
            let mut distribution = distribution.clone();
            distribution.settle();
            (distribution.buckets, distribution.max, distribution.count)
        };
        settled(self) == settled(other)
    }
}

impl Measure for Distribution {
    fn record(&mut self, record: &Record<'_>, _source: u32) {
        if !record.blind {
            self.add(record.out);
        }
    }

    fn merge(&mut self, other: &Self) {
        Distribution::merge(self, other);
    }
}

/// The number of the bucket that holds `value`.
fn bucket(value: u64) -> u16 {
    // How often the value must be halved until it fits the sub-buckets.
    let halvings = u64::from(((SUB_BUCKETS - 1) | value).ilog2() + 1 - SUB_BUCKETS.ilog2());
    // Above the lowest range only the upper half of the sub-buckets is used: the lower half is the range below.
    let place = halvings * (SUB_BUCKETS / 2) + (value >> halvings);
    u16::try_from(place).unwrap_or(u16::MAX)
}

/// The largest value of a bucket.
fn highest(bucket: u16) -> u64 {
    let bucket = u64::from(bucket);
    let halvings = (bucket / (SUB_BUCKETS / 2)).saturating_sub(1);
    let sub_bucket = bucket - halvings * (SUB_BUCKETS / 2);
    (sub_bucket << halvings) | ((1 << halvings) - 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn buckets_and_quantiles_are_those_of_hdrhistogram(
            values in proptest::collection::vec(prop_oneof![0u64..1000, 0u64..1 << 20, 0u64..1 << 48], 1..400),
        ) {
            let mut distribution = Distribution::default();
            let mut oracle = hdrhistogram::Histogram::<u64>::new_with_bounds(1, u64::MAX >> 1, 2).unwrap();
            for value in &values {
                distribution.add(*value);
                oracle.record(*value).unwrap();
                prop_assert_eq!(highest(bucket(*value)), oracle.highest_equivalent(*value));
            }
            for q in [0.001, 0.01, 0.5, 0.9, 0.99, 1.0] {
                prop_assert_eq!(distribution.quantile(q), Some(oracle.value_at_quantile(q).min(distribution.max())));
            }
            prop_assert_eq!(distribution.to_hdr(), oracle);
        }

        #[test]
        fn merging_is_addition_in_any_order(
            parts in proptest::collection::vec(proptest::collection::vec(0u64..1 << 40, 0..200), 1..5),
        ) {
            let sum = |parts: &mut dyn Iterator<Item = &Vec<u64>>| {
                let mut all = Distribution::default();
                for part in parts {
                    let mut one = Distribution::default();
                    part.iter().for_each(|value| one.add(*value));
                    all.merge(&one);
                }
                all
            };
            let mut whole = Distribution::default();
            parts.iter().flatten().for_each(|value| whole.add(*value));
            prop_assert_eq!(sum(&mut parts.iter()), whole.clone());
            prop_assert_eq!(sum(&mut parts.iter().rev()), whole);
        }
    }

    #[test]
    fn the_error_is_the_one_stated() {
        for value in (0..48).map(|power| (1u64 << power) + 1) {
            let too_high = (highest(bucket(value)) - value) as f64 / value as f64;
            assert!(too_high <= Distribution::RELATIVE_ERROR, "{value}: {too_high}");
        }
    }
}
