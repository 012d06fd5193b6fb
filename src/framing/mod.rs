//! Bytes → lines.
//!
//! [`Chunker`] cuts a stream into [`Chunk`]s of whole lines that threads can take one each; [`lines`] walks a chunk.
//! Both know the same cap on a line's length, so the answer does not depend on where chunks are cut. [`Marks`] finds
//! separators, be they of lines or of columns, and [`near()`] the end of one value. [`Documents`] gives the records of a JSON document a line each.

mod buffer;
mod chunker;
mod documents;
mod lines;
mod marks;
mod near;

pub use buffer::Buffer;
pub use chunker::{Chunk, Chunker};
pub use documents::Documents;
pub use lines::{Line, lines};
pub use marks::Marks;
pub use near::{digits, near};

/// How much is read before lines are handed on, in bytes. 256 KiB of text and its records stay in a core's second-level
/// cache, and larger reads gained nothing (measured: 256 KiB to 1 MiB are equal).
pub const CHUNK: usize = 64 << 10;

/// The longest line that is read, in bytes, without its end. The longest honest lines (URLs, JSON with headers) are tens
/// of kilobytes; a longer one is skipped and counted, so that a gigabyte without a newline costs no memory.
pub const LINE_MAX: usize = 1 << 20;
