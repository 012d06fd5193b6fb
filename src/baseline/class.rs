//! What is compared with what: the classes of units whose excesses share a pool.
//!
//! A class is a kind of traffic, what is measured, and a time scale. Every class gets one value for each host and day, the
//! largest that the host reached (nothing is a value), so that the probabilities of all classes mean the same: how often
//! a host of this kind shows so much on a day.

use super::SCALES;
use crate::event::Channel;
use crate::incident::Fault;
use crate::units::Span;
use serde::{Deserialize, Serialize};

/// A class of units.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Class {
    /// The kind of traffic.
    pub channel: Channel,
    /// What is measured, and of what kind of host.
    pub what: What,
    /// Place in [`SCALES`].
    pub scale: usize,
}

/// What is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum What {
    /// What a host sends to everybody, among hosts that usually send about as much.
    Host(Level),
    /// What a host sends to one destination group that is new to it, by how many hosts use the group, among hosts that speak
    /// to about as many.
    Young(Rarity, Reach),
    /// What a host sends to one destination group that it knows, by how many hosts use the group and how much it usually
    /// sends there, among hosts that have such a group.
    Old(Rarity, Level),
    /// What a host gives to everybody beyond what it takes, among hosts that take, by to how many groups they speak. Of one
    /// scale, a day.
    Flip(Reach),
    /// What a server gives to one client, beyond what it gave to any, among servers that usually give about as much.
    Client(Level),
    /// What a host sends to all the rare destination groups together that are new to it.
    NewPlaces(Reach),
    /// To how many more rare destination groups that were new to it than ever before a host sent something on a day. Of one
    /// scale.
    Places(Reach),
    /// In how many of the last 72 hours it sent to a rare group that is new to it. Of one scale.
    Hours(Reach),
    /// What hosts that newly use a group send to it together, by how many they are.
    Campaign(Crowd),
    /// How improbably steadily what a host sends to one group grows from day to day. Of one scale.
    Growth,
    /// How lopsided a host's tunnels to one group are beyond any of its tunnels before. Of one scale.
    Tunnel(Reach),
    /// What was done to a bucket's walls. Of one scale.
    Exposed,
    /// What a host got from inside and sent outside, beyond its records, among hosts that usually send about as much. Of one
    /// scale.
    Staged(Level),
    /// What is missing of a host or a log. Of one scale.
    Missing(Fault),
}

/// How much a host usually sends in 24 hours (its record).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
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
    pub const ALL: [Rarity; 3] = [Rarity::Rare, Rarity::Some, Rarity::Popular];

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

/// To how many destination groups a host speaks. Machines speak to a few, and people's machines to many: that one of the
/// former turns to a new place says more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Reach {
    /// At most ten.
    Few,
    /// At most a hundred.
    Dozens,
    /// More.
    Many,
}

impl Reach {
    /// All, in the order of their numbers.
    const ALL: [Reach; 3] = [Reach::Few, Reach::Dozens, Reach::Many];

    /// Of a host that is known to use so many groups.
    pub fn of(groups: usize) -> Reach {
        match groups {
            0..=10 => Reach::Few,
            11..=100 => Reach::Dozens,
            _ => Reach::Many,
        }
    }
}

/// How many hosts newly use a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Crowd {
    /// Two or three.
    Pair,
    /// Up to twelve.
    Band,
    /// More.
    Host,
}

impl Crowd {
    /// All, in the order of their numbers.
    pub const ALL: [Crowd; 3] = [Crowd::Pair, Crowd::Band, Crowd::Host];

    /// Of so many; `None` for one.
    pub fn of(hosts: u32) -> Option<Crowd> {
        match hosts {
            0..=1 => None,
            2..=3 => Some(Crowd::Pair),
            4..=12 => Some(Crowd::Band),
            _ => Some(Crowd::Host),
        }
    }
}

impl What {
    const COUNT: usize = 1
        + (2 + Rarity::ALL.len()) * Level::ALL.len()
        + (Rarity::ALL.len() + 5) * Reach::ALL.len()
        + Crowd::ALL.len()
        + 1
        + Level::ALL.len()
        + Fault::ALL.len();

    fn all() -> impl Iterator<Item = What> {
        let young =
            Rarity::ALL.into_iter().flat_map(|rarity| Reach::ALL.map(|reach| What::Young(rarity, reach)));
        let old = Rarity::ALL.into_iter().flat_map(|rarity| Level::ALL.map(|level| What::Old(rarity, level)));
        let hosts = Level::ALL.into_iter().map(What::Host);
        let clients = Level::ALL.into_iter().map(What::Client);
        let places =
            [What::NewPlaces, What::Hours, What::Places].into_iter().flat_map(|what| Reach::ALL.map(what));
        hosts
            .chain(clients)
            .chain(old)
            .chain(young)
            .chain(places)
            .chain(Crowd::ALL.into_iter().map(What::Campaign))
            .chain([What::Growth])
            .chain(Reach::ALL.into_iter().map(What::Flip))
            .chain(Reach::ALL.into_iter().map(What::Tunnel))
            .chain([What::Exposed])
            .chain(Level::ALL.into_iter().map(What::Staged))
            .chain(Fault::ALL.into_iter().map(What::Missing))
    }

