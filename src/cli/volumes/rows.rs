//! The order of the answer: millions of rows are sorted by numbers, and their names are compared once each.

use crate::outputs::VolumeRow;
use crate::tally::{Cells, Distribution, Tally};
use crate::units::Timestamp;
use std::cmp::Reverse;
use std::collections::VecDeque;

/// Rows looked up together.
const AHEAD: usize = 64;

/// The cells of one window in one tally.
struct Part<'a> {
    start: Timestamp,
    /// Number of the tally.
    tally: usize,
    cells: &'a Cells<Distribution>,
}

/// A row by its bytes out, and where it stands: the part, and the place in that.
type Entry = (Reverse<u64>, u32, u32);

/// All rows, to be put in order.
pub(super) struct Rows<'a> {
    tallies: &'a [Tally<Distribution>],
    parts: Vec<Part<'a>>,
    /// By tally, by number: where the name stands in the order of all names.
    hosts: Vec<Vec<u32>>,
    destinations: Vec<Vec<u32>>,
}

impl<'a> Rows<'a> {
    pub(super) fn new(tallies: &'a [Tally<Distribution>]) -> Rows<'a> {
        let of = |(tally, sums): (usize, &'a Tally<Distribution>)| {
            sums.windows().map(move |(start, cells)| Part { start, tally, cells })
        };
        let mut parts: Vec<Part<'a>> = tallies.iter().enumerate().flat_map(of).collect();
        parts.sort_by_key(|part| part.start);
        Rows {
            tallies,
            parts,
            hosts: ranks(tallies.iter().map(|tally| tally.hosts.names())),
            destinations: ranks(tallies.iter().map(|tally| tally.destinations.names())),
        }
    }

    /// The windows in their order, in each the most bytes first.
    pub(super) fn by_window(&self) -> impl Iterator<Item = VolumeRow<'_>> {
        let numbers: Vec<u32> = (0..).take(self.parts.len()).collect();
        let same = |a: &u32, b: &u32| self.start(*a) == self.start(*b);
        let windows: Vec<Vec<u32>> = numbers.chunk_by(same).map(<[u32]>::to_vec).collect();
        self.rows(windows.into_iter().flat_map(|parts| self.sorted(&parts)))
    }

    /// The rows with the most bytes of all windows together.
    pub(super) fn top(&self, count: usize) -> impl Iterator<Item = VolumeRow<'_>> {
        let parts: Vec<u32> = (0..).take(self.parts.len()).collect();
        self.rows(self.sorted(&parts).into_iter().take(count))
    }

    /// Rows in the order of their entries. They are looked up some at a time: each lies elsewhere in memory, and looked up
    /// one by one every row would wait for its own.
    fn rows(&self, mut entries: impl Iterator<Item = Entry>) -> impl Iterator<Item = VolumeRow<'_>> {
        let mut ready = VecDeque::with_capacity(AHEAD);
        std::iter::from_fn(move || {
            if ready.is_empty() {
                ready.extend(entries.by_ref().take(AHEAD).filter_map(|entry| self.row(entry)));
            }
            ready.pop_front()
        })
    }

    /// The rows of some parts: the most bytes first, then by window, then by name.
    fn sorted(&self, parts: &[u32]) -> Vec<Entry> {
        let mut entries: Vec<Entry> = Vec::new();
        for number in parts {
            if let Some(part) = self.parts.get(*number as usize) {
                entries.reserve_exact(part.cells.len());
                let places = part.cells.iter().zip(0..);
                entries.extend(places.map(|((_, cell), place)| (Reverse(cell.out), *number, place)));
            }
        }
        entries.sort_unstable_by_key(|entry| entry.0);
        for equal in entries.chunk_by_mut(|a, b| a.0 == b.0).filter(|equal| equal.len() > 1) {
            equal.sort_by_cached_key(|entry| self.name(*entry));
        }
        entries
    }

    fn name(&self, (_, part, place): Entry) -> Option<(Timestamp, u32, u32)> {
        let part = self.parts.get(part as usize)?;
        let ((host, destination), _) = part.cells.get(place)?;
        let rank = |ranks: &[Vec<u32>], id: u32| {
            ranks.get(part.tally).and_then(|ranks| ranks.get(id as usize)).copied().unwrap_or_default()
        };
        Some((part.start, rank(&self.hosts, *host), rank(&self.destinations, *destination)))
    }

    fn start(&self, part: u32) -> Option<Timestamp> {
        self.parts.get(part as usize).map(|part| part.start)
    }

    fn row(&self, (_, part, place): Entry) -> Option<VolumeRow<'_>> {
        let part = self.parts.get(part as usize)?;
        let tally = self.tallies.get(part.tally)?;
        let ((host, destination), cell) = part.cells.get(place)?;
        let (host, destination) = (tally.host_name(*host), tally.destination_name(*destination));
        Some(VolumeRow { host, destination, start: Some(part.start), cell })
    }
}

/// The place of each name in the order of all names; the same name has the same place in every list.
fn ranks<'a>(lists: impl Iterator<Item = &'a [Box<str>]>) -> Vec<Vec<u32>> {
    let lists: Vec<&'a [Box<str>]> = lists.collect();
    let mut order: Vec<&str> = lists.iter().flat_map(|names| names.iter().map(|name| &**name)).collect();
    order.sort_unstable();
    order.dedup();
    let place = |name: &str| order.partition_point(|other| *other < name);
    let rank = |name: &str| u32::try_from(place(name)).unwrap_or(u32::MAX);
    lists.iter().map(|names| names.iter().map(|name| rank(name)).collect()).collect()
}
