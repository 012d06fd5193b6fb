//! How often units of the same class break their records by how much: the estate's own recent past, from which every
//! detector takes its tail probability, so that all speak on one scale.
//!
//! A pool is a histogram of the largest excess of each unit-day; histograms of days are merged over two weeks. The body is
//! empirical; beyond the fifth largest value the tail is Pareto's (Hill's estimate of its index). A prior stands in until the
//! estate has a past of its own.

use super::class::Class;
use crate::event::Channel;
use crate::tally::Distribution;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, VecDeque};

/// How many days a pool remembers.
const DAYS: usize = 14;

/// So many days of a settled estate are worth more than all before.
const SETTLED_MIN: usize = 3;

/// How many unit-days the prior is worth. Small against an estate's day, so that it only leads while there is no history.
const PRIOR_WEIGHT: f64 = 100.0;

/// Index of the prior's tail: P(E > x) falls with x^-0.75. Upload volumes of hosts are that heavy-tailed: ten times the
/// volume is about a fifth as frequent.
const PRIOR_INDEX: f64 = 0.75;

/// Bounds of Hill's estimate: with few values it strays.
const INDEX_BOUNDS: (f64, f64) = (0.5, 1.5);

/// How many of the largest values the tail is fitted to.
const TAIL: u64 = 20;

/// The largest excesses of a day, host by host.
#[derive(Debug, Serialize, Deserialize)]
pub struct Day(Vec<Distribution>);

impl Default for Day {
    fn default() -> Self {
        Day(Class::all().map(|_| Distribution::default()).collect())
    }
}

impl Day {
    /// What a host reached at most in a class.
    pub fn push(&mut self, (class, excess): (Class, u64)) {
        if let Some(distribution) = self.0.get_mut(class.place()) {
            distribution.add(excess);
        }
    }
}

impl Extend<(Class, u64)> for Day {
    fn extend<I: IntoIterator<Item = (Class, u64)>>(&mut self, units: I) {
        units.into_iter().for_each(|unit| self.push(unit));
    }
}

/// The pools of all classes.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Pools {
    /// By day, oldest first.
    days: VecDeque<(bool, BTreeMap<Class, Distribution>)>,
    /// All days merged, and the cut of each class, by [`Class::place`].
    classes: Vec<(Option<Tail>, u64)>,
    /// See [`Pools::worth_telling`].
    bits: f64,
    /// See [`Pools::share`], by number of the channel.
    shares: [f64; Channel::ALL.len()],
}

impl Default for Pools {
    fn default() -> Self {
        let mut pools = Pools {
            days: VecDeque::new(),
            classes: Vec::new(),
            bits: COLD_BITS,
            shares: [0.0; Channel::ALL.len()],
        };
        pools.settle();
        pools
    }
}

impl Pools {
    /// How many days of history there are.
    pub fn days(&self) -> usize {
        self.days.len()
    }

    /// Takes in a whole day of an estate in which so many hosts were `seen` in each kind of traffic. It is `warm` when it is no
    /// longer cold on the next day, `settled` when a week has passed.
    pub fn add_day(&mut self, seen: &[usize; Channel::ALL.len()], warm: bool, settled: bool, day: Day) {
        let most = seen.iter().copied().max().unwrap_or(0).max(1) as f64;
        for (share, seen) in self.shares.iter_mut().zip(seen) {
            *share = (most / (*seen).max(1) as f64).log2();
        }
        if warm {
            self.bits = (most.log2() - ROOM).clamp(BITS_BOUNDS.0, BITS_BOUNDS.1);
        }
        let day = Class::all().zip(day.0).filter(|(_, distribution)| distribution.count() > 0);
        self.days.push_back((settled, day.collect()));
        if self.days.len() > DAYS {
            self.days.pop_front();
        }
        // In its first week much is new that is not; those days go as soon as there are others.
        if self.days.iter().filter(|(settled, _)| *settled).count() >= SETTLED_MIN {
            self.days.retain(|(settled, _)| *settled);
        }
        self.settle();
    }

    fn settle(&mut self) {
        let mut merged: BTreeMap<Class, Distribution> = BTreeMap::new();
        for (class, distribution) in self.days.iter().flat_map(|(_, day)| day) {
            merged.entry(*class).or_default().merge(distribution);
        }
        self.classes.clear();
        for class in Class::all() {
            self.classes.push((merged.remove(&class).map(Tail::new), 0));
            let cut = self.find_cut(class);
            if let Some(last) = self.classes.last_mut() {
                last.1 = cut;
            }
        }
    }

    /// The probability that a unit of this class breaks its record, here `record` bytes, by `excess` or more on a day, in
    /// 0..=1. The prior takes the larger of the class's scale and the unit's own.
    pub fn tail(&self, class: Class, excess: u64, record: u64) -> f64 {
        let scale = class.usual().max(record as f64);
        let prior = class.breaks() * (1.0 + excess as f64 / scale).powf(-PRIOR_INDEX);
        let Some(tail) = self.classes.get(class.place()).and_then(|(tail, _)| tail.as_ref()) else {
            return prior;
        };
        let count = tail.distribution.count() as f64;
        (PRIOR_WEIGHT * prior + count * tail.probability(excess)) / (PRIOR_WEIGHT + count)
    }

