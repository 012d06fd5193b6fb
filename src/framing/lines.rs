//! Walking the lines of a chunk.

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
    Lines { bytes, start: 0 }
}

/// Iterator of [`lines`].
#[derive(Clone, Debug)]
pub struct Lines<'a> {
    bytes: &'a [u8],
    start: usize,
}

impl<'a> Iterator for Lines<'a> {
    type Item = Line<'a>;

    #[inline]
    fn next(&mut self) -> Option<Line<'a>> {
        // The last newline ends the last line: nothing behind it is none.
        let rest = self.bytes.get(self.start..).filter(|rest| !rest.is_empty())?;
        let length = memchr::memchr(b'\n', rest).unwrap_or(rest.len());
        let end = self.start + length;
        let text = rest.get(..length)?;
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
