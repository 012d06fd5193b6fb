//! Dates and clocks of fixed places, eight bytes at a time: marks and digits are asked about together, and the digits
//! weighed in pairs.

/// `hh:mm:ss` as seconds of the day. Second 60 (a leap second) counts as the first of the next minute.
#[inline]
pub(super) fn clock(text: &[u8; 8]) -> Option<i64> {
    let [_, hours, _, _, minutes, _, _, seconds] = pairs(text, b"00:00:00", 0x0000_ff00_00ff_0000)?;
    let [hours, minutes, seconds] = [hours, minutes, seconds].map(i64::from);
    (hours <= 23 && minutes <= 59 && seconds <= 60).then_some((hours * 60 + minutes) * 60 + seconds)
}

/// Year and month of `yyyy-mm-` and `yyyy/mm/`.
#[inline]
pub(super) fn year_and_month(text: &[u8; 8]) -> Option<(i64, i64)> {
    let [_, _, _, _, mark, ..] = text;
    let shape = if *mark == b'/' { b"0000/00/" } else { b"0000-00-" };
    let [_, century, _, year, _, _, month, _] = pairs(text, shape, 0xff00_00ff_0000_0000)?;
    Some((i64::from(century) * 100 + i64::from(year), month.into()))
}

/// Each byte with ten times the one before it, where the text has the marks of `shape` at the places of `marks` and
/// digits at all others.
#[inline]
fn pairs(text: &[u8; 8], shape: &[u8; 8], marks: u64) -> Option<[u8; 8]> {
    const HIGH: u64 = 0x8080_8080_8080_8080;
    let digits = u64::from_le_bytes(*text) ^ u64::from_le_bytes(*shape);
    // A byte above nine has its highest bit set once 118 is added.
    let odd = (digits.wrapping_add(0x7676_7676_7676_7676) | digits) & HIGH;
    (odd | digits & marks == 0).then(|| digits.wrapping_mul(10 << 8 | 1).to_le_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A number of exactly so many digits, byte by byte.
    fn digits(text: &[u8]) -> Option<i64> {
        let digit = |value, byte: &u8| byte.is_ascii_digit().then(|| value * 10 + i64::from(byte - b'0'));
        text.iter().try_fold(0, digit)
    }

    fn clock_plainly(text: &[u8]) -> Option<i64> {
        let (hours, minutes, seconds) = (digits(&text[..2])?, digits(&text[3..5])?, digits(&text[6..])?);
        let fits = text[2] == b':' && text[5] == b':' && hours < 24 && minutes < 60 && seconds <= 60;
        fits.then_some(hours * 3600 + minutes * 60 + seconds)
    }

    fn year_and_month_plainly(text: &[u8]) -> Option<(i64, i64)> {
        let marks = [text[4], text[7]];
        (marks == *b"--" || marks == *b"//").then_some((digits(&text[..4])?, digits(&text[5..7])?))
    }

    proptest! {
        #[test]
        fn as_byte_by_byte(
            text in prop_oneof![
                "[0-2][0-9]:[0-6][0-9]:[0-6][0-9]".prop_map(String::into_bytes),
                "[0-9]{4}[-/][0-9]{2}[-/]".prop_map(String::into_bytes),
                "[0-9:/.-]{8}".prop_map(String::into_bytes),
                proptest::collection::vec(any::<u8>(), 8),
            ],
            edit: (prop::sample::Index, u8),
            edited: bool,
        ) {
            let mut text: [u8; 8] = text.try_into().unwrap();
            if edited {
                text[edit.0.index(8)] = edit.1;
            }
            prop_assert_eq!(clock(&text), clock_plainly(&text));
            prop_assert_eq!(year_and_month(&text), year_and_month_plainly(&text));
        }
    }
}
