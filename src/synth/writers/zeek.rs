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

/// Rows, and the `uid` of the last one: `C` and eleven of base 62, counting.
pub(super) struct Uids {
    pub(super) rows: u64,
    text: [u8; 12],
}

impl Uids {
    /// Of no row yet.
    pub(super) fn new() -> Uids {
        Uids { rows: 0, text: *b"Cs0000000000" }
    }

    /// Another row, with its `uid`.
    pub(super) fn next(&mut self, out: &mut Vec<u8>) {
        self.rows += 1;
        // As a mileage counter does: it rarely turns more than one wheel.
        for digit in self.text[2..].iter_mut().rev() {
            *digit = match *digit {
                b'9' => b'A',
                b'Z' => b'a',
                b'z' => b'0',
                other => other + 1,
            };
            if *digit != b'0' {
                break;
            }
        }
        out.extend_from_slice(&self.text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uids_count() {
        let (mut uids, mut out) = (Uids::new(), Vec::new());
        (0..62 * 62 + 10).for_each(|_| uids.next(&mut out));
        let nth = |row: usize| std::str::from_utf8(&out[12 * (row - 1)..12 * row]).unwrap();
        assert_eq!(
            [1, 10, 36, 61, 62, 3854].map(nth),
            ["Cs0000000001", "Cs000000000A", "Cs000000000a", "Cs000000000z", "Cs0000000010", "Cs000000010A"]
        );
    }
}
