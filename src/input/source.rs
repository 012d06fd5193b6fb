//! A reader that can be looked into before it is read.
//!
//! The first bytes tell the compression and the encoding, also on pipes that cannot be rewound. What was looked at is
//! handed out again; after that, a plain file is read straight into the caller's buffer, with no copy in between.

use std::io::{self, Read};

/// Bytes kept at once. A whole number of pages, so that the reads of a plain file stay aligned after the first look,
/// and enough that a decompressor is not called for trifles.
const CAPACITY: usize = 64 * 1024;

/// A reader with a small buffer at its front.
pub(super) struct Source {
    raw: Box<dyn Read + Send>,
    buffer: Vec<u8>,
    /// Unread bytes are `buffer[start..end]`; `start <= end <= CAPACITY`.
    start: usize,
    end: usize,
    /// Bytes handed out or consumed since the beginning.
    offset: u64,
    /// An error met while looking ahead, told when the bytes before it are read.
    held: Option<io::Error>,
    /// `raw` said that it is at its end; it is not asked again, because a terminal would wait for more.
    ended: bool,
    /// Somebody asked for bytes when none were left.
    starved: bool,
    /// An error of `raw` was handed out.
    failed: bool,
}

impl Source {
    pub(super) fn new(raw: Box<dyn Read + Send>) -> Source {
        Source {
            raw,
            buffer: Vec::new(),
            start: 0,
            end: 0,
            offset: 0,
            held: None,
            ended: false,
            starved: false,
            failed: false,
        }
    }

    /// A source of nothing, to stand in where the real one is lent out.
    pub(super) fn empty() -> Source {
        Source::new(Box::new(io::empty()))
    }

    /// Bytes handed out or consumed since the beginning.
    pub(super) fn offset(&self) -> u64 {
        self.offset
    }

    /// Whether a read has found nothing left since the last call.
    pub(super) fn take_starved(&mut self) -> bool {
        std::mem::take(&mut self.starved)
    }

    /// Whether a read has failed since the last call.
    pub(super) fn take_failed(&mut self) -> bool {
        std::mem::take(&mut self.failed)
    }

    /// The bytes at hand, without reading.
    pub(super) fn buffered(&self) -> &[u8] {
        self.buffer.get(self.start..self.end).unwrap_or_default()
    }

    /// At least `wanted` bytes (at most 64 KiB) unless the source ends or fails before; an error waits its turn.
    pub(super) fn peek(&mut self, wanted: usize) -> &[u8] {
        while self.end - self.start < wanted.min(CAPACITY) && self.held.is_none() {
            match self.pull() {
                Ok(0) => break,
                Ok(_) => {}
                Err(error) => self.held = Some(error),
            }
        }
        self.buffered()
    }

    /// At least one byte; none at the end.
    pub(super) fn fill(&mut self) -> io::Result<&[u8]> {
        if self.start == self.end {
            self.tell_held()?;
            if self.pull().inspect_err(|_| self.failed = true)? == 0 {
                self.starved = true;
            }
        }
        Ok(self.buffered())
    }

    /// Marks bytes of the buffer as used.
    pub(super) fn consume(&mut self, bytes: usize) {
        let bytes = bytes.min(self.end - self.start);
        self.start += bytes;
        self.offset += bytes as u64;
    }

    fn tell_held(&mut self) -> io::Result<()> {
        match self.held.take() {
            Some(error) => {
                self.failed = true;
                Err(error)
            }
            None => Ok(()),
        }
    }

    /// Reads once more behind what is buffered; 0 at the end.
    fn pull(&mut self) -> io::Result<usize> {
        if self.ended {
            return Ok(0);
        }
        self.buffer.resize(CAPACITY, 0);
        if self.start > 0 {
            self.buffer.copy_within(self.start..self.end, 0);
            self.end -= self.start;
            self.start = 0;
        }
        let read = read_uninterrupted(&mut self.raw, self.buffer.get_mut(self.end..).unwrap_or_default())?;
        self.ended = read == 0;
        self.end += read;
        Ok(read)
    }
}

impl Read for Source {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if out.is_empty() {
            return Ok(0);
        }
        let read = if self.start < self.end {
            let read = self.buffered().read(out)?;
            self.start += read;
            read
        } else {
            self.tell_held()?;
            match self.ended {
                true => 0,
                false => read_uninterrupted(&mut self.raw, out).inspect_err(|_| self.failed = true)?,
            }
        };
        self.starved |= read == 0;
        self.ended |= read == 0;
        self.offset += read as u64;
        Ok(read)
    }
}

/// A read that a signal cannot cut short: decoders that keep half a header on the stack would lose it.
fn read_uninterrupted(raw: &mut dyn Read, out: &mut [u8]) -> io::Result<usize> {
    loop {
        match raw.read(out) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            result => return result,
        }
    }
}
