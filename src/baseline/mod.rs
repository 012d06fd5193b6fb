//! What is usual: rolling volumes of hosts and of hosts towards destinations, their past records, and how often units of
//! the same kind break theirs.
//!
//! A fold in event time over closed windows. It says what was observed and what was usual, and keeps the pools from which
//! detectors take probabilities; it judges nothing itself.

mod balance;
mod ceil;
mod class;
mod day;
mod destination;
mod estate;
mod excess;
mod growth;
mod host;
mod pair;
mod pairs;
mod peers;
mod places;
mod pool;
mod ports;
mod rolling;
mod silence;
mod sizes;
mod staging;
mod suppose;
mod timetable;
mod trail;
mod tunnel;
mod unit;
mod usual;
mod week;

pub use balance::Balance;
pub use class::{Class, Crowd, Level, Rarity, Reach, What};
pub use destination::Destination;
pub use estate::EstateDay;
pub use excess::Excess;
pub use host::Host;
pub use pair::{Pair, Weighty};
pub use pairs::Pairs;
pub use peers::Peers;
pub use pool::Pools;
pub use ports::{PortUsers, Ports};
pub use rolling::{Rolling, Volume};
pub use sizes::Sizes;
pub use staging::Staging;
pub use suppose::Elsewhere;
pub use timetable::Timetable;
pub use trail::{Exposed, Flowed, Trail};
pub use tunnel::Tunnel;
pub use unit::{Observed, Unit, Usual};

use crate::event::catalogue::Sort;
use crate::event::{Channel, Exposure};
use crate::units::{Span, Timestamp};
use serde::{Deserialize, Serialize};
use silence::{Stream, Voices};
use std::collections::{BTreeMap, VecDeque};

/// The length of the windows that are folded: short enough that an alert comes within minutes.
pub const WINDOW: Span = Span::MINUTE.times(5);

/// The time scales at which volumes are judged. Hours give speed; a day and a week carried most of the detection in the
/// measurements of DETECTION.
pub const SCALES: [Span; 5] =
    [Span::HOUR, Span::HOUR.times(6), Span::DAY, Span::DAY.times(7), Span::DAY.times(30)];

/// The place of 24 hours in [`SCALES`].
pub const DAY_SCALE: usize = 2;

/// One closed window of one host towards one destination group.
#[derive(Clone, Debug)]
pub struct Row {
    /// The host's number.
    pub host: u32,
    /// The destination group's number.
    pub destination: u32,
    /// The kind of traffic that both numbers belong to.
    pub channel: Channel,
    /// Bytes that left.
    pub out: u64,
    /// How many lines told of it.
    pub events: u64,
    /// Bytes that came back.
    pub back: u64,
    /// Known tools and the largest line.
    pub trail: Trail,
}

/// Everything that is remembered of an estate.
#[derive(Debug, Serialize, Deserialize)]
pub struct Baseline {
    /// By number of the host.
    pub hosts: Vec<Host>,
    /// By number of the destination group.
    pub destinations: Vec<Destination>,
    /// How often units break their records.
    pub pools: Pools,
    /// What hosts of a kind ever send; written by itself.
    #[serde(skip)]
    pub peers: Peers,
    /// How many hosts use each port of others.
    ports: PortUsers,
    /// How many hosts were seen in each kind of traffic.
    seen: [usize; Channel::ALL.len()],
    /// The first window folded.
    pub begins: Option<Timestamp>,
    /// The day being gathered.
    day: Timestamp,
    /// The days of the estate, oldest first.
    pub days: VecDeque<EstateDay>,
    bytes_today: u64,
    /// Logs, by number.
    logs: BTreeMap<u32, Stream>,
    /// How much hosts were heard in each kind of traffic.
    voices: [Voices; Channel::ALL.len()],
    /// Hosts and logs that miss something since the day that was closed last; to be judged though they are silent.
    pub summoned: Vec<u32>,
    /// Pairs that were let go because their host had too many.
    pub evicted: u64,
}

/// Most destination groups remembered per host. Beyond it those with the fewest bytes in all are let go (and counted); the
/// host's own volume still sees their bytes.
pub const PAIRS_MAX: usize = 256;

impl Default for Baseline {
    fn default() -> Self {
        Baseline {
            hosts: Vec::new(),
            destinations: Vec::new(),
            pools: Pools::default(),
            peers: Peers::default(),
            ports: PortUsers::default(),
            seen: Default::default(),
            begins: None,
            day: Timestamp::MIN,
            days: VecDeque::new(),
            bytes_today: 0,
            logs: BTreeMap::new(),
            voices: Default::default(),
            summoned: Vec::new(),
            evicted: 0,
        }
    }
}

