//! Which line told a second time what another had told: evidence names both.

use super::sensors::Place;
use hashbrown::HashMap;
use serde::{Deserialize, Serialize};

/// Most pairs of lines remembered. Evidence is the heaviest lines, so the light half goes when it is full.
const SECONDS_MAX: usize = 1 << 16;

/// Second lines by the first.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Seconds {
    pairs: HashMap<Place, (u64, Place), foldhash::fast::RandomState>,
}

impl Seconds {
    pub(super) fn add(&mut self, first: Option<Place>, second: Place, bytes: u64) {
        let Some(first) = first else { return };
        if self.pairs.len() >= SECONDS_MAX && !self.pairs.contains_key(&first) {
            let mut sizes: Vec<u64> = self.pairs.values().map(|(bytes, _)| *bytes).collect();
            let (_, cut, _) = sizes.select_nth_unstable(SECONDS_MAX / 2);
            let cut = *cut;
            self.pairs.retain(|_, (bytes, _)| *bytes > cut);
        }
        let known = self.pairs.entry(first).or_insert((bytes, second));
        if bytes > known.0 {
            *known = (bytes, second);
        }
    }

    /// The line that told again what this one told: the number of its source, and its own.
    pub fn of(&self, source: u32, line: u64) -> Option<Place> {
        self.pairs.get(&(source, line)).map(|(_, second)| *second)
    }
}
