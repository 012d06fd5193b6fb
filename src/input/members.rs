//! Member after member: the part that all compressions share.
//!
//! A compressed file is a row of members (gzip), frames (zstd, LZ4) or streams (xz, bzip2). This reader finds where
//! each begins, lets a decoder work through it, and says where and how the row broke. Everything decoded before a
//! fault is handed out first, and is the same however large the reads are: a log cut short gives the same sums from
//! a file and from a pipe.

use std::io::{self, Read};

use super::compression::{Beginning, LONGEST, beginning};
use super::decoders::{Decoder, Then};
use super::source::Source;
use super::{Broken, Compression, Fault};

/// Decompressed bytes per compressed byte beyond which content is refused as a bomb. Log lines that differ in a counter
/// only reach 1,700 (xz; 130 in zstd, 44 in gzip, measured on Squid lines); one line repeated without end reaches
/// 12,000 (zstd), zeros reach 30,000 (zstd) to 1,000,000 (bzip2).
pub(super) const MAX_RATIO: u64 = 10_000;

/// Decompressed bytes that are free of [`MAX_RATIO`], so that no short file is refused.
const RATIO_SLACK: u64 = 64 << 20;

/// The decompressed content of a [`Source`].
pub(super) struct Members {
    source: Source,
    compression: Compression,
    decoder: Box<dyn Decoder>,
    state: State,
    /// Decompressed bytes handed out.
    produced: u64,
    /// A fault found in the same step as good bytes, told at the next read.
    fault: Option<Fault>,
}

enum State {
    /// Before a member or at the end.
    Between,
    /// Within a member.
    Inside,
    /// At the end, or after a fault.
    Done,
}

impl Members {
    /// `source` stands at the beginning of a member.
    pub(super) fn new(source: Source, compression: Compression, decoder: Box<dyn Decoder>) -> Members {
        Members { source, compression, decoder, state: State::Between, produced: 0, fault: None }
    }

    /// Finds the next member; padding and skippable frames are passed over. `Ok(false)` at the end.
    fn next_member(&mut self) -> io::Result<Result<bool, Fault>> {
        loop {
            // Tapes and block devices pad with zeros, xz allows them between streams.
            let zeros = self.source.fill()?.iter().take_while(|byte| **byte == 0).count();
            self.source.consume(zeros);
            if zeros > 0 {
                continue;
            }
            let head = self.source.peek(LONGEST);
            if head.is_empty() {
                // Either the end, or an error that was met behind it.
                return self.source.fill().map(|_| Ok(false));
            }
            match beginning(head) {
                Beginning::Whole(compression) if compression == self.compression => return Ok(Ok(true)),
                Beginning::Skippable if matches!(self.compression, Compression::Zstd | Compression::Lz4) => {
                    if !skip_frame(&mut self.source)? {
                        return Ok(Err(Fault::Truncated));
                    }
                }
                Beginning::Part { compression, .. } if compression == self.compression => {
                    let part = head.len();
                    self.source.consume(part);
                    return Ok(Err(Fault::Truncated));
                }
                _ => return Ok(Err(Fault::Trailing)),
            }
        }
    }

    /// Decodes once into `out`, which is not empty. `Ok(0)` where the step gave nothing yet.
    fn step(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let allowed = self
            .source
            .offset()
            .saturating_mul(MAX_RATIO)
            .saturating_add(RATIO_SLACK)
            .saturating_sub(self.produced);
        let room = usize::try_from(allowed).unwrap_or(usize::MAX).min(out.len());
        let Some(room) = out.get_mut(..room).filter(|room| !room.is_empty()) else {
            self.fault = Some(Fault::Expands);
            return Ok(0);
        };
        let step = self.decoder.decode(&mut self.source, room)?;
        match step.then {
            Then::More => {}
            Then::End => self.state = State::Between,
            Then::Starved => self.fault = Some(Fault::Truncated),
            Then::Broken(fault) => self.fault = Some(fault),
        }
        self.produced += step.produced as u64;
        Ok(step.produced)
    }

    fn advance(&mut self, out: &mut [u8]) -> io::Result<usize> {
        loop {
            if let Some(fault) = self.fault.take() {
                return Err(
                    Broken { compression: self.compression, offset: self.source.offset(), fault }.into_io()
                );
            }
            match self.state {
                State::Done => return Ok(0),
                State::Between => match self.next_member()? {
                    Ok(true) => match self.decoder.restart() {
                        Ok(()) => self.state = State::Inside,
                        Err(fault) => self.fault = Some(fault),
                    },
                    Ok(false) => self.state = State::Done,
                    Err(fault) => self.fault = Some(fault),
                },
                State::Inside => match self.step(out)? {
                    0 => {}
                    produced => return Ok(produced),
                },
            }
        }
    }
}

impl Read for Members {
    /// After an error the content is at its end: a decoder that missed bytes would make up the rest.
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if out.is_empty() {
            return Ok(0);
        }
        self.advance(out).inspect_err(|_| self.state = State::Done)
    }
}

/// Passes over a skippable frame (eight bytes, the last four its length, then that many); false if it is cut short.
pub(super) fn skip_frame(source: &mut Source) -> io::Result<bool> {
    let [_, _, _, _, a, b, c, d, ..] = *source.peek(8) else {
        return source.fill().map(|_| false);
    };
    source.consume(8);
    let mut left = u32::from_le_bytes([a, b, c, d]) as usize;
    while left > 0 {
        let here = source.fill()?.len().min(left);
        if here == 0 {
            return Ok(false);
        }
        source.consume(here);
        left -= here;
    }
    Ok(true)
}
