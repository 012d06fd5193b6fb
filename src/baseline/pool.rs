//! How often units of the same class break their records by how much: the estate's own recent past, from which every
//! detector takes its tail probability, so that all speak on one scale.
//!
//! A pool is a histogram of the largest excess of each unit-day; histograms of days are merged over two weeks. The body is
//! empirical; beyond the fifth largest value the tail is Pareto's (Hill's estimate of its index). A prior stands in until the
//! estate has a past of its own.

use super::SCALES;
use crate::tally::Distribution;
use crate::units::Span;
use std::collections::{BTreeMap, VecDeque};

/// How many days a pool remembers.
const DAYS: usize = 14;

/// How many unit-days the prior is worth. Small against an estate's day, so that it only leads while there is no history.
const PRIOR_WEIGHT: f64 = 100.0;

/// Index of the prior's tail: P(E > x) falls with x^-0.75. Upload volumes of hosts are that heavy-tailed: ten times the
/// volume is about a fifth as frequent.
const PRIOR_INDEX: f64 = 0.75;

/// Bounds of Hill's estimate: with few values it strays.
const INDEX_BOUNDS: (f64, f64) = (0.5, 1.5);

/// How many of the largest values the tail is fitted to.
const TAIL: u64 = 20;

/// What is compared with what.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// Hosts that usually send about as much, at a time scale (place in [`SCALES`]).
    Host {
        /// Place in [`SCALES`].
        scale: usize,
        /// How much they usually send in 24 hours.
        level: Level,
    },
    /// Hosts towards destination groups about as rare and as new to them.
    Pair {
        /// Place in [`SCALES`].
        scale: usize,
        /// How many hosts use the group.
        rarity: Rarity,
        /// The host first used it less than a week ago.
        young: bool,
    },
}

/// How much a host usually sends in 24 hours (its record).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Not watched long enough to say, or the whole estate is not.
    New,
    /// Up to 10 kB: heartbeats.
    Silent,
    /// Up to 1 MB.
    Quiet,
    /// Up to 100 MB.
    Ordinary,
    /// Up to 10 GB.
    Busy,
    /// More.
    Heavy,
}

impl Level {
    /// All levels, in the order of their numbers.
    const ALL: [Level; 6] =
        [Level::New, Level::Silent, Level::Quiet, Level::Ordinary, Level::Busy, Level::Heavy];

    /// How long a new host of a known estate is watched before its silence says something.
    pub const KNOWN_AFTER: Span = Span::HOUR.times(6);

    /// Of a record of 24 hours, in bytes.
    pub fn of(record: u64) -> Level {
        match record {
            0..=10_000 => Level::Silent,
            10_001..=1_000_000 => Level::Quiet,
            1_000_001..=100_000_000 => Level::Ordinary,
            100_000_001..=10_000_000_000 => Level::Busy,
            _ => Level::Heavy,
        }
    }

    /// A volume that a record of this level is broken by every other day, by the prior, in bytes per 24 hours.
    fn usual(self) -> f64 {
        match self {
            Level::Silent => 1e4,
            Level::Quiet => 1e5,
            // It may be a backup server in daytime.
            Level::New => 1e6,
            Level::Ordinary => 1e7,
            Level::Busy => 1e9,
            Level::Heavy => 1e10,
        }
    }
}

/// How many hosts use a destination group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rarity {
    /// At most three, or one in a thousand.
    Rare,
    /// At most one in fifty.
    Some,
    /// More.
    Popular,
}

impl Rarity {
    /// All, in the order of their numbers.
    const ALL: [Rarity; 3] = [Rarity::Rare, Rarity::Some, Rarity::Popular];

    /// Of a group that `users` of `hosts` hosts have used.
    pub fn of(users: u32, hosts: usize) -> Rarity {
        let users = u64::from(users);
        let hosts = hosts as u64;
        if users <= 3 || users * 1000 <= hosts {
            Rarity::Rare
        } else if users * 50 <= hosts {
            Rarity::Some
        } else {
            Rarity::Popular
        }
    }
}

impl Class {
    /// Every class, in the order of [`Class::place`].
    fn all() -> impl Iterator<Item = Class> {
        let hosts = Level::ALL
            .into_iter()
            .flat_map(|level| (0..SCALES.len()).map(move |scale| Class::Host { scale, level }));
        let pairs = Rarity::ALL.into_iter().flat_map(|rarity| {
            [false, true].into_iter().flat_map(move |young| {
                (0..SCALES.len()).map(move |scale| Class::Pair { scale, rarity, young })
            })
        });
        hosts.chain(pairs)
    }

