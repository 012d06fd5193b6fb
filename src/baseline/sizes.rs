//! How large the single transfers of a pair are: pieces of one size stand close together.
//!
//! Sizes are counted in log-linear steps, eight to an octave as HdrHistogram has them, so that counts of any parts of the
//! input add up to the same.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Smaller transfers are no pieces of anything: requests, keys, what opens and closes a conversation.
pub(super) const PIECE_MIN: u64 = 16_000;

/// Steps to an octave, as a power of two.
const STEPS: u32 = 3;

/// So many steps are remembered of a pair, by Misra and Gries 1982: where there is no room for another, all lose as many as
/// it has. A step with more than a seventeenth of the transfers stays, and no share comes out too high.
const STEPS_MAX: usize = 16;

/// Counts of the transfers of one cell, by step. Most cells have none, and most others one.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) enum Counted {
    /// No piece.
    #[default]
    None,
    /// One, of this step.
    One(u16),
    /// More.
    Many(BTreeMap<u16, u32>),
}

impl Counted {
    /// So many more pieces of a step.
    pub(super) fn add(&mut self, step: u16, count: u32) {
        match self {
            Counted::Many(all) => *all.entry(step).or_default() += count,
            Counted::None if count == 1 => *self = Counted::One(step),
            _ => {
                let mut all = BTreeMap::from([(step, count)]);
                self.each(|step, count| *all.entry(step).or_default() += count);
                *self = Counted::Many(all);
            }
        }
    }

    /// Gives all, in the order of steps.
    pub(super) fn each(&self, mut give: impl FnMut(u16, u32)) {
        match self {
            Counted::None => {}
            Counted::One(step) => give(*step, 1),
            Counted::Many(all) => all.iter().for_each(|(step, count)| give(*step, *count)),
        }
    }
}

/// The step of a size.
pub(super) fn step(size: u64) -> u16 {
    let octave = size.max(1 << STEPS).ilog2();
    let within = size.max(1 << STEPS) >> (octave - STEPS) & ((1 << STEPS) - 1);
    u16::try_from(u64::from(octave) << STEPS | within).unwrap_or(u16::MAX)
}

/// The sizes of the transfers of a pair.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Sizes {
    /// Transfers by step, in the order of steps; at most [`STEPS_MAX`].
    steps: Vec<(u16, u32)>,
    /// All transfers.
    count: u32,
}

impl Sizes {
    pub(super) fn add(&mut self, step: u16, count: u32) {
        self.count = self.count.saturating_add(count);
        match self.steps.binary_search_by_key(&step, |(step, _)| *step) {
            Ok(place) => self.steps[place].1 = self.steps[place].1.saturating_add(count),
            Err(place) => self.steps.insert(place, (step, count)),
        }
        if self.steps.len() > STEPS_MAX {
            let least = self.steps.iter().map(|(_, count)| *count).min().unwrap_or(0);
            self.steps.iter_mut().for_each(|(_, count)| *count -= least);
            self.steps.retain(|(_, count)| *count > 0);
        }
    }

    /// How many transfers there were.
    pub fn count(&self) -> u32 {
        self.count
    }

    /// The largest share of them (0 to 1) that two neighbouring steps hold: sizes within a quarter of each other.
    pub fn concentration(&self) -> f64 {
        let most = (0..self.steps.len()).map(|place| {
            let (step, count) = self.steps[place];
            let next = self.steps.get(place + 1).filter(|(next, _)| *next == step + 1);
            u64::from(count) + next.map_or(0, |(_, count)| u64::from(*count))
        });
        most.max().unwrap_or(0) as f64 / f64::from(self.count.max(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(sizes: impl IntoIterator<Item = u64>) -> Sizes {
        let mut all = Sizes::default();
        for size in sizes {
            all.add(step(size), 1);
        }
        all
    }

    #[test]
    fn equal_pieces_stand_together_and_files_do_not() {
        assert_eq!(of([50_000_000; 20]).concentration(), 1.0);
        // Around a border of two steps.
        assert_eq!(of((0..20).map(|piece| (1 << 26) - 10 + piece)).concentration(), 1.0);
        let files = of((0..200).map(|file| 20_000 * (1 + file % 50)));
        assert!(files.concentration() < 0.3 && files.count() == 200, "{files:?}");
        assert!(files.steps.len() <= STEPS_MAX);
        assert_eq!(of([]).concentration(), 0.0);
    }

    #[test]
    fn counts_of_cells_add_up_in_any_order() {
        let of = |steps: &[(u16, u32)]| {
            let mut counted = Counted::default();
            steps.iter().for_each(|(step, count)| counted.add(*step, *count));
            counted
        };
        assert_eq!(of(&[(9, 1)]), Counted::One(9));
        assert_eq!(of(&[(9, 1), (7, 2), (9, 1)]), of(&[(7, 1), (9, 2), (7, 1)]));
        let mut given = Vec::new();
        of(&[(9, 1), (7, 2)]).each(|step, count| given.push((step, count)));
        assert_eq!(given, [(7, 2), (9, 1)]);
        of(&[]).each(|_, _| panic!("nothing was counted"));
    }

    #[test]
    fn steps_rise_with_sizes() {
        let steps: Vec<u16> = (0..64).map(|power| step(1 << power)).collect();
        assert!(steps.is_sorted());
        assert_eq!(step(16), 4 << STEPS);
        assert_eq!(step(18), (4 << STEPS) + 1);
        assert_eq!(step(u64::MAX), (63 << STEPS) + 7);
    }
}
