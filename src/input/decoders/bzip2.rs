//! bzip2 streams, by libbz2-rs. A block's checksum comes after its 100 to 900 kB, so the lines of a damaged block are
//! handed out before the damage is known; scrambled as they are, the formats reject and count them.
//!
//! A call that meets damage loses what it wrote of the damaged block. So that this is the same however large the
//! caller's buffer is, calls end at fixed places of the content, and that takes a buffer of its own.

use std::io::{self, Read};
use std::mem;

use bzip2::{Decompress, Status};

use super::{Decoder, Step, Then, Worked, grown, work};
use crate::input::Fault;
use crate::input::source::Source;

/// Calls end at multiples of this many bytes of the stream's content: the most that is lost before damage.
const CHUNK: usize = 16 * 1024;

pub(super) struct Bzip2 {
    decompress: Decompress,
    chunk: Vec<u8>,
    /// Bytes to hand out are `chunk[start..end]`; `start <= end <= CHUNK`, and `end` is the length of the content so
    /// far, modulo [`CHUNK`].
    start: usize,
    end: usize,
    /// What comes after them.
    then: Then,
}

impl Bzip2 {
    pub(super) fn new() -> Bzip2 {
        Bzip2 {
            decompress: Decompress::new(false),
            chunk: vec![0; CHUNK],
            start: 0,
            end: 0,
            then: Then::More,
        }
    }

    fn decode_chunk(&mut self, source: &mut Source) -> io::Result<()> {
        let decompress = &mut self.decompress;
        self.start = self.end % CHUNK;
        let out = self.chunk.get_mut(self.start..).unwrap_or_default();
        let step = work(source, |input| {
            let (before_in, before_out) = (decompress.total_in(), decompress.total_out());
            let result = match decompress.decompress(input, out) {
                Ok(Status::MemNeeded) => Err(Fault::Memory),
                Ok(status) => Ok(status == Status::StreamEnd),
                Err(error) => Err(Fault::Damaged(error.to_string())),
            };
            Worked {
                consumed: grown(decompress.total_in(), before_in),
                produced: grown(decompress.total_out(), before_out),
                result,
            }
        })?;
        self.end = self.start + step.produced;
        self.then = step.then;
        Ok(())
    }
}

impl Decoder for Bzip2 {
    fn restart(&mut self) -> Result<(), Fault> {
        *self = Bzip2::new();
        Ok(())
    }

    fn decode(&mut self, source: &mut Source, out: &mut [u8]) -> io::Result<Step> {
        if self.start == self.end {
            self.decode_chunk(source)?;
        }
        let produced = self.chunk.get(self.start..self.end).unwrap_or_default().read(out)?;
        self.start += produced;
        let then = match self.start == self.end {
            true => mem::replace(&mut self.then, Then::More),
            false => Then::More,
        };
        Ok(Step { produced, then })
    }
}
