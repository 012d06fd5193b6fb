//! Bytes per event as a histogram that is small for quiet hosts and converts exactly to HdrHistogram's.
//!
//! Buckets are those of an HdrHistogram with two significant digits: 256 for the smallest values, then 128 for each
//! doubling. Only buckets that hold something are kept, so a host with 32 events costs about 100 bytes and not the 18 kB of
//! a dense one; merging is addition. A unit with few events keeps them as a list, in place while there are at most seven.

use super::{Measure, Record};
use serde::{Deserialize, Serialize};
use std::cmp::Ordering;

/// Sub-buckets of the lowest range; HdrHistogram's count for two significant digits (the power of two at or above
/// 2 × 10²).
const SUB_BUCKETS: u64 = 256;

/// So many samples lie in the distribution itself. Most hosts speak to most destinations a few times only: such a pair
/// costs no allocation.
const FEW: usize = 7;

/// Samples are gathered and then sorted into the buckets together: the hot path only appends. A sample that waits takes
/// two bytes, a bucket eight, so waiting also saves memory.
const PENDING: usize = 256;

/// The distribution of a number of bytes per event.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(from = "Kept", into = "Kept")]
pub struct Distribution {
    /// The largest value, exactly.
    max: u64,
    samples: Samples,
}

/// As it is written down.
#[derive(Serialize, Deserialize)]
struct Kept {
    max: u64,
    pending: Vec<u16>,
    sorted: Sorted,
}

impl From<Distribution> for Kept {
    fn from(one: Distribution) -> Kept {
        let (pending, sorted) = (one.samples.pending().to_vec(), one.samples.sorted().to_vec());
        Kept { max: one.max, pending, sorted }
    }
}

impl From<Kept> for Distribution {
    fn from(kept: Kept) -> Distribution {
        let samples = match kept.sorted.is_empty() {
            true => Samples::default(),
            false => Samples::Many(0, Many::new(kept.sorted)),
        };
        let mut one = Distribution { max: kept.max, samples };
        kept.pending.into_iter().for_each(|bucket| one.samples.push(bucket));
        one
    }
}

/// Bucket numbers, in the form that their number deserves.
#[derive(Clone, Debug)]
enum Samples {
    /// The first so many of these.
    Few(u8, [u16; FEW]),
    /// At most [`PENDING`].
    List(Vec<u16>),
    /// So many of the pending ones, and those sorted in.
    Many(u16, Box<Many>),
}

#[derive(Clone, Debug)]
struct Many {
    pending: [u16; PENDING],
    sorted: Sorted,
    /// How many are sorted in.
    count: u64,
}

impl Many {
    fn new(sorted: Sorted) -> Box<Many> {
        let count = sorted.iter().map(|packed| unpack(*packed).1).sum();
        Box::new(Many { pending: [0; PENDING], sorted, count })
    }
}

/// Counts by bucket, sorted by bucket: the bucket in the upper 16 bits, its count in the lower 48 (2^48 events are more
/// than any host sends; there the count stops).
type Sorted = Vec<u64>;

const COUNT_BITS: u32 = 48;
const COUNT_MAX: u64 = (1 << COUNT_BITS) - 1;

fn pack(bucket: u16, count: u64) -> u64 {
    u64::from(bucket) << COUNT_BITS | count.min(COUNT_MAX)
}

fn unpack(packed: u64) -> (u16, u64) {
    (u16::try_from(packed >> COUNT_BITS).unwrap_or_default(), packed & COUNT_MAX)
}

impl Default for Samples {
    fn default() -> Self {
        Samples::Few(0, [0; FEW])
    }
}

impl Samples {
    #[inline]
    fn push(&mut self, bucket: u16) {
        match self {
            Samples::Few(count, few) => {
                if let Some(place) = few.get_mut(usize::from(*count)) {
                    *place = bucket;
                    *count += 1;
                    return;
                }
            }
            Samples::List(list) if list.len() < PENDING => {
                list.push(bucket);
                return;
            }
            Samples::List(_) => {}
            Samples::Many(count, many) => {
                if let Some(place) = many.pending.get_mut(usize::from(*count)) {
                    *place = bucket;
                    *count += 1;
                    return;
                }
            }
        }
        self.make_room(bucket);
    }

