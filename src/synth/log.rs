//! One log on its way out: what it tells of, in the order of its lines, and where they go.

use super::disorder::Disorder;
use super::labels::Labels;
use super::timeline::Timeline;
use super::transfer::{Name, Transfer};
use super::writers::{Lines, Writer};
use crate::units::{Bytes, Span, Timestamp};
use std::collections::BTreeMap;
use std::io;

/// Where finished text goes.
pub trait Shelf {
    /// Adds text to a file, named by its path in the folder of logs: `conn.log`, `web-server-17/access.log`.
    fn add(&mut self, file: &str, text: &[u8]) -> io::Result<()>;
}

/// A single stream for a single log.
#[derive(Debug)]
pub struct Stream<W>(pub W);

impl<W: io::Write> Shelf for Stream<W> {
    fn add(&mut self, _file: &str, text: &[u8]) -> io::Result<()> {
        self.0.write_all(text)
    }
}

/// Text that is collected before it is handed on.
const BUFFER: usize = 1 << 18;
/// The same for each of the many files of a log that every machine writes for itself.
const BUFFER_OF_MANY: usize = 1 << 14;

/// A log being written. Memory grows with what is open at once, and with machines that have a file of their own.
pub(super) struct Log {
    /// Its place among the logs of this run.
    place: usize,
    writer: &'static Writer,
    lines: Box<dyn Lines>,
    timeline: Timeline,
    text: Vec<u8>,
    /// Of the machines that write for themselves, where they get files of their own; else `None`.
    folders: Option<BTreeMap<Name, Vec<u8>>>,
    pub(super) transfers: u64,
    pub(super) written: Bytes,
}

impl Log {
    pub(super) fn new(place: usize, writer: &'static Writer, has_folders: bool, start: Timestamp) -> Log {
        let mut log = Log {
            place,
            writer,
            lines: (writer.open)(),
            timeline: Timeline::new(writer.longest, start),
            text: Vec::new(),
            folders: has_folders.then(BTreeMap::new),
            transfers: 0,
            written: Bytes(0),
        };
        log.lines.header(start, &mut log.text);
        log
    }

    /// Writes all lines that are due before `limit`. `hour` has opened since the limit before; each of its lines is written
    /// so long after the transfer closes.
    pub(super) fn write(
        &mut self,
        limit: Timestamp,
        hour: &[Transfer],
        after: &[Span],
        disorder: &Disorder,
        labels: &mut Labels,
        shelf: &mut dyn Shelf,
    ) -> io::Result<()> {
        self.timeline.until(limit);
        for (place, (transfer, after)) in hour.iter().zip(after).enumerate() {
            if (self.writer.tells)(transfer) {
                self.timeline.push(transfer, place, *after);
            }
        }
        self.timeline.sort();
        while let Some(transfer) = self.timeline.next(hour) {
            self.transfers += 1;
            if disorder.is_lost(transfer) {
                continue;
            }
            let own = self.folders.as_mut().and_then(|folders| Some((self.lines.folder(transfer)?, folders)));
            let (text, folder, most) = match own {
                Some((name, folders)) => (folders.entry(name).or_default(), Some(name), BUFFER_OF_MANY),
                None => (&mut self.text, None, BUFFER),
            };
            let before = text.len();
            self.lines.transfer(transfer, text);
            labels.written(self.place, transfer);
            if disorder.is_twice(transfer) {
                text.extend_from_within(before..);
            }
            if text.len() >= most {
                self.written.0 += text.len() as u64;
                shelf.add(&path(self.writer, folder), text)?;
                text.clear();
            }
        }
        Ok(())
    }

    /// What is still open has no line in this log.
    pub(super) fn finish(&mut self, end: Timestamp, shelf: &mut dyn Shelf) -> io::Result<()> {
        self.lines.footer(end, &mut self.text);
        let folders = self.folders.iter_mut().flatten().map(|(name, text)| (Some(*name), text));
        for (folder, text) in std::iter::once((None, &mut self.text)).chain(folders) {
            if !text.is_empty() {
                self.written.0 += text.len() as u64;
                shelf.add(&path(self.writer, folder), text)?;
            }
        }
        Ok(())
    }

    /// The most transfers that it held at once.
    pub(super) fn peak(&self) -> usize {
        self.timeline.peak
    }

    /// The file that labels name.
    pub(super) fn file(&self) -> &'static str {
        self.writer.file
    }

    pub(super) fn lines(&self) -> &dyn Lines {
        &*self.lines
    }
}

fn path(writer: &Writer, folder: Option<Name>) -> String {
    match folder {
        Some(name) => format!("{}/{}", name.label(), writer.file),
        None => writer.file.to_owned(),
    }
}
