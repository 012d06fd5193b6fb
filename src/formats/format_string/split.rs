//! Where in a line a value stands.

use super::field::{Field, Padding};
use super::layout::{End, Step};
use super::stamp::{CLF_LENGTH, Moment, Style};
use crate::framing::near;

impl Step {
    /// Where the value that begins at `at` stands, and where the next begins. Its end is looked for from `from` on.
    pub(super) fn split(
        &self,
        line: &[u8],
        at: usize,
        from: usize,
    ) -> Option<(std::ops::Range<usize>, usize)> {
        if let Some(byte) = self.plain_end {
            let end = near(line, from, [byte])?;
            return Some((at..end, end + 1));
        }
        let mut at = at;
        if self.padding == Padding::Left {
            at += line.get(at..)?.iter().take_while(|byte| **byte == b' ').count();
        }
        let from = from.max(at);
        let own_end = self.own_length(line, at).and_then(|length| at.checked_add(length));
        if let Some(end) = own_end.filter(|end| *end <= line.len()) {
            let rest = line.get(end..).unwrap_or_default();
            let next = match &self.end {
                End::Literal(text) => begins(rest, text).then(|| end + text.len()),
                End::Last(text) => (rest.trim_ascii_end() == text.as_ref()).then_some(line.len()),
                End::Line => rest.trim_ascii().is_empty().then_some(line.len()),
                End::Itself | End::Before(_) => Some(end),
            };
            if let Some(next) = next {
                return Some((at..end, next));
            }
        }
        match &self.end {
            End::Line if self.field != Field::Opaque && self.quote_closes_early(line, at) => None,
            End::Line => Some((at..line.len(), line.len())),
            End::Last(text) => {
                let end = line.trim_ascii_end().len().checked_sub(text.len())?;
                let ends =
                    end >= from && line.get(end..)?.starts_with(text) && !self.escaped(line, at, end, text);
                ends.then_some((at..end, line.len()))
            }
            End::Literal(text) => {
                let end = self.find(line, at, from, text)?;
                let mut next = end + text.len();
                if self.padding == Padding::Right && text.as_ref() == b" " {
                    next += line.get(next..)?.iter().take_while(|byte| **byte == b' ').count();
                }
                Some((at..end, next))
            }
            End::Before(byte) => {
                let end = near(line, from, [*byte])?;
                Some((at..end, end))
            }
            End::Itself => None,
        }
    }

    /// The first place from `from` on where the literal stands and its quote is not part of the value.
    fn find(&self, line: &[u8], at: usize, from: usize, literal: &[u8]) -> Option<usize> {
        let (first, others) = literal.split_first()?;
        let mut from = from;
        if self.encoding.may_be_quoted() && line.get(at) == Some(&b'"') {
            // A quoted value: it ends where its closing quote stands before the literal.
            from = from.max(at + 1);
            loop {
                from = near(line, from, [b'"'])? + 1;
                if !self.escaped(line, at, from - 1, b"\"") && begins(line.get(from..)?, literal) {
                    return Some(from);
                }
            }
        }
        loop {
            let end = near(line, from, [*first])?;
            let fits = others.is_empty() || begins(line.get(end + 1..)?, others);
            let inside = self.escaped(line, at, end, literal) || self.list_goes_on(line, at, end);
            if fits && !inside {
                return Some(end);
            }
            from = end + 1;
        }
    }

    /// Whether more than blanks stand behind the value's own closing quote.
    fn quote_closes_early(&self, line: &[u8], at: usize) -> bool {
        let value = line.get(at..).filter(|_| self.encoding.may_be_quoted());
        let Some(inner) = value.and_then(|value| value.strip_prefix(b"\"")) else { return false };
        let mut quotes = memchr::memchr_iter(b'"', inner).map(|quote| at + 1 + quote);
        let closing = quotes.find(|quote| !self.escaped(line, at, *quote, b"\""));
        closing.is_some_and(|quote| !line.get(quote + 1..).unwrap_or_default().trim_ascii().is_empty())
    }

    /// Whether the quote at `end` that begins `literal` belongs to the value: an odd number of backslashes before it.
    fn escaped(&self, line: &[u8], at: usize, end: usize, literal: &[u8]) -> bool {
        if literal.first() != Some(&b'"') || !self.encoding.escapes_quotes() {
            return false;
        }
        let before = line.get(at..end).unwrap_or_default();
        before.iter().rev().take_while(|byte| **byte == b'\\').count() % 2 == 1
    }

    /// Whether the blank at `end` only separates the values of a list: `a, b` and `a : b`.
    fn list_goes_on(&self, line: &[u8], at: usize, end: usize) -> bool {
        line.get(end) == Some(&b' ')
            && self.field.is_list()
            && (line.get(at..end).is_some_and(|before| before.ends_with(b",") || before.ends_with(b" :"))
                || line.get(end..).is_some_and(|rest| rest.starts_with(b" : ")))
    }

    fn own_length(&self, line: &[u8], at: usize) -> Option<usize> {
        match &self.field {
            Field::Stamp(Style::Clf, _) => Some(CLF_LENGTH),
            Field::Captures => Some(captures(line.get(at..)?)),
            Field::Stamp(Style::Pattern(pattern), _) => pattern.read(line.get(at..)?, &mut Moment::default()),
            _ => None,
        }
    }
}

/// The length of the groups `{…} {…} ` at the front; HAProxy encodes braces inside them.
fn captures(text: &[u8]) -> usize {
    let mut length = 0;
    while let Some(rest) = text.get(length..).filter(|rest| rest.first() == Some(&b'{')) {
        let Some(end) = memchr::memchr(b'}', rest) else { break };
        length += end + 1;
        length += text.get(length..).unwrap_or_default().iter().take_while(|byte| **byte == b' ').count();
    }
    length
}

/// `text.starts_with(literal)`, byte by byte: literals are one to three bytes long, and a call to compare so few costs
/// more than all else that is done for a field.
#[inline]
pub(super) fn begins(text: &[u8], literal: &[u8]) -> bool {
    text.len() >= literal.len() && text.iter().zip(literal).all(|(a, b)| a == b)
}
