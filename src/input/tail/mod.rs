//! Following logs as they grow: each line once, whatever becomes of their files.
//!
//! A log is known by its file (device, inode, birth) as long as the bytes before the place where reading stopped are the same,
//! and by its text under any other name: the copy that `copytruncate` makes, the compressed file that takes the place of a
//! rotated one. Nothing here has a clock or a thread; the caller says when to [`look`](Tail::look) and what to read.

mod alike;
mod content;
mod find;
mod mark;
mod sought;
#[cfg(test)]
mod tests;

pub use mark::Mark;

use crate::framing::{Buffer, Chunk};
use crate::input::{Place, written};
use crate::units::Timestamp;
use content::{Content, Got};
use mark::{Front, HEAD, Identity, Mode, State};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// After so many looks without a change a file is closed: a rotated log does not grow again, and one that does is opened again.
/// A log that is removed within that time can still be read to its end.
const QUIET: u32 = 240;

/// Most ends of lines remembered of a log that is open: as many as are written between copying and truncating it.
const ENDS_MAX: usize = 1024;

/// Most logs remembered after they were given up, so that a late copy of one is not read again.
const OVER_MAX: usize = 256;

/// UTF-8's, as Windows writes it at the beginning of a file.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Logs that are followed in one way.
#[derive(Clone, Debug, Default)]
pub struct Group {
    /// Files, globs and directories.
    pub paths: Vec<PathBuf>,
    /// Logs that are there at the very first look are followed from their ends.
    pub from_end: bool,
    /// Files that we write ourselves: each is a log for itself, is never renamed or copied, and is forgotten when it is gone.
    pub own: bool,
}

/// What a look found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum News {
    /// A log that was not known before, or was given up, is followed.
    Begun(u32),
    /// A log is given up: its file is gone, and what could be read of it was.
    Over(u32),
    /// Bytes of a log were seen and are gone before they could be read.
    Lost {
        /// Its number.
        number: u32,
        /// At least so many.
        bytes: u64,
    },
    /// Something cannot be read. Said once, until it changes.
    Trouble {
        /// What.
        path: PathBuf,
        /// Why, and what to do.
        what: String,
    },
}

/// A log that is followed.
#[derive(Debug)]
struct Log {
    mark: Mark,
    /// We write it ourselves.
    own: bool,
    content: Option<Content>,
    /// Bytes from the offset on that hold no whole line, as of the last read.
    part: u64,
    /// The mark as it will be when the line has ended that is too long to be read.
    long: Option<Box<Mark>>,
    /// What its name led to was not it, or could not be read: until the next look.
    stalled: bool,
    /// For how many looks its file has not changed.
    quiet: u32,
    /// Since when its file is not found where it was.
    gone: Option<Duration>,
    /// Since when a file that had another name has not grown.
    resting: Option<Duration>,
    /// What is left is its last line, whole or not.
    last: bool,
    /// Why it could not be read, as it was said.
    failed: Option<String>,
    /// Ends of its last lines and the checksums up to them, of a log that was truncated: a copy may have been made before
    /// the last of them were written.
    ends: VecDeque<(u64, u32)>,
}

impl Log {
    fn new(mut mark: Mark) -> Log {
        if mark.offset == 0 {
            // What they were copies of is not remembered: it is compared again.
            mark.copies.clear();
        }
        Log {
            mark,
            own: false,
            content: None,
            part: 0,
            long: None,
            stalled: false,
            quiet: 0,
            gone: None,
            resting: None,
            last: false,
            failed: None,
            ends: VecDeque::new(),
        }
    }

    /// Bytes of a line too long to be read that are passed over already.
    fn passed(&self) -> u64 {
        self.long.as_ref().map_or(0, |long| long.offset - self.mark.offset)
    }

    fn is_ready(&self) -> bool {
        if self.mark.state != State::Live || self.stalled {
            return false;
        }
        match self.mark.mode {
            None => self.last && self.mark.seen.0 > self.mark.offset,
            Some(Mode::Stream) => !self.mark.ended,
            Some(Mode::Plain) => {
                let known = self.mark.offset + self.part.max(self.passed());
                self.mark.seen.0 > known || (self.last && self.mark.seen.0 > self.mark.offset)
            }
        }
    }
}

/// Logs that are followed.
#[derive(Debug)]
pub struct Tail {
    groups: Vec<Group>,
    logs: BTreeMap<u32, Log>,
    /// The number of the next new log.
    next: u32,
    patience: Duration,
    /// Most files kept open; those that have nothing to be read are closed first.
    open_max: usize,
    /// Nothing was ever looked at.
    first: bool,
    /// What could not be read at the last look.
    troubles: BTreeSet<(PathBuf, String)>,
    /// How many files are open, at most: some of those counted may be closed.
    open: usize,
    /// Files that are not whole yet, by what they were at the last look, and for how many looks they were that.
    unsettled: BTreeMap<Identity, ((u64, u64), u32)>,
}

