//! Rows of separated columns whose order a header tells: the split that W3C, Zeek and VPC flow logs share.
//!
//! A format numbers the fields that it wants (its slots) and gives a higher number to all others. A run of columns that
//! nobody wants is a number of separators to pass.

use crate::event::reject::{Reason, Reject};
use crate::framing::Marks;

/// No header has more columns than this; a longer one is refused, so that a forged header costs bounded memory.
pub const MAX_COLUMNS: usize = 1024;

/// Which of `N` slots each column of a row goes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Columns<const N: usize> {
    slots: Box<[u8]>,
    /// The slots of the columns before the last that are wanted, each with the columns to pass before it.
    wanted: Box<[(u16, u8)]>,
    /// Columns between the last of these and the last of all.
    rest: u16,
}

/// The cells of one row by slot; a slot that no column goes to is empty.
#[derive(Clone, Copy, Debug)]
pub struct Row<'a, const N: usize> {
    cells: [&'a [u8]; N],
}

impl<const N: usize> Columns<N> {
    /// Columns from their slots, left to right; `N` and above are those that nobody wants. `None` for no columns at all or
    /// more than [`MAX_COLUMNS`].
    pub fn new(slots: Vec<u8>) -> Option<Self> {
        let (_, others) = slots.split_last().filter(|_| slots.len() <= MAX_COLUMNS)?;
        let (mut wanted, mut rest) = (Vec::new(), 0);
        for &slot in others {
            match usize::from(slot) < N {
                true => wanted.push((std::mem::take(&mut rest), slot)),
                false => rest += 1,
            }
        }
        Some(Columns { slots: slots.into(), wanted: wanted.into(), rest })
    }

    /// The slot of each column, left to right.
    pub fn slots(&self) -> &[u8] {
        &self.slots
    }

    /// Whether some column goes to this slot.
    pub fn has(&self, slot: usize) -> bool {
        self.slots.iter().any(|&other| usize::from(other) == slot)
    }

    /// Splits `line` at each `separator`. A row with more or fewer columns than the header is `Malformed`: nothing in it
    /// can be trusted to stand where it should.
    pub fn split<'a>(&self, line: &'a [u8], separator: u8) -> Result<Row<'a, N>, Reject> {
        let mut row = Row::default();
        let (Some(&last), mut ends) = (self.slots.last(), Marks::new(line, separator)) else {
            return Err(Reject::line(Reason::NoHeader));
        };
        let few = || Reject::at(Reason::Malformed, line.len());
        let mut start = 0;
        for &(passed, slot) in &self.wanted {
            if passed > 0 {
                start = ends.pass(usize::from(passed)).ok_or_else(few)? + 1;
            }
            let end = ends.next().ok_or_else(few)?;
            row.set(usize::from(slot), line.get(start..end).unwrap_or_default());
            start = end + 1;
        }
        if self.rest > 0 {
            start = ends.pass(usize::from(self.rest)).ok_or_else(few)? + 1;
        }
        row.set(usize::from(last), line.get(start..).unwrap_or_default());
        match ends.next() {
            Some(end) => Err(Reject::at(Reason::Malformed, end)),
            None => Ok(row),
        }
    }
}

impl<const N: usize> Default for Row<'_, N> {
    fn default() -> Self {
        Row { cells: [b""; N] }
    }
}

impl<'a, const N: usize> Row<'a, N> {
    /// The cell of a slot; empty where the row has none.
    #[inline]
    pub fn get(&self, slot: usize) -> &'a [u8] {
        self.cells.get(slot).copied().unwrap_or_default()
    }

    /// Fills a slot; one that does not exist is ignored.
    #[inline]
    pub fn set(&mut self, slot: usize, text: &'a [u8]) {
        if let Some(cell) = self.cells.get_mut(slot) {
            *cell = text;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn cells_stand_where_the_header_says() {
        let columns = Columns::<3>::new(vec![1, 2, 0]).unwrap();
        let row = columns.split(b"a  c", b' ').unwrap();
        assert_eq!(
            (row.get(0), row.get(1), row.get(2), row.get(9)),
            (&b"c"[..], &b"a"[..], &b""[..], &b""[..])
        );
        assert_eq!(columns.split(b"a b", b' ').unwrap_err(), Reject::at(Reason::Malformed, 3));
        assert_eq!(columns.split(b"a b c d", b' ').unwrap_err(), Reject::at(Reason::Malformed, 5));
        assert!(Columns::<3>::new(Vec::new()).is_none());
        assert!(Columns::<3>::new(vec![0; MAX_COLUMNS + 1]).is_none());
    }

    proptest! {
        #[test]
        fn splits_as_the_standard_library_does(line in "[ab ]{0,40}", count in 1u8..8, wanted: u8) {
            let slot = |place: u8| if wanted >> place & 1 == 1 { place } else { 8 + place };
            let columns = Columns::<8>::new((0..count).map(slot).collect()).unwrap();
            let expected: Vec<&[u8]> = line.as_bytes().split(|&byte| byte == b' ').collect();
            match columns.split(line.as_bytes(), b' ') {
                Ok(row) => {
                    prop_assert_eq!(expected.len(), usize::from(count));
                    for (place, text) in (0..count).zip(expected) {
                        let text = if slot(place) < 8 { text } else { b"" };
                        prop_assert_eq!(row.get(place.into()), text);
                    }
                }
                Err(_) => prop_assert_ne!(expected.len(), usize::from(count)),
            }
        }
    }
}
