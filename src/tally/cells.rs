//! The cells of one window: a list of sums, and where in it those of each host and destination stand.
//!
//! Sums lie close together in the order of first sight, and tables hold only their places: a table that grows moves four
//! bytes and not a hundred, and no room is kept free for sums that never come.

use super::places::{NONE, Places, Tag};
use super::{BATCH, Cell};
use crate::units::Timestamp;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The numbers of a host and a destination in the tally's directories.
pub(super) type Key = (u32, u32);

/// Stands in a key where hosts or destinations are not told apart.
pub(super) const ANY: u32 = u32::MAX;

/// Cells of one window, by (host, destination) ids of the tally's directories.
#[derive(Clone, Debug)]
pub struct Cells<M> {
    list: Vec<(Key, Cell<M>)>,
    /// Places in the list, by key.
    places: Places,
}

impl<M> Default for Cells<M> {
    fn default() -> Self {
        Cells { list: Vec::new(), places: Places::default() }
    }
}

fn joined((host, destination): Key) -> u64 {
    u64::from(host) << 32 | u64::from(destination)
}

impl<M: Default> Cells<M> {
    /// The cell of a key, empty where it is new.
    pub(super) fn cell(&mut self, key: Key) -> &mut Cell<M> {
        let place = self.place(key);
        &mut self.list[place as usize].1
    }

    /// The place of a key's cell, which is made where there is none.
    fn place(&mut self, key: Key) -> u32 {
        self.place_tagged(key, self.places.tag(joined(key)))
    }

    fn place_tagged(&mut self, key: Key, tag: Tag) -> u32 {
        let same = |place: u32| self.list.get(place as usize).is_some_and(|(other, _)| *other == key);
        if let Some(place) = self.places.find(tag, same) {
            return place;
        }
        // Memory ends before a list of 2^32 cells does.
        let place = u32::try_from(self.list.len()).unwrap_or(NONE - 1);
        self.places.insert(tag, place);
        self.list.push((key, Cell::default()));
        place
    }

    /// The places of several keys. Each step is taken for all of them before the next, so that what they wait for from
    /// memory comes at the same time.
    pub(super) fn places(&mut self, keys: &[Key; BATCH], count: usize, places: &mut [u32; BATCH]) {
        let mut tags = [0; BATCH];
        for (tag, key) in tags.iter_mut().zip(keys).take(count) {
            *tag = self.places.tag(joined(*key));
        }
        for (place, tag) in places.iter_mut().zip(tags).take(count) {
            *place = self.places.guess(tag);
        }
        for ((place, key), tag) in places.iter_mut().zip(keys).zip(tags).take(count) {
            if self.list.get(*place as usize).is_none_or(|(other, _)| other != key) {
                *place = self.place_tagged(*key, tag);
            }
        }
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

/// Written as the list; where things stand in it is found again.
impl<M: Serialize> Serialize for Cells<M> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        self.list.serialize(to)
    }
}

impl<'de, M: Default + Deserialize<'de>> Deserialize<'de> for Cells<M> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let list: Vec<(Key, Cell<M>)> = Vec::deserialize(from)?;
        let mut cells = Cells::default();
        for (key, cell) in list {
            *cells.cell(key) = cell;
        }
        Ok(cells)
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
/// Only for sums by one of them: a host speaks to many destinations in turn.
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
        let number = if key.0 == ANY { key.1 } else { key.0 } as usize;
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
            visits in proptest::collection::vec((0i64..3, 0u32..5, 0u32..3), 0..200),
            both in any::<bool>(),
        ) {
            let mut windows: BTreeMap<i64, Cells<()>> = BTreeMap::new();
            let mut oracle: BTreeMap<(i64, Key), u64> = BTreeMap::new();
            let mut memo = Memo::default();
            for (window, host, destination) in visits {
                let key = (host, if both { destination } else { ANY });
                let cells = windows.entry(window).or_default();
                let mut places = [0; BATCH];
                cells.places(&[key; BATCH], 2, &mut places);
                let place = if both { places[1] } else { memo.place(Timestamp(window), cells, key) };
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
