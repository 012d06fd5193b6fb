//! xz streams, by liblzma. The old `.lzma` format has no mark to know it by and is not read.

use std::io;

use liblzma::stream::{Action, Error, Status, Stream};

use super::{Decoder, Step, Worked, grown, work};
use crate::input::Fault;
use crate::input::source::Source;

/// Bytes that a stream's dictionary and tables may take. `xz -9` needs 65 MiB to decompress; a header may ask for 4 GiB
/// without a byte of content behind it.
const MEMORY_LIMIT: u64 = 256 << 20;

pub(super) struct Xz {
    /// None before the first stream.
    stream: Option<Stream>,
}

impl Xz {
    pub(super) fn new() -> Xz {
        Xz { stream: None }
    }
}

impl Decoder for Xz {
    fn restart(&mut self) -> Result<(), Fault> {
        self.stream = Some(Stream::new_stream_decoder(MEMORY_LIMIT, 0).map_err(fault)?);
        Ok(())
    }

    fn decode(&mut self, source: &mut Source, out: &mut [u8]) -> io::Result<Step> {
        work(source, |input| {
            let Some(stream) = &mut self.stream else {
                return Worked { consumed: 0, produced: 0, result: Err(fault(Error::Program)) };
            };
            let (before_in, before_out) = (stream.total_in(), stream.total_out());
            let result = match stream.process(input, out, Action::Run) {
                Ok(status) => Ok(status == Status::StreamEnd),
                Err(error) => Err(fault(error)),
            };
            Worked {
                consumed: grown(stream.total_in(), before_in),
                produced: grown(stream.total_out(), before_out),
                result,
            }
        })
    }
}

fn fault(error: Error) -> Fault {
    match error {
        Error::MemLimit | Error::Mem => Fault::Memory,
        other => Fault::Damaged(other.to_string()),
    }
}
