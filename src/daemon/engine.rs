//! Reads what logs have grown by, in the order of event time, and judges it.

use super::log::Log;
use super::numbers::Free;
use super::status::{FileStatus, ReadStatus};
use super::watermark::{LINGER, Reached, watermark};
use crate::baseline::WINDOW;
use crate::batch::{How, Wanted, begins, threads};
use crate::estate::Estate;
use crate::framing::{Buffer, CHUNK, Chunk, Chunker};
use crate::incidents::Ack;
use crate::input::tail::{Group, News, Tail};
use crate::input::{Place, Trouble};
use crate::outputs::incident_line;
use crate::pipeline::{Guidance, Piece, Scan, Source};
use crate::tally::Counts;
use crate::units::{Span, Timestamp};
use std::collections::{BTreeMap, BTreeSet};
use std::io::ErrorKind;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// How far in the future a stamp may lie: clocks of other machines differ, but not by a day.
const AHEAD: Span = Span::DAY;

/// Most pieces read at once, each in memory of [`CHUNK`] bytes.
const PIECES_MAX: usize = 64;

/// After so long a log's format is asked again in which year its stamps lie.
const YEARLY: Span = Span::HOUR.times(12);

/// By at most so many bytes a listener's sender is recognised; they are kept for as long as it sends.
const SENDERS_FRONT: usize = 64 << 10;

/// Logs to follow, and what the operator says about them.
#[derive(Clone, Debug)]
pub struct Followed {
    /// Where they are.
    pub group: Group,
    /// How they are read.
    pub how: Arc<How>,
}

/// What a step came to.
#[derive(Debug, Default)]
pub struct Step {
    /// Pieces were read: there may be more.
    pub read: bool,
    /// Something must be written down soon: incidents were told, or a log is over.
    pub urgent: bool,
    /// What an operator should hear of.
    pub troubles: Vec<Trouble>,
}

/// Everything that must agree.
#[derive(Debug)]
pub struct Engine {
    pub(super) tail: Tail,
    /// By number of the group.
    pub(super) followed: Vec<Followed>,
    /// By the tail's number.
    pub(super) logs: BTreeMap<u32, Log>,
    pub(super) sources: Vec<Source>,
    pub(super) scan: Scan,
    estate: Estate,
    lateness: Span,
    /// Lines for the outbox that were not written yet.
    pub(super) unsent: Vec<String>,
    /// What became of the lines of sources that gave their numbers away.
    pub(super) past: Counts,
    /// Bytes that were written and could never be read.
    pub(super) lost: u64,
    /// Logs with something to read, those that lag most first: a moment at or before their next line, their sources' and
    /// their own numbers.
    ready: BTreeSet<(Timestamp, Option<u32>, u32)>,
    /// There are more, which are read when those that are ready were.
    later: bool,
    buffers: Vec<Buffer>,
    at_once: usize,
    /// The latest time of day that was seen.
    latest: Timestamp,
}

impl Engine {
    /// An engine that has read nothing, or what `tail` and `scan` remember of. `scan` was made with the same `estate` and
    /// `lateness`.
    pub(super) fn new(
        tail: Tail,
        followed: Vec<Followed>,
        scan: Scan,
        (estate, lateness): (Estate, Span),
    ) -> Engine {
        Engine {
            tail,
            followed,
            logs: BTreeMap::new(),
            sources: Vec::new(),
            scan,
            estate,
            lateness,
            unsent: Vec::new(),
            past: Counts::default(),
            lost: 0,
            ready: BTreeSet::new(),
            later: false,
            buffers: Vec::new(),
            at_once: threads(),
            latest: Timestamp::MIN,
        }
    }

    /// From now on these logs are followed, for this estate and under this guidance. What was read and judged stays.
    pub fn reload(&mut self, followed: Vec<Followed>, estate: Estate, guidance: Guidance) {
        self.tail.set_groups(followed.iter().map(|followed| followed.group.clone()).collect());
        self.followed = followed;
        self.scan.reload(estate.clone(), guidance);
        self.estate = estate;
    }

