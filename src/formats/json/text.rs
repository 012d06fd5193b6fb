//! The strings of JSON: compared and decoded only when asked for.

use crate::event::reject::{Reason, Reject};
use crate::formats::Scratch;

/// A string as it stands between its quotes.
#[derive(Clone, Copy, Debug)]
pub struct Text<'a> {
    pub(super) raw: &'a [u8],
    /// There is a backslash in `raw`.
    pub(super) escaped: bool,
}

impl<'a> Text<'a> {
    /// As written, escapes and all: a slice of the line.
    pub fn raw(self) -> &'a [u8] {
        self.raw
    }

    /// The decoded text: a slice of the line where nothing was escaped (nearly always), else of `scratch`.
    #[inline]
    pub fn decode(self, scratch: &'a Scratch) -> &'a [u8] {
        if self.escaped { decode(self.raw, scratch) } else { self.raw }
    }

    /// A reject that points at this string in `line`.
    #[cold]
    pub fn reject(self, reason: Reason, line: &[u8]) -> Reject {
        Reject::of(reason, line, self.raw)
    }
}

/// Decodes into a copy of the raw text, in place: no escape is longer decoded than written.
#[cold]
fn decode<'a>(raw: &[u8], scratch: &'a Scratch) -> &'a [u8] {
    let copy = scratch.alloc_slice_copy(raw);
    let mut written = 0;
    let mut put = |bytes: &[u8]| {
        if let Some(place) = copy.get_mut(written..written + bytes.len()) {
            place.copy_from_slice(bytes);
            written += bytes.len();
        }
    };
    let mut rest = raw;
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        if byte != b'\\' {
            put(&[byte]);
            continue;
        }
        let Some((&kind, after)) = rest.split_first() else {
            put(b"\\");
            break;
        };
        rest = after;
        match kind {
            b'"' | b'\\' | b'/' => put(&[kind]),
            b'b' => put(b"\x08"),
            b'f' => put(b"\x0c"),
            b'n' => put(b"\n"),
            b'r' => put(b"\r"),
            b't' => put(b"\t"),
            b'u' => match code_point(rest) {
                Some((character, after)) => {
                    put(character.encode_utf8(&mut [0; 4]).as_bytes());
                    rest = after;
                }
                None => put(b"\\u"),
            },
            // Not JSON, but what nginx and Apache write into a JSON-shaped log format that lacks JSON escaping.
            b'x' => match hex(rest, 2).and_then(|(value, after)| Some((u8::try_from(value).ok()?, after))) {
                Some((value, after)) => {
                    put(&[value]);
                    rest = after;
                }
                None => put(b"\\x"),
            },
            other => put(&[b'\\', other]),
        }
    }
    copy.get(..written).unwrap_or_default()
}

/// The character of `\u….` or of a surrogate pair, after its `\u`; half a pair reads as U+FFFD.
fn code_point(text: &[u8]) -> Option<(char, &[u8])> {
    let (high, rest) = hex(text, 4)?;
    if (0xd800..0xdc00).contains(&high)
        && let Some((low @ 0xdc00..0xe000, rest)) = rest.strip_prefix(b"\\u").and_then(|rest| hex(rest, 4))
    {
        let pair = 0x1_0000 + ((high - 0xd800) << 10) + (low - 0xdc00);
        return Some((char::from_u32(pair)?, rest));
    }
    Some((char::from_u32(high).unwrap_or(char::REPLACEMENT_CHARACTER), rest))
}

/// Exactly `count` hexadecimal digits, and what follows.
fn hex(text: &[u8], count: usize) -> Option<(u32, &[u8])> {
    let (digits, rest) = text.split_at_checked(count)?;
    let mut value = 0;
    for &digit in digits {
        value = value << 4 | char::from(digit).to_digit(16)?;
    }
    Some((value, rest))
}
