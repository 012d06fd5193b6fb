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

mod text;
#[cfg(test)]
mod tests;

pub use text::Text;

use crate::event::reject::{Reason, Reject};
use crate::formats::Scratch;

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

/// A place in a text. Nested values are given the text up to their end, so that places are columns of the line.
#[derive(Clone, Copy, Debug)]
struct Cursor<'a> {
    text: &'a [u8],
    at: usize,
}

impl<'a> Cursor<'a> {
    fn wrong<T>(&self) -> Result<T, Reject> {
        Err(Reject::at(Reason::BadJson, self.at))
    }

    fn rest(&self) -> &'a [u8] {
        self.text.get(self.at..).unwrap_or_default()
    }

    /// The next byte that is no white space, without taking it.
    #[inline]
    fn peek(&mut self) -> Option<u8> {
        loop {
            match self.text.get(self.at) {
                Some(b' ' | b'\t' | b'\n' | b'\r') => self.at += 1,
                other => return other.copied(),
            }
        }
    }

    #[inline]
    fn eat(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    #[inline]
    fn expect(&mut self, byte: u8) -> Result<(), Reject> {
        if self.eat(byte) { Ok(()) } else { self.wrong() }
    }

    fn end(&mut self) -> Result<(), Reject> {
        if self.peek().is_none() { Ok(()) } else { self.wrong() }
    }

    /// A key with its colon.
    #[inline]
    fn key(&mut self) -> Result<Text<'a>, Reject> {
        let key = self.string()?;
        self.expect(b':')?;
        Ok(key)
    }

    #[inline]
    fn string(&mut self) -> Result<Text<'a>, Reject> {
        self.expect(b'"')?;
        let start = self.at;
        let mut escaped = false;
        loop {
            let rest = self.rest();
            let Some(stop) = memchr::memchr2(b'"', b'\\', rest) else {
                return Err(Reject::at(Reason::BadJson, start - 1));
            };
            self.at += stop;
            if rest.get(stop) == Some(&b'"') {
                let raw = self.text.get(start..self.at).unwrap_or_default();
                self.at += 1;
                return Ok(Text { raw, escaped });
            }
            escaped = true;
            self.at += 2;
        }
    }

    #[inline]
    fn value(&mut self) -> Result<Value<'a>, Reject> {
        match self.peek() {
            Some(b'"') => self.string().map(Value::Text),
            Some(b'-' | b'0'..=b'9') => self.number().map(Value::Number),
            Some(bracket @ (b'{' | b'[')) => {
                let start = self.at;
                self.skip_nested()?;
                let cursor = Cursor { text: self.text.get(..self.at).unwrap_or_default(), at: start };
                Ok(match bracket {
                    b'{' => Value::Object(Members { cursor, state: State::Start }),
                    _ => Value::Array(Items { cursor, state: State::Start }),
                })
            }
            _ => self.literal(),
        }
    }

    fn literal(&mut self) -> Result<Value<'a>, Reject> {
        for (word, value) in
            [(&b"true"[..], Value::Bool(true)), (b"false", Value::Bool(false)), (b"null", Value::Null)]
        {
            if self.rest().starts_with(word) {
                self.at += word.len();
                return Ok(value);
            }
        }
        self.wrong()
    }

    fn number(&mut self) -> Result<&'a [u8], Reject> {
        let start = self.at;
        self.take(b"-");
        if !self.take(b"0") {
            self.digits()?;
        }
        if self.take(b".") {
            self.digits()?;
        }
        if self.take(b"eE") {
            self.take(b"+-");
            self.digits()?;
        }
        Ok(self.text.get(start..self.at).unwrap_or_default())
    }

    /// Takes the next byte if it is one of `set`; white space does not count as nothing here.
    fn take(&mut self, set: &[u8]) -> bool {
        let found = self.text.get(self.at).is_some_and(|byte| set.contains(byte));
        self.at += usize::from(found);
        found
    }

    fn digits(&mut self) -> Result<(), Reject> {
        let count = self.rest().iter().take_while(|byte| byte.is_ascii_digit()).count();
        self.at += count;
        if count > 0 { Ok(()) } else { self.wrong() }
    }

    /// Steps over an object or array, checking its structure, without recursion.
    fn skip_nested(&mut self) -> Result<(), Reject> {
        // One bit for each open bracket, the innermost lowest: 1 is an object.
        let (mut objects, mut depth) = (0u64, 0u32);
        loop {
            match self.peek() {
                Some(bracket @ (b'{' | b'[')) => {
                    if depth == MAX_DEPTH {
                        return self.wrong();
                    }
                    self.at += 1;
                    let object = bracket == b'{';
                    if !self.eat(if object { b'}' } else { b']' }) {
                        objects = objects << 1 | u64::from(object);
                        depth += 1;
                        if object {
                            self.key()?;
                        }
                        continue;
                    }
                }
                _ => _ = self.value()?,
            }
            while depth > 0 && self.eat(if objects & 1 == 1 { b'}' } else { b']' }) {
                objects >>= 1;
                depth -= 1;
            }
            if depth == 0 {
                return Ok(());
            }
            self.expect(b',')?;
            if objects & 1 == 1 {
                self.key()?;
            }
        }
    }
}
