//! What all of Zeek's logs share: the head and foot of the file, and `uid`s.

use super::text;
use crate::units::Timestamp;

/// The head of the log `path` that is opened at `start`; `fields` are its lines of names and types.
pub(super) fn header(out: &mut Vec<u8>, path: &str, start: Timestamp, fields: &str) {
    out.extend_from_slice(
        b"#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n#unset_field\t-\n#path\t",
    );
    out.extend_from_slice(path.as_bytes());
    out.extend_from_slice(b"\n#open\t");
    text::civil(out, start, "%Y-%m-%d-%H-%M-%S");
    out.extend_from_slice(fields.as_bytes());
}

/// What stands below the last row.
pub(super) fn footer(out: &mut Vec<u8>, end: Timestamp) {
    out.extend_from_slice(b"#close\t");
    text::civil(out, end, "%Y-%m-%d-%H-%M-%S");
    out.push(b'\n');
}

/// `C` and eleven of base 62, counting.
pub(super) fn uid(out: &mut Vec<u8>, row: u64) {
    const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    out.extend_from_slice(b"Cs");
    let mut divisor = 62_u64.pow(9);
    while divisor > 0 {
        let digit = usize::try_from(row / divisor % 62).unwrap_or(0);
        out.push(DIGITS.get(digit).copied().unwrap_or(b'0'));
        divisor /= 62;
    }
}
