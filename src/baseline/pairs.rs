//! The destination groups of one host, in no more space than they need: most hosts have a handful, and a hash table of so few is
//! half empty.

use super::Pair;
use serde::{Deserialize, Serialize};

/// By number of the destination group, sorted; at most `PAIRS_MAX`.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Pairs {
    /// Apart from what is remembered, so that a search touches a few lines of the cache.
    groups: Vec<u32>,
    pairs: Vec<Pair>,
}

impl Pairs {
    /// How many groups there are.
    pub fn len(&self) -> usize {
        self.groups.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.groups.is_empty()
    }

    /// What is remembered towards a group.
    pub fn get(&self, group: u32) -> Option<&Pair> {
        self.groups.binary_search(&group).ok().and_then(|place| self.pairs.get(place))
    }

    pub(super) fn get_mut(&mut self, group: u32) -> Option<&mut Pair> {
        self.groups.binary_search(&group).ok().and_then(|place| self.pairs.get_mut(place))
    }

    /// Puts in what was not there before.
    pub(super) fn insert(&mut self, group: u32, pair: Pair) {
        let Err(place) = self.groups.binary_search(&group) else { return };
        // A quarter more each time, not as much again.
        if self.groups.len() == self.groups.capacity() {
            let more = 1 + self.groups.len() / 4;
            self.groups.reserve_exact(more);
            self.pairs.reserve_exact(more);
        }
        self.groups.insert(place, group);
        self.pairs.insert(place, pair);
    }

    /// Lets those go that `keep` does not want; says how many.
    pub(super) fn retain(&mut self, mut keep: impl FnMut(u32, &Pair) -> bool) -> usize {
        let before = self.len();
        let kept: Vec<bool> = self.iter().map(|(group, pair)| keep(group, pair)).collect();
        let mut each = kept.iter();
        self.groups.retain(|_| each.next().is_none_or(|kept| *kept));
        let mut each = kept.iter();
        self.pairs.retain(|_| each.next().is_none_or(|kept| *kept));
        before - self.len()
    }

    /// All, by number.
    pub fn iter(&self) -> impl Iterator<Item = (u32, &Pair)> {
        self.groups.iter().copied().zip(&self.pairs)
    }

    /// All, by number.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = (u32, &mut Pair)> {
        self.groups.iter().copied().zip(&mut self.pairs)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::Timestamp;

    #[test]
    fn what_is_put_in_is_found() {
        let mut pairs = Pairs::default();
        for group in [5, 1, 9, 3, 7, 5] {
            pairs.insert(group, Pair::new(Timestamp(i64::from(group)), true));
        }
        assert_eq!(pairs.iter().map(|(group, _)| group).collect::<Vec<_>>(), [1, 3, 5, 7, 9]);
        assert!(pairs.iter().all(|(group, pair)| pair.first == Timestamp(i64::from(group))));
        assert_eq!(pairs.retain(|group, pair| group != 3 && pair.first != Timestamp(9)), 2);
        assert_eq!(
            pairs.iter().map(|(group, pair)| (group, pair.first.0)).collect::<Vec<_>>(),
            [(1, 1), (5, 5), (7, 7)]
        );
        assert!(pairs.get(3).is_none() && pairs.get_mut(7).is_some());
    }
}
