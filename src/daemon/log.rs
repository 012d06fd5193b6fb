//! A log that is followed: how it is read, and what of that must survive a restart.

use crate::batch::{Wanted, recognised};
use crate::event::Event;
use crate::event::Role;
use crate::event::reject::{Reason, Reject};
use crate::formats::{self, Format, Scratch, Sight, mixed};
use crate::framing::Chunk;
use crate::pipeline::{Source, format_after_headers};
use crate::state::{Name, interned};
use crate::units::Timestamp;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::time::Duration;

/// Most header lines remembered: each is another key of the header (`#Fields`, `#separator`), of which formats know a dozen.
const HEADERS_MAX: usize = 32;

/// What is known of one log beside how far it was read.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Log {
    /// Its number among the sources, once it was recognised.
    pub(super) source: Option<u32>,
    /// By so many bytes at its front it was recognised; by the same it is again.
    pub(super) head: u64,
    /// Those bytes, where they may be gone before the log is over: of a listener's sender.
    pub(super) front: Vec<u8>,
    /// Bytes and lines of the same sender in files before this one.
    pub(super) before: (u64, u64),
    /// When it was written to, as far as known then: decides the year of stamps without one.
    pub(super) near: Option<Timestamp>,
    /// Lines since that changed how it is read.
    pub(super) headers: Vec<Vec<u8>>,
    /// A moment at or before its next line.
    pub(super) at: Timestamp,
    /// It will never grow again.
    pub(super) over: bool,
    /// The format in force at its next line.
    #[serde(skip)]
    pub(super) format: Option<Arc<dyn Format>>,
    /// Since when there is nothing to read.
    #[serde(skip)]
    pub(super) idle: Option<Duration>,
    /// It was last written to long before it was looked at.
    #[serde(skip)]
    pub(super) stale: bool,
}

impl Log {
    /// Finds out how to read a log from the lines at its front.
    pub(super) fn recognise(
        &mut self,
        wanted: &Wanted,
        head: &Chunk,
        near: Option<Timestamp>,
    ) -> Result<Source, String> {
        let source = recognised(wanted, head, near)?;
        (self.head, self.near) = (head.bytes.len() as u64, near);
        self.format = Some(Arc::clone(&source.format));
        Ok(source)
    }

    /// A listener's sender is recognised by its first file, which will not be there later.
    pub(super) fn keep_front(&mut self, head: &Chunk) {
        self.front = head.bytes.to_vec();
    }

    /// By what it was recognised, where that was kept.
    pub(super) fn front(&self) -> Option<&[u8]> {
        (!self.front.is_empty()).then_some(&*self.front)
    }

    /// The next file of the same sender, before which so many bytes and lines came: read on as if it were one.
    pub(super) fn next_file(&self, before: (u64, u64)) -> Log {
        Log {
            source: self.source,
            head: self.head,
            front: self.front.clone(),
            before,
            near: self.near,
            headers: self.headers.clone(),
            at: self.at,
            over: false,
            format: self.format.clone(),
            idle: None,
            stale: false,
        }
    }

    /// By how many bytes at its front it was recognised.
    pub(super) fn head(&self) -> usize {
        usize::try_from(self.head).unwrap_or(usize::MAX)
    }

    /// When it was written to, as far as its stamps go.
    pub(super) fn near(&self) -> Option<Timestamp> {
        self.near
    }

    /// The same log in another process, or another year: recognised again by what it was recognised by, and read on from
    /// where it is.
    pub(super) fn revive(
        &mut self,
        wanted: &Wanted,
        head: &Chunk,
        near: Option<Timestamp>,
    ) -> Result<Source, String> {
        let source = recognised(wanted, head, near)?;
        self.near = near;
        let mut headers = self.headers.join(&b'\n');
        headers.push(b'\n');
        self.format = Some(format_after_headers(source.kind, &source.format, &headers, |_| {}));
        Ok(source)
    }

    /// What changes with this piece; gives the format in force at its first line.
    pub(super) fn pass(&mut self, source: &Source, chunk: &Chunk) -> Arc<dyn Format> {
        let before = self.format.take().unwrap_or_else(|| Arc::clone(&source.format));
        let mut new: Vec<Vec<u8>> = Vec::new();
        let after = format_after_headers(source.kind, &before, &chunk.bytes, |line| new.push(line.to_vec()));
        for line in new {
            // The last line of each kind counts.
            let same = |other: &Vec<u8>| key(other) == key(&line);
            self.headers.retain(|other| !same(other));
            if self.headers.len() < HEADERS_MAX {
                self.headers.push(line);
            }
        }
        self.format = Some(after);
        before
    }
}

/// The word that tells what a header line is about.
fn key(line: &[u8]) -> &[u8] {
    line.split(|byte| matches!(byte, b' ' | b'\t' | b':' | b',')).next().unwrap_or_default()
}

/// A source as it is written down: what reports say of it after its log is gone.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct SourceKept {
    path: String,
    #[serde(with = "crate::state::name")]
    kind: Name,
    chosen: String,
    watched: Option<String>,
    fallback: String,
    role: u8,
    source_bytes: bool,
    destination_bytes: bool,
    #[serde(with = "crate::state::name")]
    remedy: Name,
}

const ROLES: [Role; 5] = [Role::Proxy, Role::Server, Role::Flow, Role::Store, Role::Dns];

impl From<&Source> for SourceKept {
    fn from(source: &Source) -> SourceKept {
        let Sight { role, source_bytes, destination_bytes, remedy } = source.format.sight();
        SourceKept {
            path: source.path.clone(),
            kind: source.kind.name,
            chosen: source.chosen.clone(),
            watched: source.watched.clone(),
            fallback: source.fallback.clone(),
            role: ROLES.iter().zip(0..).find(|(one, _)| **one == role).map_or(0, |(_, number)| number),
            source_bytes,
            destination_bytes,
            remedy: interned(remedy),
        }
    }
}

impl From<SourceKept> for Source {
    fn from(kept: SourceKept) -> Source {
        let role = ROLES.get(usize::from(kept.role)).copied().unwrap_or_default();
        let (source_bytes, destination_bytes, remedy) =
            (kept.source_bytes, kept.destination_bytes, kept.remedy);
        Source {
            path: kept.path,
            kind: formats::kind(kept.kind).unwrap_or(&mixed::KIND),
            format: Arc::new(Past(Sight { role, source_bytes, destination_bytes, remedy })),
            chosen: kept.chosen,
            watched: kept.watched,
            fallback: kept.fallback,
        }
    }
}

/// The format of a log that is not read any more.
#[derive(Debug)]
struct Past(Sight);

impl Format for Past {
    fn parse<'a>(
        &self,
        _line: &'a [u8],
        _scratch: &'a Scratch,
        _events: &mut Vec<Event<'a>>,
    ) -> Result<(), Reject> {
        Err(Reject::line(Reason::Malformed))
    }

    fn sight(&self) -> Sight {
        self.0.clone()
    }
}
