//! Which of a few known names a text is: a hash table made for them, so that a key of a line is compared with one name and
//! not with all.

/// More names than any format has; places are kept in a byte.
const MOST: usize = 200;

/// Known names, each with a number.
#[derive(Clone, Debug)]
pub struct Names {
    names: Box<[(Box<[u8]>, usize)]>,
    /// A name's place plus one, or 0. Its length is a power of two and at least four times as many as there are names, so
    /// that a search ends soon.
    table: Box<[u8]>,
}

impl Names {
    /// A table of names and their numbers; of a name that comes twice, the first holds. Names behind the 200th are left out.
    pub fn new(names: impl IntoIterator<Item = (String, usize)>) -> Names {
        let own = |(name, number): (String, usize)| (name.into_bytes().into_boxed_slice(), number);
        let names: Box<[(Box<[u8]>, usize)]> = names.into_iter().take(MOST).map(own).collect();
        let length = (names.len() * 4).next_power_of_two();
        let mut table = vec![0; length];
        for (place, (name, _)) in (1..).zip(names.iter()) {
            let mut slot = hash(name);
            while let Some(entry) = table.get_mut(slot & (length - 1)) {
                if *entry == 0 {
                    *entry = place;
                    break;
                }
                slot += 1;
            }
        }
        Names { names, table: table.into() }
    }

    /// The number of a name.
    #[inline]
    pub fn find(&self, name: &[u8]) -> Option<usize> {
        let mut slot = hash(name);
        loop {
            let place = *self.table.get(slot & self.table.len().wrapping_sub(1))?;
            let (known, number) = self.names.get(usize::from(place).checked_sub(1)?)?;
            if **known == *name {
                return Some(*number);
            }
            slot += 1;
        }
    }
}

/// Length, ends and middle tell the names of one table apart well enough.
#[inline]
pub(super) fn hash(name: &[u8]) -> usize {
    let byte = |at: usize| name.get(at).map_or(0, |byte| usize::from(*byte));
    let length = name.len();
    length * 59 + byte(0) * 7 + byte(length / 2) * 31 + byte(length.wrapping_sub(1)) * 13
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn finds_what_a_search_finds(names in proptest::collection::vec("[a-c]{0,3}", 0..300), name in "[a-d]{0,4}") {
            let table = Names::new(names.iter().cloned().zip(0..));
            prop_assert_eq!(table.find(name.as_bytes()), names.iter().take(MOST).position(|other| *other == name));
        }
    }
}
