//! One member of compressed content at a time; a file per compression, one table.
//!
//! A decoder never reads past the end of its member, says so when the source ends inside it, and hands out every byte
//! that it decoded before a fault. The readers of the crates lose those bytes, so the decoders here use the layer
//! below them wherever there is one.

mod bzip2;
mod gzip;
mod lz4;
mod xz;
mod zstd;

use std::io;

use super::source::Source;
use super::{Compression, Fault};

/// Decodes members of one compression.
pub(super) trait Decoder: Send {
    /// Prepares for a member whose first byte comes next.
    fn restart(&mut self) -> Result<(), Fault>;

    /// Decodes some of the member into `out`, which is not empty. An [`io::Error`] is the source's own.
    fn decode(&mut self, source: &mut Source, out: &mut [u8]) -> io::Result<Step>;
}

/// What a call of [`Decoder::decode`] did.
pub(super) struct Step {
    /// Bytes at the front of `out`, good whatever comes then.
    pub(super) produced: usize,
    pub(super) then: Then,
}

/// How it goes on.
pub(super) enum Then {
    /// The member goes on.
    More,
    /// The member is whole, its checksum right.
    End,
    /// The source ended within the member.
    Starved,
    /// The member is broken.
    Broken(Fault),
}

/// The decoder of a compression, before its first member; `None` for content that is not compressed.
pub(super) fn decoder(compression: Compression) -> Option<Box<dyn Decoder>> {
    match compression {
        Compression::None => None,
        Compression::Gzip => Some(Box::new(gzip::Gzip::new())),
        Compression::Zstd => Some(Box::new(zstd::Zstd::new())),
        Compression::Xz => Some(Box::new(xz::Xz::new())),
        Compression::Bzip2 => Some(Box::new(bzip2::Bzip2::new())),
        Compression::Lz4 => Some(Box::new(lz4::Lz4::new())),
    }
}

/// What a decoder over slices did with the bytes at hand.
struct Worked {
    consumed: usize,
    produced: usize,
    /// Whether the member is at its end.
    result: Result<bool, Fault>,
}

/// Gives the bytes at hand (none at the end of the source) to a decoder over slices. A decoder that has bytes and
/// neither takes nor gives any would run forever, so it counts as broken.
fn work(source: &mut Source, decode: impl FnOnce(&[u8]) -> Worked) -> io::Result<Step> {
    let input = source.fill()?;
    let at_end = input.is_empty();
    let Worked { consumed, produced, result } = decode(input);
    source.consume(consumed);
    let then = match result {
        Err(fault) => Then::Broken(fault),
        Ok(true) => Then::End,
        Ok(false) if consumed > 0 || produced > 0 => Then::More,
        Ok(false) if at_end => Then::Starved,
        Ok(false) => Then::Broken(Fault::Damaged("the decoder is stuck".to_owned())),
    };
    Ok(Step { produced, then })
}

/// The growth of a decoder's running total, as the number of bytes of one call.
fn grown(after: u64, before: u64) -> usize {
    usize::try_from(after.saturating_sub(before)).unwrap_or(usize::MAX)
}