    /// The next form, or room among the pending, for one more sample.
    #[cold]
    fn make_room(&mut self, bucket: u16) {
        match self {
            Samples::Few(_, few) => {
                let mut list = Vec::with_capacity(4 * FEW);
                list.extend_from_slice(few);
                list.push(bucket);
                *self = Samples::List(list);
            }
            Samples::List(list) => {
                let mut many = Many::new(counted(list));
                many.pending[0] = bucket;
                *self = Samples::Many(1, many);
            }
            Samples::Many(count, many) => {
                let pending = many.pending.get_mut(..usize::from(*count)).unwrap_or_default();
                many.count += pending.len() as u64;
                pending.sort_unstable();
                sort_in(&mut many.sorted, pending);
                many.pending[0] = bucket;
                *count = 1;
            }
        }
    }

    /// Those not sorted into buckets.
    fn pending(&self) -> &[u16] {
        match self {
            Samples::Few(count, few) => few.get(..usize::from(*count)).unwrap_or_default(),
            Samples::List(list) => list,
            Samples::Many(count, many) => many.pending.get(..usize::from(*count)).unwrap_or_default(),
        }
    }

    /// Those sorted into buckets.
    fn sorted(&self) -> &[u64] {
        match self {
            Samples::Few(..) | Samples::List(_) => &[],
            Samples::Many(_, many) => &many.sorted,
        }
    }

    /// All of them in buckets.
    fn all(&self) -> Sorted {
        merged(self.sorted(), &counted(&mut self.pending().to_vec()))
    }
}

/// Counts samples by bucket.
fn counted(samples: &mut [u16]) -> Sorted {
    samples.sort_unstable();
    let runs = samples.chunk_by(|a, b| a == b);
    runs.filter_map(|run| Some(pack(*run.first()?, run.len() as u64))).collect()
}

/// Adds sorted samples to sorted buckets. Where all their buckets are there, as nearly always once a host has spoken for a
/// while, nothing is moved or allotted.
fn sort_in(sorted: &mut Sorted, samples: &[u16]) {
    let mut new: Vec<u64> = Vec::new();
    let mut at = 0;
    for run in samples.chunk_by(|a, b| a == b) {
        let Some(bucket) = run.first() else { continue };
        let rest = sorted.get(at..).unwrap_or_default();
        at += rest.iter().take_while(|packed| (**packed >> COUNT_BITS) < u64::from(*bucket)).count();
        match sorted.get_mut(at).filter(|packed| **packed >> COUNT_BITS == u64::from(*bucket)) {
            Some(packed) => *packed = pack(*bucket, unpack(*packed).1 + run.len() as u64),
            None => new.push(pack(*bucket, run.len() as u64)),
        }
    }
    if !new.is_empty() {
        *sorted = merged(sorted, &new);
    }
}

/// The sum of two sorted lists of buckets.
fn merged(mine: &[u64], theirs: &[u64]) -> Sorted {
    let mut sum = Vec::with_capacity(mine.len() + theirs.len());
    let (mut mine, mut theirs) = (mine.iter().copied().peekable(), theirs.iter().copied().peekable());
    while let (Some(&a), Some(&b)) = (mine.peek(), theirs.peek()) {
        let next = match (a >> COUNT_BITS).cmp(&(b >> COUNT_BITS)) {
            Ordering::Less => mine.next(),
            Ordering::Greater => theirs.next(),
            Ordering::Equal => {
                let (bucket, count) = unpack(a);
                let _ = (mine.next(), theirs.next());
                Some(pack(bucket, count + unpack(b).1))
            }
        };
        sum.extend(next);
    }
    sum.extend(mine);
    sum.extend(theirs);
    sum
}

impl Distribution {
    /// The greatest relative error of [`Distribution::quantile`]: 1/128.
    pub const RELATIVE_ERROR: f64 = 1.0 / 128.0;

    /// Takes in one value.
    #[inline]
    pub fn add(&mut self, value: u64) {
        self.max = self.max.max(value);
        self.samples.push(bucket(value));
    }

    /// Adds another distribution.
    pub fn merge(&mut self, other: &Distribution) {
        self.max = self.max.max(other.max);
        other.samples.pending().iter().for_each(|bucket| self.samples.push(*bucket));
        let sorted = other.samples.sorted();
        if !sorted.is_empty() {
            self.samples = Samples::Many(0, Many::new(merged(&self.samples.all(), sorted)));
        }
    }

    /// How many values.
    pub fn count(&self) -> u64 {
        let sorted = if let Samples::Many(_, many) = &self.samples { many.count } else { 0 };
        sorted + self.samples.pending().len() as u64
    }

