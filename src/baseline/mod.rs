//! What is usual: rolling volumes of hosts and of hosts towards destinations, their past records, and how often units of
//! the same kind break theirs.
//!
//! A fold in event time over closed windows. It says what was observed and what was usual, and keeps the pools from which
//! detectors take probabilities; it judges nothing itself.

mod excess;
mod pool;
mod rolling;
mod state;
mod trail;

pub use excess::Excess;
pub use pool::{Class, Level, Pools, Rarity};
pub use rolling::{Rolling, Volume};
pub use state::{Destination, Host, Observed, Pair, Unit};
pub use trail::{Flowed, Trail};

use crate::units::{Span, Timestamp};

/// The length of the windows that are folded: short enough that an alert comes within minutes.
pub const WINDOW: Span = Span::MINUTE.times(5);

/// The time scales at which volumes are judged. Hours give speed; a day and a week carried most of the detection in the
/// measurements of DETECTION.
pub const SCALES: [Span; 4] = [Span::HOUR, Span::HOUR.times(6), Span::DAY, Span::DAY.times(7)];

/// The place of 24 hours in [`SCALES`].
pub const DAY_SCALE: usize = 2;

/// One closed window of one host towards one destination group.
#[derive(Clone, Debug)]
pub struct Row {
    /// The host's number.
    pub host: u32,
    /// The destination group's number.
    pub destination: u32,
    /// Bytes that left.
    pub out: u64,
    /// Bytes that came back.
    pub back: u64,
    /// Known tools and the largest line.
    pub trail: Trail,
}

/// Everything that is remembered of an estate.
#[derive(Debug)]
pub struct Baseline {
    /// By number of the host.
    pub hosts: Vec<Host>,
    /// By number of the destination group.
    pub destinations: Vec<Destination>,
    /// How often units break their records.
    pub pools: Pools,
    /// The first window folded.
    pub begins: Option<Timestamp>,
    /// The day being gathered.
    day: Timestamp,
    /// Pairs that were let go because their host had too many.
    pub evicted: u64,
}

/// Most destination groups remembered per host. Beyond it the one with the fewest bytes in all is let go (and counted); the
/// host's own volume still sees its bytes.
pub const PAIRS_MAX: usize = 256;

impl Default for Baseline {
    fn default() -> Self {
        Baseline {
            hosts: Vec::new(),
            destinations: Vec::new(),
            pools: Pools::default(),
            begins: None,
            day: Timestamp::MIN,
            evicted: 0,
        }
    }
}

impl Baseline {
    /// Takes in the rows of the window that began at `start`, sorted by host. Windows must come in their order. When a new
    /// day begins, the days before it enter the pools first.
    pub fn fold(&mut self, start: Timestamp, rows: &[Row]) {
        self.begins.get_or_insert(start);
        let day = start.floor(Span::DAY);
        if day > self.day {
            self.close_day();
            self.day = day;
        }
        // First who talks to whom, then volumes: how popular a destination is must not depend on the order of rows.
        for row in rows {
            let host = grown(&mut self.hosts, row.host);
            let destination = grown(&mut self.destinations, row.destination);
            host.first.get_or_insert(start);
            if !host.pairs.contains_key(&row.destination) {
                destination.hosts += 1;
                destination.first.get_or_insert(start);
                if host.pairs.len() >= PAIRS_MAX {
                    self.evicted += u64::from(host.let_go());
                }
                host.pairs.insert(row.destination, Pair::new(start));
            }
        }
        for rows in rows.chunk_by(|a, b| a.host == b.host) {
            let Some(host) = rows.first().and_then(|row| self.hosts.get_mut(row.host as usize)) else {
                continue;
            };
            let mut all = Volume::default();
            for row in rows {
                let Some(pair) = host.pairs.get_mut(&row.destination) else { continue };
                let mut now = Flowed { out: row.out, back: row.back };
                for (hour, flowed) in row.trail.earlier() {
                    pair.unit.rolling.add_earlier(hour, flowed.volume());
                    host.unit.rolling.add_earlier(hour, flowed.volume());
                    now.out = now.out.saturating_sub(flowed.out);
                    now.back = now.back.saturating_sub(flowed.back);
                }
                let now = now.volume();
                pair.take(start, row.out, now, &row.trail);
                all += now;
            }
            host.unit.take(start, all);
        }
    }

    /// The day is over: what every unit did at most enters the pools. Zero is a value: a host that was silent all day
    /// counts. Units under suspicion do not train them, nor do those whose record is not yet one: in the first days of a
    /// log every backup seems to break a record.
    fn close_day(&mut self) {
        let (day, count) = (self.day, self.hosts.len());
        let known = self.begins.is_some_and(|begins| day - begins >= COLD);
        let mut units: Vec<(Class, u64)> = Vec::new();
        for host in self.hosts.iter_mut() {
            let Some(first) = host.first else { continue };
            let level = host.level(self.begins, day);
            host.unit.close_day(|scale, excess| {
                if known && (level == Level::New || mature(scale, first, day)) {
                    units.push((Class::Host { scale, level }, excess));
                }
            });
            for (destination, pair) in host.pairs.iter_mut().filter(|(_, pair)| pair.unit.active_on(day)) {
                let users = self.destinations.get(*destination as usize).map_or(1, |group| group.hosts);
                let (rarity, young) = (Rarity::of(users, count), pair.young(first, day));
                pair.unit.close_day(|scale, excess| {
                    if young || mature(scale, pair.first, day) {
                        units.push((Class::Pair { scale, rarity, young }, excess));
                    }
                });
            }
        }
        let warm = self.begins.is_some_and(|begins| day + Span::DAY - begins >= COLD);
        self.pools.add_day(count, warm, units.into_iter());
    }
}

/// How long an estate is watched before what is new in it is really new, and what is silent really silent: two nights, for
/// most machines that send much do it at night.
pub const COLD: Span = Span::DAY.times(2);

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