    /// What people have acknowledged, from now on.
    pub fn acknowledge(&mut self, acks: Arc<[Ack]>) {
        self.scan.acknowledge(acks);
    }

    /// Looks which logs there are and which have grown. `now` is any clock that only goes forward, `wall` the time of day.
    pub fn look(&mut self, now: Duration, wall: Timestamp) -> Step {
        let mut step = Step::default();
        // Set back, a clock knows no better what lies in the future.
        self.latest = self.latest.max(wall);
        self.scan.refuse_after(self.latest + AHEAD);
        for news in self.tail.look(now) {
            match news {
                News::Begun(number) => _ = self.logs.entry(number).or_default(),
                News::Over(number) => {
                    self.logs.entry(number).or_default().over = true;
                    step.urgent = true;
                }
                News::Lost { number, bytes } => {
                    self.lost += bytes;
                    let what = format!("{bytes} bytes were written and removed before they could be read");
                    step.troubles.push(Trouble { path: self.tail.path(number).to_path_buf(), what });
                }
                News::Trouble { path, what } => step.troubles.push(Trouble { path, what }),
            }
        }
        // What the tail has forgotten will never be heard of again.
        self.logs.retain(|number, _| self.tail.mark(*number).is_some());
        let is_ready = |number: &u32| self.tail.is_ready(*number);
        let mut ready: Vec<u32> = self.logs.keys().copied().filter(is_ready).collect();
        self.later = self.read_senders_in_order(&mut ready);
        for (number, log) in &mut self.logs {
            if ready.binary_search(number).is_ok() {
                log.idle = None;
            } else if log.idle.is_none() {
                log.idle = Some(now);
                let written = self.tail.written(*number);
                log.stale = written.is_some_and(|written| wall - written > linger());
            }
        }
        self.meet(&mut ready, wall, &mut step.troubles);
        self.later &= !ready.is_empty();
        self.ready = ready.into_iter().filter_map(|number| self.lag(number)).collect();
        step
    }

    /// Recognises logs that have lines for the first time, or for the first time in this process. New ones are numbered in
    /// the order of the stamps at which they begin, as a scan does. What is not recognised is not `ready`.
    fn meet(&mut self, ready: &mut Vec<u32>, wall: Timestamp, troubles: &mut Vec<Trouble>) {
        let mut new: Vec<(Timestamp, String, u32, Source)> = Vec::new();
        let mut unknown: Vec<u32> = Vec::new();
        for &number in &*ready {
            let Some(log) = self.logs.get(&number) else { continue };
            let written = self.tail.written(number);
            let aged = log.near().zip(written).is_some_and(|(near, written)| written - near > YEARLY);
            if log.format.is_some() && !aged {
                continue;
            }
            match self.recognise(number, written.or(Some(wall)), &mut new) {
                Ok(true) => {}
                Ok(false) => unknown.push(number),
                Err(what) => {
                    unknown.push(number);
                    troubles.push(Trouble { path: self.tail.path(number).to_path_buf(), what });
                }
            }
        }
        ready.retain(|number| unknown.binary_search(number).is_err());
        new.sort_by(|(a, x, ..), (b, y, ..)| (a, x).cmp(&(b, y)));
        let mut free = if new.is_empty() { Free::new() } else { self.free_numbers() };
        for (at, _, number, source) in new {
            let given = self.number(source, &mut free);
            if let Some(log) = self.logs.get_mut(&number) {
                (log.source, log.at) = (given, at);
            }
        }
    }

