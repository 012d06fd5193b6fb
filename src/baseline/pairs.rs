//! The destination groups of one host, in no more space than they need: most hosts have a handful, and a hash table of so few is
//! half empty.

use super::Pair;

/// By number of the destination group, sorted; at most `PAIRS_MAX`.
#[derive(Clone, Debug, Default)]
pub struct Pairs(Vec<(u32, Pair)>);

impl Pairs {
    /// How many groups there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What is remembered towards a group.
    pub fn get(&self, group: u32) -> Option<&Pair> {
        self.place(group).ok().and_then(|place| self.0.get(place)).map(|(_, pair)| pair)
    }

    pub(super) fn get_mut(&mut self, group: u32) -> Option<&mut Pair> {
        self.place(group).ok().and_then(|place| self.0.get_mut(place)).map(|(_, pair)| pair)
    }

    pub(super) fn insert(&mut self, group: u32, pair: Pair) {
        match self.place(group) {
            Ok(place) => self.0[place].1 = pair,
            Err(place) => {
                // A quarter more each time, not as much again.
                if self.0.len() == self.0.capacity() {
                    self.0.reserve_exact(1 + self.0.len() / 4);
                }
                self.0.insert(place, (group, pair));
            }
        }
    }

    pub(super) fn remove(&mut self, group: u32) -> bool {
        self.place(group).map(|place| self.0.remove(place)).is_ok()
    }

    /// All, by number.
    pub fn iter(&self) -> impl Iterator<Item = (u32, &Pair)> {
        self.0.iter().map(|(group, pair)| (*group, pair))
    }

    /// All, by number.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = (u32, &mut Pair)> {
        self.0.iter_mut().map(|(group, pair)| (*group, pair))
    }

    fn place(&self, group: u32) -> Result<usize, usize> {
        self.0.binary_search_by_key(&group, |(group, _)| *group)
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
        assert!(pairs.remove(3) && !pairs.remove(3) && pairs.get(3).is_none());
        assert!(pairs.get_mut(7).is_some() && pairs.len() == 4);
    }
}
