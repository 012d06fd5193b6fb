//! Numbers, addresses and times as text. The formatter of the standard library takes most of the time of a line; these
//! take a tenth of it: octets and groups of three digits are looked up, and what many lines share is kept.

use crate::synth::random::mix;
use crate::synth::transfer::{Labels, Name};
use crate::units::{Span, Timestamp};
use std::io::Write;
use std::net::Ipv4Addr;

/// 000 to 999.
const DIGITS: [[u8; 3]; 1000] = {
    let mut digits = [[b'0'; 3]; 1000];
    let mut n = 0;
    while n < 1000 {
        digits[n] = [b'0' + (n / 100) as u8, b'0' + (n / 10 % 10) as u8, b'0' + (n % 10) as u8];
        n += 1;
    }
    digits
};

/// Each octet with a dot behind it, and how many bytes these are.
const OCTETS: [([u8; 4], usize); 256] = {
    let mut octets = [([b'.'; 4], 0); 256];
    let mut n = 0;
    while n < 256 {
        let [a, b, c] = DIGITS[n];
        octets[n] = match n {
            0..10 => ([c, b'.', 0, 0], 2),
            10..100 => ([b, c, b'.', 0], 3),
            _ => ([a, b, c, b'.'], 4),
        };
        n += 1;
    }
    octets
};

/// Decimal digits.
pub(super) fn number(out: &mut Vec<u8>, value: u64) {
    out.extend_from_slice(itoa::Buffer::new().format(value).as_bytes());
}

/// The last three digits of a number, with leading zeros.
pub(super) fn thousandths(out: &mut Vec<u8>, value: u64) {
    out.extend_from_slice(&DIGITS[usize::try_from(value % 1000).unwrap_or(0)]);
}

/// Decimal digits at the right end of what fills their column.
pub(super) fn right(out: &mut Vec<u8>, value: u64, column: &[u8]) {
    let mut digits = itoa::Buffer::new();
    let digits = digits.format(value).as_bytes();
    out.extend_from_slice(&column[..column.len().saturating_sub(digits.len())]);
    out.extend_from_slice(digits);
}

/// `10.1.2.3`
pub(super) fn address(out: &mut Vec<u8>, address: Ipv4Addr) {
    let mut text = [0; 16];
    let mut end = 0;
    for octet in address.octets() {
        let (digits, length) = &OCTETS[usize::from(octet)];
        text[end..end + 4].copy_from_slice(digits);
        end += length;
    }
    // Without the last dot.
    out.extend_from_slice(&text[..end - 1]);
}

/// What lines of the same second share.
pub(super) struct Second {
    format: &'static str,
    /// The second whose text is `text`.
    second: Timestamp,
    text: Vec<u8>,
}

impl Second {
    /// As `strftime` would write it.
    pub(super) fn new(format: &'static str) -> Second {
        Second { format, second: Timestamp(i64::MIN), text: Vec::new() }
    }

    /// The second in which this moment lies.
    pub(super) fn write(&mut self, out: &mut Vec<u8>, moment: Timestamp) {
        let second = moment.floor(Span::SECOND);
        if second != self.second {
            self.second = second;
            self.text.clear();
            civil(&mut self.text, second, self.format);
        }
        out.extend_from_slice(&self.text);
    }
}

/// `partner-17.example`
pub(super) fn name(out: &mut Vec<u8>, name: Name) {
    label(out, name);
    out.extend_from_slice(b".example");
}

/// `partner-17`
pub(super) fn label(out: &mut Vec<u8>, name: Name) {
    out.extend_from_slice(name.stem.as_bytes());
    if let Some(number_) = name.number {
        out.push(b'-');
        number(out, u64::from(number_));
    }
}

/// Sixteen digits, in capitals.
pub(super) fn hexadecimal(out: &mut Vec<u8>, value: u64) {
    let digit = |at: usize| b"0123456789ABCDEF"[(value >> (60 - 4 * at)) as usize % 16];
    out.extend_from_slice(&std::array::from_fn::<u8, 16, _>(digit));
}

/// `aGVs4bG8.partner-17.example`
pub(super) fn question(out: &mut Vec<u8>, labels: Labels, domain: Name) {
    self::labels(out, labels);
    name(out, domain);
}

/// `aGVs4bG8.`; nothing for no labels.
pub(in crate::synth) fn labels(out: &mut Vec<u8>, labels: Labels) {
    // Base 32: case does not survive a name server.
    const LETTERS: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
    match labels {
        Labels::Word("") => {}
        Labels::Word(word) => {
            out.extend_from_slice(word.as_bytes());
            out.push(b'.');
        }
        Labels::Coded { number, length } => {
            for place in (0..length).step_by(12) {
                if place % 60 == 0 && place > 0 {
                    out.push(b'.');
                }
                let word = mix(number ^ u64::from(place));
                let letters: [u8; 12] = std::array::from_fn(|at| LETTERS[(word >> (5 * at)) as usize % 32]);
                out.extend_from_slice(&letters[..usize::from(length - place).min(12)]);
            }
            out.push(b'.');
        }
    }
}

/// Microseconds as seconds with six decimals; a negative span as 0.
pub(super) fn seconds(out: &mut Vec<u8>, micros: i64) {
    let micros = u64::try_from(micros).unwrap_or(0);
    number(out, micros / 1_000_000);
    out.push(b'.');
    thousandths(out, micros / 1000);
    thousandths(out, micros);
}

/// Whole milliseconds of a span, at least 0.
pub(in crate::synth) fn millis(span: Span) -> u64 {
    u64::try_from(span.0 / 1000).unwrap_or(0)
}

/// Whole milliseconds since the epoch.
pub(super) fn epoch_millis(stamp: Timestamp) -> u64 {
    u64::try_from(stamp.0 / 1000).unwrap_or(0)
}

/// Whole seconds since the epoch.
pub(super) fn epoch(stamp: Timestamp) -> u64 {
    u64::try_from(stamp.0 / 1_000_000).unwrap_or(0)
}

/// A time as `strftime` would write it; slow, for headers and for once a second.
pub(in crate::synth) fn civil(out: &mut Vec<u8>, stamp: Timestamp, format: &str) {
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
        right(&mut out, 17, b"0000");
        right(&mut out, 12_345, b"   ");
        hexadecimal(&mut out, 0xAB01);
        thousandths(&mut out, 1_007);
        out.push(b' ');
        seconds(&mut out, 1_680_000_000_004_000);
        out.push(b' ');
        name(&mut out, Name { stem: "partner", number: Some(3) });
        out.push(b' ');
        let mut stamps = Second::new("%Y-%m-%d %H:%M:%S");
        stamps.write(&mut out, Timestamp(1_680_000_000_004_000));
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "10.0.255.17 001712345000000000000AB01007 1680000000.004000 partner-3.example 2023-03-28 10:40:00"
        );
    }
}
