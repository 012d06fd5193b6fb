//! How writers protect quotes, blanks and control bytes inside a field, and the way back.
//!
//! Text without an escape is borrowed from the line; only text that holds one is decoded into the chunk's scratch. A
//! decoded text is never longer than the encoded one, so one line costs at most its own length.

use crate::formats::Scratch;

/// How the writer escapes a field's text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Encoding {
    /// As it is.
    #[default]
    Raw,
    /// `\"`, `\\`, `\n`, `\x22`, `\u0022`: Apache, nginx (also JSON), Squid inside quotes.
    Backslash,
    /// `\"` for a quote, and any other backslash stands for itself: Traefik.
    QuoteOnly,
    /// `\xff` for a byte that is no text, and any other backslash stands for itself: Zeek's JSON.
    Unprintable,
    /// `%20`: Squid's user names and unquoted headers.
    Percent,
    /// As [`Encoding::Backslash`], and quoted only where the value holds a blank: Squid's `%/`.
    Shell,
    /// `#22`: HAProxy.
    Hash,
    /// As [`Encoding::Hash`], and quoted where there is a value: HAProxy's `%{+Q}`.
    QuotedHash,
    /// As it is, in quotes or not: AWS S3, Azure.
    Quoted,
    /// `""` for a quote: CSV.
    Doubled,
}

impl Encoding {
    /// Whether a quote after a backslash belongs to the text.
    pub fn escapes_quotes(self) -> bool {
        matches!(self, Encoding::Backslash | Encoding::QuoteOnly | Encoding::Shell)
    }

    /// Whether the writer may put the value into quotes of its own.
    pub fn may_be_quoted(self) -> bool {
        matches!(self, Encoding::Shell | Encoding::QuotedHash | Encoding::Quoted)
    }

    /// The value without the quotes that the writer may have put around it. A line cut short has lost the second one.
    pub fn bare(self, text: &[u8]) -> &[u8] {
        match text.strip_prefix(b"\"") {
            Some(inner) if self.may_be_quoted() => inner.strip_suffix(b"\"").unwrap_or(inner),
            _ => text,
        }
    }

    /// The text as it was before the writer escaped it.
    pub fn decode<'a>(self, text: &'a [u8], scratch: &'a Scratch) -> &'a [u8] {
        let (mark, step): (u8, Step) = match self {
            Encoding::Raw | Encoding::Quoted => return text,
            Encoding::Backslash | Encoding::Shell => (b'\\', backslash),
            Encoding::QuoteOnly => (b'\\', quote_only),
            Encoding::Unprintable => (b'\\', unprintable),
            Encoding::Percent => (b'%', |text, sink| hex_escape(b'%', text, sink)),
            Encoding::Hash | Encoding::QuotedHash => (b'#', |text, sink| hex_escape(b'#', text, sink)),
            Encoding::Doubled => (b'"', doubled),
        };
        match memchr::memchr(mark, text) {
            None => text,
            Some(first) => decoded(text, first, mark, step, scratch),
        }
    }
}

/// Decodes one escape at the start of a text and says how many bytes it took. What is no escape stands for itself.
type Step = fn(&[u8], &mut Sink<'_>) -> usize;

/// Where decoded bytes go: a slice as long as the encoded text, filled from the left.
struct Sink<'s> {
    buffer: &'s mut [u8],
    used: usize,
}

impl Sink<'_> {
    fn put(&mut self, bytes: &[u8]) {
        let end = self.used.saturating_add(bytes.len());
        if let Some(room) = self.buffer.get_mut(self.used..end) {
            room.copy_from_slice(bytes);
            self.used = end;
        }
    }
}

#[cold]
fn decoded<'a>(text: &'a [u8], first: usize, mark: u8, step: Step, scratch: &'a Scratch) -> &'a [u8] {
    let buffer = scratch.alloc_slice_fill_copy(text.len(), 0u8);
    let mut sink = Sink { buffer, used: 0 };
    let mut rest = text;
    let mut next = Some(first);
    while let Some(at) = next {
        let (plain, escape) = rest.split_at_checked(at).unwrap_or((rest, b""));
        sink.put(plain);
        let consumed = step(escape, &mut sink).max(1);
        rest = escape.get(consumed..).unwrap_or_default();
        next = memchr::memchr(mark, rest);
    }
    sink.put(rest);
    let Sink { buffer, used } = sink;
    buffer.get(..used).unwrap_or_default()
}

fn backslash(text: &[u8], sink: &mut Sink<'_>) -> usize {
    let plain: u8 = match text {
        [_, b'x' | b'X', high, low, ..] => match hex_pair(*high, *low) {
            Some(byte) => {
                sink.put(&[byte]);
                return 4;
            }
            None => {
                sink.put(b"\\");
                return 1;
            }
        },
        [_, b'u', digits @ ..] => {
            let Some(letter) = digits.get(..4).and_then(code_unit).and_then(char::from_u32) else {
                sink.put(b"\\");
                return 1;
            };
            sink.put(letter.encode_utf8(&mut [0; 4]).as_bytes());
            return 6;
        }
        [_, b'n', ..] => b'\n',
        [_, b'r', ..] => b'\r',
        [_, b't', ..] => b'\t',
        [_, b'b', ..] => 8,
        [_, b'f', ..] => 12,
        [_, b'v', ..] => 11,
        [_, byte @ (b'"' | b'\\' | b'/' | b'\''), ..] => *byte,
        _ => {
            sink.put(b"\\");
            return 1;
        }
    };
    sink.put(&[plain]);
    2
}

