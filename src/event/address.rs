//! Addresses in text.

use std::net::{IpAddr, Ipv4Addr};
use wide::u8x16;

/// An address in text: IPv4, IPv6 with or without brackets and zone id; a v4-mapped IPv6 address is the IPv4 address, so
/// that one host has one name in every log.
#[inline]
pub fn address(text: &[u8]) -> Option<IpAddr> {
    match ipv4(text) {
        Some(v4) => Some(IpAddr::V4(v4)),
        None => ipv6(text),
    }
}

fn ipv6(text: &[u8]) -> Option<IpAddr> {
    // Shorter than "::" or longer than the longest IPv6 text with zone and brackets: a name.
    if text.len() < 2 || text.len() > 64 || memchr::memchr(b':', text).is_none() {
        return None;
    }
    let bare = text.strip_prefix(b"[").and_then(|t| t.strip_suffix(b"]")).unwrap_or(text);
    let end = memchr::memchr(b'%', bare).unwrap_or(bare.len());
    let v6: std::net::Ipv6Addr = std::str::from_utf8(bare.get(..end)?).ok()?.parse().ok()?;
    Some(v6.to_ipv4_mapped().map_or(IpAddr::V6(v6), IpAddr::V4))
}

/// A dotted quad that fills the whole text; leading zeros are refused, as they are octal to some readers.
///
/// The places of the dots differ from line to line, so a loop that asks at each byte is mostly wrong about the next. Here
/// dots and digits are found for all bytes at once, the numbers are cut out by shifts, and all questions are asked at the
/// end.
#[inline]
pub(super) fn ipv4(text: &[u8]) -> Option<Ipv4Addr> {
    let (Some(first), Some(last)) = (text.first_chunk(), text.last_chunk()) else {
        return byte_by_byte(text);
    };
    if text.len() > 15 {
        return None;
    }
    let length = u32::try_from(text.len()).unwrap_or_default();
    let (first, last) = (u64::from_le_bytes(*first) ^ ZEROS, u64::from_le_bytes(*last) ^ ZEROS);
    // All bytes in one row, as digits' values; what lies behind the text counts as digits.
    let row = u128::from(first) | u128::from(last) << (8 * (length - 8));
    let row = u8x16::new(row.to_le_bytes());
    let dots = row.simd_eq(u8x16::splat(b'.' ^ b'0')).to_bitmask();
    let digits = row.max(u8x16::splat(9)).simd_eq(u8x16::splat(9)).to_bitmask();
    let behind_first = dots & dots.wrapping_sub(1);
    let behind_second = behind_first & behind_first.wrapping_sub(1);
    let three = behind_second.is_power_of_two();
    if !three || dots | digits != 0xffff {
        return None;
    }
    let (a, b, c) = (dots.trailing_zeros(), behind_first.trailing_zeros(), behind_second.trailing_zeros());
    // The first two numbers lie in the first eight bytes, the others in the last eight.
    let rest = length - 1 - c;
    let quad = [
        octet(first, 8u32.wrapping_sub(a), a),
        octet(first, 8u32.wrapping_sub(b), b - a - 1),
        octet(last, rest + 1, c - b - 1),
        octet(last, 0, rest),
    ];
    let [a, b, c, d] = quad;
    ((a | b | c | d) <= 255).then(|| (a << 24 | b << 16 | c << 8 | d).into())
}

/// Eight times the digit zero.
const ZEROS: u64 = 0x3030_3030_3030_3030;

/// The number of `length` digits that ends `skipped` bytes before the end of the word of digits' values; more than 255
/// where an address may not have it. Bits above the eighth stay set, so that several can be checked together.
#[inline]
fn octet(word: u64, skipped: u32, length: u32) -> u32 {
    // A first dot behind the eighth byte skips less than nothing; its length is more than three, and has no least number.
    let values = word.wrapping_shl(skipped.wrapping_mul(8)) >> 40;
    let values = (values as u32) & 0x00ff_ffffu32.wrapping_shl(24u32.wrapping_sub(8 * length)) & 0x00ff_ffff;
    let [hundreds, tens, ones, _] = values.to_le_bytes().map(u32::from);
    let value = hundreds * 100 + tens * 10 + ones;
    // The least number of so many digits; a length of none or more than three has none.
    let least = match length {
        1 => 0,
        2 => 10,
        3 => 100,
        _ => u32::MAX,
    };
    if value >= least { value } else { u32::MAX }
}

/// The plain way, for the shortest.
fn byte_by_byte(text: &[u8]) -> Option<Ipv4Addr> {
    let (mut quad, mut octet, mut digits, mut dots) = (0u32, 0u32, 0, 0);
    for &byte in text {
        let digit = u32::from(byte.wrapping_sub(b'0'));
        if digit <= 9 {
            if digits == 3 || (digits == 1 && octet == 0) {
                return None;
            }
            octet = octet * 10 + digit;
            digits += 1;
        } else if byte == b'.' && digits > 0 && octet <= 255 && dots < 3 {
            quad = quad << 8 | octet;
            (octet, digits, dots) = (0, 0, dots + 1);
        } else {
            return None;
        }
    }
    (dots == 3 && digits > 0 && octet <= 255).then(|| (quad << 8 | octet).into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn addresses_in_every_spelling() {
        let ip = |text: &str| address(text.as_bytes()).map(|ip| ip.to_string());
        assert_eq!(ip("10.1.2.3"), Some("10.1.2.3".into()));
        assert_eq!(ip("::ffff:10.1.2.3"), Some("10.1.2.3".into()));
        assert_eq!(ip("[2001:db8::1]"), Some("2001:db8::1".into()));
        assert_eq!(ip("fe80::1%eth0"), Some("fe80::1".into()));
        for wrong in
            ["", "-", "10.1.2", "10.1.2.3.4", "10.1.2.256", "010.1.2.3", "1.2.3.", "files.example", ":"]
        {
            assert_eq!(ip(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn dots_anywhere() {
        // Three dots at any places of any length: a number may be longer than a word.
        for length in 8..=15usize {
            for (a, b, c) in
                (0..length).flat_map(|a| (a..length).flat_map(move |b| (b..length).map(move |c| (a, b, c))))
            {
                let mut text = vec![b'1'; length];
                for at in [a, b, c] {
                    text[at] = b'.';
                }
                let said = std::str::from_utf8(&text).unwrap();
                assert_eq!(ipv4(&text), said.parse().ok(), "{said}");
            }
        }
    }

    proptest! {
        #[test]
        fn ipv4_agrees_with_the_standard_library(
            text in prop_oneof![
                any::<[u8; 4]>().prop_map(|quad| Ipv4Addr::from(quad).to_string()),
                "[0-9]{1,3}\\.[0-9]{1,3}\\.[0-9]{1,3}\\.[0-9]{1,3}",
                "[0-9]{0,4}\\.[0-9]{0,3}\\.[0-9/:x]{0,3}\\.[0-9]{0,3}",
                "[0-9.]{0,17}",
                "\\PC{0,20}",
            ],
        ) {
            prop_assert_eq!(ipv4(text.as_bytes()), text.parse().ok());
            prop_assert_eq!(byte_by_byte(text.as_bytes()), text.parse().ok());
        }
    }
}
