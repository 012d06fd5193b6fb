//! Events → exact sums per window, host and destination.
//!
//! Everything here is a sum of integers, so tallies of any parts of the input merge in any order to the same answer.
//! Nothing here judges, knows a clock, or decides what is egress.

mod cells;
mod counts;
mod directory;
mod distribution;
mod places;
mod pulse;

pub use cells::Cells;
pub use counts::{Counts, Sample};
pub use directory::{Directory, Naming, OTHERS};
pub use distribution::Distribution;
pub use pulse::{Pulse, Pulses};

use crate::event::direction::Party;
use crate::event::{Channel, Exposure};
use crate::incident::Sense;
use crate::units::{Span, Timestamp};
use cells::{ANY, Key, Memo};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One event, as far as sums need it.
#[derive(Clone, Copy, Debug)]
pub struct Record<'a> {
    /// The watched host.
    pub host: Party<'a>,
    /// The other end.
    pub destination: Party<'a>,
    /// What kind of traffic it is, where kinds are told apart.
    pub channel: Channel,
    /// The moment that decides its window.
    pub at: Timestamp,
    /// The moment its bytes began to flow; `at` where the line does not say.
    pub began: Timestamp,
    /// Bytes that left; 0 where `blind`.
    pub out: u64,
    /// Bytes that came back, where the line says.
    pub back: Option<u64>,
    /// The line does not say how much left.
    pub blind: bool,
    /// It came late and was booked into a window still open.
    pub late: bool,
    /// How `out` is to be taken.
    pub sense: Sense,
    /// The port of the other end; 0 where the line does not say.
    pub port: u16,
    /// It went through a tunnel (CONNECT).
    pub tunnel: bool,
    /// What it took down of a bucket's walls.
    pub exposure: Option<Exposure>,
    /// Known tools seen in it, as a set of bits (see [`crate::event::tool`]).
    pub tools: u16,
    /// Where its line begins, in bytes from the beginning of the source.
    pub offset: u64,
    /// The number of its line, from 1.
    pub line: u64,
}

impl<'a> Record<'a> {
    /// A record of which only this is known.
    pub fn bare(
        host: Party<'a>,
        destination: Party<'a>,
        at: Timestamp,
        out: u64,
        offset: u64,
        line: u64,
    ) -> Record<'a> {
        Record {
            host,
            destination,
            channel: Channel::default(),
            at,
            began: at,
            out,
            back: None,
            blind: false,
            late: false,
            sense: Sense::Out,
            tunnel: false,
            exposure: None,
            tools: 0,
            port: 0,
            offset,
            line,
        }
    }
}

/// What a cell keeps beside its sums; merging must be associative and commutative.
pub trait Measure: Default {
    /// Takes in one record of source number `source`.
    fn record(&mut self, record: &Record<'_>, source: u32);
    /// Takes in another cell's.
    fn merge(&mut self, other: &Self);
}

/// Nothing is kept.
impl Measure for () {
    fn record(&mut self, _record: &Record<'_>, _source: u32) {}
    fn merge(&mut self, _other: &Self) {}
}

/// The sums of one host (towards one destination) in one window.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Cell<M> {
    /// Bytes that left; saturates at 2^64 - 1, which takes 65,536 of the largest lines allowed.
    pub out: u64,
    /// Bytes that came back, as far as lines say.
    pub back: u64,
    /// Some line said how much came back.
    pub back_seen: bool,
    /// How many events.
    pub events: u64,
    /// How many of them were blind.
    pub blind: u64,
    /// What else is kept.
    pub measure: M,
}

impl<M: Measure> Cell<M> {
    fn record(&mut self, record: &Record<'_>, source: u32) {
        self.out = self.out.saturating_add(record.out);
        self.back = self.back.saturating_add(record.back.unwrap_or(0));
        self.back_seen |= record.back.is_some();
        self.events += 1;
        self.blind += u64::from(record.blind);
        self.measure.record(record, source);
    }

    /// Adds another cell.
    pub fn merge(&mut self, other: &Self) {
        self.out = self.out.saturating_add(other.out);
        self.back = self.back.saturating_add(other.back);
        self.back_seen |= other.back_seen;
        self.events += other.events;
        self.blind += other.blind;
        self.measure.merge(&other.measure);
    }
}

/// What a tally tells apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum By {
    /// Hosts.
    Host,
    /// Hosts and destination groups.
    HostDestination,
    /// Destination groups.
    Destination,
}

/// What a tally tells apart, and its bounds.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Settings {
    /// Rows of the answer.
    pub by: By,
    /// Length of a window; `None`: one window for all time.
    pub window: Option<Span>,
    /// Most hosts that are told apart; the rest are summed as one.
    pub hosts_max: usize,
    /// Most destination groups that are told apart; the rest are summed as one.
    pub destinations_max: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Settings { by: By::Host, window: None, hosts_max: 4_000_000, destinations_max: 4_000_000 }
    }
}