    /// The largest value, exactly; 0 where there is none.
    pub fn max(&self) -> u64 {
        self.max
    }

    /// The value of rank ceil(q·n), at most 1/128 too high: the largest value that its bucket can hold, as HdrHistogram
    /// defines it for 0 < q ≤ 1, and never above the maximum. `None` where there are no values.
    pub fn quantile(&self, q: f64) -> Option<u64> {
        let [value] = self.quantiles([q]);
        value
    }

    /// [`Distribution::quantile`] of several at once, which sorts but once.
    pub fn quantiles<const N: usize>(&self, qs: [f64; N]) -> [Option<u64>; N] {
        match &self.samples {
            Samples::Few(..) => self.selected::<N, FEW>(qs),
            Samples::List(_) => self.selected::<N, PENDING>(qs),
            Samples::Many(..) => {
                let (all, count) = (self.samples.all(), self.count());
                qs.map(|q| {
                    let mut rest = rank(q, count);
                    let found = all.iter().map(|packed| unpack(*packed)).find(|(_, count)| {
                        let here = rest <= *count;
                        rest = rest.saturating_sub(*count);
                        here
                    });
                    found.map(|(bucket, _)| highest(bucket).min(self.max))
                })
            }
        }
    }

    /// Quantiles of at most `MOST` samples, none of which is sorted in.
    fn selected<const N: usize, const MOST: usize>(&self, qs: [f64; N]) -> [Option<u64>; N] {
        let pending = self.samples.pending();
        let mut copy = [0; MOST];
        let copy = copy.get_mut(..pending.len()).unwrap_or_default();
        copy.copy_from_slice(pending);
        qs.map(|q| {
            let place =
                usize::try_from(rank(q, copy.len() as u64) - 1).ok().filter(|place| *place < copy.len())?;
            let (_, bucket, _) = copy.select_nth_unstable(place);
            Some(highest(*bucket).min(self.max))
        })
    }

    /// How many values are at least `value`, to within the bucket that holds it, which counts whole.
    pub fn count_from(&self, value: u64) -> u64 {
        let from = bucket(value);
        let sorted = self.samples.sorted().iter().rev().map(|packed| unpack(*packed));
        let above = sorted.take_while(|(bucket, _)| *bucket >= from).map(|(_, count)| count).sum::<u64>();
        above + self.samples.pending().iter().filter(|bucket| **bucket >= from).count() as u64
    }

    /// The value of rank `rank` from the top (1: the largest), at most 1/128 too high; `None` where there are fewer.
    pub fn nth_largest(&self, rank: u64) -> Option<u64> {
        let mut seen = 0;
        for (bucket, count) in self.samples.all().iter().rev().map(|packed| unpack(*packed)) {
            seen += count;
            if seen >= rank {
                return Some(highest(bucket).min(self.max));
            }
        }
        None
    }

    /// The same counts as a dense HdrHistogram of two significant digits.
    pub fn to_hdr(&self) -> hdrhistogram::Histogram<u64> {
        // Bounds are those of u64 and the crate's own limits, so creation cannot fail; an empty one is the safe answer.
        let mut hdr = hdrhistogram::Histogram::new_with_bounds(1, u64::MAX >> 1, 2)
            .unwrap_or_else(|_| unreachable!("1 ≤ high/2 and 2 digits are inside hdrhistogram's bounds"));
        for (bucket, count) in self.samples.all().iter().map(|packed| unpack(*packed)) {
            hdr.saturating_record_n(highest(bucket), count);
        }
        hdr
    }
}

/// The rank of a quantile among `count` values, from 1.
fn rank(q: f64, count: u64) -> u64 {
    #[expect(clippy::cast_sign_loss, reason = "q and n are not negative")]
    let rank = (q.clamp(0.0, 1.0) * count as f64).ceil() as u64;
    rank.max(1)
}

impl PartialEq for Distribution {
    fn eq(&self, other: &Self) -> bool {
        self.max == other.max && self.samples.all() == other.samples.all()
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
            values in proptest::collection::vec(prop_oneof![0u64..1000, 0u64..1 << 20, 0u64..1 << 48], 1..900),
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
            prop_assert_eq!(distribution.count(), values.len() as u64);
            prop_assert_eq!(distribution.to_hdr(), oracle);
        }

        #[test]
        fn merging_is_addition_in_any_order(
            parts in proptest::collection::vec(proptest::collection::vec(0u64..1 << 40, 0..600), 1..5),
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
