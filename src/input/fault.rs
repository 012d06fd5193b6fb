//! How compressed content breaks. The error carries what only this layer knows, the compression and the compressed
//! offset; the caller adds the path.

use std::fmt;
use std::io;

use super::Compression;
use super::members::MAX_RATIO;

/// Compressed content that could not be read to its end. All that came before it was handed out.
///
/// Travels inside an [`io::Error`] of kind `UnexpectedEof` (cut short) or `InvalidData` (the rest); use
/// [`io::Error::get_ref`] and `downcast_ref` to take it out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    /// The compression of the content.
    pub compression: Compression,
    /// Compressed bytes from the beginning of the file or pipe that were used up before the fault; the fault lies
    /// at or after this byte, within the same block.
    pub offset: u64,
    /// What is wrong.
    pub fault: Fault,
}

/// The kinds of fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The content ends inside a member or frame.
    Truncated,
    /// The content contradicts its format or its checksum; the decoder's own words.
    Damaged(String),
    /// Bytes that belong to no member follow the last one.
    Trailing,
    /// Decompression bomb: too many bytes come out of too few.
    Expands,
    /// The content asks for more memory than is given (window or dictionary size).
    Memory,
}

impl Broken {
    /// As an [`io::Error`] of the fitting kind.
    pub(super) fn into_io(self) -> io::Error {
        let kind = match self.fault {
            Fault::Truncated => io::ErrorKind::UnexpectedEof,
            Fault::Damaged(_) | Fault::Trailing | Fault::Expands | Fault::Memory => {
                io::ErrorKind::InvalidData
            }
        };
        io::Error::new(kind, self)
    }
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Broken { compression, offset, fault } = self;
        match fault {
            Fault::Truncated => {
                write!(
                    f,
                    "{compression} data is cut short at compressed byte {offset}; what came before was read, fetch the file again for the rest"
                )
            }
            Fault::Damaged(detail) => {
                write!(
                    f,
                    "{compression} data is damaged at compressed byte {offset} ({detail}); what came before was read, fetch the file again for the rest"
                )
            }
            Fault::Trailing => {
                write!(
                    f,
                    "the {compression} data ends at compressed byte {offset}, and what follows is no {compression}; what came before was read"
                )
            }
            Fault::Expands => {
                write!(
                    f,
                    "{compression} data grows more than {MAX_RATIO} times by compressed byte {offset}, which logs do not; if it is no decompression bomb, decompress it first and pipe it in"
                )
            }
            Fault::Memory => {
                write!(
                    f,
                    "{compression} data asks for more memory than outflow gives at compressed byte {offset}; decompress it first and pipe it in"
                )
            }
        }
    }
}

impl std::error::Error for Broken {}
