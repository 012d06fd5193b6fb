//! gzip members, by zlib-rs: header, deflate, checksum and length are all its work.

use std::io;

use flate2::{Decompress, FlushDecompress, Status};

use super::{Decoder, Step, Worked, grown, work};
use crate::input::Fault;
use crate::input::source::Source;

/// The largest window of deflate, as a power of two; the format allows no other that matters.
const WINDOW_BITS: u8 = 15;

pub(super) struct Gzip {
    inflate: Decompress,
}

impl Gzip {
    pub(super) fn new() -> Gzip {
        Gzip { inflate: Decompress::new_gzip(WINDOW_BITS) }
    }
}

impl Decoder for Gzip {
    fn restart(&mut self) -> Result<(), Fault> {
        self.inflate = Decompress::new_gzip(WINDOW_BITS);
        Ok(())
    }

    fn decode(&mut self, source: &mut Source, out: &mut [u8]) -> io::Result<Step> {
        let inflate = &mut self.inflate;
        work(source, |input| {
            let (before_in, before_out) = (inflate.total_in(), inflate.total_out());
            let result = match inflate.decompress(input, out, FlushDecompress::None) {
                Ok(status) => Ok(status == Status::StreamEnd),
                Err(error) => Err(Fault::Damaged(reason(error.message()).to_owned())),
            };
            Worked {
                consumed: grown(inflate.total_in(), before_in),
                produced: grown(inflate.total_out(), before_out),
                result,
            }
        })
    }
}

/// zlib's reason. Damage found behind good bytes of the same call is only told by the next call, which has forgotten
/// what it was.
fn reason(message: Option<&str>) -> &str {
    match message {
        None | Some("repeated call with bad state") => "invalid deflate data",
        Some(reason) => reason,
    }
}
