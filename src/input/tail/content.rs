//! The text of a file that may grow: from any place where the bytes are the text, else from the front.

use super::mark::{Identity, Mode, resumed};
use crate::framing::{Buffer, CHUNK, Documents, LINE_MAX};
use crate::input::open_reader;
use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

/// So many bytes decide the mode; a first line that is shorter decides it too.
const SAMPLE: usize = 1024;

/// Read at once where text is only compared.
const COMPARED: usize = 256 << 10;

/// A file under a name, as a look found it. Names change hands while logs are rotated: whoever opens one makes sure that it
/// still stands for the same file, and otherwise finds nothing ([`io::ErrorKind::NotFound`]).
#[derive(Clone, Copy, Debug)]
pub(super) struct Named<'p> {
    pub(super) path: &'p Path,
    pub(super) id: Identity,
}

impl Named<'_> {
    fn open(self) -> io::Result<File> {
        let file = File::open(self.path)?;
        if Identity::of(&file.metadata()?) == self.id {
            Ok(file)
        } else {
            Err(io::ErrorKind::NotFound.into())
        }
    }
}

/// A file opened at a place of its text.
pub(super) struct Content {
    mode: Mode,
    reader: Box<dyn Read + Send>,
    /// The file itself, where the bytes are the text.
    file: Option<File>,
    /// What ended the text, to be told after all that is good.
    failed: Option<io::Error>,
    /// Ends of the last lines that were read, and the checksums of all text up to them.
    pub(super) ends: VecDeque<(u64, u32)>,
}

impl std::fmt::Debug for Content {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        to.debug_struct("Content").field("mode", &self.mode).finish_non_exhaustive()
    }
}

/// What a read came to.
pub(super) enum Got {
    /// Whole lines, or all that is left where that was asked for.
    Text(Buffer),
    /// Bytes of a line that is longer than any that is read, in which the next call goes on.
    TooLong(Buffer),
    /// Nothing but the beginning of a line, of so many bytes.
    Part(u64),
}

impl Content {
    /// Opens a file at `offset` of its text.
    ///
    /// # Errors
    /// As the file system's, and where the text ends before or is damaged.
    pub(super) fn open(named: Named<'_>, mode: Mode, offset: u64) -> io::Result<Content> {
        let mut file = named.open()?;
        Ok(match mode {
            Mode::Plain => {
                file.seek(SeekFrom::Start(offset))?;
                Content {
                    mode,
                    reader: Box::new(io::empty()),
                    file: Some(file),
                    failed: None,
                    ends: VecDeque::new(),
                }
            }
            Mode::Stream => {
                let mut reader = text_of(file)?;
                let skipped = io::copy(&mut reader.by_ref().take(offset), &mut io::sink())?;
                if skipped < offset {
                    return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the text ends before"));
                }
                Content { mode, reader, file: None, failed: None, ends: VecDeque::new() }
            }
        })
    }

    /// The first bytes, where the bytes are the text.
    pub(super) fn front(&self, most: usize) -> io::Result<Vec<u8>> {
        let mut text = Vec::new();
        if let Some(mut file) = self.file.as_ref() {
            file.seek(SeekFrom::Start(0))?;
            file.take(most as u64).read_to_end(&mut text)?;
        }
        Ok(text)
    }

    /// How large the file is now, where it is kept open.
    pub(super) fn size(&self) -> Option<u64> {
        self.file.as_ref()?.metadata().ok().map(|metadata| metadata.len())
    }

    /// The bytes just before `offset`, at most as many as `room` holds.
    pub(super) fn before(&self, offset: u64, room: &mut [u8]) -> io::Result<()> {
        let Some(file) = &self.file else { return Ok(()) };
        let mut file = file;
        file.seek(SeekFrom::Start(offset - room.len() as u64))?;
        file.read_exact(room)
    }

    /// Checksum of the first `length` bytes, where the bytes are the text; `None` where there are fewer.
    pub(super) fn sum(&self, length: u64) -> io::Result<Option<u32>> {
        let Some(mut file) = self.file.as_ref() else { return Ok(None) };
        file.seek(SeekFrom::Start(0))?;
        let (sum, count) = sum_of(&mut file.take(length))?;
        Ok((count == length).then_some(sum))
    }

