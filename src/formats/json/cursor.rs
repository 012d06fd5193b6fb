//! The grammar of JSON, one token at a time: what the walks of objects and arrays are made of.

use super::{Items, MAX_DEPTH, Members, State, Text, Value, Walk};
use crate::event::reject::{Reason, Reject};
use crate::framing::{digits, near};

/// A place in a line.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cursor<'a> {
    pub(super) text: &'a [u8],
    pub(super) at: usize,
    /// Objects and arrays around the one that is walked, at most [`MAX_DEPTH`].
    pub(super) depth: u32,
}

impl<'a> Cursor<'a> {
    fn wrong<T>(&self) -> Result<T, Reject> {
        Err(Reject::at(Reason::BadJson, self.at))
    }

    #[inline]
    pub(super) fn rest(&self) -> &'a [u8] {
        self.text.get(self.at..).unwrap_or_default()
    }

    /// The next byte that is no white space, without taking it.
    #[inline]
    fn peek(&mut self) -> Option<u8> {
        match self.text.get(self.at) {
            Some(byte) if *byte > b' ' => Some(*byte),
            _ => self.peek_behind_blanks(),
        }
    }

    #[inline(never)]
    fn peek_behind_blanks(&mut self) -> Option<u8> {
        loop {
            match self.text.get(self.at) {
                Some(b' ' | b'\t' | b'\n' | b'\r') => self.at += 1,
                other => return other.copied(),
            }
        }
    }

    #[inline]
    pub(super) fn eat(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    #[inline]
    pub(super) fn expect(&mut self, byte: u8) -> Result<(), Reject> {
        if self.eat(byte) { Ok(()) } else { self.wrong() }
    }

    pub(super) fn end(&mut self) -> Result<(), Reject> {
        if self.peek().is_none() { Ok(()) } else { self.wrong() }
    }

    /// A key with its colon.
    #[inline(never)]
    pub(super) fn key(&mut self) -> Result<Text<'a>, Reject> {
        let key = self.string()?;
        self.expect(b':')?;
        Ok(key)
    }

    fn string(&mut self) -> Result<Text<'a>, Reject> {
        self.expect(b'"')?;
        let start = self.at;
        let found = closing(self.text, start).map(|end| (end, false));
        let Some((end, escaped)) = found.or_else(|| closing_plainly(self.text, start)) else {
            return Err(Reject::at(Reason::BadJson, start - 1));
        };
        self.at = end + 1;
        Ok(Text { raw: self.text.get(start..end).unwrap_or_default(), escaped })
    }

    /// The bracket or comma, a key without escapes, and its colon; a blank may stand behind either mark.
    #[inline(always)]
    pub(super) fn usual_key(&mut self, opening: u8) -> Option<Text<'a>> {
        if self.text.get(self.at) != Some(&opening) {
            return None;
        }
        self.at = self.behind_blank(self.at + 1);
        self.usual_name()
    }

    /// A key without escapes, and its colon.
    #[inline(always)]
    fn usual_name(&mut self) -> Option<Text<'a>> {
        if self.text.get(self.at) != Some(&b'"') {
            return None;
        }
        let start = self.at + 1;
        let end = closing(self.text, start)?;
        if self.text.get(end + 1) != Some(&b':') {
            return None;
        }
        self.at = self.behind_blank(end + 2);
        Some(Text { raw: self.text.get(start..end)?, escaped: false })
    }

    #[inline(always)]
    fn behind_blank(&self, at: usize) -> usize {
        at + usize::from(self.text.get(at) == Some(&b' '))
    }

    /// A value that begins here; a string has no escapes, a number no sign and no exponent.
    #[inline(always)]
    pub(super) fn usual_value(&mut self) -> Option<Value<'a>> {
        let start = self.at;
        match self.text.get(start)? {
            b'"' => {
                let end = closing(self.text, start + 1)?;
                self.at = end + 1;
                Some(Value::Text(Text { raw: self.text.get(start + 1..end)?, escaped: false }))
            }
            b'0'..=b'9' => {
                self.at = decimal(self.text, start)?;
                Some(Value::Number(self.text.get(start..self.at)?))
            }
            bracket @ (b'{' | b'[') => self.nested(*bracket).ok(),
            _ => {
                let (value, length) = literal(self.rest())?;
                self.at += length;
                Some(value)
            }
        }
    }

    #[inline(never)]
    pub(super) fn value(&mut self) -> Result<Value<'a>, Reject> {
        match self.peek() {
            Some(bracket @ (b'{' | b'[')) => self.nested(bracket),
            first => self.scalar(first),
        }
    }

    /// The object or array that begins here.
    #[inline]
    fn nested(&self, bracket: u8) -> Result<Value<'a>, Reject> {
        if self.depth == MAX_DEPTH {
            return self.wrong();
        }
        let cursor = Cursor { depth: self.depth + 1, ..*self };
        let walk = Walk { cursor, state: State::Start };
        Ok(if bracket == b'{' { Value::Object(Members(walk)) } else { Value::Array(Items(walk)) })
    }

    /// A value that is neither object nor array and begins with this byte.
    fn scalar(&mut self, first: Option<u8>) -> Result<Value<'a>, Reject> {
        match first {
            Some(b'"') => self.string().map(Value::Text),
            Some(b'-' | b'0'..=b'9') => self.number().map(Value::Number),
            _ => {
                let Some((value, length)) = literal(self.rest()) else { return self.wrong() };
                self.at += length;
                Ok(value)
            }
        }
    }

    fn number(&mut self) -> Result<&'a [u8], Reject> {
        let start = self.at;
        self.take(|byte| byte == b'-');
        if !self.take(|byte| byte == b'0') {
            self.digits()?;
        }
        if self.take(|byte| byte == b'.') {
            self.digits()?;
        }
        if self.take(|byte| matches!(byte, b'e' | b'E')) {
            self.take(|byte| matches!(byte, b'+' | b'-'));
            self.digits()?;
        }
        Ok(self.text.get(start..self.at).unwrap_or_default())
    }

    /// Takes the next byte if it is such; white space does not count as nothing here.
    #[inline]
    fn take(&mut self, is_such: impl Fn(u8) -> bool) -> bool {
        let found = self.text.get(self.at).is_some_and(|byte| is_such(*byte));
        self.at += usize::from(found);
        found
    }

    #[inline]
    fn digits(&mut self) -> Result<(), Reject> {
        let count = digits(self.text, self.at);
        self.at += count;
        if count > 0 { Ok(()) } else { self.wrong() }
    }

    /// Steps over an object or array, checking its structure, without recursion.
    #[inline(never)]
    pub(super) fn skip_nested(&mut self) -> Result<(), Reject> {
        // One bit for each open bracket, the innermost lowest: 1 is an object.
        let (mut objects, mut depth) = (0u64, 0u32);
        loop {
            match self.peek() {
                Some(bracket @ (b'{' | b'[')) => {
                    if self.depth + depth == MAX_DEPTH {
                        return self.wrong();
                    }
                    self.at += 1;
                    let object = bracket == b'{';
                    if !self.eat(if object { b'}' } else { b']' }) {
                        objects = objects << 1 | u64::from(object);
                        depth += 1;
                        if object {
                            self.skip_key()?;
                        }
                        continue;
                    }
                }
                first => self.skip_scalar(first)?,
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
                self.skip_key()?;
            }
        }
    }

    #[inline]
    fn skip_key(&mut self) -> Result<(), Reject> {
        self.at = self.behind_blank(self.at);
        match self.usual_name() {
            Some(_) => Ok(()),
            None => self.key().map(|_| ()),
        }
    }

    /// Steps over a value that is neither object nor array and begins with this byte.
    #[inline]
    fn skip_scalar(&mut self, first: Option<u8>) -> Result<(), Reject> {
        let end = match first {
            Some(b'"') => closing(self.text, self.at + 1).map(|end| end + 1),
            Some(b'0'..=b'9') => decimal(self.text, self.at),
            _ => None,
        };
        match end {
            Some(end) => self.at = end,
            None => _ = self.scalar(first)?,
        }
        Ok(())
    }
}

