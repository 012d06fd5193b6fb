//! How much could leave each host and not be told? The largest theft that stays out of the budget: `outflow floor`.
//!
//! **As of a day.** The scan judges all before the last whole day of the logs and keeps that day aside ([`Eve`]): what is usual, and
//! by what an incident is told, is what a daemon would know when that day began; what the host sends itself is what it sent on that
//! day. Then a theft is added to a copy of the host, hour by hour (after three days, day by day), and scored by the same code that
//! scores incidents; its size is halved or doubled until what is told and what is not are within a twentieth of each other (`search`).
//!
//! **The thief** knows the host: he sends when it sends most, by a port that everybody uses, unevenly, with a tool that nobody knows;
//! in one hour of a day, in six, or in all, whichever hides most. A theft of a month does so on each of thirty days like the one
//! kept aside. There is room in the budget: on a day on which much happens more may leave. So it may from a host that broke its own
//! record earlier on that day, to others than the thief: what it does on the day adds to what is stolen, and raises no record.
//!
//! **Hosts that are alike** share their floors where there are more than can be computed one by one (`alike`). Some floors are
//! **proven**: a theft a fifth smaller and one a quarter larger are laid over the logs and read like any other line (`proof`).

mod alike;
mod price;
mod proof;
mod search;
mod supposed;

pub use alike::groups;
pub use price::{Price, price};
pub use proof::{Claim, LaidLines, Proof, Side, claims, lay, told};

use crate::event::Channel;
use crate::pipeline::Eve;
use supposed::{DAILY, Supposed};

/// By which way data leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Way {
    /// To a destination that nobody used before.
    NewDestination,
    /// To the one that the host sends most to.
    KnownDestination,
    /// In names asked of a domain that nobody asked for before; bytes of labels.
    Dns,
    /// A server's answers, or a bucket's objects, to a client that never came before.
    NewClient,
    /// The same to the client that takes most.
    KnownClient,
    /// A bucket's objects, to readers without a name.
    Anonymous,
}

impl Way {
    /// All, in the order in which they are told.
    pub const ALL: [Way; 6] = [
        Way::NewDestination,
        Way::KnownDestination,
        Way::Dns,
        Way::NewClient,
        Way::KnownClient,
        Way::Anonymous,
    ];

    /// Those that a host of this kind of traffic has.
    pub fn of(channel: Channel) -> &'static [Way] {
        match channel {
            Channel::Transfer => &[Way::NewDestination, Way::KnownDestination],
            Channel::Names => &[Way::Dns],
            Channel::Answers | Channel::Objects => &[Way::NewClient, Way::KnownClient],
            Channel::Public => &[Way::Anonymous],
            Channel::Inside | Channel::Logs => &[],
        }
    }

    /// Its word in keys of JSON.
    pub fn name(self) -> &'static str {
        match self {
            Way::NewDestination => "new_destination",
            Way::KnownDestination => "known_destination",
            Way::Dns => "dns",
            Way::NewClient => "new_client",
            Way::KnownClient => "known_client",
            Way::Anonymous => "anonymous",
        }
    }

    /// Whether the other end is one that the host knows.
    pub fn is_known(self) -> bool {
        matches!(self, Way::KnownDestination | Way::KnownClient)
    }
}

/// How long a theft goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Within {
    /// One hour.
    Hour,
    /// 24 hours.
    Day,
    /// Thirty days.
    Month,
}

impl Within {
    /// Its word in keys of JSON.
    pub fn name(self) -> &'static str {
        match self {
            Within::Hour => "hour",
            Within::Day => "day",
            Within::Month => "month",
        }
    }
}

/// The largest theft that is not told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Floor {
    /// So many bytes in all, to within a twentieth.
    Bytes(u64),
    /// Nothing up to [`Floor::MOST`] is told.
    Boundless,
}

impl Floor {
    /// A petabyte: no line carries more in a month.
    pub const MOST: u64 = 1_000_000_000_000_000;
}

/// The floors of one host by one way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Floors {
    /// By which.
    pub way: Way,
    /// In an hour, a day, a month: by the place in [`Within`].
    pub within: [Floor; 3],
    /// In how many hours of the day the theft of a day hides best.
    pub hours: u8,
    /// The hour of the day, 0 to 23 (UTC), at which the host itself sends most.
    pub busiest: u8,
}

/// The floors of the host of this number, by each of its ways. `unused` is a group of the baseline that nobody uses.
pub fn floors(eve: &Eve, unused: u32, host: u32) -> Vec<Floors> {
    let channel = eve.hosts.channel(host);
    let ways = Way::of(channel).iter().copied();
    let to = |way: Way| if way.is_known() { eve.aside.favourite(host) } else { Some(unused) };
    ways.filter_map(|way| Some(of_way(way, &Supposed::new(eve, host, to(way)?)?))).collect()
}

/// The floors of a host towards a group that it knows; `None` of a host that was not seen before the day.
pub fn towards(eve: &Eve, host: u32, group: u32) -> Option<Floors> {
    let way = Way::of(eve.hosts.channel(host)).iter().copied().find(|way| way.is_known());
    Some(of_way(way?, &Supposed::new(eve, host, group)?))
}

fn of_way(way: Way, supposed: &Supposed<'_>) -> Floors {
    let hour = search::largest(|bytes| supposed.is_told(1, 1, bytes), 1 << 20);
    let (day, hours) = best(supposed, 1, hour);
    let (month, _) = best(supposed, 30, day);
    Floors { way, within: [hour, day, month], hours, busiest: supposed.busiest }
}

/// The most that is not told in so many days, if the theft of each takes one, six or all hours, and which of these it takes; `less`
/// is what is not told in fewer days.
fn best(supposed: &Supposed<'_>, days: u8, less: Floor) -> (Floor, u8) {
    let Floor::Bytes(least) = less else { return (less, 1) };
    DAILY.into_iter().fold((less, 1), |(most, by), hours| {
        let Floor::Bytes(bytes) = most else { return (most, by) };
        // What does not hide a twentieth more is not better.
        let more = (bytes + bytes / 20).max(1);
        if (days, hours) == (1, 1) || supposed.is_told(days, hours, more) {
            return (most, by);
        }
        (search::largest(|bytes| supposed.is_told(days, hours, bytes), more.max(least)).max(most), hours)
    })
}

/// When a theft that takes so many hours of a day begins, the host itself sending most in `busiest`. It ends an hour before the day
/// does, if it can: what its last windows show is judged on the next.
fn begins(busiest: u8, hours: u8) -> u8 {
    busiest.saturating_sub(hours / 2).min(23_u8.saturating_sub(hours))
}
