//! Walking the lines of a chunk.

use super::Marks;

/// One line, without its end (`\n` or `\r\n`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line<'a> {
    /// The text; may hold any bytes but `\n`.
    pub text: &'a [u8],
    /// Where it begins, in bytes from the beginning of the chunk.
    pub start: usize,
}

/// The lines of `bytes`. A last line without newline is a line; an empty rest is none.
pub fn lines(bytes: &[u8]) -> Lines<'_> {
    Lines { bytes, start: 0, ends: Marks::new(bytes, b'\n') }
}

/// Iterator of [`lines`].
#[derive(Clone, Debug)]
pub struct Lines<'a> {
    bytes: &'a [u8],
    start: usize,
    ends: Marks<'a>,
}

impl<'a> Iterator for Lines<'a> {
    type Item = Line<'a>;

    #[inline]
    fn next(&mut self) -> Option<Line<'a>> {
        let end = self.ends.next().unwrap_or(self.bytes.len());
        // The last newline ends the last line: nothing behind it is none.
        let text = self.bytes.get(self.start..end).filter(|_| self.start < self.bytes.len())?;
        let line = Line { text: text.strip_suffix(b"\r").unwrap_or(text), start: self.start };
        self.start = end + 1;
        Some(line)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn line_ends_of_every_kind() {
        let texts = |bytes: &'static [u8]| lines(bytes).map(|line| line.text).collect::<Vec<_>>();
        assert_eq!(texts(b"a\r\nb\n\nc"), [&b"a"[..], b"b", b"", b"c"]);
        assert_eq!(texts(b"a\rb\0\xff\n"), [b"a\rb\0\xff"]);
        assert!(texts(b"").is_empty());
        assert_eq!(lines(b"ab\nc").map(|line| line.start).collect::<Vec<_>>(), [0, 3]);
    }
}
