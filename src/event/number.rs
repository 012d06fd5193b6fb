//! Decimal numbers, eight digits at a time.
//!
//! A loop over the digits is left at another place in nearly every line, which the processor cannot foresee; here the
//! digits of a number up to sixteen long are moved into one or two words and weighed together (the method of simdjson's
//! `parse_eight_digits_unrolled`).

/// An unsigned decimal number that fills the whole text; `None` for anything else, including overflow.
#[inline]
pub fn number<T: TryFrom<u64>>(text: &[u8]) -> Option<T> {
    let value = match text.len() {
        1..=8 => eight(aligned(text))?,
        9..=16 => {
            let (head, tail) = text.split_last_chunk::<8>()?;
            eight(aligned(head))? * 100_000_000 + eight(u64::from_le_bytes(*tail) ^ ZEROS)?
        }
        _ => digit_by_digit(text)?,
    };
    T::try_from(value).ok()
}

/// [`number`] of the part of a line from `start` to `end`. What stands before it in the line is loaded with it and shifted
/// out, so that the length, which is another in nearly every line, asks no question.
#[inline]
pub fn number_in<T: TryFrom<u64>>(line: &[u8], start: usize, end: usize) -> Option<T> {
    let before = line.get(..end)?;
    match (before.last_chunk::<8>(), end.checked_sub(start)?) {
        (Some(word), length @ 1..=8) => {
            let others = 8 * (8 - length);
            let digits = (u64::from_le_bytes(*word) ^ ZEROS) >> others << others;
            T::try_from(eight(digits)?).ok()
        }
        _ => number(before.get(start..)?),
    }
}

/// Seconds since the epoch with three decimals, as `1751328000.253`: the two as numbers.
#[inline]
pub fn seconds_and_millis(text: &[u8; 14]) -> Option<(u64, u64)> {
    let (Some(head), Some(tail)) = (text.first_chunk(), text.last_chunk()) else { return None };
    // The last eight bytes repeat two digits of the first; the dot lies between the others. Both are made zeros.
    let tail = u64::from_le_bytes(*tail) ^ ZEROS;
    if tail >> 32 & 0xff != u64::from(b'.' ^ b'0') {
        return None;
    }
    let (head, tail) = (eight(u64::from_le_bytes(*head) ^ ZEROS)?, eight(tail & 0xffff_ff00_ffff_0000)?);
    Some((head * 100 + tail / 10_000, tail % 10_000))
}

/// Eight times the digit zero.
const ZEROS: u64 = 0x3030_3030_3030_3030;

/// The values of up to eight digits, one a byte, the last in the highest byte; zeros stand in front.
#[inline]
fn aligned(text: &[u8]) -> u64 {
    let length = text.len();
    // Two halves that may overlap: where they do, they hold the same bytes.
    let word = match (text.first_chunk::<4>(), text.last_chunk::<4>()) {
        (Some(first), Some(last)) => {
            let (first, last) = (u32::from_le_bytes(*first), u32::from_le_bytes(*last));
            u64::from(first) | u64::from(last) << ((8 * (length - 4)) & 63)
        }
        _ => {
            let byte = |place: usize| u64::from(text.get(place).copied().unwrap_or_default()) << (8 * place);
            byte(0) | byte(1) | byte(2)
        }
    };
    (word ^ ZEROS) << (8 * (8 - length.clamp(1, 8)))
}

/// The number whose digits' values these are; `None` where one is no digit.
#[inline]
fn eight(digits: u64) -> Option<u64> {
    const HIGH: u64 = 0x8080_8080_8080_8080;
    // A byte above nine has its highest bit set once 118 is added.
    if (digits.wrapping_add(0x7676_7676_7676_7676) | digits) & HIGH != 0 {
        return None;
    }
    let pairs = digits.wrapping_mul(10 << 8 | 1) >> 8 & 0x00ff_00ff_00ff_00ff;
    let fours = pairs.wrapping_mul(100 << 16 | 1) >> 16 & 0x0000_ffff_0000_ffff;
    Some(fours.wrapping_mul(10_000 << 32 | 1) >> 32)
}

/// The plain way, for the longest.
#[cold]
fn digit_by_digit(text: &[u8]) -> Option<u64> {
    if text.is_empty() || text.len() > 20 {
        return None;
    }
    text.iter().try_fold(0u64, |value, byte| {
        let digit = byte.checked_sub(b'0').filter(|digit| *digit <= 9)?;
        value.checked_mul(10)?.checked_add(digit.into())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn seconds_and_millis_are_two_numbers(text in "[0-9]{10}[.,0]([0-9]{3}|[0-9a/]{3})|[0-9.]{14}") {
            let read = |text: &str| digit_by_digit(text.as_bytes());
            let expected = read(&text[..10]).zip(read(&text[11..])).filter(|_| &text[10..11] == ".");
            prop_assert_eq!(seconds_and_millis(text.as_bytes().try_into().unwrap()), expected);
        }

        #[test]
        fn numbers_agree_with_the_standard_library(text in "[0-9]{0,22}") {
            prop_assert_eq!(number::<u64>(text.as_bytes()), text.parse::<u64>().ok().filter(|_| text.len() <= 20));
        }

        #[test]
        fn the_fast_way_agrees_with_the_plain_one(
            text in prop_oneof![
                "[0-9]{0,20}".prop_map(String::into_bytes),
                "[0-9]{0,9}[/:x.]?[0-9]{0,9}".prop_map(String::into_bytes),
                proptest::collection::vec(any::<u8>(), 0..20),
            ],
        ) {
            prop_assert_eq!(number::<u64>(&text), digit_by_digit(&text));
            let line = [&b"127 0/"[..], &text, b" 9"].concat();
            for start in [0, 3, 6] {
                let found = number_in::<u64>(&line[6 - start..], start, start + text.len());
                prop_assert_eq!(found, digit_by_digit(&text));
            }
            prop_assert_eq!(number::<u16>(&text), digit_by_digit(&text).and_then(|value| u16::try_from(value).ok()));
        }
    }
}
