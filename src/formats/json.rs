//! JSON in log lines: a scanner that walks the members of one object and never builds a tree.
//!
//! It yields each key with its value as borrowed slices; a string is decoded only when asked for, a nested object is
//! walked only when opened. The structure of the whole line is checked. Inside strings it is more lenient than RFC 8259:
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
    Members { cursor: Cursor { text: line, at: 0 }, state: State::Start }
}

/// The members of an object in the order in which they stand; a key that occurs twice is yielded twice.
#[derive(Clone, Copy, Debug)]
pub struct Members<'a> {
    cursor: Cursor<'a>,
    state: State,
}

/// The items of an array.
#[derive(Clone, Copy, Debug)]
pub struct Items<'a> {
    cursor: Cursor<'a>,
    state: State,
}

/// A value, not yet decoded. Nested values have been checked to their end.
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

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Before the opening bracket.
    Start,
    /// After a member or item.
    Within,
    /// After the closing bracket, or an error.
    Done,
}

impl<'a> Iterator for Members<'a> {
    type Item = Result<(Text<'a>, Value<'a>), Reject>;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        step(&mut self.cursor, &mut self.state, b'{', b'}', |cursor| Ok((cursor.key()?, cursor.value()?)))
    }
}

impl<'a> Iterator for Items<'a> {
    type Item = Result<Value<'a>, Reject>;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        step(&mut self.cursor, &mut self.state, b'[', b']', Cursor::value)
    }
}

/// One step through a bracketed list: the opening bracket or a comma, then what `read` reads; or the end.
#[inline]
fn step<'a, T>(
    cursor: &mut Cursor<'a>,
    state: &mut State,
    open: u8,
    close: u8,
    read: impl FnOnce(&mut Cursor<'a>) -> Result<T, Reject>,
) -> Option<Result<T, Reject>> {
    let before = std::mem::replace(state, State::Done);
    let more = match before {
        State::Done => return None,
        State::Start => cursor.expect(open).map(|()| !cursor.eat(close)),
        State::Within if cursor.eat(close) => Ok(false),
        State::Within => cursor.expect(b',').map(|()| true),
    };
    match more {
        Err(reject) => Some(Err(reject)),
        Ok(false) => cursor.end().err().map(Err),
        Ok(true) => {
            let read = read(cursor);
            if read.is_ok() {
                *state = State::Within;
            }
            Some(read)
        }
    }
}
