//! The grammar of JSON, one token at a time: what the walks of objects and arrays are made of.

use super::{Items, MAX_DEPTH, Members, State, Text, Value};
use crate::event::reject::{Reason, Reject};

/// A place in a text. Nested values are given the text up to their end, so that places are columns of the line.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cursor<'a> {
    pub(super) text: &'a [u8],
    pub(super) at: usize,
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
    #[inline]
    pub(super) fn key(&mut self) -> Result<Text<'a>, Reject> {
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
    pub(super) fn value(&mut self) -> Result<Value<'a>, Reject> {
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
