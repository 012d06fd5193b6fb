//! JSON in log lines: a scanner that walks the members of one object and never builds a tree.
//!
//! It yields each key with its value as borrowed slices; a string is decoded only when asked for, a nested object is
//! walked only when opened. The structure of the whole line is checked, of a nested value by whoever walks it and passes
//! its end on, else by the next step of the walk around it. Inside strings it is more lenient than RFC 8259:
//! raw control characters, invalid UTF-8, lone surrogates and unknown escapes are taken as they come, because a client
//! who can put such a byte into his user agent must not thereby make his line unreadable.
//!
//! ```
//! use outflow::formats::{Scratch, json};
//! let (line, scratch) = (br#"{"id": {"orig_h": "10.1.2.3"}, "orig_bytes": 512}"#, Scratch::new());
//! for member in json::members(line) {
//!     let (key, value) = member?;
//!     match (key.decode(&scratch), value) {
//!         (b"orig_bytes", json::Value::Number(digits)) => assert_eq!(digits, b"512"),
//!         (b"id", json::Value::Object(id)) => assert_eq!(id.count(), 1),
//!         _ => unreachable!("two members"),
//!     }
//! }
//! # Ok::<(), outflow::event::reject::Reject>(())
//! ```

mod cursor;
#[cfg(test)]
mod tests;
mod text;

pub use text::Text;

use crate::event::reject::Reject;
use crate::formats::Scratch;
use cursor::Cursor;

/// Objects and arrays nested deeper than this inside a member's value are refused: one bit each in a `u64` is all the
/// memory that nesting can cost. (serde_json stops at 128; no log format is known to nest past ten.)
pub const MAX_DEPTH: u32 = 64;

/// Walks the object that fills `line`; white space around it is allowed. After an error the walk is over.
pub fn members(line: &[u8]) -> Members<'_> {
    Members(Walk { cursor: Cursor { text: line, at: 0, depth: 0 }, state: State::Start })
}

/// The members of an object in the order in which they stand; a key that occurs twice is yielded twice.
#[derive(Clone, Copy, Debug)]
pub struct Members<'a>(Walk<'a>);

/// The items of an array.
#[derive(Clone, Copy, Debug)]
pub struct Items<'a>(Walk<'a>);

/// The end of an object or array, where it was walked so far.
#[derive(Clone, Copy, Debug, Default)]
pub struct End(Option<usize>);

/// A value, not yet decoded. A nested one is checked when it is walked, or else by the next step of the walk around it.
#[derive(Clone, Copy, Debug)]
pub enum Value<'a> {
    /// A string.
    Text(Text<'a>),
    /// A number as written: `-1.5e3`.
    Number(&'a [u8]),
    /// `true` or `false`.
    Bool(bool),
    /// `null`.
    Null,
    /// An object to walk.
    Object(Members<'a>),
    /// An array to walk.
    Array(Items<'a>),
}

impl<'a> Value<'a> {
    /// The text of a scalar: a string decoded, a number as written, `true` or `false`. `None` for `null` and for objects
    /// and arrays. Loggers differ in whether they quote numbers, so most readers want this.
    pub fn scalar(self, scratch: &'a Scratch) -> Option<&'a [u8]> {
        match self {
            Value::Text(text) => Some(text.decode(scratch)),
            Value::Number(digits) => Some(digits),
            Value::Bool(true) => Some(b"true"),
            Value::Bool(false) => Some(b"false"),
            Value::Null | Value::Object(_) | Value::Array(_) => None,
        }
    }
}

impl Value<'_> {
    #[inline]
    fn is_nested(&self) -> bool {
        matches!(self, Value::Object(_) | Value::Array(_))
    }
}

/// A place in an object or array.
#[derive(Clone, Copy, Debug)]
struct Walk<'a> {
    cursor: Cursor<'a>,
    state: State,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Before the opening bracket.
    Start,
    /// After a member or item.
    Within,
    /// Before an object or array that was handed out.
    Nested,
    /// After the closing bracket.
    Over,
    /// After an error.
    Failed,
}

impl<'a> Iterator for Members<'a> {
    type Item = Result<(Text<'a>, Value<'a>), Reject>;

    // Where it is a part of the loop, and the other roads take the place by value, both place and member stay in registers.
    // Each step of a walk waits for the place that the last one reached.
    #[inline(always)]
    fn next(&mut self) -> Option<Self::Item> {
        if let Err(reject) = self.0.catch_up() {
            return Some(Err(reject));
        }
        match self.usual() {
            Some(member) => Some(Ok(member)),
            None if self.0.is_over(b'}') => None,
            None => {
                let (members, read) = self.plainly();
                *self = members;
                read
            }
        }
    }
}

impl<'a> Members<'a> {
    /// The fast road: a member as programs write them, without escapes, and with no white space or a blank behind each mark.
    /// `None`, with nothing taken, for any other, which [`Members::plainly`] then reads from its beginning.
    #[inline(always)]
    fn usual(&mut self) -> Option<(Text<'a>, Value<'a>)> {
        let mut cursor = self.0.cursor;
        let opening = match self.0.state {
            State::Start => b'{',
            State::Within => b',',
            State::Nested | State::Over | State::Failed => return None,
        };
        let (key, value) = (cursor.usual_key(opening)?, cursor.usual_value()?);
        self.0 = Walk { cursor, state: if value.is_nested() { State::Nested } else { State::Within } };
        Some((key, value))
    }

    /// The plain road: the place behind the next member, and the member.
    #[inline(never)]
    fn plainly(mut self) -> (Self, Option<<Self as Iterator>::Item>) {
        let read = |cursor: &mut Cursor<'a>| Ok((cursor.key()?, cursor.value()?));
        let member = self.0.step(b'{', b'}', read, |(_, value)| value.is_nested());
        (self, member)
    }

    /// Where it ends.
    #[inline]
    pub fn end(&self) -> End {
        self.0.end()
    }

    /// Goes on behind the nested value that was handed out last, if it was walked to this end: it is then read only once.
    #[inline]
    pub fn pass(&mut self, end: End) {
        self.0.pass(end);
    }
}

impl<'a> Iterator for Items<'a> {
    type Item = Result<Value<'a>, Reject>;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        if let Err(reject) = self.0.catch_up() {
            return Some(Err(reject));
        }
        self.0.step(b'[', b']', Cursor::value, Value::is_nested)
    }
}