    /// Reads on from `offset`: whole lines, or with `all` what is left. What comes before an error is given first.
    pub(super) fn read(&mut self, offset: u64, mut buffer: Buffer, mut all: bool) -> io::Result<Got> {
        buffer.clear();
        if let Some(error) = self.failed.take() {
            return Err(error);
        }
        let reader: &mut dyn Read = match &mut self.file {
            Some(file) => {
                file.seek(SeekFrom::Start(offset))?;
                file
            }
            None => self.reader.as_mut(),
        };
        let mut ended = false;
        loop {
            let goal = buffer.len() + CHUNK;
            while buffer.len() < goal && !ended {
                match buffer.fill(&mut &mut *reader, goal) {
                    Ok(0) => ended = true,
                    Ok(_) => {}
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                    // The whole lines before it come first, and the error is told when they are asked for again.
                    Err(error) if memchr::memchr(b'\n', &buffer).is_some() => {
                        self.failed = Some(error);
                        (ended, all) = (true, false);
                    }
                    Err(error) => return Err(error),
                }
            }
            if let Some(newline) = memchr::memrchr(b'\n', &buffer) {
                if !(all && ended) {
                    self.push_back(buffer.get(newline + 1..).unwrap_or_default());
                    buffer.truncate(newline + 1);
                }
                return Ok(Got::Text(buffer));
            }
            if buffer.len() > LINE_MAX + CHUNK {
                return Ok(Got::TooLong(buffer));
            }
            if ended && all && !buffer.is_empty() {
                return Ok(Got::Text(buffer));
            }
            if ended {
                self.push_back(&buffer);
                return Ok(Got::Part(buffer.len() as u64));
            }
        }
    }

    /// A stream does not go back: what was read too much is read again from memory.
    pub(super) fn push_back(&mut self, text: &[u8]) {
        if self.file.is_none() && !text.is_empty() {
            let reader = std::mem::replace(&mut self.reader, Box::new(io::empty()));
            self.reader = Box::new(io::Cursor::new(text.to_vec()).chain(reader));
        }
    }
}

/// The text of a file from its front.
fn text_of(file: File) -> io::Result<Box<dyn Read + Send>> {
    let size = file.metadata()?.len();
    Ok(Box::new(Documents::new(open_reader(Box::new(file), Some(size))?.reader)))
}

/// The first bytes of a file's text.
pub(super) fn front(named: Named<'_>, most: usize) -> io::Result<Vec<u8>> {
    let mut text = Vec::new();
    text_of(named.open()?)?.take(most as u64).read_to_end(&mut text)?;
    Ok(text)
}

/// How large a file is.
pub(super) fn size(named: Named<'_>) -> io::Result<u64> {
    Ok(named.open()?.metadata()?.len())
}

/// How a file is to be read; `None` while there is too little of it to tell.
pub(super) fn mode(named: Named<'_>) -> io::Result<Option<Mode>> {
    let mut raw = Vec::new();
    named.open()?.take(SAMPLE as u64).read_to_end(&mut raw)?;
    let text = match front(named, SAMPLE) {
        Ok(text) => text,
        // Compressed, and being written: what is there breaks off.
        Err(error) if matches!(error.kind(), io::ErrorKind::Unsupported | io::ErrorKind::NotFound) => {
            return Err(error);
        }
        Err(_) => return Ok(Some(Mode::Stream)),
    };
    if text != raw {
        return Ok(Some(Mode::Stream));
    }
    Ok((raw.len() >= SAMPLE || raw.contains(&b'\n')).then_some(Mode::Plain))
}

/// Checksum of the first `length` bytes of a file's text; `None` where there are fewer. Beside it how many there are, counted
/// up to `length`.
pub(super) fn sum(named: Named<'_>, length: u64) -> io::Result<(Option<u32>, u64)> {
    let (sum, count) = sum_of(&mut text_of(named.open()?)?.take(length))?;
    Ok(((count == length).then_some(sum), count))
}

/// Checksum of all that can be read, and how much that is.
fn sum_of(reader: &mut dyn Read) -> io::Result<(u32, u64)> {
    let (mut sum, mut count, mut piece) = (0, 0, vec![0; COMPARED]);
    loop {
        match reader.read(&mut piece) {
            Ok(0) => return Ok((sum, count)),
            Ok(came) => {
                sum = resumed(sum, piece.get(..came).unwrap_or_default());
                count += came as u64;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) if count == 0 => return Err(error),
            // As much as is good.
            Err(_) => return Ok((sum, count)),
        }
    }
}