/// Where the quote stands that closes the string that begins at `from`; `None` where a backslash stands before it.
#[inline]
fn closing(text: &[u8], from: usize) -> Option<usize> {
    near(text, from, *b"\"\\").filter(|end| text.get(*end) == Some(&b'"'))
}

/// The same for every text, and whether there is a backslash.
#[inline(never)]
fn closing_plainly(text: &[u8], from: usize) -> Option<(usize, bool)> {
    let (mut at, mut escaped) = (from, false);
    loop {
        let rest = text.get(at..)?;
        let stop = memchr::memchr2(b'"', b'\\', rest)?;
        at += stop;
        if rest.get(stop) == Some(&b'"') {
            return Some((at, escaped));
        }
        escaped = true;
        at += 2;
    }
}

/// The word at which a text begins, and its length.
#[inline]
fn literal(rest: &[u8]) -> Option<(Value<'_>, usize)> {
    match rest {
        [b't', b'r', b'u', b'e', ..] => Some((Value::Bool(true), 4)),
        [b'f', b'a', b'l', b's', b'e', ..] => Some((Value::Bool(false), 5)),
        [b'n', b'u', b'l', b'l', ..] => Some((Value::Null, 4)),
        _ => None,
    }
}

/// Where a number without sign and exponent ends.
#[inline]
fn decimal(text: &[u8], start: usize) -> Option<usize> {
    let mut end = start + digits(text, start);
    if end > start + 1 && text.get(start) == Some(&b'0') {
        return None;
    }
    if text.get(end) == Some(&b'.') {
        let decimals = digits(text, end + 1);
        if decimals == 0 {
            return None;
        }
        end += 1 + decimals;
    }
    (!matches!(text.get(end), Some(b'e' | b'E'))).then_some(end)
}
