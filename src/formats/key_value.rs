//! `key=value` pairs in log lines: an iterator of borrowed slices that never builds a map.
//!
//! Firewalls and logfmt agree that a pair has no blank around its mark and that a value with blanks is quoted. They differ
//! in the mark (`=` or `:`), in what stands between pairs, and in how carefully they escape: so a quote closes a value only
//! where the pair ends behind it, and a quote that is never closed is an ordinary character. Words that are no pair are
//! stepped over. Time is linear in the line whatever it holds.
//!
//! ```
//! use outflow::formats::{Scratch, key_value};
//! let scratch = Scratch::new();
//! let mut pairs = key_value::pairs(br#"user="J \"D\" Doe" sent=7"#, key_value::LOGFMT);
//! assert_eq!(pairs.next().map(|pair| pair.decode(&scratch)), Some(&b"J \"D\" Doe"[..]));
//! assert_eq!(pairs.next().map(|pair| (pair.key, pair.raw)), Some((&b"sent"[..], &b"7"[..])));
//! ```

#[cfg(test)]
mod tests;

use super::Scratch;
use crate::framing::near;

/// How pairs are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Style {
    /// Between key and value.
    pub mark: u8,
    /// Between pairs: any run of these.
    pub between: [u8; 2],
}

/// `a=1 b="2 3"`.
pub const LOGFMT: Style = Style { mark: b'=', between: [b' ', b'\t'] };
/// `a=1,b="2 3"`: FortiGate where it is told to write CSV.
pub const COMMAS: Style = Style { mark: b'=', between: [b',', b' '] };
/// `a:"1"; b:"2 3";`: Check Point.
pub const COLONS: Style = Style { mark: b':', between: [b';', b' '] };

/// One pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pair<'a> {
    /// Before the mark.
    pub key: &'a [u8],
    /// Behind it, without its quotes, escapes as they stand.
    pub raw: &'a [u8],
    /// The value was quoted and holds a backslash.
    escaped: bool,
}

impl<'a> Pair<'a> {
    /// The value with `\"` and `\\` undone: a slice of the line where there are none.
    #[inline]
    pub fn decode(self, scratch: &'a Scratch) -> &'a [u8] {
        if self.escaped { unescape(self.raw, scratch) } else { self.raw }
    }
}

/// The pairs of a line, left to right.
pub fn pairs(line: &[u8], style: Style) -> Pairs<'_> {
    Pairs { line, at: 0, style, unclosed: false }
}

/// Iterator of [`pairs`].
#[derive(Clone, Debug)]
pub struct Pairs<'a> {
    line: &'a [u8],
    at: usize,
    style: Style,
    /// A value began with a quote and no closing one followed: none is left to look for, or a line of quotes would be
    /// walked to its end for each of them.
    unclosed: bool,
}

impl<'a> Pairs<'a> {
    #[inline]
    fn is_between(&self, byte: u8) -> bool {
        let [first, second] = self.style.between;
        byte == first || byte == second
    }

    /// Where the first of these bytes stands behind `from`; the end of the line where none does.
    #[inline]
    fn seek<const N: usize>(&self, from: usize, bytes: [u8; N]) -> usize {
        near(self.line, from, bytes).unwrap_or(self.line.len())
    }

    /// The end of a quoted value that begins at `from`, and whether it holds a backslash.
    fn closing(&self, from: usize) -> Option<(usize, bool)> {
        let (mut at, mut escaped) = (from, false);
        loop {
            at = near(self.line, at, *b"\"\\")?;
            if self.line.get(at) == Some(&b'\\') {
                escaped = true;
                at += 2;
                continue;
            }
            match self.line.get(at + 1) {
                Some(&byte) if !self.is_between(byte) && byte != b']' => at += 1,
                _ => return Some((at, escaped)),
            }
        }
    }
}

impl<'a> Iterator for Pairs<'a> {
    type Item = Pair<'a>;

    #[inline]
    fn next(&mut self) -> Option<Pair<'a>> {
        let [first, second] = self.style.between;
        loop {
            let mut start = self.at;
            while self.line.get(start).is_some_and(|byte| self.is_between(*byte)) {
                start += 1;
            }
            let stop = self.seek(start, [self.style.mark, first, second]);
            if stop >= self.line.len() {
                self.at = self.line.len();
                return None;
            }
            self.at = stop + 1;
            if self.line.get(stop) != Some(&self.style.mark) || stop == start {
                continue;
            }
            let key = self.line.get(start..stop).unwrap_or_default();
            if self.line.get(self.at) == Some(&b'"') && !self.unclosed {
                let from = self.at + 1;
                if let Some((end, escaped)) = self.closing(from) {
                    self.at = end + 1;
                    return Some(Pair { key, raw: self.line.get(from..end).unwrap_or_default(), escaped });
                }
                self.unclosed = true;
            }
            let end = self.seek(self.at, self.style.between);
            let raw = self.line.get(self.at..end).unwrap_or_default();
            self.at = end;
            return Some(Pair { key, raw, escaped: false });
        }
    }
}

/// `\"` and `\\` as the one that they stand for; other backslashes stay (Windows paths and domains).
#[cold]
fn unescape<'a>(raw: &[u8], scratch: &'a Scratch) -> &'a [u8] {
    let copy = scratch.alloc_slice_copy(raw);
    let (mut written, mut rest) = (0, raw);
    while let Some((&byte, after)) = rest.split_first() {
        let (byte, after) = match (byte, after.split_first()) {
            (b'\\', Some((&next @ (b'"' | b'\\'), after))) => (next, after),
            _ => (byte, after),
        };
        if let Some(place) = copy.get_mut(written) {
            *place = byte;
            written += 1;
        }
        rest = after;
    }
    copy.get(..written).unwrap_or_default()
}
