//! A table that is bounded: when it is full, the quarter that was quiet longest goes.

use crate::units::Timestamp;
use hashbrown::HashMap;
use serde::{Deserialize, Serialize};

/// Most entries of a table. With some 150 bytes each that is 150 MB in the worst case; a firewall with 10,000 new
/// connections a second, each told within 100 seconds, just fits.
pub(super) const ENTRIES_MAX: usize = 1 << 20;

/// Values by hashes that are made with a secret, so that an outsider cannot choose which fall together.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Table<V> {
    entries: HashMap<u64, (Timestamp, V), foldhash::fast::RandomState>,
    max: usize,
}

impl<V> Default for Table<V> {
    fn default() -> Self {
        Table { entries: HashMap::default(), max: ENTRIES_MAX }
    }
}

impl<V: Default> Table<V> {
    #[cfg(test)]
    pub(super) fn with_room_for(max: usize) -> Self {
        Table { entries: HashMap::default(), max }
    }

    /// The value of a key, empty where it is new, and how many others had to go for it.
    pub(super) fn value(&mut self, key: u64, turn: Timestamp) -> (&mut V, u64) {
        let mut evicted = 0;
        if self.entries.len() >= self.max && !self.entries.contains_key(&key) {
            evicted = self.evict();
        }
        let (last, value) = self.entries.entry(key).or_insert_with(|| (turn, V::default()));
        *last = turn.max(*last);
        (value, evicted)
    }

    pub(super) fn known(&mut self, key: u64) -> Option<&mut V> {
        self.entries.get_mut(&key).map(|(_, value)| value)
    }

    pub(super) fn remove(&mut self, key: u64) -> Option<V> {
        self.entries.remove(&key).map(|(_, value)| value)
    }

    fn evict(&mut self) -> u64 {
        let mut turns: Vec<Timestamp> = self.entries.values().map(|(last, _)| *last).collect();
        let quarter = turns.len() / 4;
        let (_, cut, _) = turns.select_nth_unstable(quarter);
        let (cut, before) = (*cut, self.entries.len());
        // All of one moment go together, so that the choice does not depend on the order in the table.
        self.entries.retain(|_, (last, _)| *last > cut);
        (before - self.entries.len()) as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_quiet_go_first() {
        let mut table: Table<u64> = Table::with_room_for(8);
        for key in 0..8 {
            *table.value(key, Timestamp(key.cast_signed())).0 = key;
        }
        assert_eq!(table.value(0, Timestamp(100)), (&mut 0, 0));
        assert_eq!(table.value(8, Timestamp(101)).1, 3);
        let left: Vec<u64> = (0..9).filter(|key| table.known(*key).is_some()).collect();
        assert_eq!(left, [0, 4, 5, 6, 7, 8]);
    }
}
