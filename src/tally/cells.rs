//! The cells of one window: a list of sums, and where in it those of each host and destination stand.
//!
//! Sums lie close together in the order of first sight, and tables hold only their places: a table that grows moves four
//! bytes and not a hundred, and no room is kept free for sums that never come.

use super::Cell;
use crate::units::Timestamp;
use foldhash::fast::RandomState;
use hashbrown::HashTable;
use std::hash::BuildHasher;

/// The numbers of a host and a destination in the tally's directories.
pub(super) type Key = (u32, u32);

/// Stands in a key where hosts or destinations are not told apart.
pub(super) const ANY: u32 = u32::MAX;

/// Cells of one window, by (host, destination) ids of the tally's directories.
#[derive(Clone, Debug)]
pub struct Cells<M> {
    list: Vec<(Key, Cell<M>)>,
    /// Places in the list, by key.
    places: HashTable<u32>,
    hasher: RandomState,
}

impl<M> Default for Cells<M> {
    fn default() -> Self {
        Cells { list: Vec::new(), places: HashTable::new(), hasher: RandomState::default() }
    }
}

impl<M: Default> Cells<M> {
    /// The cell of a key, empty where it is new.
    pub(super) fn cell(&mut self, key: Key) -> &mut Cell<M> {
        let place = self.place(key);
        &mut self.list[place as usize].1
    }

    /// The place of a key's cell, which is made where there is none.
    fn place(&mut self, key: Key) -> u32 {
        let Cells { list, places, hasher } = self;
        let hash = |key: Key| hasher.hash_one(u64::from(key.0) << 32 | u64::from(key.1));
        let same = |place: &u32| list.get(*place as usize).is_some_and(|(other, _)| *other == key);
        if let Some(place) = places.find(hash(key), same) {
            return *place;
        }
        let again = |place: &u32| list.get(*place as usize).map_or(0, |(key, _)| hash(*key));
        // Two directories of at most 4 million names each could make more pairs than 32 bits count; memory ends first.
        let place = u32::try_from(list.len()).unwrap_or(u32::MAX);
        places.insert_unique(hash(key), place, again);
        list.push((key, Cell::default()));
        place
    }

    pub(super) fn at(&mut self, place: u32) -> Option<&mut Cell<M>> {
        self.list.get_mut(place as usize).map(|(_, cell)| cell)
    }
}

impl<M> Cells<M> {
    /// How many.
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Keys and cells, in the order of first sight.
    pub fn iter(&self) -> std::slice::Iter<'_, ((u32, u32), Cell<M>)> {
        self.list.iter()
    }

    /// The key and the cell at a place of [`Cells::iter`].
    pub fn get(&self, place: u32) -> Option<&((u32, u32), Cell<M>)> {
        self.list.get(place as usize)
    }
}

impl<M> IntoIterator for Cells<M> {
    type Item = ((u32, u32), Cell<M>);
    type IntoIter = std::vec::IntoIter<Self::Item>;

    fn into_iter(self) -> Self::IntoIter {
        self.list.into_iter()
    }
}

/// Where the cell of each host or each destination stood last, so that only its first line in a window needs the table.
#[derive(Clone, Debug, Default)]
pub(super) struct Memo {
    /// By number: the window, and the place in it.
    last: Vec<(Timestamp, u32)>,
}

/// No window begins here.
const NEVER: Timestamp = Timestamp(i64::MIN);

impl Memo {
    /// The place of a key's cell among the cells of the window that begins at `start`.
    pub(super) fn place<M: Default>(&mut self, start: Timestamp, cells: &mut Cells<M>, key: Key) -> u32 {
        let number = match key {
            (number, ANY) | (ANY, number) => number as usize,
            // A host speaks to many destinations in turn: what was last says little.
            _ => return cells.place(key),
        };
        match self.last.get(number) {
            Some((window, place)) if *window == start => *place,
            _ => {
                let place = cells.place(key);
                if self.last.len() <= number {
                    self.last.resize(number + 1, (NEVER, 0));
                }
                self.last[number] = (start, place);
                place
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    proptest! {
        #[test]
        fn places_are_those_of_an_ordered_map(
            visits in proptest::collection::vec((0i64..3, 0u32..5, prop_oneof![Just(ANY), 0u32..3]), 0..200),
        ) {
            let mut windows: BTreeMap<i64, Cells<()>> = BTreeMap::new();
            let mut oracle: BTreeMap<(i64, Key), u64> = BTreeMap::new();
            let mut memo = Memo::default();
            for (window, host, destination) in visits {
                let key = (host, destination);
                let cells = windows.entry(window).or_default();
                let place = memo.place(Timestamp(window), cells, key);
                cells.at(place).unwrap().events += 1;
                prop_assert!(cells.cell(key).events > 0);
                *oracle.entry((window, key)).or_default() += 1;
            }
            let found: BTreeMap<(i64, Key), u64> = windows
                .iter()
                .flat_map(|(window, cells)| cells.iter().map(move |(key, cell)| ((*window, *key), cell.events)))
                .collect();
            prop_assert_eq!(found, oracle);
        }
    }
}