    /// Gives whether it could be read: a log that was rotated since the last look can be after the next.
    fn recognise(
        &mut self,
        number: u32,
        near: Option<Timestamp>,
        new: &mut Vec<(Timestamp, String, u32, Source)>,
    ) -> Result<bool, String> {
        let Some(log) = self.logs.get_mut(&number) else { return Ok(false) };
        let group = self.tail.mark(number).map_or(0, |mark| mark.group);
        let Some(followed) = self.followed.get(group as usize) else { return Ok(false) };
        let mut path = self.tail.path(number).to_path_buf();
        if followed.group.own {
            // All of a sender's files are one source.
            path.pop();
        }
        let wanted = Wanted { place: Place::File(path), how: Arc::clone(&followed.how) };
        let known = log.source;
        let aged = |known: Timestamp| near.is_some_and(|near| near - known > YEARLY);
        let near = match log.near() {
            // The same as before, so that stamps without a year are read the same.
            Some(before) if known.is_some() && !aged(before) => Some(before),
            _ => near,
        };
        let most = match known {
            Some(_) => log.head(),
            None if followed.group.own => SENDERS_FRONT,
            None => CHUNK,
        };
        let kept = log.front().filter(|_| known.is_some()).map(<[u8]>::to_vec);
        let head = match kept.map_or_else(|| self.tail.head(number, most), Ok) {
            Ok(head) => head,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(false),
            Err(error) => return Err(error.to_string()),
        };
        let mut chunk = Chunker::new(&*head).next(Buffer::default()).ok().flatten().unwrap_or_default();
        match known.and_then(|known| self.sources.get_mut(known as usize)) {
            Some(source) => *source = log.revive(&wanted, &chunk, near)?,
            None => {
                // A line that is being written says nothing yet.
                let whole = memchr::memrchr(b'\n', &chunk.bytes).map_or(chunk.bytes.len(), |last| last + 1);
                chunk.bytes.truncate(whole);
                let mut source = log.recognise(&wanted, &chunk, near)?;
                if followed.group.own {
                    log.keep_front(&chunk);
                    // The sender's address, all of it.
                    source.fallback = file_name(wanted.place.path());
                }
                let format = Arc::clone(&source.format);
                let piece = Piece { source: 0, format, chunk };
                new.push((begins(&source, &piece), source.path.clone(), number, source));
            }
        }
        Ok(true)
    }

    /// Reads a few pieces from the logs that lag most, and judges what they complete.
    pub fn step(&mut self, now: Duration) -> Step {
        let mut step = Step::default();
        let mut pieces: Vec<Piece> = Vec::with_capacity(self.at_once);
        // Of logs that have grown a little many are read together.
        let (mut bytes, enough) = (0, self.at_once * CHUNK);
        while pieces.len() < self.at_once || (bytes < enough && pieces.len() < PIECES_MAX) {
            let Some((.., number)) = self.ready.pop_first() else { break };
            match self.tail.next(number, self.buffers.pop().unwrap_or_default()) {
                Ok(Some(chunk)) => {
                    bytes += chunk.bytes.len();
                    pieces.extend(self.piece(number, chunk));
                    if self.tail.is_ready(number) {
                        self.ready.extend(self.lag(number));
                    } else {
                        self.rest(number, now);
                    }
                }
                Ok(None) => self.rest(number, now),
                Err(error) => {
                    let path = self.tail.path(number).to_path_buf();
                    step.troubles.push(Trouble { path, what: error.to_string() });
                    self.rest(number, now);
                }
            }
        }
        step.read = !pieces.is_empty();
        if step.read {
            self.scan.add(&self.sources, &pieces);
        }
        self.buffers.extend(pieces.into_iter().map(|piece| piece.chunk.bytes));
        if let Some(moment) = self.reached(now) {
            self.scan.reached_moment(moment);
        }
        let newly = self.scan.take_newly_told(&self.sources, &self.estate.inventory);
        let lines = newly.told.iter().map(|told| incident_line(told, newly.told_of, newly.hosts));
        self.unsent.extend(lines);
        step.urgent = !self.unsent.is_empty();
        step
    }

    /// Where a log stands among those that are ready.
    fn lag(&self, number: u32) -> Option<(Timestamp, Option<u32>, u32)> {
        self.logs.get(&number).map(|log| (log.at, log.source, number))
    }

