//! The driver that reads what is there once: files, globs, directories, standard input.
//!
//! It opens sources, finds out their formats, and hands pieces on in the order of event time: always from the source that
//! lags most, so that windows can close while reading and memory is bounded by what overlaps in time, not by the length of
//! the logs. The answer does not depend on that order; see `pipeline::Booking`. The only folder that knows rayon.

mod probe;

pub use probe::{How, Told, Wanted, begins, recognised};

use crate::formats::Detail;
use crate::framing::{Buffer, Chunk, Chunker};
use crate::input::{Place, Trouble};
use crate::pipeline::{Piece, Source, format_after, told_by_both};
use crate::units::Timestamp;
use probe::Probed;
use rayon::prelude::*;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::hash::BuildHasher;
use std::io::Read;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Pieces handed on at once per thread: enough that threads do not wait for each other, few enough for the cache.
const PIECES_PER_THREAD: usize = 1;

/// Most sources kept open between finding out their format and reading them; the others are opened twice.
const OPEN_MAX: usize = 256;

/// How many threads read and sum.
pub fn threads() -> usize {
    rayon::current_num_threads()
}

/// Does work on a thread of the pool: from any other, each step of a sum would cost two switches between threads.
pub fn in_pool<R: Send>(work: impl FnOnce() -> R + Send) -> R {
    rayon::scope(|_| work())
}

/// Does the same with each, on all threads; answers in their order.
pub fn map<T: Sync, R: Send>(items: &[T], work: impl Fn(&T) -> R + Sync + Send) -> Vec<R> {
    items.par_iter().map(work).collect()
}

/// What has been read, for a progress bar; counts only grow.
#[derive(Debug, Default)]
pub struct Progress {
    /// Bytes taken from files and pipes, compressed as they are.
    pub raw: AtomicU64,
    /// Lines handed on.
    pub lines: AtomicU64,
    /// Bytes of all files together; 0 where a pipe is among them.
    pub total: AtomicU64,
}

/// Takes pieces: those of one source in their order, of several sources mixed.
pub trait Sink: Send {
    /// Takes in pieces.
    fn add(&mut self, sources: &[Source], pieces: &[Piece]);

    /// After [`Sink::add`]: the sources that are not at their end, each with a moment at or before its next line as far
    /// as is known without reading it. Lines of all other sources have been added.
    fn reached(&mut self, unfinished: &[(u32, Timestamp)]);
}

/// All that is to be read, opened and looked at.
pub struct Batch {
    /// By number, in the order of the stamps at which they begin, then of their paths: so the numbers do not depend on the
    /// order in which they were named.
    pub sources: Vec<Source>,
    /// What could not be opened or understood.
    pub troubles: Vec<Trouble>,
    waiting: Vec<Reading>,
}

/// A source being read.
struct Reading {
    number: u32,
    place: Place,
    /// `None` until it is read, where too many were open.
    chunker: Option<Chunker<Box<dyn Read + Send>>>,
    first: Option<Chunk>,
    format: Arc<dyn crate::formats::Format>,
    consumed: Arc<AtomicU64>,
    /// How much of `consumed` the progress knows.
    reported: u64,
    /// The stamp of the first event of its last piece, or of its first where none was read.
    at: Timestamp,
}

impl Batch {
    /// Opens all places. What cannot be opened or understood is trouble beside the others.
    pub fn open(wanted: &[Wanted], progress: &Progress) -> Batch {
        let mut troubles = Vec::new();
        let mut found: Vec<(Source, Probed)> = Vec::new();
        let mut total = Some(0);
        for wanted in wanted {
            match probe::probe(wanted) {
                Ok(Some((source, mut probed))) => {
                    total = total.zip(probed.size).map(|(total, size)| total + size);
                    if found.len() >= OPEN_MAX && probed.size.is_some() {
                        (probed.chunker, probed.first) = (None, None);
                    }
                    found.push((source, probed));
                }
                Ok(None) => {}
                Err(trouble) => troubles.push(trouble),
            }
        }
        progress.total.store(total.unwrap_or(0), Ordering::Relaxed);
        let hosts = wanted.iter().any(|wanted| wanted.how.detail == Detail::Hosts);
        if hosts && told_by_both(found.iter().map(|(source, _)| source)) {
            for (source, probed) in &mut found {
                if let Err(trouble) = probe::again(source, probed, Detail::Sums) {
                    troubles.push(trouble);
                }
            }
        }
        found.sort_by(|(a, x), (b, y)| (x.begins, &a.path).cmp(&(y.begins, &b.path)));
        tell_copies(&mut found);
        let (sources, probed): (Vec<Source>, Vec<Probed>) = found.into_iter().unzip();
        let waiting = probed.into_iter().zip(&sources).zip(0..).map(|((probed, source), number)| Reading {
            number,
            place: probed.wanted.place,
            chunker: probed.chunker,
            first: probed.first,
            format: Arc::clone(&source.format),
            consumed: probed.consumed,
            reported: 0,
            at: probed.begins,
        });
        Batch { waiting: waiting.collect(), sources, troubles }
    }

