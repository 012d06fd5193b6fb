//! Addresses in text.

use std::net::{IpAddr, Ipv4Addr};

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
/// the first two numbers are cut out of the first eight bytes and the last two out of the last eight, which always hold
/// them, and all questions are asked at the end.
#[inline]
fn ipv4(text: &[u8]) -> Option<Ipv4Addr> {
    let (Some(first), Some(last)) = (text.first_chunk(), text.last_chunk()) else {
        return byte_by_byte(text);
    };
    if text.len() > 15 {
        return None;
    }
    let length = u32::try_from(text.len()).unwrap_or_default();
    let (first, last) = (u64::from_le_bytes(*first), u64::from_le_bytes(*last));
    // From the left: where the first two dots stand. From the right: how many digits follow the last two.
    let dots = dots(first);
    let (a, b) = (dots.trailing_zeros() / 8, (dots & dots.wrapping_sub(1)).trailing_zeros() / 8);
    let dots = self::dots(last);
    let d = dots.leading_zeros() / 8;
    let c = (dots & !(HIGH_BIT.checked_shr(8 * d).unwrap_or_default())).leading_zeros() / 8;
    // Both must mean the same dot in the middle; then the four numbers fill the text.
    let meet = b + 1 + c == length && d < 8 && c < 8 && b < 8;
    if !meet {
        return None;
    }
    let octets = [
        octet(first, a),
        octet(first >> (8 * (a + 1)), b - a - 1),
        tail(last, d + 1, c - d - 1),
        tail(last, 0, d),
    ];
    let sound = octets.iter().all(|octet| *octet <= 255);
    let [a, b, c, d] = octets;
    sound.then(|| (a << 24 | b << 16 | c << 8 | d).into())
}

/// The highest bit of a word.
const HIGH_BIT: u64 = 1 << 63;

/// The highest bit of each byte that is a dot.
#[inline]
fn dots(word: u64) -> u64 {
    const LOW: u64 = 0x7f7f_7f7f_7f7f_7f7f;
    let others = word ^ 0x2e2e_2e2e_2e2e_2e2e;
    !(((others & LOW) + LOW) | others | LOW)
}

/// The number of `length` digits that ends `skipped` bytes before the end of the word; too large where there is none.
#[inline]
fn tail(word: u64, skipped: u32, length: u32) -> u32 {
    octet(
        (word << ((8 * skipped) & 63)).checked_shr(64u32.saturating_sub(8 * length)).unwrap_or_default(),
        length,
    )
}

/// The number of `length` digits at the beginning (the low end) of the word; too large where there is none that an address
/// may have.
#[inline]
fn octet(word: u64, length: u32) -> u32 {
    if length.wrapping_sub(1) > 2 {
        return u32::MAX;
    }
    // Three digits' values, the last one highest, zeros in front of them.
    let values = ((word ^ 0x30_3030) << (8 * (3 - length)) & 0xff_ffff) as u32;
    let [hundreds, tens, ones, _] = values.to_le_bytes().map(u32::from);
    let digits = ((values + 0x76_7676) | values) & 0x80_8080 == 0;
    let padded = length > 1 && word as u8 == b'0';
    if digits && !padded { hundreds * 100 + tens * 10 + ones } else { u32::MAX }
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