    /// What is added to the bits of a kind of traffic that has few hosts: log2 of how many times fewer than the largest. Of ten
    /// buckets one in ten stands out as much as one in ten by chance, of ten thousand hosts a thousand do; a list that is to
    /// be shared fairly counts how many such are to be expected, and not how probable each is.
    pub fn share(&self, class: Class) -> f64 {
        self.shares[class.channel as usize]
    }

    /// How improbable, in bits, something must be to be an incident: about four host-days a day in an estate of this size are
    /// so by chance. The budget then cuts by rank.
    pub fn worth_telling(&self) -> f64 {
        self.bits
    }

    /// The smallest excess (to within a percent) that is improbable enough to be told of a unit without a record. Nearly all windows stay below it
    /// and cost one comparison.
    pub fn cut(&self, class: Class) -> u64 {
        self.classes.get(class.place()).map_or(u64::MAX, |(_, cut)| *cut)
    }

    fn find_cut(&self, class: Class) -> u64 {
        let (mut low, mut high) = (0.0f64, 60.0f64);
        while high - low > 0.01 {
            let middle = f64::midpoint(low, high);
            if self.tail(class, exp2(middle), 0) <= (self.share(class) - self.bits).exp2() {
                high = middle
            } else {
                low = middle
            }
        }
        exp2(high)
    }
}

/// Bits worth telling while the estate is cold: probabilities are the prior's and lean towards "ordinary", and the budget
/// still cuts by rank.
const COLD_BITS: f64 = 8.0;

/// How many bits below one host-day a day an incident begins.
const ROOM: f64 = 2.0;

/// Bounds of the same: below 6 bits chance rules, above 20 no estate is that large.
const BITS_BOUNDS: (f64, f64) = (6.0, 20.0);

fn exp2(power: f64) -> u64 {
    #[expect(clippy::cast_sign_loss, reason = "a power of two is positive")]
    let value = power.exp2() as u64;
    value
}

/// A merged histogram with what is needed to read its tail.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Tail {
    distribution: Distribution,
    /// The fifth largest value, at least 1.
    fifth: f64,
    /// Pareto's index beyond it.
    index: f64,
}

impl Tail {
    fn new(distribution: Distribution) -> Tail {
        let count = distribution.count();
        let nth = |rank: u64| distribution.nth_largest(rank).unwrap_or(0).max(1) as f64;
        // Hill: the mean of ln(x_i / x_k) over the k largest is 1 / index.
        let most = TAIL.min(count / 10).max(5).min(count);
        let foot = nth(most).ln();
        let mean = (1..most).map(|rank| nth(rank).ln() - foot).sum::<f64>() / (most.max(2) - 1) as f64;
        let index = if mean > 0.0 { 1.0 / mean } else { PRIOR_INDEX };
        Tail { fifth: nth(5.min(count)), index: index.clamp(INDEX_BOUNDS.0, INDEX_BOUNDS.1), distribution }
    }

    fn probability(&self, excess: u64) -> f64 {
        let count = self.distribution.count();
        let above = self.distribution.count_from(excess);
        if above >= 5 || excess == 0 {
            return above as f64 / count as f64;
        }
        let body = 5.min(count) as f64 / count as f64;
        body * (excess as f64 / self.fifth).max(1.0).powf(-self.index)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::baseline::{Level, Rarity, What};
    use crate::event::Channel;

    const CLASS: Class = Class { channel: Channel::Transfer, scale: 2, what: What::Host(Level::Silent) };

    #[test]
    fn probabilities_fall_with_volume_and_with_history() {
        let mut pools = Pools::default();
        let cold = pools.tail(CLASS, 1_000_000_000, 0);
        for _ in 0..14 {
            let mut day = Day::default();
            day.extend((0..3_000u64).map(|unit| (CLASS, if unit < 2_990 { 0 } else { unit })));
            pools.add_day(
                &std::array::from_fn(|channel| if channel == 0 { 3_000 } else { 0 }),
                true,
                true,
                day,
            );
        }
        let warm = pools.tail(CLASS, 1_000_000_000, 0);
        assert!(warm < cold / 50.0, "{warm} {cold}");
        let falling: Vec<f64> = (0..12).map(|power| pools.tail(CLASS, 10u64.pow(power), 0)).collect();
        assert!(falling.is_sorted_by(|a, b| a >= b), "{falling:?}");
        assert!(pools.tail(CLASS, 0, 0) <= 1.0);
    }

    #[test]
    fn places_and_cuts() {
        assert!(Class::all().enumerate().all(|(place, class)| class.place() == place));
        let pools = Pools::default();
        for class in Class::all() {
            let cut = pools.cut(class);
            let told = (-pools.worth_telling()).exp2();
            assert!(
                pools.tail(class, cut, 0) <= told && pools.tail(class, cut / 2, 0) > told,
                "{class:?} {cut}"
            );
        }
    }

    #[test]
    fn rarity_by_share() {
        assert_eq!(Rarity::of(3, 100), Rarity::Rare);
        assert_eq!(Rarity::of(10, 10_000), Rarity::Rare);
        assert_eq!(Rarity::of(100, 10_000), Rarity::Some);
        assert_eq!(Rarity::of(201, 10_000), Rarity::Popular);
    }
}