    /// Lays one more source beside those that were opened, to be read as if it were a file. Its lines begin at `begins`.
    pub fn lay(&mut self, source: Source, reader: Box<dyn Read + Send>, begins: Timestamp) {
        self.waiting.push(Reading {
            number: u32::try_from(self.sources.len()).unwrap_or(u32::MAX),
            place: Place::File(source.path.clone().into()),
            chunker: Some(Chunker::new(reader)),
            first: None,
            format: Arc::clone(&source.format),
            consumed: Arc::default(),
            reported: 0,
            at: begins,
        });
        self.sources.push(source);
    }

    /// Numbers the sources behind these, which are not read: what a scan remembers names them.
    pub fn precede(&mut self, mut sources: Vec<Source>) {
        let count = u32::try_from(sources.len()).unwrap_or(u32::MAX);
        for reading in &mut self.waiting {
            reading.number = reading.number.saturating_add(count);
        }
        sources.append(&mut self.sources);
        self.sources = sources;
    }

    /// Reads everything into `sink`.
    pub fn read(&mut self, sink: &mut impl Sink, progress: &Progress) {
        in_pool(|| self.read_in_pool(sink, progress));
    }

    fn read_in_pool(&mut self, sink: &mut impl Sink, progress: &Progress) {
        let (sources, waiting, troubles) = (&self.sources, &mut self.waiting, &mut self.troubles);
        let mut used: Vec<Buffer> = Vec::new();
        let mut pieces = next(waiting, sources, &mut used, troubles, progress);
        while !pieces.is_empty() {
            let unfinished: Vec<(u32, Timestamp)> =
                waiting.iter().map(|reading| (reading.number, reading.at)).collect();
            let ((), following) = rayon::join(
                || {
                    sink.add(sources, &pieces);
                    sink.reached(&unfinished);
                },
                || next(waiting, sources, &mut used, troubles, progress),
            );
            used.extend(pieces.drain(..).map(|piece| piece.chunk.bytes));
            pieces = following;
        }
        sink.reached(&[]);
    }
}

/// Bytes that two files must share at their beginnings for one to be taken for a copy of the other, unless they are shorter.
const COPY: usize = 64 << 10;

/// Says of each source whose first piece is that of another (a file rotated by copying, or kept beside its compressed form)
/// that it is a copy: its lines count again.
fn tell_copies(found: &mut [(Source, Probed)]) {
    let mut first: BTreeMap<u64, String> = BTreeMap::new();
    let hasher = foldhash::quality::RandomState::default();
    for (source, probed) in found {
        let Some(chunk) = probed.first.as_ref().filter(|_| probed.begins > Timestamp::MIN) else { continue };
        let head = chunk.bytes.get(..COPY.min(chunk.bytes.len()));
        match first.entry(hasher.hash_one(head)) {
            Entry::Vacant(entry) => _ = entry.insert(source.path.clone()),
            Entry::Occupied(entry) => {
                let other = entry.get();
                source.chosen.push_str(&format!("; it begins like {other}: a copy counts again"));
            }
        }
    }
}

/// The next pieces, always from the source that lags most. Sources at their end leave `waiting`. `used` are buffers to use
/// again: given back to the system at each step, they would come back as pages to be cleared, a fifth of all the time.
fn next(
    waiting: &mut Vec<Reading>,
    sources: &[Source],
    used: &mut Vec<Buffer>,
    troubles: &mut Vec<Trouble>,
    progress: &Progress,
) -> Vec<Piece> {
    let at_once = threads() * PIECES_PER_THREAD;
    let mut pieces = Vec::with_capacity(at_once);
    while pieces.len() < at_once {
        let Some((place, _)) =
            waiting.iter().enumerate().min_by_key(|(_, reading)| (reading.at, reading.number))
        else {
            break;
        };
        let Some(reading) = waiting.get_mut(place) else { break };
        let Some(source) = sources.get(reading.number as usize) else { break };
        match reading.next(source, used) {
            Ok(Some(piece)) => {
                progress.lines.fetch_add(piece.chunk.lines, Ordering::Relaxed);
                pieces.push(piece);
            }
            Ok(None) => {
                waiting.remove(place);
                continue;
            }
            Err(trouble) => {
                troubles.push(trouble);
                waiting.remove(place);
                continue;
            }
        }
        let consumed = reading.consumed.load(Ordering::Relaxed);
        progress.raw.fetch_add(consumed.saturating_sub(reading.reported), Ordering::Relaxed);
        reading.reported = consumed;
    }
    pieces
}

impl Reading {
    fn next(&mut self, source: &Source, used: &mut Vec<Buffer>) -> Result<Option<Piece>, Trouble> {
        let trouble = |what: String| Trouble { path: self.place.path().to_path_buf(), what };
        let chunk = match self.first.take() {
            Some(first) => first,
            None => {
                if self.chunker.is_none() {
                    let (chunker, (consumed, _)) = probe::open(&self.place)?;
                    (self.chunker, self.consumed) = (Some(chunker), consumed);
                }
                let next = self.chunker.as_mut().map(|chunker| chunker.next(used.pop().unwrap_or_default()));
                match next.transpose().map_err(|error| trouble(error.to_string()))?.flatten() {
                    Some(chunk) => chunk,
                    None => return Ok(None),
                }
            }
        };
        let format = format_after(source.kind, &self.format, &chunk);
        let piece = Piece { source: self.number, format: std::mem::replace(&mut self.format, format), chunk };
        self.at = self.at.max(probe::begins(source, &piece));
        Ok(Some(piece))
    }
}
