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
/// The places of the dots differ from line to line, so a loop that asks at each byte is mostly wrong about the next: the
/// text is moved into one register, its dots are found together, and the four numbers are cut out without a question.
#[inline]
fn ipv4(text: &[u8]) -> Option<Ipv4Addr> {
    let length = text.len();
    if !(7..=15).contains(&length) {
        return None;
    }
    let (Some(first), Some(last)) = (text.first_chunk::<8>(), text.last_chunk::<8>()) else {
        return byte_by_byte(text);
    };
    let (first, last) = (u64::from_le_bytes(*first), u64::from_le_bytes(*last));
    let bytes = u128::from(first) | u128::from(last) << (8 * (length - 8));

    let register = u8x16::new(bytes.to_le_bytes());
    let values = register - u8x16::splat(b'0');
    let digits = values.simd_eq(values.min(u8x16::splat(9))).to_bitmask();
    let dots = register.simd_eq(u8x16::splat(b'.')).to_bitmask();
    let others = dots & dots.wrapping_sub(1);
    let third = others & others.wrapping_sub(1);
    let ends = [dots.trailing_zeros(), others.trailing_zeros(), third.trailing_zeros(), bits(length)];
    // The bytes past the end are zero, neither digit nor dot.
    if third == 0 || third & (third - 1) != 0 || digits | dots != (1 << length) - 1 {
        return None;
    }
    let mut sound = true;
    let mut quad = 0;
    let mut start = 0;
    for end in ends {
        let (value, good) = octet(bytes, start, end - start);
        quad = quad << 8 | value;
        sound &= good;
        start = end + 1;
    }
    sound.then(|| quad.into())
}

/// The number of `length` digits from the byte `start` on, and whether it is one that an address may have.
#[inline]
fn octet(bytes: u128, start: u32, length: u32) -> (u32, bool) {
    const DIGITS: u32 = 0x0030_3030;
    #[expect(clippy::cast_possible_truncation, reason = "three bytes are wanted")]
    let text = (bytes >> (8 * start)) as u32 ^ DIGITS;
    // Moved up so that the last digit stands highest and zeros stand in front.
    let [hundreds, tens, ones, _] = (text << (8 * 3u32.saturating_sub(length))).to_le_bytes().map(u32::from);
    let value = hundreds * 100 + tens * 10 + ones;
    let padded = length > 1 && text & 0xff == 0;
    (value & 0xff, length.wrapping_sub(1) < 3 && value <= 255 && !padded)
}

fn bits(length: usize) -> u32 {
    u32::try_from(length).unwrap_or_default()
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