    fn place(self) -> usize {
        const LEVELS: usize = Level::ALL.len();
        const REACHES: usize = Reach::ALL.len();
        const YOUNG: usize = (2 + Rarity::ALL.len()) * LEVELS;
        const PLACES: usize = YOUNG + Rarity::ALL.len() * REACHES;
        match self {
            What::Host(level) => level as usize,
            What::Client(level) => LEVELS + level as usize,
            What::Old(rarity, level) => (2 + rarity as usize) * LEVELS + level as usize,
            What::Young(rarity, reach) => YOUNG + rarity as usize * REACHES + reach as usize,
            What::NewPlaces(reach) => PLACES + reach as usize,
            What::Hours(reach) => PLACES + REACHES + reach as usize,
            What::Places(reach) => PLACES + 2 * REACHES + reach as usize,
            What::Campaign(crowd) => PLACES + 3 * REACHES + crowd as usize,
            What::Growth => PLACES + 3 * REACHES + Crowd::ALL.len(),
            What::Flip(reach) => PLACES + 3 * REACHES + Crowd::ALL.len() + 1 + reach as usize,
            What::Tunnel(reach) => What::COUNT - 1 - LEVELS - Fault::ALL.len() - REACHES + reach as usize,
            What::Exposed => What::COUNT - 1 - LEVELS - Fault::ALL.len(),
            What::Staged(level) => What::COUNT - LEVELS - Fault::ALL.len() + level as usize,
            What::Missing(fault) => What::COUNT - Fault::ALL.len() + fault as usize,
        }
    }
}

impl Class {
    /// Every class, in the order of [`Class::place`].
    pub(super) fn all() -> impl Iterator<Item = Class> {
        Channel::ALL.into_iter().flat_map(|channel| {
            What::all()
                .flat_map(move |what| (0..SCALES.len()).map(move |scale| Class { channel, what, scale }))
        })
    }

    /// Its place among all.
    pub(super) fn place(self) -> usize {
        (self.channel as usize * What::COUNT + self.what.place()) * SCALES.len() + self.scale
    }

    /// How often such units break their records at all, by the prior. Of n exchangeable days the last is the largest with
    /// probability 1/n, and ten days stand for those of a unit that sends much every day; a quiet one has no such rhythm.
    pub(super) fn breaks(self) -> f64 {
        match self.what {
            What::Host(Level::New | Level::Silent | Level::Quiet)
            | What::Young(..)
            | What::NewPlaces(_)
            | What::Campaign(_)
            | What::Hours(_)
            | What::Places(_)
            | What::Growth => 1.0,
            What::Host(_)
            | What::Old(..)
            | What::Client(_)
            | What::Flip(_)
            | What::Tunnel(_)
            | What::Staged(_) => 0.1,
            // On one day in thirty something gets worse than ever, and a bucket in thirty is changed.
            What::Missing(_) | What::Exposed => 1.0 / 30.0,
        }
    }

    /// The prior's scale in bytes: shorter spans hold less, in proportion to the square root as uploads come in bursts, and
    /// names carry a thousandth of what transfers do. Of hours and places it is three, of odds one.
    pub(super) fn usual(self) -> f64 {
        let span = SCALES.get(self.scale).copied().unwrap_or(Span::DAY);
        let (usual, span) = match self.what {
            What::Hours(_) | What::Places(_) => return 3.0,
            // Of what was done to buckets, see `weight`.
            What::Growth | What::Exposed => return 1.0,
            What::Tunnel(_) => return 1e6,
            What::Staged(level) => return level.usual(),
            What::Missing(Fault::Silent) => return 100.0,
            What::Missing(Fault::Gap) => return 3.0,
            What::Missing(Fault::Rejects | Fault::Blind) => return 1e3,
            What::Host(level) | What::Client(level) | What::Old(_, level) => (level.usual(), span),
            What::Flip(_) => (Level::Ordinary.usual(), span),
            What::Young(Rarity::Rare, _) => (3e4, span),
            What::Young(..) | What::NewPlaces(_) | What::Campaign(_) => (1e5, span),
        };
        let usual = if self.channel == Channel::Names { usual / 1e3 } else { usual };
        usual * (span.seconds() / Span::DAY.seconds()).sqrt()
    }
}
