//! Where one byte (a newline, a blank, a tab) stands in a text, found for 64 bytes at a time.
//!
//! A log's columns are some ten bytes long: a search that begins anew at each of them pays its start each time, which was
//! a third of all reading (measured on Squid's log). Here a block is compared once and its bits are taken one by one.

use wide::u8x16;

/// Bytes compared together: as many as a mask has bits.
const BLOCK: usize = 64;

/// The places of a byte in a line, from the left.
#[derive(Clone, Debug)]
pub struct Marks<'a> {
    line: &'a [u8],
    byte: u8,
    /// Where the block of `mask` begins.
    base: usize,
    /// The places in that block which were not handed out, lowest bit first.
    mask: u64,
}

impl<'a> Marks<'a> {
    /// The places of `byte` in `line`.
    #[inline]
    pub fn new(line: &'a [u8], byte: u8) -> Self {
        Marks { line, byte, base: 0, mask: mask_at(line, 0, byte) }
    }
}

impl Iterator for Marks<'_> {
    type Item = usize;

    #[inline]
    fn next(&mut self) -> Option<usize> {
        while self.mask == 0 {
            self.base += BLOCK;
            if self.base >= self.line.len() {
                // Stays at the end however often it is asked.
                self.base = self.line.len();
                return None;
            }
            self.mask = mask_at(self.line, self.base, self.byte);
        }
        let place = self.base + self.mask.trailing_zeros() as usize;
        self.mask &= self.mask - 1;
        Some(place)
    }
}

/// The places of `byte` in the block that begins at `base`, which may be cut short by the end of the line.
#[inline]
fn mask_at(line: &[u8], base: usize, byte: u8) -> u64 {
    let rest = line.get(base..).unwrap_or_default();
    match (rest.first_chunk(), line.last_chunk()) {
        (Some(block), _) => mask(block, byte),
        // The last block of a line is read with bytes that were seen before, which are then shifted out.
        (None, Some(block)) => mask(block, byte).checked_shr(cut(rest.len())).unwrap_or_default(),
        (None, None) => {
            let mut block = [!byte; BLOCK];
            for (to, from) in block.iter_mut().zip(rest) {
                *to = *from;
            }
            mask(&block, byte)
        }
    }
}

/// How many bytes of a block lie before its last `length`.
fn cut(length: usize) -> u32 {
    u32::try_from(BLOCK.saturating_sub(length)).unwrap_or_default()
}

#[inline]
fn mask(block: &[u8; BLOCK], byte: u8) -> u64 {
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
    }
}
