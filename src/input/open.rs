//! Opens a place and puts the layers together: count, look, decompress, transcode.
//!
//! A plain file is only counted and looked at: its reads go straight from the kernel to the caller's buffer.

use std::fs::File;
use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::compression::{Beginning, LONGEST, beginning, unreadable};
use super::decoders::decoder;
use super::members::{Members, skip_frame};
use super::source::Source;
use super::{Broken, Compression, Fault, Place, Trouble, text};
use crate::units::Timestamp;

/// Something open for reading.
pub struct Opened {
    /// The content, decompressed and, if it was UTF-16, as UTF-8. Give it large buffers (256 KiB). An error comes after
    /// all that could be read before it, may carry [`Broken`], and ends the content.
    pub reader: Box<dyn Read + Send>,
    /// How the bytes were compressed.
    pub compression: Compression,
    /// Bytes on disk, compressed as they are; `None` for pipes and devices.
    pub size_on_disk: Option<u64>,
    /// Bytes read so far from the file or pipe, compressed as they are: at most `size_on_disk` unless the file grows.
    pub consumed: Arc<AtomicU64>,
}

/// Opens a place for reading. Waits for the first bytes of a pipe, because they tell the compression.
///
/// # Errors
/// What cannot be opened, is a directory, or is an archive that is not read.
pub fn open(place: &Place) -> Result<Opened, Trouble> {
    let fails = |error: io::Error| Trouble::io(place.path(), &error);
    let file = match place {
        Place::Stdin => stdin().map_err(fails)?,
        Place::File(path) => File::open(path).map_err(fails)?,
    };
    let metadata = file.metadata().map_err(fails)?;
    if metadata.is_dir() {
        return Err(Trouble::new(
            place.path(),
            "is a directory; name it as an argument and its files are read",
        ));
    }
    let size = metadata.is_file().then_some(metadata.len());
    open_reader(Box::new(file), size).map_err(|error| Trouble::new(place.path(), error.to_string()))
}

/// When a file was last written to, in microseconds since the epoch as everywhere; `None` for pipes and where the file
/// system does not say.
pub fn written(place: &Place) -> Option<Timestamp> {
    let Place::File(path) = place else { return None };
    let metadata = std::fs::metadata(path).ok().filter(std::fs::Metadata::is_file)?;
    let since_epoch = metadata.modified().ok()?.duration_since(std::time::UNIX_EPOCH).ok()?;
    Timestamp::from_micros(i64::try_from(since_epoch.as_micros()).ok()?)
}

/// The same for any reader; `size_on_disk` is passed on.
///
/// # Errors
/// Content that is an archive, or that breaks before its compression is known.
pub fn open_reader(raw: Box<dyn Read + Send>, size_on_disk: Option<u64>) -> io::Result<Opened> {
    let consumed = Arc::new(AtomicU64::new(0));
    let mut source = Source::new(Box::new(Counted { raw, count: Arc::clone(&consumed) }));
    let compression = recognise(&mut source)?;
    if let Some(decoder) = decoder(compression) {
        source = Source::new(Box::new(Members::new(source, compression, decoder)));
        // As much as comes at once: the mark of an archive stands at its front.
        source.peek(1);
    }
    if let Some(advice) = unreadable(source.buffered()) {
        return Err(io::Error::new(io::ErrorKind::Unsupported, advice));
    }
    Ok(Opened { reader: text::reader(source), compression, size_on_disk, consumed })
}

/// Tells the compression, looking at no more bytes than needed: a terminal or a slow pipe may have no more yet.
fn recognise(source: &mut Source) -> io::Result<Compression> {
    let mut wanted = 1;
    let mut skipped = false;
    loop {
        let head = source.peek(wanted);
        let at_end = head.len() < wanted;
        match beginning(head) {
            Beginning::Whole(compression) => return Ok(compression),
            Beginning::Skippable => {
                skipped = true;
                wanted = 1;
                if !skip_frame(source)? {
                    let broken = Broken {
                        compression: Compression::Zstd,
                        offset: source.offset(),
                        fault: Fault::Truncated,
                    };
                    return Err(broken.into_io());
                }
            }
            Beginning::Part { .. } if !at_end && wanted < LONGEST => wanted = (head.len() + 1).min(LONGEST),
            Beginning::Part { compression, certain: true } => return Ok(compression),
            // Skippable frames are no text: what follows them is zstd, or is said to be none.
            Beginning::Part { .. } | Beginning::Other if skipped => return Ok(Compression::Zstd),
            Beginning::Part { .. } | Beginning::Other => return Ok(Compression::None),
        }
    }
}

/// Standard input without the buffer and the lock of [`io::stdin`].
#[cfg(unix)]
fn stdin() -> io::Result<File> {
    use std::os::fd::AsFd;
    Ok(File::from(io::stdin().as_fd().try_clone_to_owned()?))
}

/// Standard input without the buffer and the lock of [`io::stdin`].
#[cfg(windows)]
fn stdin() -> io::Result<File> {
    use std::os::windows::io::AsHandle;
    Ok(File::from(io::stdin().as_handle().try_clone_to_owned()?))
}

/// Counts what is read, for a progress bar on another thread.
struct Counted {
    raw: Box<dyn Read + Send>,
    count: Arc<AtomicU64>,
}

impl Read for Counted {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let read = self.raw.read(out)?;
        // Relaxed: a number to look at, nothing is ordered by it.
        self.count.fetch_add(read as u64, Ordering::Relaxed);
        Ok(read)
    }
}
