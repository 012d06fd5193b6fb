//! Numbers, addresses and times as text. The formatter of the standard library takes most of the time of a line; these
//! take a tenth of it.

use crate::synth::random::mix;
use crate::synth::transfer::{Labels, Name};
use crate::units::{Span, Timestamp};
use std::io::Write;
use std::net::Ipv4Addr;

/// Decimal digits.
pub(super) fn number(out: &mut Vec<u8>, value: u64) {
    padded(out, value, 1);
}

/// Decimal digits with leading zeros up to `width`, which is at most 20.
pub(super) fn padded(out: &mut Vec<u8>, value: u64, width: usize) {
    let first = out.len();
    let mut rest = value;
    loop {
        out.push(b'0' + u8::try_from(rest % 10).unwrap_or(0));
        rest /= 10;
        if rest == 0 && out.len() - first >= width.min(20) {
            break;
        }
    }
    if let Some(digits) = out.get_mut(first..) {
        digits.reverse();
    }
}

/// `10.1.2.3`
pub(super) fn address(out: &mut Vec<u8>, address: Ipv4Addr) {
    let [a, b, c, d] = address.octets();
    number(out, u64::from(a));
    for octet in [b, c, d] {
        out.push(b'.');
        number(out, u64::from(octet));
    }
}

/// `partner-17.example`
pub(super) fn name(out: &mut Vec<u8>, name: Name) {
    out.extend_from_slice(name.stem.as_bytes());
    if let Some(number_) = name.number {
        out.push(b'-');
        number(out, u64::from(number_));
    }
    out.extend_from_slice(b".example");
}

/// `aGVs4bG8.partner-17.example`
pub(super) fn question(out: &mut Vec<u8>, labels: Labels, domain: Name) {
    // Base 32: case does not survive a name server.
    const DIGITS: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
    match labels {
        Labels::Word("") => {}
        Labels::Word(word) => {
            out.extend_from_slice(word.as_bytes());
            out.push(b'.');
        }
        Labels::Coded { number, length } => {
            let mut word = number;
            for place in 0..u64::from(length) {
                if place % 60 == 0 && place > 0 {
                    out.push(b'.');
                }
                if place % 12 == 0 {
                    word = mix(number ^ place);
                }
                out.push(DIGITS.get(usize::try_from(word % 32).unwrap_or(0)).copied().unwrap_or(b'a'));
                word /= 32;
            }
            out.push(b'.');
        }
    }
    name(out, domain);
}

/// Microseconds as seconds with six decimals; a negative span as 0.
pub(super) fn seconds(out: &mut Vec<u8>, micros: i64) {
    let micros = u64::try_from(micros).unwrap_or(0);
    number(out, micros / 1_000_000);
    out.push(b'.');
    padded(out, micros % 1_000_000, 6);
}

/// Whole milliseconds of a span, at least 0.
pub(super) fn millis(span: Span) -> u64 {
    u64::try_from(span.0 / 1000).unwrap_or(0)
}

/// Whole seconds since the epoch.
pub(super) fn epoch(stamp: Timestamp) -> u64 {
    u64::try_from(stamp.0 / 1_000_000).unwrap_or(0)
}

/// A time as `strftime` would write it; slow, for headers and for once a second.
pub(super) fn civil(out: &mut Vec<u8>, stamp: Timestamp, format: &str) {
    let moment = jiff::Timestamp::from_microsecond(stamp.0).unwrap_or_default();
    // Writing into memory does not fail.
    let _ = write!(out, "{}", moment.strftime(format));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_the_standard_library_writes_them() {
        let mut out = Vec::new();
        for value in [0, 7, 10, 974_000_000_000, u64::MAX] {
            number(&mut out, value);
            assert_eq!(std::mem::take(&mut out), value.to_string().into_bytes());
        }
        address(&mut out, Ipv4Addr::new(10, 0, 255, 17));
        out.push(b' ');
        seconds(&mut out, 1_680_000_000_004_000);
        out.push(b' ');
        name(&mut out, Name { stem: "partner", number: Some(3) });
        out.push(b' ');
        civil(&mut out, Timestamp(1_680_000_000_004_000), "%Y-%m-%d %H:%M:%S");
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "10.0.255.17 1680000000.004000 partner-3.example 2023-03-28 10:40:00"
        );
    }
}