impl Baseline {
    /// How many hosts use a destination group, among those seen in its kind of traffic.
    pub fn rarity(&self, group: &Destination, channel: Channel) -> Rarity {
        Rarity::of(group.hosts, self.seen[channel as usize])
    }

    /// The day being gathered.
    pub fn day(&self) -> Timestamp {
        self.day
    }

    /// Says what a destination group is for.
    pub fn know(&mut self, destination: u32, service: Sort) {
        grown(&mut self.destinations, destination).service = Some(service);
    }

    /// How many hosts use this port of others.
    pub fn port_rarity(&self, port: u16, channel: Channel) -> Rarity {
        Rarity::of(self.ports.get(&port).copied().unwrap_or(0), self.seen[channel as usize])
    }

    /// Takes in what a host got from other hosts of ours in the window that began at `start`, before that window is folded.
    pub fn stage(&mut self, start: Timestamp, host: u32, bytes: u64) {
        let staging = &mut grown(&mut self.hosts, host).staging;
        staging.get_or_insert_with(|| Box::new(Staging::new(start))).take(start, bytes);
    }

    /// Takes in the rows of the window that began at `start`, sorted by host. Windows must come in their order. When a new
    /// day begins, the days before it enter the pools first.
    pub fn fold(&mut self, start: Timestamp, rows: &[Row]) {
        let day = start.floor(Span::DAY);
        if day > self.day {
            self.view();
            self.close_day();
            self.day = day;
        }
        self.begins.get_or_insert(start);
        self.bytes_today = rows.iter().fold(self.bytes_today, |sum, row| sum.saturating_add(row.out));
        self.meet(start, rows);
        let mut campaigns: Vec<(u32, Part)> = Vec::new();
        for rows in rows.chunk_by(|a, b| a.host == b.host) {
            let Some(host) = rows.first().and_then(|row| self.hosts.get_mut(row.host as usize)) else {
                continue;
            };
            Self::take(host, &self.destinations, &self.seen, (start, rows), &mut campaigns);
        }
        campaigns.sort_by_key(|(destination, _)| *destination);
        for parts in campaigns.chunk_by(|a, b| a.0 == b.0) {
            let Some(group) =
                parts.first().and_then(|(number, _)| self.destinations.get_mut(*number as usize))
            else {
                continue;
            };
            let mut all = Volume::default();
            for (_, part) in parts {
                all += part.now;
                group.lead = group.lead.max(Some((part.total, part.host)));
            }
            group.campaign.get_or_insert_default().take(start, all, &Usual::default());
        }
    }

    /// Who talks to whom, before any volumes: how popular a destination is must not depend on the order of rows.
    fn meet(&mut self, start: Timestamp, rows: &[Row]) {
        for row in rows {
            let host = grown(&mut self.hosts, row.host);
            let destination = grown(&mut self.destinations, row.destination);
            if host.first.is_none() {
                (host.first, host.channel) = (Some(start), row.channel);
                self.seen[row.channel as usize] += 1;
            }
            let chosen = chosen(self.begins, host.first.unwrap_or(start), start);
            let port = row.trail.largest.port;
            if port > 0 && row.channel == Channel::Transfer {
                let since = if chosen { start } else { Timestamp::MIN };
                *self.ports.entry(port).or_default() += u32::from(host.ports.note(port, since));
            }
            if host.pairs.get(row.destination).is_none() {
                destination.hosts += 1;
                destination.first.get_or_insert(start);
                if host.pairs.len() >= PAIRS_MAX {
                    self.evicted += host.let_go() as u64;
                }
                host.pairs.insert(row.destination, Pair::new(start, chosen));
                if chosen {
                    destination.newcomer(start);
                }
            }
        }
    }

