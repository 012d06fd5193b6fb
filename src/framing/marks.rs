//! Where one byte (a newline, a blank, a tab) stands in a text, found for 128 bytes at a time.
//!
//! A log's columns are some ten bytes long: a search that begins anew at each of them pays its start each time, which was
//! a third of all reading (measured on Squid's log). Here a block is compared once and its bits are taken one by one. Most
//! lines are one block or two: where a block ends within a line, the processor cannot foresee.

use wide::u8x16;

/// Bytes compared together: as many as a mask has bits.
const BLOCK: usize = 128;

/// Half of it.
const HALF: usize = BLOCK / 2;

/// The places of a byte in a line, from the left.
#[derive(Clone, Debug)]
pub struct Marks<'a> {
    line: &'a [u8],
    byte: u8,
    /// Where the block of `mask` begins.
    base: usize,
    /// The places in that block which were not handed out, lowest bit first.
    mask: u128,
}

impl<'a> Marks<'a> {
    /// The places of `byte` in `line`.
    #[inline]
    pub fn new(line: &'a [u8], byte: u8) -> Self {
        Marks { line, byte, base: 0, mask: mask_at(line, 0, byte) }
    }

    /// Passes so many and gives the place of the last of them: at least one, and `None` where there are fewer.
    ///
    /// Where they are all that a block has, its last is found without a look at each.
    #[inline]
    pub fn pass(&mut self, count: usize) -> Option<usize> {
        let mut left = count;
        loop {
            let here = self.mask.count_ones() as usize;
            if here > left {
                return self.nth(left - 1);
            }
            if here == left {
                let last = self.base + self.mask.checked_ilog2()? as usize;
                self.mask = 0;
                return Some(last);
            }
            left -= here;
            self.advance()?;
        }
    }

    /// The next block.
    #[inline]
    fn advance(&mut self) -> Option<()> {
        self.base += BLOCK;
        if self.base >= self.line.len() {
            // Stays at the end however often it is asked.
            (self.base, self.mask) = (self.line.len(), 0);
            return None;
        }
        self.mask = mask_at(self.line, self.base, self.byte);
        Some(())
    }
}

impl Iterator for Marks<'_> {
    type Item = usize;

    #[inline]
    fn next(&mut self) -> Option<usize> {
        while self.mask == 0 {
            self.advance()?;
        }
        let place = self.base + self.mask.trailing_zeros() as usize;
        self.mask &= self.mask - 1;
        Some(place)
    }
}

/// The places of `byte` in the block that begins at `base`, which may be cut short by the end of the line.
#[inline]
fn mask_at(line: &[u8], base: usize, byte: u8) -> u128 {
    let rest = line.get(base..).unwrap_or_default();
    let low = half(line, rest, byte);
    let high = rest.get(HALF..).map_or(0, |rest| half(line, rest, byte));
    u128::from(low) | u128::from(high) << HALF
}

/// The places of `byte` in the first half block of `rest`, the end of `line`.
#[inline]
fn half(line: &[u8], rest: &[u8], byte: u8) -> u64 {
    match (rest.first_chunk(), line.last_chunk()) {
        (Some(block), _) => mask(block, byte),
        // The last of a line is read with bytes that were seen before, which are then shifted out.
        (None, Some(block)) => mask(block, byte).checked_shr(cut(rest.len())).unwrap_or_default(),
        (None, None) => {
            let mut block = [!byte; HALF];
            for (to, from) in block.iter_mut().zip(rest) {
                *to = *from;
            }
            mask(&block, byte)
        }
    }
}

/// How many bytes of half a block lie before its last `length`.
fn cut(length: usize) -> u32 {
    u32::try_from(HALF.saturating_sub(length)).unwrap_or_default()
}

#[inline]
fn mask(block: &[u8; HALF], byte: u8) -> u64 {
    let wanted = u8x16::splat(byte);
    let places = |part: &[u8; 16]| u64::from(u8x16::new(*part).simd_eq(wanted).to_bitmask());
    let ([a, b, c, d], []) = block.as_chunks::<16>() else { return 0 };
    places(a) | places(b) << 16 | places(c) << 32 | places(d) << 48
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn marks_are_those_of_a_search_byte_by_byte(line in "[ ab\t]{0,300}", byte in prop::sample::select(vec![b' ', b'a', 0])) {
            let mut marks = Marks::new(line.as_bytes(), byte);
            let found: Vec<usize> = marks.by_ref().collect();
            let expected: Vec<usize> =
                line.bytes().enumerate().filter(|(_, other)| *other == byte).map(|(place, _)| place).collect();
            prop_assert_eq!(found, expected);
            prop_assert_eq!(marks.next(), None);
        }

        #[test]
        fn passing_some_is_asking_for_each(line in "[ ab]{0,300}", first in 0usize..5, count in 1usize..20) {
            let (mut one, mut other) = (Marks::new(line.as_bytes(), b' '), Marks::new(line.as_bytes(), b' '));
            prop_assert_eq!(one.by_ref().take(first).last(), other.by_ref().take(first).last());
            prop_assert_eq!(one.pass(count), other.by_ref().take(count).enumerate().last().filter(|(n, _)| n + 1 == count).map(|(_, place)| place));
            prop_assert_eq!(one.next(), other.next());
        }
    }
}