/// So many records go through each step of [`Tally::record`] together: what one waits for from memory, the others need
/// not. 32 was best in the limit study, and 16 and 64 nearly so.
const BATCH: usize = 32;

/// Exact sums of some part of the input.
#[derive(Debug, Serialize, Deserialize)]
#[serde(bound(deserialize = "M: Default + Deserialize<'de>"))]
pub struct Tally<M> {
    settings: Settings,
    /// The hosts seen.
    pub hosts: Directory,
    /// The destination groups seen.
    pub destinations: Directory,
    windows: BTreeMap<Timestamp, Cells<M>>,
    #[serde(skip)]
    memo: Memo,
}

impl<M: Measure> Tally<M> {
    /// An empty tally.
    pub fn new(settings: Settings) -> Self {
        Tally {
            settings,
            hosts: Directory::new(settings.hosts_max),
            destinations: Directory::new(settings.destinations_max),
            windows: BTreeMap::new(),
            memo: Memo::default(),
        }
    }

    /// Takes in the records of one piece of source number `source`.
    pub fn record(&mut self, mut records: &[Record<'_>], source: u32, naming: &Naming<'_>) {
        while let Some(first) = records.first() {
            // Neighbouring lines share their window nearly always: its cells are looked up once per run of lines.
            let start = self.start(first.at);
            let end = self.settings.window.map_or(Timestamp(i64::MAX), |span| start + span);
            let run = records.iter().position(|record| !(start..end).contains(&record.at));
            let (run, rest) = records.split_at(run.unwrap_or(records.len()));
            run.chunks(BATCH).for_each(|batch| self.record_batch(start, batch, source, naming));
            records = rest;
        }
    }

    /// Takes in a few records of one window: first all names, then all cells, then all sums.
    fn record_batch(&mut self, start: Timestamp, records: &[Record<'_>], source: u32, naming: &Naming<'_>) {
        let mut keys: [Key; BATCH] = [(ANY, ANY); BATCH];
        let mut places = [0u32; BATCH];
        if self.settings.by != By::Destination {
            for (key, record) in keys.iter_mut().zip(records) {
                key.0 = self.hosts.host(record.host, record.channel, naming);
            }
        }
        if self.settings.by != By::Host {
            for (key, record) in keys.iter_mut().zip(records) {
                key.1 = self.destinations.group(record.destination, record.channel);
            }
        }
        let cells = self.windows.entry(start).or_default();
        if self.settings.by == By::HostDestination {
            cells.places(&keys, records.len(), &mut places);
        } else {
            for ((place, key), _) in places.iter_mut().zip(keys).zip(records) {
                *place = self.memo.place(start, cells, key);
            }
        }
        for (place, record) in places.iter().zip(records) {
            if let Some(cell) = cells.at(*place) {
                cell.record(record, source);
            }
        }
    }

    fn start(&self, at: Timestamp) -> Timestamp {
        self.settings.window.map_or(Timestamp::MIN, |span| at.floor(span))
    }

    /// Adds all of another tally, which may number its hosts and destinations differently.
    pub fn merge(&mut self, other: &Self) {
        let (mut hosts, mut destinations) = (Vec::new(), Vec::new());
        self.hosts.adopt_new(&other.hosts, &mut hosts);
        self.destinations.adopt_new(&other.destinations, &mut destinations);
        self.hosts.evicted += other.hosts.evicted;
        self.destinations.evicted += other.destinations.evicted;
        let here = |ids: &[u32], id: u32| ids.get(id as usize).copied().unwrap_or(ANY);
        for (start, cells) in &other.windows {
            let mine = self.windows.entry(*start).or_default();
            for ((host, destination), cell) in cells.iter() {
                mine.cell((here(&hosts, *host), here(&destinations, *destination))).merge(cell);
            }
        }
    }

    /// The windows, oldest first, with the start of each (the epoch where there is one window for all time).
    pub fn windows(&self) -> impl Iterator<Item = (Timestamp, &Cells<M>)> {
        self.windows.iter().map(|(start, cells)| (*start, cells))
    }

    /// Takes out the oldest window that ends at or before `watermark`.
    pub fn close(&mut self, watermark: Timestamp) -> Option<(Timestamp, Cells<M>)> {
        let span = self.settings.window?;
        let oldest = self.windows.first_entry()?;
        if *oldest.key() + span > watermark {
            return None;
        }
        self.memo = Memo::default();
        Some(oldest.remove_entry())
    }

    /// The start of the oldest window held.
    pub fn oldest(&self) -> Option<Timestamp> {
        self.windows.first_key_value().map(|(start, _)| *start)
    }

    /// The name of a key's host; empty where hosts are not told apart.
    pub fn host_name(&self, id: u32) -> &str {
        self.hosts.name(id)
    }

    /// The name of a key's destination group; empty where they are not told apart.
    pub fn destination_name(&self, id: u32) -> &str {
        self.destinations.name(id)
    }
}