    /// Volumes of one host among these groups, of which so many hosts are seen in each kind of traffic; what it sends to groups
    /// that are new to it goes to `campaigns` too.
    fn take(
        host: &mut Host,
        groups: &[Destination],
        seen: &[usize; Channel::ALL.len()],
        (start, rows): (Timestamp, &[Row]),
        campaigns: &mut Vec<(u32, Part)>,
    ) {
        let Some(number) = rows.first().map(|row| row.host) else { return };
        let (serves, seen) = (host.serves(), seen[host.channel as usize]);
        let first = host.first.unwrap_or(start);
        let (mut all, mut new, mut clients) = (Volume::default(), Volume::default(), Vec::new());
        let mut balance =
            (host.channel == Channel::Transfer).then(|| host.balance.take().unwrap_or_default());
        let mut tunnels = Vec::new();
        let events = rows.iter().map(|row| row.events).sum::<u64>();
        host.heard.today = host.heard.today.saturating_add(u32::try_from(events).unwrap_or(u32::MAX));
        host.exposed =
            rows.iter().filter_map(|row| row.trail.exposed.clone()).max_by_key(|exposed| exposed.0);
        let exposed = host.exposed.as_ref().map_or(0, |exposed| weight(exposed.0));
        host.exposed_today = host.exposed_today.max(exposed);
        for row in rows {
            let Some(pair) = host.pairs.get_mut(row.destination) else { continue };
            let whole = Flowed { out: row.out, back: row.back };
            let mut weighty = pair.weigh(start, host.channel, row.out, whole.volume().net, &row.trail);
            let mut now = whole;
            for (hour, flowed) in row.trail.earlier() {
                host.unit.rolling.add_earlier(hour, flowed.volume());
                if let Some((weighty, _)) = &mut weighty {
                    weighty.unit.rolling.add_earlier(hour, flowed.volume());
                }
                now.out = now.out.saturating_sub(flowed.out);
                now.back = now.back.saturating_sub(flowed.back);
                if let Some(balance) = &mut balance {
                    balance.add(hour, flowed);
                }
            }
            if let Some(balance) = &mut balance {
                balance.add(start, now);
            }
            let now = now.volume();
            all += now;
            if let Some((weighty, _)) = &mut weighty {
                tunnels.extend(weighty.through(start, row.trail.tunnel).map(|most| (row.destination, most)));
            }
            let (hours, is_first) = match weighty {
                Some((weighty, before)) => {
                    let is_first = weighty.unit.last.is_none();
                    let now = Volume { net: now.net.saturating_add(before), ..now };
                    if serves {
                        clients.push((row.destination, weighty.unit.add(start, now)));
                    } else {
                        let group = groups.get(row.destination as usize);
                        weighty.take(start, now, &group.map(|group| group.usual).unwrap_or_default());
                    }
                    (weighty.hours(), is_first)
                }
                None => (0, false),
            };
            if !serves && pair.young(start) {
                let users = groups.get(row.destination as usize).map_or(1, |group| group.hosts);
                if Rarity::of(users, seen) == Rarity::Rare {
                    new += whole.volume();
                    host.hours = host.hours.max(hours);
                    if is_first {
                        host.places.count(start);
                    }
                }
                if now.net > 0 {
                    campaigns.push((row.destination, Part { now, total: pair.total, host: number }));
                }
            }
        }
        host.unit.take(start, all, &Usual::default());
        if let Some(balance) = &mut balance {
            balance.close(start);
        }
        host.balance = balance;
        if !serves && host.unit.rolling.trailing(0, start).0.out >= TIMED {
            let suspect = host.unit.suspect;
            host.timetable.get_or_insert_with(|| Box::new(Timetable::new(first))).note(start, suspect);
        }
        host.note_staged(start, rows);
        host.compare_tunnels(start, &tunnels);
        if serves {
            host.compare_clients(start, &clients);
        } else if new.net > 0 {
            host.new_places.get_or_insert_default().take(start, new, &Usual::default());
        }
    }
}

/// How rare it is taken to be that a bucket's walls come down so far: each step ten times as rare as the one before.
pub fn weight(exposure: Exposure) -> u64 {
    match exposure {
        Exposure::Changed => 1,
        Exposure::Unlogged => 10,
        Exposure::Unblocked => 100,
        Exposure::Public => 1000,
    }
}

/// What one host sent to a group that is new to it.
struct Part {
    /// In this window.
    now: Volume,
    /// Since it first used it.
    total: u64,
    host: u32,
}

/// Bytes out in an hour that count for a host's timetable: heartbeats do not.
const TIMED: u64 = 16_000;

/// How long an estate is watched before what is new in it is really new, and what is silent really silent: two nights, for
/// most machines that send much do it at night.
pub const COLD: Span = Span::DAY.times(2);

/// How long until most of what comes back every week has come back.
const SETTLED: Span = Span::DAY.times(7);

/// Whether what a host first seen at `first` newly turns to is new to it, in an estate first seen at `begins`: what it did on the
/// first day that it was watched may be as old as itself, unless it came to an estate that was known.
fn chosen(begins: Option<Timestamp>, first: Timestamp, now: Timestamp) -> bool {
    begins.is_some_and(|begins| first - begins >= COLD) || now - first >= Span::DAY
}

/// Whether a unit first seen at `first` has a record at this scale: one span beyond the lag of two has passed.
pub fn mature(scale: usize, first: Timestamp, now: Timestamp) -> bool {
    SCALES.get(scale).is_some_and(|span| now - first >= span.times(3))
}

/// The entry with this number, made with those before it where there is none.
fn grown<T: Default>(list: &mut Vec<T>, number: u32) -> &mut T {
    let place = number as usize;
    if list.len() <= place {
        list.resize_with(place + 1, T::default);
    }
    &mut list[place]
}
