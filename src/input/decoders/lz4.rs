//! LZ4 frames, by lz4_flex's frame reader, which hands out a block at a time and so loses nothing before a fault.
//!
//! It takes a source that ends where a block should begin for the end of the frame; the source remembers that somebody
//! asked it in vain, and that tells a cut frame from a whole one. A new reader for each frame, because a reader keeps
//! buffers of the size of its first frame's blocks.

use std::io::{self, Read};
use std::mem;

use lz4_flex::frame::FrameDecoder;

use super::{Decoder, Step, Then};
use crate::input::Fault;
use crate::input::source::Source;

pub(super) struct Lz4 {
    /// Holds an empty source except while it reads.
    frame: FrameDecoder<Source>,
}

impl Lz4 {
    pub(super) fn new() -> Lz4 {
        Lz4 { frame: FrameDecoder::new(Source::empty()) }
    }
}

impl Decoder for Lz4 {
    fn restart(&mut self) -> Result<(), Fault> {
        *self = Lz4::new();
        Ok(())
    }

    fn decode(&mut self, source: &mut Source, out: &mut [u8]) -> io::Result<Step> {
        source.take_starved();
        mem::swap(source, self.frame.get_mut());
        let result = self.frame.read(out);
        mem::swap(source, self.frame.get_mut());
        let starved = source.take_starved();
        let (produced, then) = match result {
            Err(error) if source.take_failed() => return Err(error),
            Ok(0) | Err(_) if starved => (0, Then::Starved),
            Ok(0) => (0, Then::End),
            Ok(produced) => (produced, Then::More),
            Err(error) => (0, Then::Broken(Fault::Damaged(error.to_string()))),
        };
        Ok(Step { produced, then })
    }
}