    /// Its place among all.
    fn place(self) -> usize {
        match self {
            Class::Host { scale, level } => level as usize * SCALES.len() + scale,
            Class::Pair { scale, rarity, young } => {
                (Level::ALL.len() + rarity as usize * 2 + usize::from(young)) * SCALES.len() + scale
            }
        }
    }

    /// How often such units break their records at all, by the prior. Of n exchangeable days the last is the largest with
    /// probability 1/n, and ten days stand for those of a unit that sends much every day; a quiet one has no such rhythm.
    fn breaks(self) -> f64 {
        match self {
            Class::Host { level: Level::New | Level::Silent | Level::Quiet, .. }
            | Class::Pair { young: true, .. } => 1.0,
            Class::Host { .. } | Class::Pair { .. } => 0.1,
        }
    }

    /// The prior's scale in bytes: shorter spans hold less, in proportion to the square root as uploads come in bursts.
    fn usual(self) -> f64 {
        let (scale, usual) = match self {
            Class::Host { scale, level } => (scale, level.usual()),
            Class::Pair { scale, rarity: Rarity::Rare, young: true } => (scale, 3e4),
            Class::Pair { scale, .. } => (scale, 1e5),
        };
        let span = SCALES.get(scale).copied().unwrap_or(Span::DAY);
        usual * (span.seconds() / Span::DAY.seconds()).sqrt()
    }
}

/// The pools of all classes.
#[derive(Clone, Debug)]
pub struct Pools {
    /// By day, oldest first.
    days: VecDeque<BTreeMap<Class, Distribution>>,
    /// All days merged, and the cut of each class, by [`Class::place`].
    classes: Vec<(Option<Tail>, u64)>,
    /// See [`Pools::worth_telling`].
    bits: f64,
}

impl Default for Pools {
    fn default() -> Self {
        let mut pools = Pools { days: VecDeque::new(), classes: Vec::new(), bits: COLD_BITS };
        pools.settle();
        pools
    }
}

impl Pools {
    /// How many days of history there are.
    pub fn days(&self) -> usize {
        self.days.len()
    }

    /// Takes in a whole day of an estate of `hosts` hosts, which is `warm` when it is no longer cold on the next: (class,
    /// largest excess) of each unit.
    pub fn add_day(&mut self, hosts: usize, warm: bool, units: impl Iterator<Item = (Class, u64)>) {
        if warm {
            self.bits = (hosts.max(1) as f64).log2().clamp(BITS_BOUNDS.0, BITS_BOUNDS.1);
        }
        let mut day: BTreeMap<Class, Distribution> = BTreeMap::new();
        for (class, excess) in units {
            day.entry(class).or_default().add(excess);
        }
        self.days.push_back(day);
        if self.days.len() > DAYS {
            self.days.pop_front();
        }
        self.settle();
    }

    fn settle(&mut self) {
        let mut merged: BTreeMap<Class, Distribution> = BTreeMap::new();
        for (class, distribution) in self.days.iter().flatten() {
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

    /// How improbable, in bits, something must be to be told: about one host-day a day in an estate of this size is so by
    /// chance, which leaves most of a budget of ten to the truth. The budget then cuts by rank.
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
            if self.tail(class, exp2(middle), 0) <= (-self.bits).exp2() {
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

/// Bounds of the same: below 6 bits chance rules, above 20 no estate is that large.
const BITS_BOUNDS: (f64, f64) = (6.0, 20.0);

fn exp2(power: f64) -> u64 {
    #[expect(clippy::cast_sign_loss, reason = "a power of two is positive")]
    let value = power.exp2() as u64;
    value
}

/// A merged histogram with what is needed to read its tail.
#[derive(Clone, Debug)]
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

    const CLASS: Class = Class::Host { scale: 2, level: Level::Silent };

    #[test]
    fn probabilities_fall_with_volume_and_with_history() {
        let mut pools = Pools::default();
        let cold = pools.tail(CLASS, 1_000_000_000, 0);
        for _ in 0..14 {
            pools.add_day(
                3_000,
                true,
                (0..3_000u64).map(|unit| (CLASS, if unit < 2_990 { 0 } else { unit })),
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