    /// A log was read to its end.
    fn rest(&mut self, number: u32, now: Duration) {
        if let Some(log) = self.logs.get_mut(&number) {
            log.idle = Some(now);
        }
    }

    fn piece(&mut self, number: u32, chunk: Chunk) -> Option<Piece> {
        let log = self.logs.get_mut(&number)?;
        let number = log.source?;
        let source = self.sources.get(number as usize)?;
        let format = log.pass(source, &chunk);
        let (bytes, lines) = log.before;
        let (offset, lines_before) = (chunk.offset + bytes, chunk.lines_before + lines);
        let piece = Piece { source: number, format, chunk: Chunk { offset, lines_before, ..chunk } };
        log.at = log.at.max(begins(source, &piece));
        Some(piece)
    }

    /// How far event time has come.
    fn reached(&self, now: Duration) -> Option<Timestamp> {
        let logs = self.logs.values().filter_map(|log| {
            Some(Reached {
                newest: self.scan.newest(log.source?).unwrap_or(log.at),
                idle: log.idle.map(|since| now.saturating_sub(since)),
                past: log.over || log.stale,
            })
        });
        watermark(logs, self.lateness)
    }

    /// Whether nothing is left to be read.
    pub fn is_idle(&self) -> bool {
        self.ready.is_empty() && !self.later && !self.tail.is_unsettled()
    }

    /// Lines for the outbox that were not written yet.
    pub fn unsent(&self) -> &[String] {
        &self.unsent
    }

    /// The scan.
    pub fn scan(&self) -> &Scan {
        &self.scan
    }

    /// The sources, by number.
    pub fn sources(&self) -> &[Source] {
        &self.sources
    }

    /// How each log that is there fares, `wall` being the time of day.
    pub fn files(&self, wall: Timestamp) -> impl Iterator<Item = FileStatus> {
        self.logs.iter().map(move |(number, log)| {
            let source = log.source.and_then(|number| self.sources.get(number as usize));
            let counts = log.source.and_then(|number| self.scan.counts().get(number as usize));
            let newest = log.source.and_then(|source| self.scan.newest(source));
            let behind = self.tail.behind(*number);
            let lag = newest.filter(|_| behind > 0).map_or(0.0, |newest| (wall - newest).seconds().max(0.0));
            FileStatus {
                path: self.tail.path(*number).display().to_string(),
                format: source.map(|source| source.kind.name.to_owned()),
                behind,
                lag_s: lag,
                lines: counts.map_or(0, |counts| counts.lines),
                events: counts.map_or(0, |counts| counts.events),
                rejected: counts.map(|counts| counts.rejected_by_reason().collect()).unwrap_or_default(),
                newest: newest.map(|newest| newest.to_string()),
            }
        })
    }

    /// What became of all lines.
    pub fn read_status(&self, wall: Timestamp) -> ReadStatus {
        let counts = self.scan.counts();
        let counts = counts.iter().chain([&self.past]);
        let sum = |of: fn(&Counts) -> u64| counts.clone().map(of).sum::<u64>();
        let mut rejected = BTreeMap::new();
        for (reason, count) in counts.clone().flat_map(Counts::rejected_by_reason) {
            *rejected.entry(reason).or_default() += count;
        }
        let delay = self.scan.oldest_open().map_or(0.0, |open| (wall - (open + WINDOW)).seconds());
        ReadStatus {
            lines: sum(|counts| counts.lines),
            bytes: sum(|counts| counts.bytes),
            events: sum(|counts| counts.events),
            late: sum(|counts| counts.late),
            rejected,
            lost_bytes: self.lost,
            evicted: self.scan.evicted(),
            hosts: self.scan.hosts(),
            window_delay_s: delay.max(0.0),
        }
    }
}

fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

fn linger() -> Span {
    Span(i64::try_from(LINGER.as_micros()).unwrap_or(i64::MAX))
}
