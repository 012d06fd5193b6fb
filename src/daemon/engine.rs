//! Reads what logs have grown by, in the order of event time, and judges it.

use super::log::Log;
use super::watermark::{LINGER, Reached, watermark};
use crate::batch::{How, Wanted, begins, threads};
use crate::estate::Estate;
use crate::event::catalogue::Catalogue;
use crate::framing::{Buffer, CHUNK, Chunk, Chunker};
use crate::incidents::Budget;
use crate::input::tail::{Group, News, Tail};
use crate::input::{Place, Trouble};
use crate::outputs::incident_line;
use crate::pipeline::{Piece, Scan, Source};
use crate::units::{Span, Timestamp};
use std::collections::{BTreeMap, BTreeSet};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// How far in the future a stamp may lie: clocks of other machines differ, but not by a day.
const AHEAD: Span = Span::DAY;

/// Most pieces read at once, each in memory of [`CHUNK`] bytes.
const PIECES_MAX: usize = 64;

/// After so long a log's format is asked again in which year its stamps lie.
const YEARLY: Span = Span::HOUR.times(12);

/// Logs to follow, and what the operator says about them.
#[derive(Clone, Debug)]
pub struct Followed {
    /// Where they are.
    pub group: Group,
    /// How they are read.
    pub how: Arc<How>,
    /// They are our own, written by a listener: a file that was read is removed, but for the last.
    pub spool: bool,
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
    /// Bytes that were written and could never be read.
    pub(super) lost: u64,
    /// Logs with something to read, those that lag most first: a moment at or before their next line, their sources' and
    /// their own numbers.
    ready: BTreeSet<(Timestamp, Option<u32>, u32)>,
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
            lost: 0,
            ready: BTreeSet::new(),
            buffers: Vec::new(),
            at_once: threads(),
            latest: Timestamp::MIN,
        }
    }

    /// From now on these logs are followed, for this estate and budget. What was read and judged stays.
    pub fn reload(&mut self, followed: Vec<Followed>, estate: Estate, budget: Budget, catalogue: Catalogue) {
        self.tail.set_groups(followed.iter().map(|followed| followed.group.clone()).collect());
        self.followed = followed;
        self.scan.reload(estate.clone(), budget, catalogue);
        self.estate = estate;
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
        for (at, _, number, source) in new {
            let Some(log) = self.logs.get_mut(&number) else { continue };
            (log.source, log.at) = (u32::try_from(self.sources.len()).ok(), at);
            self.sources.push(source);
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
        let path = self.tail.path(number).to_path_buf();
        let wanted = Wanted { place: Place::File(path), how: Arc::clone(&followed.how) };
        let known = log.source;
        let aged = |known: Timestamp| near.is_some_and(|near| near - known > YEARLY);
        let near = match log.near() {
            // The same as before, so that stamps without a year are read the same.
            Some(before) if known.is_some() && !aged(before) => Some(before),
            _ => near,
        };
        let most = if known.is_some() { log.head() } else { CHUNK };
        let head = match self.tail.head(number, most) {
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
                let source = log.recognise(&wanted, &chunk, near)?;
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
        let piece = Piece { source: number, format, chunk };
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

    /// Files of listeners that were read to their ends and into which nobody writes any more: once that is written down, they
    /// may be removed.
    pub fn spent(&self) -> Vec<PathBuf> {
        let mut spools: BTreeMap<&Path, Vec<(&Path, u32)>> = BTreeMap::new();
        for mark in self.tail.marks().filter(|mark| mark.is_live()) {
            if self.followed.get(mark.group as usize).is_some_and(|followed| followed.spool) {
                let folder = mark.path.parent().unwrap_or(&mark.path);
                spools.entry(folder).or_default().push((&mark.path, mark.number));
            }
        }
        let mut spent = Vec::new();
        for files in spools.values_mut() {
            files.sort_unstable();
            // A listener writes into the last.
            files.pop();
            let read = files.iter().filter(|(_, number)| self.tail.behind(*number) == 0);
            spent.extend(read.map(|(path, _)| path.to_path_buf()));
        }
        spent
    }

    /// Whether nothing is left to be read.
    pub fn is_idle(&self) -> bool {
        self.ready.is_empty() && !self.tail.is_unsettled()
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

    /// Bytes on disk that were not read yet, by path.
    pub fn behind(&self) -> impl Iterator<Item = (&Path, u64)> {
        self.logs.keys().map(|number| (self.tail.path(*number), self.tail.behind(*number)))
    }
}

fn linger() -> Span {
    Span(i64::try_from(LINGER.as_micros()).unwrap_or(i64::MAX))
}
