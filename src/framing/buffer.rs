//! Bytes read, in memory that is used again without being cleared: clearing costs as much as reading does.

use std::io::{self, Read};
use std::ops::Deref;

/// A growing text. What was once allotted stays initialised, so that the next text is read over it.
#[derive(Debug, Default)]
pub struct Buffer {
    /// At least `length` bytes; what lies behind them is old.
    bytes: Vec<u8>,
    length: usize,
}

impl Buffer {
    /// Empties it and keeps its memory.
    pub fn clear(&mut self) {
        self.length = 0;
    }

    /// Keeps the first `length` bytes.
    pub fn truncate(&mut self, length: usize) {
        self.length = self.length.min(length);
    }

    /// Appends a text.
    pub fn extend_from_slice(&mut self, text: &[u8]) {
        let length = self.length + text.len();
        if self.bytes.len() < length {
            self.bytes.resize(length, 0);
        }
        if let Some(room) = self.bytes.get_mut(self.length..length) {
            room.copy_from_slice(text);
            self.length = length;
        }
    }

    /// Drops the first `count` bytes.
    pub fn drop_first(&mut self, count: usize) {
        self.bytes.drain(..count.min(self.length));
        self.length -= count.min(self.length);
    }

    /// Reads once, so that it holds at most `goal` bytes; gives how many came.
    ///
    /// # Errors
    /// As the reader's.
    pub fn fill(&mut self, reader: &mut impl Read, goal: usize) -> io::Result<usize> {
        if self.bytes.len() < goal {
            self.bytes.resize(goal, 0);
        }
        let room = self.bytes.get_mut(self.length..goal).unwrap_or_default();
        let room_length = room.len();
        let came = reader.read(room)?.min(room_length);
        self.length += came;
        Ok(came)
    }
}

impl Deref for Buffer {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        self.bytes.get(..self.length).unwrap_or_default()
    }
}

impl From<Vec<u8>> for Buffer {
    fn from(bytes: Vec<u8>) -> Buffer {
        Buffer { length: bytes.len(), bytes }
    }
}