impl Tail {
    /// Follows logs from where these marks stand. A log whose file vanished is looked for under other names for as long as
    /// `patience`; at most `open_max` files are held open.
    pub fn new(groups: Vec<Group>, marks: Vec<Mark>, patience: Duration, open_max: usize) -> Tail {
        let first = marks.is_empty();
        let next = marks.iter().map(|mark| mark.number + 1).max().unwrap_or(0);
        let logs = marks.into_iter().map(|mark| (mark.number, Log::new(mark))).collect();
        let (troubles, unsettled) = (BTreeSet::new(), BTreeMap::new());
        Tail { groups, logs, next, patience, open_max, first, troubles, open: 0, unsettled }
    }

    /// Follows these groups from now on; logs that are known keep their places.
    pub fn set_groups(&mut self, groups: Vec<Group>) {
        self.groups = groups;
    }

    /// Whether there is something to be read of a log: whole lines, or the rest of one that will not grow again.
    pub fn is_ready(&self, number: u32) -> bool {
        self.logs.get(&number).is_some_and(Log::is_ready)
    }

    /// Whether files were found at the last look of which it cannot be told yet what they are.
    pub fn is_unsettled(&self) -> bool {
        !self.unsettled.is_empty()
    }

    /// The first bytes of a log's text; nothing moves.
    ///
    /// # Errors
    /// As the file system's. [`io::ErrorKind::NotFound`]: its file has another name since the last look, and the next one
    /// finds it.
    pub fn head(&mut self, number: u32, most: usize) -> io::Result<Vec<u8>> {
        let log = self.logs.get_mut(&number).ok_or(io::ErrorKind::NotFound)?;
        match &mut log.content {
            // Its name may be another's by now.
            Some(content) if log.mark.mode == Some(Mode::Plain) => content.front(most),
            _ => content::front(log.mark.named(), most),
        }
    }

    /// Reads on: whole lines, and where it will not grow again the rest. `None`: there is nothing to be read now.
    ///
    /// # Errors
    /// As the file system's, and where compressed content is damaged; then after all that is good before. The same error is
    /// given once, until something could be read.
    pub fn next(&mut self, number: u32, buffer: Buffer) -> io::Result<Option<Chunk>> {
        self.close_some(number);
        let next = self.read_on(number, buffer);
        let Some(log) = self.logs.get_mut(&number) else { return next };
        match next {
            Ok(None) => Ok(None),
            Ok(some) => {
                log.failed = None;
                Ok(some)
            }
            Err(error) => {
                let said = log.failed.replace(error.to_string());
                if said == log.failed { Ok(None) } else { Err(error) }
            }
        }
    }

    fn read_on(&mut self, number: u32, mut buffer: Buffer) -> io::Result<Option<Chunk>> {
        let Some(log) = self.logs.get_mut(&number).filter(|log| log.is_ready()) else { return Ok(None) };
        let Some(mode) = log.mark.mode.or_else(|| log.last.then_some(Mode::Plain)) else { return Ok(None) };
        let mut content = match log.content.take() {
            Some(content) => content,
            None => {
                log.stalled = true;
                match Content::open(log.mark.named(), mode, log.mark.offset) {
                    Ok(content) => {
                        log.stalled = false;
                        content
                    }
                    // The name is another file's since the last look; the next one sorts that out.
                    Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
                    Err(error) => return Err(error),
                }
            }
        };
        if mode == Mode::Plain && !log.still_holds(&content) {
            // Truncated, or written anew, since the last look; the next one sorts that out.
            log.stalled = true;
            return Ok(None);
        }
        let all = log.last || mode == Mode::Stream;
        loop {
            let passed = log.passed();
            match content.read(log.mark.offset + passed, buffer, all) {
                Ok(Got::Text(text)) => {
                    let chunk = log.hand_on(text, &mut content);
                    log.content = Some(content);
                    return Ok(Some(chunk));
                }
                Ok(Got::TooLong(part)) => {
                    // Where it ends is found piece by piece, and nothing of it is kept.
                    log.long.get_or_insert_with(|| Box::new(log.mark.clone())).pass(&part);
                    buffer = part;
                }
                Ok(Got::Part(length)) => {
                    log.part = passed + length;
                    log.mark.ended = true;
                    // A stream that grows is read again from its front.
                    log.content = Some(content).filter(|_| mode == Mode::Plain);
                    return Ok(None);
                }
                Err(error) => {
                    log.mark.ended = true;
                    return Err(error);
                }
            }
        }
    }