fn quote_only(text: &[u8], sink: &mut Sink<'_>) -> usize {
    let quote = text.starts_with(b"\\\"");
    sink.put(if quote { b"\"" } else { b"\\" });
    1 + usize::from(quote)
}

fn unprintable(text: &[u8], sink: &mut Sink<'_>) -> usize {
    let byte = match text {
        [_, b'x', high, low, ..] => hex_pair(*high, *low).filter(|byte| !(b' '..=b'~').contains(byte)),
        _ => None,
    };
    sink.put(&[byte.unwrap_or(b'\\')]);
    if byte.is_some() { 4 } else { 1 }
}

fn doubled(text: &[u8], sink: &mut Sink<'_>) -> usize {
    sink.put(b"\"");
    if text.starts_with(b"\"\"") { 2 } else { 1 }
}

fn hex_escape(mark: u8, text: &[u8], sink: &mut Sink<'_>) -> usize {
    match text {
        [_, high, low, ..] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => {
            sink.put(&[hex_pair(*high, *low).unwrap_or_default()]);
            3
        }
        _ => {
            sink.put(&[mark]);
            1
        }
    }
}

fn code_unit(digits: &[u8]) -> Option<u32> {
    digits.iter().try_fold(0, |value, digit| Some(value * 16 + char::from(*digit).to_digit(16)?))
}

fn hex_pair(high: u8, low: u8) -> Option<u8> {
    u8::try_from(code_unit(&[high, low])?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn escapes_of_each_writer() {
        let scratch = Scratch::new();
        let read = |encoding: Encoding, text: &'static str| {
            String::from_utf8_lossy(encoding.decode(text.as_bytes(), &scratch)).into_owned()
        };
        assert_eq!(read(Encoding::Backslash, r#"a\"b\\c\x22\x5Cd\te"#), "a\"b\\c\"\\d\te");
        assert_eq!(read(Encoding::Backslash, r"\u20ac \u0022 \ud800 \u12"), "€ \" \\ud800 \\u12");
        assert_eq!(read(Encoding::Backslash, r"\xzz \q \"), r"\xzz \q \");
        assert_eq!(read(Encoding::QuoteOnly, r#"say \"hi\" \x41 \\"#), r#"say "hi" \x41 \\"#);
        assert_eq!(read(Encoding::Unprintable, r"\xe2\x98\x83 \x41 \x0 \\ \x01"), "☃ \\x41 \\x0 \\\\ \u{1}");
        assert_eq!(read(Encoding::Percent, "j%20doe%"), "j doe%");
        assert_eq!(read(Encoding::Percent, "%zz%41%4"), "%zzA%4");
        assert_eq!(read(Encoding::Raw, r"\x22%20"), r"\x22%20");
        assert_eq!(read(Encoding::Hash, "/a#22b#23#zz#"), "/a\"b##zz#");
        assert_eq!(read(Encoding::Doubled, "say \"\"hi\"\" \""), "say \"hi\" \"");
        for (encoding, text, bare) in [
            (Encoding::QuotedHash, "\"GET /\"", "GET /"),
            (Encoding::QuotedHash, "\"GET /cut", "GET /cut"),
            (Encoding::QuotedHash, "-", "-"),
            (Encoding::Hash, "\"a\"", "\"a\""),
        ] {
            assert_eq!(encoding.bare(text.as_bytes()), bare.as_bytes());
        }
    }

    proptest! {
        #[test]
        fn no_text_panics_or_grows(text in proptest::collection::vec(any::<u8>(), 0..60)) {
            let scratch = Scratch::new();
            for encoding in [
                Encoding::Raw,
                Encoding::Backslash,
                Encoding::QuoteOnly,
                Encoding::Unprintable,
                Encoding::Percent,
                Encoding::Shell,
                Encoding::Hash,
                Encoding::QuotedHash,
                Encoding::Quoted,
                Encoding::Doubled,
            ] {
                prop_assert!(encoding.bare(&text).len() <= text.len());
                prop_assert!(encoding.decode(&text, &scratch).len() <= text.len());
            }
        }

        #[test]
        fn decoding_undoes_apache_escapes(text in proptest::collection::vec(any::<u8>(), 0..60)) {
            let mut escaped = Vec::new();
            for byte in &text {
                match byte {
                    b'"' | b'\\' => escaped.extend([b'\\', *byte]),
                    b' '..=b'~' => escaped.push(*byte),
                    _ => escaped.extend(format!("\\x{byte:02x}").bytes()),
                }
            }
            let scratch = Scratch::new();
            prop_assert_eq!(Encoding::Backslash.decode(&escaped, &scratch), &text[..]);
        }
    }
}
