//! Where the next of a few bytes stands, for places that are near.
//!
//! What ends a key, a number or a quoted text is some ten bytes away. A search made for long texts pays more to begin than
//! it then needs (memchr's is a call and a dozen branches), and a loop byte by byte is left at another place in nearly
//! every line, which the processor cannot foresee. Here sixteen bytes are compared at once, inline.

use wide::u8x16;

/// Where one of `bytes` stands first in `text`, from `from` on.
#[inline]
pub fn near<const N: usize>(text: &[u8], from: usize, bytes: [u8; N]) -> Option<usize> {
    let mut at = from;
    loop {
        let rest = text.get(at..)?;
        match rest.first_chunk() {
            Some(block) => {
                let found = places(block, bytes);
                if found != 0 {
                    return Some(at + found.trailing_zeros() as usize);
                }
                at += 16;
            }
            None => return last(text, rest, bytes).map(|place| at + place),
        }
    }
}

/// The same for the last bytes, which are less than sixteen.
#[inline]
fn last<const N: usize>(text: &[u8], rest: &[u8], bytes: [u8; N]) -> Option<usize> {
    match text.last_chunk() {
        // They are compared with bytes that stand before them, which are then shifted out.
        Some(block) => {
            let found = places(block, bytes) >> (16 - rest.len());
            (found != 0).then(|| found.trailing_zeros() as usize)
        }
        None => rest.iter().position(|byte| bytes.contains(byte)),
    }
}

/// A bit for each place where one of `bytes` stands.
#[inline]
fn places<const N: usize>(block: &[u8; 16], bytes: [u8; N]) -> u32 {
    let block = u8x16::new(*block);
    bytes.iter().fold(0, |found, byte| found | block.simd_eq(u8x16::splat(*byte)).to_bitmask())
}

/// How many digits stand in `text` from `from` on.
#[inline]
pub fn digits(text: &[u8], from: usize) -> usize {
    let rest = text.get(from..).unwrap_or_default();
    let (block, before) = match (rest.first_chunk(), text.last_chunk()) {
        (Some(block), _) => (block, 0),
        (None, Some(block)) => (block, 16 - rest.len()),
        (None, None) => return count(rest),
    };
    let values = u8x16::new(*block) ^ u8x16::splat(b'0');
    let others = !values.max(u8x16::splat(9)).simd_eq(u8x16::splat(9)).to_bitmask() & 0xffff;
    match others >> before {
        0 => count(rest),
        others => others.trailing_zeros() as usize,
    }
}

/// The plain way, for long numbers and at the end of a text.
fn count(rest: &[u8]) -> usize {
    rest.iter().take_while(|byte| byte.is_ascii_digit()).count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn found_where_a_search_byte_by_byte_finds_it(text in "[a-e\"=]{0,60}|[a=]{0,60}", from in 0usize..70) {
            let plainly = |wanted: &[u8]| {
                let rest = text.as_bytes().get(from..)?;
                rest.iter().position(|byte| wanted.contains(byte)).map(|place| from + place)
            };
            prop_assert_eq!(near(text.as_bytes(), from, *b"="), plainly(b"="));
            prop_assert_eq!(near(text.as_bytes(), from, *b"\"=e"), plainly(b"\"=e"));
        }

        #[test]
        fn digits_are_counted(text in "[0-9/:]{0,40}|[0-9]{0,40}\\PC{0,9}", from in 0usize..50) {
            let rest = text.as_bytes().get(from..).unwrap_or_default();
            prop_assert_eq!(digits(text.as_bytes(), from), count(rest));
        }
    }
}
