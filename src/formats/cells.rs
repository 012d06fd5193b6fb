//! Cells of a line that stand between separators and may be quoted: CSV, and the blank-separated rows of proxies with
//! `"…"` and `[…]`. In linear time whatever the line is; a quote that is never closed reaches to the end of the line.

use super::Scratch;
use crate::framing::near;

/// How cells are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    /// At each separator outside quotes; two quotes inside stand for one (RFC 4180).
    Csv(u8),
    /// At each separator; a quote is a letter like any other.
    Plain(u8),
    /// At runs of blanks outside quotes and brackets.
    Blanks,
}

/// A cell as it stands between its quotes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cell<'a> {
    /// As written, doubled quotes and all.
    pub raw: &'a [u8],
    /// There are doubled quotes in `raw`.
    pub doubled: bool,
}

impl<'a> Cell<'a> {
    /// The text: a slice of the line unless quotes were doubled.
    pub fn decode(self, scratch: &'a Scratch) -> &'a [u8] {
        if !self.doubled {
            return self.raw;
        }
        let copy = scratch.alloc_slice_copy(self.raw);
        let mut written = 0;
        let mut after_quote = false;
        for &byte in self.raw {
            let second = byte == b'"' && after_quote;
            after_quote = byte == b'"' && !second;
            if !second && let Some(place) = copy.get_mut(written) {
                *place = byte;
                written += 1;
            }
        }
        copy.get(..written).unwrap_or_default()
    }
}

/// The cells of a line, left to right.
pub fn cells(line: &[u8], cut: Cut) -> Cells<'_> {
    Cells { rest: Some(line), cut }
}

/// Iterator of [`cells`].
#[derive(Clone, Debug)]
pub struct Cells<'a> {
    /// `None` at the end.
    rest: Option<&'a [u8]>,
    cut: Cut,
}

impl<'a> Iterator for Cells<'a> {
    type Item = Cell<'a>;

    #[inline]
    fn next(&mut self) -> Option<Cell<'a>> {
        let mut rest = self.rest?;
        let separator = match self.cut {
            Cut::Csv(separator) => {
                // Some writers put a blank behind the comma; before a quote it is no part of the cell.
                if rest.first() == Some(&b' ') && rest.trim_ascii_start().first() == Some(&b'"') {
                    rest = rest.trim_ascii_start();
                }
                separator
            }
            Cut::Plain(separator) => separator,
            Cut::Blanks => {
                rest = rest.trim_ascii_start();
                if rest.is_empty() {
                    self.rest = None;
                    return None;
                }
                b' '
            }
        };
        let (cell, after) = match (rest.first(), self.cut) {
            (Some(b'"'), Cut::Csv(_) | Cut::Blanks) => quoted(rest.get(1..).unwrap_or_default()),
            (Some(b'['), Cut::Blanks) => {
                let end = near(rest, 0, [b']']).unwrap_or(rest.len());
                let raw = rest.get(1..end).unwrap_or_default();
                (Cell { raw, doubled: false }, rest.get(end + 1..).unwrap_or_default())
            }
            _ => {
                let end = near(rest, 0, [separator]).unwrap_or(rest.len());
                let (raw, after) = rest.split_at_checked(end).unwrap_or_default();
                (Cell { raw, doubled: false }, after)
            }
        };
        // What stands between a closing quote and the separator belongs to nobody.
        self.rest = near(after, 0, [separator]).and_then(|end| after.get(end + 1..));
        Some(cell)
    }
}

/// A quoted cell after its opening quote, and what follows its closing one.
fn quoted(text: &[u8]) -> (Cell<'_>, &[u8]) {
    let (mut at, mut doubled) = (0, false);
    loop {
        let rest = text.get(at..).unwrap_or_default();
        let Some(quote) = near(rest, 0, [b'"']) else {
            return (Cell { raw: text, doubled }, b"");
        };
        if rest.get(quote + 1) == Some(&b'"') {
            doubled = true;
            at += quote + 2;
            continue;
        }
        let end = at + quote;
        let raw = text.get(..end).unwrap_or_default();
        return (Cell { raw, doubled }, text.get(end + 1..).unwrap_or_default());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn cut(line: &str, how: Cut) -> Vec<String> {
        let scratch = Scratch::new();
        cells(line.as_bytes(), how)
            .map(|cell| String::from_utf8_lossy(cell.decode(&scratch)).into_owned())
            .collect()
    }

    #[test]
    fn csv() {
        assert_eq!(cut("a,,\"b,c\",\"say \"\"hi\"\"\",", Cut::Csv(b',')), ["a", "", "b,c", "say \"hi\"", ""]);
        assert_eq!(cut("\"open,a", Cut::Csv(b',')), ["open,a"]);
        assert_eq!(cut("\"a\"b,c", Cut::Csv(b',')), ["a", "c"]);
        assert_eq!(cut("", Cut::Csv(b',')), [""]);
    }

    #[test]
    fn plain() {
        assert_eq!(cut("a\t\t\"b\tc\"", Cut::Plain(b'\t')), ["a", "", "\"b", "c\""]);
    }

    #[test]
    fn blanks() {
        assert_eq!(cut("[29/Mar/2023 x] \"a b\"  c \"\" ", Cut::Blanks), ["29/Mar/2023 x", "a b", "c", ""]);
        assert!(cut("  ", Cut::Blanks).is_empty());
        assert_eq!(cut("[open", Cut::Blanks), ["open"]);
    }

    proptest! {
        #[test]
        fn reads_what_a_writer_quotes(texts in proptest::collection::vec("[a\", ]{0,6}", 1..6)) {
            let line: Vec<String> = texts.iter().map(|text| format!("\"{}\"", text.replace('"', "\"\""))).collect();
            prop_assert_eq!(cut(&line.join(","), Cut::Csv(b',')), texts);
        }

        #[test]
        fn no_bytes_panic(line in proptest::collection::vec(any::<u8>(), 0..60), text in "[\"\\[\\], a]{0,40}") {
            let scratch = Scratch::new();
            for line in [&line[..], text.as_bytes()] {
                for how in [Cut::Csv(b','), Cut::Plain(b'\t'), Cut::Blanks] {
                    let texts: Vec<&[u8]> = cells(line, how).map(|cell| cell.decode(&scratch)).collect();
                    prop_assert!(texts.len() <= line.len() + 1);
                }
            }
        }
    }
}