    /// Bytes on disk that were not read yet; of compressed files all or nothing.
    pub fn behind(&self, number: u32) -> u64 {
        let Some(log) = self.logs.get(&number) else { return 0 };
        match (log.mark.mode, log.mark.state) {
            (_, State::Over) => 0,
            (_, State::Astray { unread }) => unread,
            (Some(Mode::Stream), _) => {
                if log.mark.ended {
                    0
                } else {
                    log.mark.seen.0
                }
            }
            _ => log.mark.seen.0.saturating_sub(log.mark.offset),
        }
    }

    /// How far a log was read.
    pub fn mark(&self, number: u32) -> Option<&Mark> {
        self.logs.get(&number).map(|log| &log.mark)
    }

    /// How far all were read, those that are over among them.
    pub fn marks(&self) -> impl Iterator<Item = &Mark> {
        self.logs.values().map(|log| &log.mark)
    }

    /// Where a log's file is, or was last.
    pub fn path(&self, number: u32) -> &Path {
        self.logs.get(&number).map_or(Path::new(""), |log| &log.mark.path)
    }

    /// When a log was last written to.
    pub fn written(&self, number: u32) -> Option<Timestamp> {
        written(&Place::File(self.path(number).to_path_buf()))
    }

    /// How many files are open.
    pub fn open_files(&self) -> usize {
        self.logs.values().filter(|log| log.content.is_some()).count()
    }

    /// Makes room for one more open file. A log whose name is gone keeps its file: there is no other way to it.
    fn close_some(&mut self, wanted: u32) {
        if self.logs.get(&wanted).is_none_or(|log| log.content.is_some() || !log.is_ready()) {
            return;
        }
        self.open += 1;
        if self.open <= self.open_max {
            return;
        }
        self.open = self.open_files() + 1;
        if self.open <= self.open_max {
            return;
        }
        let idle = |log: &&mut Log| log.content.is_some() && log.gone.is_none() && !log.is_ready();
        let mut closed = 0;
        for log in self.logs.values_mut().filter(idle) {
            log.content = None;
            closed += 1;
        }
        if closed == 0
            && let Some(log) = self.logs.values_mut().find(|log| log.content.is_some() && log.gone.is_none())
        {
            log.content = None;
            closed = 1;
        }
        self.open -= closed;
    }
}

impl Log {
    /// Whether the first bytes, and those before the offset, are those that were read.
    fn still_holds(&self, content: &Content) -> bool {
        if content.size().is_none_or(|size| size < self.mark.seen.0) {
            return false;
        }
        if self.mark.offset == 0 {
            return content.front(self.mark.front.len()).is_ok_and(|front| front == self.mark.front);
        }
        let Ok(front) = content.front(HEAD) else { return false };
        let before = self.mark.before();
        let mut there = vec![0; before.len()];
        self.mark.begins_like(&mut Front::new(front))
            && content.before(self.mark.offset, &mut there).is_ok()
            && there == before
    }

    /// Text was read: it is handed on, and the mark moves.
    fn hand_on(&mut self, mut bytes: Buffer, content: &mut Content) -> Chunk {
        self.part = 0;
        let (offset, lines_before) = (self.mark.offset, self.mark.lines);
        if let Some(mut long) = self.long.take() {
            // The end of a line that is too long, and what follows it.
            let end = memchr::memchr(b'\n', &bytes).map_or(bytes.len(), |newline| newline + 1);
            let (line, rest) = bytes.split_at(end);
            long.pass(line);
            content.push_back(rest);
            (self.mark.lines, long.lines, long.seen) = (lines_before, lines_before + 1, self.mark.seen);
            self.mark = *long;
            bytes.clear();
            return Chunk { bytes, offset, lines_before, lines: 1, too_long: true, cut: false };
        }
        if self.mark.mode == Some(Mode::Plain) && !self.own {
            content.ends.extend(self.mark.ends(&bytes, ENDS_MAX));
            let surplus = content.ends.len().saturating_sub(ENDS_MAX);
            content.ends.drain(..surplus);
        }
        self.mark.pass(&bytes);
        let mut chunk = Chunk { bytes, offset, lines_before, ..Chunk::default() };
        if offset == 0 && chunk.bytes.starts_with(BYTE_ORDER_MARK) {
            // It is no part of the first line; offsets count it.
            chunk.bytes.drop_first(BYTE_ORDER_MARK.len());
            chunk.offset = BYTE_ORDER_MARK.len() as u64;
        }
        let open_end = chunk.bytes.last().is_some_and(|last| *last != b'\n');
        chunk.lines = memchr::memchr_iter(b'\n', &chunk.bytes).count() as u64 + u64::from(open_end);
        self.mark.lines += chunk.lines;
        chunk
    }
}