impl Items<'_> {
    /// See [`Members::end`].
    #[inline]
    pub fn end(&self) -> End {
        self.0.end()
    }

    /// See [`Members::pass`].
    #[inline]
    pub fn pass(&mut self, end: End) {
        self.0.pass(end);
    }
}

impl<'a> Walk<'a> {
    /// One step: the opening bracket or a comma, then what `read` reads; or the end.
    #[inline]
    fn step<T>(
        &mut self,
        open: u8,
        close: u8,
        read: impl FnOnce(&mut Cursor<'a>) -> Result<T, Reject>,
        is_nested: impl FnOnce(&T) -> bool,
    ) -> Option<Result<T, Reject>> {
        let Walk { cursor, state } = self;
        let more = match std::mem::replace(state, State::Failed) {
            State::Over => {
                *state = State::Over;
                return None;
            }
            State::Nested | State::Failed => return None,
            State::Start => cursor.expect(open).map(|()| !cursor.eat(close)),
            State::Within if cursor.eat(close) => Ok(false),
            State::Within => cursor.expect(b',').map(|()| true),
        };
        let read = match more {
            Err(reject) => return Some(Err(reject)),
            Ok(true) => read(cursor),
            Ok(false) => {
                if cursor.depth == 0
                    && let Err(reject) = cursor.end()
                {
                    return Some(Err(reject));
                }
                *state = State::Over;
                return None;
            }
        };
        if let Ok(read) = &read {
            *state = if is_nested(read) { State::Nested } else { State::Within };
        }
        Some(read)
    }

    /// Steps over what was handed out and not passed, checking its structure.
    #[inline(always)]
    fn catch_up(&mut self) -> Result<(), Reject> {
        if self.state != State::Nested {
            return Ok(());
        }
        let (walk, checked) = self.behind_nested();
        *self = walk;
        checked
    }

    /// The place behind what was handed out and not passed, and whether its structure is that of JSON.
    #[inline(never)]
    fn behind_nested(mut self) -> (Self, Result<(), Reject>) {
        let checked = self.cursor.skip_nested();
        self.state = if checked.is_ok() { State::Within } else { State::Failed };
        (self, checked)
    }

    /// Whether the closing bracket comes next, and nothing behind that of the line; it is then taken.
    #[inline]
    fn is_over(&mut self, close: u8) -> bool {
        let Cursor { text, at, depth } = self.cursor;
        let over = self.state == State::Within
            && text.get(at) == Some(&close)
            && (depth > 0 || text.len() == at + 1);
        if over {
            self.cursor.at += 1;
            self.state = State::Over;
        }
        over
    }

    #[inline]
    fn end(&self) -> End {
        End((self.state == State::Over).then_some(self.cursor.at))
    }

    #[inline]
    fn pass(&mut self, end: End) {
        if let (State::Nested, End(Some(at))) = (self.state, end) {
            (self.cursor.at, self.state) = (at, State::Within);
        }
    }
}
